"""What a board said about being asked again: its robots.txt, and the validators of its lists' first pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.store.database import Database
from data.store.rows import stamp

ROBOTS_FOR = timedelta(days=1)  # RFC 9309: a copy of robots.txt should not be used for longer


@dataclass(frozen=True, slots=True)
class Validators:
    """What a later request may hand back, so that an unchanged page is answered with 304 and no body."""

    etag: str = ""
    modified: str = ""


class Visits:
    """Kept between cycles, so that a quiet one costs one answer without a body for each section."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def robots(self, site: str, now: datetime) -> bytes | None:
        """The robots.txt of ``site`` (scheme and host) as received within a day, or None when it must be asked for."""
        row = self.db.execute(
            "select body from robots where site = ? and at > ? and at <= ?", [site, stamp(now - ROBOTS_FOR), stamp(now)]
        ).fetchone()
        return bytes(row[0]) if row else None

    def keep_robots(self, site: str, now: datetime, body: bytes) -> None:
        query = """insert into robots (site, at, body) values (?, ?, ?)
            on conflict (site) do update set at = excluded.at, body = excluded.body"""
        self.db.execute(query, [site, stamp(now), body])

    def validators(self, board: str, section: str, url: str) -> Validators:
        """Those of the section's first page as the last complete walk met it; empty when there are none."""
        row = self.db.execute(
            "select etag, modified from validators where board = ? and section = ? and url = ?", [board, section, url]
        ).fetchone()
        return Validators(*row) if row else Validators()

    def keep_validators(self, board: str, section: str, url: str, found: Validators) -> None:
        """Replace them; empty ones forget, so that the page is sent whole next time."""
        self.db.execute("delete from validators where board = ? and section = ?", [board, section])
        if found != Validators():
            row = [board, section, url, found.etag, found.modified]
            self.db.execute("insert into validators (board, section, url, etag, modified) values (?, ?, ?, ?, ?)", row)
