"""人工: posts and replies a person enters, where the program may not read; the verdict weighs what they saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from data.city import City
from data.records import OutboxState, Post, ReadOutcome, VerdictName
from data.reference import Board
from spiders import crawl
from spiders.addresses import thread_named
from spiders.engines import get
from tests import build
from tests.build import DUE, FILED, HOUR, MINUTE, POSTED
from ticketing import by_hand, checking, cycle, filing
from ticketing.by_hand import EntryError, Look

URL = "http://bbs.refuses.example/thread-101-1-1.html"
BODY = "家里停水三天，给水务集团打电话没人管，电话 13800000000"


@pytest.fixture
def begun(city: City) -> City:
    return build.refuses(city)


def enter(city: City, url: str = URL, **given: Any) -> tuple[Post, bool]:
    words: dict[str, Any] = {
        "title": "南昌路停水",
        "body": BODY,
        "author": "西苑居民",
        "posted_at": POSTED,
        "by": "wang",
    } | given
    return by_hand.enter(city, url, **words, now=given.get("now", FILED))


def file(city: City, post: Post) -> str:
    """Decided and acknowledged at FILED; the ticket's number."""
    with city.store.transaction():
        city.store.decisions.suggest([build.suggestion(board=post.board, thread=post.thread)])
    decision = build.decision(board=post.board, thread=post.thread)
    filing.decide(city, decision, FILED)
    (entry,) = city.store.outbox.entries(OutboxState.WAITING)
    with city.store.transaction():
        city.store.outbox.settle(entry.id, OutboxState.SENT, FILED)
        ticket = filing.acknowledged(city, entry, "LD1", FILED)
        checking.weigh(city, ticket, FILED)
    return ticket.number


def said(after: timedelta, body: str = "已恢复供水，抢修队昨晚换了阀门。", author: str = "洛阳水务") -> Look:
    return Look("part", author, body, FILED + after)


def verdict(city: City, number: str) -> str:
    found = city.store.tickets.verdict(number)
    return "" if found is None else str(found.name)


def test_a_post_of_a_board_that_refuses_robots_waits_for_its_suggestion_like_any_other(begun: City) -> None:
    post, fresh = enter(begun)
    assert fresh
    assert (post.key, post.entered_by) == ("refuses/101", "wang")
    assert begun.store.threads.unread_by_machine() == [post]
    (read,) = begun.store.threads.reads("refuses", "101")
    assert (read.entered_by, read.complete) == ("wang", False)


@pytest.mark.parametrize(
    "again",
    [
        URL,
        "https://bbs.refuses.example/thread-101-1-1.html#lastpost",
        "http://bbs.refuses.example/forum.php?mod=viewthread&tid=101&extra=page%3D1",
        "  http://bbs.refuses.example/forum.php?mod=viewthread&tid=101&page=2 ",
    ],
)
def test_the_same_address_never_makes_two_however_it_is_spelt(begun: City, again: str) -> None:
    first, _ = enter(begun)
    assert enter(begun, again, title="别的标题", body="别的内容") == (first, False)
    assert begun.store.threads.count() == 1


def test_an_address_of_no_thread_is_named_by_itself(begun: City) -> None:
    boards = begun.reference().boards
    odd = "http://bbs.refuses.example/t/abc"
    assert thread_named(boards, odd) == thread_named(boards, f"{odd}#2")
    assert thread_named(boards, odd) != thread_named(boards, "http://bbs.refuses.example/t/abd")
    assert thread_named(boards, "http://nowhere.example/thread-101-1-1.html") is None


def test_a_post_read_by_the_program_is_found_and_not_entered_again(begun: City) -> None:
    board = next(b for b in begun.reference().boards if b.engine == "discuz" and not b.refused)
    url = get(board.engine).thread_ask(board, "77").url
    build.save_thread(begun, board=board.slug, thread="77", url=url)
    assert enter(begun, url) == (build.post(board=board.slug, thread="77", url=url), False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "bbs.refuses.example/thread-1-1-1.html"}, "以 http"),
        ({"url": "http://nowhere.example/thread-1-1-1.html"}, "参考表里没有这个网站"),
        ({"body": "  "}, "请填写帖子内容"),
        ({"posted_at": FILED + HOUR}, "时间写到将来"),
        ({"body": "字" * 20_001}, "最多 20000 字"),
    ],
)
def test_what_cannot_be_entered_is_said_in_words(begun: City, given: Mapping[str, Any], words: str) -> None:
    with pytest.raises(EntryError, match=words):
        enter(begun, **given)
    assert begun.store.threads.count() == 0


def test_a_board_the_program_reads_well_needs_no_help(begun: City) -> None:
    board = next(b for b in begun.reference().boards if not b.refused and b.enabled)
    with pytest.raises(EntryError, match="由程序读取"):
        enter(begun, f"{board.url}thread-5-1-1.html")


def test_the_verdict_is_that_of_the_answer_a_person_saw(begun: City) -> None:
    number = file(begun, enter(begun)[0])
    by_hand.look(begun, "refuses", "101", said(HOUR), "wang", DUE + HOUR)
    assert verdict(begun, number) == VerdictName.ON_TIME
    (reply,) = begun.store.threads.replies("refuses", "101")
    assert (reply.author, reply.entered_by) == ("洛阳水务", "wang")
    assert begun.store.tickets.state(number) == "answered"


def test_a_late_answer_is_late_by_the_boards_own_time(begun: City) -> None:
    number = file(begun, enter(begun)[0])
    by_hand.look(begun, "refuses", "101", said(5 * HOUR), "wang", DUE + 3 * HOUR)
    assert verdict(begun, number) == VerdictName.LATE


def test_an_unofficial_account_does_not_meet_the_clock(begun: City) -> None:
    number = file(begun, enter(begun)[0])
    by_hand.look(begun, "refuses", "101", said(HOUR, author="洛阳水务1"), "wang", FILED + 2 * HOUR)
    found = begun.store.tickets.verdict(number)
    assert found
    assert (found.name, found.marks) == (VerdictName.PENDING, ("look-alike",))


def test_silence_needs_somebody_who_saw_the_whole_thread_after_due(begun: City) -> None:
    number = file(begun, enter(begun)[0])
    by_hand.look(begun, "refuses", "101", Look("whole"), "wang", DUE - MINUTE)
    checking.check(begun, DUE + MINUTE)
    assert verdict(begun, number) == VerdictName.UNVERIFIABLE
    read = by_hand.look(begun, "refuses", "101", Look("whole"), "li", DUE + HOUR)
    found = begun.store.tickets.verdict(number)
    assert found
    assert (found.name, found.read) == (VerdictName.OVERDUE, read.id)
    assert (read.entered_by, read.complete) == ("li", True)


def test_a_thread_a_person_found_gone_before_due_is_withdrawn(begun: City) -> None:
    number = file(begun, enter(begun)[0])
    read = by_hand.look(begun, "refuses", "101", Look("gone"), "wang", DUE - HOUR)
    assert read.outcome is ReadOutcome.GONE
    assert verdict(begun, number) == VerdictName.WITHDRAWN


def test_an_entry_made_by_mistake_is_taken_back_and_no_longer_counts(begun: City) -> None:
    number = file(begun, enter(begun)[0])
    by_hand.look(begun, "refuses", "101", said(HOUR), "wang", FILED + 2 * HOUR)
    (reply,) = begun.store.threads.replies("refuses", "101")
    assert by_hand.retract(begun, "refuses", "101", reply.id, FILED + 3 * HOUR) == reply
    assert verdict(begun, number) == VerdictName.PENDING
    with pytest.raises(EntryError, match="已经撤回"):
        by_hand.retract(begun, "refuses", "101", reply.id, FILED + 3 * HOUR)


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Look("part"), "请填写看到的答复"),
        (Look("elsewhere"), "请选择"),
        (Look("gone", "洛阳水务", "已修好", FILED + HOUR), "不能同时录入答复"),
        (Look("part", "洛阳水务", "已修好"), "答复时间"),
        (Look("part", "", "已修好", FILED + HOUR), "请填写答复人"),
        (Look("part", "洛阳水务", "已修好", POSTED - MINUTE), "早于发帖"),
        (Look("part", "洛阳水务", "已修好", FILED + 9 * HOUR), "时间写到将来"),
    ],
)
def test_a_look_that_says_too_little_is_not_kept(begun: City, look: Look, words: str) -> None:
    file(begun, enter(begun)[0])
    before = begun.store.threads.reads("refuses", "101")
    with pytest.raises(EntryError, match=words):
        by_hand.look(begun, "refuses", "101", look, "wang", FILED + 2 * HOUR)
    assert begun.store.threads.reads("refuses", "101") == before


def test_the_same_reply_is_entered_once(begun: City) -> None:
    file(begun, enter(begun)[0])
    by_hand.look(begun, "refuses", "101", said(HOUR), "wang", FILED + 2 * HOUR)
    with pytest.raises(EntryError, match="已经录入过"):
        by_hand.look(begun, "refuses", "101", said(HOUR), "li", FILED + 3 * HOUR)
    by_hand.look(begun, "refuses", "101", said(2 * HOUR, "另一条"), "li", FILED + 3 * HOUR)
    assert [r.id for r in begun.store.threads.replies("refuses", "101")] == ["hand-1", "hand-2"]


def test_its_thread_is_never_asked_for(begun: City, monkeypatch: pytest.MonkeyPatch) -> None:
    file(begun, enter(begun)[0])
    asked: list[str] = []

    def remember(_store: Any, boards: Sequence[Board], *_: Any) -> list[Any]:
        asked.extend(b.slug for b in boards)
        return []

    monkeypatch.setattr(crawl, "crawl", remember)
    cycle.crawl(begun, lambda: DUE + HOUR)
    assert asked
    assert "refuses" not in asked


def test_what_a_person_must_look_at_is_listed_by_when_it_is_due(begun: City) -> None:
    number = file(begun, enter(begun)[0])

    def pressing(now: datetime) -> list[tuple[str, bool]]:
        return [(a.ticket.number, a.pressing(now)) for a in by_hand.awaited(begun, now)]

    assert pressing(DUE - MINUTE) == [(number, False)]
    assert pressing(DUE + MINUTE) == [(number, True)]
    by_hand.look(begun, "refuses", "101", Look("whole"), "wang", DUE + 2 * MINUTE)
    assert pressing(DUE + 3 * MINUTE) == [(number, False)]
    by_hand.look(begun, "refuses", "101", said(HOUR), "wang", DUE + 4 * MINUTE)
    assert pressing(DUE + 5 * MINUTE) == []


def test_where_it_came_from_says_that_a_person_entered_it(begun: City) -> None:
    ticket = begun.store.tickets.ticket(file(begun, enter(begun)[0]))
    assert ticket
    assert ticket.source == "牡丹社区（人工录入）"


def test_a_read_of_the_program_takes_no_reply_away_that_a_person_entered(begun: City) -> None:
    post, _ = enter(begun)
    file(begun, post)
    by_hand.look(begun, "refuses", "101", said(HOUR), "wang", FILED + 2 * HOUR)
    build.save_thread(begun, read_at=DUE, board="refuses", url=URL)
    assert [r.entered_by for r in begun.store.threads.replies("refuses", "101")] == ["wang"]
