"""Posts, replies, their older versions, what lists said, and every read with its pages."""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from data.records import BoardHealth, ListRow, Post, Read, ReadOutcome, Reply, Snapshot, Thread, Version
from data.store.database import Database
from data.store.erasures import Erasure, Ranges, erasure, ranges
from data.store.found import unworded
from data.store.rows import from_row, from_rows, moment, stamp, to_row
from data.store.schema import WAITING

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FIRST_LINK = "0" * 64
COMPRESSION = 4  # of zstd: as small as zlib's 4, in a third of its time
AT_ONCE = 200  # pages in memory while all are looked through
# A thread that cannot be read is asked for again after 5 min, 10 min, 20 min … at most a day.
FIRST_RETRY, LAST_RETRY = timedelta(minutes=5), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Walk:
    """Nothing last touched before ``horizon`` is read; everything changed before ``walked_at`` was met."""

    horizon: datetime
    walked_at: datetime | None


class Threads:
    """What the boards said."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._packer = zstd.ZstdCompressor(COMPRESSION)  # kept: to make one takes longer than to pack a page

    def listed(self, board: str, section: str, rows: Sequence[ListRow], now: datetime) -> set[str]:
        """Note what a list page says and return the threads on it that changed since they were read."""
        if not rows:
            return set()
        marks = ",".join("?" * len(rows))
        known = {
            r[0]: r[1:]
            for r in self.db.execute(
                f"select thread, signature, read_signature from listing where board = ? and thread in ({marks})",
                [board, *(r.thread for r in rows)],
            )
        }
        fresh = [r for r in rows if known.get(r.thread, (None,))[0] != r.signature]
        self.db.executemany(
            """insert into listing (board, thread, section, signature, seen_at) values (?, ?, ?, ?, ?)
               on conflict (board, thread) do update
               set signature = excluded.signature, seen_at = excluded.seen_at, next_try = null""",
            [(board, r.thread, section, r.signature, stamp(now)) for r in fresh],
        )
        return {r.thread for r in rows if known.get(r.thread, (None, None))[1] != r.signature}

    def owed(self, board: str, section: str, now: datetime) -> list[str]:
        """Threads a list showed as changed that have not been read since, and may be tried again by now."""
        rows = self.db.execute(
            """select thread from listing where board = ? and section = ?
               and (read_signature is null or read_signature <> signature) and (next_try is null or next_try <= ?)""",
            [board, section, stamp(now)],
        )
        return [r[0] for r in rows]

    def section(self, board: str, section: str, horizon: datetime) -> Walk:
        """How far a section's list has been walked; a section never met begins at ``horizon``, which then stays."""
        where = [board, section]
        self.db.execute(
            "insert into sections (board, section, horizon) values (?, ?, ?) on conflict do nothing",
            [*where, stamp(horizon)],
        )
        row = self.db.execute(
            "select horizon, walked_at from sections where board = ? and section = ?", where
        ).fetchone()
        return Walk(moment(row[0]), moment(row[1]) if row[1] else None)

    def walked(self, board: str, section: str, started: datetime) -> None:
        """A walk begun at ``started`` met everything that changed before it."""
        self.db.execute(
            "update sections set walked_at = ? where board = ? and section = ?", [stamp(started), board, section]
        )

    def listed_threads(self, board: str, threads: Iterable[str]) -> set[str]:
        """Which of these threads any list has shown before."""
        names = list(threads)
        if not names:
            return set()
        marks = ",".join("?" * len(names))
        rows = self.db.execute(f"select thread from listing where board = ? and thread in ({marks})", [board, *names])
        return {r[0] for r in rows}

    def knows(self, board: str, section: str) -> bool:
        """Was anything ever listed in this section?"""
        query = "select 1 from listing where board = ? and section = ? limit 1"
        return self.db.execute(query, [board, section]).fetchone() is not None

    def save(self, thread: Thread, read: Read, pages: Sequence[Snapshot]) -> Read:
        """Keep what a read found: the post, its replies, the pages; what changed since is kept as a version.

        A reply that a complete read no longer shows is marked as gone; an incomplete one says nothing of absence.
        """
        erased = self.erased(read.board, read.thread)
        kept = self._keep_read(read, () if erased else pages)
        if erased:
            return kept  # is not taken in again
        self._save_post(thread.post, read.at)
        self._save_replies(thread, kept)
        return kept

    def erased(self, board: str, thread: str) -> str:
        """Which of a thread's words were erased because they were kept long enough: text, contacts, or nothing."""
        row = self.db.execute("select erased from posts where board = ? and thread = ?", [board, thread]).fetchone()
        return str(row[0]) if row else ""

    def forget_reply(self, board: str, thread: str, reply: str) -> None:
        """Take a reply out that was entered by hand and by mistake; what a board showed is never forgotten."""
        where = "board = ? and thread = ? and id = ? and entered_by <> ''"
        self.db.execute(f"delete from replies where {where}", [board, thread, reply])

    def save_read(self, read: Read, pages: Sequence[Snapshot] = ()) -> Read:
        """Keep one attempt to read, complete or not, with whatever pages came; none of a thread whose words were erased."""
        return self._keep_read(read, pages if pages and not self.erased(read.board, read.thread) else ())

    def _keep_read(self, read: Read, pages: Sequence[Snapshot]) -> Read:
        kept = replace(read, snapshots=tuple(self.append(page) for page in pages))
        number = self.db.add("reads", to_row(kept, drop=("id",)))
        self._settle_listing(read)
        return replace(kept, id=number)

    def evident(self, board: str, thread: str) -> bool:
        """Are the pages of a thread that was read to be kept: of its first read, and while a read can bear on a verdict?"""
        query = "select 1 from posts where board = ? and thread = ?"
        known = self.db.execute(query, [board, thread]).fetchone() is not None
        return not known or self.awaited(board, thread)

    def awaited(self, board: str, thread: str) -> bool:
        """Can a read of this thread bear on a verdict: has it a ticket, or may its post still become one?"""
        found = self.db.execute(
            f"""select 1 from tickets where board = ? and thread = ?
                union all select 1 from merged where board = ? and thread = ?
                union all select 1 from posts where board = ? and thread = ? and {WAITING} and coalesce(
                    (select is_request from suggestions where board = ? and thread = ? order by id desc limit 1), true)""",
            [board, thread] * 4,
        )
        return found.fetchone() is not None

    def _settle_listing(self, read: Read) -> None:
        """A read that got all the board shows settles what the list said, even where it shows no replies (a feed)."""
        where = [read.board, read.thread]
        if read.complete or read.outcome is ReadOutcome.OK:
            self.db.execute(
                "update listing set read_signature = signature, failures = 0, next_try = null where board = ? and thread = ?",
                where,
            )
            return
        row = self.db.execute("select failures from listing where board = ? and thread = ?", where).fetchone()
        if row:
            wait = min(FIRST_RETRY * 2 ** min(row[0], 20), LAST_RETRY)
            self.db.execute(
                "update listing set failures = failures + 1, next_try = ? where board = ? and thread = ?",
                [stamp(read.at + wait), *where],
            )

    def _save_post(self, post: Post, now: datetime) -> None:
        before = self.post(post.board, post.thread)
        if before is None:
            self.db.add("posts", {**to_row(post), "first_read_at": stamp(now), "stage": "new"})
            unworded(self.db, post.board, post.thread)
        elif before != post:
            if (before.title, before.body, before.posted_at) != (post.title, post.body, post.posted_at):
                unworded(self.db, post.board, post.thread)
            if (before.title, before.body) != (post.title, post.body):
                self._keep_version(post.board, post.thread, "", before.title, before.body, now)
            self.db.table("posts").update((post.board, post.thread), to_row(post, drop=("board", "thread")))

    def _save_replies(self, thread: Thread, read: Read) -> None:
        board, number = thread.post.board, thread.post.thread
        where = "board = ? and thread = ?"
        rows = {row["id"]: row for row in self.db.table("replies").rows_where(where, [board, number])}
        known = {id: from_row(Reply, row) for id, row in rows.items()}
        standing = {id for id, row in rows.items() if row["gone_at"] is None}
        fresh: dict[str, Mapping[str, Any]] = {}
        for reply in thread.replies:
            old = known.get(reply.id)
            if old is None:
                fresh[reply.id] = {**to_row(reply), "first_read": read.id, "gone_at": None}
            elif old != reply or reply.id not in standing:
                if old.body != reply.body:
                    self._keep_version(board, number, reply.id, "", old.body, read.at)
                row = {**to_row(reply, drop=("board", "thread", "id")), "gone_at": None}
                self.db.table("replies").update((board, number, reply.id), row)
        if fresh:  # together: a table's own insert looks the table up for every row
            columns = next(iter(fresh.values()))
            names, marks = ", ".join(f'"{c}"' for c in columns), ", ".join("?" * len(columns))
            self.db.executemany(
                f"insert into replies ({names}) values ({marks})", [list(row.values()) for row in fresh.values()]
            )
        by_hand = {r.id for r in known.values() if r.entered_by}  # under names of our own, which no board shows
        for gone in standing - by_hand - {r.id for r in thread.replies} if read.complete else ():
            # Deleted since: it stays with the evidence of when it stood there.
            self.db.table("replies").update((board, number, gone), {"gone_at": stamp(read.at)})

    def _keep_version(self, board: str, thread: str, reply: str, title: str, body: str, until: datetime) -> None:
        row = {"board": board, "thread": thread, "reply": reply, "title": title, "body": body, "until": stamp(until)}
        self.db.add("versions", row)

    def append(self, page: Snapshot) -> int:
        """Append a page to the hash chain; each link covers the one before and this page's own facts."""
        chain = link(self.chain_head(), page)
        row = {
            **to_row(page, drop=("id", "body", "chain")),
            "body": zstd.compress(page.body, COMPRESSION),
            "chain": chain,
        }
        return self.db.add("snapshots", row)

    def chain_head(self) -> str:
        """The newest link; whoever kept an earlier one can tell whether anything before it was altered."""
        row = self.db.execute("select chain from snapshots order by id desc limit 1").fetchone()
        return str(row[0]) if row else FIRST_LINK

    def snapshots(self, ids: Collection[int] | None = None) -> Iterator[Snapshot]:
        """Pages as received, oldest first; all of them without ``ids``."""
        if ids is not None and not ids:
            return
        where = "id > ?" if ids is None else f"id > ? and id in ({','.join(map(str, map(int, ids)))})"
        last, table = 0, self.db.table("snapshots")
        while found := list(table.rows_where(where, [last], order_by="id", limit=AT_ONCE)):
            for row in found:
                yield from_row(Snapshot, {**row, "body": _unpacked(row["body"])})
            last = found[-1]["id"]

    def post(self, board: str, thread: str) -> Post | None:
        row = next(self.db.table("posts").rows_where("board = ? and thread = ?", [board, thread]), None)
        return from_row(Post, row) if row else None

    def replies(self, board: str, thread: str, *, gone: bool = False) -> list[Reply]:
        """Replies by the board's own time; ``gone``: also those that were deleted since."""
        where = "board = ? and thread = ?" + ("" if gone else " and gone_at is null")
        return list(
            from_rows(Reply, self.db.table("replies").rows_where(where, [board, thread], order_by="posted_at, id"))
        )

    def seen(self, board: str, thread: str) -> Mapping[str, datetime]:
        """Reply id -> when a read first showed it."""
        rows = self.db.execute(
            "select p.id, r.at from replies p join reads r on r.id = p.first_read where p.board = ? and p.thread = ?",
            [board, thread],
        )
        return {r[0]: moment(r[1]) for r in rows}

    def versions(self, board: str, thread: str) -> list[Version]:
        """What a post and its replies said before, oldest first."""
        rows = self.db.table("versions").rows_where("board = ? and thread = ?", [board, thread], order_by="id")
        return list(from_rows(Version, rows))

    def posts_changed(self, since: int) -> tuple[int, list[Version]]:
        """The newest version's id, and the former words of every post changed after the version ``since``."""
        rows = self.db.table("versions").rows_where("id > ?", [since], order_by="id")
        found = list(from_rows(Version, rows))
        return max((v.id for v in found), default=since), [v for v in found if not v.reply]

    def reads(self, board: str, thread: str) -> list[Read]:
        """Every attempt to read a thread, oldest first."""
        rows = self.db.table("reads").rows_where("board = ? and thread = ?", [board, thread], order_by="at, id")
        return list(from_rows(Read, rows))

    def last_reads(
        self, posts: Iterable[tuple[str, str]]
    ) -> Mapping[tuple[str, str], tuple[datetime, datetime | None]]:
        """(board, thread) -> when it was last tried, and last read completely; for those of ``posts`` ever tried."""
        query = "select max(at), max(case when complete then at end) from reads where board = ? and thread = ?"
        found: dict[tuple[str, str], tuple[datetime, datetime | None]] = {}
        for post in posts:
            tried, read = self.db.execute(query, list(post)).fetchone()
            if tried:
                found[post] = (moment(tried), moment(read) if read else None)
        return found

    def read_since(self, number: int) -> tuple[int, set[tuple[str, str]]]:
        """The newest read's id, and the threads read after the read ``number``."""
        rows = self.db.execute("select id, board, thread from reads where id > ?", [number]).fetchall()
        return max((r[0] for r in rows), default=number), {(r[1], r[2]) for r in rows}

    def unread_by_machine(self, limit: int = 500) -> list[Post]:
        """Posts that have no suggestion yet, oldest first."""
        rows = self.db.table("posts").rows_where(f"stage = 'new' and {WAITING}", order_by="posted_at", limit=limit)
        return list(from_rows(Post, rows))

    def count(self) -> int:
        return int(self.db.execute("select count(*) from posts").fetchone()[0])

    def recent(self, since: datetime) -> Iterator[Post]:
        """Posts written since, oldest first."""
        return from_rows(
            Post, self.db.table("posts").rows_where("posted_at >= ?", [stamp(since)], order_by="posted_at")
        )

    def save_health(self, health: BoardHealth) -> None:
        self.db.add("health", to_row(health))

    def thin_health(self, before: datetime, digits: int) -> int:
        """Of what runs before then found on a board, keep the last good and the last failed one of each stretch; how many went.

        ``digits``: of the time, that make a stretch: 13 for an hour, 10 for a day (of UTC).
        """
        query = """delete from health where at < ? and id not in
            (select max(id) from health where at < ? group by board, ok, substr(at, 1, ?))"""
        return self.db.execute(query, [stamp(before), stamp(before), digits]).rowcount

    def health(self, board: str) -> BoardHealth | None:
        """The last run's health of a board."""
        row = next(self.db.table("health").rows_where("board = ?", [board], order_by="id desc", limit=1), None)
        return from_row(BoardHealth, row) if row else None


def _unpacked(body: bytes) -> bytes:
    """A page as received; one that was overwritten is given as it is, and its hash will tell. Older ones are zlib's."""
    for unpack in (zstd.decompress, zlib.decompress):
        try:
            return unpack(body)
        except (zstd.ZstdError, zlib.error):
            continue
    return body


def link(previous: str, page: Snapshot) -> str:
    """The chain value of ``page`` after ``previous``: sha256 over both, so that no page or order can change unseen."""
    facts: list[Any] = [previous, page.board, page.thread, page.url, stamp(page.at), page.status, page.sha256]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def snapshot(board: str, thread: str, url: str, at: datetime, status: int, body: bytes) -> Snapshot:
    """A page as received, with its hash."""
    return Snapshot(board, thread, url, at, status, hashlib.sha256(body).hexdigest(), body)


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examination of the chain found: sentences about what is not as it was, and what rules erased."""

    altered: tuple[str, ...]
    erased: tuple[tuple[Erasure, Ranges], ...]


def examine(pages: Iterable[Snapshot]) -> Examined:
    """Whether every page's content and chain are what they were; all ``pages``, oldest first.

    An empty page is no alteration where the chain says later on by which rule it was erased, and it was old enough.
    """
    broken, erased, previous = [], [], FIRST_LINK
    empty: dict[int, Snapshot] = {}
    for page in pages:
        if hashlib.sha256(page.body).hexdigest() != page.sha256:
            if page.body:
                broken.append(f"快照 {page.id}（{page.url}）的页面内容被改动过")
            else:
                empty[page.id] = page
        elif (done := erasure(page)) and (gone := _accounted(done, empty)):
            erased.append((done, ranges(gone)))
        if link(previous, page) != page.chain:
            broken.append(f"快照 {page.id} 与前一条的哈希链断开：记录被改动、插入或删除过")
        previous = page.chain
    broken += [f"快照 {page.id}（{page.url}）的页面内容不见了，也没有按保存期限删除的记录" for page in empty.values()]
    return Examined(tuple(broken), tuple(erased))


def _accounted(done: Erasure, empty: dict[int, Snapshot]) -> list[int]:
    """Which of the ``empty`` pages an erasure explains; they are taken out."""
    gone = [n for n, page in empty.items() if page.at < done.oldest_kept and done.names(n)]
    for number in gone:
        del empty[number]
    return gone
