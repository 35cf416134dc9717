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
FEW_DAYS = 5_000  # posts; with more the days do not narrow the search
END = 2**62

Ticket = tuple[str, ...]  # number, unit, state, verdict; each "" where there is no ticket


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
        few = self.db.execute("select board, thread from _unworded limit ?", [limit + 1]).fetchall()
        if len(few) > limit:  # a city that was never indexed: worth a look through all posts
            query = """select p.* from _unworded u join posts p on p.board = u.board and p.thread = u.thread
                       order by p.posted_at limit ?"""
            return list(from_rows(Post, self.db.query(query, [limit])))
        rows = (self.db.table("posts").rows_where("board = ? and thread = ?", list(key)) for key in few)
        return sorted((post for each in rows for post in from_rows(Post, each)), key=lambda p: p.posted_at)

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
        low, last = self._between(wanted)
        last, looked = min(last, before or END), 0
        found: list[tuple[int, Ticket]] = []
        while looked < LOOKED_THROUGH:
            numbers = self.db.find_words(wanted.words, low, last, AT_ONCE)
            for number, ticket in self._fitting(numbers, wanted):
                if len(found) == limit:
                    return Page(self._hits(found), found[-1][0])
                found.append((number, ticket))
            if len(numbers) < AT_ONCE:
                return Page(self._hits(found), None)
            last, looked = numbers[-1], looked + len(numbers)
        return Page(self._hits(found), last, cut_off=True)

    def _between(self, wanted: Wanted) -> tuple[int, int]:
        """Numbers between which every post of the days asked for lies; a few days are told from the posts themselves."""
        if wanted.since is None or wanted.until is None:
            return 0, END
        query = "select board, thread from posts where posted_at >= ? and posted_at < ? limit ?"
        days = [stamp(wanted.since), stamp(wanted.until), FEW_DAYS]
        known = f"select i.id from ({query}) p join _indexed i on i.board = p.board and i.thread = p.thread"
        numbers = [int(row[0]) for row in self.db.execute(known, days)]
        if len(numbers) == FEW_DAYS:
            return 0, END
        return (min(numbers) - 1, max(numbers) + 1) if numbers else (0, 0)

    def _fitting(self, numbers: Sequence[int], wanted: Wanted) -> Iterator[tuple[int, Ticket]]:
        """Those of the entries that fit the filters, each with the newest of its tickets that does."""
        if not numbers:
            return
        where, values = _filters(wanted)
        posts = " join posts p on p.board = i.board and p.thread = i.thread" if "p." in where else ""
        query = f"""select i.id, t.number, t.unit, t.state, t.verdict from _indexed i{posts}
            left join tickets t on t.board = i.board and t.thread = i.thread
            where i.id in ({",".join(map(str, numbers))}){where} order by i.id desc, t.number desc"""
        seen = 0
        for number, *ticket in self.db.execute(query, values):
            if number != seen:
                seen = number
                yield number, tuple(str(each or "") for each in ticket)

    def _hits(self, found: Sequence[tuple[int, Ticket]]) -> tuple[Hit, ...]:
        query = f"""select i.id, p.* from _indexed i join posts p on p.board = i.board and p.thread = i.thread
            where i.id in ({",".join(str(number) for number, _ in found) or "null"})"""
        posts = {row["id"]: from_row(Post, row) for row in self.db.query(query)}
        return tuple(Hit(posts[number], *ticket) for number, ticket in found)

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
    for column, value in (("i.board", wanted.board), ("t.state", wanted.state), ("t.verdict", wanted.verdict)):
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
