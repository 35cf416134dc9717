"""民情简报: the report as a Word file ready to send, and a short text fit for the office's 微博."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.city import City
from data.records import VerdictName
from desk import charts
from desk.columns import DEFINITIONS, NARROW, duration, interval, share
from ticketing.figures import Row
from ticketing.ranking import SMALL
from ticketing.reports import LatencyReport
from ticketing.survival import Quantile

LISTED = 60  # ticket numbers printed behind one figure; the Excel file has them all
WEIBO = 140  # characters
WORST = 3  # units named


def write(city: City, report: LatencyReport, path: Path) -> None:
    """Three paragraphs, two charts, the table, and behind each number its tickets."""
    from docx import Document
    from docx.shared import Cm, Pt

    document = Document()
    document.styles["Normal"].font.size = Pt(11)
    document.add_heading(f"{city.settings.city.name}民情简报", level=1)
    document.add_paragraph(period(city, report))
    for text in paragraphs(city, report):
        document.add_paragraph(text)
    for picture in (charts.units(report.by_unit, "png"), charts.waiting(report.facts, "png")):
        document.add_picture(io.BytesIO(picture), width=Cm(15.5))
    _table(document, report.by_unit[:15])
    document.add_heading("数字与工单对照", level=2)
    for name, numbers in traced(report):
        document.add_paragraph(f"{name}（{len(numbers)}）：{_listed(numbers)}", style="List Bullet")
    document.add_heading("口径", level=2)
    for word, meaning in DEFINITIONS:
        document.add_paragraph(f"{word}：{meaning}", style="List Bullet")
    kept = io.BytesIO()  # python-docx leaves a half-written archive to be closed whenever, in nobody's hands
    document.save(kept)
    path.write_bytes(kept.getvalue())


def write_weibo(city: City, report: LatencyReport, path: Path) -> None:
    """The short text, in a file."""
    path.write_text(weibo(city, report) + "\n", encoding="utf-8")


def period(city: City, report: LatencyReport) -> str:
    """The stretch of time the report covers."""

    def day(moment: Any) -> str:
        return str(moment.astimezone(city.zone).strftime("%Y-%m-%d"))

    begun = report.since or min((f.ticket.filed_at for f in report.facts), default=report.now)
    since = day(begun)
    until = f"{day(report.until)}（不含）" if report.until else f"{report.now.astimezone(city.zone):%Y-%m-%d %H:%M}"
    return f"按交办时间，{since} 至 {until}"


def paragraphs(city: City, report: LatencyReport) -> tuple[str, str, str]:
    """What came in, how it was answered, and what is left."""
    return _came_in(report), _answered(report), _left(report)


def _came_in(report: LatencyReport) -> str:
    all_ = report.overall
    most = "、".join(f"{r.name} {r.filed} 件" for r in report.by_category[:WORST])
    boards = "，".join(f"{r.name} {r.filed} 件" for r in report.by_board)
    compared = "；".join(f"{c.name}{_change(all_.filed, c.row.filed)}" for c in report.comparisons)
    return f"共交办 {all_.filed} 件{f'（{compared}）' if compared else ''}，其中{boards or '没有论坛帖子'}。最多的类别是{most or '（无）'}。"


def _change(now: int, then: int) -> str:
    if not then:
        return f"（上期 0 件，现 {now} 件）"
    word = "增加" if now > then else "减少" if now < then else "持平"
    return f"{word} {abs(now - then)} 件（{then} → {now}）" if now != then else f"持平（{now} 件）"


def _answered(report: LatencyReport) -> str:
    r = report.overall
    text = f"时限内在原帖答复的占 {share(r.on_time)}；首次答复的中位用时 {_reached(r.first)}，P90 {_reached(r.first_p90)}。"
    slow = [u for u in report.by_unit if u.judged >= SMALL and _surely_below(u, r)]
    slow.sort(key=lambda u: u.within / u.judged)
    named = "、".join(f"{u.name} {share(u.on_time)}" for u in slow[:WORST])
    if named:
        return f"{text}按时率明显低于全市的是{named}。"
    return f"{text}没有哪个单位的按时率明显低于全市（样本够大、区间不重叠才算）。" if r.late + r.overdue else text


def _surely_below(unit: Row, whole: Row) -> bool:
    """Whether their intervals leave no doubt: nobody is named for what chance may have done."""
    high, low = unit.on_time.high, whole.on_time.low
    return high is not None and low is not None and high < low


def _reached(quantile: Quantile) -> str:
    if quantile.value is None:
        return "还算不出（答复的还不够多）"
    return f"{duration(quantile.value)}（95% 区间 {interval(quantile)}）"


def _left(report: LatencyReport) -> str:
    r = report.overall
    rated = f"；满意率 {share(r.satisfaction)}" if r.rated else ""
    return (
        f"到统计时，{r.overdue} 件逾期仍未答复，{r.open} 件未到时限，{r.unverifiable} 件因论坛故障等原因无法核实（不算单位的责任），"
        f"{r.withdrawn} 件网民已撤帖；退单 {r.returned} 件，重办 {r.reopened} 件{rated}。"
    )


def weibo(city: City, report: LatencyReport) -> str:
    """At most WEIBO characters: what came in, how much was answered in time, and thanks."""
    r = report.overall
    hours = f"{city.settings.clocks.reply_hours:g}"
    full = (
        f"【{city.settings.city.name}网上联动】{period(city, report).removeprefix('按交办时间，')}，共交办网友诉求 {r.filed} 件，"
        f"{hours} 小时内在原帖答复 {r.within}/{r.judged} 件，首次答复中位用时 {duration(r.median)}；还有 {r.overdue} 件正在催办。谢谢监督。"
    )
    return full if len(full) <= WEIBO else full[: WEIBO - 1] + "…"


def traced(report: LatencyReport) -> list[tuple[str, list[str]]]:
    """Each headline number with the tickets behind it."""
    names = {
        "按时": VerdictName.ON_TIME,
        "超时答复": VerdictName.LATE,
        "逾期未答": VerdictName.OVERDUE,
        "未到时限": VerdictName.PENDING,
        "无法核实": VerdictName.UNVERIFIABLE,
        "已撤帖": VerdictName.WITHDRAWN,
    }
    found = [(word, [f.ticket.number for f in report.facts if f.verdict is name]) for word, name in names.items()]
    found.append(("退单", [f.ticket.number for f in report.facts if f.returned]))
    found.append(("重办", [f.ticket.number for f in report.facts if f.reopened]))
    return found


def _listed(numbers: Sequence[str]) -> str:
    rest = len(numbers) - LISTED
    more = f" 等，其余 {rest} 件见同期 Excel 的“工单”表" if rest > 0 else ""
    return "、".join(numbers[:LISTED]) + more or "无"


def _table(document: Any, rows: Sequence[Row]) -> None:
    from docx.shared import Cm, Pt

    shown = [c for c in NARROW if c.name in ("交办", "按时答复率", "逾期未答", "首次答复中位")]
    lines = [("承办单位", *(c.name for c in shown)), *((r.name, *(c.text(r) for c in shown)) for r in rows)]
    table = document.add_table(rows=len(lines), cols=len(shown) + 1, style="Light Grid Accent 1")
    for row, line in zip(table.rows, lines, strict=True):
        for cell, text, width in zip(row.cells, line, (5.5, 1.8, 4.2, 2.2, 3.0), strict=True):
            cell.text, cell.width = text, Cm(width)
            cell.paragraphs[0].runs[0].font.size = Pt(9)
