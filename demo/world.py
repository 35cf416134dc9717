"""The make-believe city itself: what stands on its boards at any moment, and how its people react to being asked.

The number and order of requests to it change nothing: every thread has its own chance, and the only things that move
the story are the clock, a filing the office system acknowledged, and a notice the SMS gateway accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from threading import RLock

from data.reference import Reference
from demo import matters, scenes
from demo.behaviour import People
from demo.chance import stream
from demo.clock import CITY, START, SteppedClock
from demo.ledger import Ledger
from demo.plot import Arrival, arrivals, whole
from demo.thread import Thread
from demo.writing import Writer, author

DOWN_BOARD, DOWN_HOURS = "lyxxg", (6, 8)
REPLY_HOURS = 4.0
FIRST_IDS = {"people": 5_120_400, "lyw": 318_200, "lyxxg": 1_604_300, "dahe": 7_340_100}
_TID = re.compile(r"(?:tid[=-]|thread-)(\d{1,12})")
_URL = re.compile(r"https?://[^\s<>\"'，。；）】]{1,400}")


class World:
    """Everything true about the city; ``addresses`` (board slug to URL) is filled in once the boards are served."""

    def __init__(
        self,
        seed: int,
        reference: Reference,
        clock: SteppedClock,
        start: datetime = START,
        hours: int = 36,
    ) -> None:
        self.seed, self.reference, self.clock, self.start, self.hours = seed, reference, clock, start, hours
        self.addresses: dict[str, str] = {}
        self.ledger = Ledger()
        self.version = 0  # grows with every change of the story; pages may be kept while it stands
        self.library = matters.load(reference)
        families = {slug: m.answers for slug, m in self.library.asked.items()}
        self.people = People(reference, self.library.phrases, families)
        self.down_from, self.down_until = (start + timedelta(hours=h) for h in DOWN_HOURS)
        self._lock = RLock()
        self._threads: dict[tuple[str, str], Thread] = {}
        self._build()

    @property
    def threads(self) -> tuple[Thread, ...]:
        """Every thread of the story, oldest first, announcements apart."""
        return tuple(t for t in self._threads.values() if not t.pinned)

    def thread(self, board: str, id: str) -> Thread | None:
        return self._threads.get((board, id))

    def pinned(self, board: str) -> tuple[Thread, ...]:
        """The sticky announcements of a board: old, asking nothing, and not part of the story."""
        return tuple(t for t in self._threads.values() if t.pinned and t.board == board)

    def listed(self, board: str, section: str, now: datetime) -> Iterator[Thread]:
        """The threads a section lists at ``now``, announcements apart."""
        return (t for t in self.threads if (t.board, t.section) == (board, section) and t.is_listed(now))

    def is_down(self, board: str, now: datetime) -> bool:
        return board == DOWN_BOARD and self.down_from <= now < self.down_until

    def find(self, text: str) -> Thread | None:
        """The first thread whose URL stands in ``text``."""
        for url in _URL.findall(text):
            board = next((b for b, base in self.addresses.items() if url.startswith(base)), None)
            tid = _TID.search(url)
            if board and tid and (board, tid[1]) in self._threads:
                return self._threads[board, tid[1]]
        return None

    def plain(self, text: str) -> str:
        """``text`` with the boards' slugs for their addresses, whose ports are never the same twice."""
        for board, address in self.addresses.items():
            text = text.replace(address, f"{board}:")
        return text

    def acknowledged(self, board: str, thread: str, office_id: str, at: datetime) -> None:
        """The office system has told its client that the thread is filed; only the first time counts."""
        with self._lock:
            found = self._threads[board, thread]
            if found.filed_at is None:
                found.filed_at, found.office_id = at, office_id
                hours = self.reference.unit[found.unit].reply_hours if found.unit else None
                found.due_at = at + timedelta(hours=hours or REPLY_HOURS)
                scenes.after_filing(self, found, stream(self.seed, found.key, "filed"))
                self.version += 1

    def noticed(self, to: str, text: str, at: datetime) -> Thread | None:
        """The SMS gateway has taken a message: the unit of the thread it names begins to act, once."""
        with self._lock:
            found = self.find(text)
            if found is not None and found.noticed_at is None and found.is_filed:
                found.noticed_at = at
                if found.is_request and not found.emergency:
                    self.people.react(found, stream(self.seed, found.key, "unit"), at)
                self.version += 1
            return found

    def _build(self) -> None:
        writer = Writer(self.reference)
        following = dict(FIRST_IDS)
        scenes.announce(self, self._threads)
        for arrival in arrivals(self.seed, self.library, self.start, self.hours):
            rng = stream(self.seed, arrival.number)
            following[arrival.board] += rng.randint(1, 40)
            found = self._written(arrival, str(following[arrival.board]), writer)
            self._threads[found.board, found.id] = found
        scenes.cast(self)
        for found in self.threads:
            rng = stream(self.seed, found.key, "crowd")
            self.people.crowd(found, rng)
            found.seen_by_clerk = self._clerk(found, rng)
            scenes.before_filing(self, found, rng)
        scenes.hostile(self)

    def _written(self, arrival: Arrival, id: str, writer: Writer) -> Thread:
        rng, matter = stream(self.seed, arrival.number, "words"), arrival.matter
        draft = writer.write(matter, rng)
        unit = self.reference.district[draft.district].unit if matter.unit == "district" else matter.unit
        day = arrival.at.astimezone(CITY).date()
        sections = self.reference.board[arrival.board].sections
        return Thread(
            board=arrival.board,
            section=rng.choice(sections).id if arrival.board == "people" else sections[0].id,
            id=id,
            title=draft.title,
            body=draft.body,
            author=author(arrival.board, rng),
            posted_at=whole(arrival.board, arrival.at),
            matter=matter.slug,
            is_request=matter.kind is not None,
            emergency=bool(matter.ring),
            ring=matter.ring,
            kind=draft.kind,
            category=draft.category,
            unit=self.reference.current(unit, day).slug if unit else "",
            urgency=matter.urgency,
            days=matter.days,
            contact=draft.contact,
            district=draft.district,
            views=rng.randint(9, 2400),
            fate=arrival.fate,
        )

    def _clerk(self, thread: Thread, rng: Random) -> datetime:
        """When the clerk comes to the post: 3 to 25 minutes after it by day, up to an hour at night."""
        night = not 7 <= thread.posted_at.astimezone(CITY).hour < 23
        return thread.posted_at + timedelta(seconds=rng.randint(600, 3600) if night else rng.randint(180, 1500))
