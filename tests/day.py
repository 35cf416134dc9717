"""A scripted day of a small city, played without a fault and with one, and what may not differ between the two."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from data import reference
from data.city import City, open_city
from data.records import OutboxState
from data.store.threads import examine
from tests import kept
from tests.build import HOUR, MINUTE, at
from tests.counterpart import Counterpart
from tests.forum import Floor, Forum, Topic
from tests.server import Server
from ticketing import lifecycle

STALE = 31 * MINUTE  # after this a dead run's lease is over
AGAIN = 20
WATER, OFFICE, ALIKE = "洛阳水务集团", "lyic", "洛阳水务集困"
DONE = "经核实，主管道破裂，已修复，今日恢复供水。"
TURNS = tuple(at(f"2011-07-25 {t}") for t in ("09:10", "10:00", "11:10", "12:50", "15:10", "17:10", "18:30"))
# Thread -> when it was written, its title, and who said what when.
STORY: Mapping[int, tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    101: ("08:30", "南昌路停水", (("10:30", WATER, DONE),)),
    102: ("08:31", "西苑路停水", (("15:00", WATER, DONE),)),
    103: ("08:32", "周山路停水", ()),
    104: ("08:33", "景华路停水", ()),  # deleted at 11:00
    105: ("08:34", "天津路停水", (("10:05", OFFICE, "已转交有关单位。"),)),
    106: ("08:35", "闲聊几句", ()),
    107: ("08:36", "青岛路停水", (("10:10", WATER, "收到，已转交。"), ("14:00", WATER, DONE))),
    108: ("08:37", "太原路停水", (("11:30", WATER, DONE),)),  # cannot be read from 11:20 to 17:00
    109: ("08:38", "郑州路停水", (("10:20", ALIKE, DONE),)),
    110: ("11:40", "武汉路停水", (("14:40", WATER, DONE),)),
    111: ("12:00", "龙鳞路路灯不亮", ()),
    112: ("12:10", "丽春路停水", (("14:30", WATER, DONE),)),  # the answer is deleted at 16:30
}


@dataclass
class Outcome:
    """What a day came to: everything that a fault may not change, and what the counterparts were given."""

    tickets: Mapping[str, tuple[Any, ...]]  # thread -> unit, category, state, verdict and what it rests on
    filed: Counter[str]  # thread -> how often it reached the office system
    noticed: Counter[str]  # ticket -> how often its notice reached the gateway
    listed: frozenset[str]  # what a person is shown as failed or of unknown result
    unfinished: int  # runs without an end
    finished: int
    broken: tuple[str, ...] = ()  # of the store itself


@dataclass
class Score:
    """The sums over all faults tried."""

    tried: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    listed: int = 0

    def add(self, kind: str, name: str, found: Outcome, plain: Outcome, deaths: int = 0) -> None:
        """Compare a day that had the fault ``name`` with the one that had none."""
        self.tried[kind] += 1
        self.listed += len(found.listed)
        self.lost += [f"{name}: filing {t}" for t in plain.filed if not found.filed[t] and t not in found.listed]
        numbers = [facts[0] for facts in found.tickets.values()]
        supervised = [
            facts[0] for t, facts in found.tickets.items() if f"{plain.tickets[t][0]}/supervise" in plain.noticed
        ]
        wanted = [*numbers, *(f"{n}/supervise" for n in supervised)]
        self.lost += [f"{name}: {n}" for n in wanted if not found.noticed[n] and f"notice/{n}" not in found.listed]
        self.lost += [f"{name}: ticket {t}" for t in plain.tickets if t not in found.tickets and t not in found.listed]
        both = {**found.filed, **found.noticed}
        self.duplicated += [f"{name}: {k} ×{n}" for k, n in both.items() if n > 1]
        for thread, facts in found.tickets.items():
            if facts[1:] != plain.tickets.get(thread, ())[1:]:
                self.wrong.append(f"{name}: {thread} {facts[1:]} instead of {plain.tickets.get(thread, ())[1:]}")
        self.other += [f"{name}: {words}" for words in found.broken]
        if found.unfinished > deaths:
            self.other.append(f"{name}: {found.unfinished} runs without an end after {deaths} deaths")


@dataclass
class Start:
    """Everything as it was before a turn."""

    folder: Path
    filings: list[dict[str, str]]
    messages: list[dict[str, Any]]
    posts: int  # requests to file or to notify so far
    points: int = 0  # in this turn
    kinds: tuple[str, ...] = ()  # "office" or "notice" of each request in it
    answered: tuple[int, ...] = ()  # those of them at which a request was just answered
    at_risk: tuple[int, ...] = ()  # those of them at which a power cut takes more than a death does


class Day:
    """The city, its board and its counterparts; ``starts`` are copies from before each turn of the plain day."""

    def __init__(self, folder: Path, server: Server | None = None) -> None:
        self.folder, self.live, self.server = folder, folder / "live", server
        self.forum, self.counterpart = Forum(), Counterpart()
        self.zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.faulty"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        self.starts: list[Start] = []
        self.ends: dict[tuple[str, tuple[datetime, ...], tuple[str, ...]], Outcome] = {}
        self.met = 0  # how often a state had been met before
        self._begin()

    def close(self) -> None:
        assert self.zygote.stdin
        self.zygote.stdin.close()
        self.zygote.wait(20)
        assert self.zygote.stdout
        self.zygote.stdout.close()
        self.counterpart.stop()
        self.forum.server.shutdown()
        self.forum.server.server_close()

    def _begin(self) -> None:
        there = self.counterpart.url
        kept.begin(
            self.live,
            "[crawl]\ndelay = 0\nautothrottle = false\ntimeout = 5\n[clocks]\nundo_seconds = 0\n"
            f'[office]\nurl = "{there}"\ntimeout = 0.3\n[notices]\nsms_url = "{there}/send"\ntimeout = 0.3\n',
            self.server,
        )
        board = self.forum.board(slug="lyw", name="洛阳网")
        city = open_city(self.live)
        with city.store.transaction():
            tables = reference.load()
            accounts = tuple(a for a in tables.accounts if a.board == "lyw")
            city.store.reference.save(tables.model_copy(update={"boards": (board,), "accounts": accounts}))
        city.store.close()

    def show(self, now: datetime) -> None:
        """Let the board stand as it does at ``now``."""
        self.forum.topics = [t for t in (_topic(n, now) for n in STORY) if t is not None]
        hidden = at("2011-07-25 11:20") <= now < at("2011-07-25 17:00")
        self.forum.broken = {"tid=108": "403"} if hidden else {}

    def turn(self, now: datetime, **fault: Any) -> dict[str, Any]:
        """One turn in a process of its own; how it ended."""
        [ended] = self.turns(now, **fault)
        return ended

    def turns(self, now: datetime, clock: datetime | None = None, **fault: Any) -> list[dict[str, Any]]:
        self.show(now)
        job = {"folder": str(self.live), "now": (clock or now).isoformat(), **fault}
        assert self.zygote.stdin
        assert self.zygote.stdout
        self.zygote.stdin.write(json.dumps(job) + "\n")
        self.zygote.stdin.flush()
        ended: list[dict[str, Any]] = json.loads(self.zygote.stdout.readline())
        assert not any("broken" in e for e in ended), ended
        return ended

    def plain(self) -> Outcome:
        """The day without a fault; ``starts`` then says of each turn how many points it has."""
        for i, now in enumerate(TURNS):
            aside = self.folder / f"start-{i}"
            kept.keep(self.live, aside, self.server)
            there = self.counterpart
            start = Start(aside, list(there.filings), list(there.messages), there.posts)
            ended = self.turn(now, learn=i == 0, power=self.server is None)
            kinds = tuple(there.order[start.posts :])
            start.points, start.kinds = ended["points"], kinds
            start.answered, start.at_risk = tuple(ended["answered"]), tuple(ended["at_risk"])
            self.starts.append(start)
        return self.outcome()

    def again_from(self, turn: int) -> None:
        """Everything as it was before ``turn``."""
        start, there = self.starts[turn], self.counterpart
        kept.bring_back(start.folder, self.live, self.server)
        there.filings, there.messages = list(start.filings), list(start.messages)
        there.script.clear()
        there.look_ups.clear()

    def rest(self, after: datetime, **program: bool) -> Outcome:
        """Started again as cron would: at once (and busy, if the lease was held), when the lease is over, and on."""
        return self.on((after + 5 * MINUTE, after + STALE, *(t for t in TURNS if t > after + STALE)), **program)

    def on(self, turns: Sequence[datetime], **program: bool) -> Outcome:
        """The rest of the day. What is the same in every byte that lasts goes on in the same way, and is not played again.

        One in ``AGAIN`` is played again all the same, to see that it does.
        """
        stood = (self.standing(), tuple(turns), tuple(program))
        known = self.ends.get(stood)
        self.met += known is not None
        if known is not None and self.met % AGAIN:
            return known
        for now in turns:
            self.turn(now, **program)
        found = self.outcome()
        if known is not None and known != found:
            return replace(found, broken=(*found.broken, f"the same state ended as {known}"))
        self.ends[stood] = found
        return found

    def standing(self) -> str:
        """All that lasts: the city's own, and what its counterparts have."""
        there = self.counterpart
        return f"{kept.standing(self.live, self.server)} {there.filings} {there.messages} {list(there.script)} {list(there.look_ups)}"

    def outcome(self) -> Outcome:
        city = open_city(self.live)
        try:
            return _outcome(city, self.counterpart)
        finally:
            city.store.close()


@contextmanager
def a_day(folder: Path, server: Server | None = None) -> Iterator[Day]:
    day = Day(folder, server)
    try:
        yield day
    finally:
        day.close()


def killed(day: Day, turn: int, *points: int, **program: bool) -> tuple[Outcome, int]:
    """The day whose ``turn`` dies at the first of ``points``, and when started again at the next."""
    day.again_from(turn)
    now, deaths = TURNS[turn], 0
    for point in points:
        deaths += bool(day.turn(now, die_at=point, **program)["killed"])
        now += STALE
    return day.rest(now - STALE, **program), deaths


def unplugged(day: Day, turn: int, point: int, **program: bool) -> tuple[Outcome, int]:
    """The day on which the power is cut at ``point`` of ``turn``."""
    day.again_from(turn)
    deaths = int(day.turn(TURNS[turn], die_at=point, power=True, **program)["killed"])
    return day.rest(TURNS[turn], **program), deaths


def misanswered(day: Day, turn: int, post: int, how: str, question: str = "ok") -> Outcome:
    """The day on which the ``post``-th request of ``turn`` is answered ``how``, and the next question ``question``."""
    day.again_from(turn)
    day.counterpart.script.extend(["ok"] * post + [how])
    day.counterpart.look_ups.append(question)
    day.turn(TURNS[turn])
    return day.rest(TURNS[turn])


def full(day: Day, turn: int, **limit: int) -> tuple[Outcome, bool]:
    """The day on which the disk is full in ``turn``; whether that was felt."""
    day.again_from(turn)
    ended = day.turn(TURNS[turn], **limit)
    assert not ended["killed"], ended
    felt = "error" in ended or not all(s["ok"] for s in ended.get("stages", {}).values())
    return day.rest(TURNS[turn]), felt


def cut_off(day: Day, turn: int, point: int) -> Outcome:
    """The day in whose ``turn`` the wire to the database server is cut at ``point``; the server takes the next caller."""
    day.again_from(turn)
    ended = day.turn(TURNS[turn], cut_at=point)
    assert not ended["killed"], ended
    return day.rest(TURNS[turn])


def doubled(day: Day, turn: int) -> Outcome:
    """The day on which two processes start ``turn`` together."""
    day.again_from(turn)
    both = day.turns(TURNS[turn], times=2)
    assert not any(e["killed"] for e in both)
    return day.on(TURNS[turn + 1 :])


def set_back(day: Day, turn: int) -> Outcome:
    """The day on which the clock is an hour slow from ``turn`` on."""
    day.again_from(turn)
    for now in (*TURNS[turn:], TURNS[-1] + HOUR):
        day.turns(now, clock=now - HOUR)
    return day.outcome()


def _topic(number: int, now: datetime) -> Topic | None:
    written, title, said = STORY[number]
    first = at(f"2011-07-25 {written}")
    if first > now:
        return None
    floors = [Floor(number * 100, "居民", first, f"{title}，没人管，电话 13800000000")]
    for i, (when, who, what) in enumerate(said, 1):
        if at(f"2011-07-25 {when}") <= now and not (number == 112 and now >= at("2011-07-25 16:30")):
            floors.append(Floor(number * 100 + i, who, at(f"2011-07-25 {when}"), what))
    return Topic(number, title, floors, deleted=number == 104 and now >= at("2011-07-25 11:00"))


def _outcome(city: City, counterpart: Counterpart) -> Outcome:
    store = city.store
    tickets = {t.thread: (t.number, t.unit, t.category, *_verdict(city, t.number)) for t in store.tickets.tickets()}
    listed = [e for s in (OutboxState.FAILED, OutboxState.UNKNOWN) for e in store.outbox.entries(s)]
    runs = kept.runs(city)
    stuck = [e.key for s in (OutboxState.WAITING, OutboxState.LEASED) for e in store.outbox.entries(s)]
    broken = [*examine(store.threads.snapshots()).altered, *(f"never left: {key}" for key in stuck), *kept.sound(city)]
    for number, state in store.tickets.states().items():
        if lifecycle.state_after(store.tickets.events(number)) != state:
            broken.append(f"{number} is {state}, its events say otherwise")
        told = store.tickets.verdict(number)
        if told and told.reply_at and ("before-filing" in told.marks) != (told.latency == 0.0):
            broken.append(f"{number} is marked {told.marks}, and took {told.latency} s")
    return Outcome(
        tickets,
        Counter(f["attribute[thread_url]"].partition("tid=")[2] for f in counterpart.filings),
        Counter(_notice(m["key"]).removeprefix("notice/") for m in counterpart.messages),
        frozenset(e.subject.removeprefix("lyw/") if e.channel == "office" else _notice(e.key) for e in listed),
        runs.count(False),
        runs.count(True),
        tuple(broken),
    )


def _notice(key: str) -> str:
    """A notice's key without the clock and due time it is about, which a delayed filing moves."""
    return "/".join(key.split("/")[:3])


def _verdict(city: City, number: str) -> tuple[Any, ...]:
    found = city.store.tickets.verdict(number)
    state = city.store.tickets.state(number)
    if found is None:
        return (state, None)
    # An hour's fault of our clock is what it says; and who was down for an hour may file after the unit has answered.
    marks = tuple(m for m in found.marks if m not in ("board-clock-ahead", "before-filing"))
    return (state, found.name, found.reply, found.holding, marks)
