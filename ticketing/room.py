"""How much room a city's database takes, how fast it grows, and when the disk will be full."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from statistics import median

from data.city import City
from data.store import on_server

FEWEST = 3  # days measured, below which a trend is a guess
FARTHEST = 3650  # days ahead; beyond this nothing is said


@dataclass(frozen=True, slots=True)
class Room:
    """Sizes in bytes. ``free``: of the disk the city's folder lies on; a server's own disk is not known."""

    measured_on: str  # "": not measured yet
    tables: Mapping[str, int]
    per_day: float | None
    free: int
    full_on: date | None
    on_server: bool

    @property
    def size(self) -> int:
        return sum(self.tables.values())


def room(city: City, now: datetime) -> Room:
    """As it was measured last, and the disk as it is now."""
    day, tables = city.store.disk.measured()
    growth = per_day(city.store.disk.totals())
    left, remote = free(city), on_server(city.settings.city.database)
    today = now.astimezone(city.zone).date()
    # Room inside the file is used before the file grows.
    full = None if remote else full_on(left + tables.get("free", 0), growth, today)
    return Room(day, tables, growth, left, full, remote)


def free(city: City) -> int:
    """Bytes left on the disk of the city's folder."""
    return shutil.disk_usage(city.folder).free


def nearly_full(city: City) -> bool:
    """Less left than [alarm] disk_free_mb?"""
    return free(city) < city.settings.alarm.disk_free_mb * 1024 * 1024


def per_day(totals: Sequence[tuple[str, int]]) -> float | None:
    """Bytes a day: the median slope between any two days (Theil 1950, Sen 1968), so that one clearing out does not bend it."""
    points = [(date.fromisoformat(day).toordinal(), size) for day, size in totals]
    if len(points) < FEWEST:
        return None
    return float(median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2)))


def full_on(free: float, growth: float | None, today: date) -> date | None:
    """The day on which ``free`` bytes are used up; None where it does not grow, or that is very far off."""
    if not growth or growth <= 0 or free / growth > FARTHEST:
        return None
    return today + timedelta(days=int(free / growth))
