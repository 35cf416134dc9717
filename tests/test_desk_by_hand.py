"""A clerk enters a post by hand, files it, and writes down on its ticket's page what they saw in the thread."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data.city import City
from data.records import Action, VerdictName
from tests import build
from tests.desk_city import Clock, desk, login, make, staff, token
from ticketing import filing, outbox

URL = "http://bbs.refuses.example/thread-9-1-1.html"
POST = {
    "url": URL,
    "title": "南昌路停水三天",
    "body": "家里停水三天，给自来水公司打电话没人管。",
    "author": "",
    "posted_at": "2011-07-25T13:00",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = build.refuses(make(tmp_path / "city", queue=False, tickets=False, clocks={"undo_seconds": 0}))
    staff(city)
    return city


@pytest.fixture
def app(city: City, clock: Clock) -> Flask:
    return desk(city, clock)


@pytest.fixture
def clerk(app: Flask) -> FlaskClient:
    return login(app, "clerk")


def send(client: FlaskClient, address: str, **form: str) -> TestResponse:
    form["csrf_token"] = token(client, "/password")
    return client.post(address, data=form, follow_redirects=True)


def filed(city: City, clerk: FlaskClient, clock: Clock) -> str:
    """The entered post as a ticket; its number."""
    send(clerk, "/enter", **POST)
    found = city.store.decisions.suggestion("refuses", "9")
    assert found
    send(clerk, "/queue/accept", post="refuses/9", seen=found.at.isoformat(), next="")
    with city.store.transaction():
        (entry,) = city.store.outbox.take(clock(), "test", outbox.LEASE, ("office",), limit=1)
        ticket = filing.acknowledged(city, entry, "LD9", clock())
    return ticket.number


def test_it_is_in_the_queue_at_once_with_a_suggestion_and_marked(city: City, clerk: FlaskClient) -> None:
    page = send(clerk, "/enter", **POST).text
    assert "已录入，分析好了" in page
    assert "南昌路" in page
    assert page.count('class="chip hand"') == 2  # in the list and beside the post
    found = city.store.decisions.suggestion("refuses", "9")
    assert found
    assert found.category.startswith("urban")
    assert ("录入帖子", "refuses/9") in [(e.what, e.subject) for e in city.store.people.audit()]


def test_an_address_that_is_known_leads_to_where_it_is(city: City, clerk: FlaskClient, clock: Clock) -> None:
    number = filed(city, clerk, clock)
    page = send(clerk, "/enter", **{**POST, "url": f"{URL}#2", "title": "另一个标题"}).text
    assert "没有重复录入" in page
    assert f"工单 {number}" in page
    assert city.store.threads.count() == 1
    assert [d.action for d in city.store.decisions.of("refuses", "9")] == [Action.ACCEPT]


def test_what_is_wrong_is_said_and_what_was_written_is_kept(clerk: FlaskClient) -> None:
    answer = clerk.post("/enter", data={**POST, "posted_at": "", "csrf_token": token(clerk, "/password")})
    assert answer.status_code == 400
    assert "请填写发帖时间" in answer.text
    assert POST["body"] in answer.text


def test_an_answer_is_written_down_on_the_tickets_page_and_judged(city: City, clerk: FlaskClient, clock: Clock) -> None:
    number = filed(city, clerk, clock)
    assert "人工核对原帖" in clerk.get(f"/tickets/{number}").text
    clock.forward(hours=5)
    answer = {"seen": "whole", "author": "洛阳水务", "body": "已恢复供水，换了阀门。", "replied_at": "2011-07-25T16:00"}
    page = send(clerk, f"/tickets/{number}/heard", **answer).text
    assert "已记下（人工）。现在的核对结果：按时答复" in page
    assert "承办单位答复" in page
    assert "人工查看原帖" in page
    entries = [(e.what, e.detail) for e in city.store.people.audit() if e.subject == number]
    assert any(what == "录入答复" and "洛阳水务" in detail for what, detail in entries)

    page = send(clerk, f"/tickets/{number}/retract", reply="hand-1").text
    found = city.store.tickets.verdict(number)
    assert found
    assert found.name == VerdictName.OVERDUE  # the whole thread was seen after due, and nothing else stood there
    assert any(e.what == "撤回录入的答复" and "换了阀门" in e.detail for e in city.store.people.audit())


def test_the_tickets_that_wait_for_a_person_are_listed_where_posts_are_entered(
    city: City, clerk: FlaskClient, clock: Clock
) -> None:
    number = filed(city, clerk, clock)
    assert "该看了" not in clerk.get("/enter").text
    clock.forward(hours=5)
    assert "等人工核对" in clerk.get("/today").text
    page = clerk.get("/enter").text
    assert number in page
    assert "该看了" in page
    send(clerk, f"/tickets/{number}/heard", seen="whole")
    assert "该看了" not in clerk.get("/enter").text


def test_a_thread_the_program_reads_has_no_such_form(tmp_path: Path, clock: Clock) -> None:
    city = make(tmp_path / "other")
    staff(city)
    clerk = login(desk(city, clock), "clerk")
    assert "人工核对原帖" not in clerk.get("/tickets/20110725-0001").text
    assert "由程序读取" in send(clerk, "/tickets/20110725-0001/heard", seen="whole").text


def test_only_who_handles_tickets_enters(app: Flask, city: City, clerk: FlaskClient, clock: Clock) -> None:
    number = filed(city, clerk, clock)
    assert "人工核对原帖" not in login(app, "leader").get(f"/tickets/{number}").text
