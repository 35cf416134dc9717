"""A server on loopback that keeps what it is sent and answers as a test's function says; and a GeoReport office system."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]

    def fields(self, encoding: str = "utf-8") -> dict[str, str]:
        """The form it carries, in the body or, of a GET, in the address."""
        raw = self.body.decode("ascii") if self.method == "POST" else self.query
        return {k: v[0] for k, v in parse_qs(raw, encoding=encoding, keep_blank_values=True, errors="strict").items()}


@dataclass(frozen=True)
class Told:
    """An answer; status 0: none, the line is cut."""

    status: int = 200
    body: str | bytes = ""
    sort: str = "text/html"


class Listener(ThreadingHTTPServer):
    """Keeps every request in ``seen``; ``answer`` may be replaced at any time."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Seen], Told] = lambda seen: Told(200, "0")) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.seen: list[Seen] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, *_: Any) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, where.path, where.query, body, dict(self.headers))
        self.server.seen.append(seen)
        told = self.server.answer(seen)
        if not told.status:
            return
        raw = told.body if isinstance(told.body, bytes) else told.body.encode()
        self.send_response(told.status)
        self.send_header("Content-Type", told.sort)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_POST = do_GET  # noqa: N815 - the name the library calls

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@dataclass
class GeoReport:
    """An office system in JSON or XML: ``Listener(GeoReport())``; what it says of a request is in ``states``."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)  # its number -> the form
    states: dict[str, dict[str, str]] = field(default_factory=dict)  # its number -> status, status_notes …

    def __call__(self, seen: Seen) -> Told:
        path, _, form = seen.path.rpartition(".")
        query = {k: v[0] for k, v in parse_qs(seen.query).items()}
        if seen.method == "POST":
            number = f"B{len(self.kept) + 1}"
            self.kept[number] = seen.fields()
            return _told(form, [{"service_request_id": number, "service_notice": "已受理"}], 201)
        single = path.rpartition("/")[2]
        asked = [single] if path.startswith("/requests/") else query.get("service_request_id", "").split(",")
        key = query.get("external_id")
        found = [n for n, f in self.kept.items() if f["attribute[external_id]"] == key or n in asked]
        return _told(form, [self._entry(n) for n in found]) if found or key else _told(form, [], 404)

    def _entry(self, number: str) -> dict[str, str]:
        about = {"status": "open", "updated_datetime": "", **self.states.get(number, {})}
        return {"service_request_id": number, "external_id": self.kept[number]["attribute[external_id]"], **about}


def _told(form: str, entries: list[dict[str, str]], status: int = 200) -> Told:
    if form == "json":
        return Told(status, json.dumps(entries), "application/json")
    rows = "".join(
        "<request>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in entry.items()) + "</request>" for entry in entries
    )
    return Told(
        status, f'<?xml version="1.0" encoding="utf-8"?><service_requests>{rows}</service_requests>', "text/xml"
    )
