"""A further unit gets a ticket of its own on the same post: in place of one that was returned (改派), or to assist (协办).

Each is a decision and a filing through the outbox, with its own clock and verdict; the other ticket says where it went.
"""

from __future__ import annotations

from datetime import datetime

from data.city import City
from data.records import Action, Decision, Ticket, Urgency
from ticketing import filing, lifecycle
from ticketing.standing import MoveError

MOST = 10  # co-units of one ticket


def refile(city: City, number: str, unit: str, by: str, note: str, now: datetime, *, role: str | None = None) -> str:
    """File the matter of a returned ticket to ``unit``; the new ticket's number. Raises MoveError."""
    with city.store.transaction():
        ticket = _ticket(city, number, unit)
        new = _file(city, ticket, unit, by, note or f"工单 {number} 退单后改派", now, origin=number)
        lifecycle.move(city, number, "refile", by, note, now, role=role, data={"to": new, "unit": unit})
    return new


def assist(city: City, number: str, unit: str, by: str, note: str, now: datetime, *, role: str | None = None) -> str:
    """Have ``unit`` assist the lead unit of a ticket; the co-unit's ticket number. Raises MoveError."""
    with city.store.transaction():
        ticket = _ticket(city, number, unit)
        if ticket.lead:
            raise MoveError(f"这是协办工单；请在主办工单 {ticket.lead} 上增加协办")
        if len(city.store.tickets.assisting(number)) >= MOST:
            raise MoveError(f"一个工单最多 {MOST} 个协办单位")
        new = _file(city, ticket, unit, by, note or f"协办工单 {number}", now, lead=number)
        lifecycle.move(city, number, "assist", by, note, now, role=role, data={"to": new, "unit": unit})
    return new


def _ticket(city: City, number: str, unit: str) -> Ticket:
    """The ticket, when ``unit`` may get one on the same matter."""
    store = city.store
    ticket = store.tickets.ticket(number)
    if ticket is None:
        raise MoveError(f"没有工单 {number}")
    if unit not in city.reference().unit:
        raise MoveError("没有这个承办单位；请重新选择")
    for other in store.tickets.of(ticket.board, ticket.thread):
        if other.unit == unit and store.tickets.state(other.number) not in ("refiled", "archived"):
            raise MoveError(f"该单位已有这条帖子的工单 {other.number}")
    entries = store.outbox.about(f"{ticket.board}/{ticket.thread}")
    for entry in (e for e in entries if e.channel == filing.OFFICE and e.state in ("waiting", "leased")):
        waiting = store.decisions.decision(int(entry.payload["decision"]))
        if waiting is not None and waiting.unit == unit:
            raise MoveError("交给该单位的工单正在发送")
    return ticket


def _file(
    city: City, ticket: Ticket, unit: str, by: str, note: str, now: datetime, *, lead: str = "", origin: str = ""
) -> str:
    post = city.store.threads.post(ticket.board, ticket.thread)
    if post is None:
        raise MoveError("原帖没有读到过，不能再次交办")
    decision = Decision(
        board=ticket.board,
        thread=ticket.thread,
        at=now,
        by=by,
        action=Action.CORRECT,
        kind=ticket.kind,
        category=ticket.category,
        unit=unit,
        urgency=Urgency(ticket.urgency),
        days=ticket.days,
        contact=ticket.contact,
        reason=note,
        lead=lead,
    )
    id = city.store.decisions.decide(decision)
    return filing.put(city, post, decision, id, now, **({"lead": lead} if lead else {"origin": origin}))
