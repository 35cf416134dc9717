"""The clerk's queue: what is shown first, accepting, correcting, rejecting, taking back."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data.city import City
from data.records import Action, Decision, Kind, OutboxState, Reason, Urgency
from data.reference import load
from desk.web import finding, show
from tests.desk_city import NOW, ORDER, PHONE, QUEUE, Clock, desk, enqueue, login, make, post, staff, suggestion, token


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", tickets=False)
    staff(city)
    return city


@pytest.fixture
def app(city: City, clock: Clock) -> Flask:
    return desk(city, clock)


@pytest.fixture
def clerk(app: Flask) -> FlaskClient:
    return login(app, "clerk")


def send(client: FlaskClient, act: str, thread: str, **fields: Any) -> TestResponse:
    """Send one of the forms as the page of that post would."""
    page = client.get(f"/?post=lyw/{thread}").text
    found = re.search(r'name="seen" value="([^"]+)"', page)
    seen = {"seen": unescape(found[1])} if found else {}
    data = {"csrf_token": token(client, "/"), "post": f"lyw/{thread}", **seen, **fields}
    return client.post(f"/queue/{act}", data=data)


CORRECTION = {"kind": "投诉", "category": "urban/lamps", "unit": "lamps", "urgency": "days", "days": "3"}


def decisions(city: City, thread: str) -> list[Decision]:
    return city.store.decisions.of("lyw", thread)


def test_the_most_urgent_post_is_opened_and_listed_first(clerk: FlaskClient) -> None:
    page = clerk.get("/").text
    assert re.findall(r'<li class="\w+"><a href="/\?post=lyw/(\d+)"', page) == list(ORDER)
    assert "西工区这栋楼着火了" in page.partition("<h1")[2].partition("</h1>")[0]


def test_an_emergency_shows_the_number_of_its_rule_and_cannot_be_accepted(clerk: FlaskClient, city: City) -> None:
    page = clerk.get("/").text
    assert '<b class="ring">119</b>' in page
    assert 'id="accept"' not in page
    answer = send(clerk, "accept", "104", seen="")
    assert "紧急情况不按普通诉求交办" in clerk.get(answer.location).text
    assert decisions(city, "104") == []


def test_an_emergency_told_by_telephone_leaves_the_queue(clerk: FlaskClient, city: City) -> None:
    send(clerk, "reject", "104", reason="紧急情况，已电话转告")
    assert [(d.action, d.reason) for d in decisions(city, "104")] == [(Action.REJECT, "紧急情况，已电话转告")]


def test_an_emergency_that_is_none_can_be_corrected(clerk: FlaskClient, city: City) -> None:
    assert send(clerk, "correct", "104", **CORRECTION).status_code == 302
    assert decisions(city, "104")[0].urgency is Urgency.DAYS


def test_the_deciding_words_are_marked_and_everything_suggested_is_shown(clerk: FlaskClient) -> None:
    page = clerk.get("/?post=lyw/101").text
    assert re.findall(r"<mark[^>]*>([^<]+)</mark>", page) == ["停水", "停水", "水务集团", "来水"]
    for words in ("求助", "即办", "南昌路", "市水务集团", "83%", "城乡建设", PHONE, "2837465", "3 小时 20 分前"):
        assert words in page
    assert '<a href="http://bbs.lyw.example/thread-101-1-1.html" target="_blank" rel="noopener noreferrer">' in page


def test_why_a_person_is_needed_is_said(clerk: FlaskClient) -> None:
    assert "前两个单位的把握相近" in clerk.get("/?post=lyw/102").text


def test_accepting_files_what_was_suggested_and_opens_the_next(clerk: FlaskClient, city: City) -> None:
    answer = send(clerk, "accept", "101", next="lyw/102")
    assert answer.location == "/?post=lyw/102"
    (made,) = decisions(city, "101")
    assert (made.by, made.action, made.automatic) == ("clerk", Action.ACCEPT, False)
    assert (made.kind, made.category, made.unit) == (Kind.HELP, "urban/water-supply", "water-group")
    assert (made.urgency, made.days, made.contact) == (Urgency.IMMEDIATE, 0, f"手机 {PHONE}；QQ 2837465")
    assert [e.channel for e in city.store.outbox.entries(OutboxState.WAITING)] == ["office"]
    page = clerk.get(answer.location).text
    assert "一到晚上就不亮" in page.partition("<h1")[2].partition("</h1>")[0]
    assert "已交办 市水务集团" in page


def test_what_is_accepted_is_what_was_seen(clerk: FlaskClient, city: City) -> None:
    newer = replace(QUEUE[0][1], at=NOW, units=QUEUE[1][1].units)
    page = clerk.get("/?post=lyw/101").text
    seen = unescape(page.partition('name="seen" value="')[2].partition('"')[0])
    with city.store.transaction():
        city.store.decisions.suggest([newer])
    answer = send(clerk, "accept", "101", seen=seen)
    assert "刚刚更新过" in clerk.get(answer.location).text
    assert decisions(city, "101") == []


def test_a_correction_is_kept_beside_the_suggestion(clerk: FlaskClient, city: City) -> None:
    answer = send(
        clerk, "correct", "102", **CORRECTION, contact="手机 13700000000", reason="路灯归路灯处", next="lyw/103"
    )
    assert answer.location == "/?post=lyw/103"
    (made,) = decisions(city, "102")
    assert (made.action, made.kind, made.category, made.unit) == (
        Action.CORRECT,
        Kind.COMPLAINT,
        "urban/lamps",
        "lamps",
    )
    assert (made.urgency, made.days, made.contact, made.reason) == (Urgency.DAYS, 3, "手机 13700000000", "路灯归路灯处")
    kept = city.store.decisions.suggestion("lyw", "102")
    assert kept == QUEUE[1][1]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"unit": ""}, "请选择承办单位"),
        ({"unit": "no-such"}, "请选择承办单位"),
        ({"category": "no-such"}, "请选择类别"),
        ({"kind": "表扬"}, "请选择诉求类型"),
        ({"urgency": "emergency"}, "请选择办理时限"),
        ({"days": ""}, "请填写几个工作日"),
        ({"days": "0"}, "工作日要在 1 到 60 之间"),
        ({"days": "999"}, "工作日要在 1 到 60 之间"),
        ({"days": "three"}, "工作日要填整数"),
        ({"contact": "1" * 201}, "联系方式最多 200 字"),
    ],
)
def test_a_correction_that_will_not_do_is_said_and_nothing_is_filed(
    clerk: FlaskClient, city: City, wrong: dict[str, str], says: str
) -> None:
    answer = send(clerk, "correct", "102", **CORRECTION | wrong)
    assert (answer.status_code, says in answer.text) == (400, True)
    assert '<details id="correct" open>' in answer.text
    assert decisions(city, "102") == []


def test_an_immediate_correction_has_no_days(clerk: FlaskClient, city: City) -> None:
    send(clerk, "correct", "102", **CORRECTION | {"urgency": "immediate", "days": ""})
    assert (decisions(city, "102")[0].urgency, decisions(city, "102")[0].days) == (Urgency.IMMEDIATE, 0)


@pytest.mark.parametrize(("number", "reason"), [("1", "不是诉求"), ("3", "不在本市管辖范围"), ("5", "广告或违规内容")])
def test_a_rejection_keeps_its_reason_and_files_nothing(
    clerk: FlaskClient, city: City, number: str, reason: str
) -> None:
    send(clerk, "reject", "103", reason=number)
    assert [(d.action, d.reason) for d in decisions(city, "103")] == [(Action.REJECT, reason)]
    assert city.store.outbox.entries(OutboxState.WAITING) == []


@pytest.mark.parametrize("reason", ["", "9", "随便"])
def test_a_rejection_without_a_reason_is_none(clerk: FlaskClient, city: City, reason: str) -> None:
    answer = send(clerk, "reject", "103", reason=reason)
    assert (answer.status_code, "请选择理由" in answer.text) == (400, True)
    assert decisions(city, "103") == []


def test_a_post_someone_else_decided_is_said_kindly_and_the_next_is_shown(
    app: Flask, city: City, clerk: FlaskClient
) -> None:
    other = login(app, "admin")
    send(other, "reject", "102", reason="1")
    answer = send(clerk, "accept", "102", seen=QUEUE[1][1].at.isoformat(), next="lyw/103")
    assert answer.location == "/?post=lyw/103"
    assert "这条帖子已由 admin 处理" in clerk.get(answer.location).text
    assert len(decisions(city, "102")) == 1


def test_of_clerks_deciding_at_the_same_moment_one_wins_and_the_others_are_told(app: Flask, city: City) -> None:
    clients = [login(app, name) for name in ("clerk", "admin") * 3]
    tokens = [token(client, "/") for client in clients]
    together = Barrier(len(clients))

    def accept(client: FlaskClient, csrf: str) -> str:
        data = {"csrf_token": csrf, "post": "lyw/101", "seen": QUEUE[0][1].at.isoformat()}
        together.wait()
        return client.get(client.post("/queue/accept", data=data).location).text

    with ThreadPoolExecutor(len(clients)) as pool:
        pages = list(pool.map(accept, clients, tokens))
    assert sum("已交办 市水务集团" in page for page in pages) == 1
    assert sum("这条帖子已由" in page for page in pages) == len(clients) - 1
    assert len(decisions(city, "101")) == len(city.store.outbox.about("lyw/101")) == 1


def test_ten_seconds_to_take_a_decision_back(clerk: FlaskClient, city: City, clock: Clock) -> None:
    send(clerk, "accept", "101")
    clock.forward(seconds=9)
    page = clerk.get("/").text
    assert 'data-left="1"' in page
    number = page.partition('name="decision" value="')[2].partition('"')[0]
    data = {"csrf_token": token(clerk, "/"), "decision": number}
    assert clerk.post("/queue/undo", data=data).location == "/?post=lyw/101"
    page = clerk.get("/?post=lyw/101").text
    assert "已撤销，帖子回到队列" in page
    assert "南昌路阳光小区" in page
    assert city.store.decisions.waiting() == 4
    assert [e.state for e in city.store.outbox.about("lyw/101")] == [OutboxState.CANCELLED]


def test_after_ten_seconds_undo_is_no_longer_offered(clerk: FlaskClient, clock: Clock) -> None:
    send(clerk, "accept", "101")
    clock.forward(seconds=11)
    assert 'id="undo"' not in clerk.get("/").text


def test_a_filing_that_left_cannot_be_taken_back(clerk: FlaskClient, city: City, clock: Clock) -> None:
    send(clerk, "accept", "101")
    (entry,) = city.store.outbox.about("lyw/101")
    with city.store.transaction():
        city.store.outbox.settle(entry.id, OutboxState.SENT, clock())
    data = {"csrf_token": token(clerk, "/"), "decision": decisions(city, "101")[0].id}
    assert "来不及撤销" in clerk.get(clerk.post("/queue/undo", data=data).location).text
    assert city.store.decisions.waiting() == 3


def test_two_decisions_are_taken_back_one_after_the_other(clerk: FlaskClient, city: City) -> None:
    send(clerk, "accept", "101")
    send(clerk, "reject", "103", reason="1")
    for expected in ("lyw/103", "lyw/101"):
        number = clerk.get("/").text.partition('name="decision" value="')[2].partition('"')[0]
        data = {"csrf_token": token(clerk, "/"), "decision": number}
        assert clerk.post("/queue/undo", data=data).location == f"/?post={expected}"
    assert city.store.decisions.waiting() == 4


def test_nobody_takes_back_what_another_decided(app: Flask, city: City, clerk: FlaskClient) -> None:
    send(clerk, "accept", "101")
    other = login(app, "admin")
    data = {"csrf_token": token(other, "/"), "decision": decisions(city, "101")[0].id}
    assert other.post("/queue/undo", data=data).status_code == 403


def test_an_empty_queue_says_what_to_do(clerk: FlaskClient) -> None:
    for thread in ("101", "102", "103", "104"):
        send(clerk, "reject", thread, reason="1")
    page = clerk.get("/").text
    assert "队列里没有等待处理的帖子" in page
    assert 'id="undo"' in page


def test_a_post_that_left_meanwhile_gives_way_to_the_first(clerk: FlaskClient) -> None:
    assert "着火了" in clerk.get("/?post=lyw/no-such").text.partition("<h1")[2].partition("</h1>")[0]


def test_a_leader_reads_the_queue_masked_and_each_unmasking_is_written_down(app: Flask, city: City) -> None:
    leader = login(app, "leader")
    page = leader.get("/?post=lyw/101").text
    assert PHONE not in page
    assert "2837465" not in page
    assert "*********45" in page
    assert 'id="accept"' not in page
    answer = leader.post("/queue/contact", data={"csrf_token": token(leader, "/"), "post": "lyw/101"})
    assert PHONE in answer.text
    newest = city.store.people.audit()[0]
    assert (newest.who, newest.what, newest.subject) == ("leader", "查看联系方式", "lyw/101")
    assert PHONE not in leader.get("/?post=lyw/101").text


def test_the_news_tell_what_waits(clerk: FlaskClient) -> None:
    assert clerk.get("/queue/news").json == {"waiting": 4, "emergencies": 1}


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg/onload=alert(1)>",
    "{{ 7*7 }}",
    "</textarea></title><script>alert(1)</script>",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_shown_as_text(clerk: FlaskClient, city: City, words: str) -> None:
    hostile = post("666", f"停水{words}", f"{words}停水 {words}", url="javascript:alert(1)")
    with city.store.transaction():
        enqueue(
            city,
            hostile,
            suggestion("666", place=words, needs_person=words, reasons=(Reason("停水", 0.5), Reason(words, 0.2))),
        )
    page = clerk.get("/?post=lyw/666").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<svg/onload" not in page
    assert "javascript:" not in page
    assert words in unescape(re.sub(r"</?mark[^>]*>", "", page))


def test_a_huge_post_is_cut_and_says_so(clerk: FlaskClient, city: City) -> None:
    with city.store.transaction():
        enqueue(city, post("777", "长帖", "水" * 300_000), suggestion("777"))
    answer = clerk.get("/?post=lyw/777")
    assert "余下 280000 字请看原帖" in answer.text
    assert len(answer.data) < 300_000


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13837912345。", "电话*********45。"),
        ("0379-63123456", "***********56"),
        ("138 3791 2345", "***********45"),
        ("QQ：2837465", "QQ：*****65"),
        ("住3号楼502室", "住3号楼502室"),
        ("2011年7月25日", "2011年7月25日"),
        ("要求办结时间 2011-07-25 20:37", "要求办结时间 2011-07-25 20:37"),
        ("协办工单 20110725-0003", "协办工单 20110725-0003"),
        ("2011-07-25 13837912345", "2011-07-25 *********45"),
        ("62011-07-25 20:37", "************20:37"),
        ("１３８３７９１２３４５", "*********４５"),
    ],
)
def test_numbers_are_masked_but_for_the_last_two(text: str, masked: str) -> None:
    assert show.hidden(text) == masked


@pytest.mark.parametrize("asked", ["swjt", "shuiwujituan", "水务", "lamps"])
def test_a_unit_is_found_by_name_initials_or_pinyin(asked: str) -> None:
    keys = {slug: keys for slug, _, keys in finding.units(load(), NOW.date(), "洛阳")}
    found = [slug for slug, words in keys.items() if asked in words]
    assert ("water-group" in found) is (asked != "lamps")
    assert len(found) < 8


def test_pages_work_without_a_script(clerk: FlaskClient) -> None:
    page = clerk.get("/?post=lyw/101").text
    assert page.count("<form") == page.count('method="post"') == 6  # 退出, 采纳, 更正, 拆分, 并入, 不予交办
    assert '<a id="next"' in page
    assert '<select id="unit" name="unit"' in page


def test_who_corrects_without_seeing_the_contact_details_does_not_lose_them(app: Flask, city: City) -> None:
    admin = login(app, "admin")
    assert PHONE not in admin.get("/?post=lyw/101").text
    send(admin, "correct", "101", **CORRECTION)
    assert decisions(city, "101")[0].contact == f"手机 {PHONE}；QQ 2837465"


def test_agreeing_that_a_post_asks_for_nothing_does_not_file_it(clerk: FlaskClient, city: City) -> None:
    page = clerk.get("/?post=lyw/103").text
    assert '<button class="main" id="accept" name="reason" value="1">确认不是诉求' in page
    answer = send(clerk, "accept", "103", seen=QUEUE[2][1].at.isoformat())
    assert "建议认为这不是诉求" in clerk.get(answer.location).text
    assert decisions(city, "103") == []


def test_a_post_further_down_than_the_list_can_still_be_opened(clerk: FlaskClient, city: City) -> None:
    with city.store.transaction():
        for n in range(1000, 1110):
            enqueue(city, post(str(n), f"公交车不按时发车 {n}", "请管一管", n), suggestion(str(n), "bus-company"))
    page = clerk.get("/?post=lyw/103").text
    assert "周末牡丹园" in page.partition("<h1")[2].partition("</h1>")[0]
    assert "等待处理 114 条" in page
    assert page.count('href="/?post=lyw/1') < 110
