"""``liandong store``: moves what a city remembers from a file to a PostgreSQL server, or back."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import click

from data.problem import Problem
from desk.commands.common import echo_json, echo_table, json_option


@click.group()
def store() -> None:
    """市里的数据库：搬家。"""


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
def copy(source: str, target: str, as_json: bool) -> None:
    """把 FROM 的全部数据抄到空库 TO，逐表核对行数和校验和。

    两边都可以是文件（liandong.db）或 postgresql://用户名@主机:5432/库名。对不上就什么都不写；抄完把
    liandong.toml 里 [city] database 改成新地址。抄的时候请停下 run 和 serve。
    """
    from data.store import Store, on_server
    from data.store.copying import copy as copy_all

    if not on_server(source) and not Path(source).is_file():
        raise Problem(f"没有数据库文件 {source}；请检查路径")
    if source == target or _same_file(source, target):
        raise Problem("FROM 和 TO 是同一个库；请换一个空库")
    with closing(Store(source)) as old, closing(Store(target)) as new:
        done = copy_all(old.db, new.db)
    if as_json:
        echo_json(done)
        return
    echo_table("已抄，逐表核对无误", ("表", "行数", "SHA-256"), [(d.table, d.rows, d.checksum[:16]) for d in done])
    click.echo(f"共 {len(done)} 张表 {sum(d.rows for d in done)} 行")


def _same_file(source: str, target: str) -> bool:
    with suppress(OSError):
        return Path(source).samefile(target)
    return False
