"""What is posted when, before anybody reacts: the days before the story, its posts with the rhythm of a day, a rainstorm."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.chance import stream
from demo.clock import CITY
from demo.matters import Library, Matter
from demo.thread import Fate

# How busy each hour of the day is, midnight first.
RHYTHM = (3, 2, 1, 1, 1, 2, 6, 10, 18, 20, 20, 18, 14, 12, 16, 18, 18, 16, 14, 16, 20, 18, 12, 6)
BOARDS = {"lyw": 36, "lyxxg": 25, "dahe": 24, "people": 15}
FORUMS = {"lyw": 42, "lyxxg": 30, "dahe": 28}  # 人民网 takes in requests only
ORDINARY, STORM, OLD = 255, 60, 60  # posts of a full story, besides the emergencies and one set scene
STORM_HOURS = (9, 13)
QUIET_HOURS = 5  # no posts in the last hours, so that every answer can still come


@dataclass(frozen=True, slots=True)
class Arrival:
    """One post to be written: on which board, when, about what; ``number`` names its chance."""

    number: str
    board: str
    at: datetime
    matter: Matter
    fate: Fate = Fate.ORDINARY


def arrivals(seed: int, library: Library, start: datetime, hours: int) -> tuple[Arrival, ...]:
    """Every post of the story, oldest first."""
    found = [*_old(seed, library, start), *_ordinary(seed, library, start, hours)]
    found += [*_storm(seed, library, start, hours), *_scenes(seed, library, start, hours)]
    return tuple(sorted(found, key=lambda a: (a.at, a.number)))


def _ordinary(seed: int, library: Library, start: datetime, hours: int) -> Iterator[Arrival]:
    busy = _busy(start, hours - QUIET_HOURS)
    count = round(ORDINARY * sum(busy) / sum(_busy(start, 36 - QUIET_HOURS)))
    for i in range(count):
        rng = stream(seed, "ordinary", i)
        at = start + _moment(rng, busy)
        yield _arrival(f"ordinary-{i}", rng, at, _matter(rng, library, asks=rng.random() < 0.78))


def _storm(seed: int, library: Library, start: datetime, hours: int) -> Iterator[Arrival]:
    first, last = STORM_HOURS
    for i in range(STORM if hours - QUIET_HOURS >= last else 0):
        rng = stream(seed, "storm", i)
        matter = rng.choices(library.storm, [m.weight for m in library.storm])[0]
        at = start + timedelta(hours=first) + timedelta(seconds=rng.randrange((last - first) * 3600))
        yield _arrival(f"storm-{i}", rng, at, matter)


def _old(seed: int, library: Library, start: datetime) -> Iterator[Arrival]:
    for i in range(OLD):
        rng = stream(seed, "old", i)
        at = start - timedelta(minutes=rng.randrange(8 * 60, 46 * 60))
        arrival = _arrival(f"old-{i}", rng, at, _matter(rng, library, asks=i % 5 < 2))
        yield Arrival(arrival.number, arrival.board, at, arrival.matter, Fate.OLD)


def _scenes(seed: int, library: Library, start: datetime, hours: int) -> Iterator[Arrival]:
    """The emergencies, and the post that will fall due while its board is down."""
    for i, matter in enumerate(library.emergencies):
        rng = stream(seed, "emergency", i)
        offset = timedelta(hours=3 + i * 7, seconds=rng.randrange(3600))
        if offset < timedelta(hours=hours - QUIET_HOURS):
            yield Arrival(f"emergency-{i}", rng.choice(list(FORUMS)), start + offset, matter)
    rng = stream(seed, "unseen")
    at = start + timedelta(hours=2, minutes=20, seconds=rng.randrange(1500))
    if hours - QUIET_HOURS >= 8:
        yield Arrival("unseen", "lyxxg", at, _matter(rng, library, asks=True), Fate.DELETED_UNSEEN)


def _arrival(number: str, rng: random.Random, at: datetime, matter: Matter) -> Arrival:
    boards = BOARDS if matter.kind else FORUMS
    board = rng.choices(list(boards), list(boards.values()))[0]
    return Arrival(number, board, whole(board, at), matter)


def _matter(rng: random.Random, library: Library, asks: bool) -> Matter:
    matters = library.ordinary if asks else library.others
    return rng.choices(matters, [m.weight for m in matters])[0]


def _busy(start: datetime, hours: int) -> list[int]:
    first = start.astimezone(CITY).hour
    return [RHYTHM[(first + h) % 24] for h in range(max(hours, 0))]


def _moment(rng: random.Random, busy: Sequence[int]) -> timedelta:
    hour = rng.choices(range(len(busy)), busy)[0]
    return timedelta(hours=hour, seconds=rng.randrange(3600))


def whole(board: str, at: datetime) -> datetime:
    """``at`` as ``board`` can show it: 人民网 shows whole minutes, the forums seconds."""
    return at.replace(second=0, microsecond=0) if board == "people" else at.replace(microsecond=0)
