"""What answers the product in the replay, in the same process: pages of the boards, the office system, the SMS gateway.

Everything the product does to speak to them is real but the sockets: ``requests`` hands its prepared request to an adapter
that answers it, and the engines parse the pages the make-believe boards serve. What they take is counted apart.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import HTTPAdapter

from bench.forum import FOOT, SIDE
from bench.year.plan import CALLS
from bench.year.spent import Spent
from bench.year.world import YearWorld
from data.reference import Board
from demo import boards as softwares
from demo.thread import Thread
from spiders.pages import Ask, Page

OFFICE, GATEWAY = "http://office.invalid/v2", "http://gateway.invalid/send"
# Real pages of the forums are 12 KB and some 5 KB a post; the make-believe ones leave out what says nothing of a post.
POSTS = {"discuz": b'<div id="post_', "phpwind": b'id="readfloor_'}
FIXED = 2  # pieces of furniture on every page, besides one a post
SIGNED_AFTER = timedelta(minutes=25)
_CALL = re.compile(r"（来件(\d+)）$")


def numbered(thread: Thread) -> str:
    """The title of a call, by which it is found again."""
    return f"{thread.title}（来件{thread.id}）"


class Outside:
    """The world's own side of the wire; ``spent`` is what it took, which is nothing of the product's."""

    def __init__(self, world: YearWorld, boards: Sequence[Board]) -> None:
        self.world, self.spent = world, Spent()
        self.notices: Counter[str] = Counter()  # by key: each must come once
        self._clients = {b.slug: softwares.ENGINES[b.engine](world, b).test_client() for b in boards}
        self._softwares = {b.slug: b.engine for b in boards}
        self._known: dict[str, str] = {}  # our key -> the office's number

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What happens inside is counted as the world's."""
        start = Spent.now()
        try:
            yield
        finally:
            self.spent += Spent.now() - start

    def page(self, board: str, ask: Ask) -> Page:
        """A board's page as it would have come."""
        with self.apart():
            parts = urlsplit(ask.url)
            answer = self._clients[board].get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
            headers = {"content-type": answer.headers.get("Content-Type", "")}
            body = furnished(answer.data, self._softwares[board])
            return Page(ask.url, answer.status_code, headers, body, self.world.clock())

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While inside, what ``requests`` asks is answered here."""

        def send(_: HTTPAdapter, asked: requests.PreparedRequest, **__: Any) -> requests.Response:
            with self.apart():
                return _response(asked, self._answer(asked))

        with patch.object(HTTPAdapter, "send", send):
            yield

    def thread(self, title: str, url: str) -> Thread:
        """The thread a filing or a post is about. KeyError: there is none such."""
        if url and (found := self.world.find(url)):
            return found
        named = _CALL.search(title)
        thread = self.world.thread(CALLS, named[1]) if named else None
        if thread is None:
            raise KeyError(title)
        return thread

    def _answer(self, asked: requests.PreparedRequest) -> Any:
        url, body = str(asked.url), asked.body or b""
        if url.startswith(GATEWAY):
            self.notices[json.loads(body)["key"]] += 1
            return {"code": 0, "id": len(self.notices)}
        if asked.method == "POST":
            return self._file({k: v[0] for k, v in parse_qs(str(body), keep_blank_values=True).items()})
        given = parse_qs(urlsplit(url).query)
        if "external_id" in given:
            known = self._known.get(given["external_id"][0])
            return [{"service_request_id": known}] if known else []
        return [self._entry(number) for number in given["service_request_id"][0].split(",")]

    def _file(self, form: Mapping[str, str]) -> Any:
        number = self._known.setdefault(form["attribute[external_id]"], f"LY{len(self._known) + 1:07d}")
        thread = self.thread(form["address_string"], form["attribute[thread_url]"])
        self.world.told(thread, form["attribute[number]"], number, self.world.clock())
        return [{"service_request_id": number}]

    def _entry(self, number: str) -> Mapping[str, str]:
        request, now = self.world.filed[number], self.world.clock()
        assert request.thread.filed_at is not None
        signed = request.thread.filed_at + SIGNED_AFTER
        closed = request.closes_at is not None and request.closes_at <= now
        status, at = ("closed", request.closes_at) if closed else ("acknowledged", signed)
        if not closed and signed > now:
            status, at = "open", request.thread.filed_at
        assert at is not None
        return {"service_request_id": number, "status": status, "updated_datetime": at.isoformat()}


def furnished(body: bytes, software: str) -> bytes:
    """A forum's page with the menus, medals and buttons that make it as large as a real one."""
    if software not in POSTS:
        return body
    encoding = "utf-8" if software == "discuz" else "gb18030"
    furniture = f"<div class='hd'>{SIDE}{FOOT}</div>".encode(encoding) * (FIXED + body.count(POSTS[software]))
    head, end, rest = body.partition(b"<body")
    opening, close, inside = rest.partition(b">")
    return head + end + opening + close + furniture + inside


def _response(asked: requests.PreparedRequest, content: Any) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.encoding = 200, "utf-8"
    answer._content = json.dumps(content).encode()
    answer.request, answer.url = asked, str(asked.url)
    return answer
