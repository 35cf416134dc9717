"""What is promised at a filing: from the settings and tables of that moment to dates that later rules never rewrite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.city import City
from data.records import Ticket, Urgency
from data.reference import Board, Unit
from ticketing import clocks
from ticketing.clocks import Calendar, Duty


@dataclass(frozen=True, slots=True)
class Promise:
    """The dates of a ticket filed at one moment; ``accept_due`` None: no 签收 clock."""

    reply_due: datetime
    accept_due: datetime | None
    completion_due: datetime
    tentative: bool


def promise(city: City, unit: str, board: str, urgency: Urgency, days: int, at: datetime) -> Promise:
    """The dates of a ticket of ``unit`` about a post on ``board``, filed at ``at``; works 即办 out after the reply."""
    settings, known = city.settings.clocks, calendar(city)
    entries = _entries(city, unit, board)
    duty = _duty(city, entries)
    reply = clocks.reply_due(at, _reply_hours(city, entries), duty, city.zone, known)
    accept = clocks.reply_due(at, settings.accept_hours, duty, city.zone, known) if settings.accept_hours else None
    completion, tentative = clocks.completion_due(at, urgency, days, city.zone, 0, known)
    return Promise(reply, accept, max(completion, reply), tentative)


def reply_resumed(city: City, ticket: Ticket, due: datetime, since: datetime, now: datetime) -> datetime:
    """A reply clock that stood still from ``since`` goes on at ``now`` with as much time as was left then."""
    duty, known = _duty(city, _entries(city, ticket.unit, ticket.board)), calendar(city)
    left = clocks.running(since, due, duty, city.zone, known)
    return clocks.reply_due(now, left / timedelta(hours=1), duty, city.zone, known)


def reply_hours(city: City, unit: str, board: str = "") -> float:
    """The unit's own time to answer, else the board's, else the city's."""
    return _reply_hours(city, _entries(city, unit, board))


Entries = tuple[Unit | None, Board | None]  # whichever of them says something, the unit first


def _entries(city: City, unit: str, board: str) -> Entries:
    reference = city.reference()
    return reference.unit.get(unit), reference.board.get(board)


def _reply_hours(city: City, entries: Entries) -> float:
    return next((e.reply_hours for e in entries if e and e.reply_hours), city.settings.clocks.reply_hours)


def _duty(city: City, entries: Entries) -> Duty | None:
    """The duty hours the clock keeps to: as the unit says, else the board, else the city; None is round the clock."""
    settings = city.settings.clocks
    said = next((e.duty_only for e in entries if e and e.duty_only is not None), settings.duty_only)
    return Duty(settings.duty_from, settings.duty_to) if said else None


def calendar(city: City) -> Calendar:
    """The State Council's working days with those the office supplied."""
    settings = city.settings.clocks
    return Calendar(frozenset(settings.holidays), frozenset(settings.make_up_days))


def moved(city: City, due: datetime, urgency: Urgency, days: int, elapsed: timedelta) -> tuple[datetime, bool]:
    """A completion date later by so many working days, or for 即办 by the time ``elapsed``, and whether it is 暂定."""
    if urgency is Urgency.DAYS:
        return clocks.days_later(due, days, city.zone, calendar(city)) if days > 0 else (due, False)
    return due + elapsed, False
