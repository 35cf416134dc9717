"""Users of the desk and the audit of what they saw and did."""

from __future__ import annotations

from sqlite_utils import Database

from data.records import AuditEntry, User
from data.store.rows import from_row, from_rows, to_row


class People:
    """The office's own people; citizens are never kept as persons."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def save(self, user: User) -> None:
        """Add a user or change one."""
        self.db.table("users").insert(to_row(user), pk="name", replace=True)

    def user(self, name: str) -> User | None:
        row = next(self.db.table("users").rows_where("name = ?", [name]), None)
        return from_row(User, row) if row else None

    def users(self) -> list[User]:
        return list(from_rows(User, self.db.table("users").rows_where(order_by="name")))

    def remove(self, name: str) -> bool:
        return self.db.execute("delete from users where name = ?", [name]).rowcount > 0

    def record(self, entry: AuditEntry) -> None:
        self.db.table("audit").insert(to_row(entry, drop=("id",)))

    def audit(self, limit: int = 200) -> list[AuditEntry]:
        """The newest entries first."""
        return list(from_rows(AuditEntry, self.db.table("audit").rows_where(order_by="id desc", limit=limit)))
