"""``liandong bench`` (and ``python -m bench``): every benchmark in turn, quick unless ``--full``, ratios against a named rival."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from data.problem import Problem

SOURCES = Path(__file__).parents[1]
BENCHMARKS = (
    "parse",
    "crawl",
    "classify",
    "latency",
    "barometer",
    "cycle",
    "search",
    "desk",
    "faults",
    "writing",
    "workers",
    "year",
)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(BENCHMARKS))
@click.option("--full", is_flag=True, help="文档里引用的规模；要几分钟到一小时，而不是几秒")
@click.option("--scale", type=click.FloatRange(0.001, 10), help="year：一年的几分之几的数量（1 是 118,414 件）")
@click.option("--days", type=click.IntRange(1, 365), help="year：只演一年的前几天")
@click.option("--seed", default=1, show_default=True, help="year：另一座城市")
@click.option("--postgresql", is_flag=True, help="faults、year：库放在一个临时的 PostgreSQL 上，而不是文件里")
def bench(
    names: tuple[str, ...], full: bool, scale: float | None, days: int | None, seed: int, postgresql: bool
) -> None:
    """基准测试：每项都与同一次运行里的另一种做法相比；不写名字则全部。"""
    if (scale or days) and names != ("year",):
        raise click.UsageError("--scale 和 --days 只用于 year")
    if postgresql and names not in (("faults",), ("year",)):
        raise click.UsageError("--postgresql 只用于 faults 或 year")
    if not (SOURCES / "tests" / "server.py").is_file():
        raise Problem("基准测试要用源码里的 tests 目录；请在源码目录里 make setup-dev 之后运行")
    sys.path.append(str(SOURCES))  # ``tests`` is not installed
    for name in names or BENCHMARKS:
        click.echo(f"== {name}")
        if scale or days:
            from bench.year.table import play

            play(scale or 1.0, days or 365, seed, postgresql)
        else:
            import_module(f"bench.{name}").main(quick=not full, **({"postgresql": True} if postgresql else {}))
