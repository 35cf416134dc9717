"""``liandong phones``: whom to ring for 即办, on the terminal or as a page to print."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from desk.commands.common import city_of, echo_json, echo_table, json_option, now, pass_folder
from desk.whole import whole


@click.command()
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="写成可打印的 A4 网页")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="哪一天的单位；不写则今天")
@json_option
@pass_folder
def phones(folder: str | None, html: Path | None, day: datetime | None, as_json: bool) -> None:
    """即办联动单位的 24 小时值班电话，断网时照单打电话。"""
    from ticketing import phones

    city = city_of(folder)
    reference, when = city.reference(), (day or now().astimezone(city.zone)).date()
    listed = phones.lines(reference, when)
    if html:
        with whole(html) as part:
            part.write_text(phones.page(city.settings.city.name, reference, when), encoding="utf-8")
    if as_json:
        echo_json({"day": when, "ring": dict(phones.rings(reference)), "units": listed})
        return
    rows = [(i, x.unit, x.duty_phone or x.lacks, x.officer, x.phone, x.duties) for i, x in enumerate(listed, 1)]
    echo_table(f"{when} 即办联动单位", ("序号", "单位", "24 小时值班电话", "联络员", "手机", "遇到什么找它"), rows)
    click.echo("；".join(f"{number} {what}" for number, what in phones.rings(reference)))
    if html:
        click.echo(f"已写入 {html}，可用浏览器打开打印")
