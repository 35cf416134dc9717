"""Requests counted by hour under every name that is watched, and the rises that were told of."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.store.database import Database
from data.store.rows import from_row, from_rows, moment, stamp, to_row

HOURS = 24
Name = tuple[str, str]  # what sort of series, and which: ("category", "urban/drainage"), ("all", "")


@dataclass(frozen=True, slots=True)
class Request:
    """A post as suggested, by the names it is counted under."""

    id: int  # of the suggestion
    board: str
    thread: str
    posted_at: datetime
    is_request: bool
    category: str
    unit: str
    district: str
    title: str
    opening: str  # the first words of the body

    @property
    def key(self) -> str:
        return f"{self.board}/{self.thread}"


@dataclass(frozen=True, slots=True)
class Surge:
    """A rise that was told of; it grows while it lasts. ``names`` are all series that rose with it, ``sort:name``."""

    sort: str
    name: str
    opened_at: datetime
    since: datetime
    last_at: datetime  # when a chart last sounded
    count: int
    expected: float
    evidence: float
    posts: tuple[str, ...]
    names: tuple[str, ...]
    units: tuple[str, ...]
    districts: tuple[str, ...]
    id: int = 0  # given by the store


class Series:
    """The barometer's own books."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def fresh(self, after: int, limit: int = 2000) -> list[Request]:
        """Suggestions made since, the oldest first, with what their posts are counted by."""
        return self._requests(f"{_REQUEST} where s.id > ? order by s.id limit ?", [after, limit])

    def before(self, board: str, thread: str, number: int) -> Request | None:
        """The suggestion for the same post that came before suggestion ``number``."""
        query = f"{_REQUEST} where s.board = ? and s.thread = ? and s.id < ? order by s.id desc limit 1"
        return next(iter(self._requests(query, [board, thread, number])), None)

    def posted(self, since: datetime, until: datetime) -> list[Request]:
        """Requests posted in [since, until], by their latest suggestion, oldest first."""
        query = f"""{_REQUEST} where p.posted_at between ? and ? and s.is_request
            and s.id = (select max(id) from suggestions where board = p.board and thread = p.thread)
            order by p.posted_at"""
        return self._requests(query, [stamp(since), stamp(until)])

    def _requests(self, query: str, values: Sequence[object]) -> list[Request]:
        return [
            Request(
                row[0],
                row[1],
                row[2],
                moment(row[3]),
                bool(row[4]),
                row[5],
                _first(row[6]),
                row[7] or "",
                row[8],
                row[9],
            )
            for row in self.db.execute(query, list(values))
        ]

    def add(self, changes: Mapping[Name, Mapping[int, int]], since: int = 0) -> None:
        """Add to the counts: series -> hour of the city -> how many more, or fewer. Hours before ``since`` are dropped."""
        names = list(changes)
        rows: list[list[object]] = []
        for name, kept in zip(names, self.counts(names), strict=True):
            hours = _added(kept, changes[name], since)
            if hours:
                rows.append([*name, hours[-2] // HOURS, hours.tobytes()])
        self.db.executemany(_COUNTED, rows)

    def counts(self, names: Iterable[Name]) -> list[bytes]:
        """For each series the hours that counted any, oldest first: pairs of 32 bits, an hour of the city and how many.

        An hour of the city is HOURS times the ordinal of its day, and the hour on the clock.
        """
        query = "select hours from counts where sort = ? and name = ?"
        return [rows[0][0] if rows else b"" for rows in self.db.each(query, list(names))]

    def names(self, sort: str, first: int) -> list[str]:
        """The series of a sort that counted anything since a day."""
        return [
            row[0] for row in self.db.execute("select name from counts where sort = ? and last >= ?", [sort, first])
        ]

    def forget(self, before: int) -> None:
        """Drop the series whose last day is before."""
        self.db.execute("delete from counts where last < ?", [before])

    def open_surges(self, since: datetime) -> list[Surge]:
        """Those that last sounded since then, the newest first."""
        query = "select * from surges where last_at >= ? order by last_at desc, id desc"
        return list(from_rows(Surge, self.db.query(query, [stamp(since)])))

    def sounded(self, since: datetime) -> list[tuple[datetime, tuple[str, ...]]]:
        """When each of ``open_surges`` last sounded, and the names of its series."""
        rows = self.db.execute("select last_at, names from surges where last_at >= ?", [stamp(since)])
        return [(moment(last), tuple(json.loads(names))) for last, names in rows]

    def surges(self, limit: int = 50) -> list[Surge]:
        """The newest first."""
        return list(from_rows(Surge, self.db.table("surges").rows_where(order_by="id desc", limit=limit)))

    def surge(self, number: int) -> Surge | None:
        row = next(self.db.query("select * from surges where id = ?", [number]), None)
        return from_row(Surge, row) if row else None

    def recent(self, since: datetime, limit: int) -> list[str]:
        """The keys of the newest posts since."""
        query = "select board || '/' || thread from posts where posted_at >= ? order by posted_at desc limit ?"
        return [row[0] for row in self.db.execute(query, [stamp(since), limit])]

    def keep(self, surge: Surge) -> int:
        """Write a surge down, or what became of it; returns its id."""
        if surge.id:
            self.db.table("surges").update(surge.id, to_row(surge, drop=("id",)))
            return surge.id
        return self.db.add("surges", to_row(surge, drop=("id",)))

    def tickets(self, posts: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Post -> the numbers of its tickets, for posts that have any."""
        query = "select number from tickets where board = ? and thread = ? order by number"
        found = {}
        for key in posts:
            board, _, thread = key.partition("/")
            if numbers := tuple(row[0] for row in self.db.execute(query, [board, thread])):
                found[key] = numbers
        return found


_COUNTED = """insert into counts (sort, name, last, hours) values (?, ?, ?, ?)
    on conflict (sort, name) do update set last = excluded.last, hours = excluded.hours"""

_REQUEST = """select s.id, s.board, s.thread, p.posted_at, s.is_request, s.category, s.units,
    s.district, p.title, substr(p.body, 1, 120) from suggestions s
    join posts p on p.board = s.board and p.thread = s.thread"""


def _first(units: str) -> str:
    """The unit that was suggested first."""
    found = json.loads(units)
    return str(found[0]["name"]) if found else ""


def _added(kept: bytes, more: Mapping[int, int], since: int) -> array[int]:
    hours = array("I", kept)
    for hour, posts in more.items():
        at = len(hours)
        while at and hours[at - 2] >= hour:  # what is new is near the end
            at -= 2
        if at < len(hours) and hours[at] == hour:
            hours[at + 1] = max(hours[at + 1] + posts, 0)
        elif posts > 0:
            hours[at:at] = array("I", [hour, posts])
    first = next((at for at in range(0, len(hours), 2) if hours[at] >= since), len(hours))
    return hours[first:] if first else hours
