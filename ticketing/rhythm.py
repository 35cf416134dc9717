"""The rhythm of a city's posts: hours of the day, days of the week, and the days off the State Council set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ticketing.clocks import is_workday
from ticketing.surveillance import Numbers

# What a city is taken to be like before it has told: share of a working day's posts in each hour, midnight first.
HOURS = (12, 6, 4, 3, 3, 6, 14, 32, 66, 84, 84, 70, 52, 54, 62, 68, 68, 60, 52, 50, 56, 50, 30, 14)
DAY_OFF = 0.75  # a day off brings so much of a working day
FIRM = 200  # posts after which a city's own rhythm counts for as much as this
CELL = 25  # posts of one series in one hour of the day after which its own rhythm counts for as much as the city's
HOLIDAY = 7  # the days of the week are 0 to 6


@dataclass(frozen=True)
class Calendar:
    """A run of whole hours that begins at a midnight of the city: for each its hour of the day, kind of day, and day."""

    hour: NDArray[np.int64]
    kind: NDArray[np.int64]  # day of the week, or HOLIDAY; a weekend that is worked counts as Friday
    off: NDArray[np.bool_]
    day: NDArray[np.int64]


@lru_cache(maxsize=8)
def calendar(first: date, hours: int, zone: ZoneInfo) -> Calendar:
    """The ``hours`` hours from midnight of ``first``. A zone that changes its clocks is off by an hour for a day."""
    start = midnight(first, zone)
    local = [(start + timedelta(hours=h)).astimezone(zone) for h in range(hours)]
    kinds = [_kind(t.date()) for t in local]
    return Calendar(
        np.array([t.hour for t in local]),
        np.array([kind for kind, _ in kinds]),
        np.array([off for _, off in kinds]),
        np.array([(t.date() - first).days for t in local]),
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When ``day`` begins in the city, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=512)
def _kind(day: date) -> tuple[int, bool]:
    off = not is_workday(day)[0]
    if off:
        return (day.weekday() if day.weekday() >= 5 else HOLIDAY), True
    return min(day.weekday(), 4), False


def weights(total: Any, when: Calendar, known: slice) -> Numbers:
    """(hours,): the share of an ordinary working day expected in each hour, learnt from the hours that are ``known``.

    ``total``: (hours,) posts of the whole city. With few posts it is what is set down above.
    """
    seen = np.asarray(total, float)[known]
    prior = np.array(HOURS, float) / sum(HOURS) * np.where(np.array([[0], [1]]), DAY_OFF, 1.0)  # (off, hour)
    off, hour, kind = when.off[known].astype(int), when.hour[known], when.kind[known]
    scale = seen.sum() / max(prior[off, hour].sum(), 1e-9)  # posts of a working day
    counted, days = np.zeros((2, 24)), np.zeros((2, 24))
    np.add.at(counted, (off, hour), seen)
    np.add.at(days, (off, hour), 1)
    shape = (counted + FIRM * prior) / (scale * days + FIRM)
    expected, found = np.zeros(HOLIDAY + 1), np.zeros(HOLIDAY + 1)
    np.add.at(expected, kind, scale * shape[off, hour])
    np.add.at(found, kind, seen)
    by_kind = (found + FIRM) / (expected + FIRM)
    share: Numbers = shape[when.off.astype(int), when.hour] * by_kind[when.kind]
    return share


def own(counts: Any, share: Numbers, when: Calendar, known: slice) -> Numbers:
    """(series, 24): how much each series differs from the city's rhythm by the hour of the day; 1 where little is known."""
    seen, hour = np.asarray(counts, float)[:, known], when.hour[known]
    # Not by a product of matrices: the library that makes it keeps its threads spinning long after.
    found = np.stack([seen[:, hour == h].sum(1) for h in range(24)], axis=1)
    level = seen.sum(1) / max(share[known].sum(), 1e-9)
    expected = level[:, None] * np.bincount(hour, share[known], 24)
    differs: Numbers = (found + CELL) / (expected + CELL)
    return differs
