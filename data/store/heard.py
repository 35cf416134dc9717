"""What the office system said of a ticket: each word of it once."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from data.store.rows import stamp


class Heard:
    """A word is told from another by ticket, status and the office's own time of it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def hear(self, ticket: str, status: str, updated: str, now: datetime) -> bool:
        """Keep a word; False when it was heard before."""
        query = "insert into heard (ticket, status, updated, at) values (?, ?, ?, ?) on conflict do nothing"
        return self.db.execute(query, [ticket, status, updated, stamp(now)]).rowcount > 0

    def known(self, ticket: str, status: str, updated: str) -> bool:
        """Was this word heard?"""
        query = "select 1 from heard where ticket = ? and status = ? and updated = ?"
        return self.db.execute(query, [ticket, status, updated]).fetchone() is not None
