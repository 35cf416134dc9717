"""Who has which post of the queue before them: a short lease, renewed while the page stays open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from data.store.database import Database
from data.store.rows import stamp


class Presence:
    """Says who is looking, so that two do the same work only knowingly; it forbids nothing."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def look(self, board: str, thread: str, who: str, now: datetime, until: datetime) -> None:
        """``who`` has this post before them until then, and no other; leases that ran out are swept away."""
        self.db.execute("delete from looking where who = ? or until <= ?", [who, stamp(now)])
        query = "insert into looking (board, thread, who, until) values (?, ?, ?, ?)"
        self.db.execute(query, [board, thread, who, stamp(until)])

    def leave(self, who: str) -> None:
        self.db.execute("delete from looking where who = ?", [who])

    def others(self, who: str, now: datetime) -> Mapping[str, tuple[str, ...]]:
        """Post key -> the names of those who have it before them, ``who`` left out."""
        found: dict[str, tuple[str, ...]] = {}
        query = "select board, thread, who from looking where until > ? and who <> ? order by who"
        for board, thread, name in self.db.execute(query, [stamp(now), who]):
            key = f"{board}/{thread}"
            found[key] = (*found.get(key, ()), name)
        return found
