"""The clerk's queue: what waits for a person, one post opened with all that was suggested for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, jsonify, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from data.records import Post, Suggestion, Ticket, Urgency
from desk.web import finding, presence, show, undo
from desk.web.context import me, note, the_city, the_reference, today
from desk.web.emergency import number_to_ring
from desk.web.forms import REASONS, TOLD, CorrectForm
from ticketing import edits, lifecycle
from ticketing.similar import Similar, similar

pages = Blueprint("queue", __name__)

LISTED = 100

Pair = tuple[Post, Suggestion]
Answer = Response | str | tuple[str, int]


@dataclass(frozen=True)
class Place:
    """Where in the queue we are."""

    pairs: Sequence[Pair]
    at: int  # -1: the queue is empty
    others: Mapping[str, Sequence[str]]  # post key -> who else has it before them

    @property
    def selected(self) -> Pair | None:
        return self.pairs[self.at] if self.at >= 0 else None

    def beside(self, step: int) -> str:
        """The key of the post ``step`` further; empty at the ends."""
        there = self.at + step
        return self.pairs[there][0].key if self.at >= 0 and 0 <= there < len(self.pairs) else ""

    @property
    def onward(self) -> str:
        """The next post that nobody else is at; empty where there is none."""
        return next((p.key for p, _ in self.pairs[self.at + 1 :] if p.key not in self.others), "")


def place(key: str) -> Place:
    """The queue with the post ``key`` opened; where that one no longer waits, the first that nobody else is at."""
    pairs = the_city().store.decisions.queue(LISTED)
    at = next((i for i, (post, _) in enumerate(pairs) if post.key == key), -1)
    if at < 0 and key and (further := _waiting(key)):
        pairs, at = [*pairs, further], len(pairs)

    def choose(others: Mapping[str, Sequence[str]]) -> str:
        nonlocal at
        if at < 0 and pairs:
            at = next((i for i, (post, _) in enumerate(pairs) if post.key not in others), 0)
        return pairs[at][0].key if at >= 0 else ""

    others = presence.open_one(choose)
    return Place(pairs, at, others)


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
    return page(place(request.args.get("post", "")))


def page(place: Place, form: CorrectForm | None = None, *, plain: bool = False, status: int = 200) -> Answer:
    """The queue's page; contact details are ``plain`` for clerks and for who has asked for them."""
    plain = plain or me().role == "clerk"
    emergencies = (p for p, s in place.pairs if s.urgency == Urgency.EMERGENCY)
    opened = _opened(*place.selected, plain=plain) if place.selected else {}
    if form:
        opened["form"] = form
    return render_template(
        "queue.html",
        place=place,
        waiting=the_city().store.decisions.waiting(),
        names=presence.names,
        undo=undo.undoable(),
        rings={post.key: number_to_ring(the_reference(), post) for post in emergencies},
        handling=plain,
        REASONS=REASONS,
        TOLD=TOLD,
        **opened,
    ), status


def _opened(post: Post, suggestion: Suggestion, *, plain: bool) -> dict[str, Any]:
    """What the page shows of the post that is opened."""

    deciding = {r.word: f"判断依据，占 {show.share(r.weight)}" for r in suggestion.reasons}

    def told(text: str) -> Markup:
        return show.marked(text if plain else show.hidden(text, suggestion.contacts), deciding)

    alike = similar(the_city(), post)
    return {
        "post": post,
        "suggestion": suggestion,
        "form": CorrectForm.of(suggestion, the_reference(), today()),
        "title": told(post.title),
        "body": told(post.body),
        "alike": alike,
        "offers": _offers(post, alike),
        "second": _second(suggestion),
        "back": the_city().store.decisions.back(post.board, post.thread),
        "received": show.received(post.board, post.thread, plain=plain),
        # A number cut in two by a change could not be masked.
        "changes": edits.difference(the_city(), post.board, post.thread) if plain else [],
        "known": [(t, _state(t)) for t in the_city().store.tickets.of(post.board, post.thread)],
        "units": finding.units(the_reference(), today(), the_city().settings.city.name),
        "categories": finding.categories(the_reference()),
    }


def _second(suggestion: Suggestion) -> str:
    """The unit a split most likely needs beside the first."""
    likely = [c.name for c in (*suggestion.co_units, *suggestion.units[1:])]
    return next((name for name in likely if name != (suggestion.units[0].name if suggestion.units else "")), "")


def _offers(post: Post, alike: Sequence[Similar]) -> Mapping[str, Sequence[Ticket]]:
    """Of each similar post the tickets this one may be merged into, none twice."""
    store, offered, offers = (
        the_city().store.tickets,
        {t.number for t in the_city().store.tickets.of(post.board, post.thread)},
        {},
    )
    for found in alike:
        linked = store.merged_into(*found.key.split("/", 1))
        numbers = [n for n in (*found.tickets, *([linked] if linked else [])) if n not in offered]
        tickets = [t for t in map(store.ticket, numbers) if t and "merge" in lifecycle.moves_for(_state(t), me().role)]
        offered |= {t.number for t in tickets}
        offers[found.key] = tickets
    return offers


def _state(ticket: Ticket) -> str:
    return the_city().store.tickets.state(ticket.number)


@pages.get("/queue/news")
def news() -> Response:
    """Asked now and then by an open queue page: how many wait, how many of the first are emergencies, and of the post
    that is open (``post``) who else is at it and what became of it. Asking so says that one is still there."""
    first, key = the_city().store.decisions.queue(LISTED), request.args.get("post", "")
    emergencies = sum(s.urgency == Urgency.EMERGENCY for _, s in first)
    told: dict[str, Any] = {"waiting": the_city().store.decisions.waiting(), "emergencies": emergencies}
    if key:
        became = presence.what_became(key)
        others = presence.open_one(lambda _: "" if became else key)
        told |= {"others": presence.names(others.get(key, ())), "became": became}
    return jsonify(told)


@pages.post("/queue/contact")
def contact() -> Answer:
    """Show the contact details of a post to someone who does not handle it; each time is written down."""
    post, _ = asked()
    note("查看联系方式", post.key)
    return page(place(post.key), plain=True)


def asked() -> Pair:
    """The post a form is about; 404 when there is none."""
    board, _, thread = request.form.get("post", "").partition("/")
    post = the_city().store.threads.post(board, thread)
    suggestion = the_city().store.decisions.suggestion(board, thread)
    if post is None or suggestion is None:
        abort(404)
    return post, suggestion
