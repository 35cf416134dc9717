"""How Python's values travel to PostgreSQL and back: what SQLite gives for the same column."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.types.string import StrDumperUnknown


class FlagDumper(Dumper):
    """Of no stated type, so that a flag may stand in a ``boolean`` column or in an ``integer`` one."""

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class WordsDumper(StrDumperUnknown):
    """PostgreSQL's text cannot hold a NUL; a hostile post's becomes the mark for what cannot be shown."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class SumLoader(Loader):
    """A sum of whole numbers is a whole number."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return float(text) if "." in text or "N" in text else int(text)


def adapt(connection: psycopg.Connection[Any]) -> None:
    """Have a connection speak so."""
    connection.adapters.register_dumper(bool, FlagDumper)
    connection.adapters.register_dumper(str, WordsDumper)
    connection.adapters.register_loader("numeric", SumLoader)
