"""What an office system says of the tickets it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Word:
    """The state of one ticket over there. ``updated`` is their time as they wrote it, ``at`` as it was understood."""

    ticket: str  # our number
    status: str
    updated: str
    at: datetime | None
    note: str = ""
    agency: str = ""
    office_id: str = ""
    verdict: str = ""  # what they found of the answer in the thread; a name of data.records.VerdictName

    def kept(self) -> str:
        """As it is kept while it waits; ``again`` reads it back."""
        return json.dumps({**asdict(self), "at": self.at and self.at.isoformat()}, ensure_ascii=False)


def again(text: str) -> Word:
    """The inverse of ``Word.kept``."""
    fields = json.loads(text)
    return Word(**{**fields, "at": datetime.fromisoformat(fields["at"]) if fields["at"] else None})


@dataclass(frozen=True, slots=True)
class Words:
    """A batch of them, sentences about what could not be understood, and what to do once they are kept."""

    words: tuple[Word, ...]
    problems: tuple[str, ...] = ()
    kept: Callable[[], None] = lambda: None


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Their time; one without a zone is the city's own, one that cannot be read is None."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        from spiders.text import parse_time  # here, for it brings a parser of pages along

        try:
            return parse_time(text, zone, now)
        except ValueError:
            return None
    return found if found.tzinfo else found.replace(tzinfo=zone)
