"""How things are shown: times of the city, ages, shares, and citizens' text made harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from markupsafe import Markup, escape

from data.records import Contact, OutboxState, ReadOutcome, Ticket, Urgency, VerdictName
from data.reference import WEEKDAYS
from desk import stages
from desk.people import ROLES
from desk.web.context import now, the_city, the_reference
from ticketing import received as upper
from ticketing.lifecycle import MOVES, STATES
from ticketing.messages import REACHES_NOBODY

VERDICTS = {
    VerdictName.PENDING: "待答复",
    VerdictName.ON_TIME: "按时答复",
    VerdictName.LATE: "超时答复",
    VerdictName.OVERDUE: "逾期未答",
    VerdictName.UNVERIFIABLE: "无法核实",
    VerdictName.WITHDRAWN: "帖子已撤",
}
MARKS = {
    "before-filing": "交办前已答复",
    "board-clock-ahead": "论坛时钟偏快，按读到的时间计",
    "office-forwarded": "有联动办转交",
    "other-unit": "有其他单位答复",
    "look-alike": "有名称相近的账号，不算官方",
}
OUTBOX = {
    OutboxState.WAITING: "等待发送",
    OutboxState.LEASED: "正在发送",
    OutboxState.SENT: "已发送",
    OutboxState.FAILED: "发送失败",
    OutboxState.UNKNOWN: "结果不明",
    OutboxState.CANCELLED: "已撤销",
}
CHANNELS = {"office": "交办到办公系统", "notice": "短信通知承办单位", "alarm": "告警", "duty": "值班提醒"}
READS = {
    ReadOutcome.OK: "读到",
    ReadOutcome.GONE: "帖子不在了（删除、隐藏或待审）",
    ReadOutcome.LOGIN: "要登录才能看",
    ReadOutcome.CAPTCHA: "要验证码",
    ReadOutcome.FORBIDDEN: "论坛拒绝访问",
    ReadOutcome.ROBOTS: "robots.txt 不许读",
    ReadOutcome.UNREACHABLE: "连不上",
    ReadOutcome.UNDECODABLE: "编码解不开",
    ReadOutcome.WRONG_SOFTWARE: "论坛软件与登记的不同",
    ReadOutcome.MALFORMED: "页面不完整",
    ReadOutcome.TOO_LARGE: "页面过大",
}
LOOKS = {
    "whole": "看完了整个帖子（录入的之外没有别的官方答复）",
    "part": "只录入这条答复，没有看完整个帖子",
    "gone": "帖子已经不在了（删除或隐藏）",
}
ALERTS = {
    "surge": "民情升温",
    "board": "论坛异常",
    "emergency": "紧急情况",
    "dispatcher": "发送程序异常",
    "alarm": "长时间没有成功运行",
    "automatic": "自动交办停用",
    "platform": "县区平台没有应答",
    "rota": "值班",
    "outbox-failed": "发送失败",
    "outbox-unknown": "结果不明",
    "notice-address": "通知没有确认送达",
    "digest": "领导日报",
    "office-words": "办公系统的回复",
    "office-status": "办公系统的状态",
    "worker": "工作进程异常",
}
PROGRAMS = {"": "系统", "system": "系统", "office": "办公系统"}
ELSEWHERE = {upper.BOARD: upper.SOURCE}  # what stands in a board's place
LONGEST = 20_000  # characters of one post shown; the rest is in the thread itself

# A run of digits that could be a telephone or QQ number, separators included; bounded, so that it cannot run away.
_NUMBER = re.compile(rf"({REACHES_NOBODY})|\d(?:[ \-－—]?\d){{5,19}}")
_KEPT = 2


def install(app: Flask) -> None:
    """Make these available to the templates."""
    app.jinja_env.filters.update(
        time=time,
        age=age,
        duration=duration,
        share=share,
        link=link,
        hidden=hidden,
        urgency=urgency,
        unit=unit_name,
        stage=stages.words,
        after=after,
    )
    app.jinja_env.filters.update(district=district_name, category=category_name, board=board_name, person=person)
    app.jinja_env.globals.update(
        VERDICTS=VERDICTS,
        OUTBOX=OUTBOX,
        CHANNELS=CHANNELS,
        READS=READS,
        STAGES=stages.STAGES,
        ALERTS=ALERTS,
        MARKS=MARKS,
        LOOKS=LOOKS,
    )
    app.jinja_env.globals.update(STATES=STATES, MOVES=MOVES, ROLES=ROLES, WEEKDAYS=WEEKDAYS, now=now)


def time(moment: datetime | None) -> Markup:
    """``2026-11-23 14:05`` in the city's zone."""
    if moment is None:
        return Markup('<span class="quiet">—</span>')
    local = moment.astimezone(the_city().zone)
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M}</time>').format(local.isoformat(timespec="seconds"), local)


def age(moment: datetime) -> str:
    """How long ago."""
    return duration(max(0.0, (now() - moment).total_seconds()))


def duration(seconds: float | timedelta | None) -> str:
    """``3 小时 20 分``; a dash for what is not known."""
    if seconds is None:
        return "—"
    minutes = round((seconds.total_seconds() if isinstance(seconds, timedelta) else seconds) / 60)
    days, rest = divmod(abs(minutes), 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    return f"{minutes} 分钟"


def share(p: float) -> str:
    return f"{p:.0%}"


def link(address: str) -> str:
    """The address when a browser may follow it, else nothing: a post must not bring ``javascript:`` to the desk."""
    try:
        return address if urlsplit(address).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def urgency(value: Urgency, days: int) -> str:
    return {Urgency.EMERGENCY: "紧急", Urgency.IMMEDIATE: "即办"}.get(value) or f"{days} 个工作日"


def after(text: str, kind: str) -> str:
    """``text`` without the name of its kind, where it begins with that."""
    return text.removeprefix(f"{kind}：")


def unit_name(slug: str | None) -> str:
    found = the_reference().unit.get(slug or "")
    return found.name if found else slug or "—"


def category_name(slug: str | None) -> str:
    """``城乡建设 › 供水``."""
    known = the_reference().category
    found = known.get(slug or "")
    if found is None:
        return slug or "—"
    parent = known.get(found.parent or "")
    return f"{parent.name} › {found.name}" if parent else found.name


def district_name(slug: str) -> str:
    found = the_reference().district.get(slug)
    return found.name if found else slug


def board_name(slug: str) -> str:
    found = the_reference().board.get(slug)
    return found.name if found else ELSEWHERE.get(slug, slug)


def person(name: str) -> str:
    """How a user is called; the program itself is 系统, what the office's system says of its people 办公系统."""
    if name in PROGRAMS:
        return PROGRAMS[name]
    user = the_city().store.people.user(name)
    return user.display or name if user else name


def received(board: str, thread: str, *, plain: bool) -> list[dict[str, Any]]:
    """The requests another system filed about a post, with the sender's name; contact details masked unless ``plain``."""
    store = the_city().store
    found = []
    for r in store.received.of(board, thread):
        client = store.clients.client(r.client)
        given = (
            r.contact
            if plain
            else hidden(r.contact, [Contact("", c.rpartition(" ")[2]) for c in r.contact.split("；")])
        )
        found.append({**asdict(r), "sender": client.display if client else r.client, "contact": given})
    return found


def contacts(ticket: Ticket) -> Sequence[Contact]:
    """What the machine found in the post, and what the ticket says, piece by piece."""
    suggestion = the_city().store.decisions.suggestion(ticket.board, ticket.thread)
    own = [Contact("", piece.rpartition(" ")[2]) for piece in ticket.contact.split("；")]
    return [*(suggestion.contacts if suggestion else ()), *own]


def hidden(text: str, contacts: Iterable[Contact] = ()) -> str:
    """``text`` with every contact detail masked but for its last two characters."""
    for contact in contacts:
        if len(contact.text) > _KEPT:
            text = text.replace(contact.text, _masked(contact.text))
    return _NUMBER.sub(lambda m: m[1] or _masked(m[0]), text)


def _masked(text: str) -> str:
    return "*" * (len(text) - _KEPT) + text[-_KEPT:]


def marked(text: str, words: Mapping[str, str]) -> Markup:
    """``text``, escaped, with these words marked; each comes with what is said of it on pointing at it."""
    left_out = len(text) - LONGEST
    about = {word.lower(): title for word, title in words.items() if word.strip()}
    pieces = [text[:LONGEST]]
    if about:
        longest_first = sorted(about, key=len, reverse=True)
        pieces = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", text[:LONGEST], flags=re.IGNORECASE)
    shown = [
        Markup('<mark title="{}">{}</mark>').format(about[piece.lower()], piece)
        if piece.lower() in about
        else escape(piece)
        for piece in pieces
    ]
    if left_out > 0:
        shown.append(Markup('<span class="quiet">……（余下 {} 字请看原帖）</span>').format(left_out))
    return Markup("").join(shown)
