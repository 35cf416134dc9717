"""Rates with their intervals, and an order that does not pretend to more than they show.

The interval of a rate is Wilson's (JASA 22 (1927) 209–212), by scipy. Two units whose intervals overlap cannot be told
apart; a unit's place is given from the number surely better than it to the number surely worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SMALL = 10  # a denominator below this is said to be small


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``total``, with a 95 % interval; ``share`` and the interval are None for 0 of 0."""

    hits: int
    total: int
    low: float | None = None
    high: float | None = None

    @property
    def share(self) -> float | None:
        return self.hits / self.total if self.total else None

    @property
    def small(self) -> bool:
        return self.total < SMALL


def rate(hits: int, total: int) -> Rate:
    """A rate with its Wilson interval."""
    if not total:
        return Rate(0, 0)
    from scipy import stats

    interval = stats.binomtest(hits, total).proportion_ci(0.95, method="wilson")
    return Rate(hits, total, float(interval.low), float(interval.high))


def places(rates: Sequence[Rate]) -> list[tuple[int, int] | None]:
    """The places each may hold, best and worst, 1 being the highest rate; None where there is nothing to go by."""
    known = [r for r in rates if r.low is not None and r.high is not None]
    return [_place(r, known) for r in rates]


def _place(one: Rate, known: Sequence[Rate]) -> tuple[int, int] | None:
    if one.low is None or one.high is None:
        return None
    better = sum(1 for r in known if r.low is not None and r.low > one.high)
    worse = sum(1 for r in known if r.high is not None and r.high < one.low)
    return better + 1, len(known) - worse
