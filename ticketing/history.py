"""Messages that came with their answer: tickets for reports only, whose clock runs from when the citizen wrote.

Nothing of them is filed or notified. They hold answered messages only, so that no rate of answering can be told from
them, and reports say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from data.city import City
from data.records import Event, Kind, Post, Reply, Ticket, Urgency, Verdict, VerdictName
from data.reference import Reference
from ticketing import lifecycle
from ticketing.holding import is_holding

LIFE = ("file", "answer", "close", "archive")  # the moves of a ticket that was over before it came to us
BY = "导入"


class Names:
    """Units, categories and kinds as files write them, by name or by slug."""

    def __init__(self, reference: Reference) -> None:
        self._known: Mapping[str, Mapping[str, str]] = {
            "unit": {u.name: u.slug for u in reference.units} | {u.slug: u.slug for u in reference.units},
            "category": {c.name: c.slug for c in reference.categories} | {c.slug: c.slug for c in reference.categories},
            "kind": {k.value: k.value for k in Kind},
        }

    def slugs(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Field -> slug; a name we do not know stays as the file has it, a missing one is empty."""
        return {field: known.get(given.get(field, ""), given.get(field, "")) for field, known in self._known.items()}


def answer(post: Post, body: str, replied_at: datetime) -> Reply:
    """The answer a message came with; whose it is the file does not say."""
    return Reply(post.board, post.thread, f"{post.thread}-1", None, None, replied_at, body)


def keep(city: City, post: Post, reply: Reply, slugs: Mapping[str, str]) -> Ticket:
    """Keep the ticket of a message that is kept already, and the verdict on it; call it inside a transaction."""
    store, ticket = city.store, _ticket(city, post, slugs)
    store.decisions.pass_by(post.board, post.thread)
    store.tickets.file(ticket, lifecycle.step("", "file"))
    state = ""
    for move in LIFE:
        state = lifecycle.step(state, move)
        at = post.posted_at if move == "file" else max(post.posted_at, reply.posted_at)
        store.tickets.add_event(Event(ticket.number, at, move, BY), state)
    store.tickets.add_verdict(_verdict(ticket, reply))
    return ticket


def _ticket(city: City, post: Post, slugs: Mapping[str, str]) -> Ticket:
    due = post.posted_at + timedelta(hours=city.settings.clocks.reply_hours)
    return Ticket(
        number=f"{post.board}-{post.thread}",
        board=post.board,
        thread=post.thread,
        decision=0,
        office_id="",
        title=post.title,
        kind=Kind(slugs["kind"]) if slugs["kind"] in set(Kind) else Kind.HELP,
        category=slugs["category"],
        source=post.section,
        contact="",
        unit=slugs["unit"],
        urgency=Urgency.DAYS,
        days=0,
        posted_at=post.posted_at,
        decided_at=post.posted_at,
        filed_at=post.posted_at,
        reply_due=due,
        completion_due=due,
        historical=True,
    )


def _verdict(ticket: Ticket, reply: Reply) -> Verdict:
    holding, replied_at = is_holding(reply.body), reply.posted_at
    return Verdict(
        ticket.number,
        replied_at,
        VerdictName.ON_TIME if replied_at <= ticket.reply_due else VerdictName.LATE,
        reply=reply.id,
        reply_at=replied_at,
        latency=max(0.0, (replied_at - ticket.filed_at).total_seconds()),
        holding=holding,
        answered_at=None if holding else replied_at,
        marks=("before-filing",) if replied_at < ticket.filed_at else (),
    )
