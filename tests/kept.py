"""The durable state of a played city: kept aside, brought back, and told from another; all that knows of SQLite's files."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from data.city import City, open_city
from data.store import Store

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
    for table in sorted(city.store.db.table_names()):
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
    store.db.conn.set_trace_callback(heard)
