"""Who saw or did what: found by person, act, subject and day, and taken away as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice

from flask import Blueprint, flash, render_template, request
from werkzeug.wrappers import Response

from classifier.batch import inert
from data.records import AuditEntry
from data.store.people import Sought
from data.tables import CSV_ENCODING
from desk.web.context import note, now, the_city
from desk.web.files import send_bytes

pages = Blueprint("audit", __name__, url_prefix="/audit")

LISTED = 100
MOST = 50_000  # lines of one file
FIELDS = ("who", "what", "subject", "since", "until")


@pages.get("")
def index() -> str:
    """The newest entries first, of those sought, a page at a time."""
    given, people = _given(), the_city().store.people
    before = request.args.get("before", type=int)
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
    day = now().astimezone(the_city().zone)
    return send_bytes(content.encode(CSV_ENCODING), f"操作记录-{day:%Y%m%d}.csv")


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
    return {name: request.args.get(name, "").strip()[:200] for name in FIELDS}


def _sought(given: dict[str, str]) -> Sought:
    first, last = _day(given, "since"), _day(given, "until")
    return Sought(
        given["who"],
        (given["what"],) if given["what"] else (),
        given["subject"],
        _midnight(first) if first else None,
        _midnight(last + timedelta(days=1)) if last else None,
    )


def _day(given: dict[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(given[name]) if given[name] else None
    except ValueError:
        given[name] = ""
        flash("日期要写成 2026-11-23 这样；没有按这个日期筛选", "warn")
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), the_city().zone)
