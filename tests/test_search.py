"""Posts and tickets are found by words, newest first, by nobody's telephone number, on either database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.city import City
from data.records import Contact
from data.reference import Reference
from data.store import Store, found
from data.store.copying import copy
from data.store.found import Wanted
from tests.build import POSTED, post, save_thread, save_ticket, suggestion
from ticketing import search

pytestmark = pytest.mark.both_stores
ALL = Wanted(())


def titles(city: City, text: str, wanted: Wanted = ALL, limit: int = 50) -> list[str]:
    return [hit.post.title for hit in search.search(city, text, wanted, limit).hits]


@pytest.fixture
def posts(city: City) -> City:
    """Some posts, indexed."""
    for i, (title, body) in enumerate(
        (
            ("南昌路停水", "市水务集团的人三天没来，电话 13837912345"),
            ("周山路路灯不亮", "晚上看不见路"),
            ("供水管道漏水", "南昌路口一直在漏，水务局管不管"),
            ("老君山门票", "景区太贵了"),
        )
    ):
        save_thread(city, thread=str(200 + i), title=title, body=body, posted_at=POSTED + timedelta(minutes=i))
    assert search.index(city) == 4
    return city


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("南昌路", ["供水管道漏水", "南昌路停水"]),
        ("停水 南昌路", ["南昌路停水"]),
        ("水务集团", ["南昌路停水"]),  # a word within 市水务集团
        ("水务", ["供水管道漏水", "南昌路停水"]),
        ("老君山的景区", ["老君山门票"]),  # no post has 的; a word of one character is given up first
        ("路灯", ["周山路路灯不亮"]),  # jieba cuts it into 路 and 灯不亮
        ("老君山景区", ["老君山门票"]),
        ("ＮＡＮ", []),
        ("，。！", []),
        ("", ["老君山门票", "供水管道漏水", "周山路路灯不亮", "南昌路停水"]),  # all that fits
        ('" OR 停水 NEAR(', []),
        ("' | '停水", ["南昌路停水"]),
        ("路灯\\", ["周山路路灯不亮"]),
        ("a-b_c 3.5 é ①", []),
    ],
)
def test_words_find_the_posts_that_have_them_all_the_newest_first(posts: City, text: str, found: list[str]) -> None:
    assert titles(posts, text) == found


def test_a_post_is_found_by_what_it_says_now(posts: City) -> None:
    save_thread(posts, thread="201", title="周山路路灯修好了", body="谢谢")
    assert titles(posts, "看不见") == ["周山路路灯不亮"] or titles(posts, "晚上") == ["周山路路灯修好了"]
    assert search.index(posts) == 1
    assert (titles(posts, "晚上"), titles(posts, "修好")) == ([], ["周山路路灯修好了"])
    assert search.index(posts) == 0


def test_nobody_is_found_by_a_telephone_number_or_by_name(posts: City) -> None:
    author = post().author or "居民"
    for text in ("13837912345", "37912345", author):
        assert titles(posts, text) == []


def test_those_who_handle_it_find_what_is_in_hand_by_its_number(posts: City) -> None:
    told = replace(suggestion(thread="200"), contacts=(Contact("手机", "13837912345"),))
    posts.store.decisions.suggest([told])
    assert [p.thread for p in search.in_hand(posts, "13837912345", 10)] == ["200"]
    save_ticket(posts, thread="200")
    posts.store.db.execute("update posts set stage = 'decided'")
    assert [p.thread for p in search.in_hand(posts, "13837912345", 10)] == ["200"]
    posts.store.db.execute("update tickets set state = 'closed'")
    assert search.in_hand(posts, "13837912345", 10) == []


def test_filters_look_at_the_ticket_and_the_day(posts: City) -> None:
    save_ticket(posts, number="20110725-0001", thread="200", unit="water-group")
    fits = (
        Wanted((), units=("water-group",)),
        Wanted((), state="filed"),
        Wanted((), until=POSTED + timedelta(minutes=1)),
    )
    for wanted in fits:
        assert titles(posts, "南昌路", wanted) == ["南昌路停水"]
    for wanted in (
        Wanted((), units=()),
        Wanted((), units=("lamps",)),
        Wanted((), board="people"),
        Wanted((), state="closed"),
    ):
        assert titles(posts, "南昌路", wanted) == []
    [hit] = search.search(posts, "停水", ALL, 5).hits
    assert (hit.ticket, hit.unit) == ("20110725-0001", "water-group")


def test_a_few_days_are_found_whole_whatever_the_order_the_posts_came_in(city: City) -> None:
    for i in (5, 1, 9, 3, 7, 2, 8):
        save_thread(city, thread=str(1000 + i), title=f"第 {i} 处停电", posted_at=POSTED + timedelta(days=i))
    search.index(city)
    some = Wanted((), since=POSTED + timedelta(days=2), until=POSTED + timedelta(days=8))
    assert sorted(titles(city, "停电", some)) == [f"第 {i} 处停电" for i in (2, 3, 5, 7)]
    none = Wanted((), since=POSTED - timedelta(days=9), until=POSTED - timedelta(days=8))
    assert titles(city, "停电", none) == []


def test_a_post_of_long_ago_that_came_late_makes_its_day_no_longer(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(30):
        save_thread(city, thread=str(1000 + i), title=f"第 {i} 处停电", posted_at=POSTED + timedelta(days=i))
    search.index(city)
    save_thread(city, thread="2000", title="那天也停电", posted_at=POSTED)
    search.index(city)
    that_day = Wanted((), since=POSTED, until=POSTED + timedelta(days=1))
    monkeypatch.setattr(found, "AT_ONCE", 3)
    monkeypatch.setattr(found, "LOOKED_THROUGH", 5)
    assert titles(city, "停电", that_day, limit=2) == ["那天也停电", "第 0 处停电"]


def test_a_post_is_found_by_its_day_as_the_board_tells_it_now(city: City) -> None:
    save_thread(city, title="停电", posted_at=POSTED)
    search.index(city)
    save_thread(city, title="停电", posted_at=POSTED - timedelta(days=9))
    search.index(city)
    until = Wanted((), until=POSTED - timedelta(days=8))
    assert titles(city, "停电", until) == ["停电"]
    assert titles(city, "停电", Wanted((), since=POSTED)) == []


def test_pages_follow_each_other_and_lose_nothing(city: City) -> None:
    for i in range(450):  # more than are looked up together
        save_thread(city, thread=str(1000 + i), title=f"第 {i} 处停电", posted_at=POSTED + timedelta(minutes=i))
    search.index(city)
    seen: list[str] = []
    before = None
    while True:
        page = search.search(city, "停电", ALL, 40, before)
        seen += [hit.post.thread for hit in page.hits]
        before = page.before
        if before is None:
            break
    assert seen == [str(1449 - i) for i in range(450)]


@given(st.text(max_size=60))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_is_too_odd_to_be_indexed_and_found_again(store: Store, reference: Reference, text: str) -> None:
    words, _ = search.asked(text, reference)
    store.db.put_words(1, words)
    assert not words or store.db.find_entries(words, (), (0, 2), 5) == [1]


def test_a_cycle_indexes_so_many_at_a_time_and_goes_on(city: City) -> None:
    for i in range(7):
        save_thread(city, thread=str(i), title=f"第 {i} 处停电")
    assert [search.index(city, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert len(titles(city, "停电")) == 7


def test_what_is_forgotten_is_found_by_nothing(posts: City) -> None:
    posts.store.found.forget("lyw", "200")
    assert titles(posts, "停水") == []


def test_a_copied_city_makes_its_own_index(posts: City, store: Store) -> None:
    copy(posts.store.db, store.db)
    assert store.found.count_waiting() == 4
    assert posts.store.found.count_waiting() == 0
