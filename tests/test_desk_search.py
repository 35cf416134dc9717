"""The search page and the command: what is found, by whom, and what stays hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from data.city import City
from desk.cli import cli
from desk.web.search import excerpt
from tests.desk_city import PHONE, Clock, desk, login, make, staff
from ticketing import search


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city")
    staff(city)
    search.index(city)
    return city


@pytest.fixture
def app(city: City) -> Flask:
    return desk(city, Clock())


def test_a_word_finds_posts_with_their_tickets_and_marks_it(app: Flask) -> None:
    page = login(app, "clerk").get("/search?q=自来水").text
    assert "/tickets/20110725-0001" in page
    assert '<mark title="找到的词">自来水</mark>' in page


def test_a_tickets_number_leads_to_it(app: Flask) -> None:
    answer = login(app, "leader").get("/search?q=20110725-0002")
    assert (answer.status_code, answer.location) == (302, "/tickets/20110725-0002")


def test_a_liaison_officer_finds_the_own_units_tickets_only(app: Flask, city: City) -> None:
    clerk, liaison = login(app, "clerk"), login(app, "liaison")
    units = {t.number: t.unit for t in city.store.tickets.tickets()}
    own = city.store.people.user("liaison")
    assert own is not None
    for number, unit in units.items():
        [ticket] = [t for t in city.store.tickets.tickets() if t.number == number]
        words = ticket.title
        assert f"/tickets/{number}" in clerk.get("/search", query_string={"q": words}).text
        for asked in (words, number):
            answer = liaison.get("/search", query_string={"q": asked, "unit": unit})
            assert (f"/tickets/{number}" in answer.text or f"/tickets/{number}" == answer.location) is (
                unit == own.unit
            )


def test_a_telephone_number_finds_nothing_but_for_a_clerk_and_what_is_in_hand(app: Flask, city: City) -> None:
    leader = login(app, "leader").get(f"/search?q={PHONE}").text
    assert "没有找到" in leader
    assert not [a for a in city.store.people.audit(50) if a.what == "按电话查找"]
    page = login(app, "clerk").get(f"/search?q={PHONE}").text
    assert "写有这个电话的帖子" in page
    [seen] = [a for a in city.store.people.audit(50) if a.what == "按电话查找"]
    assert seen.who == "clerk"
    assert PHONE not in seen.detail


def test_contact_details_are_masked_in_what_is_found(app: Flask, city: City) -> None:
    [with_phone] = [p for p, _ in city.store.decisions.queue() if PHONE in p.body]
    page = login(app, "clerk").get("/search", query_string={"q": with_phone.title}).text
    assert with_phone.title.split("，")[0][:4] in page
    assert PHONE not in page


@pytest.mark.parametrize(
    "query", ["", "q=", "q=没有这样的词语", "q=停水&since=昨天", "q=停水&unit=nobody", "before=x&q=a", "q=%00%27%22"]
)
def test_whatever_is_asked_there_is_a_page(app: Flask, query: str) -> None:
    answer = login(app, "clerk").get(f"/search?{query}")
    assert answer.status_code == 200
    assert "<h1>检索</h1>" in answer.text


def test_an_excerpt_is_around_the_first_word_found() -> None:
    text = "前言" * 60 + "南昌路停水" + "后话" * 90
    piece = excerpt(text, ["停水"])
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert "南昌路停水" in piece
    assert len(piece) < 130
    assert excerpt("短短一句", ["没有"]) == "短短一句"


def test_the_command_lists_and_speaks_json(city: City) -> None:
    run = CliRunner().invoke(cli, ["--dir", str(city.folder), "search", "自来水", "--json"])
    found = json.loads(run.output)
    assert "20110725-0001" in [h["ticket"] for h in found["hits"]]
    assert found["more"] is False
    assert "20110725-0001" in CliRunner().invoke(cli, ["--dir", str(city.folder), "search", "自来水"]).output
