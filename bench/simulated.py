"""Cities whose rises are known: rhythm, trend, over-dispersion, holidays, and posts counted under every name at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from ticketing.rhythm import Calendar, calendar

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2011, 3, 1)  # 清明, 五一 and 端午 fall into the days that are judged
CATEGORIES, PARENTS, UNITS, DISTRICTS, BOARDS = 120, 15, 60, 17, 4
HOURS = (8, 5, 3, 2, 2, 5, 18, 40, 70, 90, 85, 66, 60, 62, 58, 60, 64, 58, 60, 66, 72, 58, 34, 16)
WEEK = (1.12, 1.05, 1.0, 0.98, 0.95, 0.62, 0.55, 0.5)  # the last is a holiday
FACTORS = (1.5, 2.0, 3.0, 5.0, 11.0)  # rises of 50 % to 1000 %
HOURLY, DAY, CITY_DAY = 0.1, 0.015, 0.003  # dispersion: an hour of a category, its day, the whole city's day
LASTS = (6, 24, 72, 168, 336)  # hours


@dataclass(frozen=True)
class Rise:
    """What was put in: some categories bring ``factor`` times their posts for ``lasts`` hours."""

    categories: tuple[int, ...]  # one, or all of a field
    names: frozenset[int]  # the series that rise with it
    first: int
    lasts: int
    factor: float
    usual: float  # posts a day without it
    six: float  # posts its first six hours would have brought without it


@dataclass(frozen=True)
class Simulated:
    """(series, hours) counts; the rises; and what nobody can know: the mean of each hour before a rise and its own noise."""

    counts: Any
    city: Any
    when: Calendar
    names: tuple[tuple[str, int], ...]
    parent: Any  # (categories,) its field
    unit: Any  # (categories,) its unit
    rises: tuple[Rise, ...]
    mean: Any  # (categories, hours) by rhythm and trend alone
    busy: Any  # (categories, hours) how much busier than usual its day is


def simulate(
    seed: int, days: int, posts: float = 3500, warm: int = 44, each: float = 0.0, fields: bool = False
) -> Simulated:
    """A city of ``posts`` a working day; ``each``: rises begun a day after the first ``warm`` days, of whole ``fields``
    or of single categories."""
    rng = np.random.default_rng(seed)
    when = calendar(FIRST, 24 * days, ZONE)
    usual = rng.permutation(1 / np.arange(1, CATEGORIES + 1))
    usual *= posts / usual.sum()
    parent, unit = rng.integers(0, PARENTS, CATEGORIES), rng.integers(0, UNITS, CATEGORIES)
    mean = usual[:, None] * _rhythm(rng, when) * _trend(rng, days)[:, when.day]
    busy = _busy(rng, when)
    places = _fields(usual, parent) if fields else [np.array([c]) for c in np.argsort(-usual)[:60]]
    rises = tuple(_rises(rng, [_place(c, parent, unit) for c in places], usual, mean, days, warm, each))
    risen = mean * busy
    for rise in rises:
        risen[list(rise.categories), rise.first : rise.first + rise.lasts] *= rise.factor
    counts, names, total = _counted(rng, rng.poisson(risen * _gamma(rng, HOURLY, risen.shape)), parent, unit)
    return Simulated(counts, total, when, names, parent, unit, rises, mean, busy)


def _rhythm(rng: Any, when: Calendar) -> Any:
    """(categories, hours): one share of the day for all, and what differs from one category to the next."""
    shift = rng.normal(0, 0.25, (CATEGORIES, 24))
    shape = np.array(HOURS) / sum(HOURS) * np.exp(shift - 0.03)
    return shape[:, when.hour] * np.array(WEEK)[when.kind]


def _trend(rng: Any, days: int) -> Any:
    """(categories, days): up to some ten per cent a month, either way, and bent."""
    slope = rng.normal(0, 0.08, (CATEGORIES, 1)) / 30
    bend = rng.normal(0, 0.05, (CATEGORIES, 1)) * np.sin(
        2 * np.pi * (np.arange(days) / 90 + rng.random((CATEGORIES, 1)))
    )
    return np.exp(slope * np.arange(days) + bend)


def _busy(rng: Any, when: Calendar) -> Any:
    """(categories, hours): how much busier than usual a day is, in the whole city and in each category."""
    days = int(when.day[-1]) + 1
    return _gamma(rng, CITY_DAY, days)[when.day] * _gamma(rng, DAY, (CATEGORIES, days))[:, when.day]


def _gamma(rng: Any, dispersion: float, size: Any) -> Any:
    """Noise of mean 1."""
    return rng.gamma(1 / dispersion, dispersion, size)


def _fields(usual: Any, parent: Any) -> list[Any]:
    """The categories of each field that has any, the largest field first."""
    found = [np.flatnonzero(parent == p) for p in range(PARENTS)]
    return sorted((c for c in found if len(c)), key=lambda c: -float(usual[c].sum()))


def _place(categories: Any, parent: Any, unit: Any) -> tuple[tuple[int, ...], frozenset[int]]:
    """Some categories, and the series that rise when they do."""
    rows = {*categories, *(CATEGORIES + parent[categories]), *(CATEGORIES + PARENTS + unit[categories])}
    return tuple(int(c) for c in categories), frozenset(int(r) for r in rows)


def _rises(rng: Any, places: Any, usual: Any, mean: Any, days: int, warm: int, each: float) -> Any:
    """Rises in turn of every factor and length, none in a place that has had one."""
    combinations = [(f, n) for f in FACTORS for n in LASTS]
    rng.shuffle(combinations)
    count = min(round(each * (days - warm - 2)), len(places))
    for i, chosen in enumerate(rng.choice(len(places), count, replace=False)):
        categories, names = places[chosen]
        factor, lasts = combinations[i % len(combinations)]
        first = 24 * warm + int((i + rng.random()) * 24 / each)
        six = float(mean[list(categories), first : first + 6].sum())
        yield Rise(categories, names, first, int(lasts), float(factor), float(usual[list(categories)].sum()), six)


def _counted(rng: Any, posts: Any, parent: Any, unit: Any) -> tuple[Any, tuple[tuple[str, int], ...], Any]:
    """Counts of every series, their names, and of all posts."""
    names = [("category", c) for c in range(CATEGORIES)]
    blocks = [posts]
    for name, count, of in (("parent", PARENTS, parent), ("unit", UNITS, unit)):
        block = np.zeros((count, posts.shape[1]), int)
        np.add.at(block, of, posts)
        blocks.append(block)
        names += [(name, i) for i in range(count)]
    total = posts.sum(0)
    for name, count in (("district", DISTRICTS), ("board", BOARDS)):
        share = 1 / np.arange(1, count + 1)
        blocks.append(rng.multinomial(total, share / share.sum()).T)
        names += [(name, i) for i in range(count)]
    blocks.append(total[None])
    names.append(("all", 0))
    return np.concatenate(blocks), tuple(names), total
