"""Runs of the cycle, the lease that keeps two from overlapping, and alerts."""

from __future__ import annotations

from datetime import datetime, timedelta

from data.records import Alert, Run
from data.store.database import Database
from data.store.rows import from_row, from_rows, moment, stamp, to_row


class Runs:
    """What the program itself did."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def acquire(
        self, name: str, holder: str, now: datetime, lease: timedelta, longest: timedelta | None = None
    ) -> str | None:
        """Take the lease ``name``; returns None when it is ours, else who holds it. A stale one is taken over.

        ``longest``: what others may have taken it for, where that is not always ``lease``.
        """
        row = self.db.execute("select holder, until from leases where name = ?", [name]).fetchone()
        # A clock set back must not leave a lease that never ends: none can be valid longer than ``longest`` from now.
        if row and row[0] != holder and now < moment(row[1]) <= now + (longest or lease):
            return str(row[0])
        query = """insert into leases (name, holder, until) values (?, ?, ?)
            on conflict (name) do update set holder = excluded.holder, until = excluded.until"""
        self.db.execute(query, [name, holder, stamp(now + lease)])
        return None

    def prolong(self, name: str, holder: str, until: datetime) -> bool:
        """Keep a lease until then; False when it is somebody else's by now."""
        query = "update leases set until = ? where name = ? and holder = ?"
        return self.db.execute(query, [stamp(until), name, holder]).rowcount > 0

    def holds(self, name: str, holder: str) -> bool:
        """Was the lease given to nobody else since? Whoever asks inside a transaction may rely on it until its end."""
        query = "select 1 from leases where name = ? and holder = ?"
        return self.db.execute(query, [name, holder]).fetchone() is not None

    def release(self, name: str, holder: str) -> None:
        self.db.execute("delete from leases where name = ? and holder = ?", [name, holder])

    def mark(self, name: str) -> int:
        """A number kept under a name (how far a stage has come); 0 before the first."""
        row = self.db.execute("select value from numbers where name = ?", [name]).fetchone()
        return int(row[0]) if row else 0

    def set_mark(self, name: str, value: int) -> None:
        query = (
            "insert into numbers (name, value) values (?, ?) on conflict (name) do update set value = excluded.value"
        )
        self.db.execute(query, [name, value])

    def start(self, run: Run) -> int:
        return self.db.add("runs", to_row(run, drop=("id",)))

    def finish(self, number: int, run: Run) -> None:
        self.db.table("runs").update(number, to_row(run, drop=("id",)))

    def last(self, *, ok: bool | None = None) -> Run | None:
        """The latest run, or the latest that succeeded or failed."""
        where, values = (None, []) if ok is None else ("ok = ? and finished_at is not null", [ok])
        row = next(self.db.table("runs").rows_where(where, values, order_by="id desc", limit=1), None)
        return from_row(Run, row) if row else None

    def first(self) -> Run | None:
        """The very first run."""
        row = next(self.db.table("runs").rows_where(order_by="id", limit=1), None)
        return from_row(Run, row) if row else None

    def alert(self, alert: Alert) -> bool:
        """Raise an alert once for its kind and subject; False when it stands already."""
        query = "insert into alerts (at, kind, subject, text) values (?, ?, ?, ?) on conflict do nothing"
        return self.db.execute(query, [stamp(alert.at), alert.kind, alert.subject, alert.text]).rowcount > 0

    def alerts_since(self, number: int) -> tuple[int, list[Alert]]:
        """The newest alert's id, and those raised after the alert ``number``, oldest first."""
        found = list(from_rows(Alert, self.db.table("alerts").rows_where("id > ?", [number], order_by="id")))
        return max((a.id for a in found), default=number), found

    def alerts(self, limit: int = 50) -> list[Alert]:
        """The newest alerts first."""
        return list(from_rows(Alert, self.db.table("alerts").rows_where(order_by="id desc", limit=limit)))
