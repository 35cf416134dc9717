"""``liandong barometer``: what is rising in the city."""

from __future__ import annotations

import click

from desk.commands.common import city_of, echo_json, echo_table, json_option, local, now, pass_folder


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
