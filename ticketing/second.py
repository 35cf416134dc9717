"""What a person does about an act that failed or whose result nobody knows: send it again, or say how it ended."""

from __future__ import annotations

from datetime import datetime

from data.city import City
from data.problem import Problem
from data.records import AuditEntry, OutboxEntry, OutboxState
from ticketing import filing

STUCK = (OutboxState.UNKNOWN, OutboxState.FAILED)
AT_ONCE = 500
SKIPPED = 1000  # numbers of the day, more than a city files in one


class SecondError(Problem):
    """An act that cannot be sent again or settled now; the message says why, in Chinese."""


def resend(city: City, number: int, by: str, now: datetime) -> OutboxEntry:
    """Have the stuck act ``number`` sent again at once; a filing is asked for by its key first. Raises SecondError."""
    store = city.store
    with store.transaction():
        entry = _stuck(city, number)
        store.outbox.again(number, now)
        store.people.record(AuditEntry(now, by, "重新发送", entry.key))
    return entry


def resend_failed(city: City, channel: str, by: str, now: datetime) -> int:
    """Have the acts that failed (of ``channel``, or all) sent again, AT_ONCE at most; how many. None of unknown result."""
    with city.store.transaction():
        found = city.store.outbox.stuck([OutboxState.FAILED], channel, AT_ONCE)
        for entry in found:
            resend(city, entry.id, by, now)
    return len(found)


def settle_by_hand(city: City, number: int, sent: bool, by: str, note: str, now: datetime) -> OutboxEntry:
    """Keep what a person found out about the stuck act ``number``; raises SecondError.

    A filing that did arrive becomes a ticket, and ``note`` must be the office system's own number for it;
    one that did not puts its post back into the queue. A notice is only settled.
    """
    store, note = city.store, note.strip()
    with store.transaction():
        entry = _stuck(city, number)
        office = entry.channel == filing.OFFICE
        if office and sent and not note:
            raise SecondError("请写明办公系统里这件工单的编号")
        said = f"人工确认{'已送达' if sent else '没有送达'}" + (f"：{note}" if note else "")
        store.outbox.settle(number, OutboxState.SENT if sent else OutboxState.CANCELLED, now, said)
        if office and sent:
            filing.acknowledged(city, entry, note, now)
        elif office and not entry.payload.get("lead"):  # a co-unit's filing leaves its lead's post decided
            store.decisions.reopen(entry.payload["board"], entry.payload["thread"])
        store.people.record(AuditEntry(now, by, said[:200], entry.key))
    return entry


def doubt(city: City, by: str, now: datetime) -> int:
    """After a backup was restored: what was still to be sent then may have left since. How many acts that is.

    A filing is asked for by its key; what cannot be asked for is listed as 结果不明. Numbers given since are not given again.
    """
    with city.store.transaction():
        count = city.store.outbox.doubt(now)
        city.store.tickets.skip_numbers(f"{now.astimezone(city.zone):%Y%m%d}", SKIPPED)
        city.store.people.record(AuditEntry(now, by, "从备份恢复", detail=f"当时待发 {count} 件，先核实再发"))
    return count


def _stuck(city: City, number: int) -> OutboxEntry:
    entry = city.store.outbox.numbered(number)
    if entry is None:
        raise SecondError(f"没有编号为 {number} 的发件")
    if entry.state not in STUCK:
        raise SecondError(f"发件 {number} 没有失败，也不是结果不明，不用再处理")
    return entry
