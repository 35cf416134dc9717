"""民情晴雨表: what is rising, at a glance: a sentence, a timeline of hours, and the posts and tickets behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template

from data.store.series import Request, Surge
from desk.web.context import now, the_city, the_reference
from ticketing import alerts, barometer
from ticketing.barometer import Hour

pages = Blueprint("barometer", __name__)

HOURS = 48
WIDE, HIGH = 960, 190  # of a timeline, in its own units
LEFT, BELOW = 34, 26  # room for the labels
SHOWN = 12  # posts listed
EVERY = 6  # hours between labels


@dataclass(frozen=True)
class Bar:
    """One hour as drawn; ``label`` under it, where it has one."""

    x: float
    y: float
    height: float
    expected: float | None  # the y of what was expected
    rising: bool
    label: str
    told: str


@dataclass(frozen=True)
class Timeline:
    """Everything a template needs to draw the hours of one series."""

    bars: Sequence[Bar]
    width: float
    highest: int
    line: str  # of the expected, as SVG points
    total: int


@dataclass(frozen=True)
class Shown:
    """A surge with its picture and what is behind it."""

    surge: Surge
    title: str
    sentence: str
    count: int
    usual: float  # posts expected since it began
    times: float
    timeline: Timeline
    requests: Sequence[Request]
    tickets: dict[str, tuple[str, ...]]


@pages.get("/barometer")
def page() -> str:
    """The rises that have not ended, the most evident first; below them the whole city."""
    city, at = the_city(), now()
    shown = [_shown(surge, at) for surge in alerts.current(city, at)]
    everything = draw(barometer.timeline(city, ("all", ""), at, HOURS), None)
    past = [s for s in city.store.series.surges(20) if s.id not in {x.surge.id for x in shown}]
    titles = {s.id: alerts.title(the_reference(), s) for s in past}
    return render_template(
        "barometer.html", shown=shown, everything=everything, past=past, titles=titles, hours=HOURS, SHOWN=SHOWN
    )


def _shown(surge: Surge, at: datetime) -> Shown:
    city = the_city()
    requests = alerts.requests(city, surge, at)
    hours = barometer.timeline(city, (surge.sort, surge.name), at, HOURS)
    expected = sum(h.expected or 0.0 for h in hours if h.start >= surge.since) or surge.expected
    return Shown(
        surge,
        alerts.title(the_reference(), surge),
        alerts.sentence(city, surge),
        len(requests),
        expected,
        len(requests) / max(expected, 0.1),
        draw(hours, surge.since),
        requests[::-1],
        city.store.series.tickets(r.key for r in requests),
    )


def draw(hours: Sequence[Hour], since: datetime | None) -> Timeline:
    """Hours as bars of a picture WIDE by HIGH."""
    highest = max([4, *(h.count for h in hours), *(round(h.expected or 0) for h in hours)])
    width = (WIDE - LEFT) / max(len(hours), 1)
    scale = (HIGH - BELOW - 12) / highest
    floor = HIGH - BELOW
    bars = []
    for i, hour in enumerate(hours):
        local = hour.start.astimezone(the_city().zone)
        label = f"{local:%m-%d}" if local.hour == 0 else f"{local:%H}时" if local.hour % EVERY == 0 else ""
        usual = "" if hour.expected is None else f"，平常约 {hour.expected:.1f} 条"
        bars.append(
            Bar(
                x=round(LEFT + i * width, 1),
                y=round(floor - hour.count * scale, 1),
                height=round(hour.count * scale, 1),
                expected=None if hour.expected is None else round(floor - hour.expected * scale, 1),
                rising=since is not None and hour.start >= since,
                label=label,
                told=f"{local:%m-%d %H:%M} 起一小时 {hour.count} 条{usual}",
            )
        )
    line = " ".join(f"{round(b.x + width / 2, 1)},{b.expected}" for b in bars if b.expected is not None)
    return Timeline(bars, round(width, 2), highest, line, sum(h.count for h in hours))
