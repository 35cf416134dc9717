"""The report as one page of HTML that prints well on A4 and needs nothing beside itself."""

from __future__ import annotations

import base64
from pathlib import Path

from jinja2 import Environment, PackageLoader

from data.city import City
from desk import charts
from desk.briefing import paragraphs, period
from desk.columns import DEFINITIONS, NARROW, place
from ticketing.reports import LatencyReport


def write(city: City, report: LatencyReport, path: Path) -> None:
    """Write the page; every text in it is escaped."""
    path.write_text(page(city, report), encoding="utf-8")


def page(city: City, report: LatencyReport) -> str:
    """The page as text, charts inside as images."""
    from desk.export import parts

    pictures = (charts.units(report.by_unit), charts.waiting(report.facts))
    return (
        Environment(loader=PackageLoader("desk.web"), autoescape=True)
        .get_template("printed.html")
        .render(
            name=city.settings.city.name,
            period=period(city, report),
            paragraphs=paragraphs(city, report),
            pictures=[base64.b64encode(p).decode() for p in pictures],
            columns=NARROW,
            overall=report.overall,
            units=[(r, place(report.places.get(r.slug))) for r in report.by_unit],
            parts=parts(report),
            definitions=DEFINITIONS,
        )
    )
