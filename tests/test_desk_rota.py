"""Who is on duty, as the desk shows it."""

from __future__ import annotations

from pathlib import Path

from data import editing
from data.city import City
from desk import registry
from tests.desk_city import NOW, Clock, desk, login, make, staff, token

NIGHT = {"name": "李强", "days": "每天", "start": "18:00", "end": "08:00", "reach": "13900000002"}


def begun(folder: Path) -> City:
    city = make(folder / "city")
    staff(city)
    return city


def test_an_administrator_draws_up_the_rota_and_every_page_of_the_office_says_who_is_on(tmp_path: Path) -> None:
    city = begun(tmp_path)
    app = desk(city, Clock())
    admin = login(app, "admin")
    assert "还没有排班" in admin.get("/rota").text
    assert 'class="duty' not in admin.get("/boards").text
    row = {"name": "王敏", "days": "工作日", "start": "08:00", "end": "18:00", "user": "clerk"}
    answer = admin.post(
        "/reference/rota/new", data={**row, "csrf_token": token(admin, "/password")}, follow_redirects=True
    )
    assert "已添加" in answer.text
    page = login(app, "clerk").get("/boards").text
    assert "值班 <bdi>王敏</bdi>" in page
    rota = login(app, "leader").get("/rota").text
    assert "没有通知方式" in rota  # the user has not said where to be reached
    assert rota.count("没有人") >= 7  # every night
    assert "值班 <bdi>" not in login(app, "liaison").get("/tickets").text


def test_a_page_says_that_nobody_is_on(tmp_path: Path) -> None:
    city = begun(tmp_path)
    registry.add(city, "rota", editing.parse("rota", {**NIGHT, "days": ["每天"]}), "admin", NOW)
    clerk = login(desk(city, Clock()), "clerk")
    assert "没有人值班" in clerk.get("/boards").text


def test_a_day_that_is_none_is_told_beside_its_field(tmp_path: Path) -> None:
    admin = login(desk(begun(tmp_path), Clock()), "admin")
    answer = admin.post(
        "/reference/rota/new", data={**NIGHT, "days": "星期八", "csrf_token": token(admin, "/password")}
    )
    assert answer.status_code == 400
    assert "“星期八”不是日子" in answer.text
