"""What waits for the office's word: returns to be adjudicated and extensions to be granted or refused, the longest first."""

from __future__ import annotations

from datetime import UTC, datetime

from data.city import City
from data.records import Event
from ticketing import lifecycle

EVER = datetime(1, 1, 2, tzinfo=UTC)


def awaiting(city: City) -> list[Event]:
    """The event by which each was asked for (``return`` or ``ask_extension``), oldest first."""
    found: list[Event] = []
    for ticket, _ in city.store.tickets.watched(EVER):
        events = city.store.tickets.events(ticket.number)
        stands = lifecycle.standing(ticket, events)
        if stands.state == "returned":
            found.append(next(e for e in reversed(events) if e.move == "return"))
        if stands.asked is not None:
            found.append(stands.asked)
    return sorted(found, key=lambda e: (e.at, e.ticket))
