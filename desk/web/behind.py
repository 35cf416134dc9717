"""The tickets behind one number of the report."""

from __future__ import annotations

from itertools import islice

from flask import Blueprint, abort, render_template, request

from data.records import Ticket
from desk.columns import COLUMNS
from desk.web import bounds, show
from desk.web.context import me, the_city
from desk.web.overview import asked_report
from ticketing.figures import Row
from ticketing.reports import LatencyReport, behind

pages = Blueprint("behind", __name__)

LISTED = 50
GROUPS = {"": "全部", "unit": "承办单位", "board": "论坛", "category": "类别", "district": "区县", "period": "时段"}
COUNTS = {c.counted: c.name for c in COLUMNS if c.counted}


@pages.get("/report/tickets")
def tickets() -> str:
    """The very tickets that one cell of the report of these days counts, the newest first."""
    group, slug, counted = (request.args.get(name, "") for name in ("group", "slug", "counted"))
    if group not in GROUPS or counted not in COUNTS:
        abort(404)
    report, first, last = asked_report()
    row = _row(report, group, slug)
    found = behind(the_city(), report, group, slug, counted)
    start = bounds.number("from") or 0
    return render_template(
        "behind.html",
        group=GROUPS[group],
        title=row.name if row else slug,
        counts=COUNTS[counted],
        found=list(islice(found, start, start + LISTED)),
        total=len(found),
        start=start,
        page=LISTED,
        asked={"group": group, "slug": slug, "counted": counted, "since": first or "", "until": last or ""},
        first=first,
        last=last,
        shown=title,
    )


def _row(report: LatencyReport, group: str, slug: str) -> Row | None:
    if not group:
        return report.overall
    return next((row for row in getattr(report, f"by_{group}") if row.slug == slug), None)


def title(ticket: Ticket) -> str:
    """A ticket's title for whoever asks: only clerks handle what is listed here."""
    return ticket.title if me().role == "clerk" else show.hidden(ticket.title, show.contacts(ticket))
