"""Plays the product against the make-believe city on a stepped clock, and compares what it found with the truth."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import tomlkit

from classifier.ready import ready
from classifier.suggest import Suggester
from data import reference
from data.city import SETTINGS, City, open_city
from data.records import Action, OutboxState, VerdictName
from demo.city import City as MakeBelieve
from demo.clerk import judge
from demo.truth import just_gone, truth, verdict_of
from desk.commands.city import create
from ticketing import cycle, filing, outbox, reports, watch

STEP = timedelta(minutes=5)  # as cron would
SEEN = watch.EVERY + STEP  # by then a watched thread that was taken down is known to be
CLIENT_TIMEOUT = 0.4  # seconds; the make-believe office hangs for longer when it hangs


@dataclass
class Story:
    """A city being watched: the make-believe one outside, the product's own folder inside."""

    outside: MakeBelieve
    city: City
    suggester: Suggester
    cycles: int = 0
    failed_stages: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)

    @property
    def now(self) -> datetime:
        return self.outside.clock()

    def turn(self, *, clerk: bool = True) -> None:
        """One cycle of the product, then the clerk's decisions, sent at once as the desk's dispatcher would."""
        run = cycle.run(self.city, self.outside.clock, self.suggester)
        self.cycles += 1
        self.failed_stages.update(name for name, stage in run.stages.items() if not stage["ok"])
        if clerk:
            self.decide()
            outbox.send_due(self.city, self.outside.clock, run.holder)

    def decide(self) -> None:
        """The clerk works through the queue as far as he has come."""
        for _, suggestion in self.city.store.decisions.queue():
            decision = judge(self.outside.world, suggestion, self.now)
            if decision is not None:
                filing.decide(self.city, decision, self.now)
                self.actions[decision.action] += 1

    def play(self, until: datetime, progress: Callable[[datetime], None] = lambda _: None) -> None:
        """Turn after turn, time standing still in each and jumping between them."""
        while self.now < until:
            self.turn()
            progress(self.now)
            self.outside.clock.advance(STEP)
        self.turn()
        if self._misread():  # one page came cut short: as in every city, the next cycle makes it good
            self.outside.clock.advance(STEP)
            self.turn()

    def _misread(self) -> bool:
        """Did the last crawl fail on a board that is not down?"""
        healths = [self.city.store.threads.health(b.slug) for b in self.outside.boards]
        return any(h and not h.ok and not self.outside.world.is_down(h.board, self.now) for h in healths)


def begin(outside: MakeBelieve, folder: Path) -> Story:
    """The product set up in ``folder`` to watch ``outside``, as ``liandong init`` and an administrator would."""
    create(folder, "洛阳")
    settings = tomlkit.parse((folder / SETTINGS).read_text(encoding="utf-8"))
    for table, values in _settings(outside).items():
        settings[table].update(values)
    (folder / SETTINGS).write_text(tomlkit.dumps(settings), encoding="utf-8")
    tables = reference.load(folder / "reference").model_copy(update={"boards": tuple(outside.boards)})
    reference.dump(tables, folder / "reference")
    city = open_city(folder)
    with city.store.transaction():
        city.store.reference.save(tables)
    return Story(outside, city, ready(tables, city.models))


def _settings(outside: MakeBelieve) -> Mapping[str, Mapping[str, Any]]:
    """Loopback addresses, and no pauses between requests: the boards are our own."""
    return {
        "crawl": {"delay": 0.0, "autothrottle": False, "timeout": 5.0},
        "office": {
            "url": outside.office_url,
            "api_key": "demo",
            "jurisdiction": "luoyang.example",
            "timeout": CLIENT_TIMEOUT,
        },
        # Two SMS, so that a notice says the thread's address: the units find it by that, and by nothing else.
        "notices": {"sms_url": outside.sms_url + "send", "timeout": CLIENT_TIMEOUT, "sms_parts": 2},
        "clocks": {"undo_seconds": 0},
    }


def summary(story: Story) -> dict[str, Any]:
    """What the product found, the truth, and whether they agree on every post, ticket, notice and verdict."""
    store, now = story.city.store, story.now
    found = reports.latency(story.city, now).overall
    known = truth(story.outside.world, now)
    standing = store.tickets.standing()
    tickets = list(store.tickets.tickets())
    verdicts = {t.number: str(v.name) if (v := standing.get(t.number)) else "pending" for t in tickets}
    disagreements = [
        {"ticket": t.number, "post": f"{t.board}/{t.thread}", "verdict": verdicts[t.number], "truth": real}
        for t in tickets
        if (real := verdict_of(story.outside.world, t.board, t.thread, now)) != verdicts[t.number]
    ]
    unseen = [
        d for d in disagreements if d["verdict"] == "pending" and just_gone(story.outside.world, d["post"], now, SEEN)
    ]
    disagreements = [d for d in disagreements if d not in unseen]
    known["verdicts"]["withdrawn"] -= len(unseen)
    known["verdicts"]["pending"] += len(unseen)
    counts = store.outbox.counts()
    mine = {
        "posts": store.threads.count(),
        "requests": story.actions[Action.ACCEPT] + story.actions[Action.CORRECT],
        "tickets": len(tickets),
        "notices": counts.get(("notice", OutboxState.SENT), 0),
        "notices_unknown": counts.get(("notice", OutboxState.UNKNOWN), 0),
        "verdicts": {name: list(verdicts.values()).count(name) for name in map(str, VerdictName)},
        "latency": {"median": found.median, "p90": found.p90},
    }
    compared = ("posts", "tickets", "notices", "notices_unknown", "verdicts")
    differences = [key for key in compared if mine[key] != known[key]]
    return {
        **mine,
        "truth": {key: known[key] for key in mine},
        "agree": not differences and not disagreements and not known["duplicates"],
        "differences": differences,
        "disagreements": disagreements,
        "duplicates": known["duplicates"],
        "surges": [
            {
                "hour": round((s.opened_at - story.outside.world.start) / timedelta(hours=1), 2),
                "what": f"{s.sort}:{s.name}",
                "posts": len(s.posts),
            }
            for s in reversed(store.series.surges())
        ],
        "clerk": dict(story.actions),
        "cycles": story.cycles,
        "failed_stages": dict(story.failed_stages),
    }


def tell(seed: int, folder: Path, hours: int, progress: Callable[[datetime], None] = lambda _: None) -> dict[str, Any]:
    """The whole story of one city, from the first crawl to the report; ``seconds`` is how long it took."""
    began = time.monotonic()
    with MakeBelieve(seed=seed, hours=hours) as outside:
        story = begin(outside, folder)
        story.play(outside.clock() + timedelta(hours=hours), progress)
        result = summary(story)
        story.city.store.close()
    return {"seed": seed, **result, "seconds": round(time.monotonic() - began, 1)}
