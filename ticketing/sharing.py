"""Which boards are to be read by now, and the right to read them, in a city whose workers share them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from data.city import City
from data.reference import Board
from spiders.hold import Hold

Clock = Callable[[], datetime]
PATIENCE = 3  # times the set minutes without a read, and a board counts as forgotten


def shared(city: City) -> bool:
    """Are there workers?"""
    return city.settings.workers.every_minutes > 0


def readable(city: City) -> list[Board]:
    """The boards that may be read at all."""
    return [b for b in city.reference().boards if b.enabled and not b.refused]


def due(city: City, now: datetime) -> list[Board]:
    """The boards not read within the set minutes."""
    before = now - timedelta(minutes=city.settings.workers.every_minutes)
    healths = ((b, city.store.threads.health(b.slug)) for b in readable(city))
    return [b for b, health in healths if health is None or health.at <= before or health.at > now]


def take(city: City, boards: Collection[Board], me: str, clock: Clock, going: Callable[[], bool]) -> Mapping[str, Hold]:
    """Board -> the right to read it, for those nobody else is reading."""
    reading, pause = f"{me}/{uuid4().hex[:8]}", city.settings.crawl.delay
    holds = {b.slug: Hold(city.store, b.slug, reading, clock, going) for b in boards}
    return {slug: hold for slug, hold in holds.items() if hold.take(pause) is None}


def standing(city: City, now: datetime) -> Mapping[str, Any]:
    """How the boards stand: the crawl's part in the record of a cycle in which workers read them. Nothing is read."""
    patience = timedelta(minutes=PATIENCE * city.settings.workers.every_minutes)
    failures, first = list[str](), city.store.runs.first()
    begun = first.started_at if first else now
    for board in readable(city):
        health = city.store.threads.health(board.slug)
        if now - (health.at if health else begun) > patience:
            failures.append(f"{board.name}很久没有读过；请看工作进程是否在运行")
        elif health and not health.ok:
            failures += health.failures
    return {"ok": not failures, "failures": failures}
