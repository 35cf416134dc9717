"""What comes in on which day of the year: contacts, requests by source and hour, a rainstorm and a salt panic."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import chinese_calendar

from demo.chance import stream
from demo.clock import CITY
from demo.matters import Library, Matter, read
from demo.plot import RHYTHM, Arrival, whole

FIRST = date(2011, 1, 1)
DAYS = 365
# Of a whole year: contacts of every sort, those answered, those that were about something, and the requests for units.
CONTACTS, ANSWERED, VALID, REQUESTS, IN_HAND = 1_076_496, 923_052, 287_607, 118_414, 612
BOARDS = {"lyw": 22, "lyxxg": 14, "dahe": 8, "people": 6}
CHANNELS = {"电话": 42, "来信": 3, "微博": 5}  # no thread to watch
CALLS = "import"  # stands where a post names its board
CHATTER = 0.25  # threads that ask for nothing, beside each that does
STORM_DAY, STORM_HOURS, TREES, OTHERS = date(2011, 7, 25), (17, 21), 180, 90
SALT_DAYS, SALT_HOURS, SALT = (date(2011, 3, 17), date(2011, 3, 18)), (8, 22), 106
MONTHS = (0.86, 0.84, 0.98, 1.0, 1.02, 1.08, 1.14, 1.12, 1.02, 0.98, 0.98, 0.98)
WEEK = (1.12, 1.06, 1.02, 1.0, 0.98, 0.8, 0.76)
HOLIDAY = 0.6
SALT_MATTERS = Path(__file__).with_name("texts.toml")


@dataclass(frozen=True, slots=True)
class Day:
    """The counts of one day, as the office would write them into its table."""

    day: date
    contacts: int
    answered: int
    valid: int
    requests: int


@dataclass(frozen=True, slots=True)
class Coming:
    """One post or, by a ``channel``, one call or letter."""

    arrival: Arrival
    channel: str = ""


class Plan:
    """``scale`` of the year's volume over its first ``days``; the same seed plans the same year."""

    def __init__(self, seed: int, scale: float, days: int, library: Library) -> None:
        self.seed, self.library = seed, library
        self.salt = read(SALT_MATTERS)
        dates = [FIRST + timedelta(days=n) for n in range(DAYS)]
        weights = [_weight(day) * stream(seed, "day", day).gammavariate(60, 1 / 60) for day in dates]
        special = {day: self._special(day, scale) for day in dates}
        ordinary = spread(round(REQUESTS * scale) - sum(map(sum, special.values())), weights)
        totals = [spread(round(total * scale), weights) for total in (CONTACTS, ANSWERED, VALID)]
        every = zip(dates, *totals, ordinary, strict=True)
        self.days = [Day(day, c, a, v, r + sum(special[day])) for day, c, a, v, r in every][:days]
        self._ordinary = dict(zip(dates, ordinary, strict=True))
        self._special_of = special

    @property
    def requests(self) -> int:
        return sum(day.requests for day in self.days)

    @staticmethod
    def _special(day: date, scale: float) -> tuple[int, int, int]:
        """Fallen trees, the rest of the storm, and complaints of salt."""
        storm = day == STORM_DAY
        salt = round(SALT * scale / len(SALT_DAYS)) if day in SALT_DAYS else 0
        return (round(TREES * scale) if storm else 0, round(OTHERS * scale) if storm else 0, salt)

    def arrivals(self, day: Day) -> list[Coming]:
        """Everything of one day, oldest first."""
        rng = stream(self.seed, "arrivals", day.day)
        found = [*self._requests(day.day, rng), *self._chatter(day.day, rng)]
        return sorted(found, key=lambda c: (c.arrival.at, c.arrival.number))

    def _requests(self, day: date, rng: random.Random) -> Iterator[Coming]:
        ordinary, weights = self.library.ordinary, [m.weight for m in self.library.ordinary]
        for n, matter in enumerate(rng.choices(ordinary, weights, k=self._ordinary[day])):
            yield self._arrival(f"{day}-{n}", {**BOARDS, **CHANNELS}, day, (0, 24), matter, rng)
        trees, others, salt = self._special_of[day]
        fallen, rest = self.library.storm[:1], self.library.storm[1:]
        for kind, count, matters, hours in (
            ("tree", trees, fallen, STORM_HOURS),
            ("storm", others, rest, STORM_HOURS),
            ("salt", salt, self.salt, SALT_HOURS),
        ):
            for n in range(count):
                sources = {**BOARDS, **CHANNELS}
                yield self._arrival(f"{day}-{kind}-{n}", sources, day, hours, rng.choice(matters), rng)

    def _chatter(self, day: date, rng: random.Random) -> Iterator[Coming]:
        """人民网 takes in requests only."""
        forums = {slug: share for slug, share in BOARDS.items() if slug != "people"}
        others, weights = self.library.others, [m.weight for m in self.library.others]
        share = CHATTER * sum(forums.values()) / sum((*BOARDS.values(), *CHANNELS.values()))
        for n, matter in enumerate(rng.choices(others, weights, k=round(self._ordinary[day] * share))):
            yield self._arrival(f"{day}-chat-{n}", forums, day, (0, 24), matter, rng)

    @staticmethod
    def _arrival(
        number: str, sources: dict[str, int], day: date, hours: tuple[int, int], matter: Matter, rng: random.Random
    ) -> Coming:
        source = rng.choices(list(sources), list(sources.values()))[0]
        open_hours = range(*hours)
        hour = rng.choices(open_hours, [RHYTHM[h] for h in open_hours])[0]
        at = datetime.combine(day, time(hour), CITY) + timedelta(seconds=rng.randrange(3600))
        board = source if source in BOARDS else CALLS
        return Coming(
            Arrival(number, board, whole(board, at.astimezone(UTC)), matter), "" if board == source else source
        )


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """``total`` in whole parts as near to ``weights`` as can be (largest remainders), summing to it exactly."""
    share = total / sum(weights)
    parts = [int(w * share) for w in weights]
    left = sorted(range(len(weights)), key=lambda i: (parts[i] - weights[i] * share, i))
    for i in left[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _weight(day: date) -> float:
    holiday = chinese_calendar.is_holiday(day) and day.weekday() < 5
    return MONTHS[day.month - 1] * (HOLIDAY if holiday else WEEK[day.weekday()])
