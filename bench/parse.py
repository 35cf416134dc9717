"""Parsing a full thread page, with every field, against ``lxml.html.fromstring`` of the same bytes in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import lxml.html

from bench.forum import START, thread_page
from bench.phpwind_page import phpwind_page
from data.reference import Board, Section
from spiders import engines
from spiders.pages import Page

GOAL = 3.0
SAVED = Path(__file__).parent.parent / "tests" / "pages"


def main(quick: bool = True) -> None:
    """Print milliseconds of both and the ratio, for pages of true size and the saved ones of the tests."""
    turns = 40 if quick else 200
    print(f"{'page':44}{'KB':>6}{'posts':>7}{'lxml ms':>9}{'ours ms':>9}{'ratio':>7}   (goal: at most {GOAL:.0f})")
    _line("discuz, made, true size", "discuz", thread_page(7).encode(), turns)
    _line("phpwind, made, true size", "phpwind", phpwind_page(7), turns)
    for name in (
        "discuz/thread_first_page.html",
        "phpwind/thread_first_page.html",
        "people/thread_answered_and_rated.html",
    ):
        if (SAVED / name).exists():
            _line(f"{name} (small: fixed costs)", name.partition("/")[0], (SAVED / name).read_bytes(), turns)


def _line(label: str, engine: str, body: bytes, turns: int) -> None:
    board = Board(slug="b", name="b", engine=engine, url="http://b.test/", sections=(Section(id="2", name="b"),))
    page = Page("http://b.test/threads/content?tid=7", 200, {}, body, START)
    reader = engines.get(engine)
    posts = 1 + len(reader.read_thread(page, board).replies)
    raw, ours = _best(lambda: lxml.html.fromstring(body), lambda: reader.read_thread(page, board), turns)
    print(f"{label:44}{len(body) / 1024:6.0f}{posts:7}{raw:9.2f}{ours:9.2f}{ours / raw:7.2f}")


def _best(one: Callable[[], object], other: Callable[[], object], turns: int) -> tuple[float, float]:
    """Milliseconds of each, the best of ``turns``, in alternation so that the machine's other work falls on both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for work, kept in zip((one, other), times, strict=True):
            began = time.perf_counter()
            work()
            kept.append(time.perf_counter() - began)
    return min(times[0]) * 1000, min(times[1]) * 1000
