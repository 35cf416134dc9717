"""Where tickets are filed to: the city's office system, whichever it is, or a county's own platform.

One table of ways to file, chosen by ``[office] kind``. A county that runs its own Liandong (or any GeoReport service) is
named under ``[platforms]`` by the slug of its unit; what is filed to that unit, or to one below it, goes there instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from data.city import City
from data.outward import OfficeTable
from data.records import OutboxEntry, Ticket
from ticketing.attempt import Attempt, Result
from ticketing.office import drop, form, open311, own
from ticketing.office.words import Words

__all__ = [
    "CONNECTORS",
    "Connector",
    "answering",
    "can_answer",
    "can_be_asked",
    "file",
    "finish",
    "name",
    "platform_of",
    "pull",
    "table",
]


class Pull(Protocol):
    """What became of ``tickets``; each batch of words is kept before the next is asked for, and then ``kept``."""

    def __call__(self, city: City, table: OfficeTable, tickets: Sequence[Ticket], now: datetime) -> Iterator[Words]: ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One way of filing.

    ``can_be_asked``: by our key, what became of an attempt; where it cannot, an unknown result is 结果不明.
    ``pull``: what became of tickets, where the system can say so. ``finish``: after the last filing of a turn.
    """

    file: Callable[[City, OfficeTable, OutboxEntry], Attempt]
    can_be_asked: bool
    pull: Pull | None = None
    finish: Callable[[City, OfficeTable, datetime], int] | None = None


CONNECTORS: Mapping[str, Connector] = {
    "open311": Connector(open311.file, True, open311.pull),
    "form": Connector(form.file, False),
    "drop": Connector(drop.file, True, drop.pull, drop.finish),
    "own": Connector(own.file, True),
}


def platform_of(city: City, unit: str) -> str:
    """The county whose platform takes what is filed to ``unit``: itself or the nearest above it; empty for none."""
    if not city.settings.platforms:
        return ""
    known, slug, passed = city.reference().unit, unit, set[str]()
    while slug and slug not in passed:
        if slug in city.settings.platforms:
            return slug
        passed.add(slug)
        slug = (known[slug].parent if slug in known else None) or ""
    return ""


def table(city: City, platform: str) -> OfficeTable | None:
    """The settings of the office system (``platform`` empty) or a county's platform; None where it was taken out."""
    return city.settings.platforms.get(platform) if platform else city.settings.office


def name(city: City, platform: str) -> str:
    """How staff call it."""
    if not platform:
        return "办公系统"
    unit = city.reference().unit.get(platform)
    return f"{unit.name if unit else platform}平台"


def file(city: City, entry: OutboxEntry) -> Attempt:
    """File one ticket where it was decided to go; the answer is the other side's own number."""
    platform = str(entry.payload.get("platform", ""))
    there = table(city, platform)
    if there is None:
        lacking = f"[platforms.{platform}]"
        return Attempt(Result.FAILED, error=f"liandong.toml 里没有 {lacking}；请补上后在运行状态页重新发送")
    return CONNECTORS[there.kind].file(city, there, entry)


def can_be_asked(city: City, entry: OutboxEntry) -> bool:
    """Can the system the entry goes to be asked by our key what became of an attempt?"""
    there = table(city, str(entry.payload.get("platform", "")))
    return there is None or CONNECTORS[there.kind].can_be_asked


def can_answer(city: City) -> bool:
    """Is there anybody to be asked what became of tickets?"""
    return bool(answering(city))


def answering(city: City) -> list[str]:
    """The systems to be asked what became of the tickets they have; the city's own is the empty name."""
    return [p for p in ("", *city.settings.platforms) if (there := table(city, p)) is not None and _answers(there)]


def _answers(there: OfficeTable) -> bool:
    reachable = there.kind == "drop" or bool(there.url)
    return CONNECTORS[there.kind].pull is not None and reachable and there.sync_minutes > 0


def pull(city: City, platform: str, tickets: Sequence[Ticket], now: datetime) -> Iterator[Words]:
    """What one of them says of ``tickets``, batch by batch; nothing from one that cannot answer."""
    there = table(city, platform)
    ask = CONNECTORS[there.kind].pull if there else None
    return ask(city, there, tickets, now) if ask and there else iter(())


def finish(city: City, now: datetime) -> int:
    """After the last filing of a turn: how many were handed over only now (a drop folder's batch)."""
    hand_over = CONNECTORS[city.settings.office.kind].finish
    return hand_over(city, city.settings.office, now) if hand_over else 0
