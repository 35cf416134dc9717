"""A web application on a free loopback port, in a thread that stops cleanly."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from waitress import create_server, wasyncore


class Server:
    """Serves from ``start`` to ``stop``; ``url`` ends with a slash."""

    def __init__(self, app: Callable[..., Any], threads: int = 8) -> None:
        logging.getLogger("waitress").setLevel(logging.CRITICAL)  # it warns of every connection the story breaks
        self._sockets: dict[int, Any] = {}
        self._server = create_server(app, host="127.0.0.1", port=0, threads=threads, map=self._sockets)
        self._stopping = Event()
        self._thread = Thread(target=self._serve, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.effective_port}/"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join(5)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, map=self._sockets, count=1, use_poll=True)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets, ignore_all=True)
