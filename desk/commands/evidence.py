"""``liandong evidence``: what a unit that disputes a verdict needs to see, and whether anything was altered since."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from data.city import City
from data.records import Snapshot, Ticket
from data.store.erasures import RULES, Erasure, Ranges
from data.store.threads import examine
from desk.commands.common import city_of, echo_json, fail, json_option, local, pass_folder, plain

ERASED = "（页面已按保存期限删除，只留校验值）"


@click.command()
@click.argument("ticket", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="导出到这个目录；不写则用工单号")
@click.option("--verify", is_flag=True, help="核对全部快照和哈希链")
@click.option("--head", "heads", multiple=True, help="以前送出去的链头，核对它仍在链上")
@json_option
@pass_folder
def evidence(
    folder: str | None, ticket: str | None, out: Path | None, verify: bool, heads: tuple[str, ...], as_json: bool
) -> None:
    """导出一张工单的证据，或核对全部证据。"""
    city = city_of(folder)
    if verify:
        _verify(city, heads, as_json)
        return
    if not ticket:
        raise click.UsageError("请写工单号，或用 --verify 核对全部")
    found = city.store.tickets.ticket(ticket)
    if found is None:
        fail(f"没有工单 {ticket}")
    summary = export(city, found, out or Path(ticket))
    if as_json:
        echo_json({"folder": str(out or ticket), "pages": summary["pages"]})
    else:
        click.echo(
            f"{len(summary['pages'])} 页快照和说明已导出到 {out or ticket}；请打开 {(out or Path(ticket)) / 'summary.html'}"
        )


def _verify(city: City, heads: tuple[str, ...], as_json: bool) -> None:
    """One page in memory at a time, however many there are."""
    chain: set[str] = set()
    count = 0

    def passing() -> Iterator[Snapshot]:
        nonlocal count
        for page in city.store.threads.snapshots():
            count += 1
            chain.add(page.chain)
            yield page

    found = examine(passing())
    erased = [_erased(city, *e) for e in found.erased]
    problems = list(found.altered)
    problems += [f"以前送出的链头 {h[:12]}… 已不在链上：其前的记录被改动或删除过" for h in heads if h not in chain]
    head = city.store.threads.chain_head()
    if as_json:
        echo_json({"ok": not problems, "snapshots": count, "head": head, "problems": problems, "erased": erased})
    else:
        click.echo("\n".join([*erased, *(problems or [f"{count} 页快照都没有被改动；链头 {head}"])]))
    sys.exit(1 if problems else 0)


def _erased(city: City, done: Erasure, pages: Ranges) -> str:
    numbers = "、".join(f"{a}–{b}" if a < b else f"{a}" for a, b in pages)
    count = sum(b - a + 1 for a, b in pages)
    when = local(done.at, city)
    return f"快照 {numbers}（{count} 页）已于 {when} 按保存期限删除：{RULES[done.rule]}只存 {done.days} 天（{done.by}）"


def export(city: City, ticket: Ticket, out: Path) -> dict[str, list[str]]:
    """Write the pages as received with their words beside them, ``summary.html`` for people and ``summary.json``."""
    from desk import dossier

    store = city.store
    threads = [(ticket.board, ticket.thread), *store.tickets.merged(ticket.number)]
    reads = [read for board, thread in threads for read in store.threads.reads(board, thread)]
    kept = [i for read in reads for i in read.snapshots]
    out.mkdir(parents=True, exist_ok=True)
    files: dict[int, tuple[str, str]] = {}
    for page in store.threads.snapshots(kept) if kept else ():
        if page.erased:
            files[page.id] = (ERASED, page.sha256)
            continue
        name = f"{page.id:08d}-{page.at.astimezone(city.zone):%Y%m%d-%H%M%S}.page"
        (out / name).write_bytes(page.body)
        (out / f"{name}.txt").write_text(_words(city, page), encoding="utf-8")
        files[page.id] = (name, hashlib.sha256(page.body).hexdigest())
    names = [name for name, _ in files.values() if name != ERASED]
    summary = {
        "ticket": ticket,
        "reply_due": local(store.tickets.answer_due(ticket.number) or ticket.reply_due, city),
        "verdicts": store.tickets.verdicts(ticket.number),
        "events": store.tickets.events(ticket.number),
        "replies": [reply for board, thread in threads for reply in store.threads.replies(board, thread, gone=True)],
        "reads": reads,
        "pages": names,
        "sha256": {name: digest for name, digest in files.values() if name != ERASED},
        "erased": [number for number, (name, _) in files.items() if name == ERASED],
        "chain_head": store.threads.chain_head(),
    }
    text = json.dumps(summary, ensure_ascii=False, indent=2, default=plain)
    (out / "summary.json").write_text(text, encoding="utf-8")
    (out / "summary.html").write_text(dossier.page(city, ticket, files), encoding="utf-8")
    return {"pages": names}


def _words(city: City, page: Snapshot) -> str:
    """What a person would read on the page; opened in a browser, a kept page could run its scripts."""
    from spiders.pages import Page, PageFailure, decode
    from spiders.text import clean

    board = city.reference().board.get(page.board)
    try:
        text = decode(Page(page.url, page.status, {}, page.body, page.at), board.encoding if board else "")
    except PageFailure as failure:
        return f"{page.url}\n{failure}\n"
    words = clean(text, page.url).text if text.lstrip().startswith("<") else text
    return f"{page.url}\n{local(page.at, city)}\n\n{words}\n"
