"""Each way a board can stop being read is a failure with a name, a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.records import ReadOutcome
from tests.reading import HOUR, NOW, Small, small

LOGIN = (
    '<!DOCTYPE html><html><head><title>提示信息 - Powered by Discuz!</title><meta name="generator" content="Discuz! X3.5">'
    '</head><body><div id="messagetext"><p>您需要登录后才能继续本操作</p></div></body></html>'
)
CAPTCHA = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>请完成安全验证</body></html>"
PHPWIND = (
    '<!DOCTYPE html><html><head><title>民声 - Powered by phpwind</title><meta name="generator" content="phpwind 8.7">'
    '</head><body><div id="threadlist"></div></body></html>'
)
NO_TEMPLATE = (
    '<!DOCTYPE html><html><head><title>民声 - Powered by Discuz!</title><meta name="generator" content="Discuz! X3.5">'
    "</head><body><ul><li>换了模板的列表</li></ul></body></html>"
)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as made:
        for n in range(1, 4):
            made.forum.write(n, NOW - n * HOUR)
        yield made


@pytest.mark.parametrize(
    ("answer", "says", "mend"),
    [
        (LOGIN, "登录", "申请阅读许可"),
        (CAPTCHA, "人机验证", "降低读取频率"),
        ("403", "403", "不要绕过"),
        ("503", "503", "过一会儿会再读"),
        (PHPWIND, "phpwind", "请改 engine"),
        (NO_TEMPLATE, "可能换了模板", "核对"),
        ("undecodable", "解不开", "encoding"),
        ("<html><body>网站建设中</body></html>", "认不出是什么软件", "核对"),
        ("404", "404", "不可见"),
    ],
    ids=["login", "captcha", "403", "503", "other software", "template", "undecodable", "unknown", "404"],
)
def test_a_list_that_cannot_be_read_fails_by_name_and_says_what_to_do(
    board: Small, answer: str, says: str, mend: str
) -> None:
    good = board.read()
    board.forum.broken["forumdisplay"] = answer
    health = board.read(after=HOUR)
    assert not health.ok
    [sentence] = health.failures
    assert sentence.startswith("民声：")
    assert says in sentence
    assert mend in sentence
    assert board.store.threads.health("small") == health
    assert health.last_complete_at == good.last_complete_at, "the last good read is not forgotten"


@pytest.mark.parametrize(
    ("answer", "outcome", "of_the_board"),
    [
        (LOGIN, ReadOutcome.LOGIN, False),
        (CAPTCHA, ReadOutcome.CAPTCHA, True),
        ("403", ReadOutcome.FORBIDDEN, True),
        ("503", ReadOutcome.UNREACHABLE, True),
        (PHPWIND, ReadOutcome.WRONG_SOFTWARE, True),
        ("undecodable", ReadOutcome.UNDECODABLE, True),
        ("<html><head>", ReadOutcome.WRONG_SOFTWARE, True),
    ],
    ids=["login", "captcha", "403", "503", "other software", "undecodable", "cut short"],
)
def test_a_thread_that_cannot_be_read_is_a_read_with_its_outcome(
    board: Small, answer: str, outcome: ReadOutcome, of_the_board: bool
) -> None:
    board.forum.broken["tid=1"] = answer
    health = board.read()
    assert board.store.threads.reads("small", "1")[-1].outcome is outcome
    assert not board.store.threads.reads("small", "1")[-1].complete
    assert health.ok is not of_the_board, health.failures
    assert board.store.threads.post("small", "2") is not None


def test_no_threads_where_there_were_some_is_a_failure_though_the_page_says_there_are_none(board: Small) -> None:
    board.read()
    board.forum.topics.clear()
    page = board.forum.page
    board.forum.page = lambda path: page(path.replace("fid=2", "fid=3"))  # type: ignore[method-assign]
    health = board.read(after=HOUR)
    assert "列表里没有帖子，以前有过" in health.failures[0]


def test_a_section_that_never_had_a_thread_is_no_failure(board: Small) -> None:
    board.forum.topics.clear()
    page = board.forum.page
    board.forum.page = lambda path: page(path.replace("fid=2", "fid=3"))  # type: ignore[method-assign]
    assert board.read().ok


def test_replies_whose_authors_cannot_be_read_make_the_read_incomplete_and_the_run_fail(board: Small) -> None:
    for topic in board.forum.topics:
        for _ in range(3):
            board.forum.answer(topic, NOW - HOUR, author="邻居")
    page = board.forum.page

    def spoilt(path: str) -> tuple[int, str]:
        status, text = page(path)
        return status, text.replace('class="xw1">邻居', 'class="new">邻居')

    board.forum.page = spoilt  # type: ignore[method-assign]
    health = board.read()
    assert health.missing["author"] == 9
    assert any("缺的字段太多（author×9）" in f for f in health.failures)
    assert [r.complete for r in board.store.threads.reads("small", "1")] == [False]


def test_one_field_missing_among_many_does_not_fail_the_run_but_is_counted(board: Small) -> None:
    for topic in board.forum.topics:
        for _ in range(3):
            board.forum.answer(topic, NOW - HOUR, author="邻居")
    board.forum.answer(board.forum.topics[0], NOW - HOUR, author="路人")
    page = board.forum.page

    def spoilt(path: str) -> tuple[int, str]:
        status, text = page(path)
        return status, text.replace('class="xw1">路人', 'class="new">路人')

    board.forum.page = spoilt  # type: ignore[method-assign]
    health = board.read()
    assert health.ok
    assert health.missing == {"author": 1}


def test_the_same_failure_of_many_threads_is_told_once(board: Small) -> None:
    board.forum.broken["viewthread"] = "503"
    assert len(board.read().failures) == 1


@pytest.mark.parametrize("broken", ["section", "owed", "listed", "save", "save_read"])
def test_a_store_that_fails_in_the_middle_is_a_failure_of_the_run_and_not_an_empty_crawl(
    board: Small, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("database or disk is full")

    board.forum.broken["tid=3"] = "503"
    monkeypatch.setattr(board.store.threads, broken, full)
    health = board.read()
    assert not health.ok
    assert any("程序出错（OSError：database or disk is full）" in f for f in health.failures)


def test_a_run_that_read_no_page_at_all_is_a_failure(board: Small) -> None:
    assert any("一页也没有读到" in f for f in board.read(sections=()).failures)


def test_a_section_with_an_order_of_its_own_is_said_to_hide_what_is_new(board: Small) -> None:
    board.forum.ascending = True
    [sentence] = board.read().failures
    assert "不是按最后回复的时间排的" in sentence
    assert "默认排序" in sentence


def test_what_stands_before_a_page_that_cannot_be_read_is_kept_as_an_incomplete_read(board: Small) -> None:
    long = board.forum.write(9, NOW - HOUR, replies=6)
    board.forum.broken["tid=9&page=2"] = "503"
    health = board.read()
    [sentence] = health.failures
    assert "没有读完" in sentence
    assert board.store.threads.post("small", "9") is not None
    assert len(board.store.threads.replies("small", "9")) == 3
    [read] = board.store.threads.reads("small", "9")
    assert (read.outcome, read.complete, read.pages) == (ReadOutcome.MALFORMED, False, 2)
    board.forum.broken.clear()
    board.read(after=HOUR)
    assert len(board.store.threads.replies("small", "9")) == len(long.floors) - 1


def test_being_sent_to_the_login_page_is_a_login_wall_and_not_the_robots_rule_of_that_page(board: Small) -> None:
    board.forum.robots = "User-agent: *\nDisallow: /member.php\n"
    board.forum.broken["forumdisplay"] = "to login"
    [sentence] = board.read().failures
    assert "登录页" in sentence
    assert not board.forum.read("member.php")


def test_a_board_none_of_whose_threads_a_guest_may_read_says_so(board: Small) -> None:
    board.forum.broken["viewthread"] = LOGIN
    assert board.read().ok, "three may be private"
    for n in range(4, 8):
        board.forum.write(n, NOW)
    [sentence] = board.read(after=HOUR).failures
    assert "没有一个让游客看" in sentence
    assert "申请阅读许可" in sentence


def test_a_page_with_nothing_on_it_is_asked_for_once_more(board: Small) -> None:
    board.forum.broken["tid=2"] = "blank once"
    assert board.read().ok
    assert board.store.threads.post("small", "2") is not None
    assert len(board.forum.read("tid=2")) == 2
