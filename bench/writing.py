"""What one database can take: how long its one writer is busy with a thread, and how much disk a thread is, SQLite beside PostgreSQL.

Ten posts on a page of 60 KB, written as the crawl does: a transaction a thread, pages kept, the disk not waited for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from bench.forum import START, thread_page
from data.records import Read, ReadOutcome, Thread
from data.reference import Board, Section
from data.store import Store
from data.store.threads import snapshot
from spiders import engines
from spiders.pages import Page
from tests.server import Server, programs


def main(quick: bool = True) -> None:
    """Print milliseconds and kilobytes a thread of both databases."""
    threads = 300 if quick else 3_000
    print(f"{'database':12}{'threads':>9}{'ms a thread':>13}{'threads/s':>11}{'KB a thread':>13}   (one writer)")
    for name, kept in (("SQLite", _file), ("PostgreSQL", _server)):
        with kept() as place:
            if place is None:
                print("PostgreSQL is not installed: apt-get install postgresql")
                return
            address, size = place
            seconds, before = _write(address, threads), size()
            grown = _write(address, threads, threads)
            spent, bytes_ = min(seconds, grown), size() - before
            print(
                f"{name:12}{threads:9}{spent / threads * 1000:13.2f}{threads / spent:11.0f}{bytes_ / threads / 1024:13.1f}"
            )


def _write(address: Path | str, threads: int, first: int = 0) -> float:
    """Seconds to write so many threads, each read from its page before."""
    board = Board(
        slug="b", name="b", engine="discuz", url="http://127.0.0.1/", sections=(Section(id="2", name="民声"),)
    )
    read_thread, spent = engines.get("discuz").read_thread, 0.0
    with closing(Store(address)) as store, store.hurried():
        for n in range(first + 1, first + threads + 1):
            body, at = thread_page(n).encode(), START + timedelta(minutes=1)
            url = f"http://127.0.0.1/forum.php?mod=viewthread&tid={n}"
            found = read_thread(Page(url, 200, {}, body, at), board)
            assert found.post
            thread = Thread(found.post, found.replies)
            page = snapshot("b", str(n), url, at, 200, body)
            began = time.perf_counter()
            with store.transaction():
                store.threads.save(thread, Read("b", str(n), at, ReadOutcome.OK, True, 200, 1), [page])
            spent += time.perf_counter() - began
    return spent


@contextmanager
def _file() -> Iterator[tuple[Path | str, Callable[[], int]] | None]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        yield path, lambda: path.stat().st_size if path.exists() else 0


@contextmanager
def _server() -> Iterator[tuple[Path | str, Callable[[], int]] | None]:
    found = programs()
    if found is None:
        yield None
        return
    server = Server(found, durable=True)
    try:
        address = server.database()
        yield address, lambda: server.size(address)
    finally:
        server.stop()


if __name__ == "__main__":
    import sys

    main(quick="--full" not in sys.argv)
