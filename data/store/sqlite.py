"""SQLite in WAL mode through sqlite-utils: the default, one file and no server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import sqlite_utils
from sqlite_utils.db import NotFoundError, Table

from data.store.amiss import sentence
from data.store.database import StoreError
from data.store.entries import Between, Listed, planned
from data.store.schema import Steps

LARGEST = "snapshots"  # half of a city and more: walking through it is spared, for it is what the others leave
SIZES = f"""select m.tbl_name, sum(s.pgsize) from (select name, tbl_name from sqlite_master where name <> '{LARGEST}'
    union all select 'sqlite_schema', 'sqlite_schema') m cross join dbstat s
    where s.name = m.name and s.aggregate = true group by m.tbl_name"""


PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",  # a filing acknowledged by the office must survive a power cut, or it would be filed twice
    "foreign_keys = on",
    "cache_size = -16384",  # KiB a connection; with the 2 MB of default a city of a year reads the same pages over and over
    "wal_autocheckpoint = 8000",  # pages (32 MB): what is written often is copied into the file less often
)
STATEMENTS = 512  # kept prepared; a cycle asks more than the 128 of sqlite3, and would prepare each anew


@lru_cache(maxsize=256)
def _inserting(table: str, columns: tuple[str, ...]) -> str:
    names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    return f"insert into {table} ({names}) values ({marks})"


class Known(Table):
    """A table that is there and stays as it is: sqlite-utils' own asks the schema before every look."""

    def exists(self) -> bool:
        return True

    def rows_where(  # type: ignore[override]
        self,
        where: str | None = None,
        where_args: Sequence[Any] | None = None,
        order_by: str | None = None,
        *,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        sql = f'select * from "{self.name}"' + (f" where {where}" if where else "")
        sql += (f" order by {order_by}" if order_by else "") + ("" if limit is None else f" limit {limit}")
        return self.db.query(sql, where_args)

    def update(self, pk_values: Any, updates: dict[str, Any]) -> Known:  # type: ignore[override]
        """Change the row with this key; raises NotFoundError where there is none."""
        keys = pk_values if isinstance(pk_values, tuple) else (pk_values,)
        sets, is_it = (
            joint.join(f'"{c}" = ?' for c in names) for joint, names in ((", ", updates), (" and ", self.pks))
        )
        if not self.db.execute(f'update "{self.name}" set {sets} where {is_it}', [*updates.values(), *keys]).rowcount:
            raise NotFoundError(f"{self.name}: {keys}")
        return self

    @cached_property
    def pks(self) -> list[str]:
        return list(super().pks)


class SQLite(sqlite_utils.Database):
    """One connection to one file."""

    def __init__(self, path: Path | str, steps: Steps) -> None:
        """Open the file, or ``:memory:``, and bring its tables up to date."""
        self._known: dict[str, Known] = {}
        self._turn, self._hurried = 0, False
        try:
            super().__init__(
                sqlite3.connect(str(path), timeout=30, check_same_thread=False, cached_statements=STATEMENTS)
            )
            for pragma in PRAGMAS:
                self.execute(f"pragma {pragma}").fetchall()
            if steps.missing([step.name for step in steps.applied(self)]):
                with self.transaction():
                    steps.apply(self)
            self._known = {name: Known(self, name) for name in self.table_names()}
        except sqlite3.Error as error:
            raise StoreError(f"打不开数据库 {path}：{sentence(error)}") from error

    def table(self, table_name: str, **options: Any) -> Table:
        """One table; the same object each time, once all are made."""
        return self._known.get(table_name) or super().table(table_name, **options)

    @property
    def in_transaction(self) -> bool:
        return bool(self.conn.in_transaction)

    @property
    def turn(self) -> int:
        return self._turn if self.conn.in_transaction else 0

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> sqlite3.Cursor:
        """One statement; a write outside a transaction is one of its own."""
        if self.conn.in_transaction:  # there is nothing more to it then
            return self.conn.execute(sql, parameters or ())
        return super().execute(sql, parameters)

    def query(self, sql: str, params: Sequence[Any] | dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        """Rows by column name; sqlite-utils' own puts a savepoint round each."""
        cursor = self.execute(sql, params)
        columns = [c[0] for c in cursor.description]
        return (dict(zip(columns, row, strict=True)) for row in cursor)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same statement for each row."""
        if self.conn.in_transaction:
            self.conn.executemany(sql, rows)
            return
        with self.transaction():
            self.conn.executemany(sql, rows)

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
        return (self.conn.execute(sql, row).fetchall() for row in rows)

    def add(self, table: str, row: Mapping[str, Any]) -> int:
        """Insert one row and return its number; sqlite-utils' own looks the table's columns and keys up each time."""
        return int(self.execute(_inserting(table, tuple(row)), list(row.values())).lastrowid or 0)

    def number_on(self, table: str) -> None:
        """SQLite looks for the greatest itself."""

    def make_word_index(self) -> None:
        """FTS5 over words that were cut already: any of its own tokenizers takes a run of Chinese for one word."""
        self.execute("create virtual table _words using fts5(words, detail = none, tokenize = 'ascii')")

    def put_words(self, number: int, words: Sequence[str]) -> None:
        self.execute("delete from _words where rowid = ?", [number])
        if words:
            self.execute("insert into _words (rowid, words) values (?, ?)", [number, " ".join(words)])

    def find_entries(self, words: Sequence[str], lists: Sequence[Listed], between: Between, limit: int) -> list[int]:
        wanted = " AND ".join('"' + word.replace('"', '""') + '"' for word in words)
        having = ("select rowid as number from _words where _words match ?", [wanted]) if words else None
        sql, values = planned(having, lists, between, lambda query: int(self.execute(*query).fetchone()[0]))
        return [row[0] for row in self.execute(f"{sql} order by number desc limit ?", [*values, limit])]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Takes the write lock at once, so that it cannot be refused later; one inside another is a savepoint."""
        if self.conn.in_transaction:
            with self._savepoint():
                yield
            return
        self.conn.execute("begin immediate")
        self._turn += 1
        try:
            yield
        except BaseException:
            self.conn.rollback()
            raise
        self.conn.commit()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        """Of one name, so that it is prepared once; sqlite-utils' own has a random one each time."""
        self.conn.execute("savepoint within")
        try:
            yield
        except BaseException:
            if self.conn.in_transaction:  # a full disk ends the whole of it
                self.conn.execute("rollback to within")
                self.conn.execute("release within")
            raise
        self.conn.execute("release within")

    @contextmanager
    def hurried(self) -> Iterator[None]:
        if self._hurried:
            yield
            return
        self.execute("pragma synchronous = normal")
        self._hurried = True
        try:
            yield
        finally:
            self._hurried = False
            self.execute("pragma synchronous = full")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """In WAL mode a reader's view stands still, and holds up nobody."""
        self.conn.execute("begin")
        try:
            self.conn.execute("select 1 from sqlite_master limit 1").fetchall()  # the view begins at the first look
            yield
        finally:
            self.conn.rollback()

    @contextmanager
    def erasing(self) -> Iterator[None]:
        """Freed room is overwritten with zeros, and the log, which holds older pages, is emptied at the end."""
        self.execute("pragma secure_delete = on").fetchall()
        try:
            yield
        finally:
            self.execute("pragma secure_delete = off").fetchall()
            self.execute("pragma wal_checkpoint(truncate)").fetchall()

    def compact(self) -> None:
        """Writes the file anew, which for the time being takes as much room again."""
        self.execute(
            "insert into _words (_words) values ('optimize')"
        )  # what words of deleted entries it still holds go
        self.execute("vacuum")
        self.execute("pragma wal_checkpoint(truncate)").fetchall()

    def sizes(self) -> Mapping[str, int]:
        """Where this SQLite cannot tell its tables apart (no ``dbstat``), all of it is ``all``; ``free`` is used again."""
        page = int(self.execute("pragma page_size").fetchone()[0])
        free = page * int(self.execute("pragma freelist_count").fetchone()[0])
        used = page * int(self.execute("pragma page_count").fetchone()[0]) - free
        try:
            found = dict(self.execute(SIZES).fetchall())
        except sqlite3.OperationalError:
            return {"all": used, "free": free}
        found[LARGEST] = found.get(LARGEST, 0) + used - sum(found.values())
        found.pop("sqlite_schema", None)
        return {**found, "free": free}
