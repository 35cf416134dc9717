"""回访: the citizen is asked whether the matter is solved and whether they are satisfied."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from data.city import City
from data.records import Ticket
from ticketing import promises, returns
from ticketing.standing import MoveError, Standing


def terms(city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What goes with a follow-up: ``solved`` and ``satisfied``, each said."""
    found = {name: data.get(name) for name in ("solved", "satisfied")}
    if not all(isinstance(value, bool) for value in found.values()):
        raise MoveError("回访要写明是否解决、是否满意")
    return found


def reopened(
    city: City, ticket: Ticket, standing: Standing, data: Mapping[str, Any], now: datetime
) -> Mapping[str, Any]:
    """What goes with 重办: a completion date counted from now. The reply clock was judged and is not run again.

    Only one that a return had stopped, and that was closed at that, goes on.
    """
    found = promises.promise(city, ticket.unit, ticket.board, ticket.urgency, ticket.days, now)
    goes_on = {k: v for k, v in returns.forced(city, ticket, standing, data, now).items() if k == "reply_due"}
    return {**goes_on, "completion_due": found.completion_due.isoformat(), "tentative": found.tentative}
