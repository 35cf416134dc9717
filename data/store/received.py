"""Which systems may file requests here, and what they filed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from data.records import Client, Post, Received
from data.store.database import Database
from data.store.found import unworded
from data.store.rows import from_row, from_rows, stamp, to_row


class Clients:
    """The systems that hold a key."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def add(self, client: Client) -> None:
        self.db.add("clients", to_row(client))

    def client(self, name: str) -> Client | None:
        row = next(self.db.table("clients").rows_where("name = ?", [name]), None)
        return from_row(Client, row) if row else None

    def holding(self, key_hash: str) -> Client | None:
        """Whose key this is, unless it was revoked."""
        rows = self.db.table("clients").rows_where("key_hash = ? and revoked_at is null", [key_hash])
        row = next(rows, None)
        return from_row(Client, row) if row else None

    def clients(self) -> list[Client]:
        return list(from_rows(Client, self.db.table("clients").rows_where(order_by="name")))

    def revoke(self, name: str, now: datetime) -> bool:
        """End a key for good; False when there is none in force under that name."""
        query = "update clients set revoked_at = ? where name = ? and revoked_at is null"
        return self.db.execute(query, [stamp(now), name]).rowcount > 0

    def renew(self, name: str, key_hash: str, now: datetime) -> None:
        """Another key for a client, in place of the one it had."""
        query = "update clients set key_hash = ?, created_at = ?, revoked_at = null where name = ?"
        self.db.execute(query, [key_hash, stamp(now), name])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a client's requests are asked for; what is empty asks for nothing in particular."""

    ids: Collection[str] = ()
    key: str = ""
    services: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    closed: bool | None = None


# A request is closed when every ticket on its post, or on the ticket that post shares, is settled.
_TICKETS = """select state from tickets where board = r.board and thread = r.thread and state <> 'refiled'
    union all select t.state from merged m join tickets t on t.number = m.ticket
    where m.board = r.board and m.thread = r.thread"""
_CLOSED = f"""exists (select 1 from ({_TICKETS}) a) and not exists
    (select 1 from ({_TICKETS}) b where b.state not in ('closed', 'followed_up', 'archived'))"""


class ReceivedRequests:
    """What other systems filed here; each sees only its own."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def next_id(self, day: str) -> str:
        """A fresh id of ``day`` (``20110725``): ``R20110725-0001``; never used again."""
        query = """insert into numbers (name, value) values (?, 1)
            on conflict (name) do update set value = numbers.value + 1 returning value"""
        with self.db.transaction():
            return f"R{day}-{self.db.execute(query, [f'received-{day}']).fetchone()[0]:04d}"

    def keep(self, received: Received) -> None:
        self.db.add("received", to_row(received))

    def take_in(self, post: Post, now: datetime) -> None:
        """A post nobody has read yet: what the sender says of it stands until a board is read, and is no evidence."""
        self.db.add("posts", {**to_row(post), "first_read_at": stamp(now), "stage": "new"})
        unworded(self.db, post.board, post.thread)

    def keyed(self, client: str, key: str) -> Received | None:
        row = next(self.db.table("received").rows_where("client = ? and key = ?", [client, key]), None)
        return from_row(Received, row) if row else None

    def of(self, board: str, thread: str) -> list[Received]:
        """The requests about one post, oldest first."""
        rows = self.db.table("received").rows_where("board = ? and thread = ?", [board, thread], order_by="at, id")
        return list(from_rows(Received, rows))

    def about_address(self, url: str) -> tuple[str, str] | None:
        """(board, thread) of the first post some system told of by this address of the citizen's thread."""
        query = "select board, thread from received where url = ? order by at, id limit 1"
        row = self.db.execute(query, [url]).fetchone()
        return (row[0], row[1]) if row else None

    def about(self, posts: Iterable[tuple[str, str]]) -> list[Received]:
        """The requests about any of these posts."""
        return [r for board, thread in posts for r in self.of(board, thread)]

    def find(self, client: str, wanted: Wanted, limit: int, offset: int = 0) -> list[Received]:
        """A client's requests, the newest first."""
        clauses, values = ["r.client = ?"], [client]
        for column, among in (("id", wanted.ids), ("service", wanted.services)):
            if among:
                clauses.append(f"r.{column} in ({','.join('?' * len(among))})")
                values += list(among)
        for clause, value in (("r.key = ?", wanted.key), ("r.at >= ?", wanted.since), ("r.at < ?", wanted.until)):
            if value:
                clauses.append(clause)
                values.append(value if isinstance(value, str) else stamp(value))
        if wanted.closed is not None:
            clauses.append(_CLOSED if wanted.closed else f"not ({_CLOSED})")
        query = (
            f"select r.* from received r where {' and '.join(clauses)} order by r.at desc, r.id desc limit ? offset ?"
        )
        return list(from_rows(Received, self.db.query(query, [*values, limit, offset])))
