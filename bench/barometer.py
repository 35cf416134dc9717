"""How soon a rise is seen, and how often none was there: simulated cities, beside EARS C2 alone and mean + 3 sigma.

The mean + 3 sigma rule is that of Huginn's PeakDetectorAgent as its source has it: daily counts, the 14 days before, a
value above mean + 3 standard deviations and above the next one, at most one peak in two days. Below them what nobody
could do better, with as many false alarms (``bench.limit``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from bench.limit import day_known, day_unknown, limit
from bench.simulated import FACTORS, Rise, Simulated, simulate
from ticketing.charts import MONTH, steps, threshold
from ticketing.expectation import BASELINE, GUARD, expect
from ticketing.rhythm import Calendar
from ticketing.surveillance import ears

ALARMS = 2.0  # a month, over the whole board
WARM = 44  # days before anything is judged
WINDOW = BASELINE + GUARD + 14  # days the barometer looks at
ENOUGH = 15.0  # posts in six hours: by day, of a category of 40 a day; at night of one of several hundred

Alarm = tuple[int, int]  # hour at which it is known, series
Size = tuple[str, Callable[[Rise], bool]]


@dataclass(frozen=True)
class Seen:
    """A rise and how many hours after its beginning it was seen, or None."""

    rise: Rise
    after: float | None


@dataclass(frozen=True)
class Kind:
    """A sort of city: posts a working day, what rises in it, how many rises a day, and the sizes told apart."""

    title: str
    posts: float
    fields: bool
    each: float
    sizes: tuple[Size, ...]


KINDS = (
    Kind(
        "大城市：每天 3500 条，升的是一个小类",
        3500,
        False,
        1.0,
        (
            ("每天 100 条以上", lambda r: r.usual >= 100),
            ("每天 24–100 条", lambda r: 24 <= r.usual < 100),
            ("每天不到 24 条", lambda r: r.usual < 24),
            (f"头 6 小时平常就有 {ENOUGH:g} 条以上", lambda r: r.six >= ENOUGH),
        ),
    ),
    Kind(
        "洛阳那样的城市：每天 390 条，升的是 15 个大类之一",
        390,
        True,
        0.25,
        (
            ("每天 24 条以上", lambda r: r.usual >= 24),
            ("每天不到 24 条", lambda r: r.usual < 24),
            ("头 6 小时平常就有 6 条以上", lambda r: r.six >= 6),
        ),
    ),
)


def main(quick: bool = True) -> None:
    """Print detection, delay and false alarms of the barometer and its rivals, and what nobody could do better."""
    cities, days = (3, WARM + 61) if quick else (16, WARM + 91)
    for kind in KINDS:
        quiet = [simulate(500 + seed, days, kind.posts) for seed in range(cities)]
        risen = [simulate(600 + seed, days, kind.posts, WARM, kind.each, kind.fields) for seed in range(cities)]
        months = sum(c.counts.shape[1] - 24 * WARM for c in quiet) / MONTH
        print(
            f"{kind.title}；{cities} 座各 {days - WARM} 天，{len(quiet[0].names)} 条序列；全板误报目标 ≤ {ALARMS:g} 次/月"
        )
        for name, method in METHODS.items():
            false = sum(len(alerts(c, method(c))) for c in quiet) / months
            report(kind, f"{name}：误报 {false:.1f} 次/月", [s for c in risen for s in seen(c, method(c))])
        for name, rates in (("已知真实的规律，不知当天忙闲", day_unknown), ("连当天忙闲也知道", day_known)):
            best = limit(rates, quiet, risen, kind.fields, WARM, ALARMS)
            report(kind, f"谁也快不过的界限（{name}；误报 {ALARMS:g} 次/月）", [Seen(r, a) for r, a in best.items()])


def report(kind: Kind, title: str, found: Sequence[Seen]) -> None:
    """One block a method: by rise and by size how many were seen and how soon."""
    print(title)
    for size, is_of in kind.sizes:
        for factor in FACTORS:
            print(f"   {size}  {factor:4g} 倍  {line([s for s in found if is_of(s.rise) and s.rise.factor == factor])}")


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
    """An alarm counts that names what rises while it lasts, or the day after for daily rules, and no other rise there."""
    known = sorted(alarms)
    found = []
    for rise in city.rises:
        names, end = rise.names - _others(city, rise), rise.first + rise.lasts + 24
        hours = [hour - rise.first for hour, row in known if row in names and rise.first < hour <= end]
        found.append(Seen(rise, min(hours, default=None)))
    return found


def _others(city: Simulated, rise: Rise) -> frozenset[int]:
    """The series that another rise of the same days is in."""
    end = rise.first + rise.lasts + 24
    near = [o for o in city.rises if o is not rise and o.first < end and rise.first < o.first + o.lasts + 48]
    return frozenset().union(*(o.names for o in near))


def alerts(city: Simulated, alarms: Iterable[Alarm]) -> list[list[Alarm]]:
    """What a clerk would be told: alarms no more than a day apart, of series that share posts, are one alert."""
    found: list[list[Alarm]] = []
    for alarm in sorted(alarms):
        for told in found:
            if alarm[0] - told[-1][0] <= 24 and any(_shared(city, alarm[1], row) for _, row in told):
                told.append(alarm)
                break
        else:
            found.append([alarm])
    return found


def _shared(city: Simulated, one: int, other: int) -> bool:
    """Whether two series count a category both."""
    return one == other or bool(_of(city, one) & _of(city, other))


def _of(city: Simulated, row: int) -> set[int]:
    """The categories a series counts; none for boards and districts, and for the whole city, which alarm alone here."""
    sort, number = city.names[row]
    if sort == "category":
        return {number}
    of = {"parent": city.parent, "unit": city.unit}.get(sort)
    return set() if of is None else set(np.flatnonzero(of == number).tolist())


def barometer(city: Simulated) -> list[Alarm]:
    """The charts as a city keeps them, hour by hour; a chart that sounded begins anew."""
    kinds = [name for name, _ in city.names]
    among = np.array([kinds.count(kind) for kind in kinds])
    height = threshold(float(city.city[: 24 * WARM].sum()) * 30 / WARM, ALARMS)
    charts: Any = None
    found: list[Alarm] = []
    for day in range(WARM, city.counts.shape[1] // 24):
        window = slice(24 * (day + 1 - WINDOW), 24 * (day + 1))
        expected = expect(city.counts[:, window], city.city[window], _part(city.when, window), 1, among)
        spoken = steps(city.counts[:, window][:, -24:], expected)
        charts = np.zeros(spoken.shape[:2]) if charts is None else charts
        for hour in range(24):
            charts = np.maximum(0, charts + spoken[:, :, hour])
            for row in np.flatnonzero(charts.max(1) > height).tolist():
                charts[row] = 0
                found.append((24 * day + hour + 1, row))
    return found


def _part(when: Calendar, window: slice) -> Calendar:
    return Calendar(when.hour[window], when.kind[window], when.off[window], when.day[window] - when.day[window.start])


def c2_alone(city: Simulated) -> list[Alarm]:
    """C2 above 3 at the end of a day, on every series."""
    over = ears(_days(city)) > 3
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


METHODS: Mapping[str, Callable[[Simulated], list[Alarm]]] = {
    "联动晴雨表（全部序列，每小时）": barometer,
    "EARS C2 > 3（每日）": c2_alone,
    "均值 + 3σ（Huginn，每日）": three_sigma,
}
