"""The administrator's page of users."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data.city import City
from data.records import AuditEntry
from desk import staffing
from desk.people import PeopleError, verify
from tests.desk_city import NOW, PASSWORD, Clock, desk, login, make, staff, token


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", queue=False, tickets=False)
    staff(city)
    return city


@pytest.fixture
def app(city: City) -> Flask:
    return desk(city, Clock())


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return login(app, "admin")


def send(client: FlaskClient, address: str, **form: str) -> TestResponse:
    return client.post(address, data={"csrf_token": token(client, "/password"), **form}, follow_redirects=True)


def shown_once(answer: TestResponse) -> str:
    found = re.search(r"<output>(.+?)</output>", answer.text)
    assert found, answer.text
    return found[1]


def newest(city: City) -> AuditEntry:
    return next(e for e in city.store.people.audit() if e.what not in ("登录", "登录失败"))


def test_a_new_user_gets_a_password_once_and_must_change_it_first(app: Flask, admin: FlaskClient, city: City) -> None:
    answer = send(admin, "/users/new", name="wang", role="clerk", display="王敏", reach="13900001111")
    password = shown_once(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert password not in admin.get("/users").text
    assert (newest(city).what, newest(city).subject) == ("添加用户", "wang")
    assert password not in str(city.store.people.audit())
    wang = login(app, "wang", password)
    for address in ("/", "/tickets", "/report", "/password"):
        assert "先改成自己的" in wang.get(address, follow_redirects=True).text
    send(wang, "/password", old=password, new="a-brand-new-password", again="a-brand-new-password")
    assert wang.get("/").status_code == 200


def test_the_given_password_is_not_kept_as_the_own(app: Flask, admin: FlaskClient) -> None:
    password = shown_once(send(admin, "/users/clerk/password"))
    clerk = login(app, "clerk", password)
    assert "请换一个" in send(clerk, "/password", old=password, new=password, again=password).text
    assert clerk.get("/").location == "/password"


def test_a_reset_ends_the_sessions_of_that_user(app: Flask, admin: FlaskClient) -> None:
    clerk = login(app, "clerk")
    assert clerk.get("/").status_code == 200
    send(admin, "/users/clerk/password")
    assert clerk.get("/").location.startswith("/login")


def test_a_change_holds_at_once_and_the_audit_says_before_and_after(app: Flask, admin: FlaskClient, city: City) -> None:
    clerk = login(app, "clerk")
    send(admin, "/users/clerk", role="liaison", unit="lamps", display="李", reach="mailto://secret@example.com")
    assert clerk.get("/").location == "/tickets"
    entry = newest(city)
    assert (entry.who, entry.what, entry.subject) == ("admin", "更改用户", "clerk")
    assert entry.detail == "角色：值班员 → 联络员；单位：无 → lamps；姓名：无 → 李；通知：已更改"


@pytest.mark.parametrize("act", ["lock", "deactivate"])
def test_who_is_shut_out_is_out_at_once_and_cannot_come_back_in(
    app: Flask, admin: FlaskClient, city: City, act: str
) -> None:
    clerk = login(app, "clerk")
    send(admin, f"/users/clerk/{act}")
    assert clerk.get("/").location.startswith("/login")
    with pytest.raises(PeopleError, match="请找管理员"):
        verify(city, "clerk", PASSWORD, NOW)
    with pytest.raises(PeopleError, match="用户名或密码不对"):  # whoever does not know the password learns nothing
        verify(city, "clerk", "a wrong guess", NOW)
    send(admin, f"/users/clerk/{'unlock' if act == 'lock' else 'activate'}")
    assert verify(city, "clerk", PASSWORD, NOW).name == "clerk"


def test_wrong_passwords_show_on_the_page_and_are_forgiven_there(admin: FlaskClient, city: City) -> None:
    for _ in range(5):
        with pytest.raises(PeopleError):
            verify(city, "clerk", "wrong", NOW)
    assert "输错密码，暂时锁定" in admin.get("/users").text
    send(admin, "/users/clerk/unlock")
    assert verify(city, "clerk", PASSWORD, NOW).name == "clerk"


@pytest.mark.parametrize(
    ("address", "form"),
    [("/users/admin/lock", {}), ("/users/admin/deactivate", {}), ("/users/admin", {"role": "clerk"})],
)
def test_the_last_administrator_cannot_be_shut_out(
    admin: FlaskClient, city: City, address: str, form: dict[str, str]
) -> None:
    assert "最后一个能登录的管理员" in send(admin, address, **form).text
    assert admin.get("/users").status_code == 200
    with pytest.raises(PeopleError, match="最后一个"):
        staffing.dismiss(city, "admin", "命令行", NOW)
    send(admin, "/users/new", name="second", role="admin")
    assert "最后一个" not in send(admin, address, **form).text
    assert city.store.people.user("second") is not None


def test_an_administrator_who_is_locked_does_not_count_as_one(admin: FlaskClient) -> None:
    send(admin, "/users/new", name="second", role="admin")
    send(admin, "/users/second/lock")
    assert "最后一个" in send(admin, "/users/admin/deactivate").text


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"name": "bad name", "role": "clerk"}, "用户名只能"),
        ({"name": "clerk", "role": "clerk"}, "已有用户 clerk"),
        ({"name": "li", "role": "boss"}, "没有“boss”这个角色"),
        ({"name": "li", "role": "liaison"}, "联络员要写明所属单位"),
        ({"name": "li", "role": "clerk", "reach": "请打电话"}, "通知方式要写手机号"),
    ],
)
def test_what_will_not_do_is_said_and_what_was_typed_stays(admin: FlaskClient, form: dict[str, str], says: str) -> None:
    answer = send(admin, "/users/new", display="李四光", **form)
    assert (answer.status_code, says in answer.text, "李四光" in answer.text) == (400, True, True)


def test_a_form_cannot_set_more_than_its_fields(admin: FlaskClient, city: City) -> None:
    before = city.store.people.user("clerk")
    send(admin, "/users/clerk", role="clerk", password_hash="x", active="0", locked="1", name="root", fresh="1")
    assert city.store.people.user("clerk") == before
    assert city.store.people.user("root") is None
