"""``liandong review``: the queue in a terminal, and a decision without a browser."""

from __future__ import annotations

import getpass

import click

from data.city import City
from data.records import Action, Decision, Kind, Urgency
from desk.commands.common import city_of, echo_json, echo_table, fail, json_option, local, now, pass_folder


@click.command()
@click.argument("post", required=False, metavar="[论坛/帖子号]")
@click.option("--accept", is_flag=True, help="照建议交办")
@click.option("--reject", metavar="理由", help="不交办，并写明理由")
@click.option("--kind", type=click.Choice([k.value for k in Kind]), help="改诉求类型后交办")
@click.option("--category", help="改类别后交办")
@click.option("--unit", help="改承办单位后交办（单位代码）")
@click.option("--limit", default=20, help="列出多少条")
@json_option
@pass_folder
def review(
    folder: str | None,
    post: str | None,
    accept: bool,
    reject: str | None,
    kind: str | None,
    category: str | None,
    unit: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """看等着处理的建议，或处理其中一条。"""
    from ticketing import filing

    city = city_of(folder)
    if post is None:
        _list(city, limit, as_json)
        return
    if not (accept or reject or kind or category or unit):
        raise click.UsageError("请写 --accept、--reject 理由，或用 --kind/--category/--unit 改正")
    number = filing.decide(city, _decision(city, post, reject, kind, category, unit), now())
    if as_json:
        echo_json({"decision": number, "post": post})
    else:
        click.echo(f"{post} 已处理（决定 {number}）")


def _list(city: City, limit: int, as_json: bool) -> None:
    queue = city.store.decisions.queue(limit)
    if as_json:
        echo_json([{"post": p, "suggestion": s} for p, s in queue])
        return
    reference = city.reference()
    rows = []
    for post, s in queue:
        unit = f"{reference.unit[s.units[0].name].name} {s.units[0].p:.0%}" if s.units and s.is_request else "非诉求"
        name = reference.category[s.category].name if s.category in reference.category else s.category
        rows.append((post.key, local(post.posted_at, city), post.title, s.kind, name, unit, s.needs_person))
    echo_table(
        f"等着处理：{city.store.decisions.waiting()} 条",
        ("帖子", "时间", "标题", "类型", "类别", "承办单位", "说明"),
        rows,
    )


def _decision(
    city: City, key: str, reject: str | None, kind: str | None, category: str | None, unit: str | None
) -> Decision:
    board, _, thread = key.partition("/")
    s = city.store.decisions.suggestion(board, thread)
    if s is None:
        fail(f"没有 {key} 的建议；请核对论坛和帖子号，例如 lyw/1024")
    by = getpass.getuser()
    if reject:
        return Decision(board, thread, now(), by, Action.REJECT, reason=reject)
    action = Action.CORRECT if kind or category or unit else Action.ACCEPT
    return Decision(
        board,
        thread,
        now(),
        by,
        action,
        kind=Kind(kind) if kind else s.kind,
        category=category or s.category,
        unit=unit or (s.units[0].name if s.units else None),
        urgency=Urgency.DAYS if s.urgency is Urgency.EMERGENCY else s.urgency,
        days=s.days,
        contact="；".join(c.text for c in s.contacts),
    )
