"""What the office system said of a ticket: each word of it once."""

from __future__ import annotations

from datetime import datetime

from data.store.database import Database
from data.store.rows import stamp


class Heard:
    """A word is told from another by ticket, status and the office's own time of it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def hear(self, ticket: str, status: str, updated: str, now: datetime, held: str = "") -> bool:
        """Keep a word, whole (``held``) while it cannot move its ticket yet; False when it was heard before."""
        query = "insert into heard (ticket, status, updated, at, held) values (?, ?, ?, ?, ?) on conflict do nothing"
        return self.db.execute(query, [ticket, status, updated, stamp(now), held]).rowcount > 0

    def held(self) -> list[str]:
        """The words that wait, as they were kept, in the order they came."""
        return [str(r[0]) for r in self.db.execute("select held from heard where held <> '' order by at, updated")]

    def held_of(self, ticket: str) -> list[str]:
        """Those of one ticket."""
        rows = self.db.execute("select held from heard where ticket = ? and held <> '' order by at, updated", [ticket])
        return [str(r[0]) for r in rows]

    def let_go(self, ticket: str, status: str, updated: str) -> None:
        """A word waits no longer; it stays heard."""
        query = "update heard set held = '' where ticket = ? and status = ? and updated = ?"
        self.db.execute(query, [ticket, status, updated])

    def known(self, ticket: str, status: str, updated: str) -> bool:
        """Was this word heard?"""
        query = "select 1 from heard where ticket = ? and status = ? and updated = ?"
        return self.db.execute(query, [ticket, status, updated]).fetchone() is not None
