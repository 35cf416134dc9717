"""``liandong status``: what waits, what is due in the next hour, what failed, which boards are silent."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from data.city import City
from data.records import OutboxState, VerdictName
from desk.commands.common import city_of, echo_json, echo_table, json_option, local, now, pass_folder

SOON = timedelta(hours=1)


@click.command()
@json_option
@pass_folder
def status(folder: str | None, as_json: bool) -> None:
    """现在的情形；有失败或结果不明的就以 1 退出。"""
    from ticketing.watch import WATCHED_FOR

    city, moment = city_of(folder), now()
    store = city.store
    watched = store.tickets.watched(moment - WATCHED_FOR)
    due = [t for t, verdict in watched if verdict == VerdictName.PENDING and moment <= t.reply_due <= moment + SOON]
    failed = [e for s in (OutboxState.FAILED, OutboxState.UNKNOWN) for e in store.outbox.entries(s)]
    silent = [b for b in city.reference().boards if b.enabled and not ((h := store.threads.health(b.slug)) and h.ok)]
    last, good = store.runs.last(), store.runs.last(ok=True)
    if as_json:
        echo_json(
            {
                "waiting": store.decisions.waiting(),
                "due_within_an_hour": due,
                "failed": failed,
                "silent_boards": [b.slug for b in silent],
                "last_run": last,
                "last_good_run": good,
            }
        )
    else:
        _show(city, len(due), [(e.subject, e.channel, e.state, e.error) for e in failed], [b.name for b in silent])
        click.echo(
            f"上一轮 {local(last.started_at, city) if last else '还没有'}；上次成功 {local(good.started_at, city) if good else '还没有'}"
        )
    sys.exit(1 if failed else 0)


def _show(city: City, due: int, failed: list[tuple[str, str, str, str]], silent: list[str]) -> None:
    click.echo(f"等着处理 {city.store.decisions.waiting()} 条；一小时内到应答时限 {due} 件")
    click.echo(f"没有读好的论坛：{'、'.join(silent) or '无'}")
    if failed:
        echo_table("没有发出或结果不明", ("对象", "通道", "状态", "原因"), failed)
