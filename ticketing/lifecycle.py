"""The states of a ticket and every move between them, as one table; the state is what the events say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from data.city import City
from data.problem import Problem
from data.records import Event

STATES: Mapping[str, str] = {
    "filed": "已交办",
    "accepted": "已签收",
    "answered": "已答复",
    "returned": "已退单",
    "supervised": "督办中",
    "closed": "已办结",
    "followed_up": "已回访",
    "archived": "已归档",
}
CLERK, UNIT, ADMIN, SYSTEM = "clerk", "liaison", "admin", "system"
OFFICE_SIDE = frozenset({CLERK, ADMIN})


@dataclass(frozen=True, slots=True)
class Move:
    """An allowed move: from which states, to which, and who may make it. ``target`` None leaves the state as it is."""

    name_zh: str
    sources: frozenset[str]
    target: str | None
    roles: frozenset[str]


def _move(name: str, sources: str, target: str | None, roles: Iterable[str]) -> Move:
    return Move(name, frozenset(sources.split()), target, frozenset(roles))


OPEN = "filed accepted answered supervised"
MOVES: Mapping[str, Move] = {
    "file": _move("交办", "", "filed", {SYSTEM}),
    "accept": _move("签收", "filed supervised", "accepted", {UNIT, CLERK, ADMIN}),
    "answer": _move("答复", "filed accepted supervised", "answered", {SYSTEM, UNIT, CLERK, ADMIN}),
    "return": _move("退单", "filed accepted", "returned", {UNIT, CLERK, ADMIN}),
    "force": _move("维持交办", "returned", "filed", OFFICE_SIDE),
    "supervise": _move("督办", "filed accepted", "supervised", {SYSTEM, *OFFICE_SIDE}),
    "urge": _move("催办", OPEN, None, {SYSTEM, *OFFICE_SIDE}),
    "note": _move("备注", " ".join(STATES), None, {UNIT, *OFFICE_SIDE}),
    "close": _move("办结", f"{OPEN} returned", "closed", OFFICE_SIDE),
    "follow_up": _move("回访", "closed", "followed_up", OFFICE_SIDE),
    "reopen": _move("重办", "closed followed_up", "filed", OFFICE_SIDE),
    "archive": _move("归档", "closed followed_up", "archived", OFFICE_SIDE),
}


class MoveError(Problem):
    """A move that is not allowed now; the message says why, in Chinese."""


def state_after(events: Iterable[Event]) -> str:
    """The state ``events`` (oldest first) say; raises MoveError when one of them was not allowed."""
    state = ""
    for event in events:
        state = step(state, event.move)
    return state


def step(state: str, name: str) -> str:
    """The state after the move ``name`` from ``state``; raises MoveError."""
    move = MOVES.get(name)
    if move is None:
        raise MoveError(f"没有“{name}”这个动作")
    if (state and state not in move.sources) or (not state and name != "file"):
        raise MoveError(f"工单{STATES.get(state, '尚未交办')}，不能{move.name_zh}")
    return move.target or state


def moves_for(state: str, role: str) -> list[str]:
    """The moves someone of ``role`` may make now, in the table's order."""
    return [name for name, move in MOVES.items() if state in move.sources and role in move.roles]


def move(city: City, number: str, name: str, by: str, note: str, now: datetime) -> Event:
    """Make one move: an event is added, nothing is overwritten. Raises MoveError."""
    store = city.store
    with store.transaction():
        state = store.tickets.state(number)
        if not state:
            raise MoveError(f"没有工单 {number}")
        event = Event(number, now, name, by, note)
        store.tickets.add_event(event, step(state, name))
    return event
