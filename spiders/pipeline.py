"""Puts what a spider read into the store, a thread at a time: a killed crawl keeps what it had."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from data.records import Thread
from spiders.spider import BoardSpider, ReadThread


class StorePipeline:
    """Active when the spider was given a store; ``scrapy crawl`` alone only yields items."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: ReadThread) -> ReadThread:
        spider = self.crawler.spider
        if isinstance(spider, BoardSpider) and spider.store is not None:
            with spider.store.transaction():
                spider.store.threads.save(Thread(item.post, item.replies), item.read, item.pages)
        return item
