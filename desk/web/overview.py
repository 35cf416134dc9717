"""What there is to know at a glance: the latency report, the boards, what waits or failed, and a sign of life."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as Answer

from data.records import OutboxState
from desk import charts
from desk.columns import DEFINITIONS, NARROW, interval, place
from desk.export import parts
from desk.web import bounds
from desk.web.context import note, now, the_city, the_reference
from ticketing import filing, second
from ticketing.figures import Row
from ticketing.reports import LatencyReport, latency

pages = Blueprint("overview", __name__)

RECENT = 50
GROUPED = ("unit", "board", "category", "district", "period")
FILES = {"xlsx": "Excel", "docx": "民情简报（Word）", "html": "打印版", "csv": "CSV", "json": "JSON", "txt": "微博短文"}


@pages.get("/report")
def report() -> str:
    """How long the units took, of the tickets filed on the days asked for (both included)."""
    figures, first, last = asked_report()
    return render_template(
        "report.html",
        report=figures,
        tables=_tables(figures),
        place=place,
        interval=interval,
        files=FILES,
        no_charts=charts.missing(),
        columns=NARROW,
        definitions=DEFINITIONS,
        first=first,
        last=last,
        hours=the_city().settings.clocks.reply_hours,
    )


def _tables(figures: LatencyReport) -> list[tuple[str, str, list[tuple[str, Row]]]]:
    """What each table groups by, its name and its lines: title and row."""
    compared = [(f"{c.name}（{c.since.astimezone(the_city().zone):%Y-%m-%d} 起）", c.row) for c in figures.comparisons]
    tables = (("承办单位", figures.by_unit), *parts(figures))
    return [
        ("", "全部", [("全部", figures.overall), *compared]),
        *((g, name, [(r.name, r) for r in rows]) for g, (name, rows) in zip(GROUPED, tables, strict=True)),
    ]


def asked_report() -> tuple[LatencyReport, date | None, date | None]:
    """The report of the days asked for, and those days."""
    first, last = bounds.day("since"), bounds.day("until")
    return latency(the_city(), now(), bounds.begins(first), bounds.ends(last)), first, last


@pages.get("/boards")
def boards() -> str:
    """Each board, when it was last read whole, and what was missing."""
    health = the_city().store.threads.health
    return render_template("boards.html", rows=[(board, health(board.slug)) for board in the_reference().boards])


@pages.get("/status")
def status() -> str:
    """What waits, what failed, what nobody knows the result of; the last runs and alerts."""
    store = the_city().store
    stuck: dict[str, Any] = {state: store.outbox.entries(state, limit=RECENT) for state in second.STUCK}
    return render_template(
        "status.html",
        waiting=store.decisions.waiting(),
        counts=store.outbox.counts(),
        stuck=stuck,
        due=store.outbox.entries(OutboxState.WAITING, limit=RECENT),
        last=store.runs.last(),
        last_ok=store.runs.last(ok=True),
        last_failed=store.runs.last(ok=False),
        alerts=store.runs.alerts(RECENT),
    )


@pages.post("/status/<int:number>/cancel")
def cancel(number: int) -> Answer:
    """Take back a filing that still waits, above all one the automatic rule made."""
    entry = the_city().store.outbox.numbered(number)
    if entry and entry.channel == filing.OFFICE and filing.undo(the_city(), int(entry.payload["decision"]), now()):
        note("撤回交办", entry.subject)
        flash(f"已撤回，帖子回到待处理：{entry.subject}", "ok")
    else:
        flash("来不及撤回：已经发出，或已经撤回", "warn")
    return redirect(url_for("overview.status"))
