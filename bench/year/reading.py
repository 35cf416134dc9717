"""The crawl of the replay: what lists and watched threads ask for, read by the real engines into the real store.

It stands in for ``spiders.crawl.crawl``, without Scrapy and sockets in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from bench.year.outside import Outside
from data.city import CrawlTable
from data.records import BoardHealth, ListRow, Read, ReadOutcome, Reply, Snapshot, Thread
from data.reference import Board
from data.store import Store
from data.store.threads import snapshot
from demo.boards.page import last_post
from spiders import engines
from spiders.health import Health


class Reader:
    """Reads the boards of ``outside``; ``on_page`` is told of every page that was parsed."""

    def __init__(self, outside: Outside, on_page: Callable[[str, bytes], None] = lambda engine, body: None) -> None:
        self.outside, self.on_page = outside, on_page
        self.pages = 0

    def crawl(
        self,
        store: Store,
        boards: Sequence[Board],
        pace: CrawlTable,
        clock: Callable[[], datetime],
        wanted: Mapping[str, Iterable[str]] | None = None,
        back_to: Mapping[str, datetime] | None = None,
    ) -> list[BoardHealth]:
        """As ``spiders.crawl.crawl``: the threads whose list row changed, and those that are due."""
        with self.outside.apart():
            changed: dict[str, list[str]] = defaultdict(list)
            for slug, thread in self.outside.world.changed(clock()):
                changed[slug].append(thread)
        due = wanted or {}
        with store.hurried():
            return [self._board(store, b, changed[b.slug], due.get(b.slug, ()), clock()) for b in boards]

    def _board(
        self, store: Store, board: Board, changed: Sequence[str], wanted: Iterable[str], now: datetime
    ) -> BoardHealth:
        health = Health(board.slug, pages=1)  # the list itself
        with self.outside.apart():
            rows = [self._row(board.slug, thread, now) for thread in changed]
        with store.transaction():
            if rows:
                store.threads.listed(board.slug, board.sections[0].id, rows, now)
        for thread in dict.fromkeys((*wanted, *changed)):
            self._thread(store, board, thread, health)
        kept = health.record(now, store.threads.health(board.slug))
        with store.transaction():
            store.threads.save_health(kept)
        return kept

    def _row(self, board: str, id: str, now: datetime) -> ListRow:
        thread = self.outside.world.thread(board, id)
        assert thread is not None
        return ListRow(
            id, thread.title, thread.author, thread.posted_at, last_post(thread, now)[0], len(thread.shown(now))
        )

    def _thread(self, store: Store, board: Board, thread: str, health: Health) -> None:
        """Every page of a thread, then the record, as the spider and its pipeline do."""
        engine = engines.get(board.engine)
        ask, post, pages = engine.thread_ask(board, thread), None, list[Snapshot]()
        replies: dict[str, Reply] = {}
        while True:
            page = self.outside.page(board.slug, ask)
            self.on_page(board.engine, page.body)
            found = engine.read_thread(page, board)
            post = post or found.post
            replies.update({r.id: r for r in found.replies})
            pages.append(snapshot(board.slug, thread, page.url, page.received_at, page.status, page.body))
            if found.next is None:
                break
            ask = found.next
        assert post is not None
        self.pages += len(pages)
        health.pages, health.threads, health.replies = (
            health.pages + len(pages), health.threads + 1, health.replies + len(replies)
        )  # fmt: skip
        read = Read(board.slug, thread, page.received_at, ReadOutcome.OK, True, page.status, len(pages), "")
        with store.transaction():
            bears = store.threads.evident(board.slug, thread)
            store.threads.save(Thread(post, tuple(replies.values())), read, pages if bears else ())
