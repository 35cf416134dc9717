"""From the queue: a post merged into the ticket of a like one, a post split to two units, and both taken back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from data.city import City
from data.records import OutboxState
from tests.desk_city import NOW, PHONE, Clock, desk, enqueue, login, make, post, staff, suggestion, token
from tests.test_desk_queue import decisions, send
from ticketing import filing, lifecycle, outbox
from ticketing.attempt import Attempt, Result

NUMBER = "20110725-0001"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A queue, the tickets, and a further post on the matter of one of them."""
    city = make(tmp_path / "city")
    staff(city)
    with city.store.transaction():
        again = post("105", "凯旋路自来水又发黄了", f"凯旋路这几天自来水发黄，希望尽快处理，电话{PHONE}。", 20)
        enqueue(city, again, suggestion("105"))
    return city


@pytest.fixture
def app(city: City, clock: Clock) -> Flask:
    return desk(city, clock)


@pytest.fixture
def clerk(app: Flask) -> FlaskClient:
    return login(app, "clerk")


def take_back(client: FlaskClient, page: str) -> str:
    number = page.partition('name="decision" value="')[2].partition('"')[0]
    answer = client.post("/queue/undo", data={"csrf_token": token(client, "/"), "decision": number})
    return client.get(answer.location).text


def test_a_like_post_offers_its_ticket_beside_the_post_and_under_a_digit(clerk: FlaskClient) -> None:
    page = clerk.get("/?post=lyw/105").text
    assert f'<button form="merging" name="number" value="{NUMBER}" formnovalidate>并入</button>' in page
    assert re.search(rf'<button class="reason" name="number" value="{NUMBER}"[^>]* data-digit="1">', page)


def test_a_settled_ticket_is_not_offered(clerk: FlaskClient, city: City) -> None:
    lifecycle.move(city, NUMBER, "close", "clerk", "", NOW, role="clerk")
    assert f'value="{NUMBER}"' not in clerk.get("/?post=lyw/105").text


def test_a_like_post_that_was_merged_offers_the_ticket_it_shares(clerk: FlaskClient, city: City) -> None:
    send(clerk, "merge", "105", number=NUMBER)
    with city.store.transaction():
        enqueue(city, post("106", "凯旋路自来水又发黄了", "凯旋路自来水发黄没人管。", 10), suggestion("106"))
    assert (
        clerk.get("/?post=lyw/106").text.count(f'value="{NUMBER}"') == 2
    )  # beside the post and under a digit: once each


def test_a_merge_is_taken_back_within_ten_seconds_and_the_ticket_says_both(
    clerk: FlaskClient, city: City, clock: Clock
) -> None:
    answer = send(clerk, "merge", "105", number=NUMBER, next="lyw/102")
    assert answer.location == "/?post=lyw/102"
    page = clerk.get(answer.location).text
    assert f"已并入工单 {NUMBER}" in page
    assert city.store.tickets.merged(NUMBER) == [("lyw", "105")]
    clock.forward(seconds=9)
    assert "已撤销，帖子回到队列" in take_back(clerk, page)
    assert city.store.tickets.merged(NUMBER) == []
    assert city.store.decisions.stage("lyw", "105") == "suggested"
    assert [e.move for e in city.store.tickets.events(NUMBER)][-2:] == ["merge", "unmerge"]
    assert send(clerk, "merge", "105", number=NUMBER).status_code == 302  # and may be merged again
    assert city.store.tickets.merged(NUMBER) == [("lyw", "105")]


def test_after_ten_seconds_a_merge_stands(clerk: FlaskClient, city: City, clock: Clock) -> None:
    page = clerk.get(send(clerk, "merge", "105", number=NUMBER).location).text
    clock.forward(seconds=11)
    assert "来不及撤销" in take_back(clerk, page)
    assert city.store.tickets.merged(NUMBER) == [("lyw", "105")]


def test_a_post_split_to_two_units_waits_twice_in_the_outbox_and_comes_back_whole(
    clerk: FlaskClient, city: City
) -> None:
    page = clerk.get(send(clerk, "split", "101", unit="water-group", second="housing-bureau").location).text
    assert "已交办 市水务集团、" in page
    first, second = decisions(city, "101")
    assert (first.unit, second.unit) == ("water-group", "housing-bureau")
    waiting = city.store.outbox.entries(OutboxState.WAITING, filing.OFFICE)
    assert [e.payload["decision"] for e in waiting] == [first.id, second.id]
    assert second.lead == waiting[1].payload["lead"] == waiting[0].payload["number"]
    assert "已撤销，帖子回到队列" in take_back(clerk, page)
    assert city.store.outbox.entries(OutboxState.WAITING, filing.OFFICE) == []
    assert city.store.decisions.stage("lyw", "101") == "suggested"
    assert list(city.store.decisions.samples()) == [s for s in city.store.decisions.samples() if s[0].thread != "101"]


def test_a_split_of_which_one_half_left_is_not_taken_back_by_half(clerk: FlaskClient, city: City, clock: Clock) -> None:
    page = clerk.get(send(clerk, "split", "101", unit="water-group", second="housing-bureau").location).text
    first, second = city.store.outbox.entries(OutboxState.WAITING, filing.OFFICE)
    with city.store.transaction():
        city.store.outbox.settle(second.id, OutboxState.SENT, clock())
    assert "来不及撤销" in take_back(clerk, page)
    kept = city.store.outbox.entry(first.key)
    assert kept is not None
    assert kept.state is OutboxState.WAITING


def test_both_halves_become_tickets_that_know_of_each_other(
    clerk: FlaskClient, city: City, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(("LY1", "LY2"))
    office = (lambda _city, _entry: Attempt(Result.SENT, answer=next(answers)), True)
    monkeypatch.setattr(outbox, "SENDERS", {**outbox.SENDERS, filing.OFFICE: office})
    send(clerk, "split", "101", unit="water-group", second="housing-bureau")
    clock.forward(seconds=11)
    outbox.send_due(city, clock, "test", (filing.OFFICE,))
    lead, other = city.store.tickets.of("lyw", "101")
    assert (lead.unit, other.unit, other.lead) == ("water-group", "housing-bureau", lead.number)
    assert f"/tickets/{other.number}" in clerk.get(f"/tickets/{lead.number}").text
    assert "后来撤回" not in clerk.get(f"/tickets/{other.number}").text


def test_a_split_to_one_unit_is_refused(clerk: FlaskClient, city: City) -> None:
    answer = send(clerk, "split", "101", unit="lamps", second="lamps")
    assert "两个单位是同一个" in clerk.get(answer.location).text
    assert decisions(city, "101") == []
    assert send(clerk, "split", "101", unit="lamps", second="").status_code == 400
