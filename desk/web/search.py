"""Search over posts and their tickets by words, number, unit, state and day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from data.store.found import Hit, Page, Wanted
from desk.web import bounds, finding, show
from desk.web.access import may
from desk.web.context import me, note, the_city, the_reference, today
from desk.web.tickets import own_units
from ticketing import search

pages = Blueprint("search", __name__)

LISTED = 30
AROUND = 40  # characters shown on either side of the first word found
FILTERS = ("board", "unit", "state", "verdict", "category")
_NUMBER = re.compile(r"\d{8}-\d{4,}")
_TELEPHONE = re.compile(r"\+?\d(?:[ \-]?\d){6,14}")


@pages.get("/search")
def index() -> Response | str:
    """What has the words asked for; a ticket's number leads to it at once."""
    text = request.args.get("q", "").strip()[: search.LONGEST]
    chosen = {name: request.args.get(name, "").strip()[:60] for name in FILTERS}
    since, until = bounds.day("since"), bounds.day("until")
    if _NUMBER.fullmatch(text) and _may_see(text):
        return redirect(url_for("tickets.show", number=text))
    before = bounds.number("before")
    asked = any((text, since, until, *chosen.values()))
    wanted = _wanted(chosen, since, until)
    page = search.search(the_city(), text, wanted, LISTED, before) if asked else Page((), None)
    words = search.asked(text, the_reference())
    return render_template(
        "search.html",
        text=text,
        asked=asked,
        chosen=chosen,
        since=since,
        until=until,
        page=page,
        rows=[_row(hit, (*words[0], *words[1])) for hit in page.hits],
        in_hand=_in_hand(text),
        indexing=the_city().store.found.count_waiting(),
        units=finding.units(the_reference(), today(), the_city().settings.city.name),
        categories=finding.categories(the_reference()),
        boards=the_reference().boards,
    )


def _may_see(number: str) -> bool:
    ticket = the_city().store.tickets.ticket(number)
    return ticket is not None and (me().role != "liaison" or ticket.unit in own_units())


def _wanted(chosen: Mapping[str, str], since: date | None, until: date | None) -> Wanted:
    """The filters; a liaison officer finds the own unit's tickets only, whatever is asked for."""
    units: Sequence[str] | None = (chosen["unit"],) if chosen["unit"] else None
    if me().role == "liaison":
        units = own_units()
    return Wanted(
        (),
        board=chosen["board"],
        units=units,
        state=chosen["state"],
        verdict=chosen["verdict"],
        category=chosen["category"],
        since=bounds.begins(since),
        until=bounds.ends(until),
    )


def _row(hit: Hit, words: Sequence[str]) -> Mapping[str, Any]:
    """A hit as it is listed: contact details are masked for everybody, for most of it is nobody's work any more."""
    suggestion = the_city().store.decisions.suggestion(hit.post.board, hit.post.thread)
    contacts = suggestion.contacts if suggestion else ()
    title, body = (show.hidden(t, contacts) for t in (hit.post.title, hit.post.body))
    return {
        "hit": hit,
        "address": _address(hit),
        "title": _marked(title, words),
        "excerpt": _marked(excerpt(body, words), words),
    }


def _address(hit: Hit) -> str:
    if hit.ticket:
        return url_for("tickets.show", number=hit.ticket)
    return url_for("queue.home", post=hit.post.key) if may("queue.home") else ""


def excerpt(text: str, words: Sequence[str]) -> str:
    """A piece of ``text`` around the first of ``words`` in it; its beginning where there is none."""
    plain = " ".join(text.split())
    at = min((i for w in words if (i := plain.lower().find(w)) >= 0), default=0)
    start, end = max(0, at - AROUND), at + 2 * AROUND
    return ("…" if start else "") + plain[start:end] + ("…" if end < len(plain) else "")


def _marked(text: str, words: Sequence[str]) -> Markup:
    return show.marked(text, dict.fromkeys(words, "找到的词"))


def _in_hand(text: str) -> Sequence[Mapping[str, Any]]:
    """Posts in hand that name a telephone number, for those who handle all of them; each look is in the audit."""
    if not (_TELEPHONE.fullmatch(text) and not _NUMBER.fullmatch(text) and me().role == "clerk"):
        return ()
    digits = re.sub(r"\D", "", text)
    note("按电话查找", "", show.hidden(digits))
    posts = search.in_hand(the_city(), digits, LISTED)
    if not posts:
        flash("在办的帖子里没有这个电话；已经办结的不按电话查找", "warn")
    tickets = the_city().store.tickets
    return [{"post": p, "tickets": [t.number for t in tickets.of(p.board, p.thread)]} for p in posts]
