"""Which posts have which words, and the posts and tickets that are found by them.

Words are cut above this floor. A post that came or changed is noted as unworded in the same transaction, and indexed soon
after; the index is no record: a copied city makes it anew. Entries are numbered in the order they were first indexed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.records import Post
from data.store.database import Database
from data.store.entries import Between, Listed
from data.store.rows import from_row, from_rows, stamp
from data.store.tickets import SETTLED

AT_ONCE = 200  # entries looked up together
LOOKED_THROUGH = 20_000  # entries, at most, for one page of what fits the filters exactly
END = 2**62
_ENTRY = """insert into _indexed (board, thread, posted_at) values (?, ?, ?)
    on conflict (board, thread) do update set posted_at = excluded.posted_at"""
_DAY = """insert into _days values (?, ?, ?) on conflict (day) do update set
    first = case when excluded.first < _days.first then excluded.first else _days.first end,
    last = case when excluded.last > _days.last then excluded.last else _days.last end"""

Ticket = tuple[str, ...]  # number, unit, state, verdict; each "" where there is no ticket


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for; without words all that fits. ``units`` None: of any unit, or of none.

    Days are moments: ``since`` included, ``until`` not.
    """

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
    """A post that was found, and the newest of its tickets that fits, where it has any."""

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
            self.db.execute(_ENTRY, [*key, stamp(post.posted_at)])
            number = self._number(post.board, post.thread)
            self.db.put_words(number, list(dict.fromkeys(words)))
            self.db.execute(_DAY, [stamp(post.posted_at)[:10], number, number])
            self.db.execute(
                "update tickets set _entry = ? where board = ? and thread = ? and _entry is null", [number, *key]
            )
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
        if wanted.units is not None and not wanted.units:
            return Page((), None)
        lists = self._lists(wanted)
        low, last = self._between(wanted)
        last, looked, at_once = min(last, before or END), 0, limit + 1
        found: list[tuple[int, Ticket]] = []
        while looked < LOOKED_THROUGH:
            numbers = self.db.find_entries(wanted.words, lists, (low, last), at_once)
            for number, ticket in self._fitting(numbers, wanted):
                if len(found) == limit:
                    return Page(self._hits(found), found[-1][0])
                found.append((number, ticket))
            if len(numbers) < at_once:
                return Page(self._hits(found), None)
            last, looked, at_once = numbers[-1], looked + len(numbers), AT_ONCE
        return Page(self._hits(found), last, cut_off=True)

    def _lists(self, wanted: Wanted) -> Sequence[Listed]:
        """What the filters leave, a list for each: more, where a post has several tickets, than what fits them all."""
        given = {
            "unit": wanted.units,
            "category": self._within(wanted.category) if wanted.category else None,
            "state": [wanted.state] if wanted.state else None,
            "verdict": [wanted.verdict] if wanted.verdict else None,
        }
        lists = [_any(column, values) for column, values in given.items() if values is not None]
        if wanted.board:
            lists.append(("select id as number from _indexed where board = ?", [wanted.board]))
        if wanted.since or wanted.until:
            lists.append(("select id as number from _indexed where posted_at >= ? and posted_at < ?", _moments(wanted)))
        if not lists and not wanted.words:
            lists.append(("select id as number from _indexed", ()))
        return lists

    def _within(self, category: str) -> Sequence[str]:
        """This category and those of tickets that lie within it; itself, where none does."""
        found, last = [category], category + "/"
        query = "select min(category) from tickets where category > ? and category < ?"
        end = category + "0"  # which follows / in the order of letters
        while row := self.db.execute(query, [last, end]).fetchone()[0]:
            found.append(last := row)
        return found

    def _between(self, wanted: Wanted) -> Between:
        """Numbers between which every post of the days asked for lies; those of other days, too, where one came late."""
        if wanted.since is None and wanted.until is None:
            return 0, END
        query = "select min(first), max(last) from _days where day >= ? and day <= ?"
        first, last = self.db.execute(query, [each[:10] for each in _moments(wanted)]).fetchone()
        return (first - 1, last + 1) if first is not None else (0, 0)

    def _fitting(self, numbers: Sequence[int], wanted: Wanted) -> Iterator[tuple[int, Ticket]]:
        """Those of the entries with a ticket that fits all filters, each with the newest that does."""
        if not numbers:
            return
        query = f"""select i.id, t.category, t.number, t.unit, t.state, t.verdict
            from _indexed i left join tickets t on t.board = i.board and t.thread = i.thread
            where i.id in ({",".join(map(str, numbers))}) order by i.id desc, t.number desc"""
        seen = 0
        for number, category, *ticket in self.db.execute(query):
            if number != seen and _fits(wanted, category or "", ticket):
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


def _any(column: str, values: Sequence[str]) -> Listed:
    """The posts with a ticket that has one of these values."""
    each = f"select _entry as number from tickets where {column} = ?"
    return " union all ".join([each] * len(values)), values


def _moments(wanted: Wanted) -> Sequence[str]:
    return [stamp(wanted.since) if wanted.since else "", stamp(wanted.until) if wanted.until else "9"]


def _fits(wanted: Wanted, category: str, ticket: Sequence[str | None]) -> bool:
    """Does this one ticket of a post, or that it has none, fit all that is asked of tickets?"""
    _, unit, state, verdict = ticket
    return (
        wanted.state in ("", state)
        and wanted.verdict in ("", verdict)
        and (wanted.units is None or unit in wanted.units)
        and (not wanted.category or f"{category}/".startswith(f"{wanted.category}/"))
    )
