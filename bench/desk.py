"""How long a clerk waits for a decision while twenty work at once, over many posts, over few, and beside an empty page.

    python -m bench.desk [--full]       50,000 posts against 5,000; with --full 1,000,000 against 10,000

``liandong serve`` as it is, over HTTP. Each clerk has a session, reads the page, accepts the post, and waits until the next
one is shown; then does so again ``PACE`` seconds after the last, far faster than people read. The rival is an empty Flask
view behind the same server, asked as often. The three are loaded in turn, round by round, so that other work meets all.
What is too slow is measured again, twice at most: other work on the machine passes, a slow page stays slow.
"""

from __future__ import annotations

import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import unescape
from pathlib import Path

import requests

from bench.cycle import NOW, made
from classifier.samples import shipped_samples
from data.city import City
from data.records import Choice, Kind, Post, Suggestion, Urgency
from desk.people import add_user

CLERKS, PACE, ROUND = 20, 4.0, 8.0  # seconds
PASSWORD = "bench-of-the-desk"
WAITING = 1_500
MOST, MOST_EMPTY = 2.0, 20.0
MEASURED = 3  # times, until the ratios are within
EMPTY = """
import sys
from flask import Flask
from waitress import serve
app = Flask("empty")
app.add_url_rule("/", view_func=lambda: "", methods=["GET", "POST"])
serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, ident=None)
"""
_FIELD = r'name="{}"[^>]*value="([^"]*)"'


def main(quick: bool = True) -> None:
    """Print the 95th percentiles and their ratios; exits 1 when one is above what it may be, each time it was measured."""
    few, many = (5_000, 50_000) if quick else (10_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        servers = [Desk(made(Path(folder) / str(posts), posts)) for posts in (few, many)]
        everyone: Sequence[Desk | Empty] = (*servers, Empty())
        try:
            within = any(_measured(everyone, few, many, 1 if quick else 5) for _ in range(MEASURED))
        finally:
            for server in everyone:
                server.stop()
    if not within:
        sys.exit(1)


def _measured(everyone: Sequence[Desk | Empty], few: int, many: int, rounds: int) -> bool:
    """Whether the ratios, which are printed, are what they may be at most."""
    for server in everyone:
        server.waited.clear()
    for _ in range(rounds):
        for server in everyone:
            _load(server)
    small, large, nothing = (server.p95() for server in everyone)
    print(f"{CLERKS} clerks, a decision every {PACE:g} s each: {len(everyone[0].waited)} decisions, p95 (median)")
    for name, server in zip((f"{few:,} posts", f"{many:,} posts", "an empty view"), everyone, strict=True):
        print(f"{name:24}{server.p95() * 1000:10.1f} ms {statistics.median(server.waited) * 1000:10.1f} ms")
    print(f"{f'{many:,} against {few:,}':44}{large / small:7.2f} x (at most {MOST:g})")
    print(f"{f'{many:,} against an empty view':44}{large / nothing:7.2f} x (at most {MOST_EMPTY:g})")
    return large / small <= MOST and large / nothing <= MOST_EMPTY


class Empty:
    """An empty Flask view behind waitress; ``waited``: seconds of each decision."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.port = _free()
        self.process = self._start()
        self.clerks = [self._clerk(i) for i in range(CLERKS)]

    def _start(self) -> subprocess.Popen[bytes]:
        return _started([sys.executable, "-c", EMPTY, str(self.port)], self.port)

    def _clerk(self, number: int) -> Callable[[], None]:
        browser = requests.Session()

        def decide() -> None:
            browser.post(self.url)
            browser.get(self.url)

        return decide

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def p95(self) -> float:
        return statistics.quantiles(self.waited, n=20)[-1]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


class Desk(Empty):
    """``liandong serve`` of a city, with its clerks logged in and a post before each."""

    def __init__(self, city: City) -> None:
        self.city = city
        _fill(city)
        super().__init__()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [str(Path(sys.executable).with_name("liandong")), "--dir", str(self.city.folder), "serve"]
        return _started([*command, "--port", str(self.port)], self.port)

    def _clerk(self, number: int) -> Callable[[], None]:
        browser = requests.Session()
        page = browser.get(f"{self.url}login").text
        form = {"csrf_token": _field(page, "csrf_token"), "name": f"clerk{number}", "password": PASSWORD}
        page = browser.post(f"{self.url}login", data=form).text
        assert 'id="accept"' in page, page[:2000]

        def decide() -> None:
            nonlocal page
            form = {name: _field(page, name) for name in ("csrf_token", "post", "next", "seen")}
            page = browser.post(f"{self.url}queue/accept", data=form).text  # and the page it leads to
            assert 'id="accept"' in page, page[:2000]

        return decide


def _field(page: str, name: str) -> str:
    found = re.search(_FIELD.format(name), page)
    assert found, name
    return unescape(found[1])


def _load(server: Empty) -> None:
    """One round: every clerk at once, each at a pace of its own beginning."""
    end = time.monotonic() + ROUND

    def work(number: int) -> None:
        time.sleep(PACE * number / CLERKS)
        while time.monotonic() < end:
            start = time.monotonic()
            server.clerks[number]()
            server.waited.append(time.monotonic() - start)
            time.sleep(max(0.0, PACE - (time.monotonic() - start)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(CLERKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _fill(city: City) -> None:
    """Clerks, and posts that wait for them; nothing decided leaves while this runs."""
    toml = "[clocks]\nundo_seconds = 36000\n[office]\nkind = 'own'\n"
    (city.folder / "liandong.toml").write_text(toml, encoding="utf-8")
    tables = city.reference()
    units = [u.slug for u in tables.units][:60]
    texts = [s.text for s in shipped_samples(tables) if not s.made and s.is_request]
    for i in range(CLERKS):
        add_user(city, f"clerk{i}", PASSWORD, "clerk", now=NOW)
    store = city.store
    with store.transaction():
        for n in range(WAITING):
            text, at = texts[n % len(texts)], NOW - timedelta(minutes=n)
            thread = f"q{n}"
            store.received.take_in(Post("lyw", thread, "2", "", text[:24], "居民", at, text), at)
            likely = tuple(Choice(units[(n + k) % len(units)], 0.9 - 0.3 * k) for k in range(3))
            urban = (Choice("urban", 0.9),)
            found = Suggestion(
                "lyw", thread, at, "bench", True, 0.99, Kind.HELP, 0.9, "urban", urban, likely, Urgency.DAYS, 5
            )
            store.decisions.suggest([found])
    store.close()


def _free() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _started(command: Sequence[str], port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(600):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    raise RuntimeError("the server did not come up")


if __name__ == "__main__":
    main(quick="--full" not in sys.argv)
