"""Everything that happened to a ticket in the order it happened, and who spoke in its thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.city import City
from data.records import Decision, OutboxEntry, OutboxState, Reply, Ticket, Verdict, VerdictName
from data.reference import Reference
from desk.web import show
from ticketing.lifecycle import MOVES
from ticketing.voices import Voice, Voices

DECISIONS = {"accept": "采纳建议", "correct": "更正后交办", "reject": "不予交办"}
VOICES = {
    Voice.OWN: "承办单位答复",
    Voice.OFFICE: "联动办转交，不算答复",
    Voice.OTHER: "其他单位，不算承办单位答复",
    Voice.LOOK_ALIKE: "名称与官方账号相近，不是官方账号",
    Voice.NOBODY: "",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline; ``tone`` is ok, warn, bad or empty."""

    at: datetime
    what: str
    by: str = ""
    detail: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply, whose voice it is in Chinese (empty: a citizen's), and whether it was deleted since."""

    reply: Reply
    voice: Voice
    label: str
    unit: str
    gone: bool


def timeline(city: City, ticket: Ticket) -> Sequence[Happening]:
    """Oldest first."""
    return sorted(_happenings(city, ticket), key=lambda h: h.at)


def _happenings(city: City, ticket: Ticket) -> Iterator[Happening]:
    store = city.store
    yield Happening(ticket.posted_at, "网民发帖")
    yield from (_decided(d, ticket) for d in store.decisions.of(ticket.board, ticket.thread))
    for event in store.tickets.events(ticket.number):
        name = MOVES[event.move].name_zh if event.move in MOVES else event.move
        yield Happening(event.at, name, show.person(event.by), event.note)
    yield from (_judged(v) for v in store.tickets.verdicts(ticket.number))
    for entry in [*store.outbox.about(f"{ticket.board}/{ticket.thread}"), *store.outbox.about(ticket.number)]:
        yield _left(entry)


def _decided(decision: Decision, ticket: Ticket) -> Happening:
    by = "自动规则" if decision.automatic else show.person(decision.by)
    unit = show.unit_name(decision.unit) if decision.unit else ""
    # A post is decided anew only after the decision before was taken back.
    undone = "后来撤回" if decision.id < ticket.decision else ""
    return Happening(
        decision.at, DECISIONS[decision.action], by, "；".join(p for p in (unit, decision.reason, undone) if p)
    )


def _judged(verdict: Verdict) -> Happening:
    tones = {VerdictName.ON_TIME: "ok", VerdictName.LATE: "warn", VerdictName.OVERDUE: "bad"}
    details = []
    if verdict.latency is not None:
        details.append(f"用时 {show.duration(verdict.latency)}")
    if verdict.holding:
        details.append("只是表示收到，尚无实质答复" if verdict.answered_at is None else "先表示收到，后有实质答复")
    details += [show.MARKS.get(mark, mark) for mark in verdict.marks]
    name = show.VERDICTS[verdict.name]
    return Happening(verdict.at, f"核对结果：{name}", "系统", "；".join(details), tones.get(verdict.name, ""))


def _left(entry: OutboxEntry) -> Happening:
    tones = {OutboxState.FAILED: "bad", OutboxState.UNKNOWN: "bad", OutboxState.SENT: "ok"}
    what = f"{show.CHANNELS.get(entry.channel, entry.channel)}：{show.OUTBOX[entry.state]}"
    tries = f"试了 {entry.attempts} 次" if entry.attempts > 1 else ""
    detail = "；".join(p for p in (tries, entry.error) if p)
    return Happening(entry.settled_at or entry.created_at, what, "系统", detail, tones.get(entry.state, ""))


def spoken(city: City, reference: Reference, ticket: Ticket) -> Sequence[Spoken]:
    """Every reply of the thread ever seen, in the board's order, and whose voice each is to this ticket."""
    voices, threads = Voices(reference), city.store.threads
    there = {r.id for r in threads.replies(ticket.board, ticket.thread)}
    found = []
    for reply in threads.replies(ticket.board, ticket.thread, gone=True):
        on = reply.posted_at.astimezone(city.zone).date()
        voice = voices.voice(ticket.board, reply.author, ticket.unit, on)
        account = voices.official(ticket.board, reply.author, on)
        unit = show.unit_name(account.unit) if account else ""
        found.append(Spoken(reply, voice, VOICES[voice], unit, reply.id not in there))
    return found
