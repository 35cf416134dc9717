"""``liandong automatic``: how the automatic rule stands, and a person's switch."""

from __future__ import annotations

import getpass

import click

from desk.commands.common import city_of, echo_json, echo_table, json_option, now, pass_folder

MODES = {"off": "没有启用；启用在 liandong.toml 的 [automatic] mode", "shadow": "只记录，不交办", "on": "启用"}


@click.command()
@click.option("--on/--off", "wanted", default=None, help="打开（自行停用之后），或立即停用")
@json_option
@pass_folder
def automatic(folder: str | None, wanted: bool | None, as_json: bool) -> None:
    """自动交办的情形：各类的把握、错了多少、只记录时的成绩。启用在 liandong.toml 的 [automatic] mode。"""
    from ticketing import automatic as rule

    city = city_of(folder)
    if wanted is not None:
        rule.switch(city, wanted, getpass.getuser(), now())
    state = rule.state(city, now())
    if as_json:
        echo_json(state)
        return
    click.echo(f"自动交办：{MODES[state.mode]}" + ("；现在停用着，用 --on 打开" if state.switched_off else ""))
    reference = city.reference()
    rows = [
        (
            reference.category[c.name].name if c.name in reference.category else c.name,
            f"{c.agreed}/{c.judged}",
            "不够" if c.threshold is None else f"≥ {c.threshold:.2f}",
        )
        for c in state.categories
    ]
    echo_table("按类别（人照建议交办且未退单 / 人已处理）", ("类别", "一致", "可自动交办的把握"), rows)
    click.echo(
        f"启用以来已知结果 {state.settled} 件，其中错 {state.wrong} 件（证据 {state.evidence:.2f}，满 100 自行停用）"
    )
    click.echo(
        f"只记录的 {state.shadows} 件，人已处理 {state.shadows_judged} 件，一致 {state.shadows_agreed} 件"
        f"（正确率下限 {state.shadows_bound:.1%}）"
    )
