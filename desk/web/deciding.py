"""What a clerk does with a post: file it as suggested, correct it, reject it, or take that back."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from data.records import Action, Decision, Post, Suggestion, Urgency
from desk.web import bounds, presence, show, undo
from desk.web.context import me, note, now, the_city, the_reference, today
from desk.web.forms import CorrectForm, RejectForm, SplitForm, contact_line, first_error
from desk.web.queue import Answer, asked, page, pages, place
from ticketing import filing, merging, splitting
from ticketing.standing import MoveError

TOO_LATE = "您的操作没有另外记下，请接着看下一条"

__all__ = ["pages"]  # the queue's own, with these routes added


@pages.post("/queue/accept")
def accept() -> Answer:
    """File the post as suggested."""
    post, suggestion = asked()
    if why := _why_not(suggestion) or _no_unit(suggestion):
        flash(why, "warn")
        return redirect(url_for("queue.home", post=post.key))
    return _decide(post, Action.ACCEPT, unit=suggestion.units[0].name, **_as_suggested(suggestion))


def _as_suggested(suggestion: Suggestion) -> dict[str, Any]:
    """Everything but the unit."""
    return {
        "kind": suggestion.kind,
        "category": suggestion.category,
        "urgency": suggestion.urgency,
        "days": suggestion.days,
        "contact": contact_line(suggestion),
    }


def _no_unit(suggestion: Suggestion) -> str:
    return "" if suggestion.units else "这条帖子没有建议的承办单位，请更正后交办"


def _why_not(suggestion: Suggestion) -> str:
    """Why the suggestion cannot be filed just as it is, whatever the unit; empty when it can."""
    if suggestion.urgency == Urgency.EMERGENCY:
        return "紧急情况不按普通诉求交办：请先拨打电话；确是普通诉求的，请更正后交办"
    if request.form.get("seen") != suggestion.at.isoformat():
        return "这条帖子的建议刚刚更新过，请再看一眼"
    if not suggestion.is_request:
        return "建议认为这不是诉求；确要交办的，请更正后交办"
    return ""


@pages.post("/queue/correct")
def correct() -> Answer:
    """File the post as the clerk says."""
    post, suggestion = asked()
    form = CorrectForm.blank(the_reference(), today())
    if not form.validate():
        flash(first_error(form), "bad")
        return page(place(post.key), form, status=400)
    return _decide(
        post,
        Action.CORRECT,
        kind=form.kind.data,
        category=form.category.data,
        unit=form.unit.data,
        urgency=Urgency(form.urgency.data),
        days=form.days.data if form.urgency.data == Urgency.DAYS else 0,
        contact=contact_line(suggestion) if form.contact.data is None else form.contact.data.strip(),
        reason=(form.reason.data or "").strip(),
    )


@pages.post("/queue/reject")
def reject() -> Answer:
    """The post is not to be filed, and why."""
    post, _ = asked()
    form = RejectForm()
    if not form.validate():
        flash(first_error(form), "bad")
        return page(place(post.key), status=400)
    return _decide(post, Action.REJECT, reason=form.said)


@pages.post("/queue/split")
def split() -> Answer:
    """File the post to two units, each with a ticket of its own."""
    post, suggestion = asked()
    form = SplitForm.blank(the_reference(), today())
    if why := "" if form.validate() else first_error(form):
        flash(why, "bad")
        return page(place(post.key), status=400)
    if why := _why_not(suggestion):
        flash(why, "warn")
        return redirect(url_for("queue.home", post=post.key))
    return _decide(post, Action.CORRECT, unit=form.unit.data, also=form.second.data, **_as_suggested(suggestion))


@pages.post("/queue/merge")
def merge() -> Answer:
    """The post is on a matter that has a ticket already, and shares that ticket."""
    post, _ = asked()
    number = (request.form.get("number") or request.form.get("typed", "")).strip()[:40]
    try:
        with the_city().store.transaction():
            decided = merging.merge(the_city(), post.board, post.thread, number, me().name, "", now(), role=me().role)
            note("并入工单", f"{post.key} → {number}")
    except MoveError as error:
        became = presence.what_became(post.key)
        flash(f"这条帖子{became}。{TOO_LATE}" if became else str(error), "warn")
        return _onward() if became else redirect(url_for("queue.home", post=post.key))
    undo.remember(decided, f"已并入工单 {number}", post)
    return _onward()


def _decide(post: Post, action: Action, also: str = "", **fields: Any) -> Response:
    """Keep one decision; ``also``: the second unit of a post that is split."""
    decision = Decision(post.board, post.thread, now(), me().name, action, **fields)
    words = "拆分" if also else {"accept": "采纳", "correct": "更正", "reject": "不予交办"}[action]
    try:
        with the_city().store.transaction():  # one wait for the disk instead of two
            if also:
                number = splitting.split(the_city(), decision, also, now())
            else:
                number = filing.decide(the_city(), decision, now())
            note(words, post.key)
    except filing.Decided as error:
        flash(f"这条帖子{presence.told(error.decision)}。{TOO_LATE}", "warn")
    except filing.FilingError as error:
        flash(str(error), "warn")
    else:
        units = "、".join(show.unit_name(u) for u in (decision.unit, also) if u)
        undo.remember(number, f"已交办 {units}" if units else f"不予交办（{decision.reason}）", post)
    return _onward()


def _onward() -> Response:
    """To the post after the one that was decided, unless somebody has sat down before it meanwhile."""
    key = request.form.get("next", "")
    taken = key in the_city().store.presence.others(me().name, now())
    return redirect(url_for("queue.home", post=None if taken else key or None))


@pages.post("/queue/undo", endpoint="undo")
def take_back() -> Response:
    """Take back a decision of one's own while its filing has not left."""
    number = bounds.number("decision")
    decision = the_city().store.decisions.decision(number) if number is not None else None
    if decision is None or number is None:
        abort(404)
    if decision.by != me().name:
        abort(403)
    undo.forget(number)
    if _undone(number, decision):
        note("撤销决定", f"{decision.board}/{decision.thread}")
        flash("已撤销，帖子回到队列", "ok")
        return redirect(url_for("queue.home", post=f"{decision.board}/{decision.thread}"))
    flash("来不及撤销：已经发出或已经撤销。需要更改的，请到工单页退单或备注", "warn")
    return _onward()


def _undone(number: int, decision: Decision) -> bool:
    if the_city().store.tickets.merged_into(decision.board, decision.thread):
        return merging.undo(the_city(), number, me().name, now(), role=me().role)
    return filing.undo(the_city(), number, now())
