"""One ticket's evidence on one page in Chinese, for an officer of the unit that disputes the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

from data.city import City
from data.records import Read, Reply, Ticket, Verdict, VerdictName
from desk.commands.common import local
from desk.web.show import MARKS, READS, VERDICTS
from ticketing.voices import Voice, Voices

LONGEST = 2_000  # characters of one reply shown; all of it is in the pages
WHO: Mapping[Voice, str] = {
    Voice.OWN: "本单位账号",
    Voice.OFFICE: "联动办账号",
    Voice.OTHER: "其他单位账号",
    Voice.LOOK_ALIKE: "名称相近，不是登记的账号",
    Voice.NOBODY: "",
}
STYLE = (
    "body{font:15px/1.7 'Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%;margin:.5em 0 1.5em}td,th{border:1px solid #bbb;padding:.3em .6em;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f2f2f2;white-space:nowrap}"
    "p.verdict{font-size:1.2em;border-left:.3em solid #555;padding-left:.8em}code{font-size:.85em}"
)


def page(city: City, ticket: Ticket, files: Mapping[int, tuple[str, str]]) -> str:
    """The summary as HTML; ``files``: snapshot -> the name it was exported under and its SHA-256."""
    store, tables = city.store, city.reference()
    verdicts = store.tickets.verdicts(ticket.number)
    threads = [(ticket.board, ticket.thread), *store.tickets.merged(ticket.number)]  # posts on the same matter
    reads = [read for board, thread in threads for read in store.threads.reads(board, thread)]
    post = store.threads.post(ticket.board, ticket.thread)
    board, unit = tables.board.get(ticket.board), tables.unit.get(ticket.unit)
    facts = [
        ("标题", ticket.title),
        ("论坛", board.name if board else ticket.board),
        ("原帖", post.url if post else f"{ticket.board}/{ticket.thread}"),
        ("承办单位", unit.name if unit else ticket.unit),
        ("发帖时间", local(ticket.posted_at, city)),
        ("交办时间", local(ticket.filed_at, city)),
        ("应答时限", local(_due(city, ticket), city)),
    ]
    parts = [
        f"<h1>工单 {escape(ticket.number)} 的核对依据</h1>",
        _table((), facts),
        f'<p class="verdict">{escape(_sentence(city, ticket, verdicts[-1] if verdicts else None, reads))}</p>',
        "<h2>历次核对</h2>",
        _table(("核对时间", "结论", "说明"), [_verdict(city, v) for v in verdicts]),
        "<h2>原帖里的跟帖</h2>",
        "<p>时间是论坛自己写的时间。删除过的跟帖也列出，并注明。</p>",
        _table(
            ("原帖", "时间", "账号", "身份", "内容"),
            [row for where in threads for row in _replies(city, ticket, *where)],
        ),
        "<h2>每一次读取</h2>",
        "<p>只有“完整”的读取才能说明没有答复。页面是论坛当时发来的原样，存在本文件夹里；同名的 .txt 是其中的文字。</p>",
        _table(("原帖", "读取时间", "结果", "完整", "页面文件和 SHA-256"), [_read(city, r, files) for r in reads]),
        "<h2>怎样核对页面没有改过</h2>",
        "<p>在本文件夹里运行 <code>certutil -hashfile 文件名 SHA256</code>（Windows）或 <code>sha256sum 文件名</code>，"
        "结果应与上表相同。所有页面按先后连成一条哈希链，链头每天随日报送出；链头现为 "
        f"<code>{store.threads.chain_head()}</code>。</p>",
        "<p>对结论有异议，请把本页和指出的跟帖一并送网络联动办复核。</p>",
    ]
    title = f"工单 {escape(ticket.number)} 的核对依据"
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _due(city: City, ticket: Ticket) -> datetime:
    return city.store.tickets.answer_due(ticket.number) or ticket.reply_due


def _sentence(city: City, ticket: Ticket, verdict: Verdict | None, reads: Sequence[Read]) -> str:
    """The verdict that stands, and why, in one sentence."""
    if verdict is None:
        return "还没有核对过。"
    name, due = VERDICTS[verdict.name], local(_due(city, ticket), city)
    if verdict.reply_at is not None:
        holding = "（是“已收到、已转交”一类的答复）" if verdict.holding else ""
        return f"{name}：贵单位在 {local(verdict.reply_at, city)} 首次答复{holding}，应答时限是 {due}。"
    read = next((r for r in reads if r.id == verdict.read), None)
    seen = local(read.at, city) if read else ""
    return {
        VerdictName.PENDING: f"{name}：应答时限 {due} 还没有到，也没有看到贵单位的答复。",
        VerdictName.OVERDUE: f"{name}：应答时限 {due} 过后，{seen} 完整读过原帖，没有看到贵单位登记账号的答复。",
        VerdictName.UNVERIFIABLE: f"{name}：应答时限 {due} 过后没能完整读到原帖，不能算贵单位的责任。",
        VerdictName.WITHDRAWN: f"{name}：原帖在应答时限 {due} 以前已经删除或隐藏，不算贵单位的责任。",
    }.get(verdict.name, f"{name}。")


def _verdict(city: City, verdict: Verdict) -> tuple[str, ...]:
    return (
        local(verdict.at, city),
        VERDICTS[verdict.name],
        "；".join(MARKS.get(mark, mark) for mark in verdict.marks),
    )


def _replies(city: City, ticket: Ticket, board: str, thread: str) -> Iterable[tuple[str, ...]]:
    threads, voices = city.store.threads, Voices(city.reference())
    standing = {r.id for r in threads.replies(board, thread)}
    for reply in threads.replies(board, thread, gone=True):
        yield (
            f"{board}/{thread}",
            reply.posted_at.astimezone(city.zone).strftime("%Y-%m-%d %H:%M:%S"),
            reply.author or "匿名",
            _who(city, ticket, reply, voices)
            + ("" if reply.id in standing else "（跟帖后来删除了）")
            + (f"（人工录入：{reply.entered_by}）" if reply.entered_by else ""),
            reply.body[:LONGEST],
        )


def _who(city: City, ticket: Ticket, reply: Reply, voices: Voices) -> str:
    day = reply.posted_at.astimezone(city.zone).date()
    return WHO[voices.voice(reply.board, reply.author, ticket.unit, day)]


def _read(city: City, read: Read, files: Mapping[int, tuple[str, str]]) -> tuple[str, ...]:
    pages = "\n".join(f"{name}  {digest}" for name, digest in (files[i] for i in read.snapshots if i in files))
    said = READS[read.outcome] + (f"：{read.detail}" if read.detail else "")
    if read.entered_by:
        said = f"人工（{read.entered_by}）：{'看完了整个帖子' if read.complete else '没有看完整个帖子'}"
    return (
        f"{read.board}/{read.thread}",
        local(read.at, city),
        said,
        "完整" if read.complete else "不完整",
        pages or "没有保存页面",
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are escaped, every one: posts are hostile text."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = ["".join(f"<td>{escape(cell).replace(chr(10), '<br>')}</td>" for cell in row) for row in rows]
    return f"<table>{f'<tr>{top}</tr>' if top else ''}{''.join(f'<tr>{cells}</tr>' for cells in lines)}</table>"
