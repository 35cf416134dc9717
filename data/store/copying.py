"""Moves everything a store remembers into another one, and proves that it arrived."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from data.store.database import Database, StoreError
from data.store.layout import layout
from data.store.schema import migrations
from data.store.sqlite import SQLite

UNWORDED = "insert into _unworded (board, thread) select board, thread from posts where true on conflict do nothing"
AT_ONCE = 500  # rows; a snapshot's page may be large


@dataclass(frozen=True, slots=True)
class Copied:
    """One table: how many rows it has on either side, and the SHA-256 over all of them."""

    table: str
    rows: int
    checksum: str


def save(source: Database, path: Path) -> None:
    """Everything in ``source`` at one moment, as a new SQLite file; whoever is at work may go on."""
    if isinstance(source, SQLite):
        with closing(sqlite3.connect(path)) as target:
            source.conn.backup(target)  # in one step: what is written meanwhile is not in it
        return
    with closing(SQLite(path, migrations)) as target_:
        copy(source, target_)


def copy(source: Database, target: Database) -> list[Copied]:
    """Have ``target`` hold what ``source`` does, or be left as empty as it was.

    It is as it was at one moment, whoever writes to it meanwhile; nobody writes to ``target``. Raises StoreError where ``target`` has anything in it, or where a table read back
    from it is not the one that was read from ``source``.
    """
    with source.reading(), target.transaction():
        _refuse_what_is_in_use(target)
        done = [_copied(source, target, name) for name in layout()]
        target.execute(UNWORDED)  # the index is its own
        return done


def _refuse_what_is_in_use(target: Database) -> None:
    for name in layout():
        if target.execute(f"select 1 from {name} limit 1").fetchone():
            raise StoreError(f"目标库里已有数据（表 {name}），不覆盖；请换一个空库")


def _copied(source: Database, target: Database, name: str) -> Copied:
    _write(target, name, rows(source, name))
    if layout()[name].numbered:
        target.number_on(name)
    sent, arrived = checksum(source, name), checksum(target, name)
    if sent != arrived:
        raise StoreError(f"表 {name} 抄过去对不上（{sent[0]} 行，那边 {arrived[0]} 行）；什么都没有写入，请检查目标库")
    return Copied(name, *sent)


def _write(target: Database, name: str, found: Iterator[tuple[Any, ...]]) -> None:
    table = layout()[name]
    query = f"insert into {name} ({_names(table.columns)}) values ({', '.join('?' * len(table.columns))})"
    for some in iter(lambda: list(islice(found, AT_ONCE)), []):
        target.executemany(query, [_typed(table.columns, table.flags, row) for row in some])


def _typed(columns: tuple[str, ...], flags: frozenset[str], row: tuple[Any, ...]) -> list[Any]:
    return [bool(v) if c in flags and v is not None else v for c, v in zip(columns, row, strict=True)]


def rows(db: Database, name: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table as SQLite keeps them, by their key; read in pieces, so that no table must fit into memory."""
    table = layout()[name]
    keys, columns = _names(table.keys), _names(table.columns)
    last: tuple[Any, ...] = ()
    while True:
        where = f"where ({keys}) > ({', '.join('?' * len(last))})" if last else ""
        query = f"select {columns} from {name} {where} order by {keys} limit {AT_ONCE}"
        found = db.execute(query, last).fetchall()
        for row in found:
            yield tuple(_plain(c in table.flags, value) for c, value in zip(table.columns, row, strict=True))
        if len(found) < AT_ONCE:
            return
        last = tuple(found[-1][table.columns.index(k)] for k in table.keys)


def checksum(db: Database, name: str) -> tuple[int, str]:
    """How many rows a table has, and a SHA-256 over all of them, the same whatever the database."""
    count, digest = 0, hashlib.sha256()
    for row in rows(db, name):
        count += 1
        digest.update(json.dumps(row, ensure_ascii=False, default=_hash).encode("utf-8", "surrogatepass"))
    return count, digest.hexdigest()


def _hash(page: bytes) -> str:
    return hashlib.sha256(page).hexdigest()


def _plain(flag: bool, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")  # PostgreSQL has no NUL in its texts (``data.store.values``)
    return int(value) if flag and value is not None else value


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{c}"' for c in columns)
