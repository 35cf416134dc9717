"""Writes the day's digests: for each unit what it still has open, for the leaders all of it and the evidence's chain head.

The head of the snapshots' hash chain leaves the machine with the leaders' digest, so that pages altered afterwards show
(``liandong evidence --verify --head …``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from data.city import City
from data.records import Alert, OutboxEntry, Ticket, Urgency, VerdictName
from data.reference import Unit
from ticketing import gateway, messages, notices
from ticketing.filing import NOTICE

MARK = "digest-day"
LISTED = 50  # tickets in the long form
EVER = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """One open ticket, and what is pressing about it at the time of the digest."""

    ticket: Ticket
    settle: datetime  # 要求办结时间 as it stands
    unanswered: bool  # its reply is overdue
    unfinished: bool  # its completion is overdue
    today: bool  # its reply or its completion falls due today, and is not overdue yet


def write(city: City, now: datetime, *, at_once: bool = False) -> Mapping[str, int]:
    """Write the digests of the day into the outbox, once a day from the hour set on (``at_once``: whatever the hour).

    Counts: ``units`` and ``leaders`` written to, ``unreachable`` units with no way to tell them.
    """
    here, store = now.astimezone(city.zone), city.store
    day = int(f"{here:%Y%m%d}")
    with store.transaction():
        if store.runs.mark(MARK) >= day or not (at_once or 0 <= city.settings.notices.digest_hour <= here.hour):
            return {}
        found = standings(city, now)
        counts = Counter(_tell(city, unit, of, now) for unit, of in _by_unit(city, found, now))
        counts[_tell_leaders(city, found, now)] += 1
        store.runs.set_mark(MARK, day)
    return dict(counts)


def standings(city: City, now: datetime) -> list[Standing]:
    """Every open ticket, the one due first first."""
    return [_standing(city, t, verdict, now) for t, verdict in city.store.tickets.watched(EVER)]


def _standing(city: City, ticket: Ticket, verdict: str, now: datetime) -> Standing:
    def is_today(moment: datetime) -> bool:
        return now <= moment and moment.astimezone(city.zone).date() == now.astimezone(city.zone).date()

    promised = city.store.tickets.promise(ticket.number)  # as extensions and pauses moved it
    settle = promised[0] if promised else ticket.completion_due
    waits = verdict == VerdictName.PENDING and ticket.board in city.reference().board
    today = (waits and is_today(ticket.reply_due)) or is_today(settle)
    return Standing(ticket, settle, verdict == VerdictName.OVERDUE, settle < now, today)


def _by_unit(city: City, found: Iterable[Standing], now: datetime) -> list[tuple[Unit, list[Standing]]]:
    """The open tickets of each unit that answers for them today."""
    reference, today = city.reference(), now.astimezone(city.zone).date()
    units: dict[str, list[Standing]] = defaultdict(list)
    for standing in found:
        units[reference.current(standing.ticket.unit, today).slug].append(standing)
    return [(reference.unit[slug], of) for slug, of in units.items()]


def _tell(city: City, unit: Unit, of: Sequence[Standing], now: datetime) -> str:
    to, settings = notices.receiver(unit), city.settings.notices
    if not (to.urls or (to.phone and gateway.present(settings))):
        return "unreachable"
    payload = {"kind": "digest", "unit": unit.slug, "text": summary(city, of, now), "body": long_form(city, of, now)}
    return _put(city, unit.slug, payload, now, "units")


def _tell_leaders(city: City, found: Sequence[Standing], now: datetime) -> str:
    settings = city.settings.notices
    if not (settings.leaders or (settings.leader_phone and gateway.present(settings))):
        words = "没有写明领导的手机号或通知地址，证据链头没有送出本机；请在 liandong.toml 的 [notices] 写明 leaders"
        city.store.runs.alert(Alert(now, "digest", "leaders", words))
        return "no_leaders"
    head = city.store.threads.chain_head()
    text = f"{summary(city, found, now)}证据链头 {head}"
    rows = [f"{unit.name}：{_counts(of)}" for unit, of in _by_unit(city, found, now)]
    body = "\n".join([summary(city, found, now), *rows, f"证据链头 {head}"])
    return _put(city, "leaders", {"kind": "leader-digest", "text": text, "body": body, "head": head}, now, "leaders")


def _put(city: City, to: str, payload: Mapping[str, str], now: datetime, counted: str) -> str:
    key = f"digest/{now.astimezone(city.zone):%Y%m%d}/{to}"
    when = notices.awake(city, now)
    return counted if city.store.outbox.put(OutboxEntry(key, NOTICE, key, payload, now, when)) else "known"


def summary(city: City, found: Sequence[Standing], now: datetime) -> str:
    """The day in one sentence that fits one SMS."""
    return f"{now.astimezone(city.zone):%m-%d}日报：{_counts(found)}。"


def _counts(found: Sequence[Standing]) -> str:
    unanswered, unfinished = sum(s.unanswered for s in found), sum(s.unfinished for s in found)
    today = sum(s.today for s in found)
    return f"在办{len(found)}件，应答逾期{unanswered}件，办结逾期{unfinished}件，今日到期{today}件"


def long_form(city: City, of: Sequence[Standing], now: datetime) -> str:
    """The unit's own tickets by line, the pressing ones first, for mail and group chats."""
    pressing = sorted(of, key=lambda s: (not s.unanswered, not s.unfinished, not s.today, s.settle))
    lines = [_line(city, s) for s in pressing[:LISTED]]
    more = [f"……另有 {len(of) - LISTED} 件"] if len(of) > LISTED else []
    return "\n".join([summary(city, of, now), *lines, *more])


def _line(city: City, standing: Standing) -> str:
    ticket = standing.ticket
    words = [(standing.unanswered, "应答逾期"), (standing.unfinished, "办结逾期"), (standing.today, "今日到期")]
    marks = "、".join(word for holds, word in words if holds) or "在办"
    urgent = "即办 " if ticket.urgency is Urgency.IMMEDIATE else ""
    due = f"{standing.settle.astimezone(city.zone):%Y-%m-%d %H:%M}"
    title = messages.cut(" ".join(ticket.title.split()), 40)
    return f"{ticket.number} {urgent}{marks}（要求办结 {due}）{title}"
