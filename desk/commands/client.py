"""``liandong client``: which other systems may file requests here over Open311."""

from __future__ import annotations

import click

from desk.commands.common import city_of, echo_json, echo_table, json_option, local, now, pass_folder

BY = "命令行"


@click.group()
def client() -> None:
    """可以向这里交办的外部系统（Open311 接口的钥匙）。"""


@client.command()
@click.argument("name")
@click.option("--display", default="", help="值班员看到的名称，例如 市联动办")
@json_option
@pass_folder
def add(folder: str | None, name: str, display: str, as_json: bool) -> None:
    """发一把钥匙（只显示这一次）。"""
    from desk.open311 import keys

    key = keys.add(city_of(folder), name, display, BY, now())
    if as_json:
        echo_json({"name": name, "api_key": key})
    else:
        click.echo(f"{name} 的 api_key：{key}（只显示这一次，请交给对方保存）")


@client.command()
@click.argument("name")
@pass_folder
def revoke(folder: str | None, name: str) -> None:
    """撤销钥匙；已交办的照常办理。"""
    from desk.open311 import keys

    keys.revoke(city_of(folder), name, BY, now())
    click.echo(f"已撤销 {name} 的钥匙")


@client.command("list")
@json_option
@pass_folder
def list_(folder: str | None, as_json: bool) -> None:
    """列出接入方。"""
    city = city_of(folder)
    clients = city.store.clients.clients()
    if as_json:
        echo_json([{"name": c.name, "display": c.display, "revoked_at": c.revoked_at} for c in clients])
        return
    rows = [
        (c.name, c.display, local(c.created_at, city), local(c.revoked_at, city) if c.revoked_at else "使用中")
        for c in clients
    ]
    echo_table("接入方", ("代号", "名称", "发放时间", "撤销时间"), rows)
