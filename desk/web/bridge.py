"""连心桥: matters that need more than one answer, what was done for each, and which wait to be looked at again."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from desk.web import show
from desk.web.behind import title
from desk.web.context import me, note, now, the_city
from ticketing import bridge
from ticketing.bridge import BridgeError

pages = Blueprint("bridge", __name__)


@pages.get("/bridge")
def index() -> str:
    """Open matters, the longest unreviewed first, and those closed lately."""
    store = the_city().store
    matters = [(b, store.tickets.ticket(b.ticket), store.bridges.notes(b.id)) for b in store.bridges.list()]
    closed = [(b, store.tickets.ticket(b.ticket)) for b in store.bridges.list(closed=True)[:20]]
    return render_template(
        "bridge.html",
        matters=matters,
        closed=closed,
        now=now(),
        given=request.args.get("ticket", ""),
        title=title,
        told=_told,
    )


def _told(text: str) -> str:
    """What was written of a matter; a number to ring is for those who ring it."""
    return text if me().role == "clerk" else show.hidden(text)


@pages.post("/bridge")
def begin() -> Response:
    """Mark a ticket's matter 帮扶."""
    ticket = request.form.get("ticket", "").strip()
    return _do(
        lambda: bridge.begin(the_city(), ticket, request.form.get("need", ""), me().name, now()), "连心桥：加入", ticket
    )


@pages.post("/bridge/<int:number>/note")
def add_note(number: int) -> Response:
    """Log what was done."""
    return _do(
        lambda: bridge.note(the_city(), number, request.form.get("done", ""), me().name, now()),
        "连心桥：记录",
        str(number),
    )


@pages.post("/bridge/<int:number>/close")
def close(number: int) -> Response:
    """Close a matter, with the reason."""
    return _do(
        lambda: bridge.close(the_city(), number, request.form.get("done", ""), me().name, now()),
        "连心桥：结束",
        str(number),
    )


def _do(act: Callable[[], object], what: str, subject: str) -> Response:
    try:
        act()
        note(what, subject)
        flash("已记下", "good")
    except BridgeError as error:
        flash(str(error), "bad")
    return redirect(url_for("bridge.index"))
