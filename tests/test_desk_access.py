"""Who may go where: every route and every role, the login, and the headers of every answer."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from data.city import City
from desk.people import set_password
from desk.web import HEADERS, create_app
from desk.web.access import ACCESS, KEYED, PUBLIC
from desk.web.session import secret_of
from tests.desk_city import NOW, PASSWORD, Clock, desk, login, make, staff, token

ROLES = ("clerk", "liaison", "leader", "admin")

# Every route: method, address, what those let in get (a form sent without its fields: 404 or back to its page), and for
# each role, in the order of ROLES: "+" let in, "-" refused, "/" sent to the own first page, "?" hidden (404).
ROUTES: dict[str, tuple[str, str, int, str]] = {
    "session.logout": ("POST", "/logout", 302, "++++"),
    "session.password": ("GET", "/password", 200, "++++"),
    "queue.home": ("GET", "/", 200, "+/++"),
    "queue.news": ("GET", "/queue/news", 200, "+-++"),
    "queue.contact": ("POST", "/queue/contact", 404, "+-++"),
    "queue.accept": ("POST", "/queue/accept", 404, "+--+"),
    "queue.correct": ("POST", "/queue/correct", 404, "+--+"),
    "queue.reject": ("POST", "/queue/reject", 404, "+--+"),
    "queue.merge": ("POST", "/queue/merge", 404, "+--+"),
    "queue.split": ("POST", "/queue/split", 404, "+--+"),
    "queue.undo": ("POST", "/queue/undo", 404, "+--+"),
    "by_hand.form": ("GET", "/enter", 200, "+--+"),
    "by_hand.enter": ("POST", "/enter", 400, "+--+"),
    "by_hand.heard": ("POST", "/tickets/20110725-0002/heard", 302, "+--+"),
    "by_hand.retract": ("POST", "/tickets/20110725-0002/retract", 302, "+--+"),
    "search.index": ("GET", "/search?q=x", 200, "++++"),
    "tickets.index": ("GET", "/tickets", 200, "++++"),
    "tickets.show": ("GET", "/tickets/20110725-0002", 200, "+?++"),
    "tickets.move": ("POST", "/tickets/20110725-0002/move", 400, "+?-+"),
    "tickets.contact": ("POST", "/tickets/20110725-0002/contact", 200, "+?++"),
    "tickets.keep": ("POST", "/tickets/keep", 404, "+--+"),
    "tickets.part": ("POST", "/tickets/part", 404, "+--+"),
    "tickets.page": ("GET", "/tickets/20110725-0001/pages/7", 200, "+-++"),
    "overview.report": ("GET", "/report", 200, "+-++"),
    "today.page": ("GET", "/today", 200, "+-++"),
    "behind.tickets": ("GET", "/report/tickets?counted=filed", 200, "+-++"),
    "files.report": ("GET", "/report/file/csv", 200, "+-++"),
    "files.chart": ("GET", "/report/chart/other", 404, "+-++"),
    "bridge.index": ("GET", "/bridge", 200, "+-++"),
    "bridge.begin": ("POST", "/bridge", 302, "+--+"),
    "bridge.add_note": ("POST", "/bridge/999/note", 302, "+--+"),
    "bridge.close": ("POST", "/bridge/999/close", 302, "+--+"),
    "barometer.page": ("GET", "/barometer", 200, "+-++"),
    "rota.page": ("GET", "/rota", 200, "+-++"),
    "overview.boards": ("GET", "/boards", 200, "+-++"),
    "overview.status": ("GET", "/status", 200, "+-++"),
    "overview.cancel": ("POST", "/status/999/cancel", 302, "+--+"),
    "outbox.index": ("GET", "/outbox", 200, "+--+"),
    "outbox.resend": ("POST", "/outbox/999/resend", 302, "+--+"),
    "outbox.resend_failed": ("POST", "/outbox/resend", 302, "+--+"),
    "outbox.settle": ("POST", "/outbox/999/settle", 302, "+--+"),
    "audit.index": ("GET", "/audit", 200, "---+"),
    "audit.export": ("GET", "/audit/file.csv", 200, "---+"),
    "users.index": ("GET", "/users", 200, "---+"),
    "users.add": ("POST", "/users/new", 400, "---+"),
    "users.edit": ("POST", "/users/clerk", 400, "---+"),
    "users.reset": ("POST", "/users/nobody/password", 404, "---+"),
    "users.lock": ("POST", "/users/nobody/lock", 404, "---+"),
    "users.unlock": ("POST", "/users/nobody/unlock", 404, "---+"),
    "users.deactivate": ("POST", "/users/nobody/deactivate", 404, "---+"),
    "users.activate": ("POST", "/users/nobody/activate", 404, "---+"),
    "reference.index": ("GET", "/reference", 200, "---+"),
    "reference.table": ("GET", "/reference/units", 200, "---+"),
    "reference.add": ("POST", "/reference/units/new", 400, "---+"),
    "reference.entry": ("POST", "/reference/units/entry?key=lamps", 400, "---+"),
    "reference.remove": ("POST", "/reference/units/remove", 302, "---+"),
    "reference.move": ("POST", "/reference/rules/move", 302, "---+"),
    "reference.export": ("POST", "/reference/export", 302, "---+"),
    "reference.download": ("GET", "/reference/files.zip", 200, "---+"),
    "admin.index": ("GET", "/admin", 200, "---+"),
    "models.index": ("GET", "/models", 200, "---+"),
    "models.train": ("POST", "/models/train", 302, "---+"),
    "models.rollback": ("POST", "/models/rollback", 302, "---+"),
    "retention.index": ("GET", "/retention", 200, "---+"),
    "retention.erase": ("POST", "/retention/erase", 302, "---+"),
}
# For other systems, by a key of their own: see tests/test_open311_service.py and tests/test_desk_monitoring.py.
KEYED_ROUTES = {
    "open311.file": ("POST", "/open311/v2/requests.json", 403),
    "open311.index": ("GET", "/open311/v2/requests.json", 403),
    "open311.one": ("GET", "/open311/v2/requests/R1.json", 403),
    "open311.token": ("GET", "/open311/v2/tokens/x.xml", 403),
    "monitoring.metrics": ("GET", "/metrics", 404),  # as long as no key is set
}
CASES = [(e, *ROUTES[e][:3], role, ROUTES[e][3][i]) for e in ROUTES for i, role in enumerate(ROLES)]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = make(tmp_path_factory.mktemp("access") / "city")
    staff(city)
    return city


@pytest.fixture(scope="module")
def app(city: City) -> Flask:
    app = desk(city, Clock())
    app.extensions["training"] = SimpleNamespace(begin=lambda *_: False, seconds=lambda: None, said="", ok=True)
    return app


@pytest.fixture(scope="module")
def browsers(app: Flask) -> dict[str, FlaskClient]:
    return {role: login(app, role) for role in ROLES}


def ask(client: FlaskClient, method: str, address: str) -> int:
    data = {"csrf_token": token(client, "/password")} if method == "POST" else None
    return client.open(address, method=method, data=data).status_code


def test_every_route_is_in_the_table_and_in_this_test(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert routes == set(ACCESS) | PUBLIC | KEYED
    assert set(ROUTES) == set(ACCESS)
    assert set(KEYED_ROUTES) == KEYED


@pytest.mark.parametrize("endpoint", KEYED_ROUTES)
@pytest.mark.parametrize("role", [None, *ROLES])
def test_what_is_for_other_systems_no_role_opens(
    app: Flask, browsers: dict[str, FlaskClient], endpoint: str, role: str | None
) -> None:
    method, address, refused = KEYED_ROUTES[endpoint]
    client = browsers[role] if role else app.test_client()
    answer = client.open(address, method=method)
    assert answer.status_code == refused
    assert "Set-Cookie" not in answer.headers or role


@pytest.mark.parametrize(("endpoint", "method", "address", "let_in", "role", "expected"), CASES)
def test_a_role_gets_what_the_table_says(
    app: Flask,
    browsers: dict[str, FlaskClient],
    endpoint: str,
    method: str,
    address: str,
    let_in: int,
    role: str,
    expected: str,
) -> None:
    client = login(app, role) if endpoint == "session.logout" else browsers[role]
    status = ask(client, method, address)
    assert status == {"+": let_in, "-": 403, "?": 404, "/": 302}[expected]
    if expected == "/":
        assert client.get(address).location == "/tickets"


@pytest.mark.parametrize("endpoint", ROUTES)
def test_without_a_login_every_route_leads_to_it(app: Flask, endpoint: str) -> None:
    method, address = ROUTES[endpoint][:2]
    client = app.test_client()
    data = {"csrf_token": token(client)} if method == "POST" else None
    answer = client.open(address, method=method, data=data)
    assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/login")


@pytest.mark.parametrize("endpoint", [e for e in ROUTES if ROUTES[e][0] == "POST"])
def test_no_form_is_taken_without_its_csrf_token(browsers: dict[str, FlaskClient], endpoint: str) -> None:
    answer = browsers["admin"].post(ROUTES[endpoint][1], data={"post": "lyw/101"})
    assert answer.status_code == 400
    assert "页面已过期" in answer.text


@pytest.mark.parametrize("address", ["/login", "/", "/tickets", "/nowhere", "/healthz", "/static/desk.css", "/audit"])
def test_every_answer_carries_the_headers(browsers: dict[str, FlaskClient], address: str) -> None:
    answer = browsers["clerk"].get(address, buffered=True)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address", ["/", "/tickets", "/tickets/20110725-0001", "/report", "/boards", "/status", "/login"]
)
def test_no_page_has_inline_script_or_style(browsers: dict[str, FlaskClient], address: str) -> None:
    html = browsers["admin"].get(address, follow_redirects=True).text
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert html.count("<script") == html.count('<script src="/static/') == 1


def test_a_page_that_is_not_there_says_so_in_chinese(browsers: dict[str, FlaskClient]) -> None:
    answer = browsers["clerk"].get("/nowhere")
    assert (answer.status_code, "没有这个页面" in answer.text) == (404, True)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[City, Clock]]:
    """A city of one's own, for tests that change its people."""
    city = make(tmp_path / "city", tickets=False)
    staff(city)
    yield city, Clock()
    city.store.close()


def test_five_wrong_passwords_lock_the_login_page_too(own: tuple[City, Clock]) -> None:
    city, clock = own
    client = desk(city, clock).test_client()
    csrf = token(client)
    for _ in range(5):
        answer = client.post("/login", data={"name": "clerk", "password": "wrong", "csrf_token": csrf})
        assert answer.status_code == 401
    answer = client.post("/login", data={"name": "clerk", "password": PASSWORD, "csrf_token": csrf})
    assert (answer.status_code, "账号已锁定" in answer.text) == (401, True)
    clock.forward(minutes=15)
    assert client.post("/login", data={"name": "clerk", "password": PASSWORD, "csrf_token": csrf}).status_code == 302
    assert [e.what for e in city.store.people.audit()] == ["登录", *["登录失败"] * 6]


def test_a_browser_one_has_come_in_with_is_not_locked_by_guesses_elsewhere(own: tuple[City, Clock]) -> None:
    app = desk(*own)
    known, stranger = app.test_client(), app.test_client()

    def post(client: FlaskClient, password: str) -> int:
        data = {"name": "clerk", "password": password, "csrf_token": token(client)}
        return client.post("/login", data=data).status_code

    assert post(known, PASSWORD) == 302
    known.post("/logout", data={"csrf_token": token(known, "/")})
    assert [post(stranger, "wrong") for _ in range(6)] == [401] * 6
    for cookie in ("x", "0123456789abcdef.AAAA"):  # a mark that was not given out here is none
        stranger.set_cookie(next(c for _, _, c in known._cookies or () if c != "liandong"), cookie)
        assert post(stranger, PASSWORD) == 401
    assert post(known, PASSWORD) == 302


def test_many_wrong_passwords_from_one_address_wait_and_a_known_browser_does_not(own: tuple[City, Clock]) -> None:
    app = desk(*own)
    known, stranger = login(app, "clerk"), app.test_client()
    known.post("/logout", data={"csrf_token": token(known, "/")})
    csrf = token(stranger)
    told = [
        stranger.post("/login", data={"name": f"x{i}", "password": "wrong", "csrf_token": csrf}).status_code
        for i in range(32)
    ]
    assert told == [401] * 30 + [429] * 2
    data = {"name": "clerk", "password": PASSWORD}
    assert stranger.post("/login", data={**data, "csrf_token": csrf}).status_code == 429
    elsewhere = {"REMOTE_ADDR": "10.0.0.5"}
    form = {**data, "name": "leader", "csrf_token": csrf}
    assert stranger.post("/login", data=form, environ_base=elsewhere).status_code == 302
    assert known.post("/login", data={**data, "csrf_token": token(known)}).status_code == 302


def test_what_is_typed_as_a_name_at_the_login_is_kept_only_if_somebody_has_it(own: tuple[City, Clock]) -> None:
    client = desk(*own).test_client()
    for name in ("clerk", PASSWORD):
        client.post("/login", data={"name": name, "password": "wrong", "csrf_token": token(client)})
    assert [e.who for e in own[0].store.people.audit()] == ["（没有这个用户名）", "clerk"]


def test_a_role_lands_on_its_own_first_page(browsers: dict[str, FlaskClient]) -> None:
    landed = {role: browsers[role].get("/login").location for role in ROLES}
    assert landed == {"clerk": "/", "liaison": "/tickets", "leader": "/today", "admin": "/"}


@pytest.mark.parametrize(
    ("wanted", "landed"),
    [("/report?since=2011-07-01", "/report?since=2011-07-01"), ("https://evil.example/", "/"), ("//evil.example", "/"),
     ("/\\evil.example", "/"), ("javascript:alert(1)", "/")],
)  # fmt: skip
def test_the_login_leads_on_inside_the_desk_only(app: Flask, wanted: str, landed: str) -> None:
    client = app.test_client()
    csrf = token(client)
    data = {"name": "clerk", "password": PASSWORD, "csrf_token": csrf}
    assert client.post("/login", query_string={"next": wanted}, data=data).location == landed


def test_a_session_ends_after_the_citys_time_without_a_click(
    own: tuple[City, Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    city, clock = own
    client = login(desk(city, clock), "clerk")
    import time

    started, minutes = time.time(), city.settings.desk.session_minutes

    def later(by: float) -> None:
        monkeypatch.setattr("itsdangerous.timed.time", SimpleNamespace(time=lambda: started + 60 * by))

    later(minutes - 1)
    assert client.get("/").status_code == 200  # and begins anew
    later(2 * minutes - 2)
    assert client.get("/").status_code == 200
    later(3 * minutes)
    assert client.get("/").status_code == 302


def test_a_changed_password_ends_the_sessions_begun_with_the_old_one(own: tuple[City, Clock]) -> None:
    city, clock = own
    client = login(desk(city, clock), "clerk")
    assert client.get("/").status_code == 200
    set_password(city, "clerk", "a-brand-new-password")
    assert client.get("/").status_code == 302


def test_a_removed_user_is_out_at_once(own: tuple[City, Clock]) -> None:
    city, clock = own
    client = login(desk(city, clock), "clerk")
    with city.store.transaction():
        city.store.people.remove("clerk")
    assert client.get("/").status_code == 302


def test_one_changes_the_own_password_and_stays(own: tuple[City, Clock]) -> None:
    city, clock = own
    app = desk(city, clock)
    client, elsewhere = login(app, "leader"), login(app, "leader")
    form = {"csrf_token": token(client, "/password"), "old": PASSWORD, "new": "a-brand-new-password"}
    assert "两遍新密码不一样" in client.post("/password", data={**form, "again": "typo"}).text
    assert "用户名或密码不对" in client.post("/password", data={**form, "again": form["new"], "old": "guess"}).text
    assert client.post("/password", data={**form, "again": form["new"]}).status_code == 302
    assert client.get("/report").status_code == 200
    assert elsewhere.get("/report").status_code == 302


def test_logging_out_ends_the_session(own: tuple[City, Clock]) -> None:
    city, clock = own
    client = login(desk(city, clock), "clerk")
    client.post("/logout", data={"csrf_token": token(client, "/")})
    assert client.get("/").status_code == 302


def test_the_session_secret_is_the_citys_own_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    first = secret_of(tmp_path)
    assert secret_of(tmp_path) == first
    assert len(first) >= 32
    assert stat.S_IMODE(os.stat(tmp_path / "session-secret").st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["session-secret"]


def test_the_session_cookie_is_out_of_reach_of_scripts(app: Flask) -> None:
    client = app.test_client()
    cookie = client.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_clock_is_the_one_given(own: tuple[City, Clock]) -> None:
    city, clock = own
    client = login(create_app(city, clock), "clerk")
    assert "3 小时 20 分前" in client.get("/?post=lyw/101").text
    clock.forward(hours=2)
    assert "5 小时 20 分前" in client.get("/?post=lyw/101").text
    assert clock() > NOW
