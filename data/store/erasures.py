"""What was erased because it was kept long enough, as the hash chain says it."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data.records import Snapshot

RECORDS, THREAD = "", "retention"  # where in the chain the erasures are written down: on no board
RULES: Mapping[str, str] = {"contacts": "联系方式", "text": "帖子内容", "pages": "网页快照"}
Ranges = tuple[tuple[int, int], ...]  # of ids, both ends included


@dataclass(frozen=True, slots=True)
class Erasure:
    """What one rule erased at one time: so many posts, or the pages with these ids."""

    at: datetime
    rule: str  # a key of RULES
    days: int  # as the settings had it
    by: str
    count: int
    pages: Ranges = ()

    @property
    def body(self) -> bytes:
        """As it stands in the chain."""
        said = {"rule": self.rule, "days": self.days, "by": self.by, "count": self.count, "pages": self.pages}
        return json.dumps(said, ensure_ascii=False).encode()

    @property
    def oldest_kept(self) -> datetime:
        """Nothing younger may be gone by this."""
        return self.at - timedelta(days=self.days)

    def names(self, snapshot: int) -> bool:
        """Is this one of its pages?"""
        at = bisect_right(self.pages, snapshot, key=lambda r: r[0])
        return at > 0 and snapshot <= self.pages[at - 1][1]


def erasure(page: Snapshot) -> Erasure | None:
    """What a page of the chain says was erased; None where it is a page like any other, or says nothing sensible."""
    if (page.board, page.thread) != (RECORDS, THREAD):
        return None
    try:
        said: dict[str, Any] = json.loads(page.body)
        pages = tuple((int(first), int(last)) for first, last in said["pages"])
        return Erasure(page.at, str(said["rule"]), int(said["days"]), str(said["by"]), int(said["count"]), pages)
    except (ValueError, TypeError, LookupError):
        return None


def ranges(ids: Iterable[int]) -> Ranges:
    """``1 2 3 7`` as ``(1, 3) (7, 7)``."""
    found: list[list[int]] = []
    for number in sorted(ids):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return tuple((first, last) for first, last in found)
