"""今日一览: where the office stands at this moment, for who has half a minute; every number is the tickets it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.city import City
from data.records import Event, Ticket, VerdictName
from data.reference import Board
from data.store.series import Surge
from ticketing import alerts
from ticketing.alarm import silent_boards
from ticketing.awaiting import awaiting
from ticketing.periods import midnight
from ticketing.watch import WATCHED_FOR

SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Today:
    """``filed`` and what is in it are of the city's day; the rest is what stands open now, whenever it was filed."""

    filed: Sequence[Ticket]
    within: int  # of those filed today: answered in time …
    judged: int  # … of so many whose verdict is known
    waiting: int  # posts that wait for a clerk
    soon: Sequence[Ticket]  # not answered, due within the hour, the first due first
    late: Sequence[tuple[str, Sequence[Ticket]]]  # unit -> its open tickets past due without an answer, most first
    unverifiable: Sequence[Ticket]
    asked: Sequence[Event]  # returns and extensions that wait for the office's word
    rises: Sequence[Surge]
    silent: Sequence[Board]

    @property
    def overdue(self) -> int:
        return sum(len(tickets) for _, tickets in self.late)


def today(city: City, now: datetime) -> Today:
    """The state of things at ``now``."""
    store, boards = city.store, city.reference().board
    begun = midnight(now.astimezone(city.zone).date(), city.zone)
    filed = [(t, v) for t, v in store.tickets.filed_since(begun) if t.board in boards and not t.historical]
    names = [v for _, v in filed]
    within = names.count(VerdictName.ON_TIME)
    asked = awaiting(city)
    rests = {e.ticket for e in asked if e.move == "return"}  # their clocks rest until the office has spoken
    watched = [(t, v) for t, v in store.tickets.watched(now - WATCHED_FOR) if t.board in boards]
    return Today(
        [t for t, _ in filed],
        within,
        within + names.count(VerdictName.LATE) + names.count(VerdictName.OVERDUE),
        store.decisions.waiting(),
        [
            t
            for t, v in watched
            if v == VerdictName.PENDING and now <= t.reply_due <= now + SOON and t.number not in rests
        ],
        _by_unit([t for t, v in watched if v == VerdictName.OVERDUE]),
        [t for t, v in watched if v == VerdictName.UNVERIFIABLE],
        asked,
        alerts.current(city, now),
        silent_boards(city, now),
    )


def _by_unit(tickets: Sequence[Ticket]) -> list[tuple[str, Sequence[Ticket]]]:
    units: dict[str, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        units[ticket.unit].append(ticket)
    return sorted(units.items(), key=lambda item: (-len(item[1]), item[0]))
