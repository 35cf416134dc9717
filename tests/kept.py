"""The durable state of a played city: kept aside, brought back, and told from another; all that knows of SQLite's files."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data.city import City, open_city
from data.store import Store
from data.store.layout import layout
from data.store.sqlite import SQLite

_PROCESS = re.compile(r"(?<=:)\d+$")  # of a holder's name: the same death in another process is the same
_OURS = re.compile(r"liandong\.db")


def keep(live: Path, aside: Path) -> None:
    """Copy everything a city has as it lies on the disk, nobody being at work."""
    shutil.copytree(live, aside)


def bring_back(aside: Path, live: Path) -> None:
    """Let a city be as it was when it was kept."""
    shutil.rmtree(live)
    shutil.copytree(aside, live)


def standing(live: Path) -> str:
    """A digest of all that is durable. Read from a copy: whoever is started next recovers the store by itself."""
    with tempfile.TemporaryDirectory(dir=live.parent) as scratch:
        copy = Path(scratch) / "city"
        keep(live, copy)
        city = open_city(copy)
        try:
            said = "\n".join([*_rows(city), *_files(copy)])
        finally:
            city.store.close()
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _rows(city: City) -> Iterator[str]:
    for table in sorted(layout()):
        for row in city.store.db.execute(f"select * from {table} order by 1, 2"):
            yield f"{table} {[_PROCESS.sub('', v) if isinstance(v, str) else v for v in row]}"


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not _OURS.match(p.name)):
        yield f"{path.relative_to(folder)} {path.read_bytes()!r}"


def sound(city: City) -> Iterator[str]:
    """What is wrong with the store itself."""
    if (said := city.store.db.execute("pragma integrity_check").fetchone()[0]) != "ok":
        yield str(said)


def runs(city: City) -> list[bool]:
    """Of each run, whether it ended."""
    return [bool(r[0]) for r in city.store.db.execute("select finished_at is not null from runs")]


def no_more_room_than(city: City, pages: int) -> None:
    """The disk has only so many pages left."""
    size = city.store.db.execute("pragma page_count").fetchone()[0]
    city.store.db.execute(f"pragma max_page_count = {size + pages}").fetchall()


def watch(store: Store, heard: Callable[[str], None]) -> None:
    """Have every statement told to ``heard`` before it is carried out."""
    assert isinstance(store.db, SQLite)
    store.db.conn.set_trace_callback(heard)


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
