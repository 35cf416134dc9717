"""延期: asked for before expiry only, granted or refused by the office; granted, it moves 要求办结时间 by an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.city import City
from data.records import Ticket, Urgency
from ticketing import promises
from ticketing.standing import MoveError, Standing

LONGEST = 60  # working days asked for at once


def ask(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What goes with asking: ``days``, the working days wanted. Raises MoveError after expiry, or when one is asked for already."""
    if now > standing.completion_due:
        raise MoveError("要求办结时间已过，不能再申请延期")
    if standing.asked is not None:
        raise MoveError("已有一次延期申请等待审核")
    return {"days": _days(data, None)}


def grant(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What goes with granting: the days (as asked, or as the office says) and the date they lead to."""
    if standing.asked is None:
        raise MoveError("没有等待审核的延期申请")
    days = _days(data, int(standing.asked.data["days"]))
    # An extension is counted in working days even for 即办, which has none of its own.
    due, tentative = promises.moved(city, standing.completion_due, Urgency.DAYS, days, now - now)
    return {"days": days, "completion_due": due.isoformat(), "tentative": tentative}


def refuse(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """Nothing goes with a refusal; there must be something to refuse."""
    if standing.asked is None:
        raise MoveError("没有等待审核的延期申请")
    return {}


def _days(data: Mapping[str, Any], default: int | None) -> int:
    days = data.get("days", default)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST:
        raise MoveError(f"延期要写明 1 到 {LONGEST} 个工作日")
    return days
