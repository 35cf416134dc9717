"""The staff web pages: server-rendered, in Chinese, usable by keyboard, and strict about what a page may load."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, current_app, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from data.city import City
from data.store import StoreError
from data.store.amiss import sentence
from desk.open311 import service
from desk.open311.answers import Refused
from desk.web import (
    access,
    admin,
    audit,
    barometer,
    behind,
    bounds,
    bridge,
    by_hand,
    context,
    deciding,
    files,
    meter,
    models,
    monitoring,
    navigation,
    outbox,
    overview,
    reference,
    retention,
    rota,
    search,
    session,
    show,
    tickets,
    today,
    users,
)

LARGEST_FORM = 256 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers older than frame-ancestors
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SENTENCES = {
    400: "请求有误；请返回上一页重新填写",
    403: "您的角色没有这项权限；需要的话请找管理员",
    404: "没有这个页面，或者您不能查看它",
    405: "这个地址不能这样打开；请从页面上的按钮进入",
    413: "提交的内容太大",
    500: "程序出错了，刚才的操作可能没有保存；请返回再试一次，仍不行请找管理员查看日志",
}


def create_app(city: City, clock: Callable[[], datetime]) -> Flask:
    """The desk of ``city``; ``clock`` says what time it is (an aware datetime)."""
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, SEND_FILE_MAX_AGE_DEFAULT=3600)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.converters["int"] = bounds.Number
    context.bind(app, city, clock)
    meter.install(app)
    session.install(app, city)
    monitoring.install(app)
    access.guard(app)
    show.install(app)
    rota.install(app)
    navigation.install(app)
    for pages in (
        deciding.pages,
        tickets.pages,
        search.pages,
        overview.pages,
        behind.pages,
        outbox.pages,
        audit.pages,
        today.pages,
        files.pages,
        bridge.pages,
        by_hand.pages,
        barometer.pages,
        users.pages,
        reference.pages,
        retention.pages,
        models.pages,
        admin.pages,
        monitoring.pages,
        rota.pages,
    ):
        app.register_blueprint(pages)
    app.register_blueprint(service.pages)
    app.extensions["csrf"].exempt(service.pages)  # no cookie opens it: every call brings its key
    app.extensions["training"] = models.Training()
    app.extensions["suggesting"] = by_hand.Suggesting()
    app.jinja_env.globals["city_name"] = city.settings.city.name
    app.logger.addFilter(one_line)
    app.after_request(_headers)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _failed)
    app.register_error_handler(sqlite3.Error, _no_store)
    app.register_error_handler(StoreError, _no_store)
    return app


def one_line(record: logging.LogRecord) -> bool:
    """What a request says, its address above all, cannot begin a line of its own in the log."""
    said = record.getMessage()
    record.msg, record.args = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in said), ()
    return True


def _headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"  # citizens' words stay off shared computers' disks
    return response


def _stale(_: CSRFError) -> tuple[str, int]:
    return render_template("error.html", sentence="页面已过期，刚才的操作没有保存；请刷新页面后再做一次", code=400), 400


def _no_store(error: sqlite3.Error | StoreError) -> tuple[str, int] | Response:
    """Nothing was half done: what is written is written whole or not at all."""
    said = str(error) if isinstance(error, StoreError) else sentence(error)
    current_app.logger.error("%s：%s", request.path, said)
    if request.path.startswith("/open311/"):
        return service.refused(Refused(503, "暂时无法受理，请稍后再试"))
    what = "数据库现在读写不了，刚才的操作没有保存；请稍后再试，并告诉管理员"
    return render_template("error.html", sentence=what, code=503), 503


def _failed(error: HTTPException) -> tuple[str, int] | HTTPException | Response:
    code = error.code or 500
    if code < 400:
        return error
    if request.path.startswith("/open311/"):
        return service.refused(Refused(code, SENTENCES.get(code, "无法完成这个请求")))
    return render_template("error.html", sentence=SENTENCES.get(code, "无法完成这个请求"), code=code), code
