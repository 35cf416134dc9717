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
LASTS = (6, 24, 72, 168, 336)  # hours


@dataclass(frozen=True)
class Rise:
    """What was put in: a category brings ``factor`` times its posts for ``lasts`` hours."""

    category: int
    first: int
    lasts: int
    factor: float
    usual: float  # posts a day without it
    six: float  # posts its first six hours would have brought without it


@dataclass(frozen=True)
class Simulated:
    """(series, hours) counts; which series each category is counted under; the rises."""

    counts: Any
    city: Any
    when: Calendar
    names: tuple[tuple[str, int], ...]
    under: Any  # (categories, 3): its own series, its parent's, its unit's
    rises: tuple[Rise, ...]


def simulate(seed: int, days: int, posts: float = 3500, warm: int = 44, each: float = 0.0) -> Simulated:
    """A city of ``posts`` a working day; ``each``: rises begun a day after the first ``warm`` days."""
    rng = np.random.default_rng(seed)
    when = calendar(FIRST, 24 * days, ZONE)
    usual = rng.permutation(1 / np.arange(1, CATEGORIES + 1))
    usual *= posts / usual.sum()
    mean = usual[:, None] * _rhythm(rng, when) * _trend(rng, days)[:, when.day]
    rises = tuple(_rises(rng, usual, mean, days, warm, each))
    for rise in rises:
        mean[rise.category, rise.first : rise.first + rise.lasts] *= rise.factor
    return _counted(rng, rng.poisson(mean * _scatter(rng, mean.shape, when)), when, rises)


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


def _scatter(rng: Any, shape: tuple[int, int], when: Calendar) -> Any:
    """Gamma noise of mean 1: a day's that the whole city shares, a day's of each category, an hour's of each category."""
    days = shape[1] // 24

    def gamma(dispersion: float, size: Any) -> Any:
        return rng.gamma(1 / dispersion, dispersion, size)

    return gamma(0.003, days)[when.day] * gamma(0.015, (shape[0], days))[:, when.day] * gamma(0.1, shape)


def _rises(rng: Any, usual: Any, mean: Any, days: int, warm: int, each: float) -> Any:
    """Rises in turn of every factor and length, none in a category that has had one."""
    combinations = [(f, n) for f in FACTORS for n in LASTS]
    rng.shuffle(combinations)
    count = min(round(each * (days - warm - 2)), len(usual) // 2)
    by_size = np.argsort(-usual)
    chosen = rng.choice(by_size[:60], count, replace=False)
    for i, category in enumerate(chosen):
        factor, lasts = combinations[i % len(combinations)]
        first = 24 * warm + int((i + rng.random()) * 24 / each)
        six = float(mean[category, first : first + 6].sum())
        yield Rise(int(category), first, int(lasts), float(factor), float(usual[category]), six)


def _counted(rng: Any, posts: Any, when: Calendar, rises: tuple[Rise, ...]) -> Simulated:
    parent, unit = rng.integers(0, PARENTS, CATEGORIES), rng.integers(0, UNITS, CATEGORIES)
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
    under = np.stack([np.arange(CATEGORIES), CATEGORIES + parent, CATEGORIES + PARENTS + unit], axis=1)
    return Simulated(np.concatenate(blocks), total, when, tuple(names), under, rises)
