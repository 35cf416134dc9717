"""``liandong report``: how long everyone took, on the terminal or as a file to send."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from data.city import City
from desk.columns import share
from desk.commands.common import city_of, echo_json, echo_table, json_option, now, pass_folder, plain

if TYPE_CHECKING:
    from ticketing.reports import LatencyReport

ANSWERED_ONLY = "只有已答复的历史留言，说明不了没有答复的"


@click.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="从哪天起（含），按交办时间")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="到哪天止（不含）")
@click.option("--year", type=click.IntRange(1990, 2100), help="改看办公室这一年（到 --until 前一天）：来电到办结")
@click.option("--historical", is_flag=True, help="改看导入时已带答复的历史留言（只有答复了的）")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写成文件，按后缀：.xlsx .csv .json .html（A4 打印）.docx（民情简报）.txt（微博）",
)
@json_option
@pass_folder
def report(
    folder: str | None,
    since: datetime | None,
    until: datetime | None,
    year: int | None,
    historical: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """答复时限报表：各单位、论坛、类别、区县、时段。"""
    from desk import export
    from ticketing import reports

    if since and until and since >= until:
        raise click.UsageError("--since 要早于 --until")
    city = city_of(folder)
    if year is not None:
        _show_year(city, year, until, as_json)
        return
    stretch = (_midnight(since, city), _midnight(until, city))
    found = reports.latency(city, now(), *stretch, historical=historical)
    if not historical and not found.overall.filed:  # nothing of our own: what was imported, if anything was
        imported = reports.latency(city, now(), *stretch, historical=True)
        historical, found = (True, imported) if imported.overall.filed else (False, found)
    if out is not None:
        export.write(city, found, out)
        click.echo(f"已写到 {out}", err=as_json)
    if as_json:
        note = {"historical": True, "note": ANSWERED_ONLY} if historical else {"historical": False}
        echo_json({**export.as_json(city, found), **note})
    elif out is None:
        show(city, found, historical=historical)


def _show_year(city: City, number: int, until: datetime | None, as_json: bool) -> None:
    from ticketing.year import year as count

    last = until.date() - timedelta(days=1) if until else date(number, 12, 31)
    found = count(city, date(number, 1, 1), last)
    if as_json:
        echo_json({**plain(found), "daily": found.daily, "in_hand": found.in_hand, "change": found.change})
        return
    names = (("来电", "calls"), ("接听", "answered"), ("有效", "valid"), ("联动诉求", "requests"), ("办结", "done"))
    rows = [(name, f"{getattr(found.now, f):,}", f"{getattr(found.then, f):,}") for name, f in names]
    echo_table(f"{found.first} 至 {found.last}，有数字的 {found.days} 天", ("", "今年", "去年同期"), rows)
    daily = f"{found.daily:.0f}" if found.daily is not None else "—"
    change = f"{found.change:+.1%}" if found.change is not None else "去年没有数字"
    click.echo(f"日均 {daily} 件，同比 {change}；办结率 {share(found.done)}，在办 {found.in_hand:,} 件")
    total, known = sum(n for _, n in found.fields), city.reference().category
    fields = [(known[s].name if s in known else s, n, f"{n / total:.1%}（{n}/{total}）") for s, n in found.fields]
    echo_table("各领域（按交办的工单）", ("类别", "件", "占比"), fields)


def show(city: City, found: object, *, historical: bool) -> None:
    """Print a latency report for people."""
    from desk.briefing import period
    from desk.columns import NARROW, place
    from desk.export import parts
    from ticketing.reports import LatencyReport

    if not isinstance(found, LatencyReport):
        raise TypeError(type(found).__name__)
    headings = [c.name for c in NARROW]
    click.echo(period(city, found) + (f"；{ANSWERED_ONLY}；{_in_time(found)}" if historical else ""))
    lines = [(found.overall.name, found.overall), *((c.name, c.row) for c in found.comparisons)]
    echo_table("全部", ("", *headings), [(name, *(c.text(r) for c in NARROW)) for name, r in lines])
    units = [(r.name, place(found.places.get(r.slug)), *(c.text(r) for c in NARROW)) for r in found.by_unit]
    if units:
        echo_table("承办单位", ("", "名次", *headings), units)
    for title, rows in parts(found):
        if rows:
            echo_table(title, ("", *headings), [(r.name, *(c.text(r) for c in NARROW)) for r in rows])
    click.echo("没有答复的按仍在等待计（Kaplan–Meier）；口径见 --out 报表.html。")


def _in_time(found: LatencyReport) -> str:
    row = found.overall
    return f"时限内答复 {row.within / row.filed:.1%}（{row.within}/{row.filed}）" if row.filed else "没有一件"


def _midnight(day: datetime | None, city: City) -> datetime | None:
    from ticketing.periods import midnight

    return midnight(date(day.year, day.month, day.day), city.zone) if day else None
