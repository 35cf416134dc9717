"""How much room the database takes, table by table, on the days it was measured."""

from __future__ import annotations

from collections.abc import Mapping

from data.store.database import Database

DAYS = 400  # measurements kept


class Disk:
    """What was measured. ``free`` stands for room inside SQLite's file that is used again before it grows."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def measure(self, day: str) -> Mapping[str, int]:
        """Table -> bytes with its indexes, now; kept under ``day`` (2026-11-26). Looks at every page of the file."""
        sizes = self.db.sizes()
        with self.db.transaction():
            self.db.execute("delete from sizes where day = ?", [day])
            self.db.executemany(
                "insert into sizes (day, name, bytes) values (?, ?, ?)", [[day, name, n] for name, n in sizes.items()]
            )
            self.db.execute(
                "delete from sizes where day < coalesce((select min(day) from (select distinct day from sizes order by day desc limit ?) kept), '')",
                [DAYS],
            )
        return sizes

    def measured(self) -> tuple[str, Mapping[str, int]]:
        """The day measured last, and the sizes of that day, the largest first; ("", {}) before the first."""
        rows = self.db.execute(
            "select day, name, bytes from sizes where day = (select max(day) from sizes) order by bytes desc, name"
        ).fetchall()
        return (str(rows[0][0]), {str(r[1]): int(r[2]) for r in rows}) if rows else ("", {})

    def totals(self, days: int = 12) -> list[tuple[str, int]]:
        """(day, bytes of all together without ``free``) of the days measured last, oldest first."""
        query = "select day, sum(bytes) from sizes where name <> 'free' group by day order by day desc limit ?"
        return [(str(r[0]), int(r[1])) for r in self.db.execute(query, [days])][::-1]

    def try_writing(self) -> None:
        """Raises what writing would; nothing is written."""
        with self.db.transaction():
            self.db.execute("delete from sizes where day = ''")
