"""The office's own year: from the calls that came in to the requests that were settled, day by day and against a year ago.

The counts come from a table the office imports (a row a day and source); the share by field from what was filed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from classifier.rows import SampleError, clean, read_rows
from data.city import City
from data.records import Intake
from ticketing import periods
from ticketing.ranking import Rate, rate

# Field of Intake -> what offices call the column.
NAMES: Mapping[str, Sequence[str]] = {
    "day": ("日期", "day", "date"),
    "source": ("来源", "source"),
    "calls": ("来电", "接入", "来电来信", "calls"),
    "answered": ("接听", "接通", "受理", "answered"),
    "valid": ("有效", "有效诉求", "valid"),
    "requests": ("联动诉求", "转办", "交办", "requests"),
    "done": ("办结", "done"),
}
NEEDED = ("day", "calls", "requests")


@dataclass(frozen=True, slots=True)
class Year:
    """The sums of a stretch of days and of the same days a year earlier."""

    first: date
    last: date
    days: int
    now: Intake
    then: Intake
    fields: tuple[tuple[str, int], ...]  # first-level category -> tickets filed here

    @property
    def daily(self) -> float | None:
        """日均: requests a day, over the days that were counted."""
        return self.now.requests / self.days if self.days else None

    @property
    def done(self) -> Rate:
        """办结率, what is still in hand being the rest."""
        return rate(self.now.done, self.now.requests)

    @property
    def in_hand(self) -> int:
        return self.now.requests - self.now.done

    @property
    def change(self) -> float | None:
        """同比 of requests, as a share; None when the year before was not counted."""
        return self.now.requests / self.then.requests - 1 if self.then.requests else None


def year(city: City, first: date, last: date) -> Year:
    """The office's figures from ``first`` to ``last``, both included."""
    facts = city.store.facts
    now = facts.intake(str(first), str(last))
    earlier = periods.year_ago(periods.midnight(first, city.zone), periods.midnight(last, city.zone))
    then = facts.intake(*(str(m.date()) for m in earlier))
    tickets = city.store.tickets.tickets(
        since=periods.midnight(first, city.zone),
        until=periods.midnight(date.fromordinal(last.toordinal() + 1), city.zone),
    )
    fields = Counter(t.category.partition("/")[0] for t in tickets)
    return Year(first, last, int(now.day), now, then, tuple(fields.most_common()))


def is_counts(path: Path) -> bool:
    """Is this a table of daily counts, rather than one of messages?"""
    try:
        next(read_rows(path, _counted), None)
    except SampleError:
        return False
    return True


def take_in(city: City, path: Path) -> tuple[int, tuple[str, ...]]:
    """Keep the daily counts of ``path``; returns how many days' rows and a sentence for each row that could not be read."""
    kept, problems = [], []
    for row in read_rows(path, _counted):
        found = _found(list(row.cells))
        try:
            kept.append(_intake(row.cells, found))
        except ValueError as error:
            problems.append(f"第 {row.line} 行：{row.problem or error}")
    with city.store.transaction():
        city.store.facts.save_intake(kept)
    return len(kept), tuple(problems)


def _counted(path: Path, heading: Sequence[str]) -> None:
    missing = [NAMES[f][0] for f in NEEDED if f not in _found(heading)]
    if missing:
        raise SampleError(f"{path}: 没有“{'、'.join(missing)}”这几列；每天的数字要有日期、来电、联动诉求")


def _found(heading: Sequence[str]) -> dict[str, str]:
    plain = {str(n).strip().lower(): n for n in heading if n is not None}
    return {f: plain[w] for f, words in NAMES.items() for w in reversed(words) if w in plain}


def _intake(cells: Mapping[str, Any], found: Mapping[str, str]) -> Intake:
    day = clean(cells.get(found["day"]))[:10].replace("/", "-")
    numbers = {
        f: _number(cells.get(found[f])) if f in found else 0 for f in ("calls", "answered", "valid", "requests", "done")
    }
    source = clean(cells.get(found["source"])) if "source" in found else ""
    return Intake(str(date.fromisoformat(day)), source, **numbers)


def _number(value: object) -> int:
    text = clean(value).replace(",", "").replace("，", "")
    number = int(float(text)) if text else 0
    if number < 0:
        raise ValueError(f"数字不能是负的（{text}）")
    return number
