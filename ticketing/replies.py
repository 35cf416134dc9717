"""The verdict: did the unit answer in the citizen's own thread in time? A pure function of records and of ``now``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from data.records import Read, ReadOutcome, Reply, Ticket, Verdict, VerdictName
from ticketing.voices import Voice, Voices

# A holding reply says that the matter was received or passed on, and nothing of the matter itself.
_HOLDING = re.compile(
    r"已?收到|已[经]?(转|交|受理|登记|记录|安排|通知|派单)|转交|转达|反馈给|正在(核实|调查|了解|办理|处理|协调)"
    r"|(将|会)(尽快|及时|第一时间)|请(您)?(耐心)?(稍候|等待|等候)|核实(后|清楚后)|调查(后|清楚后)"
)
_SUBSTANCE = re.compile(
    r"经(调查|核实|查|了解|现场)|已(修复|恢复|解决|整改|清理|处理完|更换|安装|补齐|办结|支付|发放|退还|拆除|处罚)|根据《|按照(规定|《)"
    r"|原因(是|为)|\d+月\d+日|已于|预计|咨询电话|现(答复|回复|将)"
)
HOLDING_LENGTH = 120  # characters; a longer reply says something


def is_holding(body: str) -> bool:
    """收到/已转交 and no more, as against an answer of substance."""
    text = re.sub(r"\s+", "", body)
    return len(text) <= HOLDING_LENGTH and bool(_HOLDING.search(text)) and not _SUBSTANCE.search(text)


@dataclass(frozen=True, slots=True)
class _Heard:
    reply: Reply
    voice: Voice


def verdict(
    ticket: Ticket, replies: Iterable[Reply], reads: Sequence[Read], voices: Voices, zone: ZoneInfo, now: datetime
) -> Verdict:
    """The table of the design. ``replies`` are all ever seen (deleted ones too); the order of nothing matters.

    Times are the board's own: a reply in time counts even if it was seen later, and one never seen does not.
    """
    heard = [
        _Heard(r, voices.voice(ticket.board, r.author, ticket.unit, r.posted_at.astimezone(zone).date()))
        for r in sorted(replies, key=lambda r: (r.posted_at, r.id))
    ]
    own = [h.reply for h in heard if h.voice is Voice.OWN]
    marks = tuple(sorted({str(h.voice) for h in heard if h.voice not in (Voice.OWN, Voice.NOBODY)}))
    if own:
        return _answered(ticket, own, reads, marks, now)
    name, read = _unanswered(ticket, reads, now)
    return Verdict(ticket.number, now, name, read=read, marks=marks)


def _answered(
    ticket: Ticket, own: Sequence[Reply], reads: Sequence[Read], marks: tuple[str, ...], now: datetime
) -> Verdict:
    first = own[0]
    substantive = next((r for r in own if not is_holding(r.body)), None)
    before = ("before-filing",) if first.posted_at < ticket.filed_at else ()
    shown_by = [r for r in reads if r.complete and r.at >= first.posted_at]
    return Verdict(
        ticket.number,
        now,
        VerdictName.ON_TIME if first.posted_at <= ticket.reply_due else VerdictName.LATE,
        reply=first.id,
        reply_at=first.posted_at,
        latency=max(0.0, (first.posted_at - ticket.filed_at).total_seconds()),
        holding=is_holding(first.body),
        answered_at=substantive.posted_at if substantive else None,
        read=min(shown_by, key=lambda r: (r.at, r.id)).id if shown_by else None,
        marks=(*before, *marks),
    )


def _unanswered(ticket: Ticket, reads: Sequence[Read], now: datetime) -> tuple[VerdictName, int | None]:
    due = ticket.reply_due
    after = [r for r in reads if r.complete and r.at > due]
    if after:
        return VerdictName.OVERDUE, min(after, key=lambda r: (r.at, r.id)).id
    before = [r for r in reads if r.at <= due and (r.complete or r.outcome is ReadOutcome.GONE)]
    last = max(before, key=lambda r: (r.at, r.id), default=None)
    if last is not None and last.outcome is ReadOutcome.GONE:
        return VerdictName.WITHDRAWN, last.id
    if now <= due:
        return VerdictName.PENDING, None
    return VerdictName.UNVERIFIABLE, None
