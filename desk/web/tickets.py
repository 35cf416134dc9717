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

from data.records import Post, Ticket
from desk.web import bounds, finding, show
from desk.web.access import may
from desk.web.context import me, note, now, the_city, the_reference, today
from desk.web.forms import MoveForm, first_error
from desk.web.timeline import linked, runs, spoken, timeline
from ticketing import by_hand, edits, lifecycle, merging, refiling, returns, urging
from ticketing.standing import MoveError, RoleError, Standing

pages = Blueprint("tickets", __name__, url_prefix="/tickets")

LISTED = 50
FOLDED = 20  # a longer run of citizens' replies is folded
SEARCHED = 20_000  # tickets looked through for words in the title; the page says when it stopped there

Answer = Response | str | tuple[str, int]


@pages.get("")
def index() -> Answer:
    """Tickets, the newest first, by state, verdict, unit and words in the title."""
    wanted = {k: request.args.get(k, "").strip()[:60] for k in ("state", "verdict", "unit", "words")}
    start = bounds.number("from") or 0
    looked_through = list(islice(_tickets(wanted), SEARCHED)) if wanted["words"] else None
    source = _tickets(wanted) if looked_through is None else iter(looked_through)
    fitting = (t for t in source if _says(t, wanted["words"].lower()))
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
    each = [store.tickets(unit=unit, state=state, verdict=verdict) for unit in own_units()]
    return merge(*each, key=lambda t: (t.filed_at, t.number), reverse=True)


def own_units() -> Sequence[str]:
    """The liaison officer's unit, and those it has taken over from."""
    reference, own = the_reference(), me().unit
    return [u.slug for u in reference.units if own and reference.answers_for(own, u.slug, today())]


def _row(ticket: Ticket) -> Mapping[str, Any]:
    store = the_city().store.tickets
    verdict = store.verdict(ticket.number)
    due = store.answer_due(ticket.number) or ticket.reply_due
    post = the_city().store.threads.post(ticket.board, ticket.thread)
    return {
        "ticket": ticket,
        "due": due,
        "title": _title(ticket),
        "state": store.state(ticket.number),
        "verdict": verdict,
        "entered_by": post.entered_by if post else "",
    }


def _title(ticket: Ticket) -> str:
    return ticket.title if _handles() else show.hidden(ticket.title, show.contacts(ticket))


def _says(ticket: Ticket, words: str) -> bool:
    """Stand these words in the title as it is shown? What is masked must not be found out by searching for it."""
    return words in ticket.title.lower() and (not words or words in _title(ticket).lower())


def _handles() -> bool:
    """Does whoever is asking handle tickets? Clerks all, a liaison officer the own unit's (and sees no others)."""
    return me().role in ("clerk", "liaison")


def asked(number: str) -> Ticket:
    """The ticket, when there is one and whoever is asking may see it; else 404."""
    ticket = the_city().store.tickets.ticket(number)
    if ticket is None or (me().role == "liaison" and ticket.unit not in own_units()):
        abort(404)
    return ticket


@pages.get("/<number>", endpoint="show")
def show_ticket(number: str) -> Answer:
    """One ticket."""
    ticket = asked(number)
    note("查看工单", number)
    return _page(ticket)


@pages.post("/<number>/contact")
def contact(number: str) -> Answer:
    """The same page with the contact details readable; each time is written down."""
    ticket = asked(number)
    note("查看联系方式", number)
    return _page(ticket, plain=True)


def _page(ticket: Ticket, *, plain: bool = False, given: MoveForm | None = None) -> str:
    """The ticket's page; ``given``: a move that could not be made, with what was written for it."""
    store = the_city().store
    plain = plain or _handles()
    contacts = show.contacts(ticket)

    def hide(text: str) -> str:
        """Masked, but for the number by which the office system knows the ticket."""
        named = f"办公系统编号 {ticket.office_id}"
        return text if plain else named.join(show.hidden(piece, contacts) for piece in text.split(named))

    state = store.tickets.state(ticket.number)
    stands = lifecycle.standing(ticket, store.tickets.events(ticket.number))
    reads = store.threads.reads(ticket.board, ticket.thread)
    post = store.threads.post(ticket.board, ticket.thread)
    verdict = store.tickets.verdict(ticket.number)
    moves = [m for m in lifecycle.moves_now(stands, me().role) if m not in ELSEWHERE]
    said = spoken(the_city(), the_reference(), ticket)
    return render_template(
        "ticket.html",
        ticket=ticket,
        hide=hide,
        plain=plain,
        state=state,
        verdict=verdict,
        post=post,
        entering=_entering(ticket, post),
        accounts=_accounts(ticket),
        replies=runs(said, (verdict.reply or "") if verdict else ""),
        FOLDED=FOLDED,
        timeline=timeline(the_city(), ticket),
        reads=list(reversed(reads)),
        last_read=next((r for r in reversed(reads) if r.complete), None),
        moves=moves,
        likely=next((m for m in LIKELY if m in moves), "") if me().role == "liaison" else "",
        given=given,
        clock=_clock(ticket, stands, now()),
        stands=stands,
        received=show.received(ticket.board, ticket.thread, plain=plain),
        family=_family(ticket),
        linked=linked(the_city(), the_reference(), ticket),
        REASONS=returns.REASONS,
        units=finding.units(the_reference(), today(), the_city().settings.city.name),
    )


def _entering(ticket: Ticket, post: Post | None) -> bool:
    """May whoever is asking enter what the thread shows?"""
    board = the_reference().board.get(ticket.board)
    return bool(post and board and may("by_hand.heard") and (post.entered_by or by_hand.open_to(the_city(), board)))


def _accounts(ticket: Ticket) -> Sequence[str]:
    """The official accounts of the board by whom an answer may come, the unit's own first."""
    of_board = [a for a in the_reference().accounts if a.board == ticket.board]
    return [a.account for a in sorted(of_board, key=lambda a: a.unit != ticket.unit)]


LIKELY = ("accept", "answer")  # what a liaison officer does next, unless there is a reason
ELSEWHERE = frozenset({"merge", "unmerge", "reviewed"})  # moves made where the post is


def _family(ticket: Ticket) -> Sequence[tuple[str, Ticket]]:
    """What each other ticket about the matter is to this one."""
    tickets = the_city().store.tickets
    found = [("主办工单", tickets.ticket(ticket.lead) if ticket.lead else None)]
    found += [("改派自", tickets.ticket(ticket.origin) if ticket.origin else None)]
    found += [("协办工单", assisting) for assisting in tickets.assisting(ticket.number)]
    found += [("已改派到", t) for t in tickets.of(ticket.board, ticket.thread) if t.origin == ticket.number]
    return [(what, other) for what, other in found if other is not None]


def _clock(ticket: Ticket, stands: Standing, at: datetime) -> Mapping[str, Any]:
    """How much of the time to answer is used: a share of 0–100 and seconds left (negative: past)."""
    at = stands.returned_at if stands.rests and stands.returned_at else at
    whole = (stands.reply_due - ticket.filed_at).total_seconds()
    verdict = the_city().store.tickets.verdict(ticket.number)
    end = verdict.reply_at if verdict and verdict.reply_at else at
    used = max(0.0, (end - ticket.filed_at).total_seconds())
    return {
        "used": round(min(100.0, 100 * used / whole), 1) if whole else 100.0,
        "rests": stands.rests,
        "left": (stands.reply_due - at).total_seconds(),
        "answered": verdict is not None and verdict.reply_at is not None,
        "hours": whole / 3600,
    }


@pages.post("/<number>/move")
def move(number: str) -> Answer:
    """Make one of the moves this role may make now; what was written for one that cannot be made is kept."""
    ticket = asked(number)
    form = MoveForm()
    if not form.validate():
        flash(first_error(form), "bad")
        return _page(ticket, given=form), 400
    name, words = form.move.data, (form.note.data or "").strip()
    if name in lifecycle.MOVES and me().role not in lifecycle.MOVES[name].roles:
        abort(403)
    try:
        _make(ticket, name, words, form)
    except RoleError:
        abort(403)
    except MoveError as error:
        flash(str(error), "warn")
        return _page(ticket, given=form), 400
    else:
        note(f"工单{lifecycle.MOVES[name].name_zh}", number)
        flash(f"已{lifecycle.MOVES[name].name_zh}", "ok")
    return redirect(url_for("tickets.show", number=number))


def _make(ticket: Ticket, name: str, words: str, form: MoveForm) -> None:
    """One move, and what leaves the house with it. Raises MoveError."""
    city, by, role = the_city(), me().name, me().role
    if name == "refile":
        refiling.refile(city, ticket.number, form.unit.data or "", by, words, now(), role=role)
    elif name == "assist":
        refiling.assist(city, ticket.number, form.unit.data or "", by, words, now(), role=role)
    elif name in urging.MOVES.values():
        urging.by_hand(city, ticket.number, name, by, words, now(), role=role)
    elif name in ELSEWHERE:
        raise MoveError("请在那条帖子旁边做")
    else:
        lifecycle.move(city, ticket.number, name, by, words, now(), role=role, data=form.terms)


@pages.post("/keep")
def keep() -> Response:
    """The clerk has seen how a post was edited, and lets stand what was decided."""
    post = _post()
    try:
        edits.keep(the_city(), post.board, post.thread, me().name, now(), role=me().role)
    except MoveError as error:
        flash(str(error), "warn")
    else:
        note("看过修改，维持原处理", post.key)
        flash("已维持原来的处理", "ok")
    return redirect(url_for("queue.home", post=request.form.get("next") or None))


@pages.post("/part")
def part() -> Response:
    """A post that was linked by mistake goes back to the queue."""
    post = _post()
    try:
        number = merging.part(the_city(), post.board, post.thread, me().name, "", now(), role=me().role)
    except MoveError as error:
        flash(str(error), "warn")
        return redirect(url_for("tickets.index"))
    note("移出工单", f"{post.key} ← {number}")
    flash("已移出，帖子回到队列，请单独处理", "ok")
    return redirect(url_for("tickets.show", number=number))


def _post() -> Post:
    """The post a form is about; 404 when there is none."""
    board, _, thread = request.form.get("post", "").partition("/")
    found = the_city().store.threads.post(board, thread)
    if found is None:
        abort(404)
    return found


@pages.get("/<number>/pages/<int:snapshot>")
def page(number: str, snapshot: int) -> Response:
    """A page exactly as it was received, to be saved and not shown: it is somebody else's HTML."""
    ticket = asked(number)
    found = next(iter(the_city().store.threads.snapshots([snapshot])), None)
    if found is None or (found.board, found.thread) != (ticket.board, ticket.thread):
        abort(404)
    note("下载快照", f"{number} 快照 {snapshot}")
    name = f"{number}-{snapshot}-{found.sha256[:12]}.html.bin"
    return send_file(BytesIO(found.body), "application/octet-stream", as_attachment=True, download_name=name)
