"""Outward acts: written down before they are attempted, taken by lease, settled once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from data.records import OutboxEntry, OutboxState
from data.store.database import Database
from data.store.rows import from_row, from_rows, stamp, to_row


class Outbox:
    """What leaves the house."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def put(self, entry: OutboxEntry) -> bool:
        """Write an act down; False when its key is there already."""
        row = to_row(entry, drop=("id",))
        columns = ", ".join(row)
        marks = ", ".join("?" * len(row))
        query = f"insert into outbox ({columns}) values ({marks}) on conflict (key) do nothing"
        return self.db.execute(query, list(row.values())).rowcount > 0

    def take(
        self, now: datetime, holder: str, lease: timedelta, channels: Sequence[str], limit: int = 100
    ) -> list[OutboxEntry]:
        """Lease due acts of ``channels`` to ``holder``; one whose lease ran out is taken over, and says so in ``holder`` before.

        The entries returned are as they stood before: LEASED means an earlier holder died in the attempt.
        """
        # The first condition is the index's own, word by word: what has been sent is never looked through.
        due = "state in ('waiting', 'leased')"
        due += " and ((state = 'waiting' and not_before <= ?) or (state = 'leased' and lease_until <= ?))"
        due += f" and channel in ({','.join('?' * len(channels))})"
        rows = self.db.table("outbox").rows_where(
            due, [*[stamp(now)] * 2, *channels], order_by="not_before, id", limit=limit
        )
        entries = list(from_rows(OutboxEntry, rows))
        self.db.executemany(
            "update outbox set state = 'leased', holder = ?, lease_until = ?, attempts = attempts + 1 where id = ?",
            [(holder, stamp(now + lease), e.id) for e in entries],
        )
        return entries

    def due(self, now: datetime) -> int:
        """How many acts could be taken now."""
        query = """select count(*) from outbox where state in ('waiting', 'leased')
            and ((state = 'waiting' and not_before <= ?) or (state = 'leased' and lease_until <= ?))"""
        return int(self.db.execute(query, [stamp(now)] * 2).fetchone()[0])

    def settle(self, number: int, state: OutboxState, now: datetime, error: str = "") -> None:
        """Say how an attempt ended, for good."""
        self.db.table("outbox").update(
            number, {"state": state, "settled_at": stamp(now), "error": error, "holder": "", "lease_until": None}
        )

    def postpone(self, number: int, not_before: datetime, error: str) -> None:
        """Try again later."""
        self.db.table("outbox").update(
            number,
            {"state": "waiting", "not_before": stamp(not_before), "error": error, "holder": "", "lease_until": None},
        )

    def cancel(self, key: str, now: datetime) -> bool:
        """Take back an act nobody has begun; False when it is too late."""
        query = (
            "update outbox set state = 'cancelled', settled_at = ? where key = ? and state = 'waiting' and attempts = 0"
        )
        return self.db.execute(query, [stamp(now), key]).rowcount > 0

    def again(self, number: int, now: datetime) -> None:
        """Have a settled act sent once more; it counts as attempted, so that the other side is asked first."""
        self.db.execute(
            """update outbox set state = 'waiting', not_before = ?, attempts = 1, resent = resent + 1, settled_at = null
               where id = ?""",
            [stamp(now), number],
        )

    def doubt(self, now: datetime) -> int:
        """Have everything due taken for begun by somebody who died: asked for by its key, or listed, never just repeated."""
        query = """update outbox set state = 'leased', holder = 'restored', lease_until = ?, attempts = attempts + 1
            where state in ('waiting', 'leased') and not_before <= ?"""
        return self.db.execute(query, [stamp(now), stamp(now)]).rowcount

    def numbered(self, number: int) -> OutboxEntry | None:
        row = next(self.db.table("outbox").rows_where("id = ?", [number]), None)
        return from_row(OutboxEntry, row) if row else None

    def known(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys under which an act was ever written down."""
        rows = self.db.each("select 1 from outbox where key = ?", [(key,) for key in keys])
        return {key for key, found in zip(keys, rows, strict=True) if found}

    def leased(self, number: int, holder: str) -> bool:
        """Is the act still this holder's, and nobody else's by now?"""
        query = "select 1 from outbox where id = ? and state = 'leased' and holder = ?"
        return self.db.execute(query, [number, holder]).fetchone() is not None

    def entry(self, key: str) -> OutboxEntry | None:
        row = next(self.db.table("outbox").rows_where("key = ?", [key]), None)
        return from_row(OutboxEntry, row) if row else None

    def entries(self, state: OutboxState, channel: str | None = None, limit: int | None = None) -> list[OutboxEntry]:
        where, values = "state = ?", [str(state)]
        if channel:
            where, values = where + " and channel = ?", [*values, channel]
        return list(
            from_rows(OutboxEntry, self.db.table("outbox").rows_where(where, values, order_by="id", limit=limit))
        )

    def stuck(
        self, states: Sequence[OutboxState], channel: str = "", limit: int = 100, after: int = 0
    ) -> list[OutboxEntry]:
        """Acts in any of ``states`` (of one channel, or all) with greater ids than ``after``, oldest first."""
        where, values = f"state in ({','.join('?' * len(states))}) and id > ?", [*map(str, states), after]
        if channel:
            where, values = f"{where} and channel = ?", [*values, channel]
        return list(
            from_rows(OutboxEntry, self.db.table("outbox").rows_where(where, values, order_by="id", limit=limit))
        )

    def about(self, subject: str) -> list[OutboxEntry]:
        """Every act about a post or ticket, oldest first."""
        return list(from_rows(OutboxEntry, self.db.table("outbox").rows_where("subject = ?", [subject], order_by="id")))

    def counts(self) -> Mapping[tuple[str, str], int]:
        """(channel, state) -> how many."""
        rows = self.db.execute("select channel, state, count(*) from outbox group by channel, state")
        return {(r[0], r[1]): r[2] for r in rows}
