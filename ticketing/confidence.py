"""How sure one must be for what is left to the machine to be right at the stated rate: bounds, and a test that never ends.

The lower bound is that of Clopper and Pearson (Biometrika 26 (1934) 404–413). Thresholds are tried from the strictest
on and the search ends at the first that does not hold (fixed-sequence testing; Angelopoulos et al., Learn then Test,
2021), so that trying several does not spoil the confidence. The watch is a likelihood ratio, which by Ville's inequality
crosses 1/alpha with a chance below alpha however often one looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

GRID = (0.99, 0.97, 0.95, 0.92, 0.9, 0.87, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5)
FALSE_ALARM = 0.01  # chance that a rule which is as good as stated is ever switched off
WORSE = (2.0, 4.0)  # how many times the stated rate of errors the watch looks for


def lower_bound(right: int, tried: int, confidence: float) -> float:
    """The share of right ones is above this with ``confidence``, when ``right`` of ``tried`` were."""
    if right <= 0:
        return 0.0
    from scipy import stats

    return float(stats.beta.ppf(1 - confidence, right, tried - right + 1))


def least(precision: float, confidence: float) -> int:
    """As many as must all be right for the lower bound to reach ``precision``."""
    return math.ceil(math.log(1 - confidence) / math.log(precision))


def threshold(judged: Iterable[tuple[float, bool]], precision: float, confidence: float) -> float | None:
    """The lowest confidence of the machine above which it is right in ``precision`` of cases, or None.

    ``judged``: how sure the machine was of a case, and whether a person agreed. The chance that the threshold returned
    holds less than ``precision`` is at most 1 - ``confidence``.
    """
    cases, found, enough = list(judged), None, least(precision, confidence)
    # The first level tried must not fall by one chance error; how many cases there are says nothing of who was right.
    enough = max(enough, min(3 * enough, len(cases) // 2))
    for level in GRID:
        above = [agreed for sure, agreed in cases if sure >= level]
        if len(above) < enough:
            continue
        if lower_bound(sum(above), len(above), confidence) < precision:
            break
        found = level
    return found


def evidence(outcomes: Sequence[bool], precision: float) -> float:
    """How strongly ``outcomes`` speak for more errors than stated; above 1/``FALSE_ALARM`` it is not chance."""
    wrong, right, stated = outcomes.count(False), outcomes.count(True), 1 - precision
    ratios = []
    for times in WORSE:
        suspected = min(0.99, times * stated)
        ratios.append(wrong * math.log(suspected / stated) + right * math.log((1 - suspected) / (1 - stated)))
    return sum(math.exp(min(r, 700.0)) for r in ratios) / len(ratios)
