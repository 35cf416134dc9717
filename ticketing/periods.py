"""Stretches of time a report covers, and those it is compared with: 环比 the one before, 同比 the same a year ago."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def before(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """环比: as long, and ending where this begins; a whole calendar month is compared with the month before."""
    if since.day == 1 and until.day == 1 and (until - since).days >= 28:
        months = (until.year - since.year) * 12 + until.month - since.month
        year, month = divmod(since.year * 12 + since.month - 1 - months, 12)
        return since.replace(year=year, month=month + 1), since
    return since - (until - since), since


def year_ago(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """同比: the same dates of the year before; 29 February becomes 28."""
    return _earlier(since), _earlier(until)


def _earlier(moment: datetime) -> datetime:
    try:
        return moment.replace(year=moment.year - 1)
    except ValueError:
        return moment.replace(year=moment.year - 1, day=28)


def grain(first: datetime, last: datetime) -> str:
    """How finely a stretch is divided: day, week or month."""
    days = (last - first).days
    return "day" if days <= 31 else "week" if days <= 26 * 7 else "month"


def label(moment: datetime, zone: ZoneInfo, grain: str) -> str:
    """The period a moment falls in, as it is printed; labels sort by time."""
    local = moment.astimezone(zone)
    if grain == "week":
        monday = local.date() - timedelta(days=local.weekday())
        return f"{monday:%Y-%m-%d} 起的一周"
    return f"{local:%Y-%m-%d}" if grain == "day" else f"{local:%Y-%m}"


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day in the city."""
    return datetime.combine(day, time(), zone)
