"""What became of a received request, step by step, in the words its sender understands; a function of our own records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.city import City
from data.records import Action, Event, Received, Ticket, Verdict, VerdictName

CLOSED = frozenset({"closed", "followed_up", "archived"})
# Our move -> the sender's word for it. A bureau's own 签收 and 退单 stay in the house: the office that received the
# request answers for it, by filing it or by sending it back.
WORDS: Mapping[str, str] = {
    "file": "accepted",
    "answer": "answered",
    "close": "closed",
    "accept": "note",
    "refile": "note",
    "grant_extension": "note",
    "supervise": "note",
    "reopen": "note",
    "pause": "note",
    "resume": "note",
}
SAID: Mapping[str, str] = {
    "file": "已签收，交{unit}承办",
    "answer": "已答复",
    "close": "已办结",
    "accept": "{unit}已签收",
    "refile": "已改派",
    "grant_extension": "已同意延期",
    "supervise": "督办中",
    "reopen": "已重办",
    "pause": "等网民补充，暂停计时",
    "resume": "恢复计时",
}
JUDGED: Mapping[VerdictName, str] = {
    VerdictName.ON_TIME: "按时答复",
    VerdictName.LATE: "超时答复",
    VerdictName.OVERDUE: "逾期未答",
    VerdictName.UNVERIFIABLE: "无法核实",
    VerdictName.WITHDRAWN: "帖子已撤",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; ``id`` stays the same however often it is told. ``verdict``: of a step that is one."""

    id: str
    at: datetime
    status: str
    note: str
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a request stands, and every step so far, oldest first."""

    closed: bool
    note: str
    updated: datetime
    agency: str
    due: datetime | None
    steps: tuple[Step, ...]


def progress(city: City, received: Received, now: datetime) -> Progress:
    """Of the post's own tickets or, where it shares another's, of that; a rejection tells once it cannot be undone."""
    tickets = _tickets(city, received)
    steps = [s for t in tickets for s in (*_events(city, received, t), *_verdicts(city, received, t))]
    steps += [] if tickets else _rejection(city, received, now)
    steps.sort(key=lambda s: s.at)
    states = [city.store.tickets.state(t.number) for t in tickets]
    current = [t for t, state in zip(tickets, states, strict=True) if state != "refiled"]
    closed = bool(current) and all(state in CLOSED for state in states if state != "refiled")
    last = steps[-1] if steps else None
    due = city.store.tickets.promise(current[0].number) if current else None
    agency = _unit(city, current[0].unit) if current else ""
    updated = last.at if last else received.at
    return Progress(closed, _told(steps), updated, agency, due[0] if due else None, tuple(steps))


def _told(steps: Sequence[Step]) -> str:
    """The last word that is no verdict."""
    return next((s.note for s in reversed(steps) if not s.verdict), "待签收")


def _tickets(city: City, received: Received) -> list[Ticket]:
    """Without the co-units': those are the house's own affair."""
    store = city.store.tickets
    if linked := store.merged_into(received.board, received.thread):
        ticket = store.ticket(linked)
        return [ticket] if ticket else []
    return [t for t in store.of(received.board, received.thread) if not t.lead]


def _events(city: City, received: Received, ticket: Ticket) -> Iterator[Step]:
    unit = _unit(city, ticket.unit)
    for event in city.store.tickets.events(ticket.number):
        status = WORDS.get(event.move)
        if status is None:
            continue
        said = SAID[event.move].format(unit=unit)
        yield Step(f"e{event.id}", max(event.at, received.at), status, f"{said}{_words(event)}")


def _words(event: Event) -> str:
    """What was written beside an answer or a closing; of the rest the house's words stay here."""
    return f"：{event.note}"[:400] if event.move in ("answer", "close") and event.note else ""


def _verdicts(city: City, received: Received, ticket: Ticket) -> Iterator[Step]:
    for verdict in city.store.tickets.verdicts(ticket.number):
        if verdict.name in JUDGED:
            at = max(verdict.at, received.at)
            yield Step(f"v{verdict.id}", at, "verdict", _judged(city, verdict), str(verdict.name))


def _judged(city: City, verdict: Verdict) -> str:
    at = verdict.reply_at
    when = f"，{at.astimezone(city.zone):%Y-%m-%d %H:%M} 在原帖答复" if at else ""
    return f"核查：{JUDGED[verdict.name]}{when}"


def _rejection(city: City, received: Received, now: datetime) -> list[Step]:
    store = city.store.decisions
    decisions = store.of(received.board, received.thread)
    if store.stage(received.board, received.thread) != "decided" or not decisions:
        return []
    last = decisions[-1]
    settled = last.at + timedelta(seconds=city.settings.clocks.undo_seconds)
    if last.action is not Action.REJECT or last.at < received.at or now < settled:
        return []
    return [Step(f"d{last.id}", last.at, "returned", f"退单：{last.reason}")]


def _unit(city: City, slug: str) -> str:
    found = city.reference().unit.get(slug)
    return found.name if found else slug
