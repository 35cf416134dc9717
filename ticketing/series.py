"""Which series a request is counted under, and the books of counts kept up to date as suggestions come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
class Book:
    """What some series counted in the last days, up to the end of today: which of them, in which hour, how many."""

    names: tuple[Name, ...]
    row: NDArray[np.intp]  # in the order of rows, and in each of hours
    hour: NDArray[np.int64]  # of the days
    posts: NDArray[np.float64]
    city: Any  # (hours,) of all requests
    when: Calendar
    first: date

    @property
    def days(self) -> int:
        return len(self.city) // HOURS

    @property
    def by_day(self) -> Any:
        """(series, days)."""
        days = np.bincount(self.row * self.days + self.hour // HOURS, self.posts, len(self.names) * self.days)
        return days.reshape(-1, self.days)

    def window(self, names: Collection[Name]) -> Window:
        """Some of the series, hour by hour."""
        kept = tuple(n for n in self.names if n in names)
        among = np.array([n in names for n in self.names], bool)
        counts, chosen = np.zeros((len(kept), len(self.city))), among[self.row]
        counts[(np.cumsum(among) - 1)[self.row[chosen]], self.hour[chosen]] = self.posts[chosen]
        return Window(kept, counts, self.city, self.when, self.first)


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
    today = now.astimezone(city.zone).toordinal()
    while fresh := store.series.fresh(store.runs.mark(MARK)):
        changes: dict[Name, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for request in fresh:
            earlier = store.series.before(request.board, request.thread, request.id)
            for one, sign in ((earlier, -1), (request, 1)):
                if one is None or not one.is_request:
                    continue
                local = one.posted_at.astimezone(city.zone)
                for name in _all_names(one):
                    changes[name][HOURS * local.toordinal() + local.hour] += sign
                    if sign > 0 and recent < one.posted_at <= now:
                        touched.add(name)
        store.series.add(changes, HOURS * (today - KEPT))
        store.runs.set_mark(MARK, fresh[-1].id)
    _sweep(city, today)
    return touched


def said(request: Request) -> Iterator[Name]:
    """The series of the phrases of a request."""
    return ((PHRASE, phrase) for phrase in phrases(request.title, request.opening))


def _all_names(request: Request) -> Iterator[Name]:
    yield from names_of(request)
    yield from said(request)


def _sweep(city: City, today: int) -> None:
    """Once a day, forget what no chart can reach."""
    if city.store.runs.mark(SWEPT) != today:
        city.store.series.forget(today - KEPT)
        city.store.runs.set_mark(SWEPT, today)


def book(city: City, names: Iterable[Name], now: datetime, charted: int = CHARTED) -> Book:
    """What some series counted, with all that is needed to judge the last ``charted`` days."""
    days = BASELINE + GUARD + charted
    today = now.astimezone(city.zone).date()
    first = today - timedelta(days=days - 1)
    wanted = tuple(sorted(set(names)))
    kept = [np.frombuffer(b, np.uint32).reshape(-1, 2) for b in city.store.series.counts([*wanted, ALL])]
    row = np.repeat(np.arange(len(kept)), [len(k) for k in kept])
    hour, posts = np.concatenate(kept).T
    hour = hour.astype(np.int64) - HOURS * first.toordinal()
    within = (hour >= 0) & (hour < HOURS * days)
    whole, mine = within & (row == len(wanted)), within & (row < len(wanted))
    everything = np.zeros(HOURS * days)
    everything[hour[whole]] = posts[whole]
    when = calendar(first, HOURS * days, city.zone)
    return Book(wanted, row[mine], hour[mine], posts[mine].astype(float), everything, when, first)


def window(city: City, names: Collection[Name], now: datetime, charted: int = CHARTED) -> Window:
    """The counts of some series up to today's end, with all that is needed to judge the last ``charted`` days."""
    return book(city, names, now, charted).window(names)
