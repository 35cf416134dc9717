"""From a decision to a ticket: decided once, undone in time, filed with the office's six fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from data.city import City
from data.records import Action, Kind, OutboxState, Urgency
from tests.build import FILED, MINUTE, SECOND, Clock, decision, save_thread, suggestion
from tests.counterpart import Counterpart
from ticketing import filing, outbox
from ticketing.filing import FilingError, decide, undo

UNDO = 10 * SECOND


@pytest.fixture
def suggested(wired: City) -> City:
    """A city with one post in the clerk's queue."""
    save_thread(wired)
    wired.store.decisions.suggest([suggestion()])
    return wired


def test_a_decision_takes_the_post_off_the_queue_and_writes_its_filing_down(suggested: City) -> None:
    number = decide(suggested, decision(), FILED)
    assert suggested.store.decisions.queue() == []
    assert suggested.store.decisions.decision(number) == decision(id=number)
    entry = suggested.store.outbox.entry(filing.filing_key("lyw", "101", number))
    assert entry is not None
    assert (entry.channel, entry.subject, entry.state) == ("office", "lyw/101", OutboxState.WAITING)
    assert entry.not_before == FILED + UNDO
    assert entry.payload["number"] == "20110725-0001"


def test_the_day_in_a_ticket_number_is_the_citys(suggested: City) -> None:
    number = decide(suggested, decision(), datetime(2011, 7, 25, 16, 30, tzinfo=UTC))
    entry = suggested.store.outbox.entry(filing.filing_key("lyw", "101", number))
    assert entry is not None
    assert entry.payload["number"] == "20110726-0001"


def test_a_rejection_files_nothing(suggested: City) -> None:
    decide(suggested, decision(action=Action.REJECT, kind=None, category=None, unit=None, reason="广告"), FILED)
    assert suggested.store.outbox.counts() == {}
    assert suggested.store.decisions.queue() == []


def test_of_two_clerks_the_second_is_told_who_was_first(suggested: City) -> None:
    decide(suggested, decision(), FILED)
    with pytest.raises(FilingError, match="已由 张敏 处理（2011-07-25 09:29）"):
        decide(suggested, decision(by="李强"), FILED + SECOND)
    assert suggested.store.outbox.counts() == {("office", "waiting"): 1}
    assert len(suggested.store.decisions.of("lyw", "101")) == 1


@pytest.mark.parametrize(
    "wrong", [{"unit": "no-such"}, {"unit": None}, {"category": "no-such"}, {"category": None}, {"kind": None}]
)
def test_a_filing_must_name_kind_category_and_unit_that_exist(suggested: City, wrong: dict[str, str | None]) -> None:
    with pytest.raises(FilingError, match="请重新选择"):
        decide(suggested, decision(**wrong), FILED)
    assert suggested.store.outbox.counts() == {}
    assert len(suggested.store.decisions.queue()) == 1


def test_a_post_never_read_cannot_be_decided(suggested: City) -> None:
    with pytest.raises(FilingError, match="没有读到过帖子 lyw/999"):
        decide(suggested, decision(thread="999"), FILED)


def test_an_undo_in_time_puts_the_post_back_and_nothing_leaves(
    suggested: City, counterpart: Counterpart, clock: Clock
) -> None:
    number = decide(suggested, decision(), FILED)
    clock.advance(UNDO - SECOND)
    assert outbox.send_due(suggested, clock, "me") == {}
    assert undo(suggested, number, clock())
    clock.advance(MINUTE)
    assert outbox.send_due(suggested, clock, "me") == {}
    assert counterpart.posts == 0
    assert [p.thread for p, _ in suggested.store.decisions.queue()] == ["101"]


def test_an_undo_after_the_filing_left_is_too_late(suggested: City, clock: Clock) -> None:
    number = decide(suggested, decision(), FILED)
    clock.advance(UNDO)
    outbox.send_due(suggested, clock, "me")
    assert not undo(suggested, number, clock())
    assert suggested.store.decisions.queue() == []


def test_an_undo_after_a_failed_attempt_is_too_late_for_it_may_have_arrived(
    suggested: City, counterpart: Counterpart, clock: Clock
) -> None:
    counterpart.script.append("503")
    number = decide(suggested, decision(), FILED)
    clock.advance(UNDO)
    outbox.send_due(suggested, clock, "me")
    assert not undo(suggested, number, clock())


def test_an_undone_decision_can_be_taken_anew_and_only_the_new_one_leaves(
    suggested: City, counterpart: Counterpart, clock: Clock
) -> None:
    first = decide(suggested, decision(), FILED)
    assert undo(suggested, first, clock())
    second = decide(suggested, decision(action=Action.CORRECT, unit="housing-bureau"), FILED)
    assert not undo(suggested, first, clock()), "another decision stands now"
    clock.advance(MINUTE)
    outbox.send_due(suggested, clock, "me")
    [sent] = counterpart.filings
    assert sent["attribute[unit]"] == suggested.reference().unit["housing-bureau"].name
    [the_ticket] = suggested.store.tickets.of("lyw", "101")
    assert (the_ticket.decision, the_ticket.unit) == (second, "housing-bureau")


def test_a_rejection_can_be_undone(suggested: City) -> None:
    number = decide(suggested, decision(action=Action.REJECT), FILED)
    assert undo(suggested, number, FILED)
    assert len(suggested.store.decisions.queue()) == 1


def test_what_was_never_decided_cannot_be_undone(suggested: City) -> None:
    assert not undo(suggested, 99, FILED)


def test_the_office_gets_its_six_fields_in_its_own_words(
    suggested: City, counterpart: Counterpart, clock: Clock
) -> None:
    number = decide(suggested, decision(urgency=Urgency.DAYS, days=5), FILED)
    clock.advance(UNDO)
    outbox.send_due(suggested, clock, "me")
    [sent] = counterpart.filings
    assert sent["service_code"] == "urban/water-supply"
    assert sent["attribute[category]"] == "供水"
    assert sent["attribute[source]"] == "洛阳网 洛阳社区·聚焦河洛"
    assert sent["attribute[contact]"] == sent["phone"] == "13800000000"
    assert sent["attribute[unit]"] == "市水务集团"
    assert sent["attribute[filed_at]"] == "2011-07-25 09:30"
    assert sent["attribute[due_at]"] == "2011-08-01 18:00"
    assert sent["attribute[thread_url]"] == "http://127.0.0.1/thread-101-1-1.html"
    assert sent["attribute[external_id]"] == filing.filing_key("lyw", "101", number)
    assert sent["attribute[number]"] == "20110725-0001"


def test_a_contact_that_was_not_given_is_said_so_and_a_long_post_is_cut(
    wired: City, counterpart: Counterpart, clock: Clock
) -> None:
    save_thread(wired, body="水" * 100_000)
    decide(wired, decision(contact=""), FILED)
    clock.advance(UNDO)
    outbox.send_due(wired, clock, "me")
    [sent] = counterpart.filings
    assert sent["attribute[contact]"] == "网上留言"
    assert len(sent["description"]) == 4000


def test_the_ticket_begins_when_the_office_acknowledges_it(suggested: City, clock: Clock) -> None:
    decide(suggested, decision(), FILED)
    clock.advance(17 * MINUTE)
    outbox.send_due(suggested, clock, "me")
    [the_ticket] = suggested.store.tickets.of("lyw", "101")
    assert the_ticket.filed_at == clock()
    assert the_ticket.reply_due == clock() + 4 * 60 * MINUTE
    assert (the_ticket.number, the_ticket.office_id, the_ticket.kind) == ("20110725-0001", "LY1", Kind.HELP)
    assert the_ticket.decided_at == decision().at, "the office's own delay can be told"
    assert suggested.store.tickets.state(the_ticket.number) == "filed"
    assert [e.move for e in suggested.store.tickets.events(the_ticket.number)] == ["file"]


def test_a_unit_may_have_its_own_time_to_answer(suggested: City, clock: Clock) -> None:
    reference = suggested.reference()
    units = tuple(replace_hours(u, 2.0) if u.slug == "water-group" else u for u in reference.units)
    with suggested.store.transaction():
        suggested.store.reference.save(reference.model_copy(update={"units": units}))
    decide(suggested, decision(), FILED)
    clock.advance(UNDO)
    outbox.send_due(suggested, clock, "me")
    [the_ticket] = suggested.store.tickets.of("lyw", "101")
    assert the_ticket.reply_due - the_ticket.filed_at == 2 * 60 * MINUTE


def replace_hours(unit: object, hours: float) -> object:
    return unit.model_copy(update={"reply_hours": hours})  # type: ignore[attr-defined]


def test_a_rule_changed_later_does_not_rewrite_what_was_promised(suggested: City, clock: Clock) -> None:
    decide(suggested, decision(), FILED)
    clock.advance(UNDO)
    outbox.send_due(suggested, clock, "me")
    before = suggested.store.tickets.of("lyw", "101")
    reference = suggested.reference()
    units = tuple(replace_hours(u, 1.0) for u in reference.units)
    with suggested.store.transaction():
        suggested.store.reference.save(reference.model_copy(update={"units": units}))
    assert suggested.store.tickets.of("lyw", "101") == before


def test_a_broken_filing_leaves_neither_decision_nor_number(suggested: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(suggested.store.outbox, "put", full)
    with pytest.raises(OSError, match="disk full"):
        decide(suggested, decision(), FILED)
    monkeypatch.undo()
    assert suggested.store.decisions.of("lyw", "101") == []
    assert len(suggested.store.decisions.queue()) == 1
    decide(suggested, replace(decision(), by="李强"), FILED)


def test_an_old_rejection_cannot_be_undone_once_the_post_was_filed_after_all(suggested: City) -> None:
    rejected = decide(suggested, decision(action=Action.REJECT), FILED)
    assert undo(suggested, rejected, FILED)
    decide(suggested, decision(), FILED)
    assert not undo(suggested, rejected, FILED)
    assert suggested.store.decisions.queue() == []
