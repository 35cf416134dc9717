"""A board that looks like Discuz! X3.5 in UTF-8: 20 rows a list page, 10 posts a thread page, recent times in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

from flask import Flask, Response, request
from markupsafe import escape

from data.reference import Board
from demo.boards.discuz_html import HEAD, LIST, POST, ROW, SEPARATOR
from demo.boards.page import FLOORS, Floor, floors, html, last_post, local, number, slice_of
from demo.scenes import MOVED_TITLE
from demo.thread import Thread
from demo.world import World

ROWS, POSTS = 20, 10
GONE = "抱歉，指定的主题不存在或已被删除或正在被审核"
MEMBERS = "抱歉，您尚未登录，没有权限访问该版块"
NO_SECTION = "抱歉，指定的版块不存在"


def create_app(world: World, board: Board) -> Flask:
    """forum.php with its lists and threads, and their rewritten addresses."""
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    @app.get("/forum.php")
    def forum() -> Response:
        a = request.args
        if a.get("mod") == "viewthread":
            return thread_page(a.get("tid", ""), number(a.get("page")))
        by_date = a.get("filter") == "author" and a.get("orderby") == "dateline"
        if a.get("mod") == "forumdisplay":
            return list_page(a.get("fid", ""), number(a.get("page")), by_date)
        return _page(board.name, "".join(f'<a href="forum-{s.id}-1.html">{s.name}</a>' for s in board.sections))

    @app.get("/forum-<fid>-<int:page>.html")
    def list_page(fid: str, page: int, by_date: bool = False) -> Response:
        if fid not in {s.id for s in board.sections}:
            return _message(board, NO_SECTION)
        return _ok(_list(fid, page, by_date, world.clock(), world.version))

    @app.get("/thread-<tid>-<int:page>-<int:back>.html")
    def thread_page(tid: str, page: int, back: int = 1) -> Response:
        found, now = world.thread(board.slug, tid), world.clock()
        if found is None or not found.is_listed(now):
            return _message(board, GONE, 404)
        if not found.is_readable(now):
            return _message(board, MEMBERS)
        return _ok(_thread(tid, page, now, world.version))

    @lru_cache(maxsize=512)
    def _list(fid: str, page: int, by_date: bool, now: datetime, version: int) -> str:
        rows = sorted(
            ((t.posted_at if by_date else last_post(t, now)[0], t) for t in world.listed(board.slug, fid, now)),
            key=lambda row: (row[0], row[1].id),
            reverse=True,
        )
        some, page, pages = slice_of(rows, page, ROWS)
        base = f"forum.php?mod=forumdisplay&fid={fid}" + ("&filter=author&orderby=dateline" if by_date else "")
        stickies = "".join(_row(t, now, "stickthread") for t in world.pinned(board.slug)) if page == 1 else ""
        moved = _moved(rows[-1][1]) if page == pages and rows else ""
        body = "".join(_row(t, now, "normalthread") for _, t in some)
        return _html(board, LIST.format(fid=fid, rows=stickies + SEPARATOR + body + moved, pg=_pg(base, page, pages)))

    @lru_cache(maxsize=1024)
    def _thread(tid: str, page: int, now: datetime, version: int) -> str:
        thread = world.thread(board.slug, tid)
        assert thread is not None
        some, page, pages = slice_of(floors(thread, now), page, POSTS)
        posts = "".join(_post(tid, floor, now) for floor in some)
        pg = _pg(f"forum.php?mod=viewthread&tid={tid}&extra=", page, pages)
        count = len(thread.shown(now))
        head = HEAD.format(tid=tid, title=escape(thread.title), views=thread.views, replies=count)
        return _html(board, pg + f'<div id="postlist" class="pl bm">{head}{posts}</div>' + pg, thread.title)

    return app


def _row(thread: Thread, now: datetime, sort: str) -> str:
    last, last_author = last_post(thread, now)
    return ROW.format(
        sort=sort,
        tid=thread.id,
        to=thread.id,
        before="",
        title=escape(thread.title),
        author=_who(thread.author),
        day=when(thread.posted_at, now, "%Y-%m-%d"),
        replies=len(thread.shown(now)),
        views=thread.views,
        last_author=_who(last_author),
        last=when(last, now, "%Y-%m-%d %H:%M"),
    )


def _moved(target: Thread) -> str:
    """A thread that was moved away leaves a row with an id of its own that links to another one."""
    return ROW.format(
        sort="normalthread",
        tid=int(target.id) - 1,
        to=target.id,
        before=" 移动:",
        title=MOVED_TITLE,
        author=_who("老城根儿"),
        day="2011-7-20",
        replies="-",
        views="-",
        last_author=_who("老城根儿"),
        last="2011-7-20 10:12",
    )


def _post(tid: str, floor: Floor, now: datetime) -> str:
    name = (
        f'<a href="home.php?mod=space" target="_blank" class="xw1">{escape(floor.author)}</a>'
        if floor.author
        else "匿名"
    )
    return POST.format(
        pid=floor.id,
        tid=tid,
        side=f'<div class="authi">{name}\n</div>',
        floor=FLOORS[floor.number] if floor.number < len(FLOORS) else f"<em>{floor.number + 1}</em><sup>#</sup>",
        at=when(floor.at, now, "%Y-%m-%d %H:%M:%S"),
        script="" if floor.number else '<script type="text/javascript">var first = "楼主";</script>\n',
        body=html(floor.body),
    )


def _who(name: str | None) -> str:
    return f'<a href="home.php?mod=space&amp;username={quote(name)}" c="1">{escape(name)}</a>' if name else "匿名"


def when(at: datetime, now: datetime, format: str) -> str:
    """The time as Discuz! prints it: in words within a week, with the exact one in the title; else unpadded."""
    here, today = local(at), local(now).replace(hour=0, minute=0, second=0)
    exact = here.strftime(format).replace("-0", "-")
    words = _words(here, local(now), today)
    return f'<span title="{here.strftime(format)}">{words}</span>' if words else exact


def _words(at: datetime, now: datetime, today: datetime) -> str:
    seconds = int((now - at).total_seconds())
    if at >= today:
        if seconds >= 3600:
            return f"{seconds // 3600}&nbsp;小时前"
        if seconds >= 1800:
            return "半小时前"
        if seconds >= 60:
            return f"{seconds // 60}&nbsp;分钟前"
        return f"{seconds}&nbsp;秒前" if seconds else "刚刚"
    days = -(-(today - at) // timedelta(days=1))
    if days <= 2:
        return f"{('昨天', '前天')[days - 1]}&nbsp;{at:%H:%M}"
    return f"{days}&nbsp;天前" if days <= 7 else ""


def _pg(base: str, page: int, pages: int) -> str:
    if pages == 1:
        return ""
    links = "".join(
        f"<strong>{n}</strong>" if n == page else f'<a href="{escape(base)}&amp;page={n}">{n}</a>'
        for n in range(1, pages + 1)
    )
    following = f'<a href="{escape(base)}&amp;page={page + 1}" class="nxt">下一页</a>' if page < pages else ""
    return f'<div class="pg">{links}<label><span title="共 {pages} 页"> / {pages} 页</span></label>{following}</div>'


def _html(board: Board, body: str, title: str = "") -> str:
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8" /><title>{escape(title or board.name)} -  Powered by Discuz!</title>
<meta name="generator" content="Discuz! X3.5" /></head>
<body id="nv_forum"><div id="wp" class="wp"><div id="ct" class="wp cl">{body}</div></div>
<div id="ft">Powered by <strong><a href="https://www.discuz.vip/">Discuz!</a></strong> <em>X3.5</em></div></body></html>"""


def _page(title: str, body: str) -> Response:
    return _ok(
        f"<!DOCTYPE html><html><head><meta name='generator' content='Discuz! X3.5' /><title>{escape(title)}</title>"
        f"</head><body>{body}</body></html>"
    )


def _message(board: Board, text: str, status: int = 200) -> Response:
    """A message page: 404 for a thread that is not there, 200 for everything else that is refused."""
    box = f'<div id="messagetext" class="alert_{"error" if status == 404 else "info"}">\n<p>{text}</p></div>'
    return Response(_html(board, box, "提示信息"), status, mimetype="text/html")


def _ok(page: str) -> Response:
    return Response(page, mimetype="text/html")
