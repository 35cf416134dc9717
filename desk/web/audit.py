"""Who saw or did what: found by person, act, subject and day, and taken away as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from itertools import islice

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from data.records import AuditEntry
from data.spreadsheet import inert
from data.store.people import Sought
from data.tables import CSV_ENCODING
from desk.web import bounds
from desk.web.context import note, now, the_city
from desk.web.files import send_bytes

pages = Blueprint("audit", __name__, url_prefix="/audit")

LISTED = 100
MOST = 50_000  # lines of one file
DAYS = ("since", "until")
FIELDS = ("who", "what", "subject")


@pages.get("")
def index() -> str:
    """The newest entries first, of those sought, a page at a time."""
    given, people = _given(), the_city().store.people
    before = bounds.number("before")
    entries = people.audit(LISTED + 1, _sought(given), before)
    return render_template(
        "audit.html",
        entries=entries[:LISTED],
        older=entries[LISTED - 1].id if len(entries) > LISTED else None,
        later=before is not None,
        given=given,
        filters={k: v for k, v in given.items() if v},
        acts=people.acts(),
        users=people.users(),
    )


@pages.get("/file.csv")
def export() -> Response:
    """The entries sought as CSV, harmless to a spreadsheet; that it was taken is an entry itself."""
    given = _given()
    content = _csv(the_city().store.people.audited(_sought(given)))
    note("导出操作记录", detail="；".join(f"{k} {v}" for k, v in given.items() if v))
    today = now().astimezone(the_city().zone)
    return send_bytes(content.encode(CSV_ENCODING), f"操作记录-{today:%Y%m%d}.csv")


def _csv(entries: Iterator[AuditEntry]) -> str:
    text, zone = io.StringIO(newline=""), the_city().zone
    out = csv.writer(text)
    out.writerow(("编号", "时间", "谁", "做了什么", "对象", "详情"))
    for e in islice(entries, MOST):
        at = f"{e.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        out.writerow([e.id, at, *map(inert, (e.who, e.what, e.subject, e.detail))])
    if next(entries, None):
        out.writerow(("", "", "", f"只导出最近 {MOST} 条；请缩小时间范围再导"))
    return text.getvalue()


def _given() -> dict[str, str]:
    """What the filters are set to; a day that is none is not."""
    days = {name: str(bounds.day(name) or "") for name in DAYS}
    return {name: request.args.get(name, "").strip()[:200] for name in FIELDS} | days


def _sought(given: dict[str, str]) -> Sought:
    first, last = (date.fromisoformat(given[name]) if given[name] else None for name in DAYS)
    return Sought(
        given["who"],
        (given["what"],) if given["what"] else (),
        given["subject"],
        bounds.begins(first),
        bounds.ends(last),
    )
