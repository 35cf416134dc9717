"""The soonest that anybody could see a simulated rise: the same budget of false alarms, but the true rates known.

The chart of one likelihood ratio whose rates are true is the best there is (Moustakides, Ann Stat 14 (1986) 1379–1387).
This one knows the factor that is coming and the places where it may come, and has nothing else to watch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bench.simulated import CATEGORIES, CITY_DAY, DAY, HOURLY, PARENTS, Rise, Simulated
from ticketing.charts import MONTH, dispersion
from ticketing.surveillance import evidence

Rates = Callable[[Simulated, float], tuple[Any, Any]]  # means and dispersions, when a factor is looked for


def day_known(city: Simulated, factor: float) -> tuple[Any, Any]:
    """Knows how busy each day will be, too."""
    return city.mean * city.busy, HOURLY


def day_unknown(city: Simulated, factor: float) -> tuple[Any, Any]:
    """Knows rhythm and trend as they are, not how busy the day will be: nobody can."""
    return city.mean, dispersion(np.array(HOURLY), np.array(DAY + CITY_DAY), np.array(factor))


def limit(
    rates: Rates, quiet: Sequence[Simulated], risen: Sequence[Simulated], fields: bool, warm: int, alarms: float
) -> dict[Rise, float | None]:
    """Each rise and after how many hours it would be seen."""
    first, found = 24 * warm, dict[Rise, float | None]()
    months = sum(c.counts.shape[1] - first for c in quiet) / MONTH
    for factor in {r.factor for c in risen for r in c.rises}:
        calm = [_steps(c, rates, factor, fields)[:, first:] for c in quiet]
        height = _height(calm, alarms * months)
        for city in risen:
            spoken = _steps(city, rates, factor, fields)
            for rise in city.rises:
                if rise.factor == factor:
                    found[rise] = _after(spoken[_row(city, rise, fields)], rise, height, first)
    return found


def _steps(city: Simulated, rates: Rates, factor: float, fields: bool) -> Any:
    """(places, hours): what each hour speaks for the rise; the categories of a field speak together."""
    mean, scatter = rates(city, factor)
    spoken = evidence(city.counts[:CATEGORIES], mean, scatter, factor)
    if not fields:
        return spoken
    together = np.zeros((PARENTS, spoken.shape[1]))
    np.add.at(together, city.parent, spoken)
    return together


def _row(city: Simulated, rise: Rise, fields: bool) -> int:
    return int(city.parent[rise.categories[0]]) if fields else rise.categories[0]


def _height(calm: Sequence[Any], alarms: float) -> float:
    """The evidence from which quiet cities sound no more than ``alarms`` times in all, by bisection."""
    low, high = 2.0, 20.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(_sounds(s, middle) for s in calm) > alarms else (low, middle)
    return high


def _sounds(steps: Any, height: float) -> int:
    state, found = np.zeros(len(steps)), 0
    for hour in steps.T:
        state = np.maximum(0, state + hour)
        over = state > height
        found += int(over.sum())
        state[over] = 0
    return found


def _after(steps: Any, rise: Rise, height: float, warm: int) -> float | None:
    """Hours from the beginning of the rise to the sound; the chart has run since ``warm``."""
    state = 0.0
    for hour in range(warm, min(rise.first + rise.lasts, len(steps))):
        state = max(0.0, state + float(steps[hour]))
        if state > height:
            if hour >= rise.first:
                return hour + 1 - rise.first
            state = 0.0
    return None
