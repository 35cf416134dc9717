"""What the groups of records ask of a database; SQLite and PostgreSQL both stand behind it.

SQL here is plain enough for both: ``?`` marks, ``on conflict (…) do …``, flags as ``boolean``, no bare columns in a
``group by``. One writer at a time: a write outside a transaction is a transaction of its own, and whoever is inside one
may rely on nobody else writing until its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from data.problem import Problem
from data.store.entries import Between, Listed


class StoreError(Problem):
    """The database cannot be used; the message says why, in Chinese, and what to do."""


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Rows(Protocol):
    """One table."""

    @property
    def last_pk(self) -> Any:
        """The key of the row inserted last."""

    def rows_where(
        self,
        where: str | None = None,
        where_args: Sequence[Any] | None = None,
        order_by: str | None = None,
        *,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]: ...

    def insert(self, record: dict[str, Any], *, replace: bool = False) -> Rows: ...
    def insert_all(self, records: Iterable[dict[str, Any]]) -> Rows: ...
    def update(self, pk_values: Any, updates: dict[str, Any]) -> Rows: ...


class Database(Protocol):
    """One connection; it serves one thread at a time."""

    @property
    def in_transaction(self) -> bool: ...

    @property
    def turn(self) -> int:
        """The number of the transaction one is inside, none like another; 0 outside."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor: ...
    def query(self, sql: str, params: Sequence[Any] = (), /) -> Iterator[dict[str, Any]]: ...
    def executemany(self, sql: str, rows: Sequence[Sequence[Any]], /) -> None: ...
    def each(self, sql: str, rows: Sequence[Sequence[Any]], /) -> Iterator[list[Any]]:
        """What the same question has for an answer of each of ``rows``, asked together: a server is far."""

    def table(self, table_name: str, /) -> Rows: ...

    def add(self, table: str, row: Mapping[str, Any], /) -> int:
        """Insert one row and return its ``id`` (0 where the table has none); quicker than the table's own insert."""

    def number_on(self, table: str, /) -> None:
        """Have the ``id`` given next follow the greatest there is, after rows came with theirs."""

    def make_word_index(self) -> None:
        """Make what ``put_words`` and ``find_entries`` need; once, where there is nothing yet."""

    def put_words(self, number: int, words: Sequence[str], /) -> None:
        """Have entry ``number`` of the word index be found by exactly these words, of letters and figures only; by none, and it is gone."""

    def find_entries(self, words: Sequence[str], lists: Sequence[Listed], between: Between, limit: int, /) -> list[int]:
        """Numbers of the entries that have all of ``words`` and stand in all of ``lists``, greatest first; not both are empty."""

    def transaction(self) -> AbstractContextManager[None]: ...

    def reading(self) -> AbstractContextManager[None]:
        """Everything read inside is of one moment, whoever writes meanwhile."""

    def erasing(self) -> AbstractContextManager[None]:
        """What is overwritten inside cannot be found in the database's files afterwards."""

    def compact(self) -> None:
        """Give room nobody needs back to the disk; writers wait meanwhile."""

    def sizes(self) -> Mapping[str, int]:
        """Table -> bytes, its indexes included."""

    def hurried(self) -> AbstractContextManager[None]: ...
    def close(self) -> None: ...
