"""Tickets, the events that move them, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from data.records import Event, Ticket, Verdict
from data.store.rows import from_row, from_rows, stamp, to_row

# Nothing the unit or the citizen does on the board matters to these any more.
SETTLED = ("closed", "followed_up", "archived")


class Tickets:
    """What was filed and what happened to it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def next_number(self, day: str) -> str:
        """A fresh ticket number of ``day`` (``20110725``): ``20110725-0001``; numbers are never used again."""
        self.db.execute(
            "insert into numbers (name, value) values (?, 1) on conflict do update set value = value + 1", [day]
        )
        return f"{day}-{self.db.execute('select value from numbers where name = ?', [day]).fetchone()[0]:04d}"

    def file(self, ticket: Ticket, state: str) -> None:
        """Keep a ticket the office system has acknowledged."""
        self.db.table("tickets").insert({**to_row(ticket), "state": state, "verdict": "pending"})

    def add_event(self, event: Event, state: str) -> None:
        """Keep a move and the state the ticket's events now say."""
        self.db.table("events").insert(to_row(event, drop=("id",)))
        self.db.execute("update tickets set state = ? where number = ?", [state, event.ticket])

    def add_verdict(self, verdict: Verdict) -> Verdict:
        """Keep a verdict beside the earlier ones."""
        number = self.db.table("verdicts").insert(to_row(verdict, drop=("id",))).last_pk
        self.db.execute("update tickets set verdict = ? where number = ?", [verdict.name, verdict.ticket])
        return replace(verdict, id=int(str(number)))

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

    def watched(self, since: datetime) -> list[tuple[Ticket, str]]:
        """Open tickets due after ``since`` with the verdict that stands, by due time."""
        where = f"state not in {SETTLED} and reply_due >= ?"
        rows = self.db.table("tickets").rows_where(where, [stamp(since)], order_by="reply_due")
        return [(from_row(Ticket, row), row["verdict"]) for row in rows]

    def events(self, number: str) -> list[Event]:
        return list(from_rows(Event, self.db.table("events").rows_where("ticket = ?", [number], order_by="id")))

    def verdicts(self, number: str) -> list[Verdict]:
        """Every verdict on a ticket, oldest first; the last one stands."""
        return list(from_rows(Verdict, self.db.table("verdicts").rows_where("ticket = ?", [number], order_by="id")))

    def verdict(self, number: str) -> Verdict | None:
        """The verdict that stands."""
        row = next(self.db.table("verdicts").rows_where("ticket = ?", [number], order_by="id desc", limit=1), None)
        return from_row(Verdict, row) if row else None

    def standing(self, numbers: Iterable[str] | None = None) -> Mapping[str, Verdict]:
        """Ticket number -> the verdict that stands, for the tickets that have one."""
        query = """select v.* from verdicts v join (select ticket, max(id) id from verdicts group by ticket) last
            on v.id = last.id"""
        wanted = None if numbers is None else set(numbers)
        return {
            r["ticket"]: from_row(Verdict, r) for r in self.db.query(query) if wanted is None or r["ticket"] in wanted
        }
