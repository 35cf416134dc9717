"""The charts kept over every series, and the threshold that holds the whole board's false alarms to so many a month."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np

from ticketing.expectation import Expected
from ticketing.surveillance import Numbers, evidence, level, starts

# Each series has a chart for each of these: together they come near to the generalised likelihood ratio, at no cost.
RISES = np.array([1.5, 2.0, 3.0, 6.0, 15.0, 40.0])
SMALLEST = RISES[0] - 1
HOURS_ALIKE = 16.0  # hours of even traffic that a day is worth
MONTH = 30 * 24  # hours
# Of exp(h) posts so many make a false alert, charts that sound for one matter being one: measured on quiet simulated
# cities of 60 to 3500 posts a day, with what is expected estimated as a city does (``python -m bench barometer``).
PER_POST = 3.5
FEWEST = 600.0  # posts a month that a city is taken to have at least


@dataclass(frozen=True)
class Signal:
    """A series (by its row) whose evidence has crossed the threshold, and since which hour of the window it grew."""

    row: int
    evidence: float
    first: int


def threshold(posts: float, alarms: float) -> float:
    """The evidence from which to sound, so that a city of ``posts`` a month is told falsely ``alarms`` times a month."""
    return log(PER_POST * max(posts, FEWEST) / alarms)


def bound(series: int, alarms: float) -> float:
    """The same where only the number of ``series`` is known: no oftener, and in a small city far more seldom.

    By Lorden's bound one chart does once in exp(h) hours at the most; there are ``series`` times so many rises of them.
    """
    return log(max(series, 1) * len(RISES) * MONTH / alarms)


def steps(counts: Any, expected: Expected) -> Numbers:
    """(series, rises, hours): what each hour speaks for each rise."""
    scatter = dispersion(expected.hourly[:, None], expected.daily[:, None], RISES)
    return evidence(
        np.asarray(counts, float)[:, None, :], expected.mean[:, None, :], scatter[:, :, None], RISES[:, None]
    )


def dispersion(hourly: Any, daily: Any, rise: Any) -> Any:
    """That of an hour when a ``rise`` is looked for.

    A day that is busy in all its hours makes them alike, which can pass for a small rise and never for a large one: a
    day's dispersion counts against a rise by the inverse square of it, as that of the hours it would take to add up to.
    """
    return hourly + (SMALLEST / (rise - 1)) ** 2 * HOURS_ALIKE * daily


def sounding(counts: Any, expected: Expected, reset: Any, limit: float) -> list[Signal]:
    """Series above ``limit`` at the last hour. ``reset``: (series,) the hour a chart begins anew, after it has sounded."""
    spoken = steps(counts, expected)
    begins = np.asarray(reset)
    for row in np.flatnonzero(begins > 0):
        spoken[row, :, : ceil(begins[row])] = 0.0
    charts = level(spoken)
    found = []
    for row in np.flatnonzero(charts.max(1) > limit):
        best = int(charts[row].argmax())
        found.append(Signal(int(row), float(charts[row, best]), int(starts(spoken[row, best])[-1])))
    return sorted(found, key=lambda s: -s.evidence)
