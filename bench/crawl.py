"""A crawl into the store against a bare Scrapy spider that only yields dictionaries, of the same server in the same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import Response
from scrapy.settings import Settings

from bench.forum import START, serving
from data.city import CrawlTable
from data.reference import Board, Section
from data.store import Store
from spiders import crawl as ours

GOAL = 0.8
PACE = CrawlTable(delay=0, autothrottle=False, timeout=30, pages_per_section=1000)


class Bare(Spider):
    """What a Scrapy user would write in ten minutes: follows the list, yields a dictionary a post, keeps nothing."""

    name = "bare"
    start: Any
    url = ""
    pages = 0

    async def start(self) -> Any:  # type: ignore[no-redef]
        yield Request(f"{self.url}forum.php?mod=forumdisplay&fid=2", self.on_list)

    def on_list(self, response: Response) -> Iterator[Request]:
        self.pages += 1
        for link in response.css("a.xst::attr(href)").getall():
            yield response.follow(link, self.on_thread)
        if following := response.css(".pg a.nxt::attr(href)").get():
            yield response.follow(following, self.on_list)

    def on_thread(self, response: Response) -> Iterator[dict[str, Any]]:
        self.pages += 1
        title = response.css("#thread_subject::text").get()
        for post in response.css("#postlist > div[id^=post_]"):
            yield {
                "title": title,
                "id": post.attrib["id"],
                "author": post.css(".authi a.xw1::text").get(),
                "at": post.css("em[id^=authorposton]::text").get(),
                "body": "".join(post.css("td.t_f ::text").getall()).strip(),
            }


def main(quick: bool = True) -> None:
    """Print pages a second of both, best of the turns, by the clock and by the processor (which other work disturbs less)."""
    threads, turns = (300, 3) if quick else (2_000, 3)
    ways = {"bare Scrapy, dictionaries only": _bare, "liandong, into the store": _kept}
    clock: dict[str, list[float]] = {label: [] for label in ways}
    processor: dict[str, list[float]] = {label: [] for label in ways}
    with serving(threads) as url:
        for _ in range(turns):
            for label, work in ways.items():
                began, busy = time.perf_counter(), time.process_time()
                read = work(url, threads)
                assert read >= threads + -(-threads // 50), f"{label}: {read} pages"
                clock[label].append(read / (time.perf_counter() - began))
                processor[label].append(read / (time.process_time() - busy))
    bare = next(iter(ways))
    print(f"{'pages a second':36}{'clock':>8}{'ratio':>8}{'processor':>12}{'ratio':>8}   (goal: at least {GOAL})")
    for label in ways:
        by_clock, by_processor = max(clock[label]), max(processor[label])
        ratios = by_clock / max(clock[bare]), by_processor / max(processor[bare])
        print(f"{label:36}{by_clock:8.0f}{ratios[0]:8.2f}{by_processor:12.0f}{ratios[1]:8.2f}")


def _bare(url: str, threads: int) -> int:
    settings = Settings({"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 8})
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(Bare)

    async def work() -> None:
        await runner.crawl(crawler, url=url)

    asyncio.run_coroutine_threadsafe(work(), ours._reactor()).result()
    return int(getattr(crawler.spider, "pages", 0))


def _kept(url: str, threads: int) -> int:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "bench.db")
        board = Board(slug="b", name="b", engine="discuz", url=url, sections=(Section(id="2", name="民声"),))
        [health] = ours.crawl(store, [board], PACE, lambda: START + timedelta(minutes=1))
        assert health.ok, health.failures
        assert store.threads.count() == threads
        store.close()
    return health.pages
