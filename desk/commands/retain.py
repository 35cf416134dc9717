"""``liandong retain``: what has been kept long enough, and its end."""

from __future__ import annotations

import getpass
from collections.abc import Mapping

import click

from data.city import City
from data.store.erasures import RULES
from desk.commands.common import city_of, console, echo_json, echo_table, json_option, now, pass_folder
from desk.sizes import megabytes


@click.command()
@click.option("--yes", "really", is_flag=True, help="真的删除；不写只列出会删多少")
@click.option("--vacuum", is_flag=True, help="把数据库里空出的地方还给磁盘（重写整个库，值班页面这时写不进去）")
@json_option
@pass_folder
def retain(folder: str | None, really: bool, vacuum: bool, as_json: bool) -> None:
    """按 [retention] 的保存期限删除联系方式、帖子内容和网页快照；工单、判定和数字都留着。"""
    from ticketing import retention
    from ticketing.room import room

    city, moment = city_of(folder), now()
    due = retention.due(city, moment)
    counts = _erase(city) if really else {}
    if vacuum:
        city.store.db.compact()
    if really or vacuum:
        city.store.disk.measure(f"{moment.astimezone(city.zone):%Y-%m-%d}")
    found = room(city, moment)
    if as_json:
        echo_json({"due": due, "erased": counts, "bytes": found.size, "free_inside": found.tables.get("free", 0)})
        return
    rows = [
        (RULES[d.rule], f"{d.days} 天" if d.days else "一直保存", d.count, d.held, counts.get(d.rule, "")) for d in due
    ]
    echo_table("保存期限", ("什么", "存多久", "到期", "到期但还没办完，不删", "已删"), rows)
    if not really and any(d.count for d in due):
        click.echo("这是试算，什么都没有删；要删请加 --yes。删了不能恢复，旧的备份里还有。")
    if really or vacuum:
        click.echo(f"数据库 {megabytes(found.size)}，其中空着 {megabytes(found.tables.get('free', 0))}")


def _erase(city: City) -> Mapping[str, int]:
    from ticketing import retention

    with console.status("正在删除……") as status:
        return retention.erase(
            city, now(), getpass.getuser(), progress=lambda rule, done: status.update(f"{RULES[rule]}：已删 {done}")
        )
