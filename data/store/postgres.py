"""PostgreSQL through psycopg: the same tables and statements, for a city that more than one machine serves.

Who writes holds an advisory lock until the end of the transaction, so that there is one writer at a time, as with SQLite:
leases, the hash chain, numbers and "everything after number n" rely on it. Readers wait for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow, dict_row

from data.store.dialect import postgresql, reads
from data.store.entries import Between, Listed, among
from data.store.failures import failure, unreachable
from data.store.schema import Steps
from data.store.values import adapt

APPLIED = "applied_steps"
# Cities may share a database, each in a schema of its own.
LOCK = "select pg_advisory_xact_lock(hashtextextended(current_schema(), 0))"
KEYS = """select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indrelid = to_regclass(%s) and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)"""
SIZES = """select relname, pg_total_relation_size(oid) from pg_class
    where relkind = 'r' and relnamespace = current_schema()::regnamespace"""
T = TypeVar("T")
Connection = psycopg.Connection[TupleRow]


class PostgreSQL:
    """One connection; opened again by itself when the server came back."""

    def __init__(self, address: str, steps: Steps) -> None:
        """``address`` is a ``postgresql://`` one; a password not in it comes from PGPASSFILE or PGPASSWORD."""
        self._address = address
        self._keys: dict[str, tuple[str, ...]] = {}
        self._turn, self._hurried = 0, False
        self._connection = self._connect()
        self._migrate(steps)

    def _connect(self) -> Connection:
        try:
            connection = psycopg.connect(self._address, autocommit=True, connect_timeout=10)
        except psycopg.Error as error:
            raise unreachable(self._address, error) from None
        adapt(connection)
        connection.execute("set lock_timeout = '30s'")
        connection.execute("set client_min_messages = warning")
        return connection

    def _migrate(self, steps: Steps) -> None:
        if not steps.missing(self._applied()):
            return
        with self.transaction():
            self.execute(f"create table if not exists {APPLIED} (name text primary key, at text not null)")
            done = self._applied()
            for name, step in steps:
                if name not in done:
                    step(self)
                    self.execute(f"insert into {APPLIED} values (?, ?)", [name, datetime.now(UTC).isoformat()])

    def _applied(self) -> set[str]:
        if self.execute("select to_regclass(?)", [APPLIED]).fetchone() == (None,):
            return set()
        return {row[0] for row in self.execute(f"select name from {APPLIED}")}

    @property
    def in_transaction(self) -> bool:
        return self._connection.info.transaction_status is not TransactionStatus.IDLE and not self._connection.closed

    @property
    def turn(self) -> int:
        return self._turn if self.in_transaction else 0

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> psycopg.Cursor[TupleRow]:
        """One statement; a write outside a transaction is one of its own."""
        return self._written(sql, lambda: self._run(lambda c: c.execute(postgresql(sql), parameters)))

    def query(self, sql: str, params: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        """Rows by column name."""
        return self._run(lambda c: iter(c.cursor(row_factory=dict_row).execute(postgresql(sql), params)))

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same statement for each row."""
        self._written(sql, lambda: self._run(lambda c: c.cursor().executemany(postgresql(sql), rows)))

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
        return iter(self._run(lambda c: _answers(c.cursor(), postgresql(sql), rows)) if rows else [])

    def _written(self, sql: str, act: Callable[[], T]) -> T:
        if self.in_transaction or reads(sql):
            return act()
        with self.transaction():
            return act()

    def _run(self, act: Callable[[Connection], T]) -> T:
        """Do it, once more when nothing was begun and the server had gone away and come back."""
        with _told():
            if self.in_transaction:
                return act(self._connection)
            try:
                return act(self._live())
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
            return act(self._live())

    def _live(self) -> Connection:
        if self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def table(self, name: str) -> Table:
        return Table(self, name)

    def add(self, table: str, row: Mapping[str, Any]) -> int:
        """Insert one row and return its number, 0 where the table has none."""
        return int(_insert(self, table, row).get("id", 0))

    def number_on(self, table: str) -> None:
        """Have the ``id`` given next follow the greatest there is, after rows came with theirs."""
        self.execute(f"select setval(pg_get_serial_sequence(?, 'id'), (select max(id) from {table}))", [table])

    def make_word_index(self) -> None:
        """A tsvector made of the words as they are: the server's own parser depends on its locale."""
        self.execute("create table _words (id bigint primary key, words tsvector not null)")
        self.execute("create index _words_by_word on _words using gin (words)")

    def put_words(self, number: int, words: Sequence[str]) -> None:
        self.execute("delete from _words where id = ?", [number])
        if words:
            self.execute("insert into _words values (?, array_to_tsvector(?::text[]))", [number, list(words)])

    def find_entries(self, words: Sequence[str], lists: Sequence[Listed], between: Between, limit: int) -> list[int]:
        """The server keeps statistics of words and columns, and plans by them."""
        wanted = " & ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words)
        having = [("select id as number from _words where words @@ ?::tsquery", [wanted])] if words else []
        every = [*having, *lists]
        sql, values = among(every[0], every[1:], between)
        query = f"select distinct number from ({sql}) found order by number desc limit ?"
        return [row[0] for row in self.execute(query, [*values, limit])]

    def keys(self, table: str) -> tuple[str, ...]:
        """The columns of a table's primary key."""
        if table not in self._keys:
            rows = self._run(lambda c: c.execute(KEYS, [table]).fetchall())
            self._keys[table] = tuple(row[0] for row in rows)
        return self._keys[table]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does; one inside another is a savepoint."""
        if self.in_transaction:
            with _told(), self._connection.transaction():
                yield
            return
        self._run(_begin)
        self._turn += 1
        try:
            yield
        except BaseException:
            self._end("rollback")
            raise
        with _told():
            self._connection.execute("commit")

    def _end(self, word: str) -> None:
        """A connection that is gone took its transaction with it."""
        try:
            self._connection.execute(word)
        except psycopg.Error:
            self._connection.close()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        if self._hurried:
            yield
            return
        self.execute("set synchronous_commit = off")
        self._hurried = True
        try:
            yield
        finally:
            self._hurried = False
            self.execute("set synchronous_commit = on")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One snapshot for all that is read, and no lock."""
        self._run(lambda c: c.execute("begin isolation level repeatable read read only"))
        try:
            yield
        finally:
            self._end("rollback")

    @contextmanager
    def erasing(self) -> Iterator[None]:
        """Rows that were written over are dead until a vacuum clears them away."""
        yield
        self._run(lambda c: c.execute("vacuum"))

    def compact(self) -> None:
        """Writes each table anew, which for the time being takes as much room again, and locks it meanwhile."""
        self._run(lambda c: c.execute("vacuum full"))

    def sizes(self) -> Mapping[str, int]:
        return dict(self.execute(SIZES).fetchall())

    def close(self) -> None:
        self._connection.close()


class Table:
    """One table, asked as sqlite-utils asks its own."""

    def __init__(self, db: PostgreSQL, name: str) -> None:
        self.db, self.name = db, name
        self.last_pk: Any = None

    def rows_where(
        self,
        where: str | None = None,
        where_args: Sequence[Any] | None = None,
        order_by: str | None = None,
        *,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Rows by column name."""
        sql = f"select * from {self.name}"
        sql += f" where {where}" if where else ""
        sql += f" order by {order_by}" if order_by else ""
        sql += f" limit {limit}" if limit is not None else ""
        return self.db.query(sql, where_args or ())

    def insert(self, record: Mapping[str, Any], *, replace: bool = False) -> Self:
        """One row; with ``replace`` over the one that has its key."""
        kept = _insert(self.db, self.name, record, replace=replace)
        key = tuple(kept.values())
        self.last_pk = key[0] if len(key) == 1 else key
        return self

    def insert_all(self, records: Iterable[Mapping[str, Any]]) -> Self:
        """Rows that all have the columns of the first."""
        rows = list(records)
        if rows:
            self.db.executemany(_inserting(self.name, rows[0]), [list(row.values()) for row in rows])
        return self

    def update(self, pk_values: Any, updates: Mapping[str, Any]) -> Self:
        """Change these columns of the row with this key."""
        key = pk_values if isinstance(pk_values, tuple) else (pk_values,)
        changes = ", ".join(f'"{column}" = ?' for column in updates)
        where = " and ".join(f'"{column}" = ?' for column in self.db.keys(self.name))
        self.db.execute(f"update {self.name} set {changes} where {where}", [*updates.values(), *key])
        return self


def _inserting(table: str, row: Mapping[str, Any]) -> str:
    names, marks = ", ".join(f'"{column}"' for column in row), ", ".join("?" * len(row))
    return f"insert into {table} ({names}) values ({marks})"


def _insert(db: PostgreSQL, table: str, row: Mapping[str, Any], *, replace: bool = False) -> dict[str, Any]:
    """Insert, and return the key's columns as they are now."""
    sql, keys = _inserting(table, row), ", ".join(f'"{k}"' for k in db.keys(table))
    if replace:
        changes = ", ".join(f'"{c}" = excluded."{c}"' for c in row if c not in db.keys(table))
        sql += f" on conflict ({keys}) do update set {changes}" if changes else f" on conflict ({keys}) do nothing"
    found = db.execute(f"{sql} returning {keys}", list(row.values())).fetchone()
    return dict(zip(db.keys(table), found or (), strict=False))


def _answers(cursor: psycopg.Cursor[TupleRow], sql: str, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Sent one after the other without waiting, in one pipeline."""
    cursor.executemany(sql, rows, returning=True)
    found = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())
    return found


def _begin(connection: Connection) -> None:
    connection.execute("begin")
    try:
        connection.execute(LOCK)
    except psycopg.Error:
        if not connection.closed:
            connection.execute("rollback")
        raise


@contextmanager
def _told() -> Iterator[None]:
    """psycopg's errors as sentences."""
    try:
        yield
    except psycopg.Error as error:
        raise failure(error) from error
