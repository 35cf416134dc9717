"""The states of a ticket and every move between them, as one table; the state is what the events say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from data.city import City
from data.records import Event, OutboxEntry, Ticket
from ticketing import extensions, followup, pauses, returns
from ticketing.standing import MoveError, RoleError, Standing, after, begun

__all__ = [
    "MOVES",
    "STATES",
    "MoveError",
    "RoleError",
    "move",
    "moves_for",
    "moves_now",
    "standing",
    "state_after",
    "step",
]

STATES: Mapping[str, str] = {
    "filed": "已交办",
    "accepted": "已签收",
    "answered": "已答复",
    "returned": "已退单",
    "refiled": "已改派",
    "supervised": "督办中",
    "closed": "已办结",
    "followed_up": "已回访",
    "archived": "已归档",
}
# Who moves a ticket: roles of the desk, the program itself, and the office system (what it says its people did).
CLERK, UNIT, ADMIN, SYSTEM, OFFICE = "clerk", "liaison", "admin", "system", "office"
OFFICE_SIDE = frozenset({CLERK, ADMIN})
EVERYONE = frozenset({UNIT, OFFICE, *OFFICE_SIDE})


class Terms(Protocol):
    """What goes with a move: the data of its event, or MoveError when it cannot be made as things stand."""

    def __call__(
        self, city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime
    ) -> Mapping[str, Any]: ...


def _as_given(
    city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    return data


@dataclass(frozen=True, slots=True)
class Move:
    """An allowed move: from which states, to which, and who may make it. ``target`` None leaves the state as it is.

    ``says``: a word of explanation is required. ``terms``: what goes with it. ``tells``: the unit is told at once.
    """

    name_zh: str
    sources: frozenset[str]
    target: str | None
    roles: frozenset[str]
    says: bool = False
    terms: Terms = _as_given
    tells: bool = False


def _move(
    name: str,
    sources: str,
    target: str | None,
    roles: Iterable[str],
    *,
    says: bool = False,
    terms: Terms = _as_given,
    tells: bool = False,
) -> Move:
    return Move(name, frozenset(sources.split()), target, frozenset(roles), says, terms, tells)


OPEN = "filed accepted answered supervised"
WORKING = "filed accepted supervised"
MOVES: Mapping[str, Move] = {
    "file": _move("交办", "", "filed", {SYSTEM}),
    "accept": _move("签收", "filed supervised", "accepted", EVERYONE),
    "answer": _move("答复", WORKING, "answered", {SYSTEM, *EVERYONE}),
    "return": _move("退单", WORKING, "returned", EVERYONE, says=True, terms=returns.terms),
    "force": _move(
        "维持交办", "returned", "filed", {OFFICE, *OFFICE_SIDE}, says=True, terms=returns.forced, tells=True
    ),
    "refile": _move("改派", "returned", "refiled", OFFICE_SIDE),
    "ask_extension": _move("申请延期", OPEN, None, {UNIT, *OFFICE_SIDE}, says=True, terms=extensions.ask),
    "grant_extension": _move("同意延期", OPEN, None, OFFICE_SIDE, terms=extensions.grant, tells=True),
    "refuse_extension": _move("不同意延期", OPEN, None, OFFICE_SIDE, says=True, terms=extensions.refuse, tells=True),
    "pause": _move("暂停计时", WORKING, None, {UNIT, *OFFICE_SIDE}, says=True, terms=pauses.pause),
    "resume": _move("恢复计时", OPEN, None, {UNIT, *OFFICE_SIDE}, terms=pauses.resume),
    "recompute": _move("重算办结时间", f"{OPEN} returned", None, {SYSTEM}),
    "urge": _move("催办", OPEN, None, {SYSTEM, *OFFICE_SIDE}),
    "supervise": _move("督办", WORKING, "supervised", {SYSTEM, *OFFICE_SIDE}),
    "tell_leader": _move("抄报领导", WORKING, None, {SYSTEM, *OFFICE_SIDE}),
    "assist": _move("增加协办", OPEN, None, OFFICE_SIDE),
    "merge": _move("并入帖子", OPEN, None, OFFICE_SIDE),
    "unmerge": _move("撤销并入", " ".join(STATES), None, OFFICE_SIDE),
    "edited": _move("原帖已修改", " ".join(STATES), None, {SYSTEM}),
    "reviewed": _move("已看过修改", " ".join(STATES), None, OFFICE_SIDE),
    "verdict": _move("县区核查结果", " ".join(STATES), None, {OFFICE}),
    "note": _move("备注", " ".join(STATES), None, {SYSTEM, *EVERYONE}, says=True),
    "close": _move("办结", f"{OPEN} returned", "closed", {OFFICE, *OFFICE_SIDE}),
    "follow_up": _move("回访", "closed", "followed_up", OFFICE_SIDE, terms=followup.terms),
    "reopen": _move("重办", "closed followed_up", "filed", OFFICE_SIDE, says=True, terms=followup.reopened, tells=True),
    "archive": _move("归档", "closed followed_up", "archived", OFFICE_SIDE),
}


def state_after(events: Iterable[Event]) -> str:
    """The state ``events`` (oldest first) say; raises MoveError when one of them was not allowed."""
    state = ""
    for event in events:
        state = step(state, event.move)
    return state


def standing(ticket: Ticket, events: Iterable[Event]) -> Standing:
    """How a ticket stands by its events, oldest first; raises MoveError when one of them was not allowed."""
    found = begun(ticket)
    for event in events:
        found = after(found, event, step(found.state, event.move))
    return found


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


def moves_now(stands: Standing, role: str) -> list[str]:
    """Of ``moves_for`` those that what was asked or paused before leaves sense in."""
    senseless = {"ask_extension"} if stands.asked else {"grant_extension", "refuse_extension"}
    senseless |= {"pause"} if stands.paused_at else {"resume"}
    return [name for name in moves_for(stands.state, role) if name not in senseless]


def move(
    city: City,
    number: str,
    name: str,
    by: str,
    note: str,
    now: datetime,
    *,
    role: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Make one move: an event is added, nothing is overwritten; a move that ``tells`` writes its notice down with it.

    ``role`` is what ``by`` may do; without it, that of the user of this name (``system`` and ``office`` are the
    program and the office system). A unit's officer moves the tickets of that unit only, and of those it took over from.
    Raises RoleError when the move is not theirs, MoveError when it cannot be made now.
    """
    tickets = city.store.tickets
    with city.store.transaction():
        ticket = tickets.ticket(number)
        if ticket is None:
            raise MoveError(f"没有工单 {number}")
        now_stands = standing(ticket, tickets.events(number))
        state = step(now_stands.state, name)
        allowed = MOVES[name]
        _permit(city, ticket, allowed, by, role or _role(city, by), now)
        if allowed.says and not note.strip():
            raise MoveError(f"{allowed.name_zh}要写明理由或内容")
        terms = allowed.terms(city, ticket, now_stands, data or {}, now)
        event = Event(number, now, name, by, note, terms)
        then = after(now_stands, event, state)
        promise = then.promise if then.promise != now_stands.promise else None
        tickets.add_event(event, state, promise, then.reply_due if then.reply_due != now_stands.reply_due else None)
        if allowed.tells:
            key = f"notice/{number}/{name}/{now:%Y%m%d%H%M%S}"
            city.store.outbox.put(OutboxEntry(key, "notice", number, {"ticket": number, "kind": name}, now, now))
    return event


def _permit(city: City, ticket: Ticket, move: Move, by: str, role: str, now: datetime) -> None:
    if role not in move.roles:
        raise RoleError(f"{by} 不能{move.name_zh}这个工单")
    if role == UNIT:
        user = city.store.people.user(by)
        day = now.astimezone(city.zone).date()
        if user is None or not user.unit or not city.reference().answers_for(user.unit, ticket.unit, day):
            raise RoleError(f"{by} 不能{move.name_zh}别的单位的工单")


def _role(city: City, by: str) -> str:
    if by in (SYSTEM, OFFICE):
        return by
    user = city.store.people.user(by)
    return user.role if user else ""
