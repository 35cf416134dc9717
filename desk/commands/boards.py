"""``liandong boards``: the boards and their health; a newcomer described; saved pages read."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from data import reference
from data.city import City, CityError
from data.reference import Board, Section
from desk import registry
from desk.commands.common import (
    HERE,
    city_of,
    echo_json,
    echo_table,
    fail,
    json_option,
    local,
    now,
    pass_folder,
    plain,
    safe,
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def boards(ctx: click.Context, as_json: bool) -> None:
    """论坛和它们的健康。"""
    if ctx.invoked_subcommand is None:
        _list(city_of(ctx.obj), as_json)


def _list(city: City, as_json: bool) -> None:
    entries = city.reference().boards
    healths = {b.slug: city.store.threads.health(b.slug) for b in entries}
    if as_json:
        echo_json([{**b.model_dump(mode="json", exclude={"app_code"}), "health": healths[b.slug]} for b in entries])
        return
    rows = []
    for b in entries:
        h = healths[b.slug]
        state = (
            "停用"
            if not b.enabled
            else b.refused or ("还没有读过" if h is None else "正常" if h.ok else "；".join(h.failures))
        )
        sections = "、".join(s.name for s in b.sections)
        rows.append((b.slug, b.name, b.engine, sections, local(h.last_complete_at if h else None, city), state))
    echo_table("论坛", ("代号", "名称", "软件", "版块", "上次完整读到", "情形"), rows)


@boards.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", default="", help="这些页面原来的地址")
@pass_folder
def parse(folder: str | None, name: str, files: Sequence[Path], url: str) -> None:
    """读保存下来的页面，打印读到的内容（每行一个 JSON）。NAME 是论坛代号或软件名。"""
    from spiders.pages import PageFailure
    from spiders.saved import parse as read_saved

    board, failed = _board(folder, name), False
    for path in files:
        try:
            for found in read_saved(board or name, path, url):
                click.echo(json.dumps(found, ensure_ascii=False))
        except PageFailure as error:
            failed = True
            click.echo(f"{path}：{error}", err=True)
    sys.exit(1 if failed else 0)


def _board(folder: str | None, name: str) -> Board | None:
    """The city's entry of that name, the shipped one outside a city, or None for an engine's name."""
    from spiders.engines import ENGINES

    try:
        known = city_of(folder).reference().board
    except CityError:
        known = reference.load().board
    if name not in known and name not in ENGINES:
        fail(f"没有论坛或软件“{name}”；论坛：{'、'.join(known)}；软件：{'、'.join(ENGINES)}")
    return None if name in ENGINES else known[name]


@boards.command()
@click.argument("url")
@click.option("--section", "chosen", multiple=True, help="要读的版块号，可写几次；不写则读网址所在的版块")
@click.option("--engine", default="", help="软件名；认不出来的（如 dahe）才要写")
@click.option("--slug", default="", help="代号；不写则取自域名")
@click.option("--name", default="", help="名称")
@json_option
@pass_folder
def add(
    folder: str | None, url: str, chosen: tuple[str, ...], engine: str, slug: str, name: str, as_json: bool
) -> None:
    """认出 URL（论坛首页、版块列表页或订阅源）用的软件，列出版块，读五个帖子给人看，并写进参考表。"""
    from spiders.engines import UnknownEngine
    from spiders.newcomer import ChooseSections, meet

    city = city_of(folder)
    crawl = city.settings.crawl
    try:
        met = meet(url, crawl.user_agent, slug, name, chosen, engine, crawl.delay)
    except ChooseSections as several:
        _offer(several.offered, as_json)
        raise click.UsageError(str(several)) from None
    except UnknownEngine as error:
        fail(str(error))
    _write(city, met.board)
    if as_json:
        echo_json(
            {
                "board": met.board.model_dump(mode="json"),
                "sections": [s.model_dump() for s in met.offered],
                "posts": [{**plain(post), "replies": replies} for post, replies in met.posts],
                "failures": met.failures,
            }
        )
        return
    _offer(met.offered, as_json=False)
    echo_table(
        f"{met.board.name}：{met.board.engine}，读 {'、'.join(f'{s.id} {s.name}' for s in met.board.sections)}",
        ("帖子", "标题", "作者", "发表", "跟帖", "正文"),
        [(p.thread, p.title, p.author or "匿名", local(p.posted_at, city), n, p.body[:40]) for p, n in met.posts],
    )
    for failure in met.failures:
        click.echo(f"没有读出 {safe(failure)}", err=True)
    click.echo(f"已写进 {city.folder / 'reference' / 'boards.toml'}；可以 liandong crawl {met.board.slug}")


def _offer(sections: Sequence[Section], as_json: bool) -> None:
    if as_json:
        echo_json({"sections": [s.model_dump() for s in sections]})
    elif sections:
        echo_table("这一页上的版块", ("版块号", "名称"), [(s.id, s.name) for s in sections])


def _write(city: City, board: Board) -> None:
    """Into the store and the files; sections of a board there is already are added to it."""
    tables = city.reference()
    known = tables.board.get(board.slug)
    if known is not None:
        if (known.url, known.engine) != (board.url, board.engine):
            fail(f"已经有代号 {board.slug} 的论坛（{known.url}）；请用 --slug 另起一个")
        new = tuple(s for s in board.sections if s.id not in {k.id for k in known.sections})
        if not new:
            fail(f"论坛 {board.slug} 已经有这些版块了")
        board = known.model_copy(update={"sections": (*known.sections, *new)})
    others = tuple(b for b in tables.boards if b.slug != board.slug)
    tables = tables.model_copy(update={"boards": (*others, board)})
    with city.store.transaction():
        city.store.reference.save(tables)
    registry.export_files(city, HERE, now())
