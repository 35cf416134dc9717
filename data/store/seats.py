"""Who is logged in: a row for each session, so that one which was left stays left, whoever kept its cookie."""

from __future__ import annotations

import hashlib
from datetime import datetime

from data.store.database import Database
from data.store.rows import stamp


class Seats:
    """Sessions by the SHA-256 of their token: who reads the table cannot sit down with what stands there."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def take(self, token: str, name: str, now: datetime, oldest: datetime) -> None:
        """``name`` has logged in; sessions begun before ``oldest`` are over and forgotten."""
        with self.db.transaction():
            self.db.execute("delete from _seats where at < ?", [stamp(oldest)])
            self.db.execute("insert into _seats (id, name, at) values (?, ?, ?)", [_print(token), name, stamp(now)])

    def taken(self, token: str, name: str, oldest: datetime) -> bool:
        """Is this a session of ``name``, begun not before ``oldest`` and not left?"""
        query = "select 1 from _seats where id = ? and name = ? and at >= ?"
        return self.db.execute(query, [_print(token), name, stamp(oldest)]).fetchone() is not None

    def leave(self, token: str) -> None:
        self.db.execute("delete from _seats where id = ?", [_print(token)])


def _print(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
