"""Crawl these boards now and return what was found: one reactor per process, called any number of times."""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings

from data.city import CrawlTable
from data.records import BoardHealth
from data.reference import Board
from data.store import Store
from spiders import settings as defaults
from spiders.hold import RENEWED, Hold
from spiders.loader import spider_for
from spiders.spider import BoardSpider

_starting = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def crawl(
    store: Store,
    boards: Sequence[Board],
    pace: CrawlTable,
    clock: Callable[[], datetime],
    wanted: Mapping[str, Iterable[str]] | None = None,
    back_to: Mapping[str, datetime] | None = None,
    holds: Mapping[str, Hold] | None = None,
) -> list[BoardHealth]:
    """Read ``boards`` side by side into ``store``; ``wanted`` (board -> threads) are read whatever the lists say.

    Returns each board's health, which is in the store too. The store must not be used elsewhere meanwhile.
    ``holds`` (board -> the right to read it) are kept meanwhile and let go at the end; a board whose reading they ended
    has no health of this read.
    """
    if not boards:
        return []
    wanted, back_to, holds = wanted or {}, back_to or {}, holds or {}
    arguments = [
        {
            "store": store,
            "clock": clock,
            "threads": tuple(wanted.get(b.slug, ())),
            "back_to": back_to.get(b.slug),
            "days_back": pace.days_back,
            "most_pages": pace.pages_per_section,
            "most_thread_pages": pace.pages_per_thread,
            "hold": holds.get(b.slug),
        }
        for b in boards
    ]
    work = _crawl(boards, arguments, _settings(pace))
    with store.hurried():
        spiders = asyncio.run_coroutine_threadsafe(work, _reactor()).result()
    stopped = {slug for slug, hold in holds.items() if hold.over}
    return [
        _keep(store, board, spider, clock())
        for board, spider in zip(boards, spiders, strict=True)
        if board.slug not in stopped
    ]


async def _crawl(
    boards: Sequence[Board], arguments: Sequence[Mapping[str, Any]], settings: Settings
) -> list[BoardSpider | None]:
    runner = AsyncCrawlerRunner(settings)
    crawlers: list[Crawler] = [runner.create_crawler(spider_for(board)) for board in boards]
    turns = [runner.crawl(crawler, **given) for crawler, given in zip(crawlers, arguments, strict=True)]
    held = [(c, given["hold"]) for c, given in zip(crawlers, arguments, strict=True) if given["hold"]]
    renewing = asyncio.ensure_future(_renew(held)) if held else None
    ends = await asyncio.gather(*turns, return_exceptions=True)
    if renewing:
        renewing.cancel()
    for crawler, hold in held:
        hold.let_go(_pause(crawler))
    spiders = [c.spider if isinstance(c.spider, BoardSpider) else None for c in crawlers]
    for spider, end in zip(spiders, ends, strict=True):
        if spider is not None and isinstance(end, BaseException):
            spider.health.broke(end)
    return spiders


async def _renew(held: Sequence[tuple[Crawler, Hold]]) -> None:
    """Keep the holds while the boards are read; one that is lost, or to be given up, ends its reading."""
    while True:
        await asyncio.sleep(RENEWED)
        for crawler, hold in held:
            if crawler.crawling and not hold.renew(_pause(crawler)):
                await crawler.stop_async()


def _pause(crawler: Crawler) -> float:
    """Seconds between two requests to the board as AutoThrottle has them by now."""
    slots = crawler.engine.downloader.slots.values() if crawler.engine else ()
    return max((slot.delay for slot in slots), default=0.0)


def _keep(store: Store, board: Board, spider: BoardSpider | None, now: datetime) -> BoardHealth:
    before = store.threads.health(board.slug)
    if spider is None:
        health = BoardHealth(board.slug, now, failures=("爬虫没有启动；请核对 boards.toml 里的这一条",), ok=False)
    else:
        health = spider.health.record(now, before)
    with store.transaction():
        store.threads.save_health(health)
    return health


def _settings(pace: CrawlTable) -> Settings:
    settings = Settings()
    settings.setmodule(defaults)
    settings.setdict(
        {
            "USER_AGENT": pace.user_agent,
            "DOWNLOAD_DELAY": pace.delay,
            "AUTOTHROTTLE_ENABLED": pace.autothrottle,
            "AUTOTHROTTLE_START_DELAY": pace.delay,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1 if pace.delay else 8,
            "CONCURRENT_REQUESTS": 2
            if pace.delay
            else 16,  # what waits for its turn when told to end is still asked for
            "DOWNLOAD_TIMEOUT": pace.timeout,
            "DOWNLOAD_MAXSIZE": pace.page_bytes,
            "CLOSESPIDER_TIMEOUT": pace.minutes * 60,
        },
        priority="cmdline",
    )
    return settings


def _reactor() -> asyncio.AbstractEventLoop:
    """The event loop of the process's one reactor, started in a thread of its own at the first call."""
    global _loop
    with _starting:
        if _loop is None:
            started = threading.Event()
            loop = asyncio.new_event_loop()
            threading.Thread(target=_run_reactor, args=(loop, started), name="reactor", daemon=True).start()
            started.wait()
            _loop = loop
    return _loop


def _run_reactor(loop: asyncio.AbstractEventLoop, started: threading.Event) -> None:
    from twisted.internet import asyncioreactor

    logging.getLogger("scrapy").setLevel(logging.ERROR)  # the board's health says what staff need to know
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    reactor: Any = importlib.import_module("twisted.internet.reactor")  # exists only once installed
    reactor.callWhenRunning(started.set)
    reactor.run(installSignalHandlers=False)
