"""How soon a rise is seen, and how often none was there: simulated cities, beside EARS C2 alone and mean + 3 sigma.

The mean + 3 sigma rule is that of Huginn's PeakDetectorAgent as its source has it: daily counts, the 14 days before, a
value above mean + 3 standard deviations and above the next one, at most one peak in two days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from bench.simulated import FACTORS, Rise, Simulated, simulate
from ticketing.charts import MONTH, steps, threshold
from ticketing.expectation import BASELINE, GUARD, expect
from ticketing.rhythm import Calendar
from ticketing.surveillance import ears

ALARMS = 2.0  # a month, over the whole board
WARM = 44  # days before anything is judged
WINDOW = BASELINE + GUARD + 14  # days the barometer looks at
ENOUGH = 15.0  # posts in six hours: by day, of a category of 40 a day; at night of one of several hundred
SIZES = (("每天 100 条以上", 100.0, 1e9), ("每天 24–100 条", 24.0, 100.0), ("每天不到 24 条", 0.0, 24.0))

Alarm = tuple[int, int]  # hour at which it is known, series


@dataclass(frozen=True)
class Seen:
    """A rise and how many hours after its beginning it was seen, or None."""

    rise: Rise
    after: float | None


def main(quick: bool = True) -> None:
    """Print detection, delay and false alarms of the barometer and its rivals."""
    cities, days = (3, WARM + 61) if quick else (12, WARM + 91)
    methods: Mapping[str, Callable[[Simulated], list[Alarm]]] = {
        "联动晴雨表（全部序列，每小时）": barometer,
        "EARS C2 > 3（每日）": c2_alone,
        "均值 + 3σ（Huginn，每日）": three_sigma,
    }
    quiet = [simulate(seed, days) for seed in range(cities)]
    months = sum(c.counts.shape[1] - 24 * WARM for c in quiet) / MONTH
    risen = [simulate(100 + seed, days, each=1.0) for seed in range(cities)]
    print(f"{cities} 座城市各 {days - WARM} 天，{len(quiet[0].names)} 条序列；全板误报目标 ≤ {ALARMS:g} 次/月")
    for name, method in methods.items():
        false = sum(len(method(c)) for c in quiet) / months
        found = [s for c in risen for s in seen(c, method(c))]
        report(name, false, found)


def report(name: str, false: float, found: Sequence[Seen]) -> None:
    """One block a method: false alarms, then by rise and by size of category how many were seen and how soon."""
    print(f"{name}：误报 {false:.1f} 次/月")
    for title, least, most in SIZES:
        for factor in FACTORS:
            mine = [s for s in found if least <= s.rise.usual < most and s.rise.factor == factor]
            print(f"   {title}  {factor:4g} 倍  {line(mine)}")
    for factor in FACTORS:
        mine = [s for s in found if s.rise.six >= ENOUGH and s.rise.factor == factor]
        print(f"   头 6 小时平常就有 {ENOUGH:g} 条以上  {factor:4g} 倍  {line(mine)}")


def line(found: Sequence[Seen]) -> str:
    """How many were seen at all, within 6 hours and a day of those that lasted so long, and the median delay."""
    after = [s.after for s in found if s.after is not None]
    within = [f"{h} 小时内 {_share(found, h)}" for h in (6, 24)]
    delay = f"{median(after):.0f} 小时" if after else "—"
    return f"看到 {len(after)}/{len(found)}  {'  '.join(within)}  延迟中位数 {delay}"


def _share(found: Sequence[Seen], hours: int) -> str:
    lasting = [s for s in found if s.rise.lasts >= hours]
    return f"{sum(s.after is not None and s.after <= hours for s in lasting)}/{len(lasting)}"


def seen(city: Simulated, alarms: Iterable[Alarm]) -> list[Seen]:
    """An alarm counts that names the category, its parent or its unit while the rise lasts, or the day after for daily rules."""
    known = sorted(alarms)
    found = []
    for rise in city.rises:
        names, end = set(city.under[rise.category].tolist()), rise.first + rise.lasts + 24
        hours = [hour - rise.first for hour, row in known if row in names and rise.first < hour <= end]
        found.append(Seen(rise, min(hours, default=None)))
    return found


def barometer(city: Simulated) -> list[Alarm]:
    """The charts as a city keeps them, hour by hour; a chart that sounded begins anew, and is one alarm for a day."""
    kinds = [name for name, _ in city.names]
    among = np.array([kinds.count(kind) for kind in kinds])
    limit = threshold(len(city.names), ALARMS)
    charts: Any = None
    found: list[Alarm] = []
    last: dict[int, int] = {}
    for day in range(WARM, city.counts.shape[1] // 24):
        window = slice(24 * (day + 1 - WINDOW), 24 * (day + 1))
        expected = expect(city.counts[:, window], city.city[window], _part(city.when, window), 1, among)
        spoken = steps(city.counts[:, window][:, -24:], expected)
        charts = np.zeros(spoken.shape[:2]) if charts is None else charts
        for hour in range(24):
            charts = np.maximum(0, charts + spoken[:, :, hour])
            for row in np.flatnonzero(charts.max(1) > limit).tolist():
                charts[row] = 0
                known = 24 * day + hour + 1
                if known - last.get(row, -99) > 24:
                    found.append((known, row))
                last[row] = known
    return found


def _part(when: Calendar, window: slice) -> Calendar:
    return Calendar(when.hour[window], when.kind[window], when.off[window], when.day[window] - when.day[window.start])


def c2_alone(city: Simulated) -> list[Alarm]:
    """C2 above 3 at the end of a day, on every series; days in a row are one alarm."""
    over = ears(_days(city)) > 3
    over[:, 1:] &= ~over[:, :-1]
    return [(24 * (day + 1), row) for row, day in np.argwhere(over).tolist() if day >= WARM]


def three_sigma(city: Simulated) -> list[Alarm]:
    """Known when the day after has come in lower."""
    found = []
    for row, values in enumerate(_days(city)):
        last = -3
        for day in range(WARM, len(values) - 1):
            before = values[day - 13 : day]
            if values[day] > before.mean() + 3 * before.std() and values[day + 1] < values[day] and day - last > 2:
                found.append((24 * (day + 2), row))
                last = day
    return found


def _days(city: Simulated) -> Any:
    return city.counts.reshape(len(city.names), -1, 24).sum(2)
