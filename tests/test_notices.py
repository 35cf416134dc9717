"""What staff are told: it fits two parts of an SMS, goes out once by each way, and tells leaders nothing of the citizen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.city import City
from data.records import OutboxEntry, OutboxState, Urgency
from tests.build import DUE, FILED, HOUR, Clock, MakeCity, at, save_thread, save_ticket, ticket
from tests.counterpart import Counterpart
from tests.listener import Listener, Told
from ticketing import messages, notices
from ticketing.outbox import send_due

NUMBER = "20110725-0001"
ABOUT_TICKETS = [kind for kind, found in messages.KINDS.items() if found.words != "{text}"]
TO_LEADERS = [kind for kind in ABOUT_TICKETS if messages.KINDS[kind].to_leader]
LEADERS = '\nleader_phone = "13900009999"\n'


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.stop()


def with_urls(city: City, *urls: str, phone: str = "13900000001") -> None:
    reference = city.reference()
    changes = {"notices": urls, "phone": phone}
    units = tuple(u.model_copy(update=changes) if u.slug == "water-group" else u for u in reference.units)
    with city.store.transaction():
        city.store.reference.save(reference.model_copy(update={"units": units}))


def noticed(city: City, kind: str = "filing", **given: Any) -> OutboxEntry:
    save_thread(city)
    save_ticket(city, **given)
    notices.put(city, NUMBER, kind, FILED)
    [entry] = city.store.outbox.about(NUMBER)
    return entry


def state(city: City) -> OutboxState:
    [entry] = city.store.outbox.about(NUMBER)
    return entry.state


# How long.


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", 1), ("一" * 70, 1), ("一" * 71, 2), ("一" * 134, 2), ("一" * 135, 3), ("😡" * 35, 1), ("😡" * 36, 2)],
)
def test_a_text_is_so_many_parts_of_an_sms(text: str, parts: int) -> None:
    assert messages.parts(text) == parts


@pytest.mark.parametrize("kind", ABOUT_TICKETS)
@pytest.mark.parametrize("url", ["http://127.0.0.1/t", "http://bbs.example.cn/" + "x" * 42, "http://b.cn/" + "x" * 300])
@pytest.mark.parametrize("title", ["停水", "停水" * 100, "😡" * 100, "a\nb\tc\x00\u202e停"])
@pytest.mark.parametrize("parts", [1, 2])
def test_every_kind_fits_one_sms_or_as_many_as_are_allowed_whatever_the_title_and_the_address(
    make_city: MakeCity, kind: str, url: str, title: str, parts: int
) -> None:
    city = make_city(f"[notices]\nsms_parts = {parts}\n")
    save_thread(city, url=url)
    longest = max(city.reference().units, key=lambda u: len(u.name))
    kept = save_ticket(city, title=title, unit=longest.slug, number="20110725-123456")
    text = messages.about(city, kept, kind)
    assert messages.parts(text) <= parts, text
    assert text.startswith("【洛阳联动】")
    assert "20110725-123456" in text
    assert "07-25 13:30" in text or "07-26 00:00" in text, "what is due is never cut"
    assert text.isprintable()
    assert "http" not in text or text.endswith(url), "an address is whole or not there"
    assert parts == 1 or ("http" in text) == (len(url) <= messages.LONGEST_LINK)


@given(title=st.text(max_size=300), signature=st.text(max_size=20))
def test_no_title_makes_a_message_longer_than_one_sms(title: str, signature: str) -> None:
    assert messages.parts(messages.cut(f"【{signature}】{title}", messages.ONE_PART)) == 1


def test_an_ordinary_notice_of_filing_is_one_sms(city: City) -> None:
    save_thread(city)
    text = messages.about(city, save_ticket(city), "filing")
    assert text == "【洛阳联动】即办 工单20110725-0001：涧西区南昌路停水三天了。请于07-25 13:30前在原帖回复"
    assert messages.parts(text) == 1


def test_a_short_address_that_ends_in_the_number_stands_in_its_place(make_city: MakeCity) -> None:
    short = make_city('[notices]\nlink = "http://ld.cn/{number}"\nsignature = "【洛阳】"\n')
    save_thread(short)
    assert messages.about(short, save_ticket(short, title="停水三天"), "filing") == (
        "【洛阳】即办 工单：停水三天。请于07-25 13:30前在原帖回复 http://ld.cn/20110725-0001"
    )


def test_a_city_may_allow_two_parts_and_have_short_addresses_of_its_own(make_city: MakeCity) -> None:
    city = make_city('[notices]\nlink = "https://ld.example/t/{number}"\nsms_parts = 2\n')
    save_thread(city)
    assert messages.about(city, save_ticket(city), "urge").endswith(" https://ld.example/t/20110725-0001")


def test_only_an_immediate_matter_is_called_one(city: City) -> None:
    save_thread(city)
    assert "即办" not in messages.about(city, save_ticket(city, urgency=Urgency.DAYS, days=3), "filing")


# What leaders are told.


@pytest.mark.parametrize("kind", TO_LEADERS)
@pytest.mark.parametrize(
    ("title", "secret"),
    [
        ("停水找13812345678", "13812345678"),
        ("停水 138-1234-5678 快", "1234"),
        ("停水找１３８１２３４５６７８", "１３８"),
        ("打0379-63212345", "63212345"),
        ("QQ：10234567 停水", "10234567"),
        ("微信号abcde_123停水", "abcde_123"),
        ("写信a.b@example.com", "example.com"),
        ("卡号6222021234567890123", "6222"),
    ],
)
def test_a_leader_is_told_nothing_the_citizen_can_be_reached_by(city: City, kind: str, title: str, secret: str) -> None:
    save_thread(city)
    text = messages.about(city, save_ticket(city, title=title, contact="13812345678"), kind)
    assert secret not in text
    assert "13812345678" not in text
    assert "〔略〕" in text


def test_dates_and_sums_are_no_contact_details() -> None:
    for title in (
        "2011-07-25 15:30答复",
        "20110725-0001",
        "2011年7月25日停水",
        "欠薪120000元，求助！",
        "12路公交车改线？",
        "3号楼2单元501室停水，没人管",
    ):
        assert messages.anonymous(title) == title


def test_what_is_left_out_leaves_the_rest_as_it_was_written() -> None:
    written = "２０１１年停水，请打１３８１２３４５６７８，或 QQ：12345678（老李）！"
    found = messages.anonymous(written)
    assert found.startswith("２０１１年停水，请打〔略〕，或 QQ：")
    assert found.endswith("（老李）！")
    assert "12345678" not in found
    assert "５６７８" not in found


def test_there_is_a_kind_for_leaders() -> None:
    assert "leader" in TO_LEADERS
    assert messages.KINDS["leader-digest"].to_leader


def test_a_leaders_copy_goes_to_the_leader_and_not_to_the_unit(
    make_city: MakeCity, counterpart: Counterpart, clock: Clock
) -> None:
    city = make_city(f'[notices]\nsms_url = "{counterpart.url}/send"{LEADERS}')
    noticed(city, "leader")
    assert send_due(city, clock, "me") == {"notice_sent": 1}
    [message] = counterpart.messages
    assert message["to"] == "13900009999"
    assert message["text"].startswith("【洛阳联动】抄报：市水务集团工单20110725-0001")


# When.


@pytest.mark.parametrize(
    ("when", "awake"),
    [
        ("2011-07-25 21:59:59", "2011-07-25 21:59:59"),
        ("2011-07-25 22:00:00", "2011-07-26 07:00:00"),
        ("2011-07-25 23:30:00", "2011-07-26 07:00:00"),
        ("2011-07-26 00:00:00", "2011-07-26 07:00:00"),
        ("2011-07-26 06:59:59", "2011-07-26 07:00:00"),
        ("2011-07-26 07:00:00", "2011-07-26 07:00:00"),
        ("2011-12-31 22:00:00", "2012-01-01 07:00:00"),
    ],
)
def test_the_quiet_hours_end_in_the_morning(city: City, when: str, awake: str) -> None:
    assert notices.awake(city, at(when)) == at(awake)


def test_quiet_hours_may_lie_within_a_day_or_not_be_at_all(make_city: MakeCity) -> None:
    noon = make_city("[notices]\nquiet_from = 12:00:00\nquiet_to = 14:00:00\n")
    assert notices.awake(noon, at("2011-07-25 13:00")) == at("2011-07-25 14:00")
    assert notices.awake(noon, at("2011-07-25 23:00")) == at("2011-07-25 23:00")
    never = make_city("[notices]\nquiet_from = 00:00:00\nquiet_to = 00:00:00\n")
    assert notices.awake(never, at("2011-07-25 00:00")) == at("2011-07-25 00:00")


@pytest.mark.parametrize(("kind", "held"), [("filing", False), ("urge", True), ("supervise", True), ("leader", True)])
def test_only_the_notice_of_filing_wakes_anyone(city: City, kind: str, held: bool) -> None:
    night = at("2011-07-25 23:00")
    notices.put(city, NUMBER, kind, night)
    [entry] = city.store.outbox.about(NUMBER)
    assert entry.not_before == (at("2011-07-26 07:00") if held else night)


def test_a_kind_is_written_once_for_a_ticket_and_again_only_under_another_name(city: City) -> None:
    assert notices.put(city, NUMBER, "urge", FILED)
    assert not notices.put(city, NUMBER, "urge", FILED + HOUR)
    assert notices.put(city, NUMBER, "urge", FILED + HOUR, again="2")
    assert notices.put(city, NUMBER, "supervise", FILED)


def test_a_kind_that_does_not_exist_is_given_up_and_named(wired: City, clock: Clock) -> None:
    save_ticket(wired)
    wired.store.outbox.put(OutboxEntry("n", "notice", NUMBER, {"ticket": NUMBER, "kind": "gossip"}, FILED, FILED))
    assert send_due(wired, clock, "me") == {"notice_failed": 1}
    assert "gossip" in wired.store.outbox.entries(OutboxState.FAILED)[0].error


# By which way.


def test_a_unit_is_told_by_sms_and_by_its_own_address(
    wired: City, counterpart: Counterpart, listener: Listener, clock: Clock
) -> None:
    with_urls(wired, listener.url.replace("http", "json"))
    noticed(wired)
    assert send_due(wired, clock, "me") == {"notice_sent": 1}
    assert len(counterpart.messages) == 1
    [seen] = listener.seen
    told = json.loads(seen.body)
    assert told["message"] == counterpart.messages[0]["text"]
    assert told["title"] == "洛阳联动"


def test_while_the_gateway_is_busy_the_other_address_is_not_told_either(
    wired: City, counterpart: Counterpart, listener: Listener, clock: Clock
) -> None:
    with_urls(wired, listener.url.replace("http", "json"))
    noticed(wired)
    counterpart.script.extend(["503", "503"])
    for _ in range(3):
        send_due(wired, clock, "me")
        clock.advance(timedelta(hours=2))
    assert state(wired) is OutboxState.SENT
    assert (len(counterpart.messages), len(listener.seen)) == (1, 1)


def test_a_city_without_a_gateway_tells_by_address_alone(city: City, listener: Listener, clock: Clock) -> None:
    with_urls(city, listener.url.replace("http", "json"), phone="")
    noticed(city)
    assert send_due(city, clock, "me") == {"notice_sent": 1}
    assert len(listener.seen) == 1


def test_an_address_that_does_not_confirm_is_unknown_where_it_was_the_only_way(
    city: City, listener: Listener, clock: Clock
) -> None:
    listener.answer = lambda seen: Told(500, "")
    with_urls(city, listener.url.replace("http", "json"))
    noticed(city)
    assert send_due(city, clock, "me") == {"notice_unknown": 1}
    clock.advance(9 * HOUR)
    assert send_due(city, clock, "me") == {}
    assert len(listener.seen) == 1


def test_an_address_that_does_not_confirm_is_told_beside_an_sms_that_went(
    wired: City, counterpart: Counterpart, clock: Clock
) -> None:
    with_urls(wired, "nonsense://x")
    noticed(wired)
    assert send_due(wired, clock, "me") == {"notice_sent": 1}
    [alert] = wired.store.runs.alerts()
    assert alert.kind == "notice-address"
    assert "市水务集团" in alert.text


def test_an_officer_without_a_telephone_is_told_by_address(
    wired: City, counterpart: Counterpart, listener: Listener, clock: Clock
) -> None:
    with_urls(wired, listener.url.replace("http", "json"), phone="")
    noticed(wired)
    assert send_due(wired, clock, "me") == {"notice_sent": 1}
    assert counterpart.messages == []
    assert len(listener.seen) == 1


# Other gateways.

GET = '[notices]\nsms_template = "{url}/sms?u=ld&p=geheim&mobile={{to}}&msg={{text}}&id={{key}}"\nsms_encoding = "gb18030"\ntimeout = 0.5\n'


def templated(make_city: MakeCity, listener: Listener, more: str = "") -> City:
    city = make_city(GET.format(url=listener.url) + more)
    noticed(city)
    return city


def test_a_gateway_by_get_is_told_in_its_own_encoding(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    city = templated(make_city, listener)
    assert send_due(city, clock, "me") == {"notice_sent": 1}
    [seen] = listener.seen
    assert seen.method == "GET"
    fields = seen.fields("gb18030")
    assert (fields["mobile"], fields["u"], fields["id"]) == ("13900000001", "ld", f"notice/{NUMBER}")
    assert fields["msg"] == messages.about(city, ticket(), "filing")


def test_a_gateway_by_post_is_told_by_its_form(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    city = templated(make_city, listener, 'sms_body = "phones={to}&content={text}"\n')
    assert send_due(city, clock, "me") == {"notice_sent": 1}
    [seen] = listener.seen
    assert seen.method == "POST"
    form = parse_qs(seen.body.decode("ascii"), encoding="gb18030")
    assert form["phones"] == ["13900000001"]
    assert form["content"][0].startswith("【洛阳联动】")


@pytest.mark.parametrize(
    ("told", "result"),
    [
        (Told(200, "0"), "sent"),
        (Told(200, "0,20110725093000,1"), "sent"),
        (Told(200, '{"code":"0","msg":"ok"}'), "sent"),
        (Told(200, "result=0&id=5"), "sent"),
        (Told(200, "-1"), "unknown"),
        (Told(200, "10"), "unknown"),
        (Told(200, '{"code":1}'), "unknown"),
        (Told(200, "余额不足".encode("gb18030")), "failed"),
        (Told(200, "<html>登录</html>"), "unknown"),
        (Told(0), "unknown"),
        (Told(500, "0"), "unknown"),
        (Told(400, "0"), "failed"),
        (Told(503, ""), "retry"),
    ],
)
def test_each_answer_of_such_a_gateway_is_taken_for_what_it_says(
    make_city: MakeCity, listener: Listener, clock: Clock, told: Told, result: str
) -> None:
    listener.answer = lambda seen: told
    city = templated(make_city, listener, 'sms_refused = "余额不足|黑名单"\n')
    assert send_due(city, clock, "me") == {f"notice_{result}": 1}
    assert "geheim" not in city.store.outbox.about(NUMBER)[0].error


def test_what_a_citizen_wrote_cannot_change_the_address(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    city = make_city(GET.format(url=listener.url))
    noticed(city, title="停水&mobile=13911112222#{key}")
    send_due(city, clock, "me")
    fields = parse_qs(listener.seen[0].query, encoding="gb18030")
    assert fields["mobile"] == ["13900000001"]
    assert "停水&mobile=13911112222#" in fields["msg"][0]


def test_the_reply_is_due_when_the_message_says(city: City) -> None:
    save_thread(city)
    shown = messages.about(city, save_ticket(city), "urge")
    assert f"{DUE.astimezone(city.zone):%m-%d %H:%M}" in shown
