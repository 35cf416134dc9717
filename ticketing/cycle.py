"""One turn of the loop: crawl the boards, suggest, send what is due, check the threads; safe to start twice."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from classifier.suggest import Suggester
from data.city import City
from data.problem import Problem
from data.records import Alert, Post, Run, Suggestion, Urgency
from ticketing import (
    alarm,
    alerts,
    automatic,
    checking,
    digest,
    duty,
    office,
    outbox,
    received,
    retention,
    search,
    sharing,
    sync,
    urging,
    watch,
)

Clock = Callable[[], datetime]
# What a power cut takes of these, the next run finds again; before an act leaves, its lease waits for the disk with all of it.
HURRIED = frozenset({"suggest", "index", "barometer", "check", "remind"})
LEASE = timedelta(minutes=30)  # renewed before each stage; a run that is silent for longer has died


class Busy(Problem):
    """Another run holds the lease; the message says who."""


def holder() -> str:
    """This process, as a lease names it."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def lease(city: City, name: str, now: datetime, me: str = "") -> Iterator[str]:
    """Hold the lease ``name`` of the city (as ``me``, or this process); raises Busy when someone else does."""
    me = me or holder()
    if other := _acquire(city, name, me, now):
        raise Busy(f"另一个进程（{other}）正在运行，本次不重复")
    try:
        yield me
    finally:
        with city.store.hurried(), city.store.transaction():
            city.store.runs.release(name, me)


def _acquire(city: City, name: str, me: str, now: datetime) -> str | None:
    """Who else holds the lease; None when it is ours now. A power cut that takes the lease takes its holder, too."""
    with city.store.hurried(), city.store.transaction():
        return city.store.runs.acquire(name, me, now, LEASE)


def run(city: City, clock: Clock, suggester: Suggester, worker: str = "") -> Run:
    """One cycle. Every stage is tried; the run is ok only if all succeeded, and says of each what it did or why not.

    A ``worker`` runs it under a name of its own, and without reading: that is a matter of its other jobs. Raises Busy
    when another run is under way.
    """
    with lease(city, "run", clock(), worker) as me:
        run = Run(me, clock())
        with city.store.hurried():
            number = city.store.runs.start(run)
        to_do = _stages(city, clock, suggester, me)
        if worker:
            to_do = {**to_do, "crawl": lambda: sharing.standing(city, clock())}
        stages, seconds = {}, {}
        for name, stage in to_do.items():
            began = clock()
            with city.store.hurried() if name in HURRIED else nullcontext():
                stages[name] = _stage(stage, city, clock, me)
            seconds[name] = round((clock() - began).total_seconds(), 3)
        ok = all(s["ok"] for s in stages.values())
        if ok and city.settings.alarm.heartbeat:
            stages["heartbeat"] = {"ok": True, "error": alarm.beat(city)}  # a deaf monitor is no failure of ours
        done = replace(run, finished_at=clock(), ok=ok, stages=stages, id=number, seconds=seconds)
        with city.store.hurried():
            city.store.runs.finish(number, done)
    if alarm.look(city, clock()) | (duty.tell(city, clock()) > 0):
        outbox.send_due(city, clock, me, (alarm.ALARM, duty.DUTY))
    return done


def _stages(city: City, clock: Clock, suggester: Suggester, me: str) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
    stages: dict[str, Callable[[], Mapping[str, Any]]] = {
        "crawl": lambda: crawl(city, clock),
        "suggest": lambda: suggest(city, clock, suggester),
        "index": lambda: {"ok": True, "indexed": search.index(city)},
        "automatic": lambda: automatic.turn(city, clock()),
        "barometer": lambda: {"ok": True, **alerts.watch(city, clock())},  # its notices go out in the same turn
        "send": lambda: send(city, clock, me),
        "check": lambda: {"ok": True, **checking.check(city, clock())},
        "remind": lambda: {"ok": True, **urging.remind(city, clock())},
    }
    if city.settings.automatic.mode == "off":
        del stages["automatic"]
    if office.can_answer(city):
        # After the check: a ticket closed over there is closed here only once it has its verdict.
        stages["sync"] = lambda: {"ok": True, **sync.pull(city, clock())}
    if city.settings.notices.digest_hour >= 0:
        stages["digest"] = lambda: {"ok": True, **digest.write(city, clock())}
    stages["retain"] = lambda: {"ok": True, **retention.daily(city, clock())}
    return stages


def _stage(stage: Callable[[], Mapping[str, Any]], city: City, clock: Clock, me: str) -> Mapping[str, Any]:
    """One stage failing must not keep the others from running; what it was is in the run's record."""
    try:
        other = _acquire(city, "run", me, clock())
        if other:  # the stage before took longer than the lease, and this run was given up for dead
            return {"ok": False, "error": f"另一个进程（{other}）已经接手，这一步没有做"}
        return dict(stage())
    except Exception as error:  # noqa: BLE001 - whatever it is, the next stage is tried and the run says it failed
        return {"ok": False, "error": f"{type(error).__name__}: {error}"[:500]}


def crawl(
    city: City, clock: Clock, only: frozenset[str] = frozenset(), going: Callable[[], bool] = lambda: True
) -> Mapping[str, Any]:
    """Read the boards (``only`` these slugs, or all that are enabled) and keep their health.

    Where workers share them: all that they left to be read by now, and of either kind those that nobody is reading.
    ``going`` is asked then whether to read on.
    """
    from spiders.crawl import crawl as read_boards

    boards = [b for b in sharing.readable(city) if not only or b.slug in only]
    held: dict[str, Any] = {}
    if sharing.shared(city):
        left = boards if only else sharing.due(city, clock())
        held = {"holds": sharing.take(city, left, holder(), clock, going)}
        boards = [b for b in left if b.slug in held["holds"]]
    now, watches = clock(), watch.watches(city, clock())
    wanted, back_to = watch.wanted(watches, now), watch.back_to(watches, now)
    healths = read_boards(city.store, boards, city.settings.crawl, clock, wanted, back_to, **held)
    for health in healths:
        if not health.ok:
            city.store.runs.alert(
                Alert(health.at, "board", f"{health.board}/{health.at:%Y%m%d}", "；".join(health.failures))
            )
    return {
        "ok": all(h.ok for h in healths),
        "threads": sum(h.threads for h in healths),
        "failures": [f for h in healths for f in h.failures],
    }


def send(city: City, clock: Clock, me: str) -> Mapping[str, Any]:
    """Everything due; an act that did not leave, or nobody knows whether it did, is no success."""
    duty.tell(city, clock())
    counts = outbox.send_due(city, clock, me)
    return {"ok": not outbox.amiss(counts), **counts}


def suggest(city: City, clock: Clock, suggester: Suggester) -> Mapping[str, Any]:
    """A suggestion for every post that has none."""
    count, emergencies = 0, 0
    while posts := city.store.threads.unread_by_machine():
        emergencies += enqueue(city, posts, clock(), suggester)
        count += len(posts)
    return {"ok": True, "suggested": count, "emergencies": emergencies}


def enqueue(city: City, posts: Sequence[Post], now: datetime, suggester: Suggester) -> int:
    """Put posts into the queue with what is suggested for them; how many are emergencies."""
    suggestions = received.informed(city, suggester.suggest(posts, now))
    with city.store.transaction():
        city.store.decisions.suggest(suggestions)
        return sum(_sound(city, suggestion) for suggestion in suggestions)


def _sound(city: City, suggestion: Suggestion) -> bool:
    """警情, fire and medical emergencies are shown at once, with the number to ring."""
    if suggestion.urgency is not Urgency.EMERGENCY:
        return False
    key = f"{suggestion.board}/{suggestion.thread}"
    return city.store.runs.alert(Alert(suggestion.at, "emergency", key, suggestion.needs_person))
