"""What the office system and the SMS gateway took in, kept by the city to judge the product by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Filing:
    """A request the office system accepted, whether or not its client came to know."""

    key: str
    office_id: str
    board: str
    thread: str
    unit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message the SMS gateway accepted. ``answered``: its client was told so; ``thread`` when it names one."""

    to: str
    text: str
    at: datetime
    answered: bool
    thread: str | None


@dataclass(slots=True)
class Ledger:
    """Everything that came in, in order, and how often the same came twice."""

    filings: list[Filing] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def filed_twice(self) -> int:
        """Accepted filings beyond the first of each thread."""
        return _beyond_first([(f.board, f.thread) for f in self.filings])

    @property
    def sent_twice(self) -> int:
        """Accepted messages beyond the first with the same receiver and text."""
        return _beyond_first([(m.to, m.text) for m in self.messages])


def _beyond_first(keys: list[tuple[str, str]]) -> int:
    return sum(n - 1 for n in Counter(keys).values())
