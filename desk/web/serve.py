"""Serves the desk with waitress, beside a dispatcher that sends what a clerk files at once."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from waitress import create_server

from data.city import City, CityError
from data.records import Alert
from desk.web import LARGEST_FORM, create_app
from ticketing import alarm, duty, outbox

THREADS = 8
FORWARDED = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}  # what a trusted proxy says of the request
LARGEST = LARGEST_FORM + 64 * 1024  # bytes taken in of a request; what is larger is refused before it fills the disk
EVERY = 1.0  # seconds between two looks into the outbox

log = logging.getLogger(__name__)
# It warns of every request that waits a moment for a free thread.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
Clock = Callable[[], datetime]


def serve(city: City, clock: Clock, host: str, port: int, ready: Callable[[str], None] | None = None) -> None:
    """Serve until interrupted; ``ready`` is told the address once it answers. Raises CityError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family)
    except OSError as error:
        raise CityError(f"{host}:{port} 用不了（{error.strerror}）；请换一个端口，或停掉占用它的程序") from None
    proxy = city.settings.desk.trusted_proxy
    forwarded = {"trusted_proxy": proxy, "trusted_proxy_headers": FORWARDED} if proxy else {}
    app = create_app(city, clock)
    server = create_server(
        app,
        sockets=[door],
        threads=THREADS,
        ident=None,
        clear_untrusted_proxy_headers=True,
        max_request_body_size=LARGEST,
        **forwarded,
    )
    with dispatching(city, clock):
        if ready:
            shown = f"[{host}]" if family is socket.AF_INET6 else host
            ready(f"http://{shown}:{door.getsockname()[1]}/")
        try:
            server.run()
        finally:
            server.close()


@contextmanager
def dispatching(city: City, clock: Clock) -> Iterator[None]:
    """While inside, a thread sends what falls due about every second."""
    over = threading.Event()
    thread = threading.Thread(target=_dispatch, args=(city, clock, over), name="dispatcher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=30)


def _dispatch(city: City, clock: Clock, over: threading.Event) -> None:
    own = replace(city)  # a copy opens a store of its own: this is another thread
    holder = f"desk:{socket.gethostname()}:{os.getpid()}"
    failing = ""
    while not over.wait(EVERY):
        try:
            alarm.look(own, clock())
            duty.tell(own, clock())
            outbox.send_due(own, clock, holder)
            failing = ""
        except Exception as error:  # noqa: BLE001 - whatever failed once may work the next second; a person is told
            if (words := " ".join(f"{type(error).__name__}: {error}".split())[:300]) != failing:
                failing = words
                _tell(own, clock, words)
    own.store.close()


def _tell(city: City, clock: Clock, words: str) -> None:
    log.error("发送程序出错：%s", words)
    try:
        with city.store.transaction():
            city.store.runs.alert(Alert(clock(), "dispatcher", f"{clock():%Y%m%d}", f"发送程序出错，仍在重试：{words}"))
    except Exception:  # noqa: BLE001 - the database itself may be what fails; the log has it
        print("发送程序出错，且无法写入数据库", file=sys.stderr)
