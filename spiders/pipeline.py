"""Puts what a spider read into the store, a thread at a time: a killed crawl keeps what it had.

Pages as received are kept where they can bear on a verdict: the first read of a post, and every read of a thread that has
a ticket or may still get one. Of the others (news, chat, what a clerk rejected) the words are kept and the pages are not.
"""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from data.records import Thread
from data.store import Store
from spiders.hold import Lost
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
            try:
                self._keep(spider, spider.store, item)
            except Lost:
                raise DropItem("another reads this board") from None  # Scrapy would log the post with the error
        return item

    def _keep(self, spider: BoardSpider, store: Store, item: ReadThread) -> None:
        threads = store.threads
        with spider.writing(store):
            bears = threads.evident(item.post.board, item.post.thread)
            threads.save(Thread(item.post, item.replies), item.read, item.pages if bears else ())
