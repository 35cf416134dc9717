"""The latency report: how long the units took, with those still silent counted as silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.city import City
from data.records import Ticket, Verdict, VerdictName
from data.reference import Reference
from ticketing.survival import quantiles


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report. Rates are numerators here; the denominator of ``within`` is ``judged``."""

    slug: str
    name: str
    filed: int
    within: int  # answered within the reply clock
    late: int
    overdue: int
    open: int  # due is not past
    unverifiable: int  # shown beside the rate, never inside it
    withdrawn: int
    median: float | None  # seconds to the first meeting reply
    p90: float | None
    median_ci: tuple[float | None, float | None]

    @property
    def judged(self) -> int:
        """Those whose verdict is known: the denominator of the rate."""
        return self.within + self.late + self.overdue

    @property
    def answered(self) -> int:
        return self.within + self.late


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


Judged = tuple[Ticket, Verdict | None]


def latency(city: City, now: datetime, since: datetime | None = None, until: datetime | None = None) -> LatencyReport:
    """Per unit, board and first-level category, from the verdicts that stand."""
    reference, store = city.reference(), city.store
    filed = store.tickets.tickets(since=since, until=until)
    tickets = [t for t in filed if t.board in reference.board]  # calls and letters have no thread and no reply clock
    standing = store.tickets.standing()
    seen = store.threads.last_reads(settled=True)
    silent = {
        t.number: _waited(t, seen.get((t.board, t.thread), (None, None))[1], standing.get(t.number), now)
        for t in tickets
    }
    judged = [(t, standing.get(t.number)) for t in tickets]

    def row(slug: str, name: str, of: Sequence[Judged]) -> Row:
        return _row(slug, name, of, silent)

    return LatencyReport(
        since,
        until,
        now,
        row("", "全部", judged),
        _grouped(judged, lambda t: t.unit, lambda s: _unit_name(reference, s), row),
        _grouped(judged, lambda t: t.board, lambda s: reference.board[s].name, row),
        _grouped(judged, lambda t: t.category.partition("/")[0], lambda s: _category_name(reference, s), row),
    )


def _unit_name(reference: Reference, slug: str) -> str:
    return reference.unit[slug].name if slug in reference.unit else slug


def _category_name(reference: Reference, slug: str) -> str:
    return reference.category[slug].name if slug in reference.category else slug


def _waited(ticket: Ticket, read: datetime | None, verdict: Verdict | None, now: datetime) -> float:
    """Seconds a ticket without an answer is known to have waited: until now, or until its thread was last readable."""
    lost = verdict is not None and verdict.name in (VerdictName.UNVERIFIABLE, VerdictName.WITHDRAWN)
    until = (read or ticket.filed_at) if lost else now
    return max(0.0, (until - ticket.filed_at).total_seconds())


def _grouped(
    judged: Iterable[Judged],
    key: Callable[[Ticket], str],
    name: Callable[[str], str],
    row: Callable[[str, str, Sequence[Judged]], Row],
) -> tuple[Row, ...]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for pair in judged:
        groups[key(pair[0])].append(pair)
    rows = [row(slug, name(slug), members) for slug, members in groups.items()]
    return tuple(sorted(rows, key=lambda r: (-r.filed, r.slug)))


def _row(slug: str, name: str, judged: Sequence[Judged], silent: Mapping[str, float]) -> Row:
    names = [v.name if v else VerdictName.PENDING for _, v in judged]
    answered = [v.latency for _, v in judged if v and v.latency is not None]
    waiting = [silent[t.number] for t, v in judged if v is None or v.latency is None]
    median, p90 = quantiles(answered, waiting, (0.5, 0.9))
    return Row(
        slug,
        name,
        filed=len(judged),
        within=names.count(VerdictName.ON_TIME),
        late=names.count(VerdictName.LATE),
        overdue=names.count(VerdictName.OVERDUE),
        open=names.count(VerdictName.PENDING),
        unverifiable=names.count(VerdictName.UNVERIFIABLE),
        withdrawn=names.count(VerdictName.WITHDRAWN),
        median=median.value,
        p90=p90.value,
        median_ci=(median.low, median.high),
    )
