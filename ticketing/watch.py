"""Which threads to read next, and when: those whose verdict can change by being read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from data.city import City
from data.records import Ticket, VerdictName

EVERY = timedelta(hours=1)  # a watched thread is looked at this often, so that a deletion is dated
LAST_LOOK = timedelta(minutes=20)  # and once more this long before due
AGAIN_DAILY = timedelta(days=1)  # an overdue one, in case the list does not show the late answer
FOLLOWED_FOR = timedelta(days=2)  # past due, a list sorted by creation is no longer walked back for a ticket
WATCHED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Watch:
    """A ticket with what is known of its thread; for a post linked to it, ``ticket`` bears that post's thread."""

    ticket: Ticket
    verdict: VerdictName
    tried_at: datetime | None  # the last attempt to read, whatever came of it
    read_at: datetime | None  # the last complete read
    settle: datetime | None = None  # 要求办结时间, where it has passed and no answer of substance was seen


def should_read(watch: Watch, now: datetime) -> bool:
    """Can a read now change or settle the verdict?"""
    due, tried, read = watch.ticket.reply_due, watch.tried_at, watch.read_at
    if watch.settle and (read is None or read <= watch.settle):
        return _patience(tried, watch.settle, now)
    if watch.verdict in (VerdictName.ON_TIME, VerdictName.LATE, VerdictName.WITHDRAWN) or now > due + WATCHED_FOR:
        return False  # a new reply lifts the thread on its list, and the list is read every cycle
    if now > due:
        if read is None or read <= due:
            return _patience(tried, due, now)
        return now - read >= AGAIN_DAILY
    last = tried or watch.ticket.filed_at
    return now - last >= EVERY or (now >= due - LAST_LOOK and last < due - LAST_LOOK)


def _patience(tried: datetime | None, due: datetime, now: datetime) -> bool:
    """After due, at once; then at every cycle for two hours, then hourly, so that a dead board is not hammered."""
    if tried is None or tried <= due or now - due <= timedelta(hours=2):
        return True
    return now - tried >= EVERY


def wanted(watches: Iterable[Watch], now: datetime) -> Mapping[str, list[str]]:
    """Board -> threads to read now, whatever its list says."""
    threads: dict[str, list[str]] = defaultdict(list)
    for watch in watches:
        if should_read(watch, now) and watch.ticket.thread not in threads[watch.ticket.board]:
            threads[watch.ticket.board].append(watch.ticket.thread)
    return dict(threads)


def back_to(watches: Iterable[Watch], now: datetime) -> Mapping[str, datetime]:
    """Board -> the oldest post still without an answer: lists sorted by creation are walked back to it."""
    oldest: dict[str, datetime] = {}
    for watch in watches:
        waits = watch.verdict not in (VerdictName.ON_TIME, VerdictName.LATE, VerdictName.WITHDRAWN)
        if waits and now <= watch.ticket.reply_due + FOLLOWED_FOR:
            board, posted = watch.ticket.board, watch.ticket.posted_at
            oldest[board] = min(posted, oldest.get(board, posted))
    return oldest


def watches(city: City, now: datetime) -> list[Watch]:
    """The tickets a read may tell something of: no reply was seen, or the matter is past 要求办结时间 without an answer.

    Once more for each post linked to one of them.
    """
    tickets, boards, since = city.store.tickets, city.reference().board, now - WATCHED_FOR
    owing = tickets.owing(now - FOLLOWED_FOR, now)
    passed = [entry for entry in owing if entry[0].board in boards and entry[0].reply_due >= since]
    settle = {t.number: due for t, _, due in passed}
    found = {t.number: (t, verdict) for t, verdict, _ in passed}
    found |= {t.number: (t, verdict) for t, verdict in tickets.watched(since, boards)}
    threads = list(found.values())
    for number, board, thread in tickets.merged_watched(since):
        if number in found:
            ticket, verdict = found[number]
            threads.append((replace(ticket, board=board, thread=thread), verdict))
    last = city.store.threads.last_reads((t.board, t.thread) for t, _ in threads)
    return [
        _watch(t, verdict, last.get((t.board, t.thread), (None, None)), settle.get(t.number)) for t, verdict in threads
    ]


def _watch(
    ticket: Ticket, verdict: str, last: tuple[datetime | None, datetime | None], settle: datetime | None
) -> Watch:
    return Watch(ticket, VerdictName(verdict), *last, settle)
