"""What did not leave, or nobody knows whether it did: on one page, to be sent again or settled by whoever found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from data.records import OutboxEntry, OutboxState
from desk.web import bounds, show
from desk.web.context import me, now, the_city, the_reference
from ticketing import second

pages = Blueprint("outbox", __name__, url_prefix="/outbox")

LISTED = 50
KINDS: Mapping[str, str] = {
    "filing": "交办通知",
    "urge": "催办",
    "supervise": "督办",
    "leader": "抄报领导",
    "urge-accept": "催签收",
    "urge-completion": "催办结",
    "supervise-completion": "督办办结",
    "leader-completion": "抄报领导",
    "force": "维持交办",
    "reopen": "重办",
    "grant_extension": "同意延期",
    "refuse_extension": "不同意延期",
    "surge": "民情升温",
    "digest": "日报",
    "leader-digest": "领导日报",
}


@pages.get("")
def index() -> str:
    """The oldest first, a page at a time, of one state and channel where asked for."""
    wanted = {name: request.args.get(name, "") for name in ("state", "channel")}
    states = [s for s in second.STUCK if s == wanted["state"]] or second.STUCK
    after = bounds.number("after") or 0
    found = the_city().store.outbox.stuck(states, wanted["channel"], LISTED + 1, after)
    counts = the_city().store.outbox.counts()
    return render_template(
        "outbox.html",
        rows=[_row(entry) for entry in found[:LISTED]],
        more=found[LISTED - 1].id if len(found) > LISTED else None,
        after=after,
        wanted=wanted,
        filters={k: v for k, v in wanted.items() if v},
        sums={s: sum(n for (_, state), n in counts.items() if state == s) for s in second.STUCK},
        failed=sum(n for (c, s), n in counts.items() if s == OutboxState.FAILED and wanted["channel"] in ("", c)),
        most=second.AT_ONCE,
    )


def _row(entry: OutboxEntry) -> dict[str, Any]:
    """An act, what it is about, and whom to ring about it."""
    store, about = the_city().store, str(entry.payload.get("ticket", ""))
    ticket = store.tickets.ticket(about) if about else None
    decision = store.decisions.decision(int(entry.payload["decision"])) if "decision" in entry.payload else None
    unit = ticket.unit if ticket else decision.unit if decision else str(entry.payload.get("unit", ""))
    post = store.threads.post(ticket.board, ticket.thread) if ticket else None
    if post is None and "thread" in entry.payload:
        post = store.threads.post(str(entry.payload["board"]), str(entry.payload["thread"]))
    known = the_reference().unit.get(unit or "")
    return {
        "entry": entry,
        "kind": KINDS.get(str(entry.payload.get("kind", "filing")), "") if entry.channel == "notice" else "",
        "ticket": ticket,
        "title": show.hidden(post.title) if post else "",
        "unit": known,
        "number": str(entry.payload.get("number", "")),
    }


@pages.post("/<int:number>/resend")
def resend(number: int) -> Response:
    """Send an act again that failed or whose result nobody knows."""
    try:
        entry = second.resend(the_city(), number, me().name, now())
        flash(f"已重新排队：{entry.subject}", "ok")
    except second.SecondError as error:
        flash(str(error), "bad")
    return _back()


@pages.post("/<int:number>/settle")
def settle(number: int) -> Response:
    """Keep what a person found out about such an act."""
    sent, words = request.form.get("sent") == "yes", request.form.get("note", "")[:200]
    try:
        entry = second.settle_by_hand(the_city(), number, sent, me().name, words, now())
        flash(f"已记下：{entry.subject} {'已送达' if sent else '没有送达'}", "ok")
    except second.SecondError as error:
        flash(str(error), "bad")
    return _back()


@pages.post("/resend")
def resend_failed() -> Response:
    """Send everything again that failed, once the gateway or the office system works; never what may have arrived."""
    count = second.resend_failed(the_city(), request.form.get("channel", ""), me().name, now())
    flash(f"已重新排队 {count} 件" if count else "没有发送失败的", "ok")
    return _back()


def _back() -> Response:
    state, channel = (request.form.get(f"of_{name}") or None for name in ("state", "channel"))
    return redirect(url_for("outbox.index", state=state, channel=channel))
