"""The report to take away: Excel, CSV, JSON, a page to print, Word, a short text; and its charts as pictures."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from flask import Blueprint, Response, abort, flash, redirect, request, send_file, url_for
from werkzeug.wrappers import Response as Answer

from data.problem import Problem
from desk import charts, export
from desk.web.context import note, the_city
from desk.web.overview import asked_report

pages = Blueprint("files", __name__)

KINDS = {
    "xlsx": "时限报表",
    "csv": "时限报表",
    "json": "时限报表",
    "html": "时限报表",
    "docx": "民情简报",
    "txt": "微博",
}


@pages.get("/report/file/<kind>")
def report(kind: str) -> Answer:
    """The report of the days asked for, as a file."""
    if kind not in KINDS:
        abort(404)
    figures, _, _ = asked_report()
    note("下载报表", kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"report.{kind}"
        try:
            export.write(the_city(), figures, path)
        except Problem as problem:
            flash(str(problem), "warn")
            return redirect(
                url_for("overview.report", since=request.args.get("since"), until=request.args.get("until"))
            )
        content = path.read_bytes()
    day = figures.now.astimezone(the_city().zone)
    name = f"{the_city().settings.city.name}{KINDS[kind]}-{day:%Y%m%d}.{kind}"
    return send_bytes(content, name)


@pages.get("/report/chart/<name>")
def chart(name: str) -> Response:
    """One of the two charts, as SVG."""
    figures, _, _ = asked_report()
    drawn = {"units": lambda: charts.units(figures.by_unit), "waiting": lambda: charts.waiting(figures.facts)}
    if name not in drawn or charts.missing():
        abort(404)
    return Response(drawn[name](), mimetype="image/svg+xml")


def send_bytes(content: bytes, name: str) -> Response:
    """``content`` as a download called ``name``."""
    return send_file(io.BytesIO(content), as_attachment=True, download_name=name)
