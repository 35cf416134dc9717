"""Plays turns of a city's day, each in a process of its own that dies, or runs out of disk, where it is told to.

Reads one job a line (JSON) and answers one line: how the child ended and how many points it passed. Forked rather than
started anew, so that a thousand deaths cost minutes. A point is any statement that writes, the moment before a request
leaves and the moment after it was answered. With ``power`` a death is a power cut: what the disk was not waited for goes, too.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import requests

import spiders.crawl  # noqa: F401 - loaded once, before the forks
from data.city import City, open_city
from data.problem import Problem
from data.records import Action, Choice, Decision, Kind, Post, Suggestion, Urgency
from tests import kept
from ticketing import cycle, filing, outbox
from ticketing.office import open311

WRITES = ("insert", "update", "delete", "replace", "begin", "commit")


class Points:
    """Counts what is passed and dies at the one it was given."""

    def __init__(self, die_at: int | None, power: kept.PowerCut | None = None, cut_at: int | None = None) -> None:
        self.passed, self.die_at, self.power, self.cut_at = 0, die_at, power, cut_at
        self.answered: list[int] = []  # the points at which the other side has it, and we have not written that down
        self.at_risk: list[int] = []  # those at which a power cut takes what a death leaves

    def hit(self) -> None:
        self.passed += 1
        if self.power and self.power.at_risk():
            self.at_risk.append(self.passed)
        if self.passed == self.die_at:
            if self.power:
                self.power.strike()
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, sql: str, connection: psycopg.Connection[Any] | None) -> None:
        if sql.lstrip().lower().startswith(WRITES):
            self.hit()
            if connection and self.passed == self.cut_at:
                kept.cut(connection)


class Suggester:
    """The machine's part, without a machine."""

    def suggest(self, posts: Sequence[Post], now: datetime) -> list[Suggestion]:
        return [
            Suggestion(
                p.board, p.thread, now, "test", True, 0.97, Kind.HELP, 0.9, "urban/water-supply",
                (Choice("urban", 0.9),), (Choice("water-group", 0.9),), Urgency.IMMEDIATE, 0,
            )
            for p in posts
        ]  # fmt: skip


def play(job: dict[str, Any], points: Points) -> dict[str, Any]:
    """One turn of the loop, then the clerk's decisions, sent at once."""
    city, now = open_city(Path(job["folder"])), datetime.fromisoformat(job["now"])
    if (pages := job.get("pages")) is not None:
        kept.no_more_room_than(city, pages)
    try:
        done = cycle.run(city, lambda: now, Suggester())  # type: ignore[arg-type]
        ok = done.ok
    except cycle.Busy as busy:
        return {"busy": str(busy)}
    _decide(city, now)
    outbox.send_due(city, lambda: now, cycle.holder())
    return {"ok": ok, "stages": done.stages}


def _decide(city: City, now: datetime) -> None:
    for post, s in city.store.decisions.queue():
        action = Action.REJECT if "闲聊" in post.title else Action.ACCEPT
        unit = "lamps" if "路灯" in post.title else s.units[0].name
        given = Decision(
            post.board, post.thread, now, "张敏", action, False, s.kind, s.category, unit, s.urgency, s.days, "13800000000"
        )  # fmt: skip
        filing.decide(city, given, now)


_next = outbox._next


def _next_unwaited(city: City, *given: Any) -> Any:
    with city.store.hurried():
        return _next(city, *given)


def _child(job: dict[str, Any], out: int) -> None:
    power = kept.PowerCut(Path(job["folder"])) if job.get("power") else None
    points, before = Points(job.get("die_at"), power, job.get("cut_at")), set(sys.modules)
    if power:
        power.watch()
    _watch(points)
    if job.get("never_asks"):  # a program with a fault, to show that the comparison would see it
        open311._ask = lambda *_: None
    if job.get("never_waits"):  # another: it sends before the disk knows that it will
        outbox._next = _next_unwaited  # type: ignore[assignment]
    if (size := job.get("file_size")) is not None:
        sys.dont_write_bytecode = True  # a half-written file of it would be read by every later test
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        told = play(job, points)
    except (Problem, sqlite3.Error, OSError) as error:  # what the command line says in a sentence
        told = {"error": f"{type(error).__name__}: {error}"}
    modules = sorted(set(sys.modules) - before) if job.get("learn") else []
    with os.fdopen(out, "w") as pipe:
        pipe.write(json.dumps({**told, **_passed(points), "modules": modules}, default=str))
    os._exit(0)


def _passed(points: Points) -> dict[str, Any]:
    return {"points": points.passed, "answered": points.answered, "at_risk": points.at_risk}


def _watch(points: Points) -> None:
    sent = requests.adapters.HTTPAdapter.send
    kept.watch(points.statement)

    def send(self: Any, *given: Any, **more: Any) -> requests.Response:
        points.hit()
        answer = sent(self, *given, **more)
        if given[0].method == "POST":
            points.answered.append(points.passed + 1)
        points.hit()
        return answer

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]


def _fork(job: dict[str, Any]) -> tuple[int, int]:
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        try:
            _child(job, writes)
        except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
            os.write(writes, json.dumps({"broken": f"{type(error).__name__}: {error}"}).encode())
        os._exit(70)
    os.close(writes)
    return child, reads


def _ended(child: int, reads: int) -> dict[str, Any]:
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    return {
        "killed": killed,
        "status": os.WTERMSIG(status) if killed else os.WEXITSTATUS(status),
        **json.loads(said or b"{}"),
    }


def _load(modules: Sequence[str]) -> None:
    """What a turn loads on its way is loaded before the next forks, all but the reactor: each process starts its own."""
    for name in modules:
        if name != "twisted.internet.reactor":
            with suppress(ImportError):
                import_module(name)
    assert "twisted.internet.reactor" not in sys.modules


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        children = [_fork(job) for _ in range(job.get("times", 1))]
        ended = [_ended(*c) for c in children]
        _load([m for e in ended for m in e.pop("modules", ())])
        print(json.dumps(ended), flush=True)


if __name__ == "__main__":
    main()
