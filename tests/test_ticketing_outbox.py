"""Each outward act leaves once, whatever the counterpart does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from data.city import City
from data.records import OutboxEntry, OutboxState, Ticket
from tests.build import FILED, HOUR, MINUTE, SECOND, Clock, MakeCity, decision, save_thread, save_ticket
from tests.counterpart import Counterpart
from ticketing import filing, notices, office, outbox
from ticketing.attempt import Attempt, Result
from ticketing.outbox import FIRST_WAIT, LEASE, LONGEST_WAIT, MOST_ATTEMPTS, send_due

KEY = "file/lyw/101/1"


@pytest.fixture
def filed(wired: City, clock: Clock) -> City:
    """A filing that may leave now."""
    save_thread(wired)
    filing.decide(wired, decision(), FILED)
    clock.advance(10 * SECOND)
    return wired


def entry(city: City, key: str = KEY) -> OutboxEntry:
    found = city.store.outbox.entry(key)
    assert found is not None
    return found


def the_ticket(city: City) -> Ticket:
    [found] = city.store.tickets.of("lyw", "101")
    return found


def until_settled(city: City, clock: Clock, key: str = KEY, most: int = 20) -> list[timedelta]:
    """Send, waiting as told, until the act is settled; the waits."""
    waits = []
    for _ in range(most):
        send_due(city, clock, "me")
        found = entry(city, key)
        if found.state is not OutboxState.WAITING:
            break
        waits.append(found.not_before - clock())
        clock.now = found.not_before
    return waits


def test_the_notice_leaves_in_the_same_turn_as_its_filing(filed: City, counterpart: Counterpart, clock: Clock) -> None:
    assert send_due(filed, clock, "me") == {"office_sent": 1, "notice_sent": 1}
    assert counterpart.order == ["office", "notice"]
    [message] = counterpart.messages
    assert message["to"] == filed.reference().unit["water-group"].phone
    assert message["key"] == "notice/20110725-0001"
    assert message["text"] == (
        "【洛阳联动】即办 工单20110725-0001：涧西区南昌路停水三天了。请于07-25 13:30前在原帖回复"
    )
    assert send_due(filed, clock, "me") == {}
    assert counterpart.posts == 2


def test_the_notice_leaves_in_the_middle_of_the_night(filed: City, counterpart: Counterpart, clock: Clock) -> None:
    clock.advance(17 * HOUR)
    send_due(filed, clock, "me")
    assert len(counterpart.messages) == 1


def test_a_long_title_is_cut_in_the_notice(city: City) -> None:
    save_thread(city)
    text = notices.text(city, save_ticket(city, title="停水" * 50))
    assert "停水" * 11 + "停…。请于" in text


def test_only_the_channels_asked_for_are_sent(filed: City, counterpart: Counterpart, clock: Clock) -> None:
    assert send_due(filed, clock, "me", ("notice",)) == {}
    assert send_due(filed, clock, "me", ("office",)) == {"office_sent": 1}
    assert counterpart.messages == []
    assert send_due(filed, clock, "me", ("notice",)) == {"notice_sent": 1}


# The office system, which can be asked.


@pytest.mark.parametrize("answer", ["ok", "200"])
def test_an_acknowledged_filing_is_a_ticket(filed: City, counterpart: Counterpart, clock: Clock, answer: str) -> None:
    counterpart.script.append(answer)
    send_due(filed, clock, "me")
    assert entry(filed).state is OutboxState.SENT
    assert the_ticket(filed).office_id == "LY1"


@pytest.mark.parametrize("answer", ["500", "503", "429", "500-kept", "garbage", "hang", "close"])
def test_whatever_becomes_of_the_first_attempt_it_is_filed_once(
    filed: City, counterpart: Counterpart, clock: Clock, answer: str
) -> None:
    counterpart.script.append(answer)
    waits = until_settled(filed, clock)
    assert len(waits) == 1
    assert entry(filed).state is OutboxState.SENT
    assert len(counterpart.filings) == 1
    assert counterpart.asked == [KEY]
    assert the_ticket(filed).office_id == "LY1"
    assert the_ticket(filed).filed_at == clock()
    assert len(counterpart.messages) == 1


@pytest.mark.parametrize("look_up", ["500", "503", "hang", "close", "garbage"])
def test_an_office_that_cannot_say_what_it_has_is_not_filed_to_again(
    filed: City, counterpart: Counterpart, clock: Clock, look_up: str
) -> None:
    counterpart.script.append("hang")
    counterpart.look_ups.extend([look_up] * 3)
    until_settled(filed, clock)
    assert len(counterpart.filings) == 1
    assert len(counterpart.asked) == 4
    assert entry(filed).state is OutboxState.SENT


@pytest.mark.parametrize("odd", ["json:{}", "json:null", "json:[null]", 'json:[{"status": "open"}]', "json:7"])
def test_an_odd_answer_to_the_question_is_not_taken_for_no(
    filed: City, counterpart: Counterpart, clock: Clock, odd: str
) -> None:
    counterpart.script.append("close")
    counterpart.look_ups.append(odd)
    until_settled(filed, clock)
    assert len(counterpart.filings) == 1
    assert the_ticket(filed).office_id == "LY1"


def test_an_office_that_answers_with_all_it_has_is_not_taken_at_its_first_word(
    filed: City, counterpart: Counterpart, clock: Clock
) -> None:
    counterpart.filings.append({"attribute[external_id]": "someone else's"})
    counterpart.script.append("close")
    counterpart.look_ups.append("all")
    until_settled(filed, clock)
    assert the_ticket(filed).office_id == "LY2"
    assert len(counterpart.filings) == 2


@pytest.mark.parametrize("answer", ["400", "404"])
def test_a_refused_filing_is_given_up_and_shown(
    filed: City, counterpart: Counterpart, clock: Clock, answer: str
) -> None:
    counterpart.script.append(answer)
    assert send_due(filed, clock, "me") == {"office_failed": 1}
    assert entry(filed).state is OutboxState.FAILED
    assert f"不接受（{answer}：不受理）" in entry(filed).error
    [alert] = filed.store.runs.alerts()
    assert (alert.kind, alert.subject) == ("outbox-failed", KEY)
    assert filed.store.tickets.of("lyw", "101") == []


def test_503_is_tried_again_with_growing_waits_and_given_up_after_twelve(
    filed: City, counterpart: Counterpart, clock: Clock
) -> None:
    counterpart.script.extend(["503"] * 50)
    waits = until_settled(filed, clock)
    assert len(waits) == MOST_ATTEMPTS - 1 == 11
    assert counterpart.posts == MOST_ATTEMPTS
    assert FIRST_WAIT / 2 <= waits[0] <= FIRST_WAIT
    assert waits[:6] == sorted(waits[:6])
    assert all(LONGEST_WAIT / 2 <= w <= LONGEST_WAIT for w in waits[6:])
    assert entry(filed).state is OutboxState.FAILED
    assert [a.kind for a in filed.store.runs.alerts()] == ["outbox-failed"]


def test_the_waits_of_two_acts_are_not_the_same(filed: City) -> None:
    first = entry(filed)
    assert outbox.wait(first) == outbox.wait(first), "and a replay waits the same"
    other = OutboxEntry("file/lyw/102/2", "office", "lyw/102", {}, FILED, FILED)
    assert outbox.wait(first) != outbox.wait(other)


def test_a_city_without_an_office_system_says_so(city: City, clock: Clock) -> None:
    save_thread(city)
    filing.decide(city, decision(), FILED)
    clock.advance(MINUTE)
    assert send_due(city, clock, "me") == {"office_failed": 1}
    assert "[office]" in entry(city).error


def test_a_killed_process_left_a_filing_that_had_arrived(filed: City, counterpart: Counterpart, clock: Clock) -> None:
    with filed.store.transaction():
        [taken] = filed.store.outbox.take(clock(), "dead:1", LEASE, ["office"])
    assert office.file(filed, taken).result is Result.SENT  # and killed before it was written down
    assert send_due(filed, clock, "me") == {}, "the lease still runs"
    clock.advance(LEASE)
    assert send_due(filed, clock, "me") == {"office_sent": 1, "notice_sent": 1}
    assert len(counterpart.filings) == 1
    assert counterpart.asked == [KEY]


def test_a_killed_process_left_a_filing_that_had_not_left(filed: City, counterpart: Counterpart, clock: Clock) -> None:
    with filed.store.transaction():
        filed.store.outbox.take(clock(), "dead:1", LEASE, ["office"])
    clock.advance(LEASE)
    assert send_due(filed, clock, "me") == {"office_sent": 1, "notice_sent": 1}
    assert counterpart.asked == [KEY]
    assert len(counterpart.filings) == 1


# The gateway, which cannot be asked.


@pytest.fixture
def noticed(wired: City, clock: Clock) -> City:
    """A notice that may leave now."""
    save_thread(wired)
    save_ticket(wired)
    wired.store.outbox.put(OutboxEntry(NOTICE, "notice", "20110725-0001", {"ticket": "20110725-0001"}, FILED, FILED))
    return wired


NOTICE = "notice/20110725-0001"


@pytest.mark.parametrize("answer", ["500", "500-kept", "garbage", "hang", "close", "json:[]", "json:null"])
def test_a_notice_of_unknown_result_is_shown_and_not_repeated(
    noticed: City, counterpart: Counterpart, clock: Clock, answer: str
) -> None:
    counterpart.script.append(answer)
    assert send_due(noticed, clock, "me") == {"notice_unknown": 1}
    assert entry(noticed, NOTICE).state is OutboxState.UNKNOWN
    [alert] = noticed.store.runs.alerts()
    assert alert.text.startswith("结果不明")
    clock.advance(99 * HOUR)
    assert send_due(noticed, clock, "me") == {}
    assert counterpart.posts == 1


@pytest.mark.parametrize("answer", ["503", "429"])
def test_a_busy_gateway_is_tried_again(noticed: City, counterpart: Counterpart, clock: Clock, answer: str) -> None:
    counterpart.script.extend([answer] * 2)
    assert len(until_settled(noticed, clock, NOTICE)) == 2
    assert entry(noticed, NOTICE).state is OutboxState.SENT
    assert len(counterpart.messages) == 1


def test_a_busy_gateway_is_given_up_after_twelve(noticed: City, counterpart: Counterpart, clock: Clock) -> None:
    counterpart.script.extend(["503"] * 50)
    assert len(until_settled(noticed, clock, NOTICE)) == MOST_ATTEMPTS - 1
    assert entry(noticed, NOTICE).state is OutboxState.FAILED


@pytest.mark.parametrize("answer", ["400", 'json:{"code": 3}', 'json:{"code": "E12"}'])
def test_a_gateway_that_refuses_is_not_asked_again(
    noticed: City, counterpart: Counterpart, clock: Clock, answer: str
) -> None:
    counterpart.script.append(answer)
    assert send_due(noticed, clock, "me") == {"notice_failed": 1}
    assert counterpart.posts == 1


@pytest.mark.parametrize("answer", ['json:{"code": 0}', 'json:{"code": "0"}', 'json:{"id": 5}'])
def test_a_gateway_that_says_yes_in_other_ways_is_believed(
    noticed: City, counterpart: Counterpart, clock: Clock, answer: str
) -> None:
    counterpart.script.append(answer)
    assert send_due(noticed, clock, "me") == {"notice_sent": 1}


def test_a_notice_whose_process_was_killed_is_unknown_and_not_sent(
    noticed: City, counterpart: Counterpart, clock: Clock
) -> None:
    with noticed.store.transaction():
        noticed.store.outbox.take(clock(), "dead:1", LEASE, ["notice"])
    clock.advance(LEASE)
    assert send_due(noticed, clock, "me") == {"notice_unknown": 1}
    assert counterpart.posts == 0
    assert "程序中断" in entry(noticed, NOTICE).error


@pytest.fixture
def unlistened() -> Iterator[int]:
    """A port nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_gateway_that_is_down_was_sent_nothing_and_is_tried_again(
    make_city: MakeCity, unlistened: int, clock: Clock
) -> None:
    city = make_city(f'[notices]\nsms_url = "http://127.0.0.1:{unlistened}/send"\n')
    save_ticket(city)
    city.store.outbox.put(OutboxEntry(NOTICE, "notice", "20110725-0001", {"ticket": "20110725-0001"}, FILED, FILED))
    assert send_due(city, clock, "me") == {"notice_retry": 1}


def test_a_gateway_whose_name_is_not_found_was_sent_nothing_and_is_tried_again(
    make_city: MakeCity, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    city = make_city('[notices]\nsms_url = "http://sms.invalid/send"\n')
    save_ticket(city)
    city.store.outbox.put(OutboxEntry(NOTICE, "notice", "20110725-0001", {"ticket": "20110725-0001"}, FILED, FILED))
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert send_due(city, clock, "me") == {"notice_retry": 1}


def test_a_line_cut_by_a_host_called_refused_is_unknown_all_the_same(
    make_city: MakeCity, counterpart: Counterpart, clock: Clock
) -> None:
    city = make_city(f'[notices]\nsms_url = "{counterpart.url}/send?refused=NewConnectionError"\n')
    save_ticket(city)
    city.store.outbox.put(OutboxEntry(NOTICE, "notice", "20110725-0001", {"ticket": "20110725-0001"}, FILED, FILED))
    counterpart.script.append("close")
    assert send_due(city, clock, "me") == {"notice_unknown": 1}


def test_an_office_that_is_down_is_tried_again(make_city: MakeCity, unlistened: int, clock: Clock) -> None:
    city = make_city(f'[office]\nurl = "http://127.0.0.1:{unlistened}"\n')
    save_thread(city)
    filing.decide(city, decision(), FILED)
    clock.advance(MINUTE)
    assert send_due(city, clock, "me") == {"office_retry": 1}


def test_a_unit_without_a_telephone_and_a_city_without_a_gateway_are_said_so(
    noticed: City, city: City, clock: Clock, counterpart: Counterpart
) -> None:
    reference = noticed.reference()
    units = tuple(u.model_copy(update={"phone": ""}) if u.slug == "water-group" else u for u in reference.units)
    with noticed.store.transaction():
        noticed.store.reference.save(reference.model_copy(update={"units": units}))
    assert send_due(noticed, clock, "me") == {"notice_failed": 1}
    assert "联络员手机号" in entry(noticed, NOTICE).error
    assert counterpart.posts == 0


def test_a_city_without_a_gateway_says_so(city: City, clock: Clock) -> None:
    save_ticket(city)
    city.store.outbox.put(OutboxEntry(NOTICE, "notice", "20110725-0001", {"ticket": "20110725-0001"}, FILED, FILED))
    assert send_due(city, clock, "me") == {"notice_failed": 1}
    assert "sms_url" in entry(city, NOTICE).error


def test_a_notice_about_no_ticket_is_given_up(wired: City, clock: Clock) -> None:
    wired.store.outbox.put(OutboxEntry("notice/x", "notice", "x", {"ticket": "x"}, FILED, FILED))
    assert send_due(wired, clock, "me") == {"notice_failed": 1}


# Two at once, and acts that cannot be sent at all.


def two_filings(city: City, clock: Clock) -> None:
    for thread in ("101", "102"):
        save_thread(city, thread=thread)
        filing.decide(city, decision(thread=thread), FILED)
    clock.advance(MINUTE)


def test_an_act_that_breaks_the_program_does_not_hold_up_the_others(
    wired: City, counterpart: Counterpart, clock: Clock
) -> None:
    two_filings(wired, clock)
    wired.store.db.execute("delete from posts where thread = '101'")
    counts = send_due(wired, clock, "me")
    assert counts["office_sent"] == counts["notice_sent"] == 1
    assert [f["attribute[external_id]"] for f in counterpart.filings] == ["file/lyw/102/2"]
    assert entry(wired).state in (OutboxState.WAITING, OutboxState.FAILED)
    assert entry(wired).error


def test_an_acknowledged_filing_that_cannot_be_kept_does_not_hold_up_the_others(
    wired: City, counterpart: Counterpart, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_filings(wired, clock)
    keep = filing.acknowledged

    def failing(city: City, act: OutboxEntry, *rest: object) -> Ticket:
        if act.key == KEY:
            raise filing.FilingError("不完整")
        return keep(city, act, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(filing, "acknowledged", failing)
    counts = send_due(wired, clock, "me")
    assert counts["office_sent"] == 1
    assert len(wired.store.tickets.of("lyw", "102")) == 1
    monkeypatch.undo()
    clock.advance(2 * HOUR)
    send_due(wired, clock, "me")
    assert len(counterpart.filings) == 2, "the office was asked, not filed to again"
    assert len(wired.store.tickets.of("lyw", "101")) == 1


def test_a_slow_holder_of_many_acts_and_a_second_one_file_each_once(
    wired: City, counterpart: Counterpart, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_filings(wired, clock)
    second = City(wired.folder, wired.settings)

    def slow(city: City, act: OutboxEntry) -> Attempt:
        """The first holder takes nearly a lease for each; meanwhile the second looks for work."""
        if city is wired:
            clock.advance(LEASE - SECOND)
            send_due(second, clock, "other:2")
        return office.file(city, act)

    monkeypatch.setitem(outbox.SENDERS, filing.OFFICE, (slow, True))
    send_due(wired, clock, "me:1")
    send_due(second, clock, "other:2")
    assert sorted(f["attribute[external_id]"] for f in counterpart.filings) == [KEY, "file/lyw/102/2"]
    assert len(counterpart.messages) == 2
    assert wired.store.outbox.counts() == {("office", "sent"): 2, ("notice", "sent"): 2}
    second.store.close()


def test_a_holder_that_lost_its_lease_does_not_settle_over_the_one_that_took_it(
    filed: City, counterpart: Counterpart, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = City(filed.folder, filed.settings)

    def asleep(city: City, act: OutboxEntry) -> Attempt:
        attempt = office.file(city, act)
        if city is filed:  # the machine slept after sending, and woke up an hour later
            clock.advance(HOUR)
            send_due(second, clock, "other:2")
        return attempt

    monkeypatch.setitem(outbox.SENDERS, filing.OFFICE, (asleep, True))
    send_due(filed, clock, "me:1")
    assert len(counterpart.filings) == len(counterpart.messages) == 1
    assert entry(filed).state is OutboxState.SENT
    assert len(filed.store.tickets.events(the_ticket(filed).number)) == 1
    second.store.close()


def test_a_lease_outlasts_the_time_the_settings_give_the_other_side(make_city: MakeCity, clock: Clock) -> None:
    city = make_city('[office]\nurl = "http://127.0.0.1:9"\ntimeout = 600\n')
    save_thread(city)
    filing.decide(city, decision(), FILED)
    clock.advance(MINUTE)
    seen: list[timedelta] = []

    def look(there: City, act: OutboxEntry) -> Attempt:
        until = entry(there, act.key).lease_until
        assert until is not None
        seen.append(until - clock())
        return Attempt(Result.RETRY)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(outbox.SENDERS, filing.OFFICE, (look, True))
        send_due(city, clock, "me")
    assert seen[0] > timedelta(seconds=2 * 600)
