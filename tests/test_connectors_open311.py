"""Open311 out and back, in JSON and in XML: what the office system says becomes an event here, each word once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import requests

import spiders.crawl
from data.city import City
from data.records import OutboxState, Ticket, VerdictName
from tests.build import DUE, FILED, HOUR, MINUTE, Clock, MakeCity, at, decision, reply, save_thread
from tests.listener import GeoReport, Listener, Seen, Told
from ticketing import checking, cycle, filing, lifecycle, office, sync, urging
from ticketing.outbox import send_due


@pytest.fixture
def system() -> GeoReport:
    return GeoReport()


@pytest.fixture
def listener(system: GeoReport) -> Iterator[Listener]:
    server = Listener(system)
    yield server
    server.stop()


@pytest.fixture(params=["json", "xml"])
def filed(make_city: MakeCity, listener: Listener, request: pytest.FixtureRequest, clock: Clock) -> City:
    """One ticket over there, by either format."""
    return file(make_city(toml(listener, f'format = "{request.param}"')), clock)


def toml(listener: Listener, more: str = "") -> str:
    return f'[office]\nurl = "{listener.url}"\ntimeout = 2\n{more}\n[clocks]\nundo_seconds = 0\n'


def file(city: City, clock: Clock, *threads: str) -> City:
    for thread in threads or ("101",):
        save_thread(city, thread=thread)
        filing.decide(city, decision(thread=thread), FILED)
    assert send_due(city, clock, "me", ("office",)) == {"office_sent": max(1, len(threads))}
    return city


def the_ticket(city: City, thread: str = "101") -> Ticket:
    [found] = city.store.tickets.of("lyw", thread)
    return found


def moves(city: City, thread: str = "101") -> list[str]:
    return [e.move for e in city.store.tickets.events(the_ticket(city, thread).number)]


def says(system: GeoReport, status: str, notes: str = "", when: str = "2011-07-25T10:00:00+08:00", **more: str) -> None:
    system.states["B1"] = {"status": status, "status_notes": notes, "updated_datetime": when, **more}


def judged(city: City, now: datetime) -> None:
    """The unit answered in time, and that was seen."""
    save_thread(city, reply(posted_at=FILED + HOUR), read_at=FILED + 2 * HOUR)
    checking.check(city, now)
    standing = city.store.tickets.verdict(the_ticket(city).number)
    assert standing is not None
    assert standing.name is VerdictName.ON_TIME


def test_a_filing_is_kept_under_the_offices_number_with_the_six_fields(filed: City, system: GeoReport) -> None:
    assert the_ticket(filed).office_id == "B1"
    form = system.kept["B1"]
    six = [form[f"attribute[{n}]"] for n in ("category", "source", "contact", "unit", "filed_at", "due_at")]
    assert six == [
        "供水",
        "洛阳网 洛阳社区·聚焦河洛",
        "13800000000",
        "市水务集团",
        "2011-07-25 09:30",
        "2011-07-26 00:00",
    ]


def test_a_signature_over_there_is_an_acceptance_here_at_its_own_time_and_once(filed: City, system: GeoReport) -> None:
    says(system, "acknowledged", "已签收")
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1}
    [event] = [e for e in filed.store.tickets.events(the_ticket(filed).number) if e.move == "accept"]
    assert event.at == at("2011-07-25 10:00")
    assert event.by == "office"
    assert "已签收" in event.note
    assert filed.store.tickets.state(the_ticket(filed).number) == "accepted"
    assert sync.pull(filed, FILED + 2 * HOUR) == {}
    assert moves(filed).count("accept") == 1


def test_a_return_comes_with_its_reason(filed: City, system: GeoReport) -> None:
    says(system, "returned", "非我单位管辖，权属不清")
    assert sync.pull(filed, FILED + HOUR) == {"return": 1}
    assert filed.store.tickets.state(the_ticket(filed).number) == "returned"
    note = filed.store.tickets.events(the_ticket(filed).number)[-1].note
    assert note.startswith("权属不清")
    assert "非我单位管辖" in note


def test_a_return_made_in_time_and_heard_after_due_stops_the_clock_when_it_was_made(
    filed: City, system: GeoReport
) -> None:
    number = the_ticket(filed).number
    save_thread(filed, read_at=DUE + MINUTE)
    checking.check(filed, DUE + MINUTE)
    urging.remind(filed, DUE + MINUTE)
    says(system, "returned", "属地不符", "2011-07-25T13:29:00+08:00")
    assert sync.pull(filed, DUE + 2 * MINUTE) == {"return": 1}
    assert moves(filed)[-2:] == ["supervise", "return"], "an event is never before the last one"
    assert [v.name for v in filed.store.tickets.verdicts(number)] == [VerdictName.OVERDUE, VerdictName.PENDING]
    says(system, "open", "", "2011-07-25T15:00:00+08:00")
    lifecycle.move(filed, number, "force", "张敏", "属于该单位", DUE + HOUR, role=lifecycle.CLERK)
    assert filed.store.tickets.answer_due(number) == DUE + HOUR + MINUTE, "a minute was left"


@pytest.mark.parametrize("when", ["2011-07-25T13:31:00+08:00", "2011-07-25T08:00:00+08:00", ""])
def test_a_return_made_after_due_or_dated_before_the_filing_excuses_nothing(
    filed: City, system: GeoReport, when: str
) -> None:
    save_thread(filed, read_at=DUE + MINUTE)
    checking.check(filed, DUE + MINUTE)
    says(system, "returned", "属地不符", when)
    sync.pull(filed, DUE + 2 * MINUTE)
    assert [v.name for v in filed.store.tickets.verdicts(the_ticket(filed).number)] == [VerdictName.OVERDUE]


def test_a_second_return_after_it_was_forced_is_heard_by_its_time(filed: City, system: GeoReport) -> None:
    says(system, "returned", "属地不符")
    sync.pull(filed, FILED + HOUR)
    says(system, "open", "重新派单", "2011-07-25T10:40:00+08:00")
    assert sync.pull(filed, FILED + 2 * HOUR) == {}
    lifecycle.move(filed, the_ticket(filed).number, "force", "office", "维持", FILED + 2 * HOUR)
    says(system, "returned", "职能交叉", "2011-07-25T11:50:00+08:00")
    assert sync.pull(filed, FILED + 3 * HOUR) == {"return": 1}
    assert moves(filed).count("return") == 2


def test_closing_waits_until_the_thread_has_its_verdict(filed: City, system: GeoReport) -> None:
    says(system, "closed", "已办结", "2011-07-25T11:00:00+08:00")
    assert sync.pull(filed, FILED + 2 * HOUR) == {"held": 1}
    assert filed.store.tickets.state(the_ticket(filed).number) != "closed"
    judged(filed, FILED + 2 * HOUR)
    assert sync.pull(filed, FILED + 3 * HOUR) == {"close": 1}
    assert filed.store.tickets.state(the_ticket(filed).number) == "closed"


def test_a_closed_ticket_is_not_asked_about_any_more(filed: City, system: GeoReport, listener: Listener) -> None:
    says(system, "closed")
    judged(filed, FILED + 2 * HOUR)
    sync.pull(filed, FILED + 3 * HOUR)
    before = len(listener.seen)
    assert sync.pull(filed, FILED + 5 * HOUR) == {}
    assert len(listener.seen) == before


def test_what_comes_too_late_to_move_anything_is_a_note(filed: City, system: GeoReport) -> None:
    judged(filed, FILED + 2 * HOUR)
    assert filed.store.tickets.state(the_ticket(filed).number) == "answered"
    says(system, "acknowledged", "已签收")
    assert sync.pull(filed, FILED + 3 * HOUR) == {"noted": 1}
    assert filed.store.tickets.state(the_ticket(filed).number) == "answered"
    assert "签收" in filed.store.tickets.events(the_ticket(filed).number)[-1].note


@pytest.mark.parametrize("notes", ["请尽快签收", "还未退单", ""])
def test_a_note_that_only_mentions_a_move_moves_nothing(filed: City, system: GeoReport, notes: str) -> None:
    says(system, "open", notes)
    assert sync.pull(filed, FILED + HOUR) == {}
    assert moves(filed) == ["file"]


def test_an_open_request_whose_note_begins_with_the_word_is_signed(filed: City, system: GeoReport) -> None:
    says(system, "open", "已签收：市水务集团 王建国")
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1}


def test_a_status_nobody_explained_moves_nothing_and_is_shown_once(filed: City, system: GeoReport) -> None:
    says(system, "办结中止")
    assert sync.pull(filed, FILED + HOUR) == {"strange": 1}
    assert sync.pull(filed, FILED + 2 * HOUR) == {}
    [alert] = [a for a in filed.store.runs.alerts() if a.kind == "office-status"]
    assert "办结中止" in alert.text
    assert "[office.statuses]" in alert.text
    assert moves(filed) == ["file"]


def test_a_citys_own_words_go_before_the_usual_ones(
    make_city: MakeCity, listener: Listener, system: GeoReport, clock: Clock
) -> None:
    city = file(make_city(toml(listener, '[office.statuses]\n"派出" = "accept"\n"closed" = ""\n')), clock)
    says(system, "派出")
    assert sync.pull(city, FILED + HOUR) == {"accept": 1}
    says(system, "closed", "", "2011-07-25T11:00:00+08:00")
    assert sync.pull(city, FILED + 2 * HOUR) == {}


def test_another_unit_named_over_there_is_noted_once(filed: City, system: GeoReport) -> None:
    says(system, "acknowledged", agency_responsible="洛阳供电公司")
    assert sync.pull(filed, FILED + HOUR) == {"passed_on": 1}
    assert "洛阳供电公司" in filed.store.tickets.events(the_ticket(filed).number)[-1].note
    says(system, "acknowledged", "", "2011-07-25T10:40:00+08:00", agency_responsible="洛阳供电公司")
    sync.pull(filed, FILED + 2 * HOUR)
    assert sum("洛阳供电公司" in e.note for e in filed.store.tickets.events(the_ticket(filed).number)) == 1


def test_the_units_own_name_in_any_form_is_no_news(filed: City, system: GeoReport) -> None:
    says(system, "acknowledged", agency_responsible="自来水公司")
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1}


@pytest.mark.parametrize(
    ("when", "kept"),
    [
        ("2011-07-25T02:00:00Z", "2011-07-25 10:00"),
        ("2011-07-25 10:00:00", "2011-07-25 10:00"),  # no zone: the city's own
        ("2011-07-26T10:00:00+08:00", "2011-07-25 10:30"),  # ahead of us: not later than now
        ("2011-07-24T10:00:00+08:00", "2011-07-25 09:30"),  # before the filing: not earlier than that
        ("昨天下午", "2011-07-25 10:30"),  # cannot be read: now
        ("", "2011-07-25 10:30"),
    ],
)
def test_the_time_of_a_move_is_theirs_within_reason(filed: City, system: GeoReport, when: str, kept: str) -> None:
    says(system, "acknowledged", "", when)
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1}
    assert filed.store.tickets.events(the_ticket(filed).number)[-1].at == at(kept)


def test_many_tickets_are_asked_about_in_batches(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    city = file(make_city(toml(listener, "batch = 2")), clock, "101", "102", "103")
    listener.seen.clear()
    assert sync.pull(city, FILED + HOUR) == {}
    assert sorted(s.query for s in listener.seen) == ["service_request_id=B1%2CB2", "service_request_id=B3"]


def test_a_system_that_knows_no_lists_is_asked_for_each(
    make_city: MakeCity, listener: Listener, system: GeoReport, clock: Clock
) -> None:
    city = file(make_city(toml(listener, "batch = 1")), clock, "101", "102")
    says(system, "acknowledged")
    listener.seen.clear()
    assert sync.pull(city, FILED + HOUR) == {"accept": 1}
    assert [s.path for s in listener.seen] == ["/requests/B1.json", "/requests/B2.json"]


def test_tickets_it_says_nothing_of_are_counted(filed: City, system: GeoReport, listener: Listener) -> None:
    kept = system.kept.pop("B1")
    system.kept["B9"] = kept
    listener.answer = lambda seen: Told(200, "[]") if "json" in seen.path else Told(200, "<service_requests/>")
    assert sync.pull(filed, FILED + HOUR) == {"unanswered": 1}


def test_another_offices_tickets_in_the_answer_are_passed_over(
    make_city: MakeCity, listener: Listener, clock: Clock
) -> None:
    city = file(make_city(toml(listener)), clock)
    both = '[{"service_request_id": "X", "status": "closed"}, {"service_request_id": "B1", "status": "签收"}]'
    listener.answer = lambda seen: Told(200, both, "application/json")
    assert sync.pull(city, FILED + HOUR) == {"accept": 1}


def test_it_is_asked_again_only_after_the_minutes_set_and_after_a_clock_set_back(
    filed: City, listener: Listener
) -> None:
    sync.pull(filed, FILED + HOUR)
    before = len(listener.seen)
    sync.pull(filed, FILED + HOUR + 4 * MINUTE)
    assert len(listener.seen) == before
    sync.pull(filed, FILED + HOUR + 5 * MINUTE)
    sync.pull(filed, FILED)
    assert len(listener.seen) == before + 2


@pytest.mark.parametrize("status", [500, 503, 0])
def test_an_office_that_does_not_answer_fails_the_stage_and_moves_nothing(
    filed: City, listener: Listener, status: int
) -> None:
    listener.answer = lambda seen: Told(status)
    with pytest.raises(requests.RequestException):
        sync.pull(filed, FILED + HOUR)
    assert moves(filed) == ["file"]


BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        "<html>系统维护中</html>",
        "",
        "[[[[",
        "{}",
        "[1]",
        "<service_requests",
        "\x00",
        "[" * 50_000,
        f"{BOMB}<service_requests><request><service_request_id>B1</service_request_id><status>&b;</status></request></service_requests>",
        '<!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/passwd">]><service_requests><request><service_request_id>B1</service_request_id>'
        "<status>&f;</status></request></service_requests>",
    ],
)
def test_an_answer_that_is_none_is_shown_and_moves_nothing(filed: City, listener: Listener, body: str) -> None:
    listener.answer = lambda seen: Told(200, body)
    sync.pull(filed, FILED + HOUR)
    assert moves(filed) == ["file"]
    alerts = [a for a in filed.store.runs.alerts() if a.kind.startswith("office-")]
    assert len(alerts) == 1
    assert "root:" not in alerts[0].text


def test_a_filing_whose_answer_was_lost_is_asked_for_before_it_is_repeated(
    make_city: MakeCity, listener: Listener, system: GeoReport, clock: Clock
) -> None:
    city = make_city(toml(listener, 'format = "xml"'))

    def loses(seen: Seen) -> Told:
        system(seen)
        listener.answer = system
        return Told(0)

    listener.answer = loses
    save_thread(city)
    filing.decide(city, decision(), FILED)
    assert send_due(city, clock, "me", ("office",)) == {"office_retry": 1}
    clock.advance(HOUR)
    assert send_due(city, clock, "me", ("office",)) == {"office_sent": 1}
    assert len(system.kept) == 1
    assert the_ticket(city).office_id == "B1"


def test_an_error_in_xml_is_told_in_its_own_words(make_city: MakeCity, listener: Listener, clock: Clock) -> None:
    city = make_city(toml(listener, 'format = "xml"'))
    error = "<errors><error><code>400</code><description>缺少 service_code</description></error></errors>"
    listener.answer = lambda seen: Told(400, error, "text/xml")
    save_thread(city)
    filing.decide(city, decision(), FILED)
    assert send_due(city, clock, "me", ("office",)) == {"office_failed": 1}
    [entry] = city.store.outbox.entries(OutboxState.FAILED)
    assert "缺少 service_code" in entry.error


def test_only_a_system_that_can_answer_is_asked(make_city: MakeCity) -> None:
    assert not office.can_answer(make_city(""))
    assert not office.can_answer(make_city('[office]\nkind = "form"\nurl = "http://127.0.0.1/"\n'))
    assert not office.can_answer(make_city('[office]\nurl = "http://127.0.0.1/"\nsync_minutes = 0\n'))
    assert office.can_answer(make_city('[office]\nurl = "http://127.0.0.1/"\n'))
    assert office.can_answer(make_city('[office]\nkind = "drop"\n'))


def test_a_signature_over_there_moves_no_due_date(filed: City, system: GeoReport) -> None:
    says(system, "acknowledged")
    sync.pull(filed, FILED + HOUR)
    assert the_ticket(filed).reply_due == DUE


@pytest.fixture
def no_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spiders.crawl, "crawl", lambda *_: [])


class Silent:
    """A suggester with nothing to suggest."""

    def suggest(self, *_: object) -> list[object]:
        return []


@pytest.mark.usefixtures("no_boards")
def test_each_turn_asks_the_office_and_says_what_came_of_it(filed: City, system: GeoReport, clock: Clock) -> None:
    says(system, "acknowledged")
    clock.advance(HOUR)
    done = cycle.run(filed, clock, Silent())  # type: ignore[arg-type]
    assert done.stages["sync"] == {"ok": True, "accept": 1}
    # This city has no gateway, so its notices do not leave; nothing else failed.
    assert [name for name, stage in done.stages.items() if not stage["ok"]] in ([], ["send"])


@pytest.mark.usefixtures("no_boards")
def test_an_office_that_does_not_answer_fails_the_turn_by_name(filed: City, listener: Listener, clock: Clock) -> None:
    listener.answer = lambda seen: Told(500)
    clock.advance(HOUR)
    done = cycle.run(filed, clock, Silent())  # type: ignore[arg-type]
    assert not done.ok
    assert not done.stages["sync"]["ok"]
    assert done.stages["check"]["ok"]


@pytest.mark.usefixtures("no_boards")
def test_a_turn_without_an_office_that_can_answer_has_no_such_stage(city: City, clock: Clock) -> None:
    assert "sync" not in cycle.run(city, clock, Silent()).stages  # type: ignore[arg-type]
