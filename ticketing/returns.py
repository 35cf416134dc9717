"""退单: why a unit sends a ticket back. What becomes of it the office says: forced, closed, or re-filed (``refiling``).

While a return waits for the office's word the unit's clocks stand still: the office's own delay is never charged to it.
Forced, they go on where they stood, so that a return wins nobody any time either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.city import City
from data.records import Event, Ticket
from ticketing import clocks, promises
from ticketing.standing import MoveError, Standing

OTHER = "其他"
REASONS = ("属地不符", "权属不清", "职能交叉", OTHER)


def terms(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What goes with a return: its ``reason``; one that is not named is 其他, and is in the note.

    ``at``: when it was made in the office system, where the program heard of it later; the clocks stopped then.
    """
    reason = data.get("reason", OTHER)
    if reason not in REASONS:
        raise MoveError(f"退单的理由要是 {'、'.join(REASONS)} 之一")
    return {"reason": reason, **({"at": data["at"]} if "at" in data else {})}


def forced(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What goes with 维持交办, and with 重办 of what was closed as returned: the dates, moved on by how long the return waited.

    A return made after a date was due does not move it.
    """
    since, found = standing.returned_at, dict[str, Any]()
    if since is None:
        return found
    now = max(now, since)  # a clock set back does not shorten what was promised
    if standing.rests:
        found["reply_due"] = promises.reply_resumed(city, ticket, standing.reply_due, since, now).isoformat()
    if since <= standing.completion_due and standing.paused_at is None:  # a pause that goes on moves it when it ends
        days = clocks.working_days(since, now, city.zone, promises.calendar(city))
        due, tentative = promises.moved(city, standing.completion_due, ticket.urgency, days, now - since)
        found |= {"days": days, "seconds": (now - since).total_seconds(), "completion_due": due.isoformat()}
        found["tentative"] = tentative or standing.tentative
    return found


def reason(event: Event) -> str:
    """The reason of a return; the office system writes it at the beginning of its note."""
    given = str(event.data.get("reason", OTHER))
    return next((r for r in REASONS if event.note.startswith(r)), given) if given == OTHER else given
