"""Several posts on one matter share a ticket: a further post is linked to it, and its thread is watched too.

The verdict stays that of the ticket's own thread; what is answered in the linked ones is shown beside it.
"""

from __future__ import annotations

from datetime import datetime

from data.city import City
from data.records import Action, Decision
from ticketing import lifecycle
from ticketing.standing import MoveError


def merge(
    city: City, board: str, thread: str, number: str, by: str, note: str, now: datetime, *, role: str | None = None
) -> None:
    """Take a post off the queue by linking it to the ticket ``number``; raises MoveError.

    The decision kept is the ticket's own (category, unit …), so that the next model learns from it; nothing is filed.
    """
    store = city.store
    with store.transaction():
        ticket, post = store.tickets.ticket(number), store.threads.post(board, thread)
        if ticket is None:
            raise MoveError(f"没有工单 {number}")
        if post is None:
            raise MoveError(f"没有读到过帖子 {board}/{thread}")
        if (board, thread) == (ticket.board, ticket.thread) or store.tickets.of(board, thread):
            raise MoveError("这条帖子已有工单，不能并入")
        if store.decisions.stage(board, thread) == "decided":
            raise MoveError("这条帖子已经处理过；要并入，请先撤回原来的决定")
        lifecycle.move(city, number, "merge", by, note, now, role=role, data={"post": post.key, "title": post.title})
        store.tickets.merge(board, thread, number, now, by)
        store.decisions.decide(
            Decision(
                board=board,
                thread=thread,
                at=now,
                by=by,
                action=Action.CORRECT,
                kind=ticket.kind,
                category=ticket.category,
                unit=ticket.unit,
                urgency=ticket.urgency,
                days=ticket.days,
                reason=f"并入工单 {number}",
            )
        )
