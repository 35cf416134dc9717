"""Sends what is due: each act leaves once, and one whose result is unknown is never repeated blindly."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from data.city import City
from data.records import Alert, OutboxEntry, OutboxState
from ticketing import alarm, checking, duty, filing, notices, office
from ticketing.attempt import Attempt, Result

Clock = Callable[[], datetime]
LEASE = timedelta(minutes=2)  # beside what the settings allow the other side, longer than any attempt may take
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
MOST_ATTEMPTS = 12
PATIENCE = timedelta(days=7)  # with a county's platform
NOT_NOW = "对方平台刚才没有应答，稍后再试"


@dataclass(frozen=True, slots=True)
class Ended:
    """An act that was attempted and is not settled yet; how it ended is counted then."""

    entry: OutboxEntry
    attempt: Attempt
    counts: Counter[str]


class Sender(Protocol):
    """One way out of the house."""

    def __call__(self, city: City, entry: OutboxEntry) -> Attempt: ...


def send_due(city: City, clock: Clock, holder: str, channels: Sequence[str] = ()) -> Mapping[str, int]:
    """Send everything due (of ``channels``, or all), and what that makes due at once (a notice follows its filing).

    Returns counts by channel and result, such as ``office_sent``.
    """
    counts: Counter[str] = Counter()
    silent: set[str] = set()  # platforms that did not answer in this turn: the rest must not wait for them again
    wanted = tuple(channels) or tuple(SENDERS)
    ended: Ended | None = None
    while (entry := _next(city, clock(), holder, wanted, ended)) is not None:
        platform = str(entry.payload.get("platform", ""))
        attempt = _attempt(city, entry) if platform not in silent else Attempt(Result.RETRY, error=NOT_NOW)
        if platform and attempt.result is Result.RETRY:
            silent.add(platform)
        ended = Ended(entry, attempt, counts)
    office.finish(city, clock())
    return counts


def amiss(counts: Mapping[str, int]) -> int:
    """Of what ``send_due`` counted, how many acts did not certainly leave."""
    return sum(n for name, n in counts.items() if not name.endswith(f"_{Result.SENT}"))


def _next(city: City, now: datetime, holder: str, channels: Sequence[str], ended: Ended | None) -> OutboxEntry | None:
    """Settle the act that was attempted last and lease the next: one commit, on the disk before anything more leaves.

    Until then the act is leased still, so that after a crash it is asked for or listed, never repeated. One act at a
    time: a lease that also waited for others' attempts could run out before its own began.
    """
    office, notices = city.settings.office, city.settings.notices
    lease = LEASE + timedelta(seconds=2 * (office.timeout + notices.timeout))
    with city.store.transaction():
        if ended:
            result = _settled(city, ended.entry, ended.attempt, holder, now)
            ended.counts[f"{ended.entry.channel}_{result}"] += 1
        return next(iter(city.store.outbox.take(now, holder, lease, channels, limit=1)), None)


def _attempt(city: City, entry: OutboxEntry) -> Attempt:
    sender, _ = SENDERS[entry.channel]
    if entry.state is OutboxState.LEASED and not _repeatable(city, entry):
        return Attempt(Result.UNKNOWN, error="上次发送时程序中断，不知道对方收到没有")
    try:
        return sender(city, entry)
    except Exception as error:  # noqa: BLE001 - one act that cannot be sent must not hold up the others
        return _broken(city, entry, error)


def _repeatable(city: City, entry: OutboxEntry) -> bool:
    """May it be tried again after an attempt of unknown result? Of an office system, its connector knows."""
    return SENDERS[entry.channel][1] and (entry.channel != filing.OFFICE or office.can_be_asked(city, entry))


def _broken(city: City, entry: OutboxEntry, error: Exception) -> Attempt:
    result = Result.RETRY if _repeatable(city, entry) else Result.UNKNOWN
    return Attempt(result, error=f"程序出错（{type(error).__name__}: {error}）"[:300])


def _settled(city: City, entry: OutboxEntry, attempt: Attempt, holder: str, now: datetime) -> Result:
    """How it ended, written down whole."""
    try:
        _settle(city, entry, attempt, holder, now)
    except Exception as error:
        if not _repeatable(city, entry):
            raise
        # It was accepted but could not be kept: later the other side is asked, and this one must not block the rest.
        attempt = _broken(city, entry, error)
        _settle(city, entry, attempt, holder, now)
    return attempt.result


def _settle(city: City, entry: OutboxEntry, attempt: Attempt, holder: str, now: datetime) -> None:
    outbox = city.store.outbox
    with city.store.transaction():
        if not outbox.leased(entry.id, holder):
            return  # taken over meanwhile; whoever did so settles it
        if attempt.result is Result.SENT:
            outbox.settle(entry.id, OutboxState.SENT, now)
            if entry.channel == filing.OFFICE:
                checking.weigh(city, filing.acknowledged(city, entry, attempt.answer, now), now)
        elif attempt.result is Result.RETRY and _patient(city, entry, attempt, now):
            outbox.postpone(entry.id, now + wait(entry), attempt.error)
        else:
            _give_up(city, entry, attempt, now)


def _patient(city: City, entry: OutboxEntry, attempt: Attempt, now: datetime) -> bool:
    """Is it to be tried again? A county's platform may be away for days; it is said once a day that it is."""
    if entry.attempts + 1 < MOST_ATTEMPTS:
        return True
    platform = str(entry.payload.get("platform", ""))
    if not platform or now - entry.created_at > PATIENCE:
        return False
    words = f"{office.name(city, platform)}一直没有应答，交办会继续重试（{attempt.error}）"
    city.store.runs.alert(Alert(now, "platform", f"{platform}/{now.astimezone(city.zone):%Y%m%d}", words))
    return True


def _give_up(city: City, entry: OutboxEntry, attempt: Attempt, now: datetime) -> None:
    state = OutboxState.UNKNOWN if attempt.result is Result.UNKNOWN else OutboxState.FAILED
    city.store.outbox.settle(entry.id, state, now, attempt.error)
    word = "结果不明" if state is OutboxState.UNKNOWN else "发送失败"
    subject = f"{entry.key}#{entry.resent}" if entry.resent else entry.key  # told again when it fails again
    city.store.runs.alert(Alert(now, f"outbox-{state}", subject, f"{word}：{entry.subject}（{attempt.error}）"))


def wait(entry: OutboxEntry) -> timedelta:
    """Backoff with jitter; the jitter is drawn from the key, so that a replay waits the same."""
    jitter = random.Random(f"{entry.key}/{entry.attempts}").uniform(0.5, 1.0)  # noqa: S311 - spreading load, not a secret
    doubled: timedelta = FIRST_WAIT * 2 ** min(entry.attempts, 16)
    return min(doubled, LONGEST_WAIT) * jitter


# Channel -> how it is sent, and whether it may be tried again after an attempt of unknown result: because the other
# side can be asked by our key what became of it, or because twice does no harm.
SENDERS: Mapping[str, tuple[Sender, bool]] = {
    filing.OFFICE: (office.file, True),
    filing.NOTICE: (notices.send, False),
    alarm.ALARM: (alarm.send, True),
    duty.DUTY: (duty.send, True),
}
