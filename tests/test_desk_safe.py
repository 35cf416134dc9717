"""Nobody sees or does at the desk what is not theirs: contact details, other units, old cookies, forged forms, errors."""

from __future__ import annotations

import io
import logging
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from data.city import City
from desk.web import HEADERS
from desk.web.access import KEYED
from desk.web.session import LASTS
from tests.desk_city import NOW, PASSWORD, PHONE, Clock, _file, desk, login, make, staff, token
from ticketing import bridge

ROLES = ("clerk", "liaison", "leader", "admin")
OTHERS = "供热管道井盖丢了"  # the title of a ticket that is another unit's
# What stands for a variable of a route; a route not met by these is asked for with "clerk".
VALUES = {"number": "20110725-0001", "table": "units"}
MORE = (
    *(f"/report/file/{kind}" for kind in ("xlsx", "csv", "json", "html", "docx", "txt")),
    *(f"/?post=lyw/{thread}" for thread in ("101", "102", "103", "104", "201")),
    "/report/chart/units",
    "/report/chart/waiting",
    "/report/tickets?counted=filed",
    "/search?q=自来水",
    "/search?q=电话",
    "/tickets?words=自来水",
    "/tickets/20110725-0002",
    "/tickets/20110725-0003",
    "/tickets/20110725-0002/pages/2",
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = make(tmp_path_factory.mktemp("safe") / "city")
    staff(city)
    with city.store.transaction():
        _file(city, "203", "20110725-0003", "water-group", f"自来水浑，打我电话{PHONE}", hours=2)
    bridge.begin(city, "20110725-0003", f"上门看过，电话{PHONE}", "clerk", NOW)
    return city


@pytest.fixture(scope="module")
def app(city: City) -> Flask:
    return desk(city, Clock())


@pytest.fixture(scope="module")
def browsers(app: Flask) -> dict[str, FlaskClient]:
    return {role: login(app, role) for role in ROLES}


def address(rule: Rule) -> str:
    return re.sub(r"<(?:([^:>]+):)?(\w+)>", lambda m: "1" if m[1] == "int" else VALUES.get(m[2], "clerk"), rule.rule)


def pages(app: Flask) -> list[str]:
    """Every page that can be asked for, open or not."""
    rules = (r for r in app.url_map.iter_rules() if "GET" in (r.methods or ()) and r.endpoint != "static")
    return [*(address(r) for r in rules if r.endpoint not in KEYED), *MORE]


def text(answer: TestResponse) -> str:
    """What an answer says, also one that is packed."""
    content = answer.get_data()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b"".join(packed.read(name) for name in packed.namelist())
    return content.decode("utf-8", "replace")


@pytest.mark.parametrize("role", ["leader", "admin"])
def test_who_does_not_handle_tickets_meets_no_contact_detail_anywhere(
    app: Flask, browsers: dict[str, FlaskClient], role: str
) -> None:
    answers = {a: browsers[role].get(a) for a in pages(app)}
    assert sum(a.status_code == 200 for a in answers.values()) > 30
    told = [a for a, answer in answers.items() if PHONE in text(answer) or "0379-63123456" in text(answer)]
    assert told == []


def test_what_is_masked_is_not_found_out_by_searching_for_it(browsers: dict[str, FlaskClient]) -> None:
    found = {
        role: "20110725-0003" in browsers[role].get(f"/tickets?words={PHONE[:6]}").text for role in ("clerk", "leader")
    }
    assert found == {"clerk": True, "leader": False}
    assert "20110725-0003" in browsers["leader"].get("/tickets?words=自来水浑").text


def test_no_file_of_the_report_holds_a_contact_detail_whoever_takes_it(browsers: dict[str, FlaskClient]) -> None:
    kinds = ("xlsx", "csv", "json", "html", "docx", "txt")
    assert [k for k in kinds if PHONE in text(browsers["clerk"].get(f"/report/file/{k}"))] == []


def test_a_liaison_officer_meets_nothing_of_another_unit_anywhere(app: Flask, browsers: dict[str, FlaskClient]) -> None:
    answers = {a: browsers["liaison"].get(a) for a in pages(app)}
    theirs = [a for a, answer in answers.items() if OTHERS in text(answer) or "heating-company" in text(answer)]
    assert theirs == []
    assert answers["/tickets/20110725-0002"].status_code == 404
    assert answers["/tickets/20110725-0003"].status_code == 200


def test_a_liaison_officer_cannot_ask_for_another_units_tickets_by_a_filter(browsers: dict[str, FlaskClient]) -> None:
    for page in ("/tickets?unit=heating-company", "/search?q=供热&unit=heating-company", "/search?q=20110725-0002"):
        answer = browsers["liaison"].get(page)
        assert answer.status_code == 200
        assert OTHERS not in answer.text


BEYOND = {"from": "9" * 20, "after": "9" * 20, "before": "9" * 20, "since": "0001-01-01", "until": "9999-12-31"}


def test_no_number_and_no_day_breaks_a_page_however_great(app: Flask, browsers: dict[str, FlaskClient]) -> None:
    admin, form = browsers["admin"], {"csrf_token": token(browsers["admin"], "/password"), "decision": "9" * 20}
    answers = [admin.get(a.partition("?")[0], query_string=BEYOND) for a in dict.fromkeys(pages(app))]
    assert sum(a.status_code == 200 for a in answers) > 30
    numbered = [r for r in app.url_map.iter_rules() if "<int:" in r.rule]
    paths = {
        address(r).replace("/1", "/" + "9" * 20): sorted((r.methods or set()) - {"HEAD", "OPTIONS"}) for r in numbered
    }
    assert {admin.open(a, method=methods[0], data=form).status_code for a, methods in paths.items()} == {404}
    assert admin.post("/queue/undo", data=form).status_code == 404


def test_no_address_that_takes_a_form_takes_one_without_its_token(app: Flask, browsers: dict[str, FlaskClient]) -> None:
    posted = [r for r in app.url_map.iter_rules() if "POST" in (r.methods or ()) and r.endpoint not in KEYED]
    assert {"session.login", "session.password", "users.add"} < {r.endpoint for r in posted}
    clients = {"session.login": app.test_client()}
    taken = {
        r.endpoint: answer.status_code
        for r in posted
        if (answer := clients.get(r.endpoint, browsers["admin"]).post(address(r))).status_code != 400
        or "页面已过期" not in answer.text
    }
    assert taken == {}


def test_a_token_of_another_session_is_none(app: Flask, browsers: dict[str, FlaskClient]) -> None:
    stolen = token(app.test_client())
    answer = browsers["clerk"].post("/queue/accept", data={"csrf_token": stolen, "post": "lyw/101"})
    assert answer.status_code == 400


def test_every_answer_carries_the_headers_also_an_error(app: Flask, browsers: dict[str, FlaskClient]) -> None:
    asked: dict[int, TestResponse] = {}
    for a in pages(app):
        answer = browsers["leader"].get(a, buffered=True)
        asked[answer.status_code] = answer
        assert {n: answer.headers.get(n) for n in HEADERS} == HEADERS, a
        assert answer.headers["Cache-Control"] == "no-store", a
    clerk = browsers["clerk"]
    for answer in (clerk.get("/logout"), clerk.post("/login"), clerk.post("/queue/accept", data={"x": "y" * 300_000})):
        asked[answer.status_code] = answer
        assert {n: answer.headers.get(n) for n in HEADERS} == HEADERS
    assert {200, 302, 400, 403, 404, 405, 413} <= set(asked)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[City, Clock, Flask]]:
    """A city of one's own."""
    city, clock = make(tmp_path / "city", tickets=False), Clock()
    staff(city)
    yield city, clock, desk(city, clock)
    city.store.close()


def test_a_page_that_breaks_carries_the_headers_says_so_and_logs_one_line(
    own: tuple[City, Clock, Flask], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, _, app = own
    client = login(app, "clerk")
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False

    def broken(*_: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("desk.web.tickets.asked", broken)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/tickets/x%0a2026-11-26 INFO all is well")
    assert (answer.status_code, "程序出错了" in answer.text, "no such luck" in answer.text) == (500, True, False)
    assert {n: answer.headers.get(n) for n in HEADERS} == HEADERS
    (line,) = [r.getMessage() for r in caplog.records if "Exception on" in r.getMessage()]
    assert "\n" not in line
    assert "x\\n2026" in line


def test_a_disk_that_is_full_is_said_and_nothing_is_half_done(
    own: tuple[City, Clock, Flask], caplog: pytest.LogCaptureFixture
) -> None:
    city, _, app = own
    client = login(app, "clerk")
    form = dict(re.findall(r'name="(csrf_token|seen)"[^>]* value="([^"]+)"', client.get("/?post=lyw/101").text))
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    with sqlite3.connect(city.folder / "liandong.db", isolation_level=None) as other, caplog.at_level(logging.ERROR):
        other.execute("create trigger full before insert on decisions begin select raise(abort, 'no room'); end")
        answer = client.post("/queue/accept", data={**form, "post": "lyw/101"})
        other.execute("drop trigger full")
    assert answer.status_code == 503
    assert "刚才的操作没有保存" in answer.text
    assert "Traceback" not in caplog.text
    assert city.store.decisions.of("lyw", "101") == []


def kept(client: FlaskClient) -> str:
    cookie = client.get_cookie("liandong")
    assert cookie
    return cookie.value


def with_cookie(app: Flask, value: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("liandong", value)
    return client


def test_who_kept_the_cookie_of_a_session_that_was_left_is_out(own: tuple[City, Clock, Flask]) -> None:
    _, _, app = own
    client, elsewhere = login(app, "clerk"), login(app, "clerk")
    cookie = kept(client)
    assert with_cookie(app, cookie).get("/").status_code == 200
    client.post("/logout", data={"csrf_token": token(client, "/")})
    assert with_cookie(app, cookie).get("/").status_code == 302
    assert elsewhere.get("/").status_code == 200  # another session of theirs goes on


def test_a_login_begins_a_session_that_has_nothing_of_the_one_before(own: tuple[City, Clock, Flask]) -> None:
    _, _, app = own
    client = app.test_client()
    csrf, before = token(client), ""
    before = kept(client)
    client.post("/login", data={"name": "clerk", "password": PASSWORD, "csrf_token": csrf})
    assert kept(client) != before
    assert with_cookie(app, before).get("/").status_code == 302
    assert client.post("/queue/accept", data={"csrf_token": csrf, "post": "lyw/101"}).status_code == 400


def test_a_changed_password_ends_the_cookie_it_was_changed_with(own: tuple[City, Clock, Flask]) -> None:
    _, _, app = own
    client = login(app, "leader")
    cookie, new = kept(client), "a-brand-new-password"
    form = {"csrf_token": token(client, "/password"), "old": PASSWORD, "new": new, "again": new}
    assert client.post("/password", data=form).status_code == 302
    assert client.get("/report").status_code == 200
    assert with_cookie(app, cookie).get("/report").status_code == 302


def test_a_session_in_use_ends_after_a_day(own: tuple[City, Clock, Flask]) -> None:
    _, clock, app = own
    client = login(app, "clerk")
    clock.at += LASTS
    assert client.get("/").status_code == 200
    clock.at += timedelta(seconds=1)
    assert client.get("/").status_code == 302


def test_a_session_cannot_be_taken_for_another_user(own: tuple[City, Clock, Flask]) -> None:
    city, clock, app = own
    login(app, "clerk")
    with app.test_request_context():
        assert not city.store.seats.taken("", "clerk", clock.at - LASTS)
    tokens = [row[0] for row in city.store.db.execute("select id from _seats")]
    assert len(tokens) == 1
    assert not city.store.seats.taken(tokens[0], "clerk", clock.at - LASTS)  # what stands in the table opens nothing


@pytest.mark.parametrize("wanted", ["/\t/evil.example", "/\n/evil.example", " //evil.example", "/%5cevil.example/.."])
def test_no_spelling_of_next_leads_out_of_the_desk(app: Flask, wanted: str) -> None:
    client = app.test_client()
    data = {"name": "clerk", "password": PASSWORD, "csrf_token": token(client)}
    location = client.post("/login", query_string={"next": wanted}, data=data).location
    assert location.startswith("/")
    assert not re.match(r"/[\s/\\]", location)


def test_the_name_a_request_gives_this_machine_stands_on_no_page(app: Flask, browsers: dict[str, FlaskClient]) -> None:
    for a in ("/", "/tickets", "/nowhere", "/logout", "/report/file/xlsx"):
        answer = browsers["admin"].get(a, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil.example" not in text(answer) + str(answer.headers), a
    assert app.test_client().get("/tickets", headers={"Host": "evil.example"}).location.startswith("/login")
