"""Two clerks never work on the same post unknowingly, and the queue is in the order of what is due."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient

from data.city import City
from data.records import Urgency
from data.store import schema
from desk.people import add_user
from tests.desk_city import NOW, PASSWORD, QUEUE, Clock, desk, enqueue, login, make, post, staff, suggestion, token
from tests.test_desk_queue import send


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", tickets=False)
    staff(city)
    add_user(city, "wang", PASSWORD, "clerk", display="王敏", now=NOW)
    return city


@pytest.fixture
def app(city: City, clock: Clock) -> Flask:
    return desk(city, clock)


@pytest.fixture
def clerk(app: Flask) -> FlaskClient:
    return login(app, "clerk")


@pytest.fixture
def wang(app: Flask) -> FlaskClient:
    return login(app, "wang")


def opened(page: str) -> str:
    return page.partition('data-post="')[2].partition('"')[0]


def test_who_comes_second_gets_the_next_post_and_sees_who_is_at_the_first(
    clerk: FlaskClient, wang: FlaskClient
) -> None:
    assert opened(wang.get("/").text) == "lyw/104"
    page = clerk.get("/").text
    assert opened(page) == "lyw/101"
    assert "王敏正在看" in page.partition("lyw/104")[2]


def test_a_post_opened_on_purpose_says_who_is_at_it(clerk: FlaskClient, wang: FlaskClient) -> None:
    wang.get("/?post=lyw/102")
    assert "王敏正在看这一条" in clerk.get("/?post=lyw/102").text
    assert clerk.get("/queue/news?post=lyw/102").json == {
        "waiting": 4, "emergencies": 1, "others": "王敏", "became": ""
    }  # fmt: skip


def test_a_page_left_alone_is_free_after_a_while_and_one_that_asks_is_not(
    clerk: FlaskClient, wang: FlaskClient, clock: Clock
) -> None:
    wang.get("/?post=lyw/102")
    clock.forward(seconds=40)
    wang.get("/queue/news?post=lyw/102")
    clock.forward(seconds=40)
    assert "王敏正在看这一条" in clerk.get("/?post=lyw/102").text
    clock.forward(seconds=46)
    assert "王敏正在看这一条" not in clerk.get("/?post=lyw/102").text


def test_after_a_decision_the_next_post_is_one_that_nobody_is_at(clerk: FlaskClient, wang: FlaskClient) -> None:
    clerk.get("/?post=lyw/101")
    wang.get("/?post=lyw/102")
    assert 'name="next" value="lyw/103"' in clerk.get("/?post=lyw/101").text
    answer = send(clerk, "reject", "101", reason="1", next="lyw/102")  # wang sat down before it after the page was made
    assert opened(clerk.get(answer.location).text) == "lyw/104"


def test_a_leader_who_reads_the_queue_holds_nothing(app: Flask, clerk: FlaskClient) -> None:
    login(app, "leader").get("/")
    page = clerk.get("/").text
    assert opened(page) == "lyw/104"
    assert "正在看</span>" not in page


def test_a_decision_on_a_decided_post_says_who_decided_what(clerk: FlaskClient, wang: FlaskClient) -> None:
    clerk.get("/?post=lyw/101")
    send(wang, "accept", "101")
    told = "这条帖子已由 王敏 处理：交办市水务集团（14:30）"
    data = {"csrf_token": token(clerk, "/"), "post": "lyw/101", "next": "lyw/102"}
    for act, more in (
        ("accept", {"seen": QUEUE[0][1].at.isoformat()}),
        ("reject", {"reason": "1"}),
        ("merge", {"number": "x"}),
        ("split", {"seen": QUEUE[0][1].at.isoformat(), "unit": "lamps", "second": "water-group"}),
    ):
        answer = clerk.post(f"/queue/{act}", data={**data, **more})
        assert answer.location == "/?post=lyw/102" if act != "merge" else True
        assert told in clerk.get(answer.location).text, act
    became = clerk.get("/queue/news?post=lyw/101").json
    assert became is not None
    assert became["became"] == told.removeprefix("这条帖子")


def test_clerks_who_open_the_queue_at_one_moment_get_different_posts(app: Flask, city: City) -> None:
    names = ("clerk", "wang", "admin")
    clients = [login(app, name) for name in names]
    together = Barrier(len(clients))

    def first(client: FlaskClient) -> str:
        together.wait()
        return opened(client.get("/").text)

    with ThreadPoolExecutor(len(clients)) as pool:
        assert len(set(pool.map(first, clients))) == len(clients)


def test_what_would_be_due_sooner_comes_first_whenever_it_was_posted(clerk: FlaskClient, city: City) -> None:
    with city.store.transaction():
        enqueue(city, post("201", "办证要多久", "请问", 4 * 24 * 60), suggestion("201", days=15))
        enqueue(city, post("202", "井盖坏了", "快修", 60), suggestion("202", days=1))
        enqueue(city, post("203", "没电了", "停电", 1), suggestion("203", urgency=Urgency.IMMEDIATE, days=0))
    order = [p.thread for p, _ in city.store.decisions.queue()]
    assert order == ["104", "101", "203", "202", "102", "201", "103"]


def test_an_older_store_puts_its_waiting_posts_in_order(city: City) -> None:
    before = [p.thread for p, _ in city.store.decisions.queue()]
    with city.store.transaction():
        db = city.store.db
        db.execute("drop table looking")
        db.execute("alter table posts drop column due")
        schema.queue(db)
    assert [p.thread for p, _ in city.store.decisions.queue()] == before
    due = dict(city.store.db.execute("select thread, due from posts").fetchall())
    assert due["102"] == (NOW - timedelta(minutes=150) + timedelta(days=7)).isoformat(timespec="microseconds")
