"""Tickets, the report, the boards, what failed, and the sign of life."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from data.city import City
from data.records import Read, ReadOutcome, Reply, Thread
from tests.desk_city import NOW, PHONE, Clock, desk, login, make, staff, token
from tests.test_export import lettered

ANSWERED, OVERDUE = "20110725-0001", "20110725-0002"


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city")
    staff(city)
    return city


@pytest.fixture
def app(city: City) -> Flask:
    return desk(city, Clock())


@pytest.fixture
def clerk(app: Flask) -> FlaskClient:
    return login(app, "clerk")


def move(client: FlaskClient, number: str, name: str, note: str = "") -> str:
    data = {"csrf_token": token(client, "/password"), "move": name, "note": note}
    answer = client.post(f"/tickets/{number}/move", data=data)
    if answer.status_code == 302:
        return client.get(answer.location).text
    return answer.text if answer.status_code == 400 else str(answer.status_code)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", {ANSWERED, OVERDUE}),
        ("state=accepted", {ANSWERED}),
        ("verdict=overdue", {OVERDUE}),
        ("unit=heating-company", {OVERDUE}),
        ("words=自来水", {ANSWERED}),
        ("words=没有这样的", set()),
        ("from=1", {ANSWERED, OVERDUE}),
        ("from=x&state=&verdict=&unit=&words=", {ANSWERED, OVERDUE}),
    ],
)
def test_tickets_are_found_by_their_filters(clerk: FlaskClient, query: str, numbers: set[str]) -> None:
    page = clerk.get(f"/tickets?{query}").text
    found = {n for n in (ANSWERED, OVERDUE) if f"/tickets/{n}" in page}
    assert found == (numbers if query != "from=1" else {OVERDUE})
    assert ("没有符合条件的工单" in page) is (not numbers)


def test_a_ticket_shows_its_six_fields_and_how_the_clock_stands(clerk: FlaskClient) -> None:
    page = clerk.get(f"/tickets/{ANSWERED}").text
    for words in ("类别", "来源", "联系方式", "承办单位", "交办时间", "要求办结时间"):
        assert f"<dt>{words}</dt>" in page
    for words in ("城乡建设", "洛阳网", PHONE, "市水务集团", "2011-07-25 11:30", "答复用时 1 小时", "LD0001"):
        assert words in page
    assert 'aria-label="应答时间已用 25.0%"' in page
    assert "已过时限 2 小时" in clerk.get(f"/tickets/{OVERDUE}").text


def test_the_thread_tells_whose_voice_each_reply_is(clerk: FlaskClient) -> None:
    page = clerk.get(f"/tickets/{ANSWERED}").text
    voices = [part.partition('"')[0] for part in page.split('<article class="floor ')[1:]]
    assert voices == ["office-forwarded", "nobody", "own"]
    assert "联动办转交，不算答复" in page
    assert "承办单位答复（市水务集团）" in page


def test_a_reply_that_was_deleted_stays_and_is_marked(clerk: FlaskClient, city: City) -> None:
    kept = city.store.threads.post("lyw", "201")
    assert kept is not None
    one = Reply("lyw", "201", "r1", 2, "lyic", NOW - timedelta(hours=2), "已转交水务集团办理。")
    with city.store.transaction():
        city.store.threads.save(Thread(kept, (one,)), Read("lyw", "201", NOW, ReadOutcome.OK, True, 200, 1), [])
    page = clerk.get(f"/tickets/{ANSWERED}").text
    assert page.count("已被删除") == 2
    assert "现已恢复" in page


def test_the_timeline_is_in_order_and_complete(clerk: FlaskClient) -> None:
    page = clerk.get(f"/tickets/{ANSWERED}").text.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    found = [
        page.index(words) for words in ("网民发帖", "采纳建议", "<b>交办</b>", "<b>签收</b>", "核对结果：按时答复")
    ]
    assert found == sorted(found)
    assert "有联动办转交" in page
    other = clerk.get(f"/tickets/{OVERDUE}").text
    assert "短信通知承办单位：结果不明" in other
    assert "读取回应超时" in other


def test_a_decision_taken_back_is_told_apart_from_the_one_that_was_filed(clerk: FlaskClient, city: City) -> None:
    assert "后来撤回" not in clerk.get(f"/tickets/{ANSWERED}").text
    with city.store.transaction():
        ticket = city.store.tickets.ticket(ANSWERED)
        first = city.store.decisions.of("lyw", "201")[0]
        assert ticket is not None
        last = city.store.decisions.decide(replace(first, id=0, at=NOW))
        city.store.tickets.file(replace(ticket, number="20110725-0009", decision=last), "filed")
    assert "后来撤回" not in clerk.get("/tickets/20110725-0009").text, "each filed a ticket"
    with city.store.transaction():
        city.store.db.execute("delete from tickets where number = ?", [ANSWERED])
    assert clerk.get("/tickets/20110725-0009").text.count("后来撤回") == 1


def test_reads_that_are_no_evidence_are_told_apart(clerk: FlaskClient) -> None:
    page = clerk.get(f"/tickets/{OVERDUE}").text
    assert "连不上，不作依据" in page
    assert "连接超时" in page


def test_a_snapshot_is_saved_and_never_shown(clerk: FlaskClient, city: City) -> None:
    page = clerk.get(f"/tickets/{ANSWERED}").text
    address = page.rpartition(f'href="/tickets/{ANSWERED}/pages/')[2].partition('"')[0]
    answer = clerk.get(f"/tickets/{ANSWERED}/pages/{address}", buffered=True)
    assert answer.data == b"<html>page</html>"
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert clerk.get(f"/tickets/{OVERDUE}/pages/{address}").status_code == 404
    assert city.store.people.audit()[0].what == "下载快照"


def test_a_liaison_officer_sees_the_own_units_tickets_only(app: Flask) -> None:
    liaison = login(app, "liaison")
    page = liaison.get("/tickets?unit=heating-company").text
    assert ANSWERED in page
    assert OVERDUE not in page
    assert liaison.get(f"/tickets/{OVERDUE}").status_code == 404
    own = liaison.get(f"/tickets/{ANSWERED}").text
    assert PHONE in own
    assert 'value="return"' in own
    assert 'value="close"' not in own


def test_moves_are_made_and_told(clerk: FlaskClient, app: Flask, city: City) -> None:
    liaison = login(app, "liaison")
    assert "退单要写明理由" in move(liaison, ANSWERED, "return")
    assert "已退单" in move(liaison, ANSWERED, "return", "不属我单位管辖")
    assert city.store.tickets.state(ANSWERED) == "returned"
    assert "不属我单位管辖" in clerk.get(f"/tickets/{ANSWERED}").text
    assert "已维持交办" in move(clerk, ANSWERED, "force", "管线归水务集团")
    assert city.store.people.audit()[0].what == "查看工单"


def test_a_move_that_is_not_allowed_now_is_said(clerk: FlaskClient, city: City) -> None:
    assert "不能归档" in move(clerk, ANSWERED, "archive")
    assert "没有“vanish”这个动作" in move(clerk, ANSWERED, "vanish")
    assert city.store.tickets.state(ANSWERED) == "accepted"


@pytest.mark.parametrize("name", ["close", "urge", "supervise", "force", "file"])
def test_a_liaison_officer_cannot_make_the_offices_moves(app: Flask, city: City, name: str) -> None:
    assert move(login(app, "liaison"), ANSWERED, name, "试试") == "403"
    assert city.store.tickets.state(ANSWERED) == "accepted"


def test_contact_details_are_masked_everywhere_for_those_not_handling(app: Flask, city: City) -> None:
    leader = login(app, "leader")
    page = leader.get(f"/tickets/{ANSWERED}").text
    assert PHONE not in page
    assert "63123456" not in page
    assert "手机 *********45" in page
    answer = leader.post(f"/tickets/{ANSWERED}/contact", data={"csrf_token": token(leader, "/password")})
    assert f"手机 {PHONE}" in answer.text
    newest = city.store.people.audit()[0]
    assert (newest.who, newest.what, newest.subject) == ("leader", "查看联系方式", ANSWERED)


def test_a_number_nobody_has_is_not_found(clerk: FlaskClient) -> None:
    for number in ("0", "x'--", "%3Cscript%3E"):
        assert clerk.get(f"/tickets/{number}").status_code == 404


def test_the_report_prints_numerator_and_denominator_and_its_definitions(clerk: FlaskClient) -> None:
    page = clerk.get("/report").text
    assert "50%（1/2，样本少）" in page
    assert "100%（1/1，样本少）" in page
    assert 'href="/tickets?unit=water-group"' in page
    for words in ("按时 ÷（按时 + 超时答复 + 逾期未答）", "Kaplan–Meier", "不算单位的责任"):
        assert words in page


def test_the_report_counts_the_days_asked_for(clerk: FlaskClient) -> None:
    assert "50%（1/2" in clerk.get("/report?since=2011-07-25&until=2011-07-25").text
    assert "这段时间没有工单" in clerk.get("/report?since=2011-07-26").text
    assert "日期要写成" in clerk.get("/report?since=yesterday").text


@lettered
@pytest.mark.parametrize("kind", ["xlsx", "csv", "json", "html", "docx", "txt"])
def test_the_report_is_taken_away_as_a_file_and_that_is_noted(clerk: FlaskClient, kind: str) -> None:
    answer = clerk.get(f"/report/file/{kind}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(answer.data) > 50
    assert clerk.get("/report/file/exe").status_code == 404


@lettered
def test_the_charts_are_pictures(clerk: FlaskClient) -> None:
    for name in ("units", "waiting"):
        assert clerk.get(f"/report/chart/{name}").data.lstrip().startswith(b"<?xml")
    assert clerk.get("/report/chart/other").status_code == 404


def test_the_boards_page_says_which_board_fails_and_why(clerk: FlaskClient) -> None:
    page = clerk.get("/boards").text
    assert page.count('chip on_time">正常') == 1
    assert page.count('chip overdue">异常') == 1
    assert "洛阳信息港连不上" in page
    assert "还没有读过" in page


def test_the_status_page_says_what_failed_and_what_nobody_knows(clerk: FlaskClient) -> None:
    page = clerk.get("/status").text
    for words in ("结果不明", "读取回应超时", "HTTP 422", "读取论坛：洛阳信息港连不上", "论坛异常", "有失败"):
        assert words in page


def test_the_sign_of_life_needs_no_login_and_tells_no_names(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["ok"] is True
    assert answer.json["queue"] == 4
    assert answer.json["outbox"]["unknown"] == answer.json["outbox"]["failed"] == 1
    assert answer.json["last_run_ok"] is False


def test_a_database_that_cannot_be_read_is_no_sign_of_life(
    app: Flask, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("data.store.outbox.Outbox.counts", broken)
    assert app.test_client().get("/healthz").status_code == 503


def test_an_error_in_the_program_is_told_without_a_traceback(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    app = desk(city, Clock())
    app.testing = False
    clerk = login(app, "clerk")
    monkeypatch.setattr("desk.web.overview.latency", lambda *_: 1 / 0)
    answer = clerk.get("/report")
    assert (answer.status_code, "程序出错了" in answer.text, "Traceback" in answer.text) == (500, True, False)


def test_an_empty_city_says_what_to_do_on_every_page(tmp_path: Path) -> None:
    city = make(tmp_path / "empty", queue=False, tickets=False)
    staff(city)
    admin = login(desk(city, Clock()), "admin")
    for address, words in [
        ("/", "队列里没有等待处理的帖子"),
        ("/tickets", "还没有工单"),
        ("/tickets?state=closed", "没有符合条件的工单"),
        ("/report", "这段时间没有工单"),
        ("/boards", "还没有读过"),
        ("/status", "还没有运行过"),
        ("/audit", "登录"),
    ]:
        answer = admin.get(address)
        assert (answer.status_code, words in answer.text) == (200, True)
