"""退单: why a unit sends a ticket back. What becomes of it the office says: forced, closed, or re-filed (``refiling``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.city import City
from data.records import Event, Ticket
from ticketing.standing import MoveError, Standing

OTHER = "其他"
REASONS = ("属地不符", "权属不清", "职能交叉", OTHER)


def terms(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What goes with a return: its ``reason``; one that is not named is 其他, and is in the note."""
    reason = data.get("reason", OTHER)
    if reason not in REASONS:
        raise MoveError(f"退单的理由要是 {'、'.join(REASONS)} 之一")
    return {"reason": reason}


def reason(event: Event) -> str:
    """The reason of a return; the office system writes it at the beginning of its note."""
    given = str(event.data.get("reason", OTHER))
    return next((r for r in REASONS if event.note.startswith(r)), given) if given == OTHER else given
