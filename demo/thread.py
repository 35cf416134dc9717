"""A thread of the make-believe city: what is shown, and the truth that is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from data.records import Kind, Urgency


class Voice(StrEnum):
    """Who speaks in a reply."""

    CITIZEN = "citizen"
    UNIT = "unit"
    OFFICE = "office"
    OTHER_UNIT = "other-unit"
    LOOK_ALIKE = "look-alike"


class Fate(StrEnum):
    """What is to become of a thread; most are ordinary and their own chance decides."""

    ORDINARY = "ordinary"
    OLD = "old"  # written, and answered if it asked for something, before the story begins
    SPONTANEOUS = "spontaneous"  # the unit answers before anything was filed
    EXACT = "exact"  # answered 4 h 00 min 00 s after filing
    EXACT_AFTER = "exact-after"  # answered one second later than that
    LOOK_ALIKE_ONLY = "look-alike-only"
    OFFICE_ONLY = "office-only"
    OTHER_UNIT_ONLY = "other-unit-only"
    DELETED = "deleted"  # between filing and due, unanswered
    DELETED_UNSEEN = "deleted-unseen"  # while the board is down, its due in between
    LOGIN = "login"  # for members only from before its due


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as the board shows it from ``at`` on; ``meets``: by intent it stops the unit's clock."""

    id: int
    author: str | None
    at: datetime
    body: str
    voice: Voice = Voice.CITIZEN
    meets: bool = False
    holding: bool = False


@dataclass(slots=True)
class Thread:
    """A citizen's thread. ``unit`` is the one responsible; a post that asks for nothing has kind None."""

    board: str
    section: str
    id: str
    title: str
    body: str
    author: str | None
    posted_at: datetime
    matter: str
    is_request: bool = False
    emergency: bool = False
    ring: str = ""
    kind: Kind | None = None
    category: str = ""
    unit: str = ""
    urgency: Urgency = Urgency.DAYS
    days: int = 0
    contact: str = ""
    district: str = ""
    views: int = 0
    pinned: bool = False
    fate: Fate = Fate.ORDINARY
    answers: tuple[Answer, ...] = ()
    filed_at: datetime | None = None  # when the office system acknowledged the filing
    office_id: str = ""
    due_at: datetime | None = None
    noticed_at: datetime | None = None
    deleted_at: datetime | None = None
    login_from: datetime | None = None
    seen_by_clerk: datetime | None = field(default=None)  # from when on the clerk decides about it

    @property
    def key(self) -> str:
        return f"{self.board}/{self.id}"

    @property
    def is_filed(self) -> bool:
        return self.filed_at is not None

    def is_readable(self, now: datetime) -> bool:
        """Shown to a guest at ``now`` (if the board is up)."""
        return self.is_listed(now) and not (self.login_from and now >= self.login_from)

    def is_listed(self, now: datetime) -> bool:
        return self.posted_at <= now and not (self.deleted_at and now >= self.deleted_at)

    def shown(self, now: datetime) -> tuple[Answer, ...]:
        """The replies on the page at ``now``, oldest first."""
        return tuple(a for a in self.answers if a.at <= now)

    def add(self, *answers: Answer) -> None:
        self.answers = tuple(sorted((*self.answers, *answers), key=lambda a: (a.at, a.id)))

    def next_id(self) -> int:
        """A reply id of its own; the first post has the thread's id times 1000."""
        return int(self.id) * 1000 + len(self.answers) + 1
