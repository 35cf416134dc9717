"""Waiting for the citizen: between pause and resume the completion clock stands still; the reply clock never does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.city import City
from data.records import Ticket
from ticketing import clocks, promises
from ticketing.standing import MoveError, Standing


def pause(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The clock is stopped once at a time, and not when there is no time left to stop."""
    if standing.paused_at is not None:
        raise MoveError("已在等待网民补充，不能再次暂停")
    if now > standing.completion_due:
        raise MoveError("要求办结时间已过，不能暂停")
    return {}


def resume(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What goes with resuming: how long it stood still, and the date moved on by so much.

    A number of working days moves on by the working days begun in the pause; 即办 by the time itself.
    """
    if standing.paused_at is None:
        raise MoveError("没有暂停，不用恢复")
    elapsed = max(now - standing.paused_at, now - now)
    days = clocks.working_days(standing.paused_at, now, city.zone, promises.calendar(city))
    due, tentative = promises.moved(city, standing.completion_due, ticket.urgency, days, elapsed)
    return {
        "days": days,
        "seconds": elapsed.total_seconds(),
        "completion_due": due.isoformat(),
        "tentative": tentative or standing.tentative,
    }
