"""The line of a report: counts, rates and waiting times of some tickets."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from data.records import Ticket, VerdictName
from ticketing.delays import delays
from ticketing.ranking import Rate, rate
from ticketing.survival import NONE, Quantile, quantiles


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds until something happened, or, while it has not, the seconds it is known to have waited."""

    seconds: float
    over: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """What a report needs to know of one ticket."""

    ticket: Ticket
    verdict: VerdictName
    first: Wait  # to the unit's first reply
    substance: Wait  # to its first reply of substance
    worked: Wait  # to its first reply, working time only
    district: str | None = None
    returned: bool = False
    released: bool = False  # returned in time, and re-filed or closed at that: the unit has nothing to answer any more
    reopened: bool = False
    satisfied: bool | None = None  # the citizen's word at the follow-up, else on the board, where there is one
    solved: bool | None = None  # the citizen's word at the follow-up


# What each count of a row counts.
COUNTED: Mapping[str, Callable[[Fact], bool]] = {
    "filed": lambda f: True,
    "judged": lambda f: f.verdict in (VerdictName.ON_TIME, VerdictName.LATE, VerdictName.OVERDUE),
    "within": lambda f: f.verdict is VerdictName.ON_TIME,
    "late": lambda f: f.verdict is VerdictName.LATE,
    "overdue": lambda f: f.verdict is VerdictName.OVERDUE,
    "open": lambda f: f.verdict is VerdictName.PENDING and not f.released,
    "unverifiable": lambda f: f.verdict is VerdictName.UNVERIFIABLE,
    "withdrawn": lambda f: f.verdict is VerdictName.WITHDRAWN,
    "returned": lambda f: f.returned,
    "released": lambda f: f.released,
    "reopened": lambda f: f.reopened,
    "satisfied": lambda f: f.satisfied is True,
    "rated": lambda f: f.satisfied is not None,
    "solved": lambda f: f.solved is True,
    "asked": lambda f: f.solved is not None,
}


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
    returned: int
    reopened: int
    satisfied: int
    rated: int
    solved: int
    asked: int  # of whom it is known whether the matter is solved
    first: Quantile  # median to the first reply, those still silent counted as waiting
    first_p90: Quantile
    substance: Quantile
    substance_p90: Quantile
    worked: Quantile
    naive: float | None  # the median of the answered alone, shown so that people see why it is not used
    naive_p90: float | None
    deciding: float | None = None  # the office's own: median seconds from the post to the decision …
    sending: float | None = None  # … and from there to the acknowledgement
    released: int = 0  # returned in time, and re-filed or closed at that: in no rate and in no other column

    @property
    def judged(self) -> int:
        """Those whose verdict is known: the denominator of the rate."""
        return self.within + self.late + self.overdue

    @property
    def answered(self) -> int:
        return self.within + self.late

    @property
    def on_time(self) -> Rate:
        """按时答复率 with its interval."""
        return rate(self.within, self.judged)

    @property
    def satisfaction(self) -> Rate:
        """满意率 among those who said so."""
        return rate(self.satisfied, self.rated)

    @property
    def solution(self) -> Rate:
        """解决率 among those who were asked."""
        return rate(self.solved, self.asked)

    @property
    def median(self) -> float | None:
        return self.first.value

    @property
    def p90(self) -> float | None:
        return self.first_p90.value

    @property
    def median_ci(self) -> tuple[float | None, float | None]:
        return self.first.low, self.first.high


def row(slug: str, name: str, facts: Sequence[Fact]) -> Row:
    """The line of ``facts``."""
    first, first_p90 = _quantiles([f.first for f in facts], (0.5, 0.9))
    substance, substance_p90 = _quantiles([f.substance for f in facts], (0.5, 0.9))
    (worked,) = _quantiles([f.worked for f in facts], (0.5,))
    answered = sorted(f.first.seconds for f in facts if f.first.over)
    own = delays(f.ticket for f in facts)
    return Row(
        slug,
        name,
        **{name: sum(map(counts, facts)) for name, counts in COUNTED.items() if name != "judged"},
        first=first,
        first_p90=first_p90,
        substance=substance,
        substance_p90=substance_p90,
        worked=worked,
        naive=statistics.median(answered) if answered else None,
        naive_p90=answered[-(-len(answered) * 9 // 10) - 1] if answered else None,
        deciding=own.deciding,
        sending=own.sending,
    )


def _quantiles(waits: Sequence[Wait], shares: tuple[float, ...]) -> tuple[Quantile, ...]:
    over = [w.seconds for w in waits if w.over]
    if not over:
        return tuple(NONE for _ in shares)
    return quantiles(over, [w.seconds for w in waits if not w.over], shares)
