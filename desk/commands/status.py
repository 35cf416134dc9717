"""``liandong status``: what waits (for a clerk, and for the office's word), what is due in the next hour, what failed, which boards are silent."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from data.records import OutboxEntry, OutboxState
from desk.commands.common import city_of, echo_json, echo_table, json_option, local, now, pass_folder
from desk.sizes import megabytes

if TYPE_CHECKING:
    from ticketing.room import Room


@click.command()
@click.option(
    "--failed", "only_failed", is_flag=True, help="只列没有发出或结果不明的，带编号（用 file --resend 编号 重发）"
)
@json_option
@pass_folder
def status(folder: str | None, only_failed: bool, as_json: bool) -> None:
    """现在的情形；有失败或结果不明的、或太久没有成功运行，就以 1 退出。"""
    from ticketing.alarm import silent_since
    from ticketing.room import nearly_full, room
    from ticketing.today import today

    city, moment = city_of(folder), now()
    store = city.store
    failed = [e for s in (OutboxState.FAILED, OutboxState.UNKNOWN) for e in store.outbox.entries(s)]
    if only_failed:
        _failed(failed, as_json)
    found = today(city, moment)
    asked, due, silent, alarmed = found.asked, found.soon, found.silent, silent_since(city, moment)
    last, good = store.runs.last(), store.runs.last(ok=True)
    counts = store.outbox.counts()
    leaving = sum(n for (_, state), n in counts.items() if state in (OutboxState.WAITING, OutboxState.LEASED))
    takes, tight = room(city, moment), nearly_full(city)
    if as_json:
        echo_json(
            {
                "waiting": store.decisions.waiting(),
                "leaving": leaving,
                "awaiting_the_office": asked,
                "due_within_an_hour": due,
                "failed": failed,
                "silent_boards": [b.slug for b in silent],
                "last_run": last,
                "last_good_run": good,
                "no_good_run_since": alarmed,
                "database_bytes": takes.size,
                "disk_free_bytes": takes.free,
                "disk_full_on": takes.full_on,
            }
        )
    else:
        click.echo(f"等着处理 {store.decisions.waiting()} 条；等着发出 {leaving} 件；一小时内到应答时限 {len(due)} 件")
        for event in asked:
            words = "退单" if event.move == "return" else f"申请延期 {event.data.get('days')} 个工作日"
            click.echo(f"  等审核：{event.ticket} {words}，{local(event.at, city)} {event.by}")
        click.echo(f"没有读好的论坛：{'、'.join(b.name for b in silent) or '无'}")
        for ticket in due:
            click.echo(f"  {local(ticket.reply_due, city)} 前：{ticket.number} {ticket.unit} {ticket.title[:30]!r}")
        _table(failed)
        ran, well = (local(r.started_at, city) if r else "还没有" for r in (last, good))
        click.echo(f"上一轮 {ran}；上次成功 {well}" + ("（太久了，请看原因）" if alarmed else ""))
        click.echo(_room(takes) + ("（快满了，请清理）" if tight else ""))
    sys.exit(1 if failed or alarmed or tight else 0)


def _room(takes: Room) -> str:
    """How large the database is, how much is left, and until when."""
    grows = f"，每天约增 {megabytes(takes.per_day)}" if takes.per_day and takes.per_day > 0 else ""
    until = f"，照此约 {takes.full_on:%Y-%m-%d} 用满" if takes.full_on else ""
    size = (
        f"数据库 {megabytes(takes.size)}（{takes.measured_on} 量的）" if takes.measured_on else "数据库大小还没有量过"
    )
    return f"{size}{grows}；磁盘剩 {megabytes(takes.free)}{until}"


def _failed(failed: Sequence[OutboxEntry], as_json: bool) -> None:
    if as_json:
        echo_json({"failed": failed})
    else:
        _table(failed)
        click.echo(
            "重发：liandong file --resend 编号；核实后记下：--sent 编号 或 --not-sent 编号" if failed else "没有"
        )
    sys.exit(1 if failed else 0)


def _table(failed: Sequence[OutboxEntry]) -> None:
    if failed:
        rows = [(e.id, e.subject, e.channel, e.state, e.error) for e in failed]
        echo_table("没有发出或结果不明", ("编号", "对象", "通道", "状态", "原因"), rows)
