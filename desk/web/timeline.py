"""Everything that happened to a ticket in the order it happened, and who spoke in its thread."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from data.city import City
from data.records import Decision, Event, OutboxEntry, OutboxState, Post, Reply, Ticket, Verdict, VerdictName
from data.reference import Reference
from desk.web import show
from ticketing.lifecycle import MOVES
from ticketing.returns import reason
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
    yield from _by_hand(city, ticket)
    filed_by = {t.decision for t in store.tickets.of(ticket.board, ticket.thread)}
    yield from (_decided(d, ticket, filed_by) for d in store.decisions.of(ticket.board, ticket.thread))
    for event in store.tickets.events(ticket.number):
        yield _moved(city, event)
    yield from (_judged(v) for v in store.tickets.verdicts(ticket.number))
    for entry in [*store.outbox.about(f"{ticket.board}/{ticket.thread}"), *store.outbox.about(ticket.number)]:
        yield _left(entry)


def _by_hand(city: City, ticket: Ticket) -> Iterator[Happening]:
    """Who looked at the thread, or entered it, in the place of the program."""
    reads = [r for r in city.store.threads.reads(ticket.board, ticket.thread) if r.entered_by]
    for i, read in enumerate(reads):
        entered = i == 0 and read.at <= ticket.decided_at
        what = "人工录入帖子" if entered else "人工查看原帖"
        seen = "" if entered else "看完了整个帖子" if read.complete else show.READS[read.outcome]
        yield Happening(read.at, what, show.person(read.entered_by), seen)


def _moved(city: City, event: Event) -> Happening:
    name = MOVES[event.move].name_zh if event.move in MOVES else event.move
    details = [_terms(city, event), event.note]
    tone = {"supervise": "bad", "tell_leader": "bad", "urge": "warn", "return": "warn", "edited": "warn"}
    return Happening(
        event.at, name, show.person(event.by), "；".join(d for d in details if d), tone.get(event.move, "")
    )


def _terms(city: City, event: Event) -> str:
    """What went with a move, in words."""
    data, found = event.data, []
    if event.move == "return" and not event.note.startswith(reason(event)):
        found.append(reason(event))
    if event.move in ("ask_extension", "grant_extension") and data.get("days"):
        found.append(f"{data['days']} 个工作日")
    if data.get("completion_due"):
        due = datetime.fromisoformat(data["completion_due"]).astimezone(city.zone)
        found.append(f"要求办结时间 {due:%Y-%m-%d %H:%M}" + ("（暂定）" if data.get("tentative") else ""))
    if event.move == "follow_up":
        found.append("已解决" if data.get("solved") else "未解决")
        found.append("满意" if data.get("satisfied") else "不满意")
    if data.get("to"):
        found.append(f"{show.unit_name(data.get('unit'))}，工单 {data['to']}")
    if data.get("reply_due"):
        found.append(f"应答时限 {datetime.fromisoformat(data['reply_due']).astimezone(city.zone):%Y-%m-%d %H:%M}")
    if event.move in ("merge", "unmerge"):
        board = show.board_name(data.get("post", "").partition("/")[0])
        found.append(f"{board}：{data.get('title', '')}")
    return "；".join(found)


def _decided(decision: Decision, ticket: Ticket, filed_by: Collection[int]) -> Happening:
    by = "自动规则" if decision.automatic else show.person(decision.by)
    unit = show.unit_name(decision.unit) if decision.unit else ""
    # A post is decided anew only after the decision before was taken back.
    undone = "后来撤回" if decision.id < ticket.decision and decision.id not in filed_by else ""
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


def linked(city: City, reference: Reference, ticket: Ticket) -> Sequence[tuple[Post, Sequence[Spoken]]]:
    """The further posts that share the ticket, each with what was said there; the verdict is not theirs."""
    places = city.store.tickets.merged(ticket.number)
    posts = [city.store.threads.post(*place) for place in places]
    return [
        (post, spoken(city, reference, replace(ticket, board=post.board, thread=post.thread)))
        for post in posts
        if post is not None
    ]


def runs(replies: Sequence[Spoken], apart: str = "") -> Sequence[Sequence[Spoken]]:
    """The replies in runs, so that a long one can be folded: citizens talking among themselves, and each reply that
    matters to the verdict (an account's, one entered by hand, the one with the id ``apart``) by itself."""
    found: list[list[Spoken]] = []
    for said in replies:
        matters = bool(said.label or said.reply.entered_by or said.reply.id == apart)
        if (
            matters
            or not found
            or found[-1][0].label
            or found[-1][0].reply.entered_by
            or found[-1][0].reply.id == apart
        ):
            found.append([said])
        else:
            found[-1].append(said)
    return found


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
