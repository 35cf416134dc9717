"""Puts what a spider read into the store, a thread at a time: a killed crawl keeps what it had."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from data.records import Thread
from data.store import Store
from spiders.spider import ReadThread


class StorePipeline:
    """Active when the crawl was given a store (setting ``LIANDONG_STORE``); ``scrapy crawl`` alone only yields items."""

    def __init__(self, store: Store | None) -> None:
        self.store = store

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.get("LIANDONG_STORE"))

    def process_item(self, item: ReadThread) -> ReadThread:
        if self.store is not None:
            with self.store.transaction():
                self.store.threads.save(Thread(item.post, item.replies), item.read, item.pages)
        return item
