"""人工: the page on which a clerk enters a post, and what is entered on a ticket's page of its thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from classifier import service
from data.city import City
from data.problem import Problem
from data.records import Post, Ticket
from desk.web import bounds, show
from desk.web.behind import title
from desk.web.context import me, note, now, the_city, the_reference
from desk.web.tickets import asked
from ticketing import by_hand
from ticketing.by_hand import EntryError, Look

if TYPE_CHECKING:
    from classifier.suggest import Suggester

pages = Blueprint("by_hand", __name__)

Answer = str | tuple[str, int] | Response


@dataclass
class Suggesting:
    """The suggester of this process, made when the first post is entered and again when model or tables changed."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    made_of: tuple[Any, ...] = ()
    suggester: Suggester | None = None

    def enqueue(self, city: City, post: Post, at: datetime) -> None:
        """Into the queue at once, as a cycle would. Raises Problem."""
        from classifier.ready import ready  # what understands posts takes a second to load
        from ticketing.cycle import enqueue

        with self.lock:
            made_of = (city.store.runs.mark("reference"), service.since(city.models))
            if self.suggester is None or self.made_of != made_of:
                self.suggester, self.made_of = ready(city.reference(), city.models), made_of
            enqueue(city, [post], at, self.suggester)


@pages.get("/enter")
def form() -> str:
    """An empty form, and the tickets whose threads only a person can look at."""
    return _page({})


def _page(given: Mapping[str, str], problem: str = "") -> str:
    city, at = the_city(), now()
    boards = [b for b in the_reference().boards if by_hand.open_to(city, b)]
    return render_template(
        "enter.html", given=given, problem=problem, boards=boards, awaited=by_hand.awaited(city, at), at=at, title=title
    )


@pages.post("/enter")
def enter() -> Answer:
    """A post by its address and text; into the queue at once, or to where it is already."""
    given = {name: request.form.get(name, "") for name in ("url", "title", "body", "author", "posted_at")}
    try:
        posted_at = _moment("posted_at", "发帖时间")
        words = {name: given[name] for name in ("url", "title", "body", "author")}
        post, fresh = by_hand.enter(the_city(), **words, posted_at=posted_at, by=me().name, now=now())
    except EntryError as error:
        return _page(given, str(error)), 400
    if fresh:
        note("录入帖子", post.key, post.url[:200])
        _suggest(post)
    else:
        flash("这个网址的帖子已经有了，没有重复录入；这是它现在的样子", "warn")
    return redirect(_where(post))


def _suggest(post: Post) -> None:
    suggesting: Suggesting = current_app.extensions["suggesting"]
    try:
        suggesting.enqueue(the_city(), post, now())
        flash("已录入，分析好了，请核对建议", "ok")
    except Problem as problem:
        flash(f"已录入；现在分析不了（{problem}），下一轮运行后进入队列", "warn")


def _where(post: Post) -> str:
    """The page on which a post is now: its ticket's, or the queue."""
    store = the_city().store
    tickets = store.tickets.of(post.board, post.thread)
    number = tickets[-1].number if tickets else store.tickets.merged_into(post.board, post.thread)
    if number and store.decisions.stage(post.board, post.thread) == "decided":
        return url_for("tickets.show", number=number)
    return url_for("queue.home", post=post.key)


@pages.post("/tickets/<number>/heard")
def heard(number: str) -> Response:
    """What a person saw in the ticket's thread: a reply, or that they looked at the whole of it."""
    ticket = asked(number)
    seen, author, body = (request.form.get(name, "") for name in ("seen", "author", "body"))
    try:
        replied_at = _moment("replied_at", "答复时间") if author.strip() or body.strip() else None
        look = Look(seen, author.strip(), body.strip(), replied_at)
        by_hand.look(the_city(), ticket.board, ticket.thread, look, me().name, now())
    except EntryError as error:
        flash(str(error), "bad")
    else:
        _tell(ticket, look)
    return redirect(url_for("tickets.show", number=number))


def _tell(ticket: Ticket, look: Look) -> None:
    what = "录入答复" if look.author else "人工查看原帖"
    said = f"{look.author} {request.form.get('replied_at', '')}：{show.hidden(look.body[:200])}" if look.author else ""
    note(what, ticket.number, "；".join(p for p in (show.LOOKS[look.seen], said) if p))
    verdict = the_city().store.tickets.verdict(ticket.number)
    flash(f"已记下（人工）。现在的核对结果：{show.VERDICTS[verdict.name] if verdict else '还没有'}", "ok")


@pages.post("/tickets/<number>/retract")
def retract(number: str) -> Response:
    """Take a reply out that was entered by mistake."""
    ticket = asked(number)
    try:
        found = by_hand.retract(the_city(), ticket.board, ticket.thread, request.form.get("reply", ""), now())
    except EntryError as error:
        flash(str(error), "warn")
    else:
        at = found.posted_at.astimezone(the_city().zone)
        note(
            "撤回录入的答复",
            number,
            f"{found.author} {at:%Y-%m-%d %H:%M}（{found.entered_by} 录入）：{show.hidden(found.body[:400])}",
        )
        flash("已撤回这条录入的答复，并重新核对", "ok")
    return redirect(url_for("tickets.show", number=number))


def _moment(name: str, called: str) -> datetime:
    """A time of the form on the city's clock. Raises EntryError."""
    try:
        found = datetime.fromisoformat(request.form.get(name, "").strip()).replace(tzinfo=the_city().zone)
        if bounds.FIRST <= found.date() <= bounds.LAST:
            return found
    except ValueError:
        pass
    raise EntryError(f"请填写{called}，照论坛上显示的，精确到分钟")
