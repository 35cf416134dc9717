"""A board that looks like phpwind 8.7 in GBK, whose headers name no charset: errors are pages with status 200."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from flask import Flask, Response, request
from markupsafe import escape

from data.reference import Board
from demo.boards.page import FLOORS, Floor, floors, html, last_post, local, number, slice_of
from demo.boards.phpwind_html import HEAD, LIST, OPEN, POST, ROW, SEPARATOR, STICKY
from demo.thread import Thread
from demo.world import World

ROWS, POSTS = 20, 10
GONE = "读取数据错误,原因：您要访问的链接无效,可能链接不完整,或数据已被删除！"
NO_SUCH = "帖子ID非法"
MEMBERS = "对不起,本版块为认证版块,您没有权限查看此版块的内容！"


def create_app(world: World, board: Board) -> Flask:
    """Lists and threads under phpwind's rewritten addresses and under thread.php and read.php."""
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    def index() -> Response:
        links = "".join(f'<a href="thread-htm-fid-{s.id}.htm">{escape(s.name)}</a>' for s in board.sections)
        return _ok(_html(board, links, board.name))

    @app.get("/thread-htm-<path:rest>.htm")
    def rewritten_list(rest: str) -> Response:
        words = rest.split("-")
        return show_list(_after("fid", words), _after("page", words), "postdate" in words)

    @app.get("/thread.php")
    def plain_list() -> Response:
        a = request.args
        return show_list(a.get("fid", ""), a.get("page", ""), a.get("orderway") == "postdate")

    @app.get("/read-htm-<path:rest>.htm")
    def rewritten_thread(rest: str) -> Response:
        words = rest.split("-")
        return show_thread(_after("tid", words), _after("page", words))

    @app.get("/read.php")
    def plain_thread() -> Response:
        return show_thread(request.args.get("tid", ""), request.args.get("page", ""))

    def show_list(fid: str, page: str, by_date: bool) -> Response:
        if fid not in {s.id for s in board.sections}:
            return _message(board, GONE)
        return Response(_list(fid, number(page), by_date, world.clock(), world.version), content_type="text/html")

    def show_thread(tid: str, page: str) -> Response:
        found, now = world.thread(board.slug, tid), world.clock()
        if found is None or found.posted_at > now:
            return _message(board, NO_SUCH)
        if not found.is_listed(now):
            return _message(board, GONE)
        if not found.is_readable(now):
            return _message(board, MEMBERS)
        wanted = 10**6 if page == "e" else number(page)
        return Response(_thread(tid, wanted, now, world.version), content_type="text/html")

    @lru_cache(maxsize=512)
    def _list(fid: str, page: int, by_date: bool, now: datetime, version: int) -> bytes:
        rows = sorted(
            world.listed(board.slug, fid, now),
            key=lambda t: (t.posted_at if by_date else last_post(t, now)[0], t.id),
            reverse=True,
        )
        some, page, pages = slice_of(rows, page, ROWS)
        base = f"thread-htm-fid-{fid}" + ("-search-all-orderway-postdate-asc-DESC" if by_date else "")
        sticky = "".join(_row(t, now, STICKY) for t in world.pinned(board.slug)) if page == 1 else ""
        body = "".join(_row(t, now, OPEN) for t in some)
        return _bytes(_html(board, LIST.format(rows=sticky + SEPARATOR + body, pages=_pages(base, page, pages))))

    @lru_cache(maxsize=1024)
    def _thread(tid: str, page: int, now: datetime, version: int) -> bytes:
        thread = world.thread(board.slug, tid)
        assert thread is not None
        some, page, pages = slice_of(floors(thread, now), page, POSTS)
        nav = f'<span class="fl">{_pages(f"read-htm-tid-{tid}", page, pages)}</span>'
        title = escape(_gbk(thread.title))
        head = HEAD.format(title=title, section=thread.section, tid=tid)
        body = nav + head + "".join(_post(tid, floor) for floor in some) + nav
        return _bytes(_html(board, body, thread.title))

    return app


def _row(thread: Thread, now: datetime, icon: str) -> str:
    last, last_author = last_post(thread, now)
    return ROW.format(
        tid=thread.id,
        icon=icon,
        title=escape(_gbk(thread.title)),
        author=_who(thread.author),
        day=f"{local(thread.posted_at):%Y-%m-%d}",
        replies=len(thread.shown(now)),
        views=thread.views,
        last_author=_who(last_author),
        last=f"{local(last):%Y-%m-%d %H:%M}",
        words=_words(last, now),
    )


def _post(tid: str, floor: Floor) -> str:
    return POST.format(
        pid=floor.id if floor.number else "tpc",
        author=f'<a href="u.php?uid={100 + len(floor.author)}">{escape(floor.author)}</a>'
        if floor.author
        else '<a href="u.php?uid=0">匿名</a>',
        floor=FLOORS[floor.number] if floor.number < len(FLOORS) else f"{floor.number}楼",
        at=f"{local(floor.at):%Y-%m-%d %H:%M:%S}",
        day=f"{local(floor.at):%Y-%m-%d}",
        script="" if floor.number else "<script>var tpc = '楼主';</script>\n",
        body=html(_gbk(floor.body)),
    )


def _who(name: str | None) -> str:
    if name is None:
        return '<a href="u.php?uid=0" class=" _cardshow">匿名</a>'
    return f'<a href="u.php?username={quote(name)}" class=" _cardshow">{escape(name)}</a>'


def _words(at: datetime, now: datetime) -> str:
    seconds = int((now - at).total_seconds())
    if seconds < 60:
        return f"{seconds}秒前"
    if seconds < 3600:
        return f"{seconds // 60}分钟前"
    if local(at).date() == local(now).date():
        return f"{seconds // 3600}小时前"
    return f"{local(at):%Y-%m-%d}"


def _pages(base: str, page: int, pages: int) -> str:
    if pages == 1:
        return ""
    links = (f"<b>{n}</b>" if n == page else f'<a href="{base}-page-{n}.htm">{n}</a>' for n in range(1, pages + 1))
    return f'<div class="pages">{"".join(links)}</div>'


def _after(name: str, words: list[str]) -> str:
    at = words.index(name) + 1 if name in words else len(words)
    return words[at] if at < len(words) else ""


def _gbk(text: str) -> str:
    """What a browser makes of text the page's charset cannot hold, before the board escapes it once more."""
    return text.encode("gbk", "xmlcharrefreplace").decode("gbk")


def _bytes(page: str) -> bytes:
    return page.encode("gbk", "xmlcharrefreplace")


def _html(board: Board, body: str, title: str = "") -> str:
    return f"""<!doctype html>
<html><head><meta charset="gbk" /><title>{escape(_gbk(title or board.name))} - Powered by phpwind</title>
<meta name="generator" content="phpwind v8.7(20110913)" /></head>
<body><div class="wrap"><div id="pw_content">{body}</div>
<div id="footer">Powered by <a href="http://www.phpwind.net/">phpwind v8.7</a></div></div></body></html>"""


def _message(board: Board, text: str) -> Response:
    box = f"""<div class="regTitle cc"><h5 class="s6"><b>提示信息</b></h5></div><div class="regIgnore">
<div class="f14 mb5">您没有登录或者您没有权限访问此页面，可能有如下几个原因</div>
<ol><li>1、{text}</li><li>2、您还不是站点会员,请先登录站点</li></ol></div>
<form action="login.php?" method="post" name="login"><input type="text" name="pwuser" /></form>"""
    return _ok(_html(board, box, "提示信息"))


def _ok(page: str) -> Response:
    return Response(_bytes(page), content_type="text/html")
