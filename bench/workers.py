"""Pages a second that 1, 2 and 4 ``liandong worker`` read of boards that each take 200 ms to answer, one request at a time.

    python -m bench workers [--full]      needs PostgreSQL installed; makes a server of its own, with fsync on

Every board is read politely: the next request leaves when the last was answered, so one board gives at most 5 pages a
second whoever reads it. What grows with the workers is how many boards are read side by side.
"""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.forum import serving
from data import reference
from data.city import City, open_city
from data.reference import Board, Section
from tests.build import kept_at
from tests.processes import running, said, start, until
from tests.server import Server, programs
from ticketing import cycle

ANSWER, EACH = 0.2, 4  # seconds a board takes to answer; boards a worker reads side by side
PACE = (
    f"[crawl]\ndays_back = 3650\ndelay = 0.01\nautothrottle = false\n[workers]\nevery_minutes = 60\nboards = {EACH}\n"
)


@dataclass(frozen=True)
class Measured:
    """Of one round: pages, seconds from the first to the last, and seconds of processor per page."""

    pages: int
    seconds: float
    worker: float
    database: float


def main(quick: bool = True) -> None:
    """Print a line for each number of workers, with the ratio to one."""
    found = programs()
    if found is None:
        print("PostgreSQL is not installed: apt-get install postgresql")
        return
    boards, threads = (16, 10) if quick else (16, 100)
    server = Server(found, durable=True)
    try:
        print(f"{boards} boards, {threads} threads each, {ANSWER * 1000:.0f} ms an answer, {os.cpu_count()} cores")
        print(f"{'workers':>7}{'boards at once':>16}{'pages':>8}{'s':>8}{'pages/s':>9}{'ratio':>7}{'ms worker':>11}{'ms PostgreSQL':>15}")  # fmt: skip
        alone = 0.0
        for workers in (1, 2, 4):
            m = _round(server, workers, boards, threads)
            alone = alone or m.pages / m.seconds
            rate, at_once = m.pages / m.seconds, min(workers * EACH, boards)
            print(f"{workers:7}{at_once:16}{m.pages:8}{m.seconds:8.1f}{rate:9.1f}{rate / alone:7.2f}{m.worker / m.pages * 1000:11.1f}{m.database / m.pages * 1000:15.1f}")  # fmt: skip
        print(f"a visit to a board on which nothing is new, a list page of 50 rows: {_quiet(server, boards, threads) * 1000:.1f} ms of processor")  # fmt: skip
    finally:
        server.stop()


def _quiet(server: Server, boards: int, threads: int) -> float:
    """Seconds of processor of a worker's job that finds nothing new, all that goes with it counted."""
    with tempfile.TemporaryDirectory() as name, serving(threads) as url:
        (folder := Path(name)).joinpath("liandong.toml").write_text(kept_at(server.database(), PACE), encoding="utf-8")
        city = open_city(folder)
        with closing(city.store):
            _boards(city, [_board(url, n) for n in range(boards)])
            assert cycle.crawl(city, lambda: datetime.now(UTC))["ok"]
            began = time.process_time()
            for n in range(boards):
                own = replace(city)  # as a job of a worker does
                assert cycle.crawl(own, lambda: datetime.now(UTC), frozenset({f"b{n}"}))["ok"]
                own.store.close()
            return (time.process_time() - began) / boards


def _round(server: Server, workers: int, boards: int, threads: int) -> Measured:
    """Workers that wait, boards that are then switched on, and the time until all are read."""
    with tempfile.TemporaryDirectory() as name, serving(threads, ANSWER) as url, ExitStack() as stack:
        (folder := Path(name)).joinpath("liandong.toml").write_text(kept_at(server.database(), PACE), encoding="utf-8")
        city = open_city(folder)
        stack.enter_context(closing(city.store))
        _boards(city, [])
        processes = [start(folder, "worker") for _ in range(workers)]
        stack.enter_context(running(*processes))
        until(lambda: sum("已开始" in words for words in said(folder, "worker")) == workers)
        own, theirs = _processor(), server.processor()
        _boards(city, [_board(url, n) for n in range(boards)])
        until(lambda: len(_pages(city)) == boards, 600, str(said(folder, "worker")))
        pages, seconds = sum(_pages(city)), _seconds(city)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(60)
        return Measured(pages, seconds, _processor() - own, server.processor() - theirs)


def _board(url: str, number: int) -> Board:
    sections = (Section(id="2", name="民声"),)
    return Board(slug=f"b{number}", name=f"b{number}", engine="discuz", url=f"{url}b{number}/", sections=sections)


def _boards(city: City, boards: list[Board]) -> None:
    with city.store.transaction():
        tables = reference.load()
        city.store.reference.save(tables.model_copy(update={"boards": tuple(boards), "accounts": ()}))


def _pages(city: City) -> list[int]:
    """Pages of each board that was read to its end."""
    healths = (city.store.threads.health(b.slug) for b in city.reference().boards)
    return [h.pages for h in healths if h]


def _seconds(city: City) -> float:
    """From the first thread that was read to the last."""
    times = [
        r.at for b in city.reference().boards for t in ("1", "2", "3") for r in city.store.threads.reads(b.slug, t)
    ]
    ends = [h.at for b in city.reference().boards if (h := city.store.threads.health(b.slug))]
    return (max(ends) - min(times)).total_seconds() + ANSWER


def _processor() -> float:
    """Seconds of processor of the workers that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    import sys

    main(quick="--full" not in sys.argv)
