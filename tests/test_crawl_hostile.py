"""Boards that mean harm, over HTTP: time and memory are bounded, and the rest of the crawl is unharmed."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.records import ReadOutcome
from spiders.crawl import crawl
from tests.forum import Forum, bomb
from tests.reading import HOUR, MINUTE, NOW, PACE, Small, small

MEGABYTE = 1024  # ru_maxrss counts kilobytes


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as made:
        made.forum.write(1, NOW - HOUR)
        made.forum.write(2, NOW - HOUR)
        yield made


@pytest.mark.parametrize(
    ("how", "outcome", "says"),
    [
        ("big", ReadOutcome.TOO_LARGE, "过大"),
        ("huge", ReadOutcome.TOO_LARGE, "过大"),
        ("bomb", ReadOutcome.TOO_LARGE, "过大"),
        ("drip", ReadOutcome.UNREACHABLE, "限定时间"),
        ("away", ReadOutcome.MALFORMED, "转到了别的地址"),
        ("loop", ReadOutcome.MALFORMED, "转到了别的地址"),
    ],
)
def test_a_hostile_answer_costs_little_and_spoils_nothing_else(
    board: Small, how: str, outcome: ReadOutcome, says: str
) -> None:
    board.forum.broken["tid=1"] = how
    bomb()
    began, memory = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    health = board.read()
    assert time.monotonic() - began < 15
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 60 * MEGABYTE
    last = board.store.threads.reads("small", "1")[-1]
    assert last.outcome is outcome
    assert says in last.detail
    assert not health.ok
    assert board.store.threads.post("small", "2") is not None
    assert len([a for a in board.forum.asked if "tid=1" in a]) <= 2, "asked again once at most"


def test_a_meta_refresh_leads_nowhere(board: Small) -> None:
    refresh = '<html><head><meta http-equiv="refresh" content="0;url=/elsewhere"></head><body></body></html>'
    board.forum.broken["tid=1"] = refresh
    board.read()
    assert board.forum.read("elsewhere") == []


def test_robots_txt_that_leads_off_the_board_is_not_followed(board: Small) -> None:
    other = Forum()
    board.forum.broken["robots.txt"] = "away"
    board.read()
    assert other.asked == []
    assert board.store.threads.post("small", "2") is not None
    other.server.shutdown()
    other.server.server_close()


def test_a_list_that_never_ends_is_left_after_the_set_number_of_pages(board: Small) -> None:
    board.forum.broken["forumdisplay"] = "endless"
    health = board.read(pace=PACE.model_copy(update={"pages_per_section": 12}))
    assert len(board.forum.read("forumdisplay")) == 12
    assert any("翻了 12 页还没有翻完" in f for f in health.failures)


def test_a_thread_that_never_ends_is_left_after_the_set_number_of_pages_and_is_not_complete(board: Small) -> None:
    board.forum.broken["tid=1"] = "endless"
    board.read(pace=PACE.model_copy(update={"pages_per_thread": 15}))
    last = board.store.threads.reads("small", "1")[-1]
    assert (last.complete, last.pages) == (False, 15)
    assert "没有读完" in last.detail
    assert board.store.threads.reads("small", "2")[-1].complete


def test_a_thread_whose_pages_are_all_large_is_left_before_memory_is_full(
    board: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spiders.spider.MOST_BYTES", 20_000)
    board.forum.broken["tid=1"] = "endless"
    board.read()
    last = board.store.threads.reads("small", "1")[-1]
    assert not last.complete
    assert last.pages < 40


def test_a_thread_of_10_000_replies_is_read_whole(board: Small) -> None:
    board.forum.posts = 500
    topic = board.forum.topics[0]
    for _ in range(10_000):
        board.forum.answer(topic, NOW - HOUR + MINUTE, author="邻居", body="顶")
    began = time.monotonic()
    health = board.read()
    assert time.monotonic() - began < 60
    assert health.ok, health.failures
    assert len(board.store.threads.replies("small", "1")) == 10_000
    assert board.store.threads.reads("small", "1")[-1].complete


@pytest.mark.parametrize(
    ("spoil", "whole"),
    [
        (lambda text: text.replace("</td>", "").replace("</div>", ""), False),
        (lambda text: text.replace("第 0 楼", "第\x00 0 \x00楼"), True),
        (lambda text: text[: len(text) // 2], False),
        (lambda text: text.replace("<body>", "<body>" + "<b>" * 3_000), False),
        (lambda text: text.replace("第 0 楼", "<![CDATA[<!-- <script>" * 50), False),
    ],
    ids=["unclosed tags", "NUL bytes", "cut in half", "3,000 nested tags", "comments that never end"],
)
def test_broken_markup_is_read_or_refused_and_never_guessed(board: Small, spoil: object, whole: bool) -> None:
    board.forum.answer(board.forum.topics[0], NOW - MINUTE)
    page = board.forum.page

    def spoilt(path: str) -> tuple[int, str]:
        status, text = page(path)
        return status, spoil(text) if "tid=1" in path else text  # type: ignore[operator]

    board.forum.page = spoilt  # type: ignore[method-assign]
    board.read()
    last = board.store.threads.reads("small", "1")[-1]
    kept = board.store.threads.post("small", "1")
    if whole:
        assert kept is not None
        assert "\x00" not in kept.body
        assert kept.body == "第 0 楼说的话"
    if last.complete:
        assert kept is not None
        assert len(board.store.threads.replies("small", "1")) == 1, "complete, so nothing may be lost"
    assert board.store.threads.post("small", "2") is not None


def test_a_board_that_drips_for_ever_does_not_hold_the_others_up_beyond_the_runs_time(board: Small) -> None:
    slow = Forum()
    for n in range(1, 60):
        slow.write(n, NOW - n * MINUTE)
    slow.broken["viewthread"] = "drip"
    pace = PACE.model_copy(update={"minutes": 2 / 60, "timeout": 1})
    began = time.monotonic()
    healths = crawl(board.store, [board.forum.board(), slow.board(slug="slow")], pace, lambda: NOW)
    slow.server.shutdown()
    slow.server.server_close()
    assert time.monotonic() - began < 10
    assert healths[0].ok
    assert any("一轮的时间用完了" in f for f in healths[1].failures)
    assert board.store.threads.owed("slow", "2", NOW + 24 * HOUR)
