"""The only SQL of the house: one SQLite file in WAL mode, a module for each group of records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from data.problem import Problem
from data.store.automatic import Automatic
from data.store.bridges import Bridges
from data.store.decisions import Decisions
from data.store.facts import Facts
from data.store.heard import Heard
from data.store.outbox import Outbox
from data.store.people import People
from data.store.presence import Presence
from data.store.reference_tables import ReferenceTables
from data.store.runs import Runs
from data.store.schema import migrations
from data.store.series import Series
from data.store.threads import Threads
from data.store.tickets import Tickets
from data.store.visits import Visits

__all__ = ["Store", "StoreError"]


class StoreError(Problem):
    """The database cannot be used; the message says why, in Chinese, and what to do."""


class Store:
    """What is remembered of one city. One instance serves one thread at a time; open another for another thread."""

    def __init__(self, path: Path | str) -> None:
        """Open, and where it is older bring up to date, the database at ``path`` (``:memory:`` for a passing one)."""
        try:
            connection = sqlite3.connect(str(path), timeout=30, check_same_thread=False)
            self.db = Database(connection)
            # FULL: a filing acknowledged by the office must survive a power cut, or it would be filed twice.
            for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
                self.db.execute(f"pragma {pragma}").fetchall()
            with self.transaction():
                migrations.apply(self.db)
        except sqlite3.Error as error:
            raise StoreError(f"打不开数据库 {path}：{error}。请检查路径、权限和磁盘空间，或从备份恢复") from error
        self.threads = Threads(self.db)
        self.decisions = Decisions(self.db)
        self.tickets = Tickets(self.db)
        self.outbox = Outbox(self.db)
        self.automatic = Automatic(self.db)
        self.runs = Runs(self.db)
        self.facts = Facts(self.db)
        self.bridges = Bridges(self.db)
        self.heard = Heard(self.db)
        self.people = People(self.db)
        self.reference = ReferenceTables(self.db)
        self.visits = Visits(self.db)
        self.series = Series(self.db)
        self.presence = Presence(self.db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does. Takes the write lock at once, so that it cannot be refused later."""
        if self.db.conn.in_transaction:
            with self.db.atomic():
                yield
            return
        self.db.conn.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.db.conn.rollback()
            raise
        self.db.conn.commit()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """For what can be read again: a power cut may take the last commits inside, whole, and the next one outside keeps all."""
        self.db.execute("pragma synchronous = normal")
        try:
            yield
        finally:
            self.db.execute("pragma synchronous = full")

    def close(self) -> None:
        self.db.close()
