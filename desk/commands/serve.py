"""``liandong serve`` and ``liandong user``: the desk in the browser, and who may use it."""

from __future__ import annotations

import click

from data.records import AuditEntry
from desk.commands.common import HERE, city_of, echo_json, echo_table, json_option, now, pass_folder

ROLES = ("clerk", "liaison", "leader", "admin")


@click.command()
@click.option("--host", help="监听地址；不写则按 liandong.toml")
@click.option("--port", type=click.IntRange(0, 65535), help="端口；不写则按 liandong.toml")
@pass_folder
def serve(folder: str | None, host: str | None, port: int | None) -> None:
    """打开值班页面，并随时发出值班员交办的。"""
    from desk.people import first_admin
    from desk.web.serve import serve as serve_desk

    city = city_of(folder)
    city.reference()  # a city that was never begun fails here, not at the first page
    admin = first_admin(city)
    if admin:
        click.echo(f"第一个管理员：用户名 {admin[0]}  密码 {admin[1]}（只显示这一次，请记下）")
    settings = city.settings.desk
    serve_desk(
        city,
        now,
        host or settings.host,
        settings.port if port is None else port,
        lambda a: click.echo(f"值班页面：{a}"),
    )


@click.group()
def user() -> None:
    """值班页面的用户。"""


@user.command("list")
@json_option
@pass_folder
def list_(folder: str | None, as_json: bool) -> None:
    """列出用户。"""
    users = city_of(folder).store.people.users()
    if as_json:
        echo_json([{n: getattr(u, n) for n in ("name", "role", "unit", "display", "active", "locked")} for u in users])
    else:
        state = {u.name: "停用" if not u.active else "锁定" if u.locked else "" for u in users}
        rows = [(u.name, u.role, u.unit, u.display, state[u.name]) for u in users]
        echo_table("用户", ("用户名", "角色", "单位", "姓名", "状态"), rows)


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="clerk", show_default=True)
@click.option("--unit", help="联络员所属单位的代码")
@click.option("--display", default="", help="姓名")
@click.password_option("--password", prompt="密码", help="密码；不写则在终端里问")
@pass_folder
def add(folder: str | None, name: str, role: str, unit: str | None, display: str, password: str) -> None:
    """添加用户。"""
    from desk import people

    city = city_of(folder)
    with city.store.transaction():
        people.add_user(city, name, password, role, unit=unit, display=display, now=now())
        city.store.people.record(AuditEntry(now(), HERE, "添加用户", name, f"角色：{people.ROLES[role]}"))
    click.echo(f"已添加 {name}（{role}）")


@user.command()
@click.argument("name")
@click.password_option("--password", prompt="新密码", help="新密码；不写则在终端里问")
@pass_folder
def passwd(folder: str | None, name: str, password: str) -> None:
    """改密码，并解除锁定。"""
    from desk import people

    city = city_of(folder)
    with city.store.transaction():
        people.set_password(city, name, password)
        city.store.people.record(AuditEntry(now(), HERE, "重设密码", name))
    click.echo(f"已改 {name} 的密码")


@user.command()
@click.argument("name")
@pass_folder
def remove(folder: str | None, name: str) -> None:
    """删除用户。"""
    from desk import staffing

    staffing.dismiss(city_of(folder), name, HERE, now())
    click.echo(f"已删除 {name}")
