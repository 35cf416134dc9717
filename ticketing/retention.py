"""Ends what has been kept long enough: where people can be reached, what they wrote, and the pages it was read from.

The time runs from the last thing that happened: nothing of a thread is erased while a ticket on it is worked on, a matter
of it is on the 连心桥, a request on it waits for a clerk, or something about it has not left. Tickets, events, verdicts
and counts stay, so that figures do not change; so do the pages' addresses, times and hashes. Each erasure is written
into the hash chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.city import City
from data.records import AuditEntry
from data.store import Store
from data.store.erasures import RULES, Erasure, ranges
from ticketing.messages import anonymous

AT_ONCE = 200  # in one transaction: the desk writes in between
MOST = 20_000  # of each rule in one turn of the cycle; the rest tomorrow
HOUR = 3  # of the city's day, from which on the cycle does it
MARK = "retained-on"  # the last day it was done
OFTEN_MEASURED = 7  # measurements of a new city, a day apart; later ones are a week apart
BY = "系统"
THINNED = ((timedelta(days=365), 10), (timedelta(days=30), 13))  # health of boards: a day's, then an hour's


@dataclass(frozen=True, slots=True)
class Due:
    """What a rule would erase now: so many, and how many more are as old but not at rest."""

    rule: str  # a key of RULES
    days: int  # 0: kept
    count: int = 0
    held: int = 0


def due(city: City, now: datetime) -> list[Due]:
    """What each rule would erase now."""
    return [_due(city.store, rule, days, now - timedelta(days=days)) for rule, days in _days(city).items()]


def _due(store: Store, rule: str, days: int, before: datetime) -> Due:
    if not days:
        return Due(rule, 0)
    kept = store.retention
    return Due(rule, days, *(kept.pages_count(before) if rule == "pages" else kept.posts_count(rule, before)))


def _days(city: City) -> Mapping[str, int]:
    settings = city.settings.retention
    days = {"contacts": settings.contacts_days, "text": settings.text_days, "pages": settings.pages_days}
    return {rule: days[rule] for rule in RULES}


def erase(
    city: City,
    now: datetime,
    by: str,
    most: int | None = None,
    progress: Callable[[str, int], None] = lambda rule, done: None,
) -> Mapping[str, int]:
    """Erase what is due, ``most`` of each rule at most; rule -> how many. A killed one has kept what it did.

    ``progress`` is told after each piece how many of its rule are done.
    """
    counts: dict[str, int] = {}
    with city.store.erasing():
        for rule, days in _days(city).items():
            for piece in _pieces(city.store, rule, days, now, by, most) if days else ():
                counts[rule] = counts.get(rule, 0) + piece
                progress(rule, counts[rule])
    if counts:
        said = "，".join(f"{RULES[rule]} {n}" for rule, n in counts.items())
        with city.store.transaction():
            city.store.people.record(AuditEntry(now, by, "按保存期限删除", detail=said))
    return counts


def _pieces(store: Store, rule: str, days: int, now: datetime, by: str, most: int | None) -> Iterator[int]:
    before, left = now - timedelta(days=days), most
    while left is None or left > 0:
        with store.transaction():
            found = _piece(store, rule, before, AT_ONCE if left is None else min(AT_ONCE, left))
            if found:
                pages = ranges(n for n in found if isinstance(n, int))
                store.retention.record(Erasure(now, rule, days, by, len(found), pages))
        if not found:
            return
        left = None if left is None else left - len(found)
        yield len(found)


def _piece(store: Store, rule: str, before: datetime, limit: int) -> Sequence[int] | Sequence[tuple[str, str]]:
    kept = store.retention
    if rule == "pages":
        numbers = kept.pages(before, limit)
        kept.erase_pages(numbers)
        return numbers
    found = kept.posts(rule, before, limit)
    if rule == "text":
        kept.erase_text(found, anonymous)
        kept.erase_messages(before)
    else:
        kept.erase_contacts(found, anonymous)
    return found


def daily(city: City, now: datetime) -> Mapping[str, int]:
    """Once a day, in the small hours or when the first cycle after them comes: measure the database on Mondays, then erase."""
    local = now.astimezone(city.zone)
    runs = city.store.runs
    if local.hour < HOUR or runs.mark(MARK) >= local.toordinal():
        return {}
    if local.weekday() == 0 or len(city.store.disk.totals(OFTEN_MEASURED)) < OFTEN_MEASURED:
        city.store.disk.measure(
            f"{local:%Y-%m-%d}"
        )  # every page is looked at, and none but a new city grows from day to day
    for age, digits in THINNED:
        with city.store.transaction():
            city.store.threads.thin_health(now - age, digits)
    counts = erase(city, now, BY, MOST)
    runs.set_mark(MARK, local.toordinal())
    return {f"erased_{rule}": n for rule, n in counts.items()}
