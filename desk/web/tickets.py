"""Tickets: the list with its filters, and one ticket with everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from heapq import merge
from io import BytesIO
from itertools import islice
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from data.records import Contact, Ticket
from desk.web import finding, show
from desk.web.context import me, note, now, the_city, the_reference, today
from desk.web.forms import MoveForm, first_error
from desk.web.timeline import spoken, timeline
from ticketing import lifecycle

pages = Blueprint("tickets", __name__, url_prefix="/tickets")

LISTED = 50
SEARCHED = 20_000  # tickets looked through for words in the title; the page says when it stopped there

Answer = Response | str | tuple[str, int]


@pages.get("")
def index() -> Answer:
    """Tickets, the newest first, by state, verdict, unit and words in the title."""
    wanted = {k: request.args.get(k, "").strip()[:60] for k in ("state", "verdict", "unit", "words")}
    start = max(0, request.args.get("from", 0, type=int))
    looked_through = list(islice(_tickets(wanted), SEARCHED)) if wanted["words"] else None
    source = _tickets(wanted) if looked_through is None else iter(looked_through)
    fitting = (t for t in source if wanted["words"].lower() in t.title.lower())
    rows = list(islice(fitting, start, start + LISTED + 1))
    return render_template(
        "tickets.html",
        rows=[_row(t) for t in rows[:LISTED]],
        wanted=wanted,
        start=start,
        more=start + LISTED if len(rows) > LISTED else None,
        less=max(0, start - LISTED) if start else None,
        cut_off=SEARCHED if looked_through is not None and len(looked_through) == SEARCHED else None,
        units=finding.units(the_reference(), today(), the_city().settings.city.name),
    )


def _tickets(wanted: Mapping[str, str]) -> Iterator[Ticket]:
    """What the store has for these filters; a liaison officer's are those of the own unit, whatever is asked for."""
    store = the_city().store.tickets
    state, verdict = wanted["state"] or None, wanted["verdict"] or None
    if me().role != "liaison":
        return store.tickets(unit=wanted["unit"] or None, state=state, verdict=verdict)
    each = [store.tickets(unit=unit, state=state, verdict=verdict) for unit in _own_units()]
    return merge(*each, key=lambda t: (t.filed_at, t.number), reverse=True)


def _own_units() -> Sequence[str]:
    """The liaison officer's unit, and those it has taken over from."""
    reference, own = the_reference(), me().unit
    return [u.slug for u in reference.units if own in (u.slug, reference.current(u.slug, today()).slug)]


def _row(ticket: Ticket) -> Mapping[str, Any]:
    store = the_city().store.tickets
    verdict = store.verdict(ticket.number)
    return {"ticket": ticket, "title": _title(ticket), "state": store.state(ticket.number), "verdict": verdict}


def _title(ticket: Ticket) -> str:
    return ticket.title if _handles() else show.hidden(ticket.title, _contacts(ticket))


def _handles() -> bool:
    """Does whoever is asking handle tickets? Clerks all, a liaison officer the own unit's (and sees no others)."""
    return me().role in ("clerk", "liaison")


def _contacts(ticket: Ticket) -> Sequence[Contact]:
    """What the machine found in the post, and what the ticket says, piece by piece."""
    suggestion = the_city().store.decisions.suggestion(ticket.board, ticket.thread)
    own = [Contact("", piece.rpartition(" ")[2]) for piece in ticket.contact.split("；")]
    return [*(suggestion.contacts if suggestion else ()), *own]


def _asked(number: str) -> Ticket:
    """The ticket, when there is one and whoever is asking may see it; else 404."""
    ticket = the_city().store.tickets.ticket(number)
    if ticket is None or (me().role == "liaison" and ticket.unit not in _own_units()):
        abort(404)
    return ticket


@pages.get("/<number>", endpoint="show")
def show_ticket(number: str) -> Answer:
    """One ticket."""
    ticket = _asked(number)
    note("查看工单", number)
    return _page(ticket)


@pages.post("/<number>/contact")
def contact(number: str) -> Answer:
    """The same page with the contact details readable; each time is written down."""
    ticket = _asked(number)
    note("查看联系方式", number)
    return _page(ticket, plain=True)


def _page(ticket: Ticket, *, plain: bool = False) -> str:
    store = the_city().store
    plain = plain or _handles()
    contacts = _contacts(ticket)

    def hide(text: str) -> str:
        return text if plain else show.hidden(text, contacts)

    state = store.tickets.state(ticket.number)
    reads = store.threads.reads(ticket.board, ticket.thread)
    return render_template(
        "ticket.html",
        ticket=ticket,
        hide=hide,
        plain=plain,
        state=state,
        verdict=store.tickets.verdict(ticket.number),
        post=store.threads.post(ticket.board, ticket.thread),
        replies=spoken(the_city(), the_reference(), ticket),
        timeline=timeline(the_city(), ticket),
        reads=list(reversed(reads)),
        last_read=next((r for r in reversed(reads) if r.complete), None),
        moves=lifecycle.moves_for(state, me().role),
        clock=_clock(ticket, now()),
    )


def _clock(ticket: Ticket, at: datetime) -> Mapping[str, Any]:
    """How much of the time to answer is used: a share of 0–100 and seconds left (negative: past)."""
    whole = (ticket.reply_due - ticket.filed_at).total_seconds()
    verdict = the_city().store.tickets.verdict(ticket.number)
    end = verdict.reply_at if verdict and verdict.reply_at else at
    used = max(0.0, (end - ticket.filed_at).total_seconds())
    return {
        "used": round(min(100.0, 100 * used / whole), 1) if whole else 100.0,
        "left": (ticket.reply_due - at).total_seconds(),
        "answered": verdict is not None and verdict.reply_at is not None,
        "hours": whole / 3600,
    }


@pages.post("/<number>/move")
def move(number: str) -> Response:
    """Make one of the moves this role may make now."""
    ticket = _asked(number)
    form = MoveForm()
    if not form.validate():
        flash(first_error(form), "bad")
        return redirect(url_for("tickets.show", number=number))
    name, words = form.move.data, (form.note.data or "").strip()
    if name in lifecycle.MOVES and me().role not in lifecycle.MOVES[name].roles:
        abort(403)
    if name in ("return", "note", "force") and not words:
        flash(f"{lifecycle.MOVES[name].name_zh}要写明理由或内容", "bad")
        return redirect(url_for("tickets.show", number=number))
    try:
        lifecycle.move(the_city(), ticket.number, name, me().name, words, now())
    except lifecycle.MoveError as error:
        flash(str(error), "warn")
    else:
        note(f"工单{lifecycle.MOVES[name].name_zh}", number)
        flash(f"已{lifecycle.MOVES[name].name_zh}", "ok")
    return redirect(url_for("tickets.show", number=number))


@pages.get("/<number>/pages/<int:snapshot>")
def page(number: str, snapshot: int) -> Response:
    """A page exactly as it was received, to be saved and not shown: it is somebody else's HTML."""
    ticket = _asked(number)
    found = next(iter(the_city().store.threads.snapshots([snapshot])), None)
    if found is None or (found.board, found.thread) != (ticket.board, ticket.thread):
        abort(404)
    note("下载快照", f"{number} 快照 {snapshot}")
    name = f"{number}-{snapshot}-{found.sha256[:12]}.html.bin"
    return send_file(BytesIO(found.body), "application/octet-stream", as_attachment=True, download_name=name)
