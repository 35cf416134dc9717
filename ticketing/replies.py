"""The verdict: did the unit answer in the citizen's own thread in time? A pure function of records and of ``now``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from data.records import Read, ReadOutcome, Reply, Ticket, Verdict, VerdictName, Version
from ticketing.holding import is_holding
from ticketing.voices import Voice, Voices


@dataclass(frozen=True, slots=True)
class _Heard:
    """One wording of a reply: as it first stood, or as it was edited later."""

    body: str
    voice: Voice
    at: datetime  # since when it stood there
    reply: Reply


def verdict(
    ticket: Ticket,
    replies: Iterable[Reply],
    reads: Sequence[Read],
    voices: Voices,
    zone: ZoneInfo,
    now: datetime,
    seen: Mapping[str, datetime] = MappingProxyType({}),
    versions: Iterable[Version] = (),
    rests: bool = False,
) -> Verdict:
    """The table of the design. ``replies`` are all ever seen (deleted ones too); the order of nothing matters.

    Times are the board's own: a reply in time counts even if it was seen later, and one never seen does not.
    ``seen`` says when a read first showed a reply (by id): it cannot have been written after that, whatever a board
    says whose clock is fast, and counts from then with a mark; ``reply_at`` stays what the board says.
    ``versions`` are former wordings: 收到 edited into an answer days afterwards was a holding reply, and an answer
    only then; an answer edited away was still given. What stood there before the first read cannot be known.
    ``rests``: the clock stands still, for a return made in time waits for the office's word; while it does, silence
    proves nothing and no answer is late.
    """
    former: dict[str, list[Version]] = defaultdict(list)
    for version in sorted(versions, key=lambda v: (v.until, v.id)):
        former[version.reply].append(version)
    heard: list[_Heard] = []
    for reply in sorted(replies, key=lambda r: (r.posted_at, r.id)):
        voice = voices.voice(ticket.board, reply.author, ticket.unit, reply.posted_at.astimezone(zone).date())
        heard += _wordings(reply, voice, seen.get(reply.id, reply.posted_at), former[reply.id])
    heard.sort(key=lambda h: h.at)
    own = [h for h in heard if h.voice is Voice.OWN]
    marks = tuple(sorted({str(h.voice) for h in heard if h.voice not in (Voice.OWN, Voice.NOBODY)}))
    if own:
        return _answered(ticket, own, reads, marks, now, rests)
    name, read = _unanswered(ticket, reads, now, rests)
    return Verdict(ticket.number, now, name, read=read, marks=marks)


def _wordings(reply: Reply, voice: Voice, seen: datetime, former: Sequence[Version]) -> list[_Heard]:
    """The reply as it first stood and after each edit, which the board dates, but never later than the read that found it."""
    first = min(reply.posted_at, seen)
    since = [first, *(v.until for v in former)]
    if former and reply.edited_at:
        since[-1] = max(first, min(reply.edited_at, former[-1].until))
    bodies = [*(v.body for v in former), reply.body]
    return [_Heard(body, voice, at, reply) for body, at in zip(bodies, since, strict=True)]


def _answered(
    ticket: Ticket, own: Sequence[_Heard], reads: Sequence[Read], marks: tuple[str, ...], now: datetime, rests: bool
) -> Verdict:
    first, at = own[0].reply, own[0].at
    substantive = next((h.at for h in own if not is_holding(h.body)), None)
    before = ("before-filing",) if at < ticket.filed_at else ()
    ahead = ("board-clock-ahead",) if at < first.posted_at else ()
    shown_by = [r for r in reads if r.complete and r.at >= at]
    return Verdict(
        ticket.number,
        now,
        VerdictName.ON_TIME if rests or at <= ticket.reply_due else VerdictName.LATE,
        reply=first.id,
        reply_at=first.posted_at,
        latency=max(0.0, (at - ticket.filed_at).total_seconds()),
        holding=is_holding(own[0].body),
        answered_at=substantive,
        read=min(shown_by, key=lambda r: (r.at, r.id)).id if shown_by else None,
        marks=(*before, *ahead, *marks),
    )


def _unanswered(ticket: Ticket, reads: Sequence[Read], now: datetime, rests: bool) -> tuple[VerdictName, int | None]:
    due = max([now, *(r.at for r in reads)]) if rests else ticket.reply_due
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
