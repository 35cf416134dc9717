"""Matters on the 连心桥 and what was done for them."""

from __future__ import annotations

import builtins
from datetime import datetime

from data.records import Bridge, BridgeNote
from data.store.database import Database
from data.store.rows import from_row, from_rows, stamp, to_row


class Bridges:
    """None leaves the list but by a person's hand."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def open(self, bridge: Bridge) -> int:
        return self.db.add("bridges", to_row(bridge, drop=("id",)))

    def bridge(self, number: int) -> Bridge | None:
        row = next(self.db.table("bridges").rows_where("id = ?", [number]), None)
        return from_row(Bridge, row) if row else None

    def of(self, ticket: str) -> Bridge | None:
        """The open matter of a ticket."""
        row = next(self.db.table("bridges").rows_where("ticket = ? and closed_at is null", [ticket]), None)
        return from_row(Bridge, row) if row else None

    def list(self, *, closed: bool = False) -> list[Bridge]:
        """Open matters, the longest unreviewed first; or the closed ones, the latest first."""
        where, order = ("closed_at is not null", "closed_at desc") if closed else ("closed_at is null", "review_at, id")
        return [*from_rows(Bridge, self.db.table("bridges").rows_where(where, order_by=order))]

    def add_note(self, note: BridgeNote) -> None:
        self.db.add("bridge_notes", to_row(note, drop=("id",)))

    def review(self, number: int, at: datetime) -> None:
        """Say when somebody must look again."""
        self.db.execute("update bridges set review_at = ? where id = ?", [stamp(at), number])

    def close(self, number: int, at: datetime, by: str) -> None:
        self.db.execute("update bridges set closed_at = ?, closed_by = ? where id = ?", [stamp(at), by, number])

    def notes(self, number: int) -> builtins.list[BridgeNote]:
        """What was done, oldest first."""
        return [*from_rows(BridgeNote, self.db.table("bridge_notes").rows_where("bridge = ?", [number], order_by="id"))]
