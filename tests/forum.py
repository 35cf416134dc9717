"""A small Discuz!-like forum on loopback whose threads a test writes, and which misbehaves on request."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from data.reference import Board, Section

ZONE = ZoneInfo("Asia/Shanghai")
ROWS, POSTS = 5, 4  # on a page


@dataclass
class Floor:
    """A post or a reply."""

    id: int
    author: str
    at: datetime
    body: str


@dataclass
class Topic:
    """A thread; ``last`` can be set to lie about the last post, as moderators do."""

    id: int
    title: str
    floors: list[Floor]
    sticky: bool = False
    deleted: bool = False
    last: datetime | None = None

    @property
    def touched(self) -> datetime:
        return self.last or self.floors[-1].at


@dataclass
class Forum:
    """One section. ``broken`` maps a part of an address to how it is answered; ``asked`` keeps every address."""

    topics: list[Topic] = field(default_factory=list)
    robots: str = "User-agent: *\nDisallow: /admin/\n"
    broken: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def board(self, **given: object) -> Board:
        entry = {
            "slug": "small",
            "name": "小论坛",
            "engine": "discuz",
            "url": self.url,
            "sections": (Section(id="2", name="民声"),),
        }
        return Board.model_validate({**entry, **given})

    def write(self, number: int, at: datetime, title: str = "路灯不亮", replies: int = 0) -> Topic:
        """A new thread with ``replies`` answers, a second apart."""
        floors = [
            Floor(number * 100 + i, "居民" if not i else "邻居", at.replace(second=i), f"第 {i} 楼说的话")
            for i in range(replies + 1)
        ]
        self.topics.append(Topic(number, title, floors))
        return self.topics[-1]

    def answer(self, topic: Topic, at: datetime, author: str = "路灯管理处", body: str = "已修复。") -> None:
        topic.floors.append(Floor(topic.id * 100 + len(topic.floors), author, at, body))

    def read(self, kind: str = "viewthread") -> list[str]:
        """The addresses of threads (or lists) that were asked for."""
        return [a for a in self.asked if kind in a]

    def page(self, path: str) -> tuple[int, str]:
        query = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
        number = int(query.get("page", "1"))
        if query.get("mod") == "forumdisplay":
            return 200, self._list(number)
        topic = next((t for t in self.topics if str(t.id) == query.get("tid") and not t.deleted), None)
        if topic is None:
            return 404, _document(
                "提示信息", '<div id="messagetext"><p>抱歉，指定的主题不存在或已被删除或正在被审核</p></div>'
            )
        return 200, _thread(topic, number)

    def _list(self, number: int) -> str:
        shown = [t for t in self.topics if not t.deleted]
        stickies = [t for t in shown if t.sticky]
        others = sorted((t for t in shown if not t.sticky), key=lambda t: t.touched, reverse=True)
        pages = max(1, -(-len(others) // ROWS))
        number = min(number, pages)  # past the end the last page answers, as the real one does
        rows = (stickies if number == 1 else []) + others[(number - 1) * ROWS : number * ROWS]
        pager = _pager(number, pages, "forum.php?mod=forumdisplay&amp;fid=2&amp;page=")
        return _document(
            "民声",
            f'{pager}<div id="threadlist"><table id="threadlisttableid">{"".join(map(_row, rows))}</table></div>',
        )


def _row(topic: Topic) -> str:
    first, kind = topic.floors[0], "stickthread" if topic.sticky else "normalthread"
    link = f"forum.php?mod=viewthread&amp;tid={topic.id}"
    return (
        f'<tbody id="{kind}_{topic.id}"><tr><td class="icn"></td><th><a href="{link}" class="s xst">{escape(topic.title)}</a></th>'
        f'<td class="by"><cite><a href="#">{escape(first.author)}</a></cite><em><span>{_day(first.at)}</span></em></td>'
        f'<td class="num"><a href="{link}" class="xi2">{len(topic.floors) - 1}</a><em>9</em></td>'
        f'<td class="by"><cite><a href="#">x</a></cite><em><a href="#">{_stamp(topic.touched)[:-3]}</a></em></td></tr></tbody>'
    )


def _thread(topic: Topic, number: int) -> str:
    pages = -(-len(topic.floors) // POSTS)
    number = min(number, pages)
    shown = topic.floors[(number - 1) * POSTS : number * POSTS]
    pager = _pager(number, pages, f"forum.php?mod=viewthread&amp;tid={topic.id}&amp;page=")
    floors = "".join(_floor(f, (number - 1) * POSTS + i) for i, f in enumerate(shown))
    head = f'<div id="pt"><a href="forum.php?mod=forumdisplay&amp;fid=2">民声</a><a href="forum.php?mod=viewthread&amp;tid={topic.id}">{escape(topic.title)}</a></div>'
    return _document(
        topic.title,
        f'{head}{pager}<div id="postlist"><h1><span id="thread_subject">{escape(topic.title)}</span></h1>{floors}</div>',
    )


def _floor(floor: Floor, index: int) -> str:
    name = "楼主" if index == 0 else f"<em>{index + 1}</em><sup>#</sup>"
    return (
        f'<div id="post_{floor.id}"><table><tr><td class="pls"><div class="authi"><a href="space-uid-7.html" class="xw1">{escape(floor.author)}</a></div></td>'
        f'<td class="plc"><strong><a id="postnum{floor.id}">{name}</a></strong><div class="authi"><em id="authorposton{floor.id}">发表于 {_stamp(floor.at)}</em></div>'
        f'<table><tr><td class="t_f" id="postmessage_{floor.id}">{escape(floor.body)}</td></tr></table></td></tr></table></div>'
    )


def _pager(number: int, pages: int, link: str) -> str:
    if pages == 1:
        return ""
    following = f'<a href="{link}{number + 1}" class="nxt">下一页</a>' if number < pages else ""
    return f'<div class="pg"><strong>{number}</strong><label><span title="共 {pages} 页"> / {pages} 页</span></label>{following}</div>'


def _document(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)} - Powered by Discuz!</title><meta name="generator" content="Discuz! X3.5">'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def _stamp(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local.year}-{local.month}-{local.day} {local:%H:%M:%S}"


def _day(at: datetime) -> str:
    return _stamp(at).split()[0]


def _handler(forum: Forum) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            forum.asked.append(self.path)
            how = next((word for part, word in forum.broken.items() if part in self.path), "")
            if self.path == "/robots.txt":
                self._say(200, forum.robots.encode(), "text/plain")
            elif how:
                self._misbehave(how)
            else:
                status, text = forum.page(self.path)
                self._say(status, text.encode(), "text/html; charset=utf-8")

        def _misbehave(self, how: str) -> None:
            if how == "503":
                self._say(503, b"down", "text/html")
            elif how == "403":
                self._say(403, b"forbidden", "text/html")
            elif how == "big":
                self._say(200, b"x" * 3_000_000, "text/html")
            elif how == "away":
                self.send_response(302)
                self.send_header("Location", "http://localhost.invalid/")
                self.end_headers()
            elif how == "drip":
                self.send_response(200)
                self.end_headers()
                for _ in range(100):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            else:
                self._say(200, how.encode(), "text/html; charset=utf-8")

        def _say(self, status: int, body: bytes, sort: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", sort)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
