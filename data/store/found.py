"""Which posts have which words, and the posts and tickets that are found by them.

Words are cut above this floor. A post that came or changed is noted as unworded in the same transaction, and indexed soon
after; the index is no record: a copied city makes it anew. Entries are numbered in the order they were first indexed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.records import Post
from data.store.database import Database
from data.store.rows import from_row, from_rows, stamp
from data.store.tickets import SETTLED

AT_ONCE = 200  # entries looked up together
LOOKED_THROUGH = 20_000  # entries with the words, at most, for one page of what fits the filters too
END = 2**62


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for; ``units`` None: of any unit, or of none. Days are moments: ``since`` included, ``until`` not."""

    words: Sequence[str]
    board: str = ""
    units: Sequence[str] | None = None
    state: str = ""
    verdict: str = ""
    category: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that has the words, and the newest of its tickets that fits, where it has any."""

    post: Post
    ticket: str
    unit: str
    state: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Page:
    """Hits, the newest first; ``before`` asks for the next page; ``cut_off``: too much was looked through to go on."""

    hits: tuple[Hit, ...]
    before: int | None
    cut_off: bool = False


def unworded(db: Database, board: str, thread: str) -> None:
    """The words of this post are not, or no longer, what the index says."""
    db.execute("insert into _unworded (board, thread) values (?, ?) on conflict do nothing", [board, thread])


class Found:
    """The word index."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def waiting(self, limit: int) -> list[Post]:
        """Posts whose words are still to be indexed, the oldest first."""
        query = """select p.* from _unworded u join posts p on p.board = u.board and p.thread = u.thread
                   order by p.posted_at limit ?"""
        return list(from_rows(Post, self.db.query(query, [limit])))

    def count_waiting(self) -> int:
        return int(self.db.execute("select count(*) from _unworded").fetchone()[0])

    def put(self, posts: Iterable[tuple[Post, Sequence[str]]]) -> None:
        """Have these posts be found by exactly these words."""
        for post, words in posts:
            key = [post.board, post.thread]
            self.db.execute("insert into _indexed (board, thread) values (?, ?) on conflict do nothing", key)
            number = self._number(post.board, post.thread)
            self.db.put_words(number, list(dict.fromkeys(words)))
            self.db.execute("delete from _unworded where board = ? and thread = ?", key)

    def forget(self, board: str, thread: str) -> None:
        """Have a post be found by no word any more."""
        self.db.execute("delete from _unworded where board = ? and thread = ?", [board, thread])
        number = self._number(board, thread)
        if number:
            self.db.put_words(number, [])

    def _number(self, board: str, thread: str) -> int:
        row = self.db.execute("select id from _indexed where board = ? and thread = ?", [board, thread]).fetchone()
        return int(row[0]) if row else 0

    def search(self, wanted: Wanted, limit: int, before: int | None = None) -> Page:
        """The newest posts that have every word and fit the filters."""
        hits: list[Hit] = []
        last, looked = before or END, 0
        while looked < LOOKED_THROUGH:
            numbers = self.db.find_words(wanted.words, last, AT_ONCE)
            for number, hit in self._fitting(numbers, wanted):
                if len(hits) == limit:
                    return Page(tuple(hits), last)
                hits.append(hit)
                last = number
            if len(numbers) < AT_ONCE:
                return Page(tuple(hits), None)
            last, looked = numbers[-1], looked + len(numbers)
        return Page(tuple(hits), last, cut_off=True)

    def _fitting(self, numbers: Sequence[int], wanted: Wanted) -> Iterator[tuple[int, Hit]]:
        if not numbers:
            return
        where, values = _filters(wanted)
        query = f"""select i.id, p.*, t.number as t_number, t.unit as t_unit, t.state as t_state, t.verdict as t_verdict
            from _indexed i join posts p on p.board = i.board and p.thread = i.thread
            left join tickets t on t.board = p.board and t.thread = p.thread
            where i.id in ({",".join(map(str, numbers))}){where} order by i.id desc, t.number desc"""
        seen = 0
        for row in self.db.query(query, values):
            if row["id"] != seen:  # of several tickets the newest
                seen = row["id"]
                post = from_row(Post, row)
                yield seen, Hit(post, *(str(row[f"t_{k}"] or "") for k in ("number", "unit", "state", "verdict")))

    def by_contact(self, digits: str, limit: int) -> list[Post]:
        """Posts still in hand, waiting or with a ticket that is not settled, in which this number was found."""
        query = f"""select distinct p.* from posts p join suggestions s on s.board = p.board and s.thread = p.thread
            left join tickets t on t.board = p.board and t.thread = p.thread
            where (p.stage in ('new', 'suggested') or t.state not in {SETTLED}) and s.contacts like ?
            order by p.posted_at desc limit ?"""
        return list(from_rows(Post, self.db.query(query, [f"%{digits}%", limit])))


def _filters(wanted: Wanted) -> tuple[str, list[Any]]:
    where: str = ""
    values: list[Any] = []
    for column, value in (("p.board", wanted.board), ("t.state", wanted.state), ("t.verdict", wanted.verdict)):
        if value:
            where, values = f"{where} and {column} = ?", [*values, value]
    if wanted.category:
        where += " and (t.category = ? or substr(t.category, 1, ?) = ?)"
        values += [wanted.category, len(wanted.category) + 1, wanted.category + "/"]
    if wanted.units is not None:
        where += f" and t.unit in ({','.join('?' * len(wanted.units)) or 'null'})"
        values += wanted.units
    for sign, moment in ((">=", wanted.since), ("<", wanted.until)):
        if moment:
            where, values = f"{where} and p.posted_at {sign} ?", [*values, stamp(moment)]
    return where, values
