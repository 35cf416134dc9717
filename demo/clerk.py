"""The simulated clerk: sees the truth, comes to a post after a while, and corrects the machine where it is wrong."""

from __future__ import annotations

from datetime import datetime

from data.records import Action, Decision, Suggestion
from demo.thread import Fate, Thread
from demo.world import World

NAME = "值班员"
NO_REQUEST, ANSWERED, RUNG = "非诉求", "此前已有答复，不再交办", "紧急警情，已转{}"


def judge(world: World, suggestion: Suggestion, now: datetime) -> Decision | None:
    """What the clerk decides on a suggestion at ``now``; None while the clerk has not come to it.

    An emergency is rejected with the number that was rung, never filed. Category, kind and unit are taken from the
    truth wherever the machine differs; urgency, days and contact always are. KeyError: no such thread in this city.
    """
    thread = world.thread(suggestion.board, suggestion.thread)
    if thread is None:
        raise KeyError(f"{suggestion.board}/{suggestion.thread}")
    if thread.seen_by_clerk is not None and now < thread.seen_by_clerk:
        return None
    return decide(thread, suggestion, now)


def decide(thread: Thread, suggestion: Suggestion, now: datetime) -> Decision:
    """What a clerk who knows the truth of ``thread`` makes of a suggestion for it."""
    reason = _rejection(thread)
    return _reject(thread, now, reason) if reason else _file(thread, suggestion, now)


def _rejection(thread: Thread) -> str:
    if thread.emergency:
        return RUNG.format(thread.ring)
    if not thread.is_request:
        return NO_REQUEST
    return ANSWERED if thread.fate is Fate.OLD else ""


def _reject(thread: Thread, now: datetime, reason: str) -> Decision:
    return Decision(thread.board, thread.id, now, NAME, Action.REJECT, reason=reason)


def _file(thread: Thread, suggestion: Suggestion, now: datetime) -> Decision:
    right = agrees(thread, suggestion)
    return Decision(
        board=thread.board,
        thread=thread.id,
        at=now,
        by=NAME,
        action=Action.ACCEPT if right else Action.CORRECT,
        kind=thread.kind,
        category=thread.category,
        unit=thread.unit,
        urgency=thread.urgency,
        days=thread.days,
        contact=thread.contact,
        reason="" if right else "按实际内容改正",
    )


def agrees(thread: Thread, suggestion: Suggestion) -> bool:
    """The machine has kind, category and first unit right."""
    first = suggestion.units[0].name if suggestion.units else ""
    return (suggestion.kind, suggestion.category, first) == (thread.kind, thread.category, thread.unit) and (
        suggestion.is_request
    )
