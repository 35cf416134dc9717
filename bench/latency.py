"""Does the report's interval hold the truth as often as it says? Beside it the naive median, and how far that is off.

Simulated cities whose waiting times are known (log-normal, median 2 hours), 30 % of the tickets never seen answered:
either still open when we look, or no longer verifiable after a random while.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ticketing.survival import quantiles

MEDIAN, SIGMA = 2 * 3600.0, 1.4
TRUTH = {0.5: MEDIAN, 0.9: MEDIAN * math.exp(SIGMA * 1.2815515655446004)}
UNSEEN = 0.3


@dataclass(frozen=True)
class Score:
    """How often the interval held the truth, and the middle of both estimates over the truth."""

    held: float
    reached: float  # share of cities in which the estimate could be made at all
    estimate: float
    naive: float


def simulate(generator: np.random.Generator, tickets: int) -> tuple[list[float], list[float]]:
    """Seconds to the answer of those seen answered, and seconds waited by the others; about UNSEEN of all are others."""
    waits = generator.lognormal(math.log(MEDIAN), SIGMA, tickets)
    # Looking stops at a time of its own for each ticket, independent of its answer, so that 30 % are cut off.
    looks = generator.exponential(_mean_look(), tickets)
    seen = waits <= looks
    return list(waits[seen]), list(looks[~seen])


def _mean_look() -> float:
    """The mean at which a ticket is cut off with probability UNSEEN, by bisection on a fixed sample."""
    waits = np.random.default_rng(0).lognormal(math.log(MEDIAN), SIGMA, 20_000)
    low, high = 3600.0, 3600.0 * 1000
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if float(np.mean(1 - np.exp(-waits / middle))) > UNSEEN else (low, middle)
    return high


def score(share: float, cities: int, tickets: int, seed: int = 1) -> Score:
    """Over simulated ``cities`` of so many ``tickets``."""
    generator = np.random.default_rng(seed)
    held, estimates, naive = 0, [], []
    for _ in range(cities):
        answered, waiting = simulate(generator, tickets)
        [found] = quantiles(answered, waiting, (share,))
        naive.append(_naive(answered, share))
        if found.value is not None:
            estimates.append(found.value)
            # An end the data do not reach is open: it does not exclude anything.
            held += (found.low or 0.0) <= TRUTH[share] <= (math.inf if found.high is None else found.high)
    truth = TRUTH[share]
    middle = statistics.median(estimates) / truth if estimates else math.nan
    return Score(held / max(1, len(estimates)), len(estimates) / cities, middle, statistics.median(naive) / truth)


def _naive(answered: Sequence[float], share: float) -> float:
    return float(np.quantile(answered, share))


def main(quick: bool = True) -> None:
    """Print the table: at a stated rate of 95 %, what was held."""
    cities = 300 if quick else 2000
    print(f"{'':10}{'tickets':>9}{'held (95 %)':>13}{'reached':>9}{'estimate/truth':>16}{'naive/truth':>13}")
    for tickets in (40, 200, 1000):
        for share, name in ((0.5, "median"), (0.9, "P90")):
            s = score(share, cities, tickets)
            print(f"{name:10}{tickets:9}{s.held:13.3f}{s.reached:9.2f}{s.estimate:16.3f}{s.naive:13.3f}")
