"""What is really so in the make-believe city at a moment, worked out without any of the product's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from data.records import VerdictName
from demo.thread import Answer, Fate, Thread
from demo.world import World


def truth(world: World, now: datetime) -> dict[str, Any]:
    """The true figures at ``now``; latencies in seconds over all filed tickets, None where the curve does not fall so far.

    ``requests`` are the new ones that ought to be filed; those of the days before and the emergencies stand apart.
    ``notices`` are messages accepted and answered, ``notices_unknown`` accepted without an answer.
    """
    posts = [t for t in world.threads if t.posted_at <= now]
    filed = [t for t in posts if t.is_filed]
    asked = [t for t in posts if t.is_request and not t.emergency]
    messages = [m for m in world.ledger.messages if m.at <= now]
    verdicts = Counter(verdict_of(world, t.board, t.id, now) for t in filed)
    spans = [_span(t, now) for t in filed]
    return {
        "posts": len(posts),
        "pinned": sum(1 for b in world.reference.boards for _ in world.pinned(b.slug)),
        "requests": sum(t.fate is not Fate.OLD for t in asked),
        "requests_before": sum(t.fate is Fate.OLD for t in asked),
        "emergencies": sum(t.emergency for t in posts),
        "tickets": len(filed),
        "misfiled": sum(not t.is_request or t.emergency or t.fate is Fate.OLD for t in filed),
        "notices": sum(m.answered for m in messages),
        "notices_unknown": sum(not m.answered for m in messages),
        "threads_noticed": len({m.thread for m in messages if m.thread}),
        "duplicates": world.ledger.filed_twice,
        "messages_twice": world.ledger.sent_twice,
        "verdicts": {v.value: verdicts[v.value] for v in VerdictName},
        "latency": {"median": quantile(spans, 0.5), "p90": quantile(spans, 0.9)},
    }


def verdict_of(world: World, board: str, thread: str, now: datetime) -> str:
    """The verdict a perfect watcher would have reached on a filed thread by ``now``; ValueError when it is not filed."""
    found = world.thread(board, thread)
    if found is None or found.filed_at is None or found.due_at is None:
        raise ValueError(f"{board}/{thread} is not filed")
    due, seen_until = found.due_at, readable_until(world, found, now)
    reply = first_meeting(found, seen_until)
    if reply is not None:
        return (VerdictName.ON_TIME if reply.at <= due else VerdictName.LATE).value
    if found.deleted_at and found.deleted_at <= min(due, now):
        return VerdictName.WITHDRAWN.value
    if now <= due:
        return VerdictName.PENDING.value
    return (VerdictName.OVERDUE if seen_until > due else VerdictName.UNVERIFIABLE).value


def just_gone(world: World, post: str, now: datetime, within: timedelta) -> bool:
    """Was ``board/thread`` taken down in the last ``within``, its due still ahead? Who looks that often need not know yet."""
    board, thread = post.split("/")
    known = [verdict_of(world, board, thread, moment) for moment in (now - within, now)]
    return known == [VerdictName.PENDING, VerdictName.WITHDRAWN]


def first_meeting(thread: Thread, until: datetime) -> Answer | None:
    """The first reply shown by ``until`` that stops the unit's clock."""
    return next((a for a in thread.shown(until) if a.meets), None)


def readable_until(world: World, thread: Thread, now: datetime) -> datetime:
    """The last moment up to ``now`` at which a guest could read the thread to its end."""
    ends = [t for t in (now, thread.deleted_at, thread.login_from) if t is not None]
    last = min(ends)
    return world.down_from if world.is_down(thread.board, last) else last


def quantile(spans: Iterable[tuple[float, bool]], share: float) -> float | None:
    """Kaplan and Meier's quantile: the first time by which ``share`` have answered, from (seconds, answered) pairs.

    The unanswered count as long as they were watched and then leave (censoring); at equal times answers come first.
    """
    ordered = sorted(spans, key=lambda s: (s[0], not s[1]))
    waiting, at_risk = 1.0, len(ordered)
    for seconds, answered in ordered:
        if answered:
            waiting *= 1 - 1 / at_risk
            if waiting <= 1 - share + 1e-12:
                return seconds
        at_risk -= 1
    return None


def _span(thread: Thread, now: datetime) -> tuple[float, bool]:
    """Seconds from filing to the first meeting reply, or to the last moment the thread could be watched."""
    assert thread.filed_at is not None
    until = min(t for t in (now, thread.deleted_at, thread.login_from) if t is not None)
    reply = first_meeting(thread, until)
    end = reply.at if reply else until
    return max(0.0, round((end - thread.filed_at).total_seconds())), reply is not None
