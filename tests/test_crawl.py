"""Crawls over real HTTP, by Scrapy, of a small forum whose every thread the test knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from data.city import CrawlTable, open_city
from data.records import BoardHealth, ReadOutcome, ThreadState
from data.store import Store
from spiders.crawl import crawl
from spiders.engines import discuz
from tests.forum import POSTS, ROWS, Forum
from tests.reading import DAY, HOUR, MINUTE, NOW, PACE

Read = Callable[..., BoardHealth]


@pytest.fixture
def forum() -> Iterator[Forum]:
    made = Forum()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "s.db")
    yield opened
    opened.close()


@pytest.fixture
def read(forum: Forum, store: Store) -> Read:
    """Crawl the forum ``after`` so long; the addresses asked for are counted anew."""

    def turn(
        after: timedelta = timedelta(), wanted: tuple[str, ...] = (), pace: CrawlTable = PACE, **entry: Any
    ) -> BoardHealth:
        forum.asked.clear()
        [health] = crawl(store, [forum.board(**entry)], pace, lambda: NOW + after, {"small": wanted})
        return health

    return turn


def test_the_first_crawl_reads_every_recent_thread_with_all_its_pages(forum: Forum, store: Store, read: Read) -> None:
    for n in range(1, ROWS * 2 + 2):
        forum.write(n, NOW - n * HOUR, replies=n)
    health = read()
    assert health.ok, health.failures
    assert store.threads.count() == ROWS * 2 + 1
    longest = ROWS * 2 + 1
    assert len(store.threads.replies("small", str(longest))) == longest
    assert [r.complete for r in store.threads.reads("small", str(longest))] == [True]
    assert store.threads.reads("small", str(longest))[0].pages == -(-(longest + 1) // POSTS)
    assert health.replies == sum(range(1, longest + 1))


def test_the_first_crawl_leaves_threads_older_than_the_set_days_alone(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    for n in range(2, ROWS * 4):
        forum.write(n, NOW - 10 * DAY - n * HOUR)
    read()
    assert store.threads.count() == 1
    assert len(forum.read("forumdisplay")) == 1


def test_a_quiet_cycle_asks_for_one_list_page_and_no_thread(forum: Forum, read: Read) -> None:
    for n in range(1, ROWS * 3):
        forum.write(n, NOW - n * HOUR)
    read()
    health = read(after=5 * MINUTE)
    assert health.ok
    assert (len(forum.read("forumdisplay")), len(forum.read("viewthread"))) == (1, 0)


def test_an_answer_in_an_old_thread_is_read_at_the_next_cycle(forum: Forum, store: Store, read: Read) -> None:
    topics = [forum.write(n, NOW - n * HOUR) for n in range(1, ROWS * 3)]
    read()
    forum.answer(topics[-1], NOW + MINUTE)
    read(after=5 * MINUTE)
    assert [r.author for r in store.threads.replies("small", str(topics[-1].id))] == ["路灯管理处"]
    assert len(forum.read("viewthread")) == 1


def test_more_changes_than_fit_on_a_list_page_are_all_read(forum: Forum, store: Store, read: Read) -> None:
    topics = [forum.write(n, NOW - n * HOUR) for n in range(1, ROWS * 3)]
    read()
    for topic in topics[: ROWS * 2]:
        forum.answer(topic, NOW + MINUTE)
    read(after=5 * MINUTE)
    assert all(store.threads.replies("small", str(t.id)) for t in topics[: ROWS * 2])


def test_a_last_post_in_the_future_does_not_hide_what_is_below(forum: Forum, store: Store, read: Read) -> None:
    for n in range(1, ROWS + 1):
        forum.write(n, NOW - n * HOUR).last = NOW + 365 * DAY
    hidden = [forum.write(n, NOW - n * HOUR) for n in range(ROWS + 1, ROWS * 2)]
    read()
    forum.answer(hidden[-1], NOW + MINUTE)
    read(after=5 * MINUTE)
    assert store.threads.replies("small", str(hidden[-1].id))


def test_stickies_do_not_end_the_walk(forum: Forum, store: Store, read: Read) -> None:
    for n in range(1, 4):
        forum.write(n, NOW - 300 * DAY).sticky = True
    for n in range(4, 4 + ROWS * 2):
        forum.write(n, NOW - n * HOUR)
    read()
    assert store.threads.count() == ROWS * 2


def test_a_walk_cut_short_is_taken_up_again(forum: Forum, store: Store, read: Read) -> None:
    topics = [forum.write(n, NOW - n * HOUR) for n in range(1, ROWS * 3)]
    read()
    for topic in topics[: ROWS * 2]:
        forum.answer(topic, NOW + MINUTE)
    forum.broken["forumdisplay&fid=2&filter=lastpost&orderby=lastpost&page=2"] = "503"
    forum.broken["page=2"] = "503"
    assert not read(after=5 * MINUTE).ok
    forum.broken.clear()
    assert read(after=30 * MINUTE).ok
    assert all(store.threads.replies("small", str(t.id)) for t in topics[: ROWS * 2])


def test_a_thread_that_could_not_be_read_is_owed(forum: Forum, store: Store, read: Read) -> None:
    topic = forum.write(1, NOW - HOUR)
    forum.broken[f"tid={topic.id}"] = "503"
    health = read()
    assert not health.ok
    assert store.threads.reads("small", "1")[-1].outcome is ReadOutcome.UNREACHABLE
    forum.broken.clear()
    assert read(after=10 * MINUTE).ok
    assert store.threads.post("small", "1") is not None


def test_a_deleted_thread_is_gone_and_no_failure_of_the_board(forum: Forum, store: Store, read: Read) -> None:
    topic = forum.write(1, NOW - HOUR)
    forum.write(2, NOW - HOUR)
    read()
    topic.deleted = True
    health = read(after=HOUR, wanted=("1",))
    assert health.ok, health.failures
    last = store.threads.reads("small", "1")[-1]
    assert (last.outcome, last.complete) == (ReadOutcome.GONE, False)
    assert next(store.threads.snapshots(last.snapshots)).status == 404


def test_a_due_thread_is_read_though_its_list_shows_no_change(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    read()
    read(after=4 * HOUR, wanted=("1",))
    assert len(store.threads.reads("small", "1")) == 2


def test_a_post_its_author_split_into_parts_is_read_whole(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR, replies=POSTS).rest = "下一页还有话。"
    assert read().ok
    kept = store.threads.post("small", "1")
    assert kept is not None
    assert kept.body == "第 0 楼说的话下一页还有话。"
    assert len(store.threads.replies("small", "1")) == POSTS
    assert [r.complete for r in store.threads.reads("small", "1")] == [True]
    assert len(forum.read()) == 3


def test_a_thread_closed_or_opened_without_a_word_is_read_again(forum: Forum, store: Store, read: Read) -> None:
    topic = forum.write(1, NOW - HOUR)
    read()
    for after, topic.closed in ((5 * MINUTE, True), (10 * MINUTE, False)):
        read(after=after)
        kept = store.threads.post("small", "1")
        assert kept is not None
        assert kept.state is (ThreadState.CLOSED if topic.closed else ThreadState.OPEN)


def test_a_due_read_of_a_page_that_does_not_say_closed_leaves_it_closed(
    forum: Forum, store: Store, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discuz, "says_closed", False, raising=False)
    topic = forum.write(1, NOW - HOUR)
    topic.closed = True
    read()
    for after, topic.closed in ((4 * HOUR, True), (5 * HOUR, False)):
        read(after=after, wanted=("1",))
        kept = store.threads.post("small", "1")
        assert kept is not None
        assert kept.state is (ThreadState.CLOSED if topic.closed else ThreadState.OPEN)


def test_a_board_that_is_down_says_so_and_forgets_nothing(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    good = read()
    forum.broken["forum.php"] = "503"
    health = read(after=HOUR)
    assert not health.ok
    assert health.last_complete_at == good.last_complete_at
    assert "下次再试" in health.failures[0] or "503" in health.failures[0]
    assert store.threads.post("small", "1") is not None


def test_an_empty_list_where_there_were_threads_is_a_failure(forum: Forum, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    read()
    forum.topics.clear()
    health = read(after=HOUR)
    assert not health.ok
    assert "民声" in health.failures[0]


def test_another_software_than_the_entry_says_is_named(forum: Forum, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.broken["thread.php"] = forum.page("forum.php?mod=forumdisplay&fid=2")[1]
    health = read(engine="phpwind")
    assert not health.ok
    assert "discuz" in health.failures[0].lower()


def test_a_refusal_is_an_answer(forum: Forum, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.broken["forum.php"] = "403"
    health = read()
    assert not health.ok
    assert forum.asked.count(next(a for a in forum.asked if "forum.php" in a)) == 1


def test_robots_txt_is_obeyed(forum: Forum, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.robots = "User-agent: *\nDisallow: /\n"
    health = read()
    assert "robots.txt" in health.failures[0]
    assert forum.asked == ["/robots.txt"]


def test_a_redirect_off_the_board_is_not_followed(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.write(2, NOW - HOUR)
    forum.broken["tid=1"] = "away"
    health = read()
    assert not health.ok
    assert store.threads.post("small", "1") is None
    assert store.threads.post("small", "2") is not None


def test_a_board_that_sends_to_the_same_page_once_is_followed(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.broken["tid=1"] = "once"
    assert read().ok
    assert store.threads.post("small", "1") is not None


def test_a_thread_kept_to_some_members_does_not_fail_the_board(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.write(2, NOW - HOUR)
    forum.broken["tid=1"] = '<html><div id="messagetext"><p>抱歉，本帖要求阅读权限高于 200 才能浏览</p></div></html>'
    assert read().ok
    assert store.threads.reads("small", "1")[-1].outcome is ReadOutcome.FORBIDDEN
    assert store.threads.post("small", "2") is not None


def test_a_page_too_large_spoils_nothing_else(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.write(2, NOW - HOUR)
    forum.broken["tid=1"] = "big"
    health = read()
    assert not health.ok
    assert store.threads.reads("small", "1")[-1].outcome is ReadOutcome.TOO_LARGE
    assert store.threads.post("small", "2") is not None


def test_a_server_that_drips_is_left_after_the_time_out(forum: Forum, store: Store, read: Read) -> None:
    forum.write(1, NOW - HOUR)
    forum.write(2, NOW - HOUR)
    forum.broken["tid=1"] = "drip"
    health = read(pace=PACE.model_copy(update={"timeout": 0.7}))
    assert not health.ok
    assert store.threads.post("small", "2") is not None


def test_two_boards_are_read_side_by_side_and_one_does_not_harm_the_other(forum: Forum, store: Store) -> None:
    other = Forum()
    forum.write(1, NOW - HOUR)
    other.broken["forum.php"] = "503"
    healths = crawl(store, [forum.board(), other.board(slug="down")], PACE, lambda: NOW)
    assert [h.ok for h in healths] == [True, False]
    other.server.shutdown()
    other.server.server_close()


@pytest.fixture
def folder(tmp_path: Path, forum: Forum) -> Path:
    """A city's folder, made by the command, with the small forum added by the command."""
    forum.write(1, NOW - HOUR, title="井盖没了", replies=2)
    for arguments in (
        ["init", str(tmp_path / "city")],
        ["--dir", str(tmp_path / "city"), "boards", "add", _section(forum), "--slug", "small"],
    ):
        done = subprocess.run([_script("liandong"), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return tmp_path / "city"


def _section(forum: Forum) -> str:
    return f"{forum.url}forum.php?mod=forumdisplay&fid=2"


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_scrapy_list_and_scrapy_crawl_work_in_a_city_with_feed_exports(folder: Path) -> None:
    listed = subprocess.run([_script("scrapy"), "list"], cwd=folder, capture_output=True, text=True, check=True)
    assert "small" in listed.stdout.split()
    # The thread is from 2011: without a store the spider's own clock decides what is recent.
    command = [_script("scrapy"), "crawl", "small", "-O", "out.json", "-a", "days_back=36500", "-s", "DOWNLOAD_DELAY=0"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "LANG": "C.UTF-8"}
    )
    [item] = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert item["post"]["title"] == "井盖没了", done.stderr
    assert len(item["replies"]) == 2
    assert set(item) == {"post", "replies"}


def test_liandong_crawl_reads_one_board_and_says_what_it_found(folder: Path) -> None:
    command = [_script("liandong"), "--dir", str(folder), "crawl", "small", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert found["ok"], done.stderr
    assert found["boards"][0]["board"] == "small"
    assert done.returncode == 0


def test_a_second_section_of_a_known_board_is_added_to_its_entry(folder: Path, forum: Forum) -> None:
    other = f"{forum.url}forum.php?mod=forumdisplay&fid=3"
    done = subprocess.run(
        [_script("liandong"), "--dir", str(folder), "boards", "add", other, "--slug", "small"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [s.id for s in open_city(folder).reference().board["small"].sections] == ["2", "3"]
