"""The desk as it is really served: waitress, and the dispatcher beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from data.city import City, CityError
from desk.web.serve import dispatching, serve
from tests.desk_city import Clock, make

SERVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from data.city import open_city
from desk.web.serve import serve
serve(open_city(Path(sys.argv[1])), lambda: datetime.now(UTC), "127.0.0.1", 0, lambda url: print(url, flush=True))
"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a desk in a process of its own, which must end well when interrupted."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent
    )
    with process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_it_answers_once_it_says_so_and_stops_when_interrupted(tmp_path: Path) -> None:
    make(tmp_path / "city").store.close()
    with served(tmp_path / "city") as url, urllib.request.urlopen(f"{url}login", timeout=10) as answer:
        assert answer.status == 200
        assert answer.headers["Server"] is None


@pytest.mark.parametrize(("trusted", "believed"), [("127.0.0.1", True), ("10.1.2.3", False), ("", False)])
def test_what_a_proxy_says_of_the_request_is_believed_of_the_trusted_one_only(
    tmp_path: Path, trusted: str, believed: bool
) -> None:
    make(tmp_path / "city").store.close()
    (tmp_path / "city" / "liandong.toml").write_text(f'[desk]\ntrusted_proxy = "{trusted}"\n', encoding="utf-8")
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ld.example", "X-Forwarded-For": "10.9.8.7"}
    with served(tmp_path / "city") as url:
        with urllib.request.urlopen(urllib.request.Request(f"{url}login", headers=forwarded), timeout=10) as answer:
            cookie, strict = answer.headers["Set-Cookie"], answer.headers["Strict-Transport-Security"]
        with urllib.request.urlopen(
            urllib.request.Request(f"{url}open311/v2/discovery.json", headers=forwarded)
        ) as answer:
            assert ("https://ld.example/" in answer.read().decode()) is believed
    assert ("Secure" in cookie, strict is not None) == (believed, believed)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CityError, match=f"127.0.0.1:{port} 用不了"):
            serve(make(tmp_path / "city"), Clock(), "127.0.0.1", port)


Send = Callable[[City, Callable[[], datetime], str], Mapping[str, int]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[Send], None]:
    """Looks into the outbox every few milliseconds, and sends with what is given."""
    monkeypatch.setattr("desk.web.serve.EVERY", 0.005)
    return lambda send: monkeypatch.setattr("ticketing.outbox.send_due", send)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


def test_the_dispatcher_sends_with_a_store_of_its_own_until_it_is_over(
    tmp_path: Path, quick: Callable[[Send], None]
) -> None:
    city, clock = make(tmp_path / "city"), Clock()
    calls: list[tuple[City, str, str]] = []

    def send(own: City, own_clock: Callable[[], datetime], holder: str) -> Mapping[str, int]:
        assert own_clock() == clock()
        own.store.outbox.counts()
        calls.append((own, holder, threading.current_thread().name))
        return {}

    quick(send)
    with dispatching(city, clock):
        until(lambda: len(calls) >= 3)
    after = len(calls)
    time.sleep(0.05)
    assert len(calls) == after
    assert {c.store is not city.store for c, _, _ in calls} == {True}
    assert {h.startswith("desk:") for _, h, _ in calls} == {True}
    assert {t for _, _, t in calls} == {"dispatcher"}


def test_a_dispatcher_that_fails_goes_on_and_raises_one_alert(tmp_path: Path, quick: Callable[[Send], None]) -> None:
    city = make(tmp_path / "city", tickets=False)
    calls = 0

    def send(*_: object) -> Mapping[str, int]:
        nonlocal calls
        calls += 1
        raise RuntimeError("office system on fire")

    quick(send)
    with dispatching(city, Clock()):
        until(lambda: calls >= 4)
    (alert,) = city.store.runs.alerts()
    assert alert.kind == "dispatcher"
    assert "office system on fire" in alert.text


def test_a_request_too_large_is_refused_before_it_is_taken_in(tmp_path: Path) -> None:
    make(tmp_path / "city").store.close()
    with served(tmp_path / "city") as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            wire.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n")
            assert b" 413 " in wire.recv(1000)  # and not one byte of it was sent
