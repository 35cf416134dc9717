"""A person settles what the program could not: sends it again, or says how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.city import City
from data.records import OutboxEntry, OutboxState
from tests import desk_city
from tests.build import FILED, HOUR, MINUTE, Clock, decision, save_thread, save_ticket
from tests.counterpart import Counterpart
from ticketing import filing, outbox, second
from ticketing.second import SecondError, resend, settle_by_hand

NOTICE = "notice/20110725-0001"


@pytest.fixture
def refused(wired: City, counterpart: Counterpart, clock: Clock) -> City:
    """A filing the office refused."""
    save_thread(wired)
    filing.decide(wired, decision(), FILED)
    clock.advance(MINUTE)
    counterpart.script.append("400")
    outbox.send_due(wired, clock, "me")
    return wired


@pytest.fixture
def unknown(wired: City, counterpart: Counterpart, clock: Clock) -> City:
    """A notice that may have arrived."""
    save_thread(wired)
    save_ticket(wired)
    wired.store.outbox.put(OutboxEntry(NOTICE, "notice", "20110725-0001", {"ticket": "20110725-0001"}, FILED, FILED))
    counterpart.script.append("close")
    outbox.send_due(wired, clock, "me")
    return wired


def stuck(city: City) -> OutboxEntry:
    [found] = [e for s in second.STUCK for e in city.store.outbox.entries(s)]
    return found


def test_a_failed_filing_sent_again_asks_first_and_becomes_a_ticket(
    refused: City, counterpart: Counterpart, clock: Clock
) -> None:
    resend(refused, stuck(refused).id, "张敏", clock())
    assert outbox.send_due(refused, clock, "me") == {"office_sent": 1, "notice_sent": 1}
    assert counterpart.asked == ["file/lyw/101/1"]
    [told] = refused.store.people.audit()
    assert (told.who, told.what, told.subject) == ("张敏", "重新发送", "file/lyw/101/1")


def test_a_filing_that_fails_again_is_told_again(refused: City, counterpart: Counterpart, clock: Clock) -> None:
    counterpart.script.append("400")
    resend(refused, stuck(refused).id, "张敏", clock())
    outbox.send_due(refused, clock, "me")
    assert len(refused.store.runs.alerts()) == 2


def test_a_filing_sent_again_gets_all_its_attempts_anew(refused: City, counterpart: Counterpart, clock: Clock) -> None:
    refused.store.db.execute("update outbox set attempts = 12")
    counterpart.script.append("503")
    resend(refused, stuck(refused).id, "张敏", clock())
    assert outbox.send_due(refused, clock, "me") == {"office_retry": 1}


def test_a_filing_found_at_the_office_becomes_a_ticket_under_the_number_a_person_gives(
    refused: City, counterpart: Counterpart, clock: Clock
) -> None:
    with pytest.raises(SecondError, match="编号"):
        settle_by_hand(refused, stuck(refused).id, True, "张敏", " ", clock())
    settle_by_hand(refused, stuck(refused).id, True, "张敏", "LY77", clock())
    [the_ticket] = refused.store.tickets.of("lyw", "101")
    assert (the_ticket.office_id, the_ticket.filed_at) == ("LY77", clock())
    assert outbox.send_due(refused, clock, "me") == {"notice_sent": 1}
    assert counterpart.filings == []


def test_a_filing_that_never_arrived_puts_its_post_back_into_the_queue(refused: City, clock: Clock) -> None:
    settle_by_hand(refused, stuck(refused).id, False, "张敏", "办公系统查无此件", clock())
    assert refused.store.decisions.stage("lyw", "101") == "suggested"
    clock.advance(99 * HOUR)
    assert outbox.send_due(refused, clock, "me") == {}
    filing.decide(refused, decision(by="李强"), clock())
    clock.advance(MINUTE)
    assert outbox.send_due(refused, clock, "me")["office_sent"] == 1


def test_a_notice_of_unknown_result_leaves_again_only_when_a_person_says_so(
    unknown: City, counterpart: Counterpart, clock: Clock
) -> None:
    clock.advance(HOUR)
    assert outbox.send_due(unknown, clock, "me") == {}
    resend(unknown, stuck(unknown).id, "张敏", clock())
    assert outbox.send_due(unknown, clock, "me") == {"notice_sent": 1}
    assert len(counterpart.messages) == 2


@pytest.mark.parametrize(("sent", "state"), [(True, OutboxState.SENT), (False, OutboxState.CANCELLED)])
def test_a_notice_is_settled_with_what_the_telephone_said(
    unknown: City, clock: Clock, sent: bool, state: OutboxState
) -> None:
    settle_by_hand(unknown, stuck(unknown).id, sent, "张敏", "电话核实", clock())
    entry = unknown.store.outbox.entry(NOTICE)
    assert entry is not None
    assert entry.state is state
    assert "电话核实" in entry.error
    assert unknown.store.people.audit()[0].subject == NOTICE


def test_what_is_not_stuck_cannot_be_settled_twice(unknown: City, clock: Clock) -> None:
    number = stuck(unknown).id
    settle_by_hand(unknown, number, True, "张敏", "", clock())
    for given in (number, 999):
        with pytest.raises(SecondError):
            resend(unknown, given, "李强", clock())
    assert len(unknown.store.people.audit()) == 1


def test_the_desk_sends_again_and_settles(tmp_path: Path) -> None:
    city = desk_city.make(tmp_path / "city")
    desk_city.staff(city)
    entry = OutboxEntry("notice/x", "notice", "x", {"ticket": "x"}, desk_city.NOW, desk_city.NOW)
    for key in ("notice/x", "notice/y"):
        city.store.outbox.put(OutboxEntry(key, "notice", key, entry.payload, desk_city.NOW, desk_city.NOW))
    for kept in city.store.outbox.entries(OutboxState.WAITING, "notice")[-2:]:
        city.store.outbox.settle(kept.id, OutboxState.UNKNOWN, desk_city.NOW, "没有应答")
    client = desk_city.login(desk_city.desk(city, desk_city.Clock()), "clerk")
    page = client.get("/outbox").text
    ids = [e.id for e in city.store.outbox.entries(OutboxState.UNKNOWN) if e.subject in ("notice/x", "notice/y")]
    assert all(f"/outbox/{i}/resend" in page for i in ids)
    sign = desk_city.token(client, "/status")
    client.post(f"/outbox/{ids[0]}/resend", data={"csrf_token": sign})
    client.post(f"/outbox/{ids[1]}/settle", data={"csrf_token": sign, "sent": "yes", "note": "已电话核实"})
    states = {e.id: e.state for key in ("notice/x", "notice/y") if (e := city.store.outbox.entry(key))}
    assert [states[i] for i in ids] == [OutboxState.WAITING, OutboxState.SENT]
    assert {a.what for a in city.store.people.audit()} >= {"重新发送", "人工确认已送达：已电话核实"}


def test_a_filing_that_waits_is_taken_back_at_the_desk(tmp_path: Path) -> None:
    city = desk_city.make(tmp_path / "city")
    desk_city.staff(city)
    filing.decide(city, decision(at=desk_city.NOW), desk_city.NOW)
    [waits] = [e for e in city.store.outbox.entries(OutboxState.WAITING, "office") if e.subject == "lyw/101"]
    client = desk_city.login(desk_city.desk(city, desk_city.Clock()), "clerk")
    sign = desk_city.token(client, "/status")
    client.post(f"/status/{waits.id}/cancel", data={"csrf_token": sign})
    assert city.store.decisions.stage("lyw", "101") == "suggested"
    assert (
        "来不及撤回" in client.post(f"/status/{waits.id}/cancel", data={"csrf_token": sign}, follow_redirects=True).text
    )
