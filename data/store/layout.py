"""The tables as they are made: their columns and keys, read off an empty database."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

from data.store.schema import migrations
from data.store.sqlite import SQLite


@dataclass(frozen=True, slots=True)
class Table:
    """``flags`` are kept as 0/1 in SQLite and as booleans in PostgreSQL; ``keys`` tell one row from another."""

    columns: tuple[str, ...]
    keys: tuple[str, ...]
    flags: frozenset[str]
    numbered: bool  # its ``id`` is given by the database


@lru_cache(maxsize=1)
def layout() -> Mapping[str, Table]:
    """Table -> what it is made of; without what SQLite and sqlite-utils keep for themselves, and without what each database makes anew (``_…``)."""
    with closing(SQLite(":memory:", migrations)) as db:
        names = sorted(name for name in db.table_names() if not name.startswith(("_", "sqlite_")))
        return {name: _table(db, name) for name in names}


def _table(db: SQLite, name: str) -> Table:
    columns = [c for c in db.table(name).columns if not c.name.startswith("_")]
    keys = tuple(db.table(name).pks)
    flags = frozenset(c.name for c in columns if c.type.lower() == "boolean")
    numbered = keys == ("id",) and [c.type.lower() for c in columns if c.is_pk] == ["integer"]
    return Table(tuple(c.name for c in columns), keys, flags, numbered)
