"""Tells Scrapy of a spider for each board in the city's reference (the shipped one outside a city)."""

from __future__ import annotations

import builtins
from functools import cached_property
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.settings import BaseSettings

from data.city import CityError, find, open_city
from data.reference import Board, load
from spiders.spider import BoardSpider


class BoardLoader:
    """``scrapy list`` and ``scrapy crawl NAME`` for boards.toml: a board of a known engine needs no code."""

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls()

    @cached_property
    def boards(self) -> dict[str, Board]:
        """Read when Scrapy asks for a spider by name; a crawl that brings its own spiders never does."""
        try:
            boards = open_city(find()).reference().boards
        except CityError:
            boards = load().boards
        return {b.slug: b for b in boards}

    def load(self, spider_name: str) -> type[Spider]:
        if spider_name not in self.boards:
            raise KeyError(f"没有论坛 {spider_name}；有：{'、'.join(self.boards)}")
        return spider_for(self.boards[spider_name])

    def list(self) -> list[str]:
        return sorted(self.boards)

    def find_by_request(self, request: Request) -> builtins.list[str]:
        return [slug for slug, board in self.boards.items() if request.url.startswith(board.url)]


def spider_for(board: Board) -> type[BoardSpider]:
    """The spider class of one board."""
    attributes: dict[str, Any] = {"name": board.slug, "board": board}
    return type(f"{board.slug.title()}Spider", (BoardSpider,), attributes)
