"""The clocks of a ticket: when the reply is due, and when the matter must be settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

from data.records import Urgency

END_OF_WORK = time(18, 0)  # a number of days ends when the offices close on the last of them


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days as the State Council set them (调休), and as the office supplied them before or beside that."""

    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> tuple[bool, bool]:
        """(working day?, certain?): a year that neither announced yet knows weekends only."""
        if day in self.holidays or day in self.make_up_days:
            return day in self.make_up_days, True
        try:
            return _announced(chinese_calendar.is_workday, day), True
        except NotImplementedError:
            return day.weekday() < 5, any(d.year == day.year for d in self.holidays)


@lru_cache(maxsize=1 << 12)
def _announced(asked: Callable[[date], bool], day: date) -> bool:
    """``asked`` once a day it knows: chinesecalendar looks all its years through for each. Raises NotImplementedError."""
    return bool(asked(day))


ANNOUNCED = Calendar()


@dataclass(frozen=True, slots=True)
class Duty:
    """The hours of working days in which a reply clock runs, where it does not run round the clock."""

    opens: time
    closes: time


def is_workday(day: date) -> tuple[bool, bool]:
    """(working day?, certain?) by the State Council's calendar alone."""
    return ANNOUNCED.is_workday(day)


def reply_due(
    filed_at: datetime,
    hours: float,
    duty: Duty | None = None,
    zone: ZoneInfo | None = None,
    calendar: Calendar = ANNOUNCED,
) -> datetime:
    """应答时限: ``hours`` on the clock from 交办, day and night, holidays too; with ``duty`` only its hours count."""
    if duty is None or zone is None:
        return filed_at + timedelta(hours=hours)
    left, here = timedelta(hours=hours), filed_at.astimezone(zone)
    day = here.date()
    while True:
        start = max(here, datetime.combine(day, duty.opens, zone))
        end = datetime.combine(day, duty.closes, zone)
        if calendar.is_workday(day)[0] and start < end:
            if left <= end - start:
                return (start + left).astimezone(UTC)
            left -= end - start
        day += timedelta(days=1)


def running(start: datetime, end: datetime, duty: Duty | None, zone: ZoneInfo, calendar: Calendar) -> timedelta:
    """How long a reply clock runs between two moments: all the time, or only in the hours of ``duty``."""
    if duty is None:
        return max(end - start, timedelta())
    ran, day = timedelta(), start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        if calendar.is_workday(day)[0]:
            first = max(start, datetime.combine(day, duty.opens, zone))
            ran += max(min(end, datetime.combine(day, duty.closes, zone)) - first, timedelta())
        day += timedelta(days=1)
    return ran


def completion_due(
    filed_at: datetime,
    urgency: Urgency,
    days: int,
    zone: ZoneInfo,
    hours: float,
    calendar: Calendar = ANNOUNCED,
) -> tuple[datetime, bool]:
    """要求办结时间 and whether it is 暂定 (it runs into a year whose holidays are not announced).

    即办 is due the same day, but never before the reply is. ``days`` working days begin on the next working day.
    """
    if urgency is not Urgency.DAYS or days <= 0:
        filed = filed_at.astimezone(zone)
        midnight = datetime.combine(filed.date() + timedelta(days=1), time(), zone)
        return max(midnight, reply_due(filed, hours)).astimezone(UTC), False
    return days_later(filed_at, days, zone, calendar)


def days_later(start: datetime, days: int, zone: ZoneInfo, calendar: Calendar = ANNOUNCED) -> tuple[datetime, bool]:
    """The end of work on the ``days``-th working day after ``start``'s day, and whether that is 暂定."""
    day, left, tentative = start.astimezone(zone).date(), days, False
    while left > 0:
        day += timedelta(days=1)
        working, certain = calendar.is_workday(day)
        tentative = tentative or not certain
        left -= working
    return datetime.combine(day, END_OF_WORK, zone).astimezone(UTC), tentative


def working_days(start: datetime, end: datetime, zone: ZoneInfo, calendar: Calendar = ANNOUNCED) -> int:
    """Working days after ``start``'s day up to and including ``end``'s."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    return sum(calendar.is_workday(first + timedelta(days=i))[0] for i in range(1, (last - first).days + 1))
