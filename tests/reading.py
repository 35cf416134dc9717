"""A small forum, a store, and crawls of the one into the other at set times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data.city import CrawlTable
from data.records import BoardHealth
from data.store import Store
from spiders.crawl import crawl
from tests.forum import Forum

NOW = datetime(2011, 7, 25, 4, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PACE = CrawlTable(delay=0, autothrottle=False, timeout=2, page_bytes=1_000_000)


@dataclass
class Small:
    """The forum and what is kept of it."""

    forum: Forum
    store: Store

    def read(
        self, after: timedelta = timedelta(), wanted: tuple[str, ...] = (), pace: CrawlTable = PACE, **entry: Any
    ) -> BoardHealth:
        """Crawl it ``after`` so long; the addresses asked for are counted anew."""
        self.forum.asked.clear()
        self.forum.answered.clear()
        [health] = crawl(self.store, [self.forum.board(**entry)], pace, lambda: NOW + after, {"small": wanted})
        return health


@contextmanager
def small(folder: Path) -> Iterator[Small]:
    made = Small(Forum(), Store(folder / "s.db"))
    yield made
    made.forum.server.shutdown()
    made.forum.server.server_close()
    made.store.close()
