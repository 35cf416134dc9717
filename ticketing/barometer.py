"""What is rising in the city now: every series judged against its own past, as of any moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from data.city import City
from data.store.series import Name, Request
from ticketing import series
from ticketing.charts import MONTH, bound, sounding, threshold
from ticketing.expectation import BASELINE, GUARD, Expected, expect, young
from ticketing.phrases import may_say
from ticketing.rhythm import midnight
from ticketing.screen import LEAST, may_sound
from ticketing.series import ALL, CHARTED, PHRASE, Window

BEGUN = "barometer.begun"  # when the city began to be watched, in seconds
OLD_ENOUGH = timedelta(days=14)  # watched for so long, a city is judged by its own four weeks
SETTLE = timedelta(hours=3)  # watched for less, nothing is told
FOR_PHRASES = 0.25  # of the false alarms that are allowed
STEADY = 10.0  # posts a day that tell as much of a busy day as those that came
SPOKEN = 4  # days the chart of a phrase looks back: what is said for longer has a category, or is no news


@dataclass(frozen=True, slots=True)
class Rise:
    """A series that brings more than expected, since when, and the posts behind it, oldest first."""

    sort: str  # all, board, field, category, unit, district or phrase
    name: str
    since: datetime
    count: int
    expected: float
    evidence: float
    requests: tuple[Request, ...]

    @property
    def times(self) -> float:
        """How many times what was expected."""
        return self.count / max(self.expected, 1e-9)


def rises(city: City, now: datetime, names: Iterable[Name] | None = None) -> list[Rise]:
    """The series (of ``names``, or all) whose charts sound at ``now``, the most evident first. Counts must be up to date."""
    begun = begin(city, now)
    if now - begun < SETTLE:
        return []
    wanted = set(names) if names is not None else _all(city, now)
    spoken = {n for n in wanted if n[0] == PHRASE}
    old = now - begun >= OLD_ENOUGH
    limits = _limits(city, now, old)
    found = _judged(city, series.window(city, wanted - spoken, now), now, begun, limits[0])
    if old and spoken:  # before that nobody knows which words are usual here
        found += _words(city, spoken, now, begun, limits[1])
    return sorted(found, key=lambda r: -r.evidence)


def _words(city: City, spoken: set[Name], now: datetime, begun: datetime, limit: float) -> list[Rise]:
    book = series.book(city, spoken | {ALL}, now, SPOKEN)
    start = midnight(book.first, city.zone)
    hours = [int((t - start) / timedelta(hours=1)) for t in (now, begun)]
    among = series.watched(city.reference())[PHRASE]
    perhaps = may_sound(book, SPOKEN, hours[0], max(hours[1], 0), among, limit) - {ALL}
    return _judged(city, book.window(perhaps | {ALL}), now, begun, limit, words=True) if perhaps else []


def begin(city: City, now: datetime) -> datetime:
    """When the city began to be watched: now, if it is the first time of asking."""
    seconds = city.store.runs.mark(BEGUN)
    if not seconds:
        seconds = int(now.timestamp())
        with city.store.transaction():
            city.store.runs.set_mark(BEGUN, seconds)
    return datetime.fromtimestamp(seconds, now.tzinfo)


def _limits(city: City, now: datetime, old: bool) -> tuple[float, float]:
    """From which evidence named series sound, and from which phrases."""
    alarms = city.settings.barometer.alarms_per_month
    sizes = series.watched(city.reference())
    rare = bound(sizes[PHRASE], alarms * FOR_PHRASES)
    if not old:  # how many posts it brings is not known yet
        named = sum(size for sort, size in sizes.items() if sort != PHRASE)
        return bound(named, alarms * (1 - FOR_PHRASES)), rare
    posts = series.window(city, {ALL}, now).city[: -24 * GUARD][-24 * BASELINE :].sum()
    return threshold(posts * MONTH / (24 * BASELINE), alarms * (1 - FOR_PHRASES)), rare


def _all(city: City, now: datetime) -> set[Name]:
    """Every series that counted anything lately."""
    first = now.astimezone(city.zone).toordinal() - CHARTED
    sorts = ("all", "board", "field", "category", "unit", "district", PHRASE)
    return {(sort, name) for sort in sorts for name in city.store.series.names(sort, first)}


def _judged(
    city: City, window: Window, now: datetime, begun: datetime, limit: float, *, words: bool = False
) -> list[Rise]:
    if not window.names:
        return []
    charted = SPOKEN if words else CHARTED
    start = midnight(window.first, city.zone)
    last = int((now - start) / timedelta(hours=1))
    first, expected = _expected(city, window, charted, (begun - start) / timedelta(hours=1), last)
    expected.mean[:, last - first] *= max((now - start) / timedelta(hours=1) - last, 1 / 12)
    expected = Expected(expected.mean[:, : last - first + 1], expected.hourly, expected.daily)
    counts = window.counts[:, first : last + 1]
    if words:
        expected = replace(expected, mean=_as_busy(counts, expected.mean, window.names.index(ALL)))
    reset = _resets(city, window.names, now, start, first)
    if now - begun >= OLD_ENOUGH:  # days nothing was known before tell of no rise: all that came then would seem new
        reset = np.maximum(reset, (begun + OLD_ENOUGH - start) / timedelta(hours=1) - first)
    heard = [s for s in sounding(counts, expected, reset, limit) if counts[s.row, s.first :].sum() >= LEAST]
    posted = (
        city.store.series.posted(start + timedelta(hours=first + min(s.first for s in heard)), now) if heard else []
    )
    found = []
    for signal in heard:
        name, since = window.names[signal.row], start + timedelta(hours=first + signal.first)
        count, mean = counts[signal.row, signal.first :].sum(), expected.mean[signal.row, signal.first :].sum()
        requests = _of(name, [r for r in posted if r.posted_at >= since])
        found.append(Rise(*name, since, int(count), float(mean), signal.evidence, requests))
    return found


def _as_busy(counts: Any, mean: Any, city: int) -> Any:
    """Where more is written, more of every word is: days on which the whole ``city`` (its row) brings more, bring more of each."""
    day = np.arange(counts.shape[1]) // 24
    came, usual = (np.bincount(day, row[city]) for row in (counts, mean))
    return mean * np.maximum((came + STEADY) / (usual + STEADY), 1.0)[day]


def _expected(city: City, window: Window, charted: int, begun: float, last: int) -> tuple[int, Expected]:
    """The hour of the window from which the charts run, ``charted`` days at most, and what is expected from there on."""
    sizes = series.watched(city.reference())
    among = np.array([sizes[sort] for sort, _ in window.names], float)
    since = max(int(begun), 0)
    if last - begun >= OLD_ENOUGH / timedelta(hours=1):
        return window.hours - 24 * charted, expect(window.counts, window.city, window.when, charted, among, since)
    guard = int(min(48.0, max((last - begun) / 2, 1)))
    return last - guard, young(window.counts, window.city, window.when, since, last - guard, among)


def _resets(city: City, names: Sequence[Name], now: datetime, start: datetime, first: int) -> Any:
    """(series,) the hour after a chart last sounded, counted from ``first``: it begins anew there."""
    reset = np.zeros(len(names))
    row = {name: i for i, name in enumerate(names)}
    for last_at, names_told in city.store.series.sounded(now - timedelta(days=CHARTED)):
        hour = int((last_at - start) / timedelta(hours=1)) + 1 - first
        for told in names_told:
            sort, _, name = told.partition(":")
            if (sort, name) in row:
                reset[row[sort, name]] = max(reset[row[sort, name]], hour)
    return reset


def behind(city: City, name: Name, since: datetime, now: datetime) -> tuple[Request, ...]:
    """The requests of a series posted since then, oldest first."""
    return _of(name, city.store.series.posted(since, now))


def _of(name: Name, posted: Sequence[Request]) -> tuple[Request, ...]:
    if name[0] == PHRASE:
        return tuple(r for r in posted if may_say(r.title, r.opening, name[1]) and name in series.said(r))
    return tuple(r for r in posted if name in series.names_of(r))


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a series: what came, and what was expected where that is known."""

    start: datetime
    count: int
    expected: float | None


def timeline(city: City, name: Name, now: datetime, hours: int = 48) -> list[Hour]:
    """The last ``hours`` hours of a series, oldest first, the present one unfinished."""
    window = series.window(city, {name}, now)
    start = midnight(window.first, city.zone)
    last = int((now - start) / timedelta(hours=1))
    begun = (begin(city, now) - start) / timedelta(hours=1)
    first, expected = _expected(city, window, CHARTED, begun, last)
    means = expected.mean[0]
    return [
        Hour(
            start + timedelta(hours=hour),
            int(window.counts[0, hour]),
            float(means[hour - first]) if 0 <= hour - first < len(means) else None,
        )
        for hour in range(max(last - hours + 1, 0), last + 1)
    ]
