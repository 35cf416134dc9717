"""A form of an office system without an interface: our fields under its names, and what its answer says."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from data.city import City, CityError
from data.records import OutboxState
from tests.build import FILED, HOUR, Clock, MakeCity, decision, save_thread
from tests.listener import Listener, Seen, Told
from ticketing import filing, office
from ticketing.outbox import LEASE, send_due

KEY = "file/lyw/101/1"
FORM = """
[office.form]
success = "提交成功"
number = '编号[:：]\\s*([A-Z]\\d+)'
refused = "重复提交|不合要求"
[office.form.fields]
lb = "category"
ly = "source"
lxfs = "contact"
cbdw = "unit"
jbsj = "filed_at"
bjsj = "due_at"
bt = "title"
[office.form.constants]
czr = "联动"
[clocks]
undo_seconds = 0
"""


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener(lambda seen: Told(200, "<p>提交成功，编号：K20110001</p>".encode("gb18030")))
    yield server
    server.stop()


def begun(make_city: MakeCity, listener: Listener, form: str = FORM, path: str = "/add.do", **post: Any) -> City:
    city = make_city(f'[office]\nkind = "form"\nurl = "{listener.url}{path}"\ntimeout = 0.5\n{form}')
    save_thread(city, **post)
    filing.decide(city, decision(), FILED)
    return city


def send(city: City, clock: Clock) -> str:
    [name] = send_due(city, clock, "me", ("office",))
    return name.removeprefix("office_")


def test_the_six_fields_go_under_the_forms_own_names_in_its_own_encoding(
    make_city: MakeCity, listener: Listener, clock: Clock
) -> None:
    city = begun(make_city, listener)
    assert send(city, clock) == "sent"
    [seen] = listener.seen
    assert seen.method == "POST"
    assert seen.fields("gb18030") == {
        "czr": "联动",
        "lb": "供水",
        "ly": "洛阳网 洛阳社区·聚焦河洛",
        "lxfs": "13800000000",
        "cbdw": "市水务集团",
        "jbsj": "2011-07-25 09:30",
        "bjsj": "2011-07-26 00:00",
        "bt": "涧西区南昌路停水三天了",
    }
    [ticket] = city.store.tickets.of("lyw", "101")
    assert ticket.office_id == "K20110001"


def test_a_letter_the_encoding_lacks_does_not_stop_the_filing(
    make_city: MakeCity, listener: Listener, clock: Clock
) -> None:
    city = begun(
        make_city, listener, FORM.replace("[office.form]", '[office.form]\nencoding = "gb2312"'), title="停水😡了"
    )
    assert send(city, clock) == "sent"
    assert listener.seen[0].fields("gb2312")["bt"] == "停水?了"


def test_what_a_citizen_wrote_cannot_add_a_field(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    city = begun(make_city, listener, title="停水&czr=别人&cbdw=市公安局")
    send(city, clock)
    fields = listener.seen[0].fields("gb18030")
    assert (fields["czr"], fields["cbdw"]) == ("联动", "市水务集团")


def test_a_form_sent_by_get_keeps_what_its_address_says_already(
    make_city: MakeCity, listener: Listener, clock: Clock
) -> None:
    city = begun(make_city, listener, FORM.replace("[office.form]", '[office.form]\nmethod = "GET"'), "/add.do?m=save")
    assert send(city, clock) == "sent"
    fields = listener.seen[0].fields("gb18030")
    assert (fields["m"], fields["cbdw"]) == ("save", "市水务集团")


def test_a_form_may_be_json_with_a_heading_of_its_own(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    form = """[office.form]
content = "json"
encoding = "utf-8"
success_json = "code=0"
number_json = "data.list.0.id"
headers = { Authorization = "Bearer x" }
fields = { unit = "unit_code" }
"""
    listener.answer = lambda seen: Told(200, '{"code": 0, "data": {"list": [{"id": 77}]}}', "application/json")
    city = begun(make_city, listener, form + "[clocks]\nundo_seconds = 0\n")
    assert send(city, clock) == "sent"
    assert json.loads(listener.seen[0].body) == {"unit": "water-group"}
    assert listener.seen[0].headers["Authorization"] == "Bearer x"
    [ticket] = city.store.tickets.of("lyw", "101")
    assert ticket.office_id == "77"


@pytest.mark.parametrize(
    ("told", "result"),
    [
        (Told(200, "<html>请先登录</html>"), "unknown"),
        (Told(200, ""), "unknown"),
        (Told(200, "[" * 60_000), "unknown"),
        (Told(500, "提交成功"), "unknown"),
        (Told(502, ""), "unknown"),
        (Told(0), "unknown"),
        (Told(200, "不合要求：缺少联系方式".encode("gb18030")), "failed"),
        (Told(500, "重复提交".encode("gb18030")), "failed"),
        (Told(400, ""), "failed"),
        (Told(403, ""), "failed"),
        (Told(503, ""), "retry"),
        (Told(429, ""), "retry"),
        (Told(200, "提交成功，编号：K1", "text/html; charset=utf-8"), "sent"),
        (Told(200, "提交成功".encode("gb18030")), "sent"),
    ],
)
def test_each_answer_is_taken_for_what_it_says(
    make_city: MakeCity, listener: Listener, clock: Clock, told: Told, result: str
) -> None:
    listener.answer = lambda seen: told
    assert send(begun(make_city, listener), clock) == result


def test_an_unknown_result_is_shown_and_never_repeated(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    listener.answer = lambda seen: Told(0)
    city = begun(make_city, listener)
    assert send(city, clock) == "unknown"
    clock.advance(99 * HOUR)
    assert send_due(city, clock, "me") == {}
    assert len(listener.seen) == 1
    [alert] = city.store.runs.alerts()
    assert alert.text.startswith("结果不明")
    assert city.store.tickets.of("lyw", "101") == []


def test_a_killed_process_leaves_a_filing_of_unknown_result(
    make_city: MakeCity, listener: Listener, clock: Clock
) -> None:
    city = begun(make_city, listener)
    with city.store.transaction():
        city.store.outbox.take(clock(), "dead:1", LEASE, ["office"])
    clock.advance(HOUR)
    assert send(city, clock) == "unknown"
    assert listener.seen == []


def test_a_filing_that_breaks_before_it_leaves_is_not_called_unknown(
    make_city: MakeCity, listener: Listener, clock: Clock
) -> None:
    city = begun(make_city, listener)
    city.store.db.execute("delete from posts")
    assert send(city, clock) == "failed"
    assert listener.seen == []


def test_an_office_that_is_down_was_sent_nothing_and_is_tried_again(make_city: MakeCity, clock: Clock) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        city = make_city(f'[office]\nkind = "form"\nurl = "http://127.0.0.1:{bound.getsockname()[1]}/"\n{FORM}')
        save_thread(city)
        filing.decide(city, decision(), FILED)
        assert send(city, clock) == "retry"
        entry = city.store.outbox.entry(KEY)
        assert entry is not None
        assert entry.state is OutboxState.WAITING


@pytest.mark.parametrize("form", ["", FORM.replace('success = "提交成功"', "")])
def test_a_form_that_is_not_described_whole_says_so(
    make_city: MakeCity, listener: Listener, clock: Clock, form: str
) -> None:
    city = begun(make_city, listener, form or "[clocks]\nundo_seconds = 0\n")
    assert send(city, clock) == "failed"
    entry = city.store.outbox.entry(KEY)
    assert entry is not None
    assert "[office.form]" in entry.error
    assert listener.seen == []


@pytest.mark.parametrize(
    "wrong",
    ['success = "("', 'encoding = "gbbk"', 'fields = { a = "telephone" }', 'method = "PUT"', 'succes = "x"'],
)
def test_settings_that_make_no_sense_are_refused_at_once(make_city: MakeCity, wrong: str) -> None:
    with pytest.raises(CityError, match=r"liandong\.toml 的 office\.form\."):
        make_city(f'[office]\nkind = "form"\n[office.form]\n{wrong}\n')


def test_a_form_is_not_asked_what_became_of_its_tickets(make_city: MakeCity, listener: Listener) -> None:
    city = begun(make_city, listener)
    assert not office.CONNECTORS[city.settings.office.kind].can_be_asked
    assert not office.can_answer(city)


def test_the_password_of_the_address_is_in_no_message(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    def refuse(seen: Seen) -> Told:
        return Told(403, "")

    listener.answer = refuse
    city = begun(make_city, listener, path="/add.do?pwd=geheim")
    send(city, clock)
    assert "geheim" not in " ".join(a.text for a in city.store.runs.alerts())
