"""The clocks of a ticket: when the reply is due, and when the matter must be settled."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from data.records import Urgency

END_OF_WORK = time(18, 0)  # a number of days ends when the offices close on the last of them


def reply_due(filed_at: datetime, hours: float) -> datetime:
    """应答时限: ``hours`` on the clock from 交办, day and night, holidays too."""
    return filed_at + timedelta(hours=hours)


def is_workday(day: date) -> tuple[bool, bool]:
    """(working day?, certain?): 调休 as the State Council set it; a year not announced yet knows weekends only."""
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < 5, False


def completion_due(
    filed_at: datetime, urgency: Urgency, days: int, zone: ZoneInfo, hours: float
) -> tuple[datetime, bool]:
    """要求办结时间 and whether it is 暂定 (it runs into a year whose holidays are not announced).

    即办 is due the same day, but never before the reply is. ``days`` working days begin on the next working day.
    """
    filed = filed_at.astimezone(zone)
    if urgency is not Urgency.DAYS or days <= 0:
        midnight = datetime.combine(filed.date() + timedelta(days=1), time(), zone)
        return max(midnight, reply_due(filed, hours)).astimezone(UTC), False
    day, left, tentative = filed.date(), days, False
    while left:
        day += timedelta(days=1)
        working, certain = is_workday(day)
        tentative = tentative or not certain
        left -= working
    return datetime.combine(day, END_OF_WORK, zone).astimezone(UTC), tentative
