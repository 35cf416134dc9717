"""``crawl``, ``run``, ``file``, ``notify``, ``check``: the loop, whole or by the stage."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from data.city import City
from data.records import Run
from desk import stages
from desk.commands.common import city_of, echo_json, echo_table, fail, json_option, local, now, pass_folder


@click.command()
@click.argument("boards", nargs=-1)
@json_option
@pass_folder
def crawl(folder: str | None, boards: Sequence[str], as_json: bool) -> None:
    """现在就读论坛（不写名字则读全部）。"""
    from ticketing import cycle

    city = city_of(folder)
    known = city.reference().board
    for slug in boards:
        if slug not in known:
            fail(f"没有论坛 {slug}；有：{'、'.join(known)}")
    with cycle.lease(city, "run", now()):
        found = cycle.crawl(city, now, frozenset(boards))
    healths = [h for slug in (boards or known) if (h := city.store.threads.health(slug))]
    if as_json:
        echo_json({"ok": found["ok"], "boards": healths})
    else:
        rows = [
            (h.board, "正常" if h.ok else "失败", h.pages, h.rows, h.threads, h.replies, "；".join(h.failures))
            for h in healths
        ]
        echo_table("论坛读取", ("论坛", "结果", "页", "列表行", "帖子", "跟帖", "问题"), rows)
    sys.exit(0 if found["ok"] else 1)


@click.command()
@json_option
@pass_folder
def run(folder: str | None, as_json: bool) -> None:
    """运行一轮：读论坛、给建议、发出到时的、核查答复。可放在 cron 里，每 5 分钟一次。"""
    from classifier.ready import ready
    from ticketing import cycle

    city = city_of(folder)
    done = cycle.run(city, now, ready(city.reference(), city.models))
    _show(done, city, as_json)
    sys.exit(0 if done.ok else 1)


def _show(done: Run, city: City, as_json: bool) -> None:
    if as_json:
        echo_json(done)
        return
    rows = [
        (stages.STAGES.get(name, name), "成功" if s["ok"] else "失败", stages.words(s))
        for name, s in done.stages.items()
    ]
    echo_table(f"{local(done.started_at, city)} 的一轮", ("步骤", "结果", "说明"), rows)


@click.command()
@click.option("--resend", type=int, metavar="编号", help="把失败或结果不明的一件重新发送（编号见 status --failed）")
@click.option("--sent", type=int, metavar="编号", help="人工核实：对方已收到（交办要用 --note 写明办公系统里的编号）")
@click.option("--not-sent", type=int, metavar="编号", help="人工核实：对方没有收到；交办的帖子放回待处理")
@click.option("--note", default="", help="核实的情况")
@json_option
@pass_folder
def file(
    folder: str | None, resend: int | None, sent: int | None, not_sent: int | None, note: str, as_json: bool
) -> None:
    """把等着的交办发往办公系统；或处理一件没有发成的。"""
    from ticketing import second

    given = [n for n in (resend, sent, not_sent) if n is not None]
    if not given:
        _send(folder, "office", as_json)
    if len(given) > 1:
        raise click.UsageError("--resend、--sent、--not-sent 一次只能用一个")
    city, by = city_of(folder), getpass.getuser()
    if resend is not None:
        entry = second.resend(city, given[0], by, now())
        _send(folder, entry.channel, as_json)
    entry = second.settle_by_hand(city, given[0], sent is not None, by, note, now())
    if as_json:
        echo_json({"ok": True, "entry": entry.id, "subject": entry.subject})
    else:
        click.echo(f"已记下：{entry.subject} {'已送达' if sent is not None else '没有送达'}")


@click.command()
@click.option("--digest", "with_digest", is_flag=True, help="先写好今天的日报（每天一次；静默时段里等到时段结束再发）")
@json_option
@pass_folder
def notify(folder: str | None, with_digest: bool, as_json: bool) -> None:
    """把等着的通知发给联络员。"""
    if with_digest:
        from ticketing import digest

        written = digest.write(city_of(folder), now(), at_once=True)
        click.echo(f"日报：{stages.words(written) or '今天的已经写过'}", err=as_json)
    _send(folder, "notice", as_json)


def _send(folder: str | None, channel: str, as_json: bool) -> NoReturn:
    from ticketing import cycle, outbox

    city = city_of(folder)
    counts = outbox.send_due(city, now, cycle.holder(), channels=(channel,))
    if as_json:
        echo_json({"ok": not outbox.amiss(counts), **counts})
    else:
        click.echo(stages.words(counts) or "没有要发的")
    sys.exit(1 if outbox.amiss(counts) else 0)


@click.command()
@json_option
@pass_folder
def check(folder: str | None, as_json: bool) -> None:
    """按已读到的证据，核查到时的工单。"""
    from ticketing import checking

    counts = checking.check(city_of(folder), now())
    if as_json:
        echo_json({"ok": True, **counts})
    else:
        click.echo(stages.words(counts) or "没有变化")
