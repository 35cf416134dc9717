"""Sends what is due: each act leaves once, and one whose result is unknown is never repeated blindly."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from data.city import City
from data.records import Alert, OutboxEntry, OutboxState
from ticketing import filing, notices, office
from ticketing.attempt import Attempt, Result

Clock = Callable[[], datetime]
LEASE = timedelta(minutes=2)  # longer than any attempt may take
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
MOST_ATTEMPTS = 12


class Sender(Protocol):
    """One way out of the house."""

    def __call__(self, city: City, entry: OutboxEntry) -> Attempt: ...


def send_due(city: City, clock: Clock, holder: str, channels: Sequence[str] = ()) -> Mapping[str, int]:
    """Send everything due (of ``channels``, or all), and what that makes due at once (a notice follows its filing).

    Returns counts by channel and result, such as ``office_sent``.
    """
    counts: Counter[str] = Counter()
    while True:
        with city.store.transaction():
            entries = city.store.outbox.take(clock(), holder, LEASE, tuple(channels) or tuple(SENDERS))
        if not entries:
            return counts
        for entry in entries:
            attempt = _attempt(city, entry)
            with city.store.transaction():
                _settle(city, entry, attempt, clock())
            counts[f"{entry.channel}_{attempt.result}"] += 1


def _attempt(city: City, entry: OutboxEntry) -> Attempt:
    sender, can_be_asked = SENDERS[entry.channel]
    if entry.state is OutboxState.LEASED and not can_be_asked:
        return Attempt(Result.UNKNOWN, error="上次发送时程序中断，不知道对方收到没有")
    return sender(city, entry)


def _settle(city: City, entry: OutboxEntry, attempt: Attempt, now: datetime) -> None:
    outbox = city.store.outbox
    if attempt.result is Result.SENT:
        outbox.settle(entry.id, OutboxState.SENT, now)
        if entry.channel == filing.OFFICE:
            filing.acknowledged(city, entry, attempt.answer, now)
    elif attempt.result is Result.RETRY and entry.attempts + 1 < MOST_ATTEMPTS:
        outbox.postpone(entry.id, now + wait(entry), attempt.error)
    else:
        state = OutboxState.UNKNOWN if attempt.result is Result.UNKNOWN else OutboxState.FAILED
        outbox.settle(entry.id, state, now, attempt.error)
        word = "结果不明" if state is OutboxState.UNKNOWN else "发送失败"
        city.store.runs.alert(Alert(now, f"outbox-{state}", entry.key, f"{word}：{entry.subject}（{attempt.error}）"))


def wait(entry: OutboxEntry) -> timedelta:
    """Backoff with jitter; the jitter is drawn from the key, so that a replay waits the same."""
    jitter = random.Random(f"{entry.key}/{entry.attempts}").uniform(0.5, 1.0)  # noqa: S311 - spreading load, not a secret
    doubled: timedelta = FIRST_WAIT * 2 ** min(entry.attempts, 16)
    return min(doubled, LONGEST_WAIT) * jitter


# Channel -> how it is sent, and whether the other side can be asked by our key what became of an attempt.
SENDERS: Mapping[str, tuple[Sender, bool]] = {filing.OFFICE: (office.file, True), filing.NOTICE: (notices.send, False)}
