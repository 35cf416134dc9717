"""Drives a planned year through the product on a stepped clock, and measures what the product itself took."""

from __future__ import annotations

import csv
import resource
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from datetime import time as of_day
from pathlib import Path
from typing import Any
from unittest.mock import patch

import spiders.crawl
from bench.year.obvious import Cost, Work
from bench.year.outside import GATEWAY, OFFICE, Outside, numbered
from bench.year.plan import FIRST, IN_HAND, REQUESTS, Coming, Day, Plan
from bench.year.reading import Reader
from bench.year.spent import Spent
from bench.year.world import YearWorld
from classifier.ready import ready
from data import reference
from data.city import City, Settings
from data.outward import NoticesTable, OfficeTable
from data.store import on_server
from demo import clerk, matters
from demo.clock import CITY, SteppedClock
from demo.thread import Thread
from ticketing import alerts, automatic, checking, cycle, digest, filing, incoming, outbox, reports, sync, urging, year

STEP = timedelta(hours=1)
AFTER = timedelta(days=4)  # the clock runs on so long, until every answer that is to come has come
STAGES: tuple[tuple[Any, str], ...] = (
    (spiders.crawl, "crawl"), (cycle, "suggest"), (automatic, "turn"), (alerts, "watch"), (outbox, "send_due"),
    (checking, "check"), (urging, "remind"), (sync, "pull"), (digest, "write"), (filing, "decide"),
    (incoming, "take_in"), (reports, "latency"),
)  # fmt: skip


@dataclass
class Clocked:
    """What the product took, by the function it was spent in (the innermost of those named), the world's own left out."""

    outside: Callable[[], Spent]
    spent: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    _open: list[Spent] = field(default_factory=list)

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """Charge what happens inside to ``name``, what is charged to another inside left out."""
        start = Spent.now() - self.outside()
        self._open.append(Spent())
        try:
            yield
        finally:
            taken = Spent.now() - self.outside() - start
            self.spent[name] += taken - self._open.pop()
            if self._open:
                self._open[-1] += taken

    def of(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            with self.within(name):
                return call(*given, **named)

        return timed

    @property
    def total(self) -> Spent:
        return sum(self.spent.values(), Spent())


@dataclass(frozen=True, slots=True)
class Tenth:
    """Up to the end of a tenth of the year: days, requests filed, what they took, and what the same small work took every day."""

    days: int
    filed: int
    spent: Spent
    yardstick: Spent


@dataclass
class Replay:
    """A year that was driven: the city as it stands, the world's truth, and what it cost."""

    city: City
    world: YearWorld
    plan: Plan
    outside: Outside
    clocked: Clocked
    now: datetime
    cycles: int
    pages: int
    right: int  # suggestions a clerk accepted as they were
    tenths: list[Tenth]
    failed: Counter[str]
    peak: int  # bytes of memory at most
    sample: Work  # one day's work, which the obvious version did again hour by hour
    sample_spent: Spent  # what the product took for it
    sample_rival: Spent  # and the obvious version
    server: float  # seconds of processor of the database's server


class Driver:
    """One replay under way."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        scale: float,
        days: int,
        database: str = "",
        server: Callable[[], float] = lambda: 0.0,
        rival: Cost = lambda work: Spent(),
    ) -> None:
        """``database``: where the city is kept, if not in a file; ``server``: seconds of processor that took there so far;
        ``rival``: what work costs the obvious way, by doing it again."""
        tables = reference.load()
        self.plan = Plan(seed, scale, days, matters.load(tables))
        start = datetime.combine(FIRST, of_day(), CITY)
        self.clock = SteppedClock(start)
        ends = start + timedelta(days=len(self.plan.days)) + AFTER
        self.world = YearWorld(self.plan, tables, self.clock, ends, round(IN_HAND * self.plan.requests / REQUESTS))
        self.outside = Outside(self.world, tables.boards)
        self.reader = Reader(self.outside)
        self.clocked = Clocked(lambda: self.outside.spent)
        self._server, self._before, self._rival = server, server(), rival
        self.city = _city(folder, tables, database)
        self.suggester = ready(tables, self.city.models)
        self.failed: Counter[str] = Counter()
        self.cycles = self.right = 0
        self.sample, self.sample_spent, self.sample_rival = Work(), Spent(), Spent()

    def play(self, progress: Callable[[date, int, Spent], None] = lambda day, filed, spent: None) -> Replay:
        """The whole year, then the days in which the last answers come; ``progress`` is told of each tenth."""
        tenths, days, yardstick, measured = list[Tenth](), self.plan.days, Work(), Spent()
        with ExitStack() as stack:
            stack.enter_context(self.outside.answering())
            for module, name in STAGES:
                timed = self.clocked.of(f"{module.__name__}.{name}", getattr(module, name))
                stack.enter_context(patch.object(module, name, timed))
            for n, day in enumerate(days):
                if n == len(days) // 2:
                    self._sampled(day)
                elif n == 0:
                    yardstick = self._noted(day).yardstick()
                    self._rival(yardstick)  # once before it is measured: the first time of anything takes longer
                else:
                    self._day(day)
                measured += self._rival(yardstick)
                if (n + 1) * 10 // len(days) > n * 10 // len(days):
                    tenths.append(Tenth(n + 1, self.world.counts["filed"], self._total(), measured))
                    progress(day.day, tenths[-1].filed, tenths[-1].spent)
            for _ in range(AFTER // STEP):
                self.clock.advance(STEP)
                self._turn()
        self._counts_of_the_office()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return Replay(
            self.city, self.world, self.plan, self.outside, self.clocked, self.clock(), self.cycles, self.reader.pages,
            self.right, tenths, self.failed, peak, self.sample, self.sample_spent, self.sample_rival,
            self._server() - self._before,
        )  # fmt: skip

    def _sampled(self, day: Day) -> None:
        """A day whose work the obvious version does again after every hour, so that both meet the same machine."""
        spent = self._total()

        def again(hour: Work) -> None:
            self.sample_rival += self._rival(hour)

        self.sample = self._noted(day, again)
        self.sample_spent = self._total() - spent

    def _noted(self, day: Day, each: Callable[[Work], None] = lambda hour: None) -> Work:
        """A day as every other, and what was done on it; ``each`` is told of every hour."""
        done, hour, rows = Work(), Work(), _written(self.city)

        def over() -> None:
            nonlocal done, hour, rows
            written = _written(self.city)
            posts = [p.text for p in self.city.store.threads.recent(self.clock() - STEP)]
            hour = replace(hour, posts=posts, rows=written - rows)
            each(hour)
            done, hour, rows = done + hour, Work(), written

        filed = self.world.counts["filed"]
        self.reader.on_page = lambda software, body: hour.pages.append((software, body))
        self._day(day, over)
        self.reader.on_page = lambda software, body: None
        return replace(done, tickets=self.world.counts["filed"] - filed)

    def _total(self) -> Spent:
        """What the product took so far, and the server of its database for it."""
        return self.clocked.total + Spent(0.0, self._server() - self._before)

    def _day(self, day: Day, over: Callable[[], None] = lambda: None) -> None:
        """Hour by hour: what is written and said, a cycle, the clerk (then it is ``over``); at the end of a month, its report."""
        with self.outside.apart():
            coming = self.plan.arrivals(day)
        while self.clock().astimezone(CITY).date() == day.day:
            until = self.clock() + STEP
            some = [c for c in coming if c.arrival.at < until]
            coming = coming[len(some) :]
            self.clock.advance(STEP)
            self._take_in(some)
            self._turn()
            over()
        tomorrow = day.day + timedelta(days=1)
        if tomorrow.day == 1:
            since = datetime.combine(day.day.replace(day=1), of_day(), CITY)
            reports.latency(self.city, self.clock(), since, datetime.combine(tomorrow, of_day(), CITY))

    def _take_in(self, some: list[Coming]) -> None:
        """Posts stand on their boards; calls and letters come as the table of the hour."""
        with self.outside.apart():
            threads = [(self.world.arrive(c), c.channel) for c in some]
            self.world.forget(self.clock())
            path = self._table([(t, channel) for t, channel in threads if channel])
        if path:
            incoming.take_in(self.city, path, self.clock())

    def _table(self, calls: list[tuple[Thread, str]]) -> Path | None:
        if not calls:
            return None
        path = self.city.folder / "calls.csv"
        with path.open("w", encoding="utf-8", newline="") as lines:
            rows = csv.writer(lines)
            rows.writerow(("编号", "来源", "时间", "标题", "内容"))
            for thread, channel in calls:
                at = f"{thread.posted_at.astimezone(CITY):%Y-%m-%d %H:%M:%S}"
                rows.writerow((thread.id, channel, at, numbered(thread), thread.body))
        return path

    def _turn(self) -> None:
        """A cycle, then the clerk works the queue off, and the dispatcher sends it."""
        with self.clocked.within("cycle"), patch.object(spiders.crawl, "crawl", self._crawl):
            run = cycle.run(self.city, self.clock, self.suggester)
        self.cycles += 1
        self.failed.update(name for name, stage in run.stages.items() if not stage["ok"])
        with self.clocked.within("queue"):
            while queue := self.city.store.decisions.queue():
                for post, suggestion in queue:
                    with self.outside.apart():
                        thread = self.outside.thread(post.title, post.url)
                        decision = clerk.decide(thread, suggestion, self.clock())
                    assert decision is not None
                    self.right += decision.action == "accept"
                    filing.decide(self.city, replace(decision, board=post.board, thread=post.thread), self.clock())
        outbox.send_due(self.city, self.clock, run.holder)

    def _crawl(self, *given: Any) -> Any:
        with self.clocked.within("spiders.crawl.crawl"):
            return self.reader.crawl(*given)

    def _counts_of_the_office(self) -> None:
        """The office imports its own daily counts; of the requests it closed, those that were."""
        path, open_for_good = self.city.folder / "每日数字.csv", self.world.in_hand
        closed = self.plan.requests - open_for_good
        with path.open("w", encoding="utf-8", newline="") as lines:
            rows = csv.writer(lines)
            rows.writerow(("日期", "来电", "接听", "有效", "联动诉求", "办结"))
            for day in self.plan.days:
                done = min(day.requests, closed)
                closed -= done
                rows.writerow((day.day, day.contacts, day.answered, day.valid, day.requests, done))
        year.take_in(self.city, path)


def _written(city: City) -> int:
    """Rows written so far; a server counts them with a delay of a second."""
    counted = "select total_changes()"
    if on_server(city.settings.city.database):
        counted = "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables"
    return int(city.store.db.execute(counted).fetchone()[0])


def _city(folder: Path, tables: reference.Reference, database: str = "") -> City:
    """A new city whose outward addresses are answered by ``Outside``."""
    settings = Settings(
        office=OfficeTable(url=OFFICE, sync_minutes=720),
        notices=NoticesTable(sms_url=GATEWAY, leader_phone="13900000000", digest_hour=8),
    ).model_copy()
    if database:
        settings = settings.model_copy(update={"city": settings.city.model_copy(update={"database": database})})
    settings = settings.model_copy(update={"clocks": settings.clocks.model_copy(update={"undo_seconds": 0.0})})
    (folder / "liandong.toml").write_text("", encoding="utf-8")
    city = City(folder, settings)
    boards = tuple(b.model_copy(update={"enabled": True, "refused": ""}) for b in tables.boards)
    with city.store.transaction():
        city.store.reference.save(tables.model_copy(update={"boards": boards}))
    return city
