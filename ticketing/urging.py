"""催办 before due, 督办 at due, a copy to the office's leader at twice due: each an event and a notice, once.

A unit is supervised on evidence only: where a complete read after due shows no answer, never because a board could not
be read. The completion clock rests while the citizen is waited for, and ends with the first answer of substance; 即办
that nobody has answered at all is supervised by its reply clock alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from data.city import City
from data.records import Event, OutboxState, Ticket, Urgency, VerdictName
from ticketing import clocks, lifecycle, notices, promises
from ticketing.standing import MoveError, Standing
from ticketing.watch import WATCHED_FOR

MOVES: Mapping[str, str] = {"urge": "urge", "supervise": "supervise", "leader": "tell_leader"}
KINDS = tuple(MOVES)
WORDS: Mapping[str, str] = {"reply": "应答时限", "accept": "签收时限", "completion": "办结时限"}
WORKING = frozenset(lifecycle.WORKING.split())
BACK = timedelta(days=120)  # a date past for longer has been told of, or was long past when the ticket came in


@dataclass(frozen=True, slots=True)
class Reminder:
    """What should be said of a ticket now: ``kind`` of notice, on which ``clock`` (reply, accept or completion)."""

    ticket: str
    kind: str
    clock: str
    due: datetime


def remind(city: City, now: datetime) -> Mapping[str, int]:
    """Write down what is due to be said: the event and the notice in one transaction; counts by kind. Twice says nothing twice."""
    counts: Counter[str] = Counter()
    with city.store.transaction():
        due = list(_due(city, now))
        said = city.store.outbox.known([_key(reminder) for _, reminder in due])
        for ticket, reminder in due:
            if _key(reminder) not in said and _shown(city, ticket, reminder, now):
                counts.update(_say(city, ticket, reminder, now))
    return counts


def _due(city: City, now: datetime) -> Iterator[tuple[Ticket, Reminder]]:
    """What the clocks alone call for."""
    tickets, boards = city.store.tickets, city.reference().board
    for ticket, verdict in tickets.watched(now - WATCHED_FOR, boards):
        if not ticket.historical:
            for reminder in (*_reply(city, ticket, VerdictName(verdict), now), *_accept(city, ticket, verdict, now)):
                yield ticket, reminder
    for ticket, _, due in tickets.owing(now - BACK, _ahead(city, now)):
        if not ticket.historical:
            for reminder in _completion(city, ticket, due, now):
                yield ticket, reminder


def _shown(city: City, ticket: Ticket, reminder: Reminder, now: datetime) -> bool:
    """What is past a ticket's completion needs evidence in its thread, where it has one."""
    past = reminder.clock == "completion" and now >= reminder.due
    return not past or ticket.board not in city.reference().board or _unsettled(city, ticket, reminder.due)


def _ahead(city: City, now: datetime) -> datetime:
    """The end of the last day whose 要求办结时间 may be urged today: so many working days off, with the rest days after them."""
    days, known = city.settings.clocks.urge_days, promises.calendar(city)
    day = now.astimezone(city.zone).date()
    while days >= 0:
        day += timedelta(days=1)
        days -= known.is_workday(day)[0]
    return datetime.combine(day, time(), city.zone)


def _unsettled(city: City, ticket: Ticket, due: datetime) -> bool:
    """Is there evidence in its thread that the matter was not answered by ``due``?"""
    verdict = city.store.tickets.verdict(ticket.number)
    silent = verdict is None or verdict.reply is None
    if silent and ticket.urgency is not Urgency.DAYS:
        return False
    return any(r.complete and r.at > due for r in city.store.threads.reads(ticket.board, ticket.thread))


def _reply(city: City, ticket: Ticket, verdict: VerdictName, now: datetime) -> Iterator[Reminder]:
    due = ticket.reply_due
    whole = due - ticket.filed_at
    before = min(timedelta(minutes=city.settings.clocks.urge_minutes), whole / 2)
    if verdict is VerdictName.PENDING and before and due - before <= now < due:
        yield Reminder(ticket.number, "urge", "reply", due)
    if verdict is VerdictName.OVERDUE:
        yield from _late(city, ticket, "reply", due, now)


def _accept(city: City, ticket: Ticket, verdict: str, now: datetime) -> Iterator[Reminder]:
    due = ticket.accept_due
    asked = city.settings.clocks.accept_urge and verdict == VerdictName.PENDING
    if asked and due is not None and due <= now < ticket.reply_due:
        yield Reminder(ticket.number, "urge", "accept", due)


def _completion(city: City, ticket: Ticket, due: datetime, now: datetime) -> Iterator[Reminder]:
    if now >= due:
        yield from _late(city, ticket, "completion", due, now)
        return
    days = city.settings.clocks.urge_days
    # A matter of a day or less is not urged on the day it came in.
    if days and due - ticket.filed_at > timedelta(days=days):
        left = clocks.working_days(now, due, city.zone, promises.calendar(city))
        if left <= days:
            yield Reminder(ticket.number, "urge", "completion", due)


def _late(city: City, ticket: Ticket, clock: str, due: datetime, now: datetime) -> Iterator[Reminder]:
    """督办, and at twice due the leader's copy, as far as the settings and the leaders' addresses go."""
    settings, to = city.settings.clocks, city.settings.notices
    if settings.supervise:
        yield Reminder(ticket.number, "supervise", clock, due)
    if settings.leader and (to.leader_phone or to.leaders) and now >= due + (due - ticket.filed_at):
        yield Reminder(ticket.number, "leader", clock, due)


def _again(reminder: Reminder) -> str:
    """A moved due date may be reminded of anew."""
    return f"{reminder.clock}/{reminder.due:%Y%m%d%H%M}"


def _key(reminder: Reminder) -> str:
    return notices.key(reminder.ticket, notice_kind(reminder), _again(reminder))


def _say(city: City, ticket: Ticket, reminder: Reminder, now: datetime) -> list[str]:
    """Make the move and write the notice down, where the ticket still waits for it."""
    stands = lifecycle.standing(ticket, city.store.tickets.events(ticket.number))
    if not _waits(stands, reminder) or (reminder.kind == "urge" and notices.awake(city, now) > now):
        return []  # when the quiet hours are over there may be nothing left to urge
    move = MOVES[reminder.kind]
    notices.put(city, ticket.number, notice_kind(reminder), now, _again(reminder))
    data = {"clock": reminder.clock, "due": reminder.due.isoformat()}
    event = Event(ticket.number, now, move, lifecycle.SYSTEM, WORDS[reminder.clock], data)
    city.store.tickets.add_event(event, lifecycle.step(stands.state, move))
    return [reminder.kind]


def _waits(stands: Standing, reminder: Reminder) -> bool:
    """Is the move allowed now, and the clock it is about running?"""
    if reminder.clock == "accept" and stands.state != "filed":
        return False
    if reminder.clock == "completion" and (stands.paused_at is not None or stands.state not in WORKING):
        return False
    return MOVES[reminder.kind] in lifecycle.moves_for(stands.state, lifecycle.SYSTEM)


def by_hand(city: City, number: str, move: str, by: str, note: str, now: datetime, *, role: str | None = None) -> None:
    """A clerk urges, supervises or tells the leader: the move and its notice. Raises MoveError."""
    kind = next(k for k, name in MOVES.items() if name == move)
    to = city.settings.notices
    if kind == "leader" and not (to.leader_phone or to.leaders):
        raise MoveError("没有配置领导的通知地址；请在 liandong.toml 的 [notices] 写明 leader_phone 或 leaders")
    with city.store.transaction():
        lifecycle.move(city, number, move, by, note, now, role=role, data={"clock": "hand"})
        notices.put(city, number, kind, now, f"hand/{now:%Y%m%d%H%M%S}")


def notice_kind(reminder: Reminder) -> str:
    """The kind of notice, as ``messages.KINDS`` calls it."""
    return reminder.kind if reminder.clock == "reply" else f"{reminder.kind}-{reminder.clock}"


def call_off(city: City, number: str, now: datetime, clock: str = "reply") -> None:
    """The unit has answered: what quiet hours still hold on this clock is not sent."""
    for entry in city.store.outbox.about(number):
        held = entry.state is OutboxState.WAITING and entry.payload.get("kind") in KINDS_ON[clock]
        if held and f"/{clock}/" in entry.key:
            city.store.outbox.cancel(entry.key, now)


KINDS_ON: Mapping[str, frozenset[str]] = {
    "reply": frozenset(KINDS),
    "accept": frozenset({"urge-accept"}),
    "completion": frozenset(f"{kind}-completion" for kind in KINDS),
}
