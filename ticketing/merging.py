"""Several posts on one matter share a ticket: a further post is linked to it, and its thread is watched too.

The verdict stays that of the ticket's own thread; what is answered in the linked ones is shown beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from data.city import City
from data.records import Action, Decision
from ticketing import lifecycle
from ticketing.standing import MoveError


def merge(
    city: City, board: str, thread: str, number: str, by: str, note: str, now: datetime, *, role: str | None = None
) -> int:
    """Take a post off the queue by linking it to the ticket ``number``; the decision's id. Raises MoveError.

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
        return store.decisions.decide(
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


def undo(city: City, decision: int, by: str, now: datetime, *, role: str | None = None) -> bool:
    """Take a merge back while the city's time for it runs: the post returns to the queue, and the ticket says so."""
    with city.store.transaction():
        made = city.store.decisions.decision(decision)
        if made is None or now > made.at + timedelta(seconds=city.settings.clocks.undo_seconds):
            return False
        number = city.store.tickets.merged_into(made.board, made.thread)
        if number is None or city.store.decisions.of(made.board, made.thread)[-1].id != decision:
            return False
        part(city, made.board, made.thread, by, "", now, role=role)
    return True


def part(city: City, board: str, thread: str, by: str, note: str, now: datetime, *, role: str | None = None) -> str:
    """Take a linked post out again: it goes back to the queue to be decided for itself. The ticket's number; MoveError."""
    store = city.store
    with store.transaction():
        number, post = store.tickets.merged_into(board, thread), store.threads.post(board, thread)
        if number is None or post is None:
            raise MoveError("这条帖子没有并入工单")
        data = {"post": post.key, "title": post.title}
        lifecycle.move(city, number, "unmerge", by, note, now, role=role, data=data)
        store.tickets.unmerge(board, thread)
        if store.decisions.stage(board, thread) == "decided":  # else it is on the queue already, for it was edited
            store.decisions.reopen(board, thread)
    return number
