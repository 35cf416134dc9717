"""The only SQL of the house: SQLite or PostgreSQL, a module for each group of records."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from data.store.automatic import Automatic
from data.store.bridges import Bridges
from data.store.database import Database, StoreError
from data.store.decisions import Decisions
from data.store.disk import Disk
from data.store.facts import Facts
from data.store.found import Found
from data.store.heard import Heard
from data.store.outbox import Outbox
from data.store.people import People
from data.store.presence import Presence
from data.store.received import Clients, ReceivedRequests
from data.store.reference_tables import ReferenceTables
from data.store.retention import Retention
from data.store.runs import Runs
from data.store.schema import migrations
from data.store.seats import Seats
from data.store.series import Series
from data.store.sqlite import SQLite
from data.store.threads import Threads
from data.store.tickets import Tickets
from data.store.visits import Visits

__all__ = ["Store", "StoreError", "on_server"]


class Store:
    """What is remembered of one city. One instance serves one thread at a time; open another for another thread."""

    def __init__(self, address: Path | str) -> None:
        """Open, and where it is older bring up to date, the database at ``address``.

        A path is SQLite's (``:memory:`` a passing one); ``postgresql://user@host:port/name`` is a server's.
        """
        self.db = _opened(address)
        self.threads = Threads(self.db)
        self.decisions = Decisions(self.db)
        self.tickets = Tickets(self.db)
        self.outbox = Outbox(self.db)
        self.automatic = Automatic(self.db)
        self.runs = Runs(self.db)
        self.facts = Facts(self.db)
        self.found = Found(self.db)
        self.bridges = Bridges(self.db)
        self.heard = Heard(self.db)
        self.people = People(self.db)
        self.seats = Seats(self.db)
        self.clients = Clients(self.db)
        self.received = ReceivedRequests(self.db)
        self.reference = ReferenceTables(self.db)
        self.visits = Visits(self.db)
        self.series = Series(self.db)
        self.presence = Presence(self.db)
        self.retention = Retention(self.db)
        self.disk = Disk(self.db)

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside happens, or nothing does, and nobody else writes meanwhile."""
        return self.db.transaction()

    def hurried(self) -> AbstractContextManager[None]:
        """For what can be read again: a power cut may take the last commits inside, whole, and the next one outside keeps all."""
        return self.db.hurried()

    def erasing(self) -> AbstractContextManager[None]:
        """What is erased inside is gone from the files as well, not only from the tables."""
        return self.db.erasing()

    def close(self) -> None:
        self.db.close()


def _opened(address: Path | str) -> Database:
    if not on_server(address):
        return SQLite(address, migrations)
    from data.store.postgres import PostgreSQL  # a city with a file needs no psycopg

    return PostgreSQL(str(address), migrations)


def on_server(address: Path | str) -> bool:
    """Does this address name a PostgreSQL database, and not a file?"""
    return str(address).startswith(("postgresql://", "postgres://"))
