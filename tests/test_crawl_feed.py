"""Boards known by a feed alone: their posts are read, and nothing is concluded from replies a feed never shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.records import ReadOutcome
from data.reference import Section
from tests.reading import HOUR, MINUTE, NOW, Small, small

FEED: dict[str, Any] = {"engine": "feed", "sections": (Section(id="feed.xml", name="民声"),)}


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as made:
        for n in range(1, 4):
            made.forum.write(n, NOW - n * HOUR, title=f"路灯不亮 {n}")
        yield made


def test_a_feed_costs_one_request_and_gives_every_post_on_it(board: Small) -> None:
    health = board.read(**FEED)
    assert health.ok, health.failures
    assert board.forum.asked == ["/robots.txt", "/feed.xml"]
    post = board.store.threads.post("small", "2")
    assert post is not None
    assert (post.title, post.author, post.body, post.posted_at) == (
        "路灯不亮 2",
        "居民",
        "第 0 楼说的话",
        NOW - 2 * HOUR,
    )


def test_a_read_of_a_feed_is_never_complete_evidence_and_is_not_tried_again(board: Small) -> None:
    board.read(**FEED)
    [read] = board.store.threads.reads("small", "1")
    assert (read.outcome, read.complete, read.detail) == (ReadOutcome.OK, False, "订阅源里没有跟帖")
    assert board.store.threads.owed("small", "feed.xml", NOW + 24 * HOUR) == []
    board.read(after=5 * MINUTE, **FEED)
    assert len(board.store.threads.reads("small", "1")) == 1


def test_a_due_thread_of_a_feed_is_not_asked_for(board: Small) -> None:
    board.read(**FEED)
    board.read(after=4 * HOUR, wanted=("1",), **FEED)
    assert board.forum.asked == ["/feed.xml"]


def test_an_edited_post_of_a_feed_is_kept_anew(board: Small) -> None:
    board.read(**FEED)
    board.forum.topics[0].floors[0].body = "已经修好了，谢谢"
    board.read(after=5 * MINUTE, **FEED)
    post = board.store.threads.post("small", "1")
    assert post is not None
    assert post.body == "已经修好了，谢谢"


def test_a_feed_on_which_everything_is_new_may_have_lost_posts_and_says_so(board: Small) -> None:
    board.read(**FEED)
    for n in range(10, 10 + board.forum.rows):
        board.forum.write(n, NOW + n * MINUTE)
    health = board.read(after=2 * HOUR, **FEED)
    assert not health.ok
    assert "可能漏了" in health.failures[0]
    assert board.store.threads.count() == 3 + board.forum.rows


def test_an_unchanged_feed_is_answered_without_a_body(board: Small) -> None:
    board.forum.validators = "etag"
    board.read(**FEED)
    assert board.read(after=5 * MINUTE, **FEED).statuses == {"304": 1}
