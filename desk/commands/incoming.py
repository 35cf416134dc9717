"""``liandong import``: calls, letters and messages from a file come into the same queue as posts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from desk.commands.common import city_of, echo_json, json_option, now, pass_folder


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="来源，例如 电话、来信；不写则看文件的“来源”一列")
@json_option
@pass_folder
def import_(folder: str | None, file: Path, source: str | None, as_json: bool) -> None:
    """把电话、来信、留言的登记表（CSV、Excel、JSON Lines）读进队列；读过的不会重复。

    有“日期、来电、联动诉求”几列的表按每天的数字读，供 report --year 使用。
    """
    from ticketing import incoming, year

    city = city_of(folder)
    if year.is_counts(file):
        days, problems = year.take_in(city, file)
        for problem in problems[:20]:
            click.echo(problem, err=True)
        echo_json({"days": days, "problems": problems}) if as_json else click.echo(f"读进 {days} 行每天的数字")
        sys.exit(0 if days else 1)
    done = incoming.take_in(city, file, now(), source)
    for problem in done.problems[:20]:
        click.echo(problem, err=True)
    if as_json:
        echo_json(done)
    else:
        told = f"（其中 {done.historical} 条已带答复，只作历史数据）" if done.historical else ""
        click.echo(f"读进 {done.added} 条{told}，早已读过 {done.known} 条，{len(done.problems)} 行有问题")
    sys.exit(0 if done.added or done.known else 1)
