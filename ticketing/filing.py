"""From a person's decision to a ticket: the decision is kept, the filing waits in the outbox, the ticket begins when the office system acknowledges it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from data.city import City
from data.problem import Problem
from data.records import Action, Decision, Event, OutboxEntry, Post, Ticket
from ticketing import lifecycle, office, promises
from ticketing.office.facts import source
from ticketing.promises import reply_hours

OFFICE, NOTICE = "office", "notice"

__all__ = ["Decided", "FilingError", "acknowledged", "decide", "filing_key", "put", "reply_hours", "source", "undo"]


class FilingError(Problem):
    """A decision that cannot be taken; the message says why, in Chinese."""


class Decided(FilingError):
    """Somebody decided the post before; ``decision`` is what they decided."""

    def __init__(self, sentence: str, decision: Decision) -> None:
        super().__init__(sentence)
        self.decision = decision


def decide(city: City, decision: Decision, now: datetime) -> int:
    """Keep a decision and, unless it is a rejection, put its filing into the outbox: one transaction.

    Returns the decision's id. Raises FilingError when the post is unknown, was decided by someone already, or the
    decision names a unit or category that does not exist.
    """
    reference, store = city.reference(), city.store
    filing = decision.action is not Action.REJECT
    if filing and (
        decision.unit not in reference.unit or decision.category not in reference.category or not decision.kind
    ):
        raise FilingError("交办要写明诉求类型、类别和承办单位，且都须是现有的选项；请重新选择")
    with store.transaction():
        post = store.threads.post(decision.board, decision.thread)
        if post is None:
            raise FilingError(f"没有读到过帖子 {decision.board}/{decision.thread}")
        if store.decisions.stage(decision.board, decision.thread) == "decided":
            last = store.decisions.of(decision.board, decision.thread)[-1]
            raise Decided(f"这条帖子已由 {last.by} 处理（{last.at.astimezone(city.zone):%Y-%m-%d %H:%M}）", last)
        if filing:
            _not_twice(city, decision)
        number = store.decisions.decide(decision)
        if filing:
            put(city, post, decision, number, now)
    return number


def _not_twice(city: City, decision: Decision) -> None:
    """A post that came back because it was edited may go to a further unit, never again to one that has it."""
    tickets, store = city.store.tickets, city.store
    if decision.automatic and store.decisions.back(decision.board, decision.thread):
        raise FilingError("这条帖子交办后修改过，须由人处理")
    for ticket in tickets.of(decision.board, decision.thread):
        if ticket.unit == decision.unit and tickets.state(ticket.number) not in ("refiled", "archived"):
            raise FilingError(f"该单位已有这条帖子的工单 {ticket.number}；请到工单页办理")
    if linked := tickets.merged_into(decision.board, decision.thread):
        raise FilingError(f"这条帖子已并入工单 {linked}；请到工单页办理")


def undo(city: City, number: int, now: datetime) -> bool:
    """Take a decision back while nothing of it has begun to leave; the post returns to the queue."""
    decision = city.store.decisions.decision(number)
    if decision is None:
        return False
    try:
        with city.store.transaction():
            for key in _keys_of(city, decision):
                if not city.store.outbox.cancel(key, now):
                    raise _TooLate
            city.store.decisions.reopen(decision.board, decision.thread)
    except _TooLate:
        return False
    return True


class _TooLate(Exception):
    """Something of the decision is on its way, or was decided anew."""


def _keys_of(city: City, decision: Decision) -> list[str]:
    """The filings the decision made: none of a rejection, two of a post that was split."""
    made = [d for d in city.store.decisions.of(decision.board, decision.thread) if d.id >= decision.id]
    keys = [filing_key(d.board, d.thread, d.id) for d in made]
    if decision.action is Action.REJECT:
        if len(made) > 1:
            raise _TooLate
        return []
    entry = city.store.outbox.entry(keys[0])
    if entry is None or entry.payload.get("lead") or entry.payload.get("origin"):
        raise _TooLate  # it shares a ticket, or another ticket says already that this one was filed
    if any(d.lead != entry.payload["number"] for d in made[1:]):
        raise _TooLate
    return keys


def filing_key(board: str, thread: str, decision: int) -> str:
    """The idempotency key of a filing: one decision files once."""
    return f"file/{board}/{thread}/{decision}"


def put(city: City, post: Post, decision: Decision, number: int, now: datetime, **more: str) -> str:
    """Write the filing of the decision ``number`` down; the ticket's number. ``more``: its ``lead`` or ``origin``."""
    entry = _filing(city, post, decision, number, now, more)
    city.store.outbox.put(entry)
    return str(entry.payload["number"])


def _filing(
    city: City, post: Post, decision: Decision, number: int, now: datetime, more: Mapping[str, str]
) -> OutboxEntry:
    payload: Mapping[str, Any] = {
        **more,
        "number": city.store.tickets.next_number(now.astimezone(city.zone).strftime("%Y%m%d")),
        "decision": number,
        "board": post.board,
        "thread": post.thread,
    }
    # Where it goes is settled now: later settings must not send a repeated attempt to somebody else.
    if decision.unit and (platform := office.platform_of(city, decision.unit)):
        payload = {**payload, "platform": platform}
    clocks, automatic = city.settings.clocks, city.settings.automatic
    wait = timedelta(minutes=automatic.cancel_minutes) if decision.automatic else timedelta(seconds=clocks.undo_seconds)
    key = filing_key(post.board, post.thread, number)
    return OutboxEntry(key, OFFICE, post.key, payload, now, now + wait)


def acknowledged(city: City, entry: OutboxEntry, office_id: str, at: datetime) -> Ticket:
    """The office system has the filing: the ticket begins, its clocks start, and the notice is written down.

    Call it inside a transaction together with the settling of ``entry``.
    """
    ticket = _ticket(city, entry, office_id, at)
    has_thread = ticket.board in city.reference().board
    city.store.tickets.file(ticket, lifecycle.step("", "file"), has_thread=has_thread)
    note = f"{office.name(city, ticket.platform)}编号 {office_id}"
    city.store.tickets.add_event(Event(ticket.number, at, "file", "system", note), "filed")
    notice = OutboxEntry(f"notice/{ticket.number}", NOTICE, ticket.number, {"ticket": ticket.number}, at, at)
    city.store.outbox.put(notice)
    return ticket


def _ticket(city: City, entry: OutboxEntry, office_id: str, at: datetime) -> Ticket:
    store, reference = city.store, city.reference()
    decision = store.decisions.decision(int(entry.payload["decision"]))
    post = store.threads.post(entry.payload["board"], entry.payload["thread"])
    if decision is None or post is None or decision.unit is None or decision.category is None or decision.kind is None:
        raise FilingError(f"发件 {entry.key} 所依据的帖子或决定不完整")
    dates = promises.promise(city, decision.unit, post.board, decision.urgency, decision.days, at)
    return Ticket(
        number=str(entry.payload["number"]),
        board=post.board,
        thread=post.thread,
        decision=decision.id,
        office_id=office_id,
        title=post.title,
        kind=decision.kind,
        category=decision.category,
        source=source(reference, post),
        contact=decision.contact,
        unit=decision.unit,
        urgency=decision.urgency,
        days=decision.days,
        posted_at=post.posted_at,
        decided_at=decision.at,
        filed_at=at,
        reply_due=dates.reply_due,
        completion_due=dates.completion_due,
        tentative=dates.tentative,
        lead=str(entry.payload.get("lead", "")),
        origin=str(entry.payload.get("origin", "")),
        accept_due=dates.accept_due,
        platform=str(entry.payload.get("platform", "")),
    )
