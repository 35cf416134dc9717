"""A whole city in one file: its database, settings, tables and models, proved when written and again when restored.

The archive is a tar.gz that any machine can open. Its database is always a SQLite file, also where the city is kept on a
server; ``backup.json`` in it says how many rows each table has and the SHA-256 over all of them.
"""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from data.city import SETTINGS, City, open_city
from data.problem import Problem
from data.store import Store, on_server
from data.store.copying import Copied, checksum, copy, save
from data.store.layout import layout

MANIFEST, DATABASE = "backup.json", "liandong.db"
FAST = 1  # of gzip: pages are compressed already


class BackupError(Problem):
    """A backup that cannot be written or is not whole; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What an archive holds: when it was taken, and every table's rows and checksum."""

    at: datetime
    tables: tuple[Copied, ...]


def write(city: City, archive: Path, now: datetime) -> Backup:
    """Put the city as it stands at one moment into ``archive``, while it is at work; nothing is ever written over."""
    if archive.exists():
        raise BackupError(f"{archive} 已经有了，不覆盖；请换一个文件名，例如带上日期")
    with _aside(archive) as folder:
        save(city.store.db, folder / DATABASE)
        taken = Backup(now, _proved(folder / DATABASE))
        (folder / MANIFEST).write_text(json.dumps(asdict(taken), default=datetime.isoformat), encoding="utf-8")
        with os.fdopen(os.open(folder / "archive", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=FAST) as tar:
                for path in (folder / MANIFEST, folder / DATABASE):
                    tar.add(path, path.name)
                for path in _beside_the_database(city):
                    tar.add(path, str(path.relative_to(city.folder)), recursive=False)
            file.flush()
            os.fsync(file.fileno())
        (folder / "archive").rename(archive)
    return taken


def restore(archive: Path, folder: Path) -> Backup:
    """Make ``folder``, which must not be there or be empty, the city that ``archive`` holds; all of it or nothing.

    A city kept on a server goes back to the address its settings name, where nothing may be yet.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} 里已有东西，不覆盖；请恢复到一个新目录，核对后再换上去")
    with _aside(folder) as fresh:
        known = _unpacked(archive, fresh)
        if _proved(fresh / DATABASE) != known.tables:
            raise BackupError(f"{archive} 里的数据与备份时记下的校验和不一致，没有恢复；请改用另一份备份")
        _in_place(fresh)
        if folder.exists():
            folder.rmdir()
        fresh.rename(folder)
    return known


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A folder of its own on the same disk as ``target``, gone afterwards unless it was moved away."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".liandong-", dir=target.parent, ignore_cleanup_errors=True) as name:
        inner = Path(name) / "city"
        inner.mkdir(mode=0o700)
        yield inner


def _beside_the_database(city: City) -> list[Path]:
    """Settings, tables, models and the session's secret: everything in the folder but databases and other backups."""
    found = (p for p in sorted(city.folder.rglob("*")) if p.is_file() and not p.is_symlink())
    return [p for p in found if not p.name.endswith((".db", ".db-wal", ".db-shm", ".tar.gz"))]


def _proved(database: Path) -> tuple[Copied, ...]:
    """Every table's rows and checksum, of a database that SQLite finds whole."""
    try:
        with closing(Store(database)) as store:
            [(said,)] = store.db.execute("pragma integrity_check(1)").fetchall()
            if said != "ok":
                raise BackupError(f"备份里的数据库不完整（{said}）；请检查磁盘，改用另一份备份")
            return tuple(Copied(name, *checksum(store.db, name)) for name in layout())
    except sqlite3.DatabaseError as error:
        raise BackupError(f"备份里的数据库读不了（{error}）；请改用另一份备份") from error


def _unpacked(archive: Path, folder: Path) -> Backup:
    try:
        with gzip.open(archive) as packed, tarfile.open(fileobj=packed, mode="r:") as tar:
            tar.extractall(folder, filter="data")  # refuses what would lie outside the folder
            while packed.read(1 << 20):  # to the end, where gzip's own checksum stands
                pass
        known = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        tables = tuple(Copied(**table) for table in known["tables"])
        (folder / MANIFEST).unlink()
        return Backup(datetime.fromisoformat(known["at"]), tables)
    except FileNotFoundError as error:
        raise BackupError(f"没有 {error.filename}；请检查路径，或它不是 liandong backup 写的") from None
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(
            f"{archive} 打不开（{type(error).__name__}）；它不完整，或不是 liandong backup 写的"
        ) from error


def _in_place(folder: Path) -> None:
    """Put the database where the settings say it is."""
    if not (folder / SETTINGS).is_file():
        raise BackupError(f"备份里没有 {SETTINGS}；它不是 liandong backup 写的")
    address = open_city(folder).settings.city.database
    if not on_server(address):
        if (folder / address).resolve().parent != folder.resolve():
            raise BackupError(f"备份的 {SETTINGS} 把数据库写在城市目录之外（{address}），没有恢复；请先改好设置再备份")
        (folder / DATABASE).rename(folder / address)
        return
    with closing(Store(folder / DATABASE)) as kept, closing(Store(address)) as server:
        copy(kept.db, server.db)
    (folder / DATABASE).unlink()
