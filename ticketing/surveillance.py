"""Control charts for counts: EARS C1, C2 and C3, and the negative-binomial CUSUM, as functions of numbers alone.

EARS: Hutwagner, Thompson, Seeman, Treadwell, The bioterrorism preparedness and response Early Aberration Reporting
System, J Urban Health 80 (2003) i89–i96; as written out by Fricker, Hegler, Dunfee, Statistics in Medicine 27 (2008)
3407–3429. The CUSUM: Höhle, Paul, Count data regression charts for the monitoring of surveillance time series,
Comput Stat Data Anal 52 (2008) 4357–4368. Both are in the R package ``surveillance`` (``earsC``, ``algo.glrnb``), whose
own expected values the tests hold these functions to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

WEEK = 7  # days of an EARS baseline
LAG = 2  # days between the baseline of C2 and the day judged


def ears(counts: Any, lag: int = LAG, least: float = 0.0) -> Numbers:
    """(count - mean) / sd of the WEEK days that end ``lag`` days earlier; C1 has lag 0, C2 has 2. nan before that.

    ``counts``: (..., days). ``least``: smallest sd; with 0 a flat week followed by anything more is infinite.
    """
    values = np.asarray(counts, float)
    found = np.full(values.shape, np.nan)
    if values.shape[-1] <= WEEK + lag:
        return found
    weeks = np.lib.stride_tricks.sliding_window_view(values, WEEK, axis=-1)[..., : values.shape[-1] - WEEK - lag, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        above = (values[..., WEEK + lag :] - weeks.mean(-1)) / np.maximum(weeks.std(-1, ddof=1), least)
    found[..., WEEK + lag :] = np.nan_to_num(above, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return found


def c3(counts: Any, least: float = 0.0) -> Numbers:
    """The sum over three days of what C2 has above 1."""
    over = np.maximum(ears(counts, LAG, least) - 1, 0)
    found = np.full(over.shape, np.nan)
    found[..., 2:] = over[..., 2:] + over[..., 1:-1] + over[..., :-2]
    return found


def evidence(counts: Any, mean: Any, dispersion: Any, rise: Any) -> Numbers:
    """Log-likelihood ratio of each count: NB with mean ``mean * rise`` against ``mean``.

    The variance is mean + dispersion * mean²; where the dispersion is 0 it is Poisson. Arguments broadcast.
    """
    x, mu, a, k = (np.asarray(v, float) for v in (counts, mean, dispersion, rise))
    a = np.maximum(a, 1e-9)
    ratio: Numbers = x * np.log(k) - (x + 1 / a) * (np.log1p(a * mu * k) - np.log1p(a * mu))
    return ratio


def cusum(steps: Any) -> Numbers:
    """S(t) = max(0, S(t-1) + step) along the last axis.

    By Lorden (Ann Math Stat 42 (1971) 1897–1908) a chart of log-likelihood ratios crosses h falsely at most once in
    exp(h) steps on average.
    """
    total = np.cumsum(np.asarray(steps, float), axis=-1)
    low = np.minimum(np.minimum.accumulate(total, axis=-1), 0)
    found: Numbers = total - low
    return found


def level(steps: Any) -> Numbers:
    """Where ``cusum`` ends."""
    total = np.cumsum(np.asarray(steps, float), axis=-1)
    found: Numbers = total[..., -1] - np.minimum(total.min(-1), 0)
    return found


def starts(steps: Any) -> NDArray[np.intp]:
    """For each time the first step of the run that ``cusum`` counts up since: where the rise began."""
    total = np.cumsum(np.asarray(steps, float), axis=-1)
    before = np.concatenate([np.zeros((*total.shape[:-1], 1)), total], axis=-1)
    lowest = np.minimum.accumulate(before, axis=-1)
    at = np.where(before <= lowest, np.arange(before.shape[-1]), 0)
    found: NDArray[np.intp] = np.maximum.accumulate(at, axis=-1)[..., :-1]
    return found


def glr(counts: Any, mean: Any, dispersion: float, threshold: float = np.inf) -> Numbers:
    """The generalised likelihood ratio chart: ``cusum`` with the rise not given but the likeliest, restarted at an alarm.

    ``counts``, ``mean``: (times,). What the charts of fixed rises come near to; slow, for comparison.
    """
    x, mu = np.asarray(counts, float), np.asarray(mean, float)
    found, first = np.zeros(len(x)), 0
    for t in range(len(x)):
        found[t] = max(_likeliest(x[k : t + 1], mu[k : t + 1], dispersion) for k in range(first, t + 1))
        if found[t] >= threshold:
            first = t + 1
    return found


def _likeliest(x: Numbers, mu: Numbers, dispersion: float) -> float:
    """The greatest evidence over all rises from 1 up, by bisection of its slope (it is concave in log rise)."""

    def slope(log: float) -> float:
        m = mu * np.exp(log)
        return float(np.sum((x - m) / (1 + dispersion * m)))

    low, high = 0.0, 12.0
    if slope(low) <= 0:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return float(np.sum(evidence(x, mu, dispersion, np.exp(low))))
