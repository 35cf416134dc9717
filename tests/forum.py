"""A small Discuz!-like forum on loopback whose threads a test writes, and which misbehaves on request."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from data.reference import Board, Section

ZONE = ZoneInfo("Asia/Shanghai")
ROWS, POSTS = 5, 4  # on a page
NOTHING = '<div id="threadlist"><p>本版块或指定的范围内尚无主题</p></div>'
BOMB = 100 * 1024 * 1024  # bytes that a gzip bomb becomes


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
    closed: bool = False  # the list shows it; the thread's own page does not, as on phpwind
    rest: str = ""  # further parts of the first post, shown only to who asks for all of them

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
    asked_at: list[float] = field(default_factory=list)  # by the machine's steady clock, in step with ``asked``
    pause: float = 0  # seconds before each answer
    answered: list[int] = field(default_factory=list)  # the status of each answer, in step with ``asked``
    rows: int = ROWS
    ascending: bool = False  # the oldest last post first, as a section can be set
    posts: int = POSTS
    validators: str = ""  # "etag" or "modified": what pages carry, and may be asked again with
    modified: datetime | None = None

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
            return 200, self._list(number) if query.get("fid") == "2" else _document("闲聊", NOTHING)
        if path == "/feed.xml":
            return 200, self._feed()
        if urlsplit(path).path in ("/", "/forum.php") and "tid" not in query:
            return 200, _front()
        topic = next((t for t in self.topics if str(t.id) == query.get("tid") and not t.deleted), None)
        if topic is None:
            return 404, _document(
                "提示信息", '<div id="messagetext"><p>抱歉，指定的主题不存在或已被删除或正在被审核</p></div>'
            )
        return 200, _thread(topic, number, self.posts, parts=query.get("cp", ""))

    def _feed(self) -> str:
        """The newest posts, as many as a list page has rows."""
        newest = sorted(self.topics, key=lambda t: t.floors[0].at, reverse=True)[: self.rows]
        items = "".join(
            f"<item><title>{escape(t.title)}</title><link>{self.url}thread-{t.id}-1-1.html</link>"
            f"<description>{escape(t.floors[0].body)}</description><author>{escape(t.floors[0].author)}</author>"
            f"<pubDate>{format_datetime(t.floors[0].at)}</pubDate></item>"
            for t in newest
        )
        return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>民声</title>{items}</channel></rss>'

    def _list(self, number: int) -> str:
        shown = [t for t in self.topics if not t.deleted]
        stickies = [t for t in shown if t.sticky]
        others = sorted((t for t in shown if not t.sticky), key=lambda t: t.touched, reverse=not self.ascending)
        pages = max(1, -(-len(others) // self.rows))
        number = min(number, pages)  # past the end the last page answers, as the real one does
        rows = (stickies if number == 1 else []) + others[(number - 1) * self.rows : number * self.rows]
        pager = _pager(number, pages, "forum.php?mod=forumdisplay&amp;fid=2&amp;page=")
        return _document(
            "民声",
            f'{pager}<div id="threadlist"><table id="threadlisttableid">{"".join(map(_row, rows))}</table></div>',
        )


def _row(topic: Topic) -> str:
    first, kind = topic.floors[0], "stickthread" if topic.sticky else "normalthread"
    link = f"forum.php?mod=viewthread&amp;tid={topic.id}"
    icon = '<a title="关闭的主题"></a>' if topic.closed else ""
    return (
        f'<tbody id="{kind}_{topic.id}"><tr><td class="icn">{icon}</td><th><a href="{link}" class="s xst">{escape(topic.title)}</a></th>'
        f'<td class="by"><cite><a href="#">{escape(first.author)}</a></cite><em><span>{_day(first.at)}</span></em></td>'
        f'<td class="num"><a href="{link}" class="xi2">{len(topic.floors) - 1}</a><em>9</em></td>'
        f'<td class="by"><cite><a href="#">x</a></cite><em><a href="#">{_stamp(topic.touched)[:-3]}</a></em></td></tr></tbody>'
    )


def _front() -> str:
    """The board's front page: two sections, one of them linked twice (by its icon and by its name), and no list."""
    link = "forum.php?mod=forumdisplay&amp;fid="
    return _document(
        "小论坛",
        f'<a href="{link}2"><img src="i.gif"></a><h2><a href="{link}2">民声</a></h2><h2><a href="{link}3">闲聊</a></h2>'
        f'<a href="{link}2&amp;filter=digest">精华</a>',
    )


def _thread(topic: Topic, number: int, posts: int, parts: str = "") -> str:
    pages = -(-len(topic.floors) // posts)
    number = min(number, pages)
    shown = topic.floors[(number - 1) * posts : number * posts]
    if topic.rest and number == 1 and parts == "all":
        shown = [replace(shown[0], body=shown[0].body + topic.rest), *shown[1:]]
    index = '<div id="threadpage"></div>' if topic.rest and number == 1 and parts != "all" else ""
    pager = _pager(number, pages, f"forum.php?mod=viewthread&amp;tid={topic.id}&amp;page=")
    floors = "".join(_floor(f, (number - 1) * posts + i) for i, f in enumerate(shown))
    head = f'<div id="pt"><a href="forum.php?mod=forumdisplay&amp;fid=2">民声</a><a href="forum.php?mod=viewthread&amp;tid={topic.id}">{escape(topic.title)}</a></div>'
    return _document(
        topic.title,
        f'{head}{pager}<div id="postlist"><h1><span id="thread_subject">{escape(topic.title)}</span></h1>{index}{floors}</div>',
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
            forum.asked_at.append(time.monotonic())
            time.sleep(forum.pause)
            how = next((word for part, word in forum.broken.items() if part in self.path), "")
            try:
                if how:
                    self._misbehave(how)
                elif self.path == "/robots.txt":
                    self._say(200, forum.robots.encode(), "text/plain")
                else:
                    status, text = forum.page(self.path)
                    self._say(status, text.encode(), "text/html; charset=utf-8")
            except OSError:
                """The spider hung up, as it should on some of these."""

        def send_response(self, code: int, message: str | None = None) -> None:
            forum.answered.append(code)
            super().send_response(code, message)

        def _misbehave(self, how: str) -> None:
            if how in ("403", "404", "503"):
                self._say(int(how), b"no", "text/html")
            elif how == "big":
                self._say(200, b"x" * 3_000_000, "text/html")
            elif how == "huge":
                self._pour(b"x" * 65_536, 320, 0)
            elif how == "away":
                self._send_to("http://localhost.invalid/")
            elif how == "once":
                self._send_to(self.path)
                forum.broken = {part: word for part, word in forum.broken.items() if word != "once"}
            elif how == "blank once":
                self._say(200, b"", "text/html")
                forum.broken = {part: word for part, word in forum.broken.items() if word != how}
            elif how == "to login":
                self._send_to("/member.php?mod=logging&action=login")
            elif how == "loop":
                self._send_to(self.path)
            elif how == "bomb":
                self._say(200, bomb(), "text/html", {"Content-Encoding": "gzip"})
            elif how == "drip":
                self._pour(b"x", 100, 0.1)
            elif how == "endless":
                self._say(200, _endless(self.path).encode(), "text/html; charset=utf-8")
            elif how == "undecodable":
                self._say(200, b"<html>" + b"\xff\xfe\x81" * 900 + b"</html>", "text/html; charset=utf-8")
            else:
                self._say(200, how.encode(), "text/html; charset=utf-8")

        def _send_to(self, address: str) -> None:
            self.send_response(302)
            self.send_header("Location", address)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _pour(self, piece: bytes, times: int, pause: float) -> None:
            """A body whose length nobody announced."""
            self.send_response(200)
            self.end_headers()
            for _ in range(times):
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(pause)

        def _say(self, status: int, body: bytes, sort: str, more: Mapping[str, str] | None = None) -> None:
            headers = {"Content-Type": sort, **(more or {}), **self._validators(body)}
            same = headers.get("ETag") == self.headers["If-None-Match"] if "ETag" in headers else False
            same = same or headers.get("Last-Modified", "") == self.headers["If-Modified-Since"]
            self.send_response(304 if same else status)
            for name, value in headers.items():
                self.send_header(name, value)
            if not same:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not same:
                self.wfile.write(body)

        def _validators(self, body: bytes) -> dict[str, str]:
            if forum.validators == "etag":
                return {"ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'}
            if forum.validators == "modified" and forum.modified:
                return {"Last-Modified": format_datetime(forum.modified, usegmt=True)}
            return {}

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


@functools.cache  # made before it is asked for, so that what is timed is the reading
def bomb() -> bytes:
    """A small answer that unpacks to ``BOMB`` bytes."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(BOMB >> 20)) + packer.flush()


def _endless(path: str) -> str:
    """A list or a thread that always has another page, with something new on it."""
    query = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
    number, at = int(query.get("page", "1")), datetime(2011, 7, 25, 3, 0, tzinfo=ZONE)
    floors = [Floor(900_000 + number * POSTS + i, "灌水者", at, f"第 {number} 页") for i in range(POSTS)]
    if query.get("mod") == "forumdisplay":
        topics = [Topic(500_000 + number * ROWS + i, "灌水", floors[:1], last=datetime.now(ZONE)) for i in range(ROWS)]
        pager = _pager(number, number + 1, "forum.php?mod=forumdisplay&amp;fid=2&amp;page=")
        table = f'<table id="threadlisttableid">{"".join(map(_row, topics))}</table>'
        return _document("民声", f'{pager}<div id="threadlist">{table}</div>')
    many = Topic(int(query["tid"]), "没有尽头", floors * (number + 1))
    many.floors[(number - 1) * POSTS : number * POSTS] = floors
    return _thread(many, number, POSTS)
