"""``report`` and ``barometer``: how long everyone took, and what is rising in the city."""

from __future__ import annotations

from datetime import date, datetime, time

import click

from data.city import City
from desk.commands.common import city_of, duration, echo_json, echo_table, json_option, local, now, pass_folder


@click.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="从哪天起（含），按交办时间")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="到哪天止（不含）")
@json_option
@pass_folder
def report(folder: str | None, since: datetime | None, until: datetime | None, as_json: bool) -> None:
    """答复时限报表：各单位、论坛、类别。"""
    from ticketing import reports

    city = city_of(folder)
    found = reports.latency(city, now(), _midnight(since, city), _midnight(until, city))
    if as_json:
        echo_json(found)
        return
    show(found)


def show(found: object) -> None:
    """Print a latency report for people."""
    from ticketing.reports import LatencyReport

    if not isinstance(found, LatencyReport):
        raise TypeError(type(found).__name__)
    columns = ("", "交办", "按时/已判", "超时答复", "逾期未复", "未到时限", "无法核查", "已撤帖", "中位数", "P90")
    for title, rows in (
        ("全部", (found.overall,)),
        ("按承办单位", found.by_unit),
        ("按论坛", found.by_board),
        ("按类别", found.by_category),
    ):
        echo_table(
            title,
            columns,
            [
                (
                    r.name,
                    r.filed,
                    f"{r.within}/{r.judged}",
                    r.late,
                    r.overdue,
                    r.open,
                    r.unverifiable,
                    r.withdrawn,
                    duration(r.median),
                    duration(r.p90),
                )
                for r in rows
            ],
        )
    click.echo(
        "中位数、P90：从交办到本单位第一次在原帖答复，未答复的按仍在等待计（Kaplan–Meier）；— 表示还没有那么多答复。"
    )
    click.echo("按时率 = 按时 ÷（按时＋超时答复＋逾期未复）；无法核查、已撤帖和未到时限的不计入。")


def _midnight(day: datetime | None, city: City) -> datetime | None:
    return datetime.combine(date(day.year, day.month, day.day), time(), city.zone) if day else None


@click.command()
@click.option("--hours", default=3, show_default=True, help="看最近几小时")
@json_option
@pass_folder
def barometer(folder: str | None, hours: int, as_json: bool) -> None:
    """民情晴雨表：哪一类正在升。"""
    from ticketing import barometer as rising

    city = city_of(folder)
    found = rising.rises(city, now(), hours)
    if as_json:
        echo_json({"rises": found})
        return
    reference = city.reference()
    rows = [
        (
            reference.category[r.category].name,
            r.count,
            f"{r.expected:.1f}",
            local(r.since, city),
            "、".join(r.posts[:3]),
        )
        for r in found
    ]
    echo_table(f"最近 {hours} 小时明显升高的类别", ("类别", "条数", "平常", "自", "例"), rows)
    if not rows:
        click.echo("没有明显升高的类别。")
