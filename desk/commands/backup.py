"""``liandong backup`` and ``restore``: a whole city into one file, and out of it."""

from __future__ import annotations

from pathlib import Path

import click

from desk.commands.common import HERE, city_of, echo_json, json_option, local, now, pass_folder


@click.command()
@click.argument("archive", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_folder
def backup(folder: str | None, archive: Path, as_json: bool) -> None:
    """把整座城市（数据库、设置、参考表、模型）写进一个 .tar.gz；run 和 serve 不用停。

    写完会核对数据库完整，并记下每张表的行数和校验和。文件里有联系方式和钥匙，只有本人可读，请妥善保管。
    """
    from data import backup as archives

    city = city_of(folder)
    done = archives.write(city, archive, now())
    if as_json:
        echo_json({"file": archive, "bytes": archive.stat().st_size, "at": done.at, "tables": done.tables})
        return
    size = archive.stat().st_size / 1024 / 1024
    click.echo(f"已写到 {archive}（{size:.1f} MiB）：{len(done.tables)} 张表 {sum(t.rows for t in done.tables)} 行")


@click.command()
@click.argument("archive", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--moved", is_flag=True, help="搬家：备份之后原处再没有运行过，待发的照发")
@json_option
def restore(archive: Path, folder: Path, moved: bool, as_json: bool) -> None:
    """把 backup 写的文件恢复成一座城市；DIR 必须还没有，或是空的。逐表核对，对不上就什么都不写。

    备份时待发的，后来可能已经发过：交办会先向办公系统查问，通知列入“结果不明”等人核实；当天的工单号跳过 1000 个。
    """
    from data import backup as archives
    from data.city import open_city
    from ticketing import second

    done = archives.restore(archive, folder)
    city = open_city(folder)
    doubted = 0 if moved else second.doubt(city, HERE, now())
    if as_json:
        echo_json({"folder": folder, "at": done.at, "tables": done.tables, "doubted": doubted})
        return
    taken = local(done.at, city)
    click.echo(
        f"已恢复到 {folder}，是 {taken} 的样子；{len(done.tables)} 张表 {sum(t.rows for t in done.tables)} 行核对无误"
    )
    if doubted:
        click.echo(f"当时待发的 {doubted} 件，先核实再发")
