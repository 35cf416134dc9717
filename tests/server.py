"""A PostgreSQL server of the tests' own: made in a temporary folder, on a free port of loopback, gone with the session."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

INSTALLED = Path("/usr/lib/postgresql")
# Nothing here outlives the tests, and they open and close many connections.
SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 32MB
autovacuum = off
log_min_messages = fatal
"""

DURABLE = """
listen_addresses = '127.0.0.1'
max_connections = 200
"""


def programs() -> Path | None:
    """Where PostgreSQL's programs are, or None where it is not installed."""
    found = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


class Server:
    """Started by the first who asks; databases are made from one another."""

    def __init__(self, bin_: Path, *, durable: bool = False) -> None:
        """``durable``: what is committed survives a power cut, as in service."""
        self.folder = Path(tempfile.mkdtemp(prefix="liandong-pg-"))
        self.user = _owner(self.folder)
        self.port = _free_port()
        data = self.folder / "data"
        self._as_owner(
            [bin_ / "initdb", "-D", data, "-U", "liandong", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        )
        (data / "postgresql.auto.conf").write_text(
            f"{DURABLE if durable else SETTINGS}\nport = {self.port}\nunix_socket_directories = '{self.folder}'\n",
            encoding="utf-8",
        )
        self._stop = [bin_ / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
        self._start = [bin_ / "pg_ctl", "-D", data, "-l", self.folder / "log", "-w", "start"]
        self._as_owner(self._start)
        self._numbers = itertools.count(1)

    def url(self, name: str) -> str:
        return f"postgresql://liandong@127.0.0.1:{self.port}/{name}"

    def database(self, template: str = "template1") -> str:
        """The address of a fresh database, or of a copy of ``template`` (which nobody may be using)."""
        return self.copy(template, f"t{next(self._numbers)}")

    def copy(self, template: str, name: str) -> str:
        """Have the database ``name`` be as ``template`` is; who still looks at either is sent away."""
        self.drop(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [template])
            connection.execute(f"create database {name} template {template}")
        return self.url(name)

    def drop(self, address: str) -> None:
        """Forget a database, whoever still looks at it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database if exists {address.rpartition('/')[2]} with (force)")

    def processor(self) -> float:
        """Seconds of processor it has used, with all its processes and connections, those that are gone included."""
        pid = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        used = _ticks(pid)
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(OSError):  # ended meanwhile
                used += _ticks(child)
        return used / os.sysconf("SC_CLK_TCK")

    def size(self, address: str) -> int:
        """Bytes of a database on the disk."""
        with psycopg.connect(address) as connection:
            row = connection.execute("select pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0

    def restart(self) -> None:
        self._as_owner(self._stop)
        self._as_owner(self._start)

    def stop(self) -> None:
        self._as_owner(self._stop)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _as_owner(self, command: list[Any]) -> None:
        quiet: Mapping[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([str(c) for c in command], check=True, user=self.user, cwd="/", timeout=120, **quiet)


@contextmanager
def a_server(*, durable: bool = False) -> Iterator[Server]:
    """A server for a benchmark; ends the program where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    server = Server(found, durable=durable)
    try:
        yield server
    finally:
        server.stop()


def _ticks(pid: str) -> int:
    """What a process has used, and those children of it that it has seen end."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))


def _owner(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root; then it runs as the user its package made."""
    if os.geteuid() != 0:
        return None
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        owner = pwd.getpwnam("nobody")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return owner.pw_name


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
