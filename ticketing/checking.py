"""Looks at the watched threads' new evidence and writes down every verdict that changed, and what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from data.city import City
from data.records import Event, Ticket, Verdict, VerdictName
from ticketing import edits, lifecycle, replies, tentative, urging
from ticketing.voices import Voices, voices_of
from ticketing.watch import WATCHED_FOR

MARK = (
    "checked-read"  # the last read whose evidence was weighed; kept, so that a killed run's reads are not passed over
)


def check(city: City, now: datetime) -> Mapping[str, int]:
    """Judge every ticket whose thread was read since the last check, or whose due passed; counts of new verdicts."""
    store, voices = city.store, voices_of(city.reference())
    counts: Counter[str] = Counter()
    with store.transaction():
        newest, read = store.threads.read_since(store.runs.mark(MARK))
        for ticket in _candidates(city, read, now):
            fresh = judge(city, ticket, voices, now)
            if fresh is not None:
                _keep(city, ticket, fresh)
                counts[fresh.name] += 1
        store.runs.set_mark(MARK, newest)
        counts.update({"edited": edits.check(city, now), "recomputed": tentative.settle(city, now)})
    return +counts


def weigh(city: City, ticket: Ticket, now: datetime) -> None:
    """Judge a ticket that was filed just now: the unit may have answered before anyone filed it."""
    reference = city.reference()
    if ticket.board in reference.board:
        fresh = judge(city, ticket, voices_of(reference), now)
        if fresh is not None and fresh.name is not VerdictName.PENDING:
            _keep(city, ticket, fresh)


def again(city: City, number: str, now: datetime) -> None:
    """Judge a ticket anew after a move that may have stopped or moved its clock; call it inside a transaction."""
    ticket, due = city.store.tickets.ticket(number), city.store.tickets.answer_due(number)
    if ticket is not None and due is not None and ticket.board in city.reference().board:
        fresh = judge(city, replace(ticket, reply_due=due), voices_of(city.reference()), now)
        if fresh is not None and city.store.tickets.verdict(number) is not None:
            _keep(city, ticket, fresh)


def heard(city: City, board: str, thread: str, now: datetime) -> None:
    """Judge the tickets of a thread anew by what a person entered of it; call it inside a transaction."""
    tickets, voices = city.store.tickets, voices_of(city.reference())
    for ticket in tickets.of(board, thread):
        due = tickets.answer_due(ticket.number) or ticket.reply_due
        fresh = None if ticket.historical else judge(city, replace(ticket, reply_due=due), voices, now)
        if fresh is not None:
            _keep(city, ticket, fresh)


def judge(city: City, ticket: Ticket, voices: Voices, now: datetime) -> Verdict | None:
    """The verdict as it is now, when it differs from the one that stands and can still be known."""
    threads = city.store.threads
    where = (ticket.board, ticket.thread)
    if threads.erased(*where):
        return None  # what it would be judged by is gone; what was judged stands
    heard, reads = threads.replies(*where, gone=True), threads.reads(*where)
    seen, versions = (threads.seen(*where), threads.versions(*where)) if heard else ({}, ())
    rests = lifecycle.standing(ticket, city.store.tickets.events(ticket.number)).rests
    fresh = replies.verdict(ticket, heard, reads, voices, city.zone, now, seen, versions, rests)
    standing = city.store.tickets.verdict(ticket.number)
    return fresh if standing is None or standing.evidence != fresh.evidence else None


def _candidates(city: City, read: set[tuple[str, str]], now: datetime) -> Iterable[Ticket]:
    """Tickets whose due passed without a verdict, and those whose thread was read. A call or a letter has no thread."""
    boards, tickets, since = city.reference().board, city.store.tickets, now - WATCHED_FOR
    found = {t.number: t for t in tickets.undecided(since, now, boards)}
    for post in sorted(read):
        if post[0] in boards:
            found |= {t.number: t for t in tickets.doubtful(*post, since)}
    return sorted(found.values(), key=lambda t: t.reply_due)


def _keep(city: City, ticket: Ticket, verdict: Verdict) -> None:
    tickets = city.store.tickets
    tickets.add_verdict(verdict)
    if verdict.reply is not None:
        urging.call_off(city, ticket.number, verdict.at)
    if verdict.answered_at and "answer" in lifecycle.moves_for(state := tickets.state(ticket.number), lifecycle.SYSTEM):
        note = f"原帖有实质答复（{verdict.answered_at.astimezone(city.zone):%Y-%m-%d %H:%M}）"
        event = Event(ticket.number, verdict.at, "answer", lifecycle.SYSTEM, note)
        tickets.add_event(event, lifecycle.step(state, "answer"))
