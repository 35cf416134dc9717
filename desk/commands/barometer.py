"""``liandong barometer``: what is rising in the city, and the biggest matters of late."""

from __future__ import annotations

from datetime import timedelta

import click

from data.city import City
from desk.commands.common import city_of, echo_json, echo_table, json_option, local, now, pass_folder


@click.command()
@click.option("--hot", "days", type=click.IntRange(1, 3650), help="再找出最近这些天里许多人反映的同一件事")
@json_option
@pass_folder
def barometer(folder: str | None, days: int | None, as_json: bool) -> None:
    """民情晴雨表：什么正在升，从何时起，高出平常多少，背后是哪些帖子。"""
    from ticketing import alerts, series
    from ticketing import barometer as rising

    city, at = city_of(folder), now()
    with city.store.transaction():
        series.count(city, at)
    rises, surges = rising.rises(city, at), alerts.current(city, at)
    hot = _hot(city, days) if days else []
    if as_json:
        echo_json({"rises": rises, "surges": surges, "hot": hot})
        return
    reference = city.reference()
    told = [
        (alerts.title(reference, s), s.count, _plain(s.expected), local(s.since, city), "、".join(s.posts[:3]))
        for s in surges
    ]
    fresh = [
        (
            alerts.title(reference, r),
            r.count,
            _plain(r.expected),
            local(r.since, city),
            "、".join(q.key for q in r.requests[:3]),
        )
        for r in rises
    ]
    columns = ("什么", "条数", "平常", "自", "帖子")
    for title, rows in (("已经报警、还没有结束", told), ("此刻高出平常", fresh)):
        if rows:
            echo_table(title, columns, rows)
    if not told and not fresh:
        click.echo("没有明显升高的。")
    if days:
        found = [(h["name"], h["count"], h["first"], h["last"], h["description"]) for h in hot]
        echo_table(f"最近 {days} 天许多人反映的同一件事", ("名称", "条数", "从", "到", "说的是"), found)


def _plain(expected: float) -> str:
    return f"{expected:.1f}"


def _hot(city: City, days: int) -> list[dict[str, object]]:
    """The hot issues among the requests of the last days."""
    from ticketing.hot_issues import hot_issues

    keys = city.store.series.recent(now() - timedelta(days=days), 20_000)
    posts = [p for p in (city.store.threads.post(*key.split("/", 1)) for key in keys) if p]
    found = hot_issues([p.title for p in posts], [p.body for p in posts], [p.posted_at for p in posts])
    return [
        {
            "name": h.name,
            "count": len(h.members),
            "first": local(h.first, city),
            "last": local(h.last, city),
            "description": h.description,
            "posts": [posts[i].key for i in h.members],
        }
        for h in found
    ]
