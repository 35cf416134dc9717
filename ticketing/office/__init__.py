"""The office system tickets are filed to, whichever it is: one table of connectors, chosen by ``[office] kind``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from data.city import City
from data.records import OutboxEntry, Ticket
from ticketing.attempt import Attempt
from ticketing.office import drop, form, open311
from ticketing.office.words import Words

__all__ = ["CONNECTORS", "Connector", "can_answer", "can_be_asked", "file", "finish", "pull"]


class Pull(Protocol):
    """What became of ``tickets``; each batch of words is kept before the next is asked for, and then ``kept``."""

    def __call__(self, city: City, tickets: Sequence[Ticket], now: datetime) -> Iterator[Words]: ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One way of filing.

    ``can_be_asked``: by our key, what became of an attempt; where it cannot, an unknown result is 结果不明.
    ``pull``: what became of tickets, where the system can say so. ``finish``: after the last filing of a turn.
    """

    file: Callable[[City, OutboxEntry], Attempt]
    can_be_asked: bool
    pull: Pull | None = None
    finish: Callable[[City, datetime], int] | None = None


CONNECTORS: Mapping[str, Connector] = {
    "open311": Connector(open311.file, True, open311.pull),
    "form": Connector(form.file, False),
    "drop": Connector(drop.file, True, drop.pull, drop.finish),
}


def _connector(city: City) -> Connector:
    return CONNECTORS[city.settings.office.kind]


def file(city: City, entry: OutboxEntry) -> Attempt:
    """File one ticket; the answer is the office system's own number."""
    return _connector(city).file(city, entry)


def can_be_asked(city: City) -> bool:
    """Can the city's office system be asked by our key what became of an attempt?"""
    return _connector(city).can_be_asked


def can_answer(city: City) -> bool:
    """Can it say what became of the tickets it has, and is it to be asked?"""
    office = city.settings.office
    reachable = office.kind == "drop" or bool(office.url)
    return _connector(city).pull is not None and reachable and office.sync_minutes > 0


def pull(city: City, tickets: Sequence[Ticket], now: datetime) -> Iterator[Words]:
    """What the office system says of ``tickets``, batch by batch; nothing from one that cannot answer."""
    ask = _connector(city).pull
    return ask(city, tickets, now) if ask else iter(())


def finish(city: City, now: datetime) -> int:
    """After the last filing of a turn: how many were handed over only now (a drop folder's batch)."""
    hand_over = _connector(city).finish
    return hand_over(city, now) if hand_over else 0
