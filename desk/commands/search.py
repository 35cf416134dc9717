"""``liandong search``: posts and tickets by their words, on the terminal or for machines."""

from __future__ import annotations

from datetime import date, datetime

import click

from data.store.found import Hit, Wanted
from desk.commands.common import city_of, echo_json, echo_table, json_option, local, pass_folder


@click.command()
@click.argument("words", nargs=-1)
@click.option("--unit", "units", multiple=True, help="承办单位的代码；可写几个")
@click.option("--board", default="", help="论坛的代号")
@click.option("--category", default="", help="类别的代码；写大类连小类也算")
@click.option("--state", default="", help="工单状态，例如 filed、closed")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="从哪天起（含）发的帖")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="到哪天止（不含）")
@click.option("--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="列出多少条")
@json_option
@pass_folder
def search(
    folder: str | None,
    words: tuple[str, ...],
    units: tuple[str, ...],
    board: str,
    category: str,
    state: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """按词语检索帖子和工单，新的在前，不写词语只按条件；联系方式和作者不在检索之列。"""
    from ticketing import search as finder
    from ticketing.periods import midnight

    city = city_of(folder)
    first, last = (midnight(date(d.year, d.month, d.day), city.zone) if d else None for d in (since, until))
    wanted = Wanted((), board=board, units=units or None, state=state, category=category, since=first, until=last)
    page = finder.search(city, " ".join(words), wanted, limit)
    if as_json:
        echo_json({"hits": [_plain(hit) for hit in page.hits], "more": page.before is not None})
        return
    rows = [
        (local(h.post.posted_at, city), h.post.key, h.post.title[:40], h.ticket, h.unit, h.state) for h in page.hits
    ]
    echo_table(
        f"找到 {len(rows)} 条{'，还有' if page.before else ''}", ("发帖", "帖子", "标题", "工单", "单位", "状态"), rows
    )
    if left := city.store.found.count_waiting():
        click.echo(f"还有 {left} 条没有编入检索，下一轮 run 时编入")


def _plain(hit: Hit) -> dict[str, object]:
    about = {name: getattr(hit, name) or None for name in ("ticket", "unit", "state", "verdict")}
    return {"post": hit.post.key, **{n: getattr(hit.post, n) for n in ("title", "url", "posted_at")}, **about}
