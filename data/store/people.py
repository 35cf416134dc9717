"""Users of the desk and the audit of what they saw and did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data.records import AuditEntry, Tries, User
from data.store.database import Database
from data.store.rows import from_row, from_rows, stamp, to_row

FORGOTTEN = timedelta(days=1)  # wrong passwords nobody repeated


@dataclass(frozen=True, slots=True)
class Sought:
    """Which audit entries are looked for; what is empty does not matter."""

    who: str = ""
    what: tuple[str, ...] = ()
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


class People:
    """The office's own people; citizens are never kept as persons."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def save(self, user: User) -> None:
        """Add a user or change one."""
        row = to_row(user)
        names = ", ".join(row)
        changed = ", ".join(f"{n} = excluded.{n}" for n in row if n != "name")
        self.db.execute(
            f"insert into users ({names}) values ({', '.join('?' * len(row))}) on conflict (name) do update set {changed}",
            list(row.values()),
        )

    def user(self, name: str) -> User | None:
        row = next(self.db.table("users").rows_where("name = ?", [name]), None)
        return from_row(User, row) if row else None

    def users(self) -> list[User]:
        return list(from_rows(User, self.db.table("users").rows_where(order_by="name")))

    def remove(self, name: str) -> bool:
        return self.db.execute("delete from users where name = ?", [name]).rowcount > 0

    def tries(self, name: str) -> Tries | None:
        """The wrong passwords counted under ``name``: a user's, or that, a space, and the browser or address they came from."""
        row = next(self.db.table("tries").rows_where("name = ?", [name]), None)
        return from_row(Tries, row) if row else None

    def save_tries(self, tries: Tries) -> None:
        """Keep them, and forget those nobody repeated for a day: a stranger's guesses must not fill the disk."""
        self.db.execute(
            """insert into tries (name, failures, at, locked_until) values (?, ?, ?, ?) on conflict (name)
               do update set failures = excluded.failures, at = excluded.at, locked_until = excluded.locked_until""",
            list(to_row(tries).values()),
        )
        self.db.execute("delete from tries where at < ?", [stamp(tries.at - FORGOTTEN)])

    def held(self, name: str, now: datetime) -> bool:
        """Is the user locked anywhere just now after wrong passwords?"""
        query = f"select 1 from tries where {_WHOSE} and locked_until > ? limit 1"
        return self.db.execute(query, [*_whose(name), stamp(now)]).fetchone() is not None

    def forget_tries(self, name: str) -> None:
        """Those given for the user of that name, wherever."""
        self.db.execute(f"delete from tries where {_WHOSE}", _whose(name))

    def record(self, entry: AuditEntry) -> None:
        row = to_row(entry, drop=("id",))
        self.db.execute(
            f"insert into audit ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )

    def audit(self, limit: int = 200, sought: Sought | None = None, before: int | None = None) -> list[AuditEntry]:
        """The newest entries first, of those sought; ``before``: only those older than the entry of that id."""
        where, values = _where(sought or Sought(), before)
        rows = self.db.table("audit").rows_where(where, values, order_by="id desc", limit=limit)
        return list(from_rows(AuditEntry, rows))

    def audited(self, sought: Sought) -> Iterator[AuditEntry]:
        """Every entry sought, the newest first, one at a time."""
        where, values = _where(sought, None)
        return from_rows(AuditEntry, self.db.table("audit").rows_where(where, values, order_by="id desc"))

    def acts(self) -> list[str]:
        """Every kind of act the audit holds, each found by a leap in the index."""
        query = """with recursive kinds (what) as (select min(what) from audit
            union all select (select min(a.what) from audit a where a.what > kinds.what) from kinds
                where kinds.what is not null) select what from kinds where what is not null"""
        return [row[0] for row in self.db.execute(query)]


_WHOSE = "(name = ? or (name > ? and name < ?))"


def _whose(name: str) -> list[str]:
    return [name, f"{name} ", f"{name}!"]


def _where(sought: Sought, before: int | None) -> tuple[str | None, list[Any]]:
    given: list[tuple[str, list[Any]]] = [
        ("who = ?", [sought.who] if sought.who else []),
        (f"what in ({', '.join('?' * len(sought.what))})", list(sought.what)),
        ("subject = ?", [sought.subject] if sought.subject else []),
        ("at >= ?", [stamp(sought.since)] if sought.since else []),
        ("at < ?", [stamp(sought.until)] if sought.until else []),
        ("id < ?", [before] if before is not None else []),
    ]
    used = [(clause, values) for clause, values in given if values]
    return " and ".join(clause for clause, _ in used) or None, [v for _, values in used for v in values]
