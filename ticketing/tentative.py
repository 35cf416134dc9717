"""暂定: a completion date that ran into an unannounced year is worked out again once the calendar knows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from data.city import City
from data.records import Event, Ticket, Urgency
from ticketing import clocks, lifecycle, promises


def settle(city: City, now: datetime) -> int:
    """Recompute every 暂定 date that is certain now; how many. Each is an event, the ticket stays. In a transaction."""
    tickets, settled = city.store.tickets, 0
    for ticket in tickets.provisional():
        events = tickets.events(ticket.number)
        (due, tentative), stands = recomputed(city, ticket, events), lifecycle.standing(ticket, events)
        if tentative or "recompute" not in lifecycle.moves_for(stands.state, lifecycle.SYSTEM):
            continue
        same = due == stands.completion_due
        note = "节假日安排已公布，" + (
            "日期不变" if same else f"原为 {stands.completion_due.astimezone(city.zone):%Y-%m-%d %H:%M}"
        )
        data = {"completion_due": due.isoformat(), "tentative": False}
        event = Event(ticket.number, now, "recompute", lifecycle.SYSTEM, note, data)
        tickets.add_event(event, lifecycle.step(stands.state, "recompute"), (due, False))
        settled += 1
    return settled


def recomputed(city: City, ticket: Ticket, events: Iterable[Event]) -> tuple[datetime, bool]:
    """The completion date with every extension and pause of its events, by the calendar as it is known now."""
    due, tentative = _from(city, ticket, ticket.filed_at)
    for event in events:
        if event.move == "reopen":
            due, tentative = _from(city, ticket, event.at)
        elif event.move in ("grant_extension", "resume", "force") and "days" in event.data:
            # An extension is counted in working days even for 即办.
            counted = Urgency.DAYS if event.move == "grant_extension" else ticket.urgency
            later = promises.moved(city, due, counted, int(event.data["days"]), _elapsed(event))
            due, tentative = later[0], tentative or later[1]
    return due, tentative


def _from(city: City, ticket: Ticket, start: datetime) -> tuple[datetime, bool]:
    """As many days as were promised at the filing; 即办 never before the reply is due."""
    known = promises.calendar(city)
    due, tentative = clocks.completion_due(start, ticket.urgency, ticket.days, city.zone, 0, known)
    return max(due, ticket.reply_due), tentative


def _elapsed(event: Event) -> timedelta:
    return timedelta(seconds=float(event.data.get("seconds", 0)))
