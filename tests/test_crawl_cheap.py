"""What a cycle costs a board, counted in requests; and that saving them loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from data.store.visits import Validators
from spiders import unchanged
from tests.build import ticket
from tests.reading import DAY, HOUR, MINUTE, NOW, Small, small


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as made:
        yield made


def test_a_section_of_5000_threads_of_which_20_changed_costs_at_most_25_requests(board: Small) -> None:
    board.forum.rows, board.forum.posts = 20, 10
    topics = [board.forum.write(n, NOW - n * MINUTE * 30) for n in range(1, 5_001)]
    assert board.read().ok
    for topic in topics[40:4_000:200]:
        board.forum.answer(topic, NOW + MINUTE)
    assert board.read(after=10 * MINUTE).ok
    assert len(board.forum.asked) <= 25
    assert len(board.forum.read()) == 20
    assert all(board.store.threads.replies("small", str(t.id)) for t in topics[40:4_000:200])


def test_robots_txt_is_asked_once_a_day_and_not_at_every_cycle(board: Small) -> None:
    board.forum.write(1, NOW - HOUR)
    counts = []
    for after in (timedelta(), HOUR, 23 * HOUR, 25 * HOUR):
        board.read(after=after)
        counts.append(len(board.forum.read("robots.txt")))
    assert counts == [1, 0, 0, 1]


def test_a_robots_txt_that_forbids_is_remembered_and_obeyed(board: Small) -> None:
    board.forum.robots = "User-agent: *\nDisallow: /\n"
    board.read()
    board.forum.robots = ""
    health = board.read(after=HOUR)
    assert "robots.txt" in health.failures[0]
    assert board.forum.asked == []
    board.forum.write(1, NOW)
    assert board.read(after=25 * HOUR).ok, "and asked again the next day"


def test_the_words_of_an_error_page_are_no_rules_for_robots(board: Small) -> None:
    board.forum.write(1, NOW - HOUR)
    board.forum.broken["robots.txt"] = "404"
    assert board.read().ok
    assert board.store.visits.robots(board.forum.url.rstrip("/"), NOW) == b""


def test_a_site_that_is_down_is_asked_for_its_robots_txt_again(board: Small) -> None:
    board.forum.write(1, NOW - HOUR)
    board.forum.broken["robots.txt"] = "503"
    board.read()
    assert board.store.visits.robots(board.forum.url.rstrip("/"), NOW) is None


@pytest.mark.parametrize("how", ["etag", "modified"])
def test_an_unchanged_list_is_answered_without_a_body(board: Small, how: str) -> None:
    for n in range(1, 9):
        board.forum.write(n, NOW - n * HOUR)
    board.forum.validators, board.forum.modified = how, NOW
    assert board.read().ok
    health = board.read(after=5 * MINUTE)
    assert health.ok
    assert board.forum.answered == [304]
    assert health.statuses == {"304": 1}


def test_a_changed_list_is_read_though_the_board_was_asked_conditionally(board: Small) -> None:
    topics = [board.forum.write(n, NOW - n * HOUR) for n in range(1, 9)]
    board.forum.validators = "etag"
    board.read()
    board.read(after=5 * MINUTE)
    board.forum.answer(topics[-1], NOW + 6 * MINUTE)
    board.read(after=10 * MINUTE)
    assert [r.author for r in board.store.threads.replies("small", "8")] == ["路灯管理处"]


def test_after_a_walk_cut_short_the_same_list_is_asked_for_whole(board: Small) -> None:
    """What lies below the first page was not met, so that an unchanged first page would say nothing of it."""
    topics = [board.forum.write(n, NOW - n * HOUR) for n in range(1, 15)]
    board.forum.validators = "etag"
    board.read()
    for topic in topics[:10]:
        board.forum.answer(topic, NOW + MINUTE)
    board.forum.broken["page=2"] = "503"
    assert not board.read(after=5 * MINUTE).ok
    board.forum.broken.clear()
    assert board.read(after=10 * MINUTE).ok
    assert 304 not in board.forum.answered
    assert all(board.store.threads.replies("small", str(t.id)) for t in topics[:10])


def test_a_first_page_dated_in_the_future_is_never_taken_for_unchanged(board: Small) -> None:
    for n in range(1, 6):
        board.forum.write(n, NOW - n * HOUR).last = NOW + 365 * DAY
    hidden = board.forum.write(6, NOW - 6 * HOUR)
    board.forum.validators = "etag"
    board.read()
    board.forum.answer(hidden, NOW + MINUTE)
    board.read(after=5 * MINUTE)
    assert board.store.threads.replies("small", "6")


def test_a_page_changed_within_the_last_minute_may_change_again_in_the_same_second() -> None:
    said = {"last-modified": "Mon, 25 Jul 2011 04:00:00 GMT", "etag": '"a"'}
    assert unchanged.validators({**said, "date": "Mon, 25 Jul 2011 04:00:30 GMT"}) == Validators('"a"', "")
    assert unchanged.validators({**said, "date": "Mon, 25 Jul 2011 04:02:00 GMT"}).modified == said["last-modified"]
    assert unchanged.validators({**said, "date": "nonsense"}) == Validators('"a"', "")


def test_a_thread_that_moves_while_the_list_is_walked_is_not_lost(board: Small) -> None:
    """Between two pages another thread is answered: everything slides down by one, and one row shows twice."""
    topics = [board.forum.write(n, NOW - n * HOUR) for n in range(1, 15)]
    board.read()
    for topic in topics[:7]:
        board.forum.answer(topic, NOW + MINUTE)
    page = board.forum.page

    def slides(path: str) -> tuple[int, str]:
        if "page=2" in path and len(topics[13].floors) == 1:
            board.forum.answer(topics[13], NOW + 2 * MINUTE)
        return page(path)

    board.forum.page = slides  # type: ignore[method-assign]
    board.read(after=5 * MINUTE)
    board.read(after=10 * MINUTE)
    answered = [t for t in topics if len(t.floors) == 2]
    assert len(answered) == 8
    assert all(board.store.threads.replies("small", str(t.id)) for t in answered)


def test_a_page_number_past_the_end_ends_the_walk(board: Small) -> None:
    """The board answers it with its last page: rows seen before."""
    for n in range(1, 6):
        board.forum.write(n, NOW - n * HOUR)
    page = board.forum.page
    nxt = '<div class="pg"><strong>1</strong><a href="forum.php?mod=forumdisplay&amp;fid=2&amp;page=2" class="nxt">下一页</a></div>'
    board.forum.page = lambda path: (200, page(path)[1].replace("<body>", f"<body>{nxt}"))  # type: ignore[method-assign]
    assert board.read().ok
    assert len(board.forum.read("forumdisplay")) == 2


def test_the_first_read_of_a_post_keeps_its_page_and_so_does_every_read_while_it_waits(board: Small) -> None:
    topic = board.forum.write(1, NOW - HOUR)
    board.read()
    board.forum.answer(topic, NOW)
    board.read(after=5 * MINUTE)
    assert [len(r.snapshots) for r in board.store.threads.reads("small", "1")] == [1, 1]


def test_pages_of_a_thread_no_verdict_can_rest_on_are_not_kept_but_its_words_are(board: Small) -> None:
    topic = board.forum.write(1, NOW - HOUR)
    board.read()
    board.store.db.execute("update posts set stage = 'decided'")
    board.forum.answer(topic, NOW)
    board.read(after=5 * MINUTE)
    assert [len(r.snapshots) for r in board.store.threads.reads("small", "1")] == [1, 0]
    assert [r.body for r in board.store.threads.replies("small", "1")] == ["已修复。"]


def test_every_read_of_a_thread_with_a_ticket_keeps_its_page(board: Small) -> None:
    topic = board.forum.write(1, NOW - HOUR)
    board.read()
    board.store.db.execute("update posts set stage = 'decided'")
    board.store.tickets.file(ticket(board="small", thread="1"), "filed")
    board.forum.answer(topic, NOW)
    board.read(after=5 * MINUTE)
    assert [len(r.snapshots) for r in board.store.threads.reads("small", "1")] == [1, 1]
