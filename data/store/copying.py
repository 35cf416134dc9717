"""Moves everything a store remembers into another one, and proves that it arrived."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from data.store.database import Database
from data.store.layout import layout

AT_ONCE = 500  # rows; a snapshot's page may be large


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
    return int(value) if flag and value is not None else value


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{c}"' for c in columns)
