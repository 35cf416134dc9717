"""Erases what has been kept long enough; figures, dates and the hash chain stay.

A thread is at rest when nothing is expected of anybody: no ticket on it is worked on, no request on it waits for a clerk,
and nothing has happened since the day named. What an erasure took is written into the hash chain as a page of its own
(no board), so that ``evidence --verify`` knows an erased page from an altered one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from data.store.database import Database
from data.store.erasures import RECORDS, THREAD, Erasure, erasure
from data.store.found import Found
from data.store.rows import stamp
from data.store.threads import Threads, snapshot

Key = tuple[str, str]  # (board, thread)
Words = tuple[str, tuple[str, ...], tuple[str, ...], str]  # table, columns, keys, and whose rows
GONE = "（已按保存期限删除）"  # what stands in place of erased words

_BUSY = """(t.state not in ('answered', 'closed', 'followed_up', 'archived', 'refiled')
    or exists (select 1 from events e where e.ticket = t.number and e.at >= ?)
    or exists (select 1 from bridges b where b.ticket = t.number and b.closed_at is null))"""
_UNDECIDED = """exists (select 1 from posts w where w.board = x.board and w.thread = x.thread
    and (w.stage = 'new' or w.stage = 'suggested' and (w.back <> '' or coalesce((select s.is_request from suggestions s
        where s.board = w.board and s.thread = w.thread order by s.id desc limit 1), true))))"""
# Every mark is for the same day.
_AT_REST = f"""not exists (select 1 from tickets t where t.board = x.board and t.thread = x.thread and {_BUSY})
    and not exists (select 1 from merged m join tickets t on t.number = m.ticket
        where m.board = x.board and m.thread = x.thread and {_BUSY})
    and not exists (select 1 from decisions d where d.board = x.board and d.thread = x.thread and d.at >= ?)
    and not exists (select 1 from outbox o where o.subject = x.board || '/' || x.thread
        and o.state in ('waiting', 'leased', 'failed', 'unknown'))
    and not {_UNDECIDED}"""
_MARKS = _AT_REST.count("?")
_KEPT = "x.erased <> 'text'"  # the index's own condition, word by word

# rule -> which posts it is for.
_POSTS = {"text": _KEPT, "contacts": f"{_KEPT} and x.erased = ''"}

_TEXT = (
    """update posts set title = :gone, body = :gone, author = null, images = '[]', attachments = '[]', erased = 'text'
       where board = ? and thread = ?""",
    # The account whose reply a verdict rests on is an office's, not a citizen's.
    """update replies set body = :gone, author = case when exists (select 1 from verdicts v join tickets t on t.number = v.ticket
       where t.board = replies.board and t.thread = replies.thread and v.reply = replies.id) then author end
       where board = ? and thread = ?""",
    "update versions set title = '', body = :gone where board = ? and thread = ?",
    "update suggestions set place = null, reasons = '[]' where board = ? and thread = ?",
    "update tickets set title = :gone where board = ? and thread = ?",
    "update received set title = :gone, address = '', lat = null, long = null where board = ? and thread = ?",
)
_CONTACTS = (
    "update suggestions set contacts = '[]' where board = ? and thread = ?",
    "update decisions set contact = '' where board = ? and thread = ?",
    "update tickets set contact = '' where board = ? and thread = ?",
    "update received set contact = '', address = '', lat = null, long = null where board = ? and thread = ?",
)
_OF_THREAD = "board = ? and thread = ?"
_OF_TICKET = f"ticket in (select number from tickets where {_OF_THREAD})"
# table, its columns in which a citizen's words stand, and what tells its rows apart.
_WORDS = (
    ("posts", ("title", "body"), ("board", "thread"), _OF_THREAD),
    ("replies", ("body",), ("board", "thread", "id"), _OF_THREAD),
    ("versions", ("title", "body"), ("id",), _OF_THREAD),
    ("tickets", ("title",), ("number",), _OF_THREAD),
    ("received", ("title",), ("id",), _OF_THREAD),
)
# The same of what staff wrote, which stays: a telephone number may stand in a note.
_NOTES = (
    ("decisions", ("reason",), ("id",), _OF_THREAD),
    ("events", ("note",), ("id",), _OF_TICKET),
    ("bridges", ("need",), ("id",), _OF_TICKET),
    ("bridge_notes", ("done",), ("id",), f"bridge in (select id from bridges where {_OF_TICKET})"),
)


class Retention:
    """What is old enough, and its end."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def posts(self, rule: str, before: datetime, limit: int) -> list[Key]:
        """Threads at rest since before then, to which ``rule`` (text, contacts) has not been applied, oldest first."""
        query = f"""select x.board, x.thread from posts x where {_POSTS[rule]} and x.first_read_at < ? and {_AT_REST}
            order by x.first_read_at limit ?"""
        return [(r[0], r[1]) for r in self.db.execute(query, [*[stamp(before)] * (1 + _MARKS), limit])]

    def posts_count(self, rule: str, before: datetime) -> tuple[int, int]:
        """How many of these there are, and how many are as old but not at rest."""
        old = f"select count(*) from posts x where {_POSTS[rule]} and x.first_read_at < ?"
        whole = int(self.db.execute(old, [stamp(before)]).fetchone()[0])
        rests = self.db.execute(f"{old} and {_AT_REST}", [stamp(before)] * (1 + _MARKS)).fetchone()[0]
        return int(rests), whole - int(rests)

    def pages(self, before: datetime, limit: int) -> list[int]:
        """Ids of the pages received before then whose threads are at rest, oldest first."""
        query = f"""select x.id from snapshots x where length(x.body) > 0 and x.board <> '' and x.at < ? and {_AT_REST}
            order by x.at, x.id limit ?"""
        return [int(r[0]) for r in self.db.execute(query, [*[stamp(before)] * (1 + _MARKS), limit])]

    def pages_count(self, before: datetime) -> tuple[int, int]:
        """How many of these there are, and how many are as old but not at rest."""
        old = "select count(*) from snapshots x where length(x.body) > 0 and x.board <> '' and x.at < ?"
        whole = int(self.db.execute(old, [stamp(before)]).fetchone()[0])
        rests = self.db.execute(f"{old} and {_AT_REST}", [stamp(before)] * (1 + _MARKS)).fetchone()[0]
        return int(rests), whole - int(rests)

    def erase_text(self, keys: Sequence[Key], masked: Callable[[str], str]) -> None:
        """Take the words of these threads, who wrote them and where to reach them; in a transaction, with the record of it.

        ``masked`` gives what staff wrote back without contact details.
        """
        for statement in (*_TEXT, *_CONTACTS):
            marks = statement.count(":gone")
            self.db.executemany(statement.replace(":gone", "?"), [[*[GONE] * marks, *key] for key in keys])
        for board, thread in keys:
            Found(self.db).forget(board, thread)
            self._mask(_NOTES, (board, thread), masked)
        for board, thread in keys:  # what only waits because nobody had to decide it leaves the queue with its words
            self.db.execute(
                "update posts set stage = 'decided' where board = ? and thread = ? and stage = 'suggested'",
                [board, thread],
            )

    def erase_contacts(self, keys: Sequence[Key], masked: Callable[[str], str]) -> None:
        """Take where people can be reached, out of the words as well; in a transaction, with the record of it."""
        for statement in _CONTACTS:
            self.db.executemany(statement, [list(key) for key in keys])
        for key in keys:
            self._mask((*_WORDS, *_NOTES), key, masked)
        self.db.executemany(
            "update posts set erased = 'contacts' where board = ? and thread = ?", [list(k) for k in keys]
        )

    def _mask(self, words: Sequence[Words], key: Key, masked: Callable[[str], str]) -> None:
        for table, columns, names, of in words:
            for row in list(self.db.table(table).rows_where(of, list(key))):
                fresh = {c: masked(row[c]) for c in columns}
                if any(fresh[c] != row[c] for c in columns):
                    where = " and ".join(f"{n} = ?" for n in names)
                    changed = ", ".join(f"{c} = ?" for c in columns)
                    values = [*fresh.values(), *(row[n] for n in names)]
                    self.db.execute(f"update {table} set {changed} where {where}", values)

    def erase_pages(self, ids: Sequence[int]) -> None:
        """Take the pages; their addresses, times and hashes stay in the chain."""
        self.db.executemany("update snapshots set body = ? where id = ?", [[b"", number] for number in ids])

    def erase_messages(self, before: datetime) -> int:
        """Take the words of digests and warnings sent before then: they quote titles."""
        query = """update outbox set payload = '{}' where state in ('sent', 'cancelled') and settled_at < ?
            and (key like 'digest/%' or key like 'surge/%') and payload <> '{}'"""
        return self.db.execute(query, [stamp(before)]).rowcount

    def record(self, done: Erasure) -> None:
        """Write an erasure into the hash chain."""
        Threads(self.db).append(snapshot(RECORDS, THREAD, f"liandong:retention/{done.rule}", done.at, 0, done.body))

    def erasures(self, limit: int = 50) -> list[Erasure]:
        """The newest first."""
        where = "select id from snapshots where board = ? and thread = ? order by id desc limit ?"
        ids = [int(r[0]) for r in self.db.execute(where, [RECORDS, THREAD, limit])]
        return [e for page in Threads(self.db).snapshots(ids) if (e := erasure(page))][::-1]
