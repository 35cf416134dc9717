"""The durable state of a played city: kept aside, brought back, and told from another; all that knows where it lies.

With a ``Server`` the database is there, named after the city's folder; without one it is a file in the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from data.city import City, open_city
from data.store import Store
from data.store.layout import layout
from data.store.sqlite import SQLite
from tests.build import kept_at
from tests.server import Server

Heard = Callable[[str, "psycopg.Connection[Any] | None"], None]

_PROCESS = re.compile(r"(?<=:)\d+$")  # of a holder's name: the same death in another process is the same
_OURS = re.compile(r"liandong\.db")
# It is full for who made ``room``, a table that goes with the connection; for all others the triggers let everything pass.
FULL_DISK = """create temp table room as select {rows} as rows_left;

create or replace function full_disk() returns trigger as $$ begin
    if to_regclass('pg_temp.room') is not null then
        update pg_temp.room set rows_left = rows_left - 1;
        if (select rows_left < 0 from pg_temp.room) then
            raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
        end if;
    end if;
    return new;
end $$ language plpgsql;

""" + ";\n\n".join(
    f"create or replace trigger no_room before insert on {table} for each row execute function full_disk()"
    for table in ("reads", "snapshots", "outbox", "events")
)


def begin(live: Path, toml: str, server: Server | None = None) -> None:
    """Lay down a city's settings, and where there is a server an empty database for it."""
    live.mkdir(parents=True)
    if server:
        toml = kept_at(server.copy("template1", _named(live)), toml)
    (live / "liandong.toml").write_text(toml, encoding="utf-8")


def keep(live: Path, aside: Path, server: Server | None = None) -> None:
    """Copy everything a city has as it lies on the disk, nobody being at work."""
    shutil.copytree(live, aside)
    if server:
        server.copy(_named(live), _named(aside))


def bring_back(aside: Path, live: Path, server: Server | None = None) -> None:
    """Let a city be as it was when it was kept."""
    shutil.rmtree(live)
    keep(aside, live, server)


def _named(folder: Path) -> str:
    return f"day_{folder.name.replace('-', '_')}"


def standing(live: Path, server: Server | None = None) -> str:
    """A digest of all that is durable. A file is read from a copy: whoever is started next recovers it by itself."""
    if server:
        said = _said(live)
    else:
        with tempfile.TemporaryDirectory(dir=live.parent) as scratch:
            keep(live, copy := Path(scratch) / "city")
            said = _said(copy)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _said(folder: Path) -> str:
    city = open_city(folder)
    try:
        return "\n".join([*_rows(city), *_files(folder)])
    finally:
        city.store.close()


def _rows(city: City) -> Iterator[str]:
    for table in sorted(layout()):
        for row in city.store.db.execute(f"select * from {table} order by 1, 2"):
            yield f"{table} {[_PROCESS.sub('', v) if isinstance(v, str) else v for v in row]}"


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not _OURS.match(p.name)):
        yield f"{path.relative_to(folder)} {path.read_bytes()!r}"


def sound(city: City) -> Iterator[str]:
    """What is wrong with the store itself."""
    if not isinstance(city.store.db, SQLite):
        return
    if (said := city.store.db.execute("pragma integrity_check").fetchone()[0]) != "ok":
        yield str(said)


def runs(city: City) -> list[bool]:
    """Of each run, whether it ended."""
    return [bool(r[0]) for r in city.store.db.execute("select finished_at is not null from runs")]


def no_more_room_than(city: City, pages: int) -> None:
    """The disk has only so many pages left; a server's, room for ten rows a page of the kinds that grow."""
    if not isinstance(city.store.db, SQLite):
        for statement in FULL_DISK.format(rows=pages * 10).split(";\n\n"):
            city.store.db.execute(statement)
        return
    size = city.store.db.execute("pragma page_count").fetchone()[0]
    city.store.db.execute(f"pragma max_page_count = {size + pages}").fetchall()


def watch(heard: Heard) -> None:
    """Have every statement told to ``heard`` before it is carried out, with the server's connection where there is one."""
    opened = Store.__init__

    def open_store(store: Store, address: Path | str) -> None:
        opened(store, address)
        if isinstance(store.db, SQLite):
            store.db.conn.set_trace_callback(lambda sql: heard(sql, None))

    def telling(act: Callable[..., Any]) -> Callable[..., Any]:
        def told(cursor: Any, query: Any, *given: Any, **more: Any) -> Any:
            heard(str(query), cursor.connection)
            return act(cursor, query, *given, **more)

        return told

    Store.__init__ = open_store  # type: ignore[method-assign, assignment]
    for name in ("execute", "executemany"):
        setattr(psycopg.Cursor, name, telling(getattr(psycopg.Cursor, name)))


def cut(connection: psycopg.Connection[Any]) -> None:
    """The wire to the server is cut."""
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


class PowerCut:
    """What a power cut would leave: the log of the store, up to where the disk was last waited for.

    Commits inside ``Store.hurried`` are not waited for; the next one outside keeps them all. The log only grows while
    this watches, so that its length says what was written since.
    """

    def __init__(self, live: Path) -> None:
        self.log = live / "liandong.db-wal"
        self.certain = self.left = 0  # bytes that are on the disk; bytes when ``hurried`` was last left
        self.inside = False

    def watch(self) -> None:
        opened, hurried = Store.__init__, Store.hurried

        def open_store(store: Store, path: Path | str) -> None:
            opened(store, path)
            store.db.execute("pragma wal_checkpoint(truncate)").fetchall()
            store.db.execute("pragma wal_autocheckpoint = 0").fetchall()
            self.certain = self.left = self._length()

        @contextmanager
        def noted(store: Store) -> Iterator[None]:
            if self._length() != self.left:
                self.certain = self._length()  # a commit since then was waited for
            self.inside = True
            try:
                with hurried(store):
                    yield
            finally:
                self.inside, self.left = False, self._length()

        Store.__init__, Store.hurried = open_store, noted  # type: ignore[method-assign, assignment]

    def at_risk(self) -> bool:
        """Is there anything in the log that would be gone?"""
        now = self._length()
        return now > self.certain and (self.inside or now == self.left)

    def strike(self) -> None:
        if self.at_risk():
            os.truncate(self.log, self.certain)

    def _length(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0
