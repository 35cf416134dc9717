"""An office system and an SMS gateway on loopback that do as a test tells them, and count what reached them.

How a POST is answered is taken from ``script``, one word a request, and ``ok`` once it is used up:
``ok`` kept and answered 201 · ``200`` · ``400`` ``500`` ``503`` refused, not kept · ``500-kept`` kept, yet answered 500 ·
``garbage`` kept, answered with a page · ``hang`` kept, never answered · ``close`` kept, the line is cut ·
``slow`` kept, answered once the test sets ``go``.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REFUSED = {"400": 400, "404": 404, "429": 429, "500": 500, "503": 503}


class Counterpart(ThreadingHTTPServer):
    """Both counterparts on one port: POST and GET /requests.json, POST /send."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: deque[str] = deque()  # answers to POSTs
        self.look_ups: deque[str] = deque()  # answers to GETs
        self.filings: list[dict[str, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.posts = 0
        self.asked: list[str] = []
        self.order: list[str] = []
        self.over, self.go = threading.Event(), threading.Event()
        self.reached = threading.Event()  # something was kept
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, *_: Any) -> None:
        """A client that went away is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Counterpart

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.posts += 1
        how = self.server.script.popleft() if self.server.script else "ok"
        if how in REFUSED:
            self._answer(REFUSED[how], [{"code": REFUSED[how], "description": "不受理"}])
            return
        self._tell(how, self._keep(body))

    def do_GET(self) -> None:
        key = parse_qs(urlsplit(self.path).query).get("external_id", [""])[0]
        self.server.asked.append(key)
        how = self.server.look_ups.popleft() if self.server.look_ups else "ok"
        fit = [
            {"service_request_id": f"LY{i}", "external_id": form["attribute[external_id]"]}
            for i, form in enumerate(self.server.filings, 1)
            if form["attribute[external_id]"] == key or how == "all"
        ]
        self._tell("ok" if how == "all" else how, fit)

    def _keep(self, body: bytes) -> Any:
        if self.path == "/send":
            self.server.messages.append(json.loads(body))
            self.server.order.append("notice")
            self.server.reached.set()
            return {"code": 0, "id": len(self.server.messages)}
        form = {k: v[0] for k, v in parse_qs(body.decode()).items()}
        self.server.filings.append(form)
        self.server.order.append("office")
        self.server.reached.set()
        return [{"service_request_id": f"LY{len(self.server.filings)}"}]

    def _tell(self, how: str, answer: Any) -> None:
        if how == "garbage":
            self._answer(200, "<html>系统提示：提交成功</html>")
        elif how == "hang":
            self.server.over.wait(20)
        elif how == "500-kept":
            self._answer(500, [{"code": 500, "description": "内部错误"}])
        elif how.startswith("json:"):
            self._answer(200, json.loads(how.removeprefix("json:")))
        elif how != "close":
            if how == "slow":
                self.server.go.wait(20)
            self._answer({"ok": 201, "200": 200}.get(how, int(how) if how.isdigit() else 201), answer)

    def _answer(self, status: int, answer: Any) -> None:
        raw = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
