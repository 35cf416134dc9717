"""连心桥: a matter that needs more than one answer is marked 帮扶, gathers a log, and is reviewed until a person closes it."""

from __future__ import annotations

from datetime import datetime, timedelta

from data.city import City
from data.problem import Problem
from data.records import Bridge, BridgeNote

REVIEW = timedelta(days=7)
LONGEST = 1000  # characters of a need or a note


class BridgeError(Problem):
    """Something that cannot be done with a matter; the message says why, in Chinese."""


def begin(city: City, ticket: str, need: str, by: str, now: datetime) -> int:
    """Mark a ticket's matter 帮扶; returns its number. Raises BridgeError."""
    store, need = city.store, _words(need, "请写明需要什么帮助")
    with store.transaction():
        if store.tickets.ticket(ticket) is None:
            raise BridgeError(f"没有工单 {ticket}；请核对工单号")
        if store.bridges.of(ticket):
            raise BridgeError(f"工单 {ticket} 已在连心桥上")
        return store.bridges.open(Bridge(ticket, now, by, need, now + REVIEW))


def note(city: City, number: int, done: str, by: str, now: datetime) -> None:
    """Log what was done; the next review is counted from it."""
    done = _words(done, "请写明做了什么")
    with city.store.transaction():
        _still_open(city, number)
        city.store.bridges.add_note(BridgeNote(number, now, by, done))
        city.store.bridges.review(number, now + REVIEW)


def close(city: City, number: int, reason: str, by: str, now: datetime) -> None:
    """A person closes the matter and says why; nothing else ever does."""
    reason = _words(reason, "请写明为什么可以结束")
    with city.store.transaction():
        _still_open(city, number)
        city.store.bridges.add_note(BridgeNote(number, now, by, f"结束：{reason}"))
        city.store.bridges.close(number, now, by)


def due(city: City, now: datetime) -> list[Bridge]:
    """Matters nobody looked at in time."""
    return [b for b in city.store.bridges.list() if b.review_at <= now]


def _still_open(city: City, number: int) -> Bridge:
    bridge = city.store.bridges.bridge(number)
    if bridge is None or bridge.closed_at is not None:
        raise BridgeError("连心桥上没有这件事，或已经结束")
    return bridge


def _words(text: str, otherwise: str) -> str:
    text = text.strip()
    if not text:
        raise BridgeError(otherwise)
    if len(text) > LONGEST:
        raise BridgeError(f"最多 {LONGEST} 个字；请写得短些")
    return text
