"""The barometer's page: calm or rising at the first glance, drawn without a script or a style."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data.city import City
from data.store.series import Surge
from desk.web.barometer import draw
from tests.desk_city import NOW, PASSWORD, Clock, desk, make, staff
from ticketing import series
from ticketing.barometer import Hour


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city")
    staff(city)
    with city.store.transaction():
        series.count(city, NOW)
    return city


@pytest.fixture
def client(city: City) -> FlaskClient:
    client = desk(city, Clock()).test_client()
    page = client.get("/login").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    client.post("/login", data={"name": "leader", "password": PASSWORD, "csrf_token": token[1]})
    return client


def rise(city: City, title: str = "urban/water-supply") -> None:
    surge = Surge(
        "category", title, NOW, NOW - timedelta(hours=8), NOW, 9, 0.8, 20.0, ("lyw/101",), (f"category:{title}",),
        ("water-group",), ("jianxi",),
    )  # fmt: skip
    with city.store.transaction():
        city.store.series.keep(surge)


def test_a_calm_city_says_so(client: FlaskClient) -> None:
    page = client.get("/barometer").text
    assert "平稳" in page
    assert "正在升温" not in page


def test_a_rise_is_said_first_with_how_much_where_and_who_was_told(city: City, client: FlaskClient) -> None:
    rise(city)
    page = client.get("/barometer").text
    first = page.index("正在升温 1 件")
    assert first < page.index("<svg")
    assert "供水" in page[first : first + 300]
    assert "涧西区" in page
    assert "市水务集团" in page
    assert "南昌路阳光小区停水三天没人管" in page


def test_the_picture_needs_no_script_and_no_style(city: City, client: FlaskClient) -> None:
    rise(city)
    main = client.get("/barometer").text.partition("<main")[2]
    assert "<svg" in main
    assert "style=" not in main
    assert "<script" not in main
    assert re.search(r'role="img" aria-label="[^"]*48 小时', main)


def test_a_name_from_a_post_cannot_become_markup(city: City, client: FlaskClient) -> None:
    rise(city, "<img src=x onerror=alert(1)>")
    assert "<img src=x" not in client.get("/barometer").text


def test_a_unit_s_liaison_officer_does_not_see_it(city: City) -> None:
    client = desk(city, Clock()).test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert token
    client.post("/login", data={"name": "liaison", "password": PASSWORD, "csrf_token": token[1]})
    assert client.get("/barometer").status_code == 403


def test_bars_stand_on_the_floor_and_the_highest_reaches_the_top(city: City) -> None:
    with desk(city, Clock()).test_request_context():
        hours = [Hour(NOW + timedelta(hours=i), n, 2.0) for i, n in enumerate((0, 5, 10))]
        drawn = draw(hours, NOW + timedelta(hours=2))
    assert [b.y + b.height for b in drawn.bars] == pytest.approx([164, 164, 164])
    assert drawn.bars[2].y == pytest.approx(12)
    assert [b.rising for b in drawn.bars] == [False, False, True]
    assert drawn.highest == 10
    assert drawn.total == 15
