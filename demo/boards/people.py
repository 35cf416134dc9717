"""A board that looks like 人民网 领导留言板: lists as JSON by thread number, answers as organisations, times to the minute."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from markupsafe import escape

from data.reference import Board
from demo.boards.page import html, local, number
from demo.thread import Answer, Thread, Voice
from demo.world import World

ROWS = 10
WAITING, WORKING, DONE = "待回复", "办理中", "已办理"
STATES = {"2": WAITING, "3": WORKING, "4": DONE}
CUT = 100


def create_app(world: World, board: Board) -> Flask:
    """The list interface, the page of one leader (its rows come by script) and the pages of threads."""
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    @app.get("/threads/list")
    def index() -> Response:
        links = "".join(f'<a href="/threads/list?fid={s.id}">{escape(s.name)}</a>' for s in board.sections)
        return _html(board.name, f'<div id="list_content">{links}</div>')

    @app.post("/threads/queryThreadsList")
    def rows() -> Response:
        if not request.headers.get("Referer"):
            return Response("", 403)
        form, now = request.form, world.clock()
        before, wanted = number(form.get("lastItem"), 0), STATES.get(form.get("state", ""), "")
        found = sorted(world.listed(board.slug, form.get("fid", ""), now), key=lambda t: int(t.id), reverse=True)
        fit = [t for t in found if not before or int(t.id) < before]
        fit = [t for t in fit if not wanted or state(t, now) == wanted]
        return jsonify({"result": "success", "responseData": [_item(t, board, now) for t in fit[:ROWS]]})

    @app.get("/threads/content")
    def content() -> Response:
        found, now = world.thread(board.slug, request.args.get("tid", "")), world.clock()
        if found is None or not found.is_readable(now):
            return Response("<html><head><title>404</title></head><body>您访问的留言不存在</body></html>", 404)
        return _html(found.title, _thread(found, now))

    return app


def state(thread: Thread, now: datetime) -> str:
    """待回复 until anybody answers, 已办理 once the unit has said something of substance."""
    shown = thread.shown(now)
    if any(a.voice is Voice.UNIT and not a.holding for a in shown):
        return DONE
    return WORKING if shown else WAITING


def _item(thread: Thread, board: Board, now: datetime) -> dict[str, Any]:
    shown = thread.shown(now)
    answer = shown[-1] if shown else None
    body = thread.body
    return {
        "tid": int(thread.id),
        "fid": int(thread.section),
        "nickName": thread.author,
        "subject": thread.title,
        "content": body[:CUT] + ("..." if len(body) > CUT else ""),
        "dateline": int(thread.posted_at.timestamp()),
        "threadsCheckTime": int(thread.posted_at.timestamp()),
        "stateInfo": state(thread, now),
        "typeName": thread.kind or "其他",
        "domainName": "城建",
        "forumName": next((s.name for s in board.sections if s.id == thread.section), ""),
        "answerId": answer.id if answer else None,
        "answerContent": answer.body if answer else None,
        "answerDateline": int(answer.at.timestamp()) if answer else None,
        "answerOrganization": answer.author if answer else None,
        "grade": None,
        "favNum": 0,
    }


THREAD = """<div class="liuyan_box03 w1200 clearfix"><h2><b><span class="context-title-text">{title}</span>
<em class="{colour}">{state}</em><em class="domainType">城建</em><em class="domainType">{kind}</em></b></h2>
<h3 class="fl grey2 clearfix"><span>
{author}
&nbsp;&nbsp;&nbsp;&nbsp;
{at}
&nbsp;&nbsp;&nbsp;&nbsp;
</span></h3>
<p class="zoom content">{body}</p></div>
<div class="clearfix liuyan_box05 w1200"><ul>{answers}</ul></div>"""
ANSWER = """<li class="reply"><span class="title">回复</span><h3><i class="red">{organisation}</i></h3>
<p class="zoom">{body}</p>
<h3><em class="grey2">
回复时间：{at}
</em></h3></li>"""
COLOURS = {WAITING: "red", WORKING: "orange", DONE: "green"}


def _thread(thread: Thread, now: datetime) -> str:
    return THREAD.format(
        title=escape(thread.title),
        colour=COLOURS[state(thread, now)],
        state=state(thread, now),
        kind=thread.kind or "其他",
        author=escape(thread.author or "网友"),
        at=f"{local(thread.posted_at):%Y-%m-%d %H:%M}",
        body=html(thread.body),
        answers="".join(_answer(a) for a in thread.shown(now)),
    )


def _answer(answer: Answer) -> str:
    at = f"{local(answer.at):%Y-%m-%d %H:%M}"
    return ANSWER.format(organisation=escape(answer.author), body=html(answer.body), at=at)


def _html(title: str, body: str) -> Response:
    page = f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{escape(title)} - 领导留言板 - 人民网</title></head>
<body><div class="path_2j w1200 grey2">当前位置 ：<a href="/">领导留言板</a></div>{body}</body></html>"""
    return Response(page, mimetype="text/html")
