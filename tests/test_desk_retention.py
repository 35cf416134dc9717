"""The administrator's page of what is kept how long: it says what is due, erases on a second thought, and shows the room there is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data.city import City
from data.store.retention import GONE
from tests.desk_city import NOW, Clock, desk, enqueue, login, make, post, staff, suggestion, token

LATER = NOW + timedelta(days=100)


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", retention={"contacts_days": 60, "text_days": 90})
    staff(city)
    with city.store.transaction():
        enqueue(city, post("901", "求购二手自行车", "电话 13612345678"), suggestion("901", is_request=False))
    return city


@pytest.fixture
def admin(city: City) -> FlaskClient:
    return login(desk(city, Clock(LATER)), "admin")


def test_the_page_says_what_is_due_and_what_is_not_over_yet(admin: FlaskClient) -> None:
    page = admin.get("/retention").text
    for words in ("contacts_days = 60", "text_days = 90", "pages_days = 0", "一直保存", "条帖子", "还没有量过"):
        assert words in page


def test_it_erases_when_told_to_and_the_audit_says_who_did(admin: FlaskClient, city: City) -> None:
    answer = admin.post("/retention/erase", data={"csrf_token": token(admin, "/password")}, follow_redirects=True)
    assert "已删除：联系方式" in answer.text
    assert "存满 90 天；admin" in answer.text
    erased = city.store.threads.post("lyw", "901")
    assert erased is not None
    assert erased.body == GONE
    assert city.store.threads.erased("lyw", "101") == ""  # a request nobody decided
    entry = city.store.people.audit(1)[0]
    assert (entry.who, entry.what) == ("admin", "按保存期限删除")
    again = admin.post("/retention/erase", data={"csrf_token": token(admin, "/password")}, follow_redirects=True)
    assert "什么都没有删" in again.text


def test_an_erased_ticket_still_has_its_page_and_its_line(admin: FlaskClient, city: City) -> None:
    with city.store.transaction():
        city.store.retention.erase_text([("lyw", "201")], str)
    assert GONE in admin.get("/tickets/20110725-0001").text
    assert GONE in admin.get("/tickets").text


def test_the_room_is_told_by_table_and_until_when(admin: FlaskClient, city: City) -> None:
    for day in (1, 2, 3):
        city.store.disk.measure(f"2011-10-{day:02d}")
        sizes = city.store.disk.measured()[1]
    for day in (1, 2, 3):
        grown = sizes["posts"] + day * 20 * 1024**3  # 20 GB a day
        city.store.db.execute(
            "update sizes set bytes = ? where day = ? and name = 'posts'", [grown, f"2011-10-{day:02d}"]
        )
    page = admin.get("/retention").text
    assert "每天约增 20.0 GB" in page
    assert "用满" in page
    assert page.index("<td>帖子</td>") < page.index("<td>网页快照</td>")
