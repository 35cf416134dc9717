"""Working time between two moments: 08:00 to 18:00 on working days, 调休 as announced."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ticketing.clocks import is_workday

OPENS, CLOSES = time(8), time(18)
DAY = (CLOSES.hour - OPENS.hour) * 3600.0  # working seconds of a working day


def between(start: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Working seconds from ``start`` to ``end``; 0 when ``end`` is not later."""
    return max(0.0, _since_epoch(end.astimezone(zone)) - _since_epoch(start.astimezone(zone)))


def _since_epoch(moment: datetime) -> float:
    """Working seconds from the beginning of the moment's year, the years before counted whole."""
    whole = _before(moment.date())
    if not is_workday(moment.date())[0]:
        return whole
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6
    return whole + min(max(seconds - OPENS.hour * 3600, 0.0), DAY)


@lru_cache(maxsize=1 << 14)
def _before(day: date) -> float:
    """Working seconds of all days from 2004 (the first year the calendar knows) up to ``day``."""
    earlier = sum(_year(y)[-1] for y in range(2004, day.year))
    return earlier + _year(day.year)[(day - date(day.year, 1, 1)).days]


@lru_cache(maxsize=256)
def _year(year: int) -> list[float]:
    """Working seconds of ``year`` before each of its days, and of the whole year last."""
    sums, day = [0.0], date(year, 1, 1)
    while day.year == year:
        sums.append(sums[-1] + (DAY if is_workday(day)[0] else 0.0))
        day += timedelta(days=1)
    return sums
