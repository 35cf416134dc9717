"""Tickets, the events that move them, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from data.records import Event, Ticket, Verdict
from data.store.database import Database
from data.store.rows import from_row, from_rows, moment, stamp, to_row
from data.store.schema import WATCHED

NONE = ""  # there is no thread in which a reply could be seen
SILENT = ("pending", "overdue", "unverifiable")  # verdicts under which no reply that counts was seen
FILED = "select number from tickets where filed_at >= ? and filed_at < ?"  # of ``between`` two times
SETTLED = ("closed", "followed_up", "archived", "refiled")  # nothing more is expected of the unit


class Tickets:
    """What was filed and what happened to it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def next_number(self, day: str) -> str:
        """A fresh ticket number of ``day`` (``20110725``): ``20110725-0001``; numbers are never used again."""
        query = """insert into numbers (name, value) values (?, 1)
            on conflict (name) do update set value = numbers.value + 1 returning value"""
        with self.db.transaction():
            return f"{day}-{self.db.execute(query, [day]).fetchone()[0]:04d}"

    def skip_numbers(self, day: str, count: int) -> None:
        """Leave out the next ``count`` numbers of ``day``, and of what other systems file then."""
        query = """insert into numbers (name, value) values (?, ?)
            on conflict (name) do update set value = numbers.value + excluded.value"""
        self.db.executemany(query, [[day, count], [f"received-{day}", count]])

    def file(self, ticket: Ticket, state: str, *, has_thread: bool = True) -> None:
        """Keep a ticket the office system has acknowledged. Without a thread (a call) no verdict is ever waited for."""
        verdict = "pending" if has_thread else NONE
        standing: dict[str, Any] = {"state": state, "verdict": verdict, "due": stamp(ticket.completion_due)}
        standing["answer_due"] = stamp(ticket.reply_due)
        query = "select id from _indexed where board = ? and thread = ?"
        found_as = self.db.execute(query, [ticket.board, ticket.thread]).fetchone()  # None: not indexed yet
        standing["_entry"] = found_as[0] if found_as else None
        self.db.add("tickets", {**to_row(ticket), **standing, "provisional": ticket.tentative})

    def add_event(
        self,
        event: Event,
        state: str,
        promise: tuple[datetime, bool] | None = None,
        answer_due: datetime | None = None,
    ) -> None:
        """Keep a move, the state the ticket's events now say and, where they change, when it must be settled (暂定?) and answered.

        State and dates are kept beside the ticket to be found by; the events say the same.
        """
        self.db.add("events", to_row(event, drop=("id",)))
        self.db.execute("update tickets set state = ? where number = ? and state <> ?", [state, event.ticket, state])
        if promise:
            query = "update tickets set due = ?, provisional = ? where number = ?"
            self.db.execute(query, [stamp(promise[0]), promise[1], event.ticket])
        if answer_due:
            self.db.execute("update tickets set answer_due = ? where number = ?", [stamp(answer_due), event.ticket])

    def add_verdict(self, verdict: Verdict) -> Verdict:
        """Keep a verdict beside the earlier ones."""
        number = self.db.add("verdicts", to_row(verdict, drop=("id",)))
        self.db.execute("update tickets set verdict = ? where number = ?", [verdict.name, verdict.ticket])
        return replace(verdict, id=number)

    def ticket(self, number: str) -> Ticket | None:
        row = next(self.db.table("tickets").rows_where("number = ?", [number]), None)
        return from_row(Ticket, row) if row else None

    def of(self, board: str, thread: str) -> list[Ticket]:
        """The tickets of a thread, oldest first."""
        rows = self.db.table("tickets").rows_where("board = ? and thread = ?", [board, thread], order_by="filed_at")
        return list(from_rows(Ticket, rows))

    def state(self, number: str) -> str:
        """The state a ticket's events say."""
        row = self.db.execute("select state from tickets where number = ?", [number]).fetchone()
        return str(row[0]) if row else ""

    def states(self) -> Mapping[str, str]:
        """Ticket number -> state, for every ticket."""
        return dict(self.db.execute("select number, state from tickets").fetchall())

    def tickets(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        unit: str | None = None,
        verdict: str | None = None,
        state: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Ticket]:
        """Tickets filed in [since, until), newest first, of one unit, verdict or state where given."""
        clauses: list[tuple[str, Any]] = [
            ("filed_at >= ?", stamp(since) if since else None),
            ("filed_at < ?", stamp(until) if until else None),
            ("unit = ?", unit),
            ("verdict = ?", verdict),
            ("state = ?", state),
        ]
        given = [(c, v) for c, v in clauses if v is not None]
        where = " and ".join(c for c, _ in given) or None
        rows = self.db.table("tickets").rows_where(
            where, [v for _, v in given], order_by="filed_at desc, number desc", limit=limit
        )
        return from_rows(Ticket, rows)

    def filed_since(self, since: datetime) -> list[tuple[Ticket, str]]:
        """Tickets filed since, with the verdict that stands, the newest first."""
        rows = self.db.table("tickets").rows_where(
            "filed_at >= ?", [stamp(since)], order_by="filed_at desc, number desc"
        )
        return [(_due_now(row), row["verdict"]) for row in rows]

    def watched(self, since: datetime, silent_on: Collection[str] | None = None) -> list[tuple[Ticket, str]]:
        """Open tickets due after ``since`` with the verdict that stands, by due time.

        ``silent_on``: only those of these boards in whose thread no reply that counts was seen. Here and in the next three ``reply_due`` is when they are due now: a return the office did not agree to has moved
        it (``answer_due``).
        """
        where, values = f"{WATCHED} and answer_due >= ?", [stamp(since)]
        if silent_on is not None:
            where += f" and verdict || '' in {SILENT} and {_on(silent_on)}"
            values += silent_on
        rows = self.db.table("tickets").rows_where(where, values, order_by="answer_due")
        return [(_due_now(row), row["verdict"]) for row in rows]

    def doubtful(self, board: str, thread: str, since: datetime) -> list[Ticket]:
        """Tickets of a thread, due after ``since``, whose verdict what the thread shows may change.

        Of closed ones, those where no reply was seen: the unit may have answered since.
        """
        open_ones = f"(state not in {SETTLED} or (state in ('closed', 'followed_up') and verdict in {SILENT}))"
        where = f"board = ? and thread = ? and answer_due >= ? and {open_ones}"
        rows = self.db.table("tickets").rows_where(where, [board, thread, stamp(since)], order_by="answer_due")
        return [_due_now(row) for row in rows]

    def undecided(self, since: datetime, until: datetime, boards: Collection[str]) -> list[Ticket]:
        """Tickets of ``boards`` without a verdict whose reply was due in [since, until), by when."""
        where = f"{WATCHED} and verdict || '' = 'pending' and answer_due >= ? and answer_due < ?"
        where += f" and {_on(boards)}"
        rows = self.db.table("tickets").rows_where(where, [stamp(since), stamp(until), *boards], order_by="answer_due")
        return [_due_now(row) for row in rows]

    def answer_due(self, number: str) -> datetime | None:
        """When a ticket's reply is due as its events say."""
        row = self.db.execute("select answer_due from tickets where number = ?", [number]).fetchone()
        return moment(row[0]) if row else None

    def owing(self, since: datetime, until: datetime) -> list[tuple[Ticket, str, datetime]]:
        """Tickets still worked on that must be settled in [since, until), with the verdict that stands and by when."""
        where = f"state not in {SETTLED} and state in ('filed', 'accepted', 'supervised') and due >= ? and due < ?"
        rows = self.db.table("tickets").rows_where(where, [stamp(since), stamp(until)], order_by="due")
        return [(_due_now(row), row["verdict"], moment(row["due"])) for row in rows]

    def provisional(self) -> list[Ticket]:
        """Open tickets whose completion date is 暂定."""
        where = f"provisional and state not in {SETTLED}"
        return list(from_rows(Ticket, self.db.table("tickets").rows_where(where, order_by="number")))

    def promise(self, number: str) -> tuple[datetime, bool] | None:
        """When a ticket must be settled as its events say, and whether that is 暂定."""
        row = self.db.execute("select due, provisional from tickets where number = ?", [number]).fetchone()
        return (moment(row[0]), bool(row[1])) if row else None

    def assisting(self, lead: str) -> list[Ticket]:
        """The co-units' tickets (协办) of a lead ticket, oldest first."""
        rows = self.db.table("tickets").rows_where("lead = ? and lead <> ''", [lead], order_by="filed_at, number")
        return list(from_rows(Ticket, rows))

    def merge(self, board: str, thread: str, number: str, at: datetime, by: str) -> None:
        """Link a further post on the same matter to a ticket."""
        row = {"board": board, "thread": thread, "ticket": number, "at": stamp(at), "by": by}
        self.db.add("merged", row)

    def unmerge(self, board: str, thread: str) -> None:
        """Part a post from the ticket it shares; the ticket's events keep that it did."""
        self.db.execute("delete from merged where board = ? and thread = ?", [board, thread])

    def merged(self, number: str) -> list[tuple[str, str]]:
        """(board, thread) of the further posts that share a ticket, in the order they were linked."""
        rows = self.db.execute("select board, thread from merged where ticket = ? order by at, thread", [number])
        return [(r[0], r[1]) for r in rows]

    def merged_into(self, board: str, thread: str) -> str | None:
        """Number of the ticket a post shares."""
        row = self.db.execute("select ticket from merged where board = ? and thread = ?", [board, thread]).fetchone()
        return str(row[0]) if row else None

    def merged_watched(self, since: datetime) -> list[tuple[str, str, str]]:
        """(ticket, board, thread) of the posts linked to watched tickets, whatever their verdict."""
        rows = self.db.execute(
            f"""select m.ticket, m.board, m.thread from tickets cross join merged m
                where m.ticket = tickets.number and {WATCHED} and answer_due >= ?""",
            [stamp(since)],
        )
        return [(r[0], r[1], r[2]) for r in rows]

    def events(self, number: str) -> list[Event]:
        return list(from_rows(Event, self.db.table("events").rows_where("ticket = ?", [number], order_by="id")))

    def last_moved(self, number: str) -> datetime | None:
        """When the last event of a ticket was."""
        row = self.db.execute("select at from events where ticket = ? order by id desc limit 1", [number]).fetchone()
        return moment(row[0]) if row else None

    def verdicts(self, number: str) -> list[Verdict]:
        """Every verdict on a ticket, oldest first; the last one stands."""
        return list(from_rows(Verdict, self.db.table("verdicts").rows_where("ticket = ?", [number], order_by="id")))

    def verdict(self, number: str) -> Verdict | None:
        """The verdict that stands."""
        row = next(self.db.table("verdicts").rows_where("ticket = ?", [number], order_by="id desc", limit=1), None)
        return from_row(Verdict, row) if row else None

    def standing(self, since: datetime | None = None, until: datetime | None = None) -> Mapping[str, Verdict]:
        """Number -> the verdict that stands, for the tickets filed in [since, until) that have one."""
        query = f"""select * from verdicts
            where id in (select max(id) from verdicts where ticket in ({FILED}) group by ticket)"""
        return {row["ticket"]: from_row(Verdict, row) for row in self.db.query(query, between(since, until))}


def between(since: datetime | None, until: datetime | None) -> list[str]:
    """The values of FILED; None is as far as there is anything."""
    return [stamp(since) if since else "", stamp(until) if until else "~"]


def _on(boards: Collection[str]) -> str:
    """On one of so many boards. What is computed is in no index: neither boards nor verdicts may lead through all there ever was."""
    return f"board || '' in ({','.join('?' * len(boards)) or 'null'})"


def _due_now(row: dict[str, Any]) -> Ticket:
    row["reply_due"] = row["answer_due"]
    return from_row(Ticket, row)
