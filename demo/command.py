"""``liandong demo``: the make-believe city, its story, and the clerk's page in a browser."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from desk.columns import duration
from desk.commands.common import console, echo_json, echo_table


@click.command()
@click.option("--once", is_flag=True, help="只讲完一遍故事，打印结果就退出")
@click.option("--seed", default=1, show_default=True, help="另一座城市")
@click.option("--hours", default=36, show_default=True, type=click.IntRange(6, 240), help="故事的长度（小时）")
@click.option("--port", default=8311, show_default=True, help="值班页面的端口")
@click.option("--keep", type=click.Path(path_type=Path), help="把这座城市的数据留在这个目录")
@click.option("--json", "as_json", is_flag=True, help="只打印一个 JSON 对象")
def demo(once: bool, seed: int, hours: int, port: int, keep: Path | None, as_json: bool) -> None:
    """演示：一座虚构的洛阳，全程离线，只用本机端口。"""
    from demo import live, story

    with _folder(keep) as folder:
        if not once:
            live.run(seed, folder, hours, port)
            return
        with _bar(hours, quiet=as_json) as progress:
            result = story.tell(seed, folder, hours, progress)
    if as_json:
        echo_json(result)
    else:
        show(result)
    sys.exit(0 if result["agree"] else 1)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="liandong-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _bar(hours: int, *, quiet: bool) -> Iterator[Any]:
    """Shows the city's clock on a terminal; elsewhere nothing."""
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f}%"))
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("故事开始", total=hours * 12)

        def progress(now: datetime) -> None:
            from zoneinfo import ZoneInfo

            bar.update(task, advance=1, description=f"{now.astimezone(ZoneInfo('Asia/Shanghai')):%m-%d %H:%M}")

        yield progress


def show(result: dict[str, Any]) -> None:
    """The summary as a visitor reads it."""
    truth = result["truth"]
    verdicts = {
        "on_time": "按时",
        "late": "超时",
        "overdue": "逾期未复",
        "pending": "未到时限",
        "unverifiable": "无法核查",
        "withdrawn": "已撤帖",
    }
    rows: list[tuple[str, object, object]] = [
        ("读到的帖子", result["posts"], truth["posts"]),
        ("诉求", result["requests"], truth["requests"]),
        ("工单", result["tickets"], truth["tickets"]),
        ("送达的通知", result["notices"], truth["notices"]),
        *((f"判定：{name}", result["verdicts"][key], truth["verdicts"][key]) for key, name in verdicts.items()),
        ("首次答复中位数", duration(result["latency"]["median"]), duration(truth["latency"]["median"])),
        ("首次答复 P90", duration(result["latency"]["p90"]), duration(truth["latency"]["p90"])),
    ]
    echo_table(f"虚构的洛阳（第 {result['seed']} 号），{result['cycles']} 轮", ("", "联动", "真实"), rows)
    clerk = result["clerk"]
    click.echo(
        f"值班员：照建议交办 {clerk.get('accept', 0)}，改正后交办 {clerk.get('correct', 0)}，不交办 {clerk.get('reject', 0)}"
    )
    if result["agree"]:
        click.echo(f"每一条帖子、工单、通知和判定都与真实一致（{result['seconds']} 秒）。")
    else:
        click.echo(f"与真实不一致：{'、'.join(result['differences'])} {result['disagreements'][:5]}", err=True)
