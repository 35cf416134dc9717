"""The clerk's queue: one post after another, each accepted, corrected or rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from data.records import Action, Decision, Post, Suggestion, Urgency
from desk.web import finding, show
from desk.web.context import me, note, now, the_city, the_reference, today
from desk.web.emergency import number_to_ring
from desk.web.forms import REASONS, TOLD, CorrectForm, RejectForm, first_error
from ticketing import filing

pages = Blueprint("queue", __name__)

LISTED = 100
UNDOABLE = 5  # decisions kept for undo; ten seconds do not hold more

Pair = tuple[Post, Suggestion]
Answer = Response | str | tuple[str, int]


@dataclass(frozen=True)
class Place:
    """Where in the queue we are."""

    pairs: Sequence[Pair]
    at: int  # -1: the queue is empty

    @property
    def selected(self) -> Pair | None:
        return self.pairs[self.at] if self.at >= 0 else None

    def beside(self, step: int) -> str:
        """The key of the post ``step`` further; empty at the ends."""
        there = self.at + step
        return self.pairs[there][0].key if self.at >= 0 and 0 <= there < len(self.pairs) else ""


def _place(key: str) -> Place:
    """The queue with the post ``key`` opened, or its first where that one no longer waits."""
    pairs = the_city().store.decisions.queue(LISTED)
    at = next((i for i, (post, _) in enumerate(pairs) if post.key == key), -1)
    if at < 0 and key and (further := _waiting(key)):
        pairs, at = [*pairs, further], len(pairs)
    return Place(pairs, at if at >= 0 else 0 if pairs else -1)


def _waiting(key: str) -> Pair | None:
    """A post that waits further down than the list goes."""
    board, _, thread = key.partition("/")
    store = the_city().store
    post, suggestion = store.threads.post(board, thread), store.decisions.suggestion(board, thread)
    waits = store.decisions.stage(board, thread) == "suggested"
    return (post, suggestion) if waits and post and suggestion else None


@pages.get("/")
def home() -> Answer:
    """What waits for a person, the most urgent first, one post opened."""
    return _page(_place(request.args.get("post", "")))


def _page(place: Place, form: CorrectForm | None = None, *, plain: bool = False, status: int = 200) -> Answer:
    handling = plain or me().role == "clerk"
    context: dict[str, Any] = {
        "place": place,
        "waiting": the_city().store.decisions.waiting(),
        "undo": _undoable(),
        "rings": {p.key: number_to_ring(the_reference(), p) for p, s in place.pairs if s.urgency == Urgency.EMERGENCY},
        "handling": handling,
    }
    if place.selected:
        post, suggestion = place.selected
        hide = (lambda text: text) if handling else (lambda text: show.hidden(text, suggestion.contacts))
        context |= {
            "post": post,
            "suggestion": suggestion,
            "form": form or CorrectForm.of(suggestion, the_reference(), today()),
            "title": show.marked(hide(post.title), suggestion.reasons),
            "body": show.marked(hide(post.body), suggestion.reasons),
            "contact": _contact(suggestion),
            "units": finding.units(the_reference(), today(), the_city().settings.city.name),
            "categories": finding.categories(the_reference()),
            "REASONS": REASONS,
            "TOLD": TOLD,
        }
    return render_template("queue.html", **context), status


@pages.get("/queue/news")
def news() -> Response:
    """How many wait, and how many of the first are emergencies: asked now and then by an open queue page."""
    first = the_city().store.decisions.queue(LISTED)
    emergencies = sum(s.urgency == Urgency.EMERGENCY for _, s in first)
    return jsonify(waiting=the_city().store.decisions.waiting(), emergencies=emergencies)


@pages.post("/queue/contact")
def contact() -> Answer:
    """Show the contact details of a post to someone who does not handle it; each time is written down."""
    post, _ = _asked()
    note("查看联系方式", post.key)
    return _page(_place(post.key), plain=True)


@pages.post("/queue/accept")
def accept() -> Answer:
    """File the post as suggested."""
    post, suggestion = _asked()
    if why := _why_not(suggestion):
        flash(why, "warn")
        return redirect(url_for("queue.home", post=post.key))
    return _decide(
        post,
        Action.ACCEPT,
        kind=suggestion.kind,
        category=suggestion.category,
        unit=suggestion.units[0].name,
        urgency=suggestion.urgency,
        days=suggestion.days,
        contact=_contact(suggestion),
    )


def _why_not(suggestion: Suggestion) -> str:
    """Why the suggestion cannot be filed just as it is; empty when it can."""
    if suggestion.urgency == Urgency.EMERGENCY:
        return "紧急情况不按普通诉求交办：请先拨打电话；确是普通诉求的，请更正后交办"
    if request.form.get("seen") != suggestion.at.isoformat():
        return "这条帖子的建议刚刚更新过，请再看一眼"
    if not suggestion.is_request:
        return "建议认为这不是诉求；确要交办的，请更正后交办"
    return "" if suggestion.units else "这条帖子没有建议的承办单位，请更正后交办"


@pages.post("/queue/correct")
def correct() -> Answer:
    """File the post as the clerk says."""
    post, suggestion = _asked()
    form = CorrectForm.blank(the_reference(), today())
    if not form.validate():
        flash(first_error(form), "bad")
        return _page(_place(post.key), form, status=400)
    return _decide(
        post,
        Action.CORRECT,
        kind=form.kind.data,
        category=form.category.data,
        unit=form.unit.data,
        urgency=Urgency(form.urgency.data),
        days=form.days.data if form.urgency.data == Urgency.DAYS else 0,
        contact=_contact(suggestion) if form.contact.data is None else form.contact.data.strip(),
        reason=(form.reason.data or "").strip(),
    )


@pages.post("/queue/reject")
def reject() -> Answer:
    """The post is not to be filed, and why."""
    post, _ = _asked()
    form = RejectForm()
    if not form.validate():
        flash(first_error(form), "bad")
        return _page(_place(post.key), status=400)
    return _decide(post, Action.REJECT, reason=form.said)


def _asked() -> Pair:
    """The post a form is about; 404 when there is none."""
    board, _, thread = request.form.get("post", "").partition("/")
    post = the_city().store.threads.post(board, thread)
    suggestion = the_city().store.decisions.suggestion(board, thread)
    if post is None or suggestion is None:
        abort(404)
    return post, suggestion


def _decide(post: Post, action: Action, **fields: Any) -> Response:
    decision = Decision(post.board, post.thread, now(), me().name, action, **fields)
    try:
        number = filing.decide(the_city(), decision, now())
    except filing.FilingError as error:
        flash(str(error), "warn")
    else:
        note({"accept": "采纳", "correct": "更正", "reject": "不予交办"}[action], post.key)
        done = f"已交办 {show.unit_name(decision.unit)}" if decision.unit else f"不予交办（{decision.reason}）"
        _remember(number, done, post)
    return redirect(url_for("queue.home", post=request.form.get("next") or None))


def _remember(number: int, done: str, post: Post) -> None:
    until = now() + timedelta(seconds=the_city().settings.clocks.undo_seconds)
    entry = {"id": number, "done": done, "title": post.title[:40], "post": post.key, "until": until.isoformat()}
    session["undo"] = [entry, *session.get("undo", [])][:UNDOABLE]


def _undoable() -> Sequence[Mapping[str, Any]]:
    """Decisions of this session that can still be taken back, the last one first, with the seconds left."""
    kept = []
    for entry in session.get("undo", []):
        left = (datetime.fromisoformat(entry["until"]) - now()).total_seconds()
        if left > 0:
            kept.append({**entry, "left": int(left)})
    return kept


@pages.post("/queue/undo")
def undo() -> Response:
    """Take back a decision of one's own while its filing has not left."""
    number = request.form.get("decision", type=int)
    decision = the_city().store.decisions.decision(number) if number is not None else None
    if decision is None or number is None:
        abort(404)
    if decision.by != me().name:
        abort(403)
    session["undo"] = [e for e in session.get("undo", []) if e["id"] != number]
    if filing.undo(the_city(), number, now()):
        note("撤销决定", f"{decision.board}/{decision.thread}")
        flash("已撤销，帖子回到队列", "ok")
        return redirect(url_for("queue.home", post=f"{decision.board}/{decision.thread}"))
    flash("来不及撤销：已经发出或已经撤销。需要更改的，请到工单页退单或备注", "warn")
    return redirect(url_for("queue.home", post=request.form.get("next") or None))


def _contact(suggestion: Suggestion) -> str:
    return "；".join(f"{c.kind} {c.text}" for c in suggestion.contacts)
