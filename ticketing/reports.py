"""The latency report: how long the units took, with those still silent counted as silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from data.city import City
from data.records import Ticket, Verdict, VerdictName
from data.reference import Reference
from ticketing import periods, worktime
from ticketing.figures import COUNTED, Fact, Row, Wait, row
from ticketing.ranking import places

LOST = (VerdictName.UNVERIFIABLE, VerdictName.WITHDRAWN)
# What a ticket is grouped by.
KEYS: Mapping[str, Callable[[Fact], str]] = {
    "unit": lambda f: f.ticket.unit,
    "board": lambda f: f.ticket.board,
    "category": lambda f: f.ticket.category.partition("/")[0],
    "district": lambda f: f.district or "",
}
RELEASED = frozenset({"refiled", "closed", "followed_up", "archived"})  # states in which a return was agreed to


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same line for another period: 环比 the one before, 同比 the same a year ago."""

    name: str
    since: datetime
    until: datetime
    row: Row


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """The report of the tickets filed in [since, until)."""

    since: datetime | None
    until: datetime | None
    now: datetime
    overall: Row
    by_unit: tuple[Row, ...]
    by_board: tuple[Row, ...]
    by_category: tuple[Row, ...]
    by_district: tuple[Row, ...]
    by_period: tuple[Row, ...]
    places: Mapping[str, tuple[int, int] | None]  # unit -> the places it may hold by 按时答复率
    comparisons: tuple[Comparison, ...]
    facts: tuple[Fact, ...] = field(default=(), repr=False)  # the tickets behind every number


def latency(
    city: City,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    historical: bool = False,
) -> LatencyReport:
    """Per unit, board, category, district and period, from the verdicts that stand.

    ``historical``: instead of what this office filed, what was imported with its answer (answered messages only).
    """
    reference = city.reference()
    facts = gather(city, now, since, until, historical=historical)
    by_unit = _grouped(facts, KEYS["unit"], lambda s: _unit_name(reference, s))
    ranks = places([r.on_time for r in by_unit])
    return LatencyReport(
        since,
        until,
        now,
        row("", "全部", facts),
        by_unit,
        _grouped(facts, KEYS["board"], lambda s: _board_name(reference, s)),
        _grouped(facts, KEYS["category"], lambda s: _category_name(reference, s)),
        _grouped(facts, KEYS["district"], lambda s: _district_name(reference, s)),
        _by_period(city, facts),
        {r.slug: place for r, place in zip(by_unit, ranks, strict=True)},
        _comparisons(city, now, since, until, historical=historical),
        tuple(facts),
    )


def gather(
    city: City, now: datetime, since: datetime | None, until: datetime | None, *, historical: bool = False
) -> list[Fact]:
    """The facts of every ticket filed in [since, until) that has a thread, newest first."""
    store, boards = city.store, city.reference().board
    standing = store.tickets.standing(since, until)
    filed = [
        # Calls and letters have no thread and no reply clock; what was imported with its answer is a population of its own.
        t
        for t in store.tickets.tickets(since=since, until=until)
        if t.historical == historical and (historical or t.board in boards)
    ]
    lost = [(t.board, t.thread) for t in filed if (v := standing.get(t.number)) and v.name in LOST]
    seen = store.threads.last_reads(lost)
    ratings, districts = store.facts.ratings(since, until), store.facts.districts(since, until)
    moved = defaultdict[str, dict[str, tuple[datetime, Mapping[str, bool]]]](dict)  # the last of each
    for number, move, when, data in store.facts.moves(("return", "reopen", "follow_up"), since, until):
        moved[move][number] = when, data
    returned, asked = moved["return"], moved["follow_up"]

    def fact(ticket: Ticket) -> Fact:
        post, verdict = (ticket.board, ticket.thread), standing.get(ticket.number)
        until = _known_until(ticket, verdict, seen.get(post, (None, None))[1], now)
        silent = verdict is None or verdict.name is VerdictName.PENDING
        released = silent and ticket.number in returned and store.tickets.state(ticket.number) in RELEASED
        until = returned[ticket.number][0] if released else until
        said = asked[ticket.number][1] if ticket.number in asked else {}
        reply = verdict.reply_at if verdict else None
        worked = worktime.between(ticket.filed_at, reply or until, city.zone)
        return Fact(
            ticket,
            verdict.name if verdict else VerdictName.PENDING,
            first=_wait(ticket.filed_at, reply, until),
            substance=_wait(ticket.filed_at, verdict.answered_at if verdict else None, until),
            worked=Wait(worked, over=reply is not None),
            district=districts.get(post),
            returned=ticket.number in returned,
            released=released,
            reopened=ticket.number in moved["reopen"],
            satisfied=said.get("satisfied", _satisfied(ratings.get(post))),
            solved=said.get("solved"),
        )

    return [fact(t) for t in filed]


def _wait(filed_at: datetime, reply: datetime | None, until: datetime) -> Wait:
    """A reply dated before the filing took no time."""
    return Wait(max(0.0, ((reply or until) - filed_at).total_seconds()), over=reply is not None)


def _known_until(ticket: Ticket, verdict: Verdict | None, read: datetime | None, now: datetime) -> datetime:
    """How long a silent ticket is known to have waited: until now, or until its thread was last readable."""
    return (read or ticket.filed_at) if verdict is not None and verdict.name in LOST else now


def _satisfied(rating: str | None) -> bool | None:
    return None if not rating else "满意" in rating and "不满意" not in rating


def _comparisons(
    city: City, now: datetime, since: datetime | None, until: datetime | None, *, historical: bool
) -> tuple[Comparison, ...]:
    if since is None or until is None:
        return ()
    stretches = {"环比": periods.before(since, until), "同比": periods.year_ago(since, until)}
    return tuple(
        Comparison(name, first, last, row("", name, gather(city, now, first, last, historical=historical)))
        for name, (first, last) in stretches.items()
    )


def _by_period(city: City, facts: Sequence[Fact]) -> tuple[Row, ...]:
    if not facts:
        return ()
    rows = _grouped(facts, _period_of(city, facts), str)
    return tuple(sorted(rows, key=lambda r: r.slug))


def _period_of(city: City, facts: Sequence[Fact]) -> Callable[[Fact], str]:
    """The day, week or month a ticket belongs to, as fine as the stretch of ``facts`` wants it."""
    grain = periods.grain(facts[-1].ticket.filed_at, facts[0].ticket.filed_at)
    return lambda f: periods.label(f.ticket.filed_at, city.zone, grain)


def behind(city: City, report: LatencyReport, group: str, slug: str, counted: str) -> list[Fact]:
    """The tickets one number counts: of the row ``slug`` of a group (a key of KEYS, "period", or "" for all of them)."""
    if not report.facts:
        return []
    keys = {**KEYS, "": lambda f: "", "period": _period_of(city, report.facts)}
    of, counts = keys[group], COUNTED[counted]
    return [f for f in report.facts if of(f) == slug and counts(f)]


def _unit_name(reference: Reference, slug: str) -> str:
    return reference.unit[slug].name if slug in reference.unit else slug


def _board_name(reference: Reference, slug: str) -> str:
    return reference.board[slug].name if slug in reference.board else slug


def _category_name(reference: Reference, slug: str) -> str:
    return reference.category[slug].name if slug in reference.category else slug


def _district_name(reference: Reference, slug: str) -> str:
    return reference.district[slug].name if slug in reference.district else "没有写明地方"


def _grouped(facts: Iterable[Fact], key: Callable[[Fact], str], name: Callable[[str], str]) -> tuple[Row, ...]:
    groups: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[key(fact)].append(fact)
    rows = [row(slug, name(slug), members) for slug, members in groups.items()]
    return tuple(sorted(rows, key=lambda r: (-r.filed, r.slug)))
