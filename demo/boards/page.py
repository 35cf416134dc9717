"""What the forum softwares share: escaped text, pages of a list, times as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from markupsafe import escape

from demo.clock import CITY
from demo.thread import Thread

T = TypeVar("T")
FLOORS = ("楼主", "沙发", "板凳", "地板")


@dataclass(frozen=True, slots=True)
class Floor:
    """One post of a thread page: the first one or a reply."""

    id: int
    author: str | None
    at: datetime
    body: str
    number: int  # 0: the first post


def floors(thread: Thread, now: datetime) -> list[Floor]:
    """Everything the thread shows at ``now``, first post first."""
    first = Floor(int(thread.id) * 1000, thread.author, thread.posted_at, thread.body, 0)
    shown = enumerate(thread.shown(now), start=1)
    return [first, *(Floor(a.id, a.author, a.at, a.body, n) for n, a in shown)]


def slice_of(items: Sequence[T], page: int, size: int) -> tuple[Sequence[T], int, int]:
    """The items of ``page``, the page they are really from (past the end: the last), and how many pages there are."""
    pages = max(1, -(-len(items) // size))
    page = min(max(page, 1), pages)
    return items[(page - 1) * size : page * size], page, pages


def number(text: str | None, fallback: int = 1) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else fallback


def html(text: str) -> str:
    """``text`` as markup, its lines broken as forums do."""
    return str(escape(text)).replace("\n", "<br />\n")


def local(at: datetime) -> datetime:
    return at.astimezone(CITY)


def last_post(thread: Thread, now: datetime) -> tuple[datetime, str | None]:
    """When the last post of the thread was written, and by whom."""
    shown = thread.shown(now)
    return (shown[-1].at, shown[-1].author) if shown else (thread.posted_at, thread.author)
