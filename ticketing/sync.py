"""Brings the office system's 签收, 退单 and 办结 back as events, each once.

A word is told from another by ticket, status and the office's own time. A status nobody has explained moves nothing
and is shown; a move that the ticket's state does not allow any more is kept as a note, so that nothing said is lost.
A 办结 that comes while the reply clock runs, and a status until it is explained, wait here: a folder says them once only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import requests

from data.city import City
from data.outward import OfficeTable
from data.records import Alert, Ticket, VerdictName
from ticketing import checking, lifecycle, office
from ticketing.office.words import Word, again

MARK = "office-asked"  # unix seconds of the last question
BY = "office"
EVER = datetime(1, 1, 2, tzinfo=UTC)
REASONS = ("属地不符", "权属不清", "职能交叉")
BESIDE = ("answer", "note", "close")  # moves that say nothing against a 办结 before them


def pull(city: City, now: datetime) -> Mapping[str, int]:
    """Ask what became of the open tickets, when it is time to; counts by what came of each word, of those that waited, too.

    ``accept``, ``return``, ``close`` …: moves made; ``noted``: said too late to move anything; ``held``: closed over
    there while its reply clock still runs here; ``strange``: a status that is not explained; ``unanswered``: tickets
    the office said nothing of. Every system is asked; then raises requests.RequestException when one did not answer.
    """
    counts = _hear_again(city, now)
    silent: list[requests.RequestException] = []
    asking = [p for p in office.answering(city) if _is_time(city, p, now)]
    watched = [t for t, _ in city.store.tickets.watched(EVER)] if asking else []
    for platform in asking:
        try:
            counts += _ask(city, platform, {t.number: t for t in watched if t.platform == platform}, now)
        except requests.RequestException as error:
            silent.append(error)
            if platform:
                words = f"{office.name(city, platform)}没有应答，那里的签收、答复、办结要等它恢复才能取回"
                city.store.runs.alert(Alert(now, "platform", f"{platform}/{now.astimezone(city.zone):%Y%m%d}", words))
    if silent:
        raise silent[0]
    return {name: n for name, n in counts.items() if n and name}


def _hear_again(city: City, now: datetime) -> Counter[str]:
    """The words that could not move their tickets when they came, and can now."""
    counts: Counter[str] = Counter()
    ready = [word for word in map(again, city.store.heard.held()) if _can_move(city, word)]
    if ready:
        with city.store.transaction():
            counts.update(_hear(city, word, now) for word in ready)
    del counts["held"]  # counted when they came
    return counts


def _can_move(city: City, word: Word) -> bool:
    ticket = city.store.tickets.ticket(word.ticket)
    return ticket is not None and _move(city, ticket, word) is not None


def _ask(city: City, platform: str, tickets: Mapping[str, Ticket], now: datetime) -> Counter[str]:
    """Ask one system of its tickets."""
    counts: Counter[str] = Counter()
    spoken_of: set[str] = set()
    for batch in office.pull(city, platform, list(tickets.values()), now):
        with city.store.transaction():
            for word in batch.words:
                spoken_of.add(word.ticket)
                counts[_take(city, word, now)] += 1
            for problem in batch.problems:
                city.store.runs.alert(Alert(now, "office-words", problem[:200], f"办公系统的回复：{problem}"))
                counts["problems"] += 1
        batch.kept()
    if _table(city, platform).kind == "open311":
        counts["unanswered"] = len([n for n, t in tickets.items() if t.office_id and n not in spoken_of])
    with city.store.transaction():
        city.store.runs.set_mark(_mark(platform), int(now.timestamp()))
    return counts


def _mark(platform: str) -> str:
    return f"{MARK}/{platform}" if platform else MARK


def _table(city: City, platform: str) -> OfficeTable:
    """The settings of a system tickets are at; those of the office where a platform was taken out since."""
    return office.table(city, platform) or city.settings.office


def _is_time(city: City, platform: str, now: datetime) -> bool:
    """Not again within the minutes set; a clock set back does not silence it."""
    since = now.timestamp() - city.store.runs.mark(_mark(platform))
    return since < 0 or since >= _table(city, platform).sync_minutes * 60 - 1


def _take(city: City, word: Word, now: datetime) -> str:
    """Hear one word, once; the name of what came of it, empty when it was heard before or moves nothing."""
    return "" if city.store.heard.known(word.ticket, word.status, word.updated) else _hear(city, word, now)


def _hear(city: City, word: Word, now: datetime) -> str:
    """Turn one word into an event, or keep it until it can be one."""
    store = city.store
    ticket = store.tickets.ticket(word.ticket)
    if ticket is None:
        store.runs.alert(Alert(now, "office-words", word.ticket, f"办公系统说到工单 {word.ticket}，这里没有这个工单"))
        return "strange"
    move = "verdict" if word.verdict else _move(city, ticket, word)
    if move is None or (move == "close" and _clock_runs(city, ticket)):
        store.heard.hear(word.ticket, word.status, word.updated, now, word.kept())
        if move is None:
            store.runs.alert(Alert(now, "office-status", word.status, _unexplained(word)))
        return "held" if move else "strange"
    if move not in BESIDE:
        _overtake(city, ticket, word, now)
    if not store.heard.hear(word.ticket, word.status, word.updated, now):
        store.heard.let_go(word.ticket, word.status, word.updated)
    moved = _make(city, ticket, move, word, now) if move else ""
    return _passed_on(city, ticket, word, now) or moved


def _overtake(city: City, ticket: Ticket, word: Word, now: datetime) -> None:
    """A 办结 that waits is over when the office went on with the ticket after it; it is kept as a note."""
    for held in map(again, city.store.heard.held_of(ticket.number)):
        if _move(city, ticket, held) == "close" and (held.at or now) <= (word.at or now):
            city.store.heard.let_go(held.ticket, held.status, held.updated)
            lifecycle.move(
                city,
                ticket.number,
                "note",
                BY,
                f"办公系统：办结（{_said(city, ticket, held, now)}），其后又有“{word.status}”",
                now,
            )


def _move(city: City, ticket: Ticket, word: Word) -> str | None:
    """The move a word stands for, empty for none; None when its status is not explained."""
    table = _table(city, ticket.platform)
    move = table.moves.get(word.status.casefold())
    if move == "" and word.note:
        return next((m for first, m in table.note_moves.items() if word.note.startswith(first)), "")
    return move


def _clock_runs(city: City, ticket: Ticket) -> bool:
    """Closing it now would end the watch on its thread before there is a verdict; it is closed once there is."""
    tickets = city.store.tickets
    if ticket.board not in city.reference().board:
        return False  # a call or a letter: no thread, no verdict
    if lifecycle.standing(ticket, tickets.events(ticket.number)).rests:
        return False  # this is the office's word on the return; no verdict comes before it
    verdict = tickets.verdict(ticket.number)
    return verdict is None or verdict.name == VerdictName.PENDING


def _make(city: City, ticket: Ticket, move: str, word: Word, now: datetime) -> str:
    at, said = _at(city, ticket, word, now), _said(city, ticket, word, now)
    # An event is never before the last one, yet the unit's clock stopped when it sent the ticket back over there.
    heard_late = move == "return" and word.at is not None and ticket.filed_at <= word.at < at
    data: dict[str, str] = {"verdict": word.verdict} if word.verdict else {}
    if heard_late and word.at:
        data["at"] = word.at.astimezone(UTC).isoformat()
    try:
        lifecycle.move(city, ticket.number, move, BY, said, at, data=data)
        if heard_late:
            checking.again(city, ticket.number, now)
    except lifecycle.MoveError:
        lifecycle.move(
            city,
            ticket.number,
            "note",
            BY,
            f"{office.name(city, ticket.platform)}：{lifecycle.MOVES[move].name_zh}（{said}）",
            at,
        )
        return "noted"
    return move


def _passed_on(city: City, ticket: Ticket, word: Word, now: datetime) -> str:
    """Say so when the office names another unit than the one it was filed to."""
    if not word.agency:
        return ""
    reference = city.reference()
    named = next((u for u in reference.units if word.agency in (u.name, *u.aliases)), None)
    ours = reference.unit.get(ticket.unit)
    if named is None or ours is None or named.slug in reference.lineage(ours.slug):
        return ""
    note = f"办公系统写的承办单位是{named.name}，交办的是{ours.name}"
    if any(e.note == note for e in city.store.tickets.events(ticket.number)):
        return ""
    lifecycle.move(city, ticket.number, "note", BY, note, _at(city, ticket, word, now))
    return "passed_on"


def _at(city: City, ticket: Ticket, word: Word, now: datetime) -> datetime:
    """The office's own time of it, between the ticket's last event and now."""
    last = city.store.tickets.last_moved(ticket.number) or ticket.filed_at
    return max(last, min(word.at or now, now)).astimezone(UTC)


def _said(city: City, ticket: Ticket, word: Word, now: datetime) -> str:
    """What the office wrote: the reason of a 退单 first, then its words, its number and its time."""
    reason = next((r for r in REASONS if r in word.note), "")
    parts = [reason if reason and not word.note.startswith(reason) else "", word.note or word.status]
    if word.at and abs(now - word.at) >= timedelta(minutes=1):
        parts.append(f"{word.at.astimezone(city.zone):%Y-%m-%d %H:%M}")
    if word.office_id:
        parts.append(f"{office.name(city, ticket.platform)}编号 {word.office_id}")
    return "；".join(p for p in parts if p)[:500]


def _unexplained(word: Word) -> str:
    return f"办公系统的状态“{word.status}”不认识（工单 {word.ticket}）；请在 liandong.toml 的 [office.statuses] 写明它是什么"
