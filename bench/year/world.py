"""The city outside for a year: threads come and are forgotten, units answer with a long tail, the office closes what is done."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from bench.year.plan import CALLS, Coming, Plan
from data.records import VerdictName
from data.reference import Board, Reference, Section
from demo.behaviour import People
from demo.chance import stream
from demo.clock import SteppedClock
from demo.plot import whole
from demo.thread import Thread
from demo.world import REPLY_HOURS, World
from demo.writing import Writer

ANSWERED, MEDIAN_HOURS, SPREAD = 0.94, 1.5, 1.3  # of the first answer; log-normal: a long tail
HOLDING, THEN_HOURS = 0.3, 20.0  # a first answer that only says it was received, and the median until the real one
CLOSED_HOURS, CLOSED_SPREAD, CLOSED_WITHIN = 20.0, 0.9, timedelta(days=40)
KEPT = timedelta(days=45)  # then a thread is forgotten: nothing asks for it any more
LATEST = timedelta(days=2)  # so long before the end everything is closed that will be
NO_CALLER = Board(
    slug=CALLS, name=CALLS, engine="feed", url="http://127.0.0.1/", sections=(Section(id="0", name=CALLS),)
)


@dataclass(slots=True)
class Outcome:
    """What is true of a ticket, to be compared with what was found."""

    board: str
    unit: str
    filed_at: datetime
    verdict: VerdictName | None = None  # None for a call: nobody could answer in a thread
    seconds: float | None = None  # until the first answer that counts, as the board dates it


@dataclass(slots=True)
class Request:
    """A request as the office system keeps it."""

    thread: Thread
    number: str = ""  # of its ticket
    closes_at: datetime | None = None


class YearWorld(World):
    """``World`` without a story: threads are put in as the plan says, and taken out when nothing asks for them any more."""

    def __init__(self, plan: Plan, reference: Reference, clock: SteppedClock, ends: datetime, in_hand: int) -> None:
        with_calls = reference.model_copy(update={"boards": (*reference.boards, NO_CALLER)})
        super().__init__(plan.seed, with_calls, clock, hours=0)
        self.plan, self.ends, self.in_hand = plan, ends, in_hand
        families = {**self.people.families, **{m.slug: m.answers for m in plan.salt}}
        self.people = People(reference, self.library.phrases, families)
        self.addresses.update({board.slug: board.url for board in reference.boards})
        self.counts: Counter[str] = Counter()
        self.filed: dict[str, Request] = {}  # by the office's number
        self.outcomes: dict[str, Outcome] = {}  # by ticket
        self._writer = Writer(reference)
        self._shows: list[tuple[datetime, str, str]] = []  # when a thread shows something new
        self._old: list[tuple[datetime, str, str]] = []

    def _build(self) -> None:
        """Nothing stands before the year begins."""

    def arrive(self, coming: Coming) -> Thread:
        """A post is written on its board, or a call comes in."""
        self.counts["posts"] += 1
        thread = self._written(coming.arrival, str(1_000_000 + self.counts["posts"]), self._writer)
        self._threads[thread.board, thread.id] = thread
        self.counts["requests"] += thread.is_request
        if not coming.channel:
            self.people.crowd(thread, stream(self.seed, coming.arrival.number, "crowd"))
            self._show(thread, (thread.posted_at, *(a.at for a in thread.answers)))
        heapq.heappush(self._old, (thread.posted_at + KEPT, thread.board, thread.id))
        return thread

    def _show(self, thread: Thread, moments: Iterable[datetime]) -> None:
        for at in moments:
            heapq.heappush(self._shows, (at, thread.board, thread.id))

    def changed(self, now: datetime) -> Iterator[tuple[str, str]]:
        """(board, thread) of every thread that shows something new since this was last asked, once each."""
        found: dict[tuple[str, str], None] = {}
        while self._shows and self._shows[0][0] <= now:
            _, board, id = heapq.heappop(self._shows)
            found[board, id] = None
        return iter(found)

    def forget(self, now: datetime) -> None:
        """Threads too old to be asked for go, and with them what the office knows of them."""
        while self._old and self._old[0][0] <= now:
            _, board, id = heapq.heappop(self._old)
            last = max((a.at for a in self._threads[board, id].answers), default=now)
            if last > now:  # the tail is long: an answer after months lifts its thread on the list once more
                heapq.heappush(self._old, (last + timedelta(days=1), board, id))
                continue
            self.filed.pop(self._threads.pop((board, id)).office_id, None)

    def told(self, thread: Thread, number: str, office_id: str, now: datetime) -> None:
        """The office system has the request and the unit reads its message: what it will do is settled now."""
        thread.filed_at, thread.office_id = now, office_id
        thread.due_at = now + timedelta(hours=self.reference.unit[thread.unit].reply_hours or REPLY_HOURS)
        rng = stream(self.seed, thread.key, "unit")
        if thread.board != CALLS:
            self._answer(thread, rng, now)
        self.counts["filed"] += 1
        self.filed[office_id] = Request(thread, number, self._closes(thread, rng, now))
        self.outcomes[number] = outcome(thread)
        self.version += 1

    def _answer(self, thread: Thread, rng: Random, now: datetime) -> None:
        """Never, at once, or much later; what would come after the end is not in its truth."""
        if rng.random() >= ANSWERED:
            return
        first = now + max(_lognormal(rng, MEDIAN_HOURS, SPREAD), timedelta(minutes=3))
        holding = rng.random() < HOLDING
        moments = [(first, holding)]
        if holding:
            moments.append((first + _lognormal(rng, THEN_HOURS, SPREAD), False))
        for at, only in moments:
            if at < self.ends - timedelta(hours=2):
                self.people.unit_answers(thread, rng, at, only)
        self._show(thread, (a.at for a in thread.answers if a.at > now))

    def _closes(self, thread: Thread, rng: Random, now: datetime) -> datetime | None:
        """When the office system calls it settled: the last ones filed it does not within the year."""
        if self.counts["filed"] > self.plan.requests - self.in_hand:
            return None
        assert thread.due_at is not None
        after = min(_lognormal(rng, CLOSED_HOURS, CLOSED_SPREAD), CLOSED_WITHIN)
        return min(max(now + after, thread.due_at + timedelta(hours=2)), self.ends - LATEST)


def outcome(thread: Thread) -> Outcome:
    """What the verdict must be at the end, from what the unit is going to write."""
    assert thread.filed_at is not None
    assert thread.due_at is not None
    if thread.board == CALLS:
        return Outcome(thread.board, thread.unit, thread.filed_at)
    first = min((whole(thread.board, a.at) for a in thread.answers if a.meets), default=None)
    if first is None:
        return Outcome(thread.board, thread.unit, thread.filed_at, VerdictName.OVERDUE)
    name = VerdictName.ON_TIME if first <= thread.due_at else VerdictName.LATE
    return Outcome(
        thread.board, thread.unit, thread.filed_at, name, max(0.0, (first - thread.filed_at).total_seconds())
    )


def _lognormal(rng: Random, median_hours: float, sigma: float) -> timedelta:
    return timedelta(seconds=round(3600 * median_hours * math.exp(rng.gauss(0, sigma))))
