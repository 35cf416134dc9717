"""Which series a request is counted under, and the books of counts kept up to date as suggestions come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from data.city import City
from data.reference import Reference
from data.store.series import HOURS, Name, Request
from ticketing.expectation import BASELINE, GUARD
from ticketing.phrases import phrases
from ticketing.rhythm import Calendar, calendar

MARK = "barometer.suggestions"  # the last suggestion that is in the books
SWEPT = "barometer.swept"  # the last day the books were swept
CHARTED = 14  # days a chart looks back
KEPT = BASELINE + GUARD + CHARTED + 2  # days of counts
ALL: Name = ("all", "")
FIELD, PHRASE = "field", "phrase"
MANY = 50_000  # distinct phrases a city's month may bring


@dataclass(frozen=True)
class Window:
    """Counts of the last days, hour by hour, up to the end of today: (series, hours)."""

    names: tuple[Name, ...]
    counts: Any
    city: Any  # (hours,) of all requests
    when: Calendar
    first: date

    @property
    def hours(self) -> int:
        return int(self.counts.shape[1])


def names_of(request: Request) -> Iterator[Name]:
    """Every series a request belongs to, phrases apart."""
    yield ALL
    yield "board", request.board
    yield FIELD, request.category.partition("/")[0]
    if "/" in request.category:
        yield "category", request.category
    if request.unit:
        yield "unit", request.unit
    if request.district:
        yield "district", request.district


def watched(reference: Reference) -> dict[str, int]:
    """Sort -> how many series of it there can be; ``field``: categories of the first level."""
    fields = sum("/" not in c.slug for c in reference.categories)
    return {
        "all": 1,
        "board": max(len(reference.boards), 1),
        FIELD: max(fields, 1),
        "category": max(len(reference.categories) - fields, 1),
        "unit": max(len(reference.units), 1),
        "district": max(len(reference.districts), 1),
        PHRASE: MANY,
    }


def count(city: City, now: datetime) -> set[Name]:
    """Take suggestions that are not in the books into them; returns the series that have a new request.

    A post suggested anew is taken out from where it was. Call it inside a transaction.
    """
    store, touched = city.store, set[Name]()
    recent = now - timedelta(days=CHARTED)
    while fresh := store.series.fresh(store.runs.mark(MARK)):
        changes: dict[tuple[Name, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for request in fresh:
            earlier = store.series.before(request.board, request.thread, request.id)
            for one, sign in ((earlier, -1), (request, 1)):
                if one is None or not one.is_request:
                    continue
                local = one.posted_at.astimezone(city.zone)
                for name in _all_names(one):
                    changes[name, local.toordinal()][local.hour] += sign
                    if sign > 0 and recent < one.posted_at <= now:
                        touched.add(name)
        store.series.add(changes)
        store.runs.set_mark(MARK, fresh[-1].id)
    _sweep(city, now)
    return touched


def said(request: Request) -> Iterator[Name]:
    """The series of the phrases of a request."""
    return ((PHRASE, phrase) for phrase in phrases(request.title, request.opening))


def _all_names(request: Request) -> Iterator[Name]:
    yield from names_of(request)
    yield from said(request)


def _sweep(city: City, now: datetime) -> None:
    """Once a day, forget what no chart can reach."""
    today = now.astimezone(city.zone).toordinal()
    if city.store.runs.mark(SWEPT) != today:
        city.store.series.forget(today - KEPT)
        city.store.runs.set_mark(SWEPT, today)


def window(city: City, names: Iterable[Name], now: datetime, charted: int = CHARTED) -> Window:
    """The counts of some series up to today's end, with all that is needed to judge the last ``charted`` days."""
    days = BASELINE + GUARD + charted
    today = now.astimezone(city.zone).date()
    first = today - timedelta(days=days - 1)
    wanted = tuple(sorted(set(names)))
    rows = np.zeros((len(wanted) + 1, days, HOURS))
    at = {name: row for row, name in enumerate((*wanted, ALL))}
    named, on, hours = city.store.series.counts(at, first.toordinal(), today.toordinal())
    rows[[at[name] for name in named], np.array(on, int) - first.toordinal()] = np.frombuffer(hours, np.uint16).reshape(
        -1, HOURS
    )
    rows[[row for row, name in enumerate(wanted) if name == ALL]] = rows[-1]
    by_hour = rows.reshape(len(rows), HOURS * days)
    return Window(wanted, by_hour[:-1], by_hour[-1], calendar(first, HOURS * days, city.zone), first)
