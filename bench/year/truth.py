"""What was found in a replayed year beside what is true of it, figure by figure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as of_day
from typing import Any

from bench.year.drive import Replay
from bench.year.plan import CALLS, FIRST, SALT_DAYS, STORM_DAY, STORM_HOURS
from data.records import OutboxState, VerdictName
from demo.clock import CITY
from ticketing import reports, year
from ticketing.figures import Row


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the year; it agrees or it does not."""

    name: str
    found: Any
    true: Any

    @property
    def agrees(self) -> bool:
        return bool(self.found == self.true)


def figures(replay: Replay) -> list[Figure]:
    """Every figure that has a truth."""
    return [*_counts(replay), *_verdicts(replay), *_report(replay), *_year(replay)]


def _counts(replay: Replay) -> Iterator[Figure]:
    store, world = replay.city.store, replay.world
    filings = [key for key in replay.outside.notices if key.count("/") == 1 and key.startswith("notice/")]
    doubled = [key for key, n in replay.outside.notices.items() if n > 1]
    states = Counter(store.tickets.states().values())
    yield Figure("posts", store.threads.count(), world.counts["posts"])
    yield Figure("requests of the plan", world.counts["requests"], replay.plan.requests)
    yield Figure("tickets", sum(states.values()), replay.plan.requests)
    yield Figure("notices of filing", len(filings), replay.plan.requests)
    yield Figure("sent twice", len(doubled), 0)
    yield Figure("acts failed or of unknown result", len(_stuck(replay)), 0)
    yield Figure("closed", states["closed"], replay.plan.requests - world.in_hand)
    yield Figure("stages that failed", dict(replay.failed), {})


def _stuck(replay: Replay) -> list[Any]:
    box = replay.city.store.outbox
    return [*box.entries(OutboxState.FAILED), *box.entries(OutboxState.UNKNOWN)]


def _verdicts(replay: Replay) -> Iterator[Figure]:
    standing = replay.city.store.tickets.standing()
    true = {number: o.verdict for number, o in replay.world.outcomes.items() if o.verdict}
    wrong = [n for n, name in true.items() if (v := standing.get(n)) is None or v.name != name]
    counts = Counter(v.name for v in standing.values())
    for name in VerdictName:
        yield Figure(f"verdict {name}", counts[name], sum(v == name for v in true.values()))
    yield Figure("tickets judged otherwise", len(wrong), 0)


def _report(replay: Replay) -> Iterator[Figure]:
    since, until = _whole(replay)
    with replay.clocked.within("report of the year"):
        report = reports.latency(replay.city, replay.now, since, until)
    threads = [o for o in replay.world.outcomes.values() if o.board != CALLS]
    for name, rows, of in (("unit", report.by_unit, "unit"), ("board", report.by_board, "board")):
        true = Counter((getattr(o, of), o.verdict) for o in threads)
        yield Figure(f"report by {name}", _by(rows), dict(true))
    waits = sorted(math.inf if o.seconds is None else o.seconds for o in threads)
    yield Figure("median of the first answer, seconds", report.overall.median, _quantile(waits, 0.5))
    late = _quantile(waits, 0.9)
    yield Figure("P90 of the first answer, seconds", report.overall.p90, late if math.isfinite(late) else None)


def _by(rows: tuple[Row, ...]) -> Mapping[tuple[str, VerdictName], int]:
    every = {
        (row.slug, name): count
        for row in rows
        for name, count in (
            (VerdictName.ON_TIME, row.within), (VerdictName.LATE, row.late), (VerdictName.OVERDUE, row.overdue),
            (VerdictName.PENDING, row.open), (VerdictName.UNVERIFIABLE, row.unverifiable),
        )
    }  # fmt: skip
    return {key: count for key, count in every.items() if count}


def _quantile(waits: list[float], share: float) -> float:
    """The first wait by which ``share`` of all have ended: Kaplan–Meier's, where nobody is lost before it."""
    return waits[max(math.ceil(len(waits) * share) - 1, 0)]


def _year(replay: Replay) -> Iterator[Figure]:
    days = replay.plan.days
    found = year.year(replay.city, FIRST, days[-1].day)
    for name, true in (("calls", "contacts"), ("answered", "answered"), ("valid", "valid"), ("requests", "requests")):
        yield Figure(f"year: {name}", getattr(found.now, name), sum(getattr(d, true) for d in days))
    yield Figure("year: in hand", found.in_hand, replay.world.in_hand)
    midnight = datetime.combine(days[-1].day + timedelta(days=1), of_day(), CITY)
    filed = sum(o.filed_at < midnight for o in replay.world.outcomes.values())
    yield Figure("year: tickets by field", sum(n for _, n in found.fields), filed)


def surges(replay: Replay) -> Mapping[str, str]:
    """The storm and the panic: hours from their beginning until the barometer told of them; others, a count."""
    begun = {
        "rainstorm": datetime.combine(STORM_DAY, of_day(STORM_HOURS[0]), CITY),
        "salt panic": datetime.combine(SALT_DAYS[0], of_day(8), CITY),
    }
    told = replay.city.store.series.surges(limit=10_000)
    found: dict[str, str] = {}
    within: set[int] = set()
    for name, start in begun.items():
        if start.date() > replay.plan.days[-1].day:
            continue
        own = [s for s in told if start <= s.opened_at <= start + timedelta(days=2)]
        within |= {s.id for s in own}
        first = min((s.opened_at for s in own), default=None)
        found[name] = f"{(first - start) / timedelta(hours=1):.0f} h, {len(own)} alerts" if first else "not seen"
    found["other alerts"] = str(sum(s.id not in within for s in told))
    return found


def _whole(replay: Replay) -> tuple[datetime, datetime]:
    last: date = replay.plan.days[-1].day
    return datetime.combine(FIRST, of_day(), CITY), datetime.combine(last + timedelta(days=30), of_day(), CITY)
