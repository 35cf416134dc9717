"""The latency report as files: Excel, CSV, JSON; every number with its tickets beside it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data.city import City
from data.problem import Problem
from data.spreadsheet import inert, save
from desk.columns import COLUMNS, DEFINITIONS, place
from desk.whole import whole
from ticketing.figures import Fact, Row
from ticketing.messages import anonymous
from ticketing.reports import LatencyReport

VERDICTS = {
    "on_time": "按时",
    "late": "超时答复",
    "overdue": "逾期未答",
    "pending": "待答复",
    "unverifiable": "无法核实",
    "withdrawn": "帖子已撤",
}
Sheet = tuple[str, Sequence[str], list[list[Any]]]


def write(city: City, report: LatencyReport, path: Path) -> None:
    """Write ``report`` to ``path``, whole or not at all; its kind by the suffix. Raises Problem."""
    from desk import briefing, printed

    writers = {
        ".xlsx": _excel,
        ".csv": _csv,
        ".json": _json,
        ".html": printed.write,
        ".docx": briefing.write,
        ".txt": briefing.write_weibo,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise Problem(f"不会写“{path.suffix}”文件；可用：{'、'.join(writers)}")
    with whole(path) as part:
        writer(city, report, part)


def sheets(city: City, report: LatencyReport) -> Iterator[Sheet]:
    """Title, headings and rows of each table, with values a spreadsheet can reckon with."""
    heading = [c.heading for c in COLUMNS]
    yield "全部", ["", *heading], [_values(report.overall), *(_compared(city, report))]
    places = [place(report.places.get(r.slug)) for r in report.by_unit]
    units = [[*_values(r), p] for r, p in zip(report.by_unit, places, strict=True)]
    yield "承办单位", ["承办单位", *heading, "名次"], units
    for name, rows in parts(report):
        yield name, [name, *heading], [_values(r) for r in rows]
    yield "工单", TICKET, [_ticket(city, f) for f in report.facts]
    yield "口径", ["词", "意思"], [list(d) for d in DEFINITIONS]


def parts(report: LatencyReport) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """The tables beside the one by unit."""
    return (
        ("论坛", report.by_board),
        ("类别", report.by_category),
        ("区县", report.by_district),
        ("时段", report.by_period),
    )


def _compared(city: City, report: LatencyReport) -> Iterator[list[Any]]:
    for c in report.comparisons:
        first, last = (m.astimezone(city.zone).strftime("%Y-%m-%d") for m in (c.since, c.until))
        yield [f"{c.name}（{first} 至 {last} 前）", *_values(c.row)[1:]]


def _values(row: Row) -> list[Any]:
    return [row.name, *(c.value(row) for c in COLUMNS)]


TICKET = (
    "工单",
    "论坛",
    "帖子",
    "标题",
    "类别",
    "承办单位",
    "交办时间",
    "应答时限",
    "判定",
    "首次答复（小时）",
    "实质答复（小时）",
)


def _ticket(city: City, fact: Fact) -> list[Any]:
    t, reference = fact.ticket, city.reference()
    category, unit = reference.category.get(t.category), reference.unit.get(t.unit)
    times = [m.astimezone(city.zone).strftime("%Y-%m-%d %H:%M") for m in (t.filed_at, t.reply_due)]
    waits = [round(w.seconds / 3600, 3) if w.over else None for w in (fact.first, fact.substance)]
    named = [category.name if category else t.category, unit.name if unit else t.unit]
    return [t.number, t.source, t.thread, anonymous(t.title), *named, *times, VERDICTS[fact.verdict], *waits]


def _excel(city: City, report: LatencyReport, path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, heading, rows in sheets(city, report):
        sheet = book.create_sheet(title)
        for line in (heading, *rows):
            sheet.append([inert(cell) for cell in line])
        for i, name in enumerate(heading, 1):
            sheet.cell(1, i).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(i)].width = max(10, min(40, 2 * len(name) + 2))
        sheet.freeze_panes = "B2"
    save(book, path)


def _csv(city: City, report: LatencyReport, path: Path) -> None:
    """One table: every line of every grouping, named by what it groups by."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["分组", "名称", *(c.heading for c in COLUMNS)])
        for title, rows in (("全部", (report.overall,)), ("承办单位", report.by_unit), *parts(report)):
            writer.writerows([title, *(inert(v) for v in _values(r))] for r in rows)


def _json(city: City, report: LatencyReport, path: Path) -> None:
    path.write_text(json.dumps(as_json(city, report), ensure_ascii=False, indent=1), encoding="utf-8")


def as_json(city: City, report: LatencyReport) -> dict[str, Any]:
    """The tables with machine names, times in seconds, and the numbers of the tickets behind them."""
    groups = {
        "unit": report.by_unit,
        **dict(zip(("board", "category", "district", "period"), (r for _, r in parts(report)), strict=True)),
    }
    return {
        "since": report.since.isoformat() if report.since else None,
        "until": report.until.isoformat() if report.until else None,
        "now": report.now.isoformat(),
        "overall": _plain(report.overall),
        **{f"by_{name}": [_plain(r) for r in rows] for name, rows in groups.items()},
        "places": report.places,
        "comparisons": [
            {"name": c.name, "since": c.since.isoformat(), "until": c.until.isoformat(), **_plain(c.row)}
            for c in report.comparisons
        ],
        "tickets": {name: [f.ticket.number for f in report.facts if f.verdict == name] for name in VERDICTS},
    }


def _plain(row: Row) -> dict[str, Any]:
    counts = (
        "filed",
        "within",
        "judged",
        "late",
        "overdue",
        "open",
        "unverifiable",
        "withdrawn",
        "returned",
        "reopened",
        "solved",
        "asked",
        "satisfied",
        "rated",
    )
    waits = {
        "median": row.first,
        "p90": row.first_p90,
        "substance_median": row.substance,
        "substance_p90": row.substance_p90,
        "working_median": row.worked,
    }
    return {
        "slug": row.slug,
        "name": row.name,
        **{name: getattr(row, name) for name in counts},
        **{name: q.value for name, q in waits.items()},
        **{f"{name}_ci": [q.low, q.high] for name, q in waits.items()},
        "naive_median": row.naive,
        "naive_p90": row.naive_p90,
    }
