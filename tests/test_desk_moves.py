"""The moves of a ticket at the desk: what goes with each, and posts that came back or share a ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from data.city import City
from data.records import Event, Read, ReadOutcome, Reply, Thread
from tests.desk_city import NOW, PHONE, Clock, desk, login, make, staff, token
from ticketing import edits
from ticketing.lifecycle import standing

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


def send(client: FlaskClient, address: str, **data: str) -> str:
    """What the browser shows after the form was sent."""
    answer = client.post(address, data={"csrf_token": token(client, "/password"), **data})
    if answer.status_code == 302:
        return client.get(answer.location).text
    return answer.text if answer.status_code == 400 else str(answer.status_code)


def move(client: FlaskClient, name: str, number: str = ANSWERED, **data: str) -> str:
    return send(client, f"/tickets/{number}/move", move=name, **data)


def test_an_extension_is_asked_by_the_unit_and_granted_by_the_office(
    clerk: FlaskClient, app: Flask, city: City
) -> None:
    liaison = login(app, "liaison")
    assert "延期要写明 1 到 60 个工作日" in move(liaison, "ask_extension", note="要挖开路面")
    assert "已申请延期" in move(liaison, "ask_extension", note="要挖开路面", days="3")
    assert move(liaison, "grant_extension") == "403"
    page = clerk.get(f"/tickets/{ANSWERED}").text
    assert "申请延期 3 个工作日，等待审核" in page
    assert 'value="grant_extension"' in page
    assert 'value="ask_extension"' not in page
    page = move(clerk, "grant_extension", days="2")
    assert "交办时定的是" in page
    assert "要求办结时间 2011-08-03 18:00" in page
    kept = city.store.tickets.ticket(ANSWERED)
    assert kept is not None
    assert kept.completion_due == kept.filed_at + timedelta(days=7)


def test_a_return_names_its_reason_and_is_refiled_to_another_unit(clerk: FlaskClient, app: Flask, city: City) -> None:
    page = move(login(app, "liaison"), "return", note="归房管", reason="权属不清")
    assert "权属不清；归房管" in page
    assert "没有这个承办单位" in move(clerk, "refile")
    page = move(clerk, "refile", unit="housing-bureau")
    assert "已改派" in page
    assert "20110725-0003（办公系统尚未受理）" in page
    [entry] = [e for e in city.store.outbox.about("lyw/201") if e.payload.get("origin")]
    assert entry.payload["number"] == "20110725-0003"


def test_a_co_unit_is_chosen_and_told_of(clerk: FlaskClient, city: City) -> None:
    page = move(clerk, "assist", unit="housing-bureau", note="一并答复")
    assert "市住房保障和房产管理局，工单 20110725-0003" in page
    assert "后来撤回" not in page


def test_a_follow_up_says_both_answers(clerk: FlaskClient) -> None:
    move(clerk, "close")
    assert "是否解决、是否满意" in move(clerk, "follow_up", solved="yes")
    page = move(clerk, "follow_up", solved="no", satisfied="no")
    assert "未解决；不满意" in page
    assert "是否解决要选是或否" in move(clerk, "follow_up", solved="maybe", satisfied="no")
    assert "已重办" in move(clerk, "reopen", note="没有解决")


def test_a_clerk_urges_and_the_unit_is_told(clerk: FlaskClient, city: City) -> None:
    assert "已催办" in move(clerk, "urge", OVERDUE)
    [entry] = [e for e in city.store.outbox.about(OVERDUE) if e.payload.get("kind") == "urge"]
    assert (entry.channel, entry.payload["ticket"]) == ("notice", OVERDUE)
    assert "没有配置领导的通知地址" in move(clerk, "tell_leader", OVERDUE)


def test_a_pause_is_shown_until_it_ends(clerk: FlaskClient) -> None:
    assert "起暂停" in move(clerk, "pause", note="等门牌号")
    page = move(clerk, "resume")
    assert "起暂停" not in page
    assert 'value="resume"' not in page


def changed(city: City, body: str) -> None:
    """A later read finds the filed post with other words, and the cycle notices."""
    post = city.store.threads.post("lyw", "201")
    assert post is not None
    read = Read("lyw", "201", NOW - timedelta(minutes=5), ReadOutcome.OK, True, 200, 1)
    with city.store.transaction():
        city.store.threads.save(Thread(replace(post, body=body), ()), read, ())
        assert edits.check(city, NOW) == 1
        suggestion = city.store.decisions.suggestion("lyw", "201")
        assert suggestion is not None
        city.store.decisions.suggest([suggestion])


def test_an_edited_post_comes_back_with_the_reason_and_the_difference(clerk: FlaskClient, city: City) -> None:
    changed(city, f"希望尽快处理，我的电话是{PHONE}。<b>又停电了</b>")
    page = clerk.get("/?post=lyw/201").text
    assert "原帖在交办后修改过" in page
    assert "<ins>&lt;b&gt;又停电了&lt;/b&gt;</ins>" in page
    assert f"/tickets/{ANSWERED}" in page
    assert "已维持原来的处理" in send(clerk, "/tickets/keep", post="lyw/201")
    assert city.store.decisions.stage("lyw", "201") == "decided"
    assert "已看过修改" in clerk.get(f"/tickets/{ANSWERED}").text
    assert "没有等待查看的修改" in send(clerk, "/tickets/keep", post="lyw/201")


def test_a_leader_sees_that_it_was_edited_and_no_contact_details(app: Flask, city: City) -> None:
    changed(city, f"我的新电话是{PHONE}，旧的不用了")
    page = login(app, "leader").get("/?post=lyw/201").text
    assert "原帖在交办后修改过" in page
    assert "<ins>" not in page
    assert PHONE not in page


def test_an_edited_post_is_not_filed_twice_to_the_same_unit(clerk: FlaskClient, city: City) -> None:
    changed(city, "又停电了")
    suggestion = city.store.decisions.suggestion("lyw", "201")
    assert suggestion is not None
    page = send(clerk, "/queue/accept", post="lyw/201", seen=suggestion.at.isoformat())
    assert f"该单位已有这条帖子的工单 {ANSWERED}" in page
    assert [e for e in city.store.outbox.about("lyw/201") if e.state == "waiting"] == []


def test_a_further_post_shares_the_ticket_and_its_answers_are_shown(clerk: FlaskClient, city: City) -> None:
    assert "没有工单 7" in send(clerk, "/queue/merge", post="lyw/101", number="7")
    assert f"已并入工单 {ANSWERED}" in send(clerk, "/queue/merge", post="lyw/101", number=ANSWERED)
    assert "lyw/101" not in [p.key for p, _ in city.store.decisions.queue()]
    post = city.store.threads.post("lyw", "101")
    assert post is not None
    reply = Reply("lyw", "101", "m1", 2, "洛阳水务集团", NOW, "已在另一帖答复，今晚恢复供水。")
    with city.store.transaction():
        city.store.threads.save(Thread(post, (reply,)), Read("lyw", "101", NOW, ReadOutcome.OK, True), ())
    page = clerk.get(f"/tickets/{ANSWERED}").text
    assert "同一事项的帖子" in page
    assert "今晚恢复供水" in page
    found = city.store.tickets.ticket(ANSWERED)
    assert found is not None
    assert standing(found, city.store.tickets.events(ANSWERED)).state == "accepted"
    assert "这条帖子已由 " in send(clerk, "/queue/merge", post="lyw/201", number=OVERDUE), "it has a ticket of its own"


def test_a_post_linked_by_mistake_is_taken_out_on_the_tickets_page_and_waits_in_the_queue(
    clerk: FlaskClient, app: Flask, city: City
) -> None:
    send(clerk, "/queue/merge", post="lyw/101", number=ANSWERED)
    assert "并错了，移出" in clerk.get(f"/tickets/{ANSWERED}").text
    assert "并错了" not in login(app, "liaison").get(f"/tickets/{ANSWERED}").text
    page = send(clerk, "/tickets/part", post="lyw/101")
    assert "已移出，帖子回到队列" in page
    assert "撤销并入" in page, "the ticket remembers that it was linked, and by whom it was parted"
    assert "lyw/101" in [p.key for p, _ in city.store.decisions.queue()]
    assert "没有并入工单" in send(clerk, "/tickets/part", post="lyw/101")


def test_while_a_return_waits_the_page_says_that_the_clock_rests_and_then_the_new_date(
    clerk: FlaskClient, city: City
) -> None:
    before = clerk.get(f"/tickets/{OVERDUE}").text
    assert "退单待审核" not in before
    number = "20110725-0009"
    found = city.store.tickets.ticket(OVERDUE)
    assert found is not None
    fresh = replace(found, number=number, thread="103", filed_at=NOW, reply_due=NOW + timedelta(hours=4))
    with city.store.transaction():
        city.store.tickets.file(fresh, "filed")
        city.store.tickets.add_event(Event(number, NOW, "file", "system"), "filed")
    move(clerk, "return", number, note="不归我们", reason="权属不清")
    assert "退单待审核，时限暂停" in clerk.get(f"/tickets/{number}").text
    page = move(clerk, "force", number, note="管网已移交")
    assert "退单待审核" not in page
    assert "应答时限" in page


def test_what_was_written_for_a_move_that_cannot_be_made_is_kept(app: Flask, city: City) -> None:
    page = move(login(app, "liaison"), "ask_extension", note="要挖开路面，等审批")
    assert "延期要写明 1 到 60 个工作日" in page
    assert "要挖开路面，等审批</textarea>" in page
    assert [e.move for e in city.store.tickets.events(ANSWERED)] == ["file", "accept"]


def test_a_long_run_of_citizens_replies_is_folded_and_what_the_unit_said_is_not(clerk: FlaskClient, city: City) -> None:
    first = city.store.threads.replies("lyw", "201")
    more = [Reply("lyw", "201", f"x{i}", 10 + i, f"网友{i}", NOW - timedelta(minutes=30), "顶") for i in range(40)]
    post = city.store.threads.post("lyw", "201")
    assert post
    read = Read("lyw", "201", NOW, ReadOutcome.OK, complete=True, status=200, pages=1)
    with city.store.transaction():
        city.store.threads.save(Thread(post, (*first, *more)), read, [])
    page = clerk.get(f"/tickets/{ANSWERED}").text
    before, _, folded = page.partition("网友跟帖 40 条")
    assert "经查，管网冲洗造成，现已恢复。" in before
    assert "路人甲" in before
    assert folded.partition("</details>")[0].count("<article") == 40
