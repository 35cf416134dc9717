"""Numbers and days as an address or a form gives them; what cannot be one, or is beyond all there can be, was not asked for."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import flash, request
from werkzeug.routing import IntegerConverter, Map

from desk.web.context import the_city
from ticketing.periods import midnight

GREATEST = 2**53  # no record's number comes near it, and the store's own numbers end soon after
FIRST, LAST = date(1900, 1, 1), date(2999, 12, 31)  # a day either side of these can still be reckoned with


class Number(IntegerConverter):
    """What stands for a number in a route: an address with a greater one is none of this desk's."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=GREATEST)


def number(name: str) -> int | None:
    """From 0 to ``GREATEST``."""
    given = request.values.get(name, type=int)
    return given if given is not None and 0 <= given <= GREATEST else None


def day(name: str) -> date | None:
    """A day of the address; the page says so where what is given is none."""
    given = request.args.get(name, "").strip()
    if not given:
        return None
    try:
        found = date.fromisoformat(given)
    except ValueError:
        found = date.max
    if FIRST <= found <= LAST:
        return found
    flash("日期要写成 2026-11-23 这样；没有按这个日期筛选", "warn")
    return None


def begins(day: date | None) -> datetime | None:
    """The first moment of ``day`` in the city."""
    return midnight(day, the_city().zone) if day else None


def ends(day: date | None) -> datetime | None:
    """The moment after the last one of ``day``."""
    return begins(day + timedelta(days=1)) if day else None
