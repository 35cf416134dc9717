"""Verdicts are written down when the evidence changes, and only then."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.city import City, open_city
from data.records import ReadOutcome, Reply, VerdictName
from tests.build import (
    DUE,
    FILED,
    HOUR,
    MINUTE,
    SECOND,
    Clock,
    careless,
    decision,
    reply,
    save_failure,
    save_thread,
    save_ticket,
)
from ticketing import filing, lifecycle, outbox
from ticketing.checking import check

NUMBER = "20110725-0001"
DAY = timedelta(days=1)


def names(city: City) -> list[str]:
    return [v.name for v in city.store.tickets.verdicts(NUMBER)]


@pytest.fixture
def filed(city: City) -> City:
    save_thread(city)
    save_ticket(city)
    return city


def test_nothing_read_and_nothing_due_is_nothing_to_say(filed: City) -> None:
    check(filed, FILED)
    assert check(filed, FILED + HOUR) == {}


def test_the_life_of_a_ticket_nobody_answers_in_time(filed: City) -> None:
    save_thread(filed, read_at=FILED + HOUR)
    assert check(filed, FILED + HOUR) == {"pending": 1}
    save_failure(filed, DUE + MINUTE)
    assert check(filed, DUE + MINUTE) == {"unverifiable": 1}
    assert check(filed, DUE + 2 * MINUTE) == {}
    save_thread(filed, read_at=DUE + HOUR)
    assert check(filed, DUE + HOUR) == {"overdue": 1}
    save_thread(filed, reply(posted_at=DUE + 2 * HOUR), read_at=DUE + DAY)
    assert check(filed, DUE + DAY) == {"late": 1}
    assert names(filed) == ["pending", "unverifiable", "overdue", "late"], "each stays beside the others"
    assert [t.number for t in filed.store.tickets.tickets(verdict="late")] == [NUMBER]


def test_due_passing_is_noticed_without_any_read(filed: City) -> None:
    assert check(filed, DUE) == {"pending": 1}
    assert check(filed, DUE + SECOND) == {"unverifiable": 1}


def test_reading_the_same_thread_again_changes_nothing(filed: City) -> None:
    answer = reply()
    save_thread(filed, answer, read_at=FILED + 2 * HOUR)
    assert check(filed, FILED + 2 * HOUR) == {"on_time": 1}
    for i in range(3, 9):
        save_thread(filed, answer, read_at=FILED + i * HOUR)
        assert check(filed, FILED + i * HOUR) == {}
    assert names(filed) == ["on_time"]


def test_a_citizens_further_post_changes_nothing(filed: City) -> None:
    save_thread(filed, read_at=DUE + MINUTE)
    check(filed, DUE + MINUTE)
    save_thread(filed, reply(author="西苑路居民", body="顶"), read_at=DUE + HOUR)
    assert check(filed, DUE + HOUR) == {}


def returned(city: City, move: str, at: datetime) -> None:
    lifecycle.move(city, NUMBER, move, "张敏", "说明", at, role=lifecycle.CLERK)


def test_while_a_return_waits_for_the_office_the_unit_is_not_overdue(filed: City) -> None:
    returned(filed, "return", DUE - HOUR)
    save_thread(filed, read_at=DUE + MINUTE)
    assert check(filed, DUE + MINUTE) == {"pending": 1}
    save_thread(filed, read_at=DUE + 3 * HOUR)
    assert check(filed, DUE + 3 * HOUR) == {}
    returned(filed, "force", DUE + 9 * HOUR)
    assert check(filed, DUE + 9 * HOUR + MINUTE) == {}, "the reads before the new date prove nothing"
    save_thread(filed, read_at=DUE + 10 * HOUR + SECOND)
    assert check(filed, DUE + 10 * HOUR + SECOND) == {"overdue": 1}


def test_an_answer_while_the_return_waits_is_in_time_and_stays_so(filed: City) -> None:
    returned(filed, "return", DUE - HOUR)
    save_thread(filed, reply(posted_at=DUE + HOUR), read_at=DUE + 2 * HOUR)
    assert check(filed, DUE + 2 * HOUR) == {"on_time": 1}
    returned(filed, "force", DUE + 9 * HOUR)
    save_thread(filed, *filed.store.threads.replies("lyw", "101"), read_at=DUE + 20 * HOUR)
    assert check(filed, DUE + 20 * HOUR) == {}


def test_a_return_after_due_excuses_nothing(filed: City) -> None:
    returned(filed, "return", DUE + SECOND)
    save_thread(filed, read_at=DUE + MINUTE)
    assert check(filed, DUE + MINUTE) == {"overdue": 1}


def test_what_was_closed_as_returned_is_never_overdue(filed: City) -> None:
    returned(filed, "return", DUE - HOUR)
    returned(filed, "close", DUE + HOUR)
    save_thread(filed, read_at=DUE + 2 * HOUR)
    assert check(filed, DUE + 2 * HOUR) == {"pending": 1}
    assert check(filed, DUE + 20 * HOUR) == {}


def test_an_answer_deleted_later_still_counts(filed: City) -> None:
    save_thread(filed, reply(), read_at=FILED + 2 * HOUR)
    check(filed, FILED + 2 * HOUR)
    save_thread(filed, read_at=DUE + HOUR)
    assert check(filed, DUE + HOUR) == {}
    assert names(filed) == ["on_time"]


def test_a_holding_reply_edited_into_an_answer_is_an_answer_from_then_on(filed: City) -> None:
    held = reply(body="收到")
    save_thread(filed, held, read_at=FILED + 2 * HOUR)
    check(filed, FILED + 2 * HOUR)
    save_thread(filed, replace(held, body="已修复", edited_at=DUE), read_at=DUE + HOUR)
    assert check(filed, DUE + HOUR) == {"on_time": 1}
    found = [(v.holding, v.answered_at) for v in filed.store.tickets.verdicts(NUMBER)]
    assert found == [(True, None), (True, DUE)]


def test_a_thread_deleted_before_due_is_withdrawn_and_stays_so(filed: City) -> None:
    save_failure(filed, FILED + HOUR, ReadOutcome.GONE)
    assert check(filed, FILED + HOUR) == {"withdrawn": 1}
    assert check(filed, DUE + HOUR) == {}


def test_a_failing_board_changes_only_tickets_past_due_without_a_read(filed: City) -> None:
    save_ticket(filed, number="20110725-0002", filed_at=FILED + 2 * HOUR)
    save_thread(filed, read_at=FILED + 2 * HOUR)
    check(filed, FILED + 2 * HOUR)
    save_failure(filed, DUE + MINUTE)
    assert check(filed, DUE + MINUTE) == {"unverifiable": 1}
    assert [t.number for t in filed.store.tickets.tickets(verdict="pending")] == ["20110725-0002"]


def test_two_tickets_of_one_thread_are_judged_apart(filed: City) -> None:
    save_ticket(filed, number="20110725-0002", unit="gov-mengjin")
    save_thread(filed, reply(), read_at=DUE + MINUTE)
    assert check(filed, DUE + MINUTE) == {"on_time": 1, "overdue": 1}


def test_an_answer_of_substance_moves_the_ticket_and_a_holding_one_does_not(filed: City) -> None:
    save_thread(filed, held := reply(body="收到"), read_at=FILED + 2 * HOUR)
    check(filed, FILED + 2 * HOUR)
    assert filed.store.tickets.state(NUMBER) == "filed"
    save_thread(filed, held, reply(posted_at=FILED + 2 * HOUR), read_at=FILED + 3 * HOUR)
    check(filed, FILED + 3 * HOUR)
    assert filed.store.tickets.state(NUMBER) == "answered"
    event = filed.store.tickets.events(NUMBER)[-1]
    assert (event.move, event.by) == ("answer", "system")
    assert "2011-07-25 11:30" in event.note


@pytest.mark.parametrize("move", ["return", "close"])
def test_an_answer_does_not_move_a_ticket_that_was_returned_or_closed(filed: City, move: str) -> None:
    lifecycle.move(filed, NUMBER, move, "张敏", "权属不清", FILED, role=lifecycle.CLERK)
    save_thread(filed, reply(), read_at=FILED + 2 * HOUR)
    check(filed, FILED + 2 * HOUR)
    assert filed.store.tickets.state(NUMBER) == {"return": "returned", "close": "closed"}[move]


def test_reads_of_a_run_that_was_killed_before_checking_are_not_passed_over(
    filed: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_thread(filed, reply(), read_at=FILED + 2 * HOUR)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(filed.store.runs, "set_mark", killed)
    with pytest.raises(KeyboardInterrupt):
        check(filed, FILED + 2 * HOUR)
    monkeypatch.undo()
    assert names(filed) == [], "neither the verdicts nor the mark"
    assert check(filed, FILED + 3 * HOUR) == {"on_time": 1}


def test_a_reply_read_before_the_filing_is_weighed_at_the_next_read(city: City) -> None:
    save_thread(city, reply(posted_at=FILED - 10 * MINUTE), read_at=FILED - 5 * MINUTE)
    check(city, FILED - 5 * MINUTE)
    save_ticket(city)
    save_thread(city, read_at=FILED + HOUR)
    assert check(city, FILED + HOUR) == {"on_time": 1}
    [verdict] = city.store.tickets.verdicts(NUMBER)
    assert verdict.marks == ("before-filing",)


def test_a_ticket_is_followed_for_thirty_days_past_due(filed: City) -> None:
    save_thread(filed, read_at=DUE + MINUTE)
    check(filed, DUE + MINUTE)
    late = reply(posted_at=DUE + 29 * DAY)
    save_thread(filed, late, read_at=DUE + 30 * DAY - MINUTE)
    assert check(filed, DUE + 30 * DAY - MINUTE) == {"late": 1}


def test_the_standing_verdict_rests_on_a_read_that_is_kept(filed: City) -> None:
    rests_on = save_thread(filed, reply(), read_at=FILED + 2 * HOUR)
    check(filed, FILED + 2 * HOUR)
    [verdict] = filed.store.tickets.verdicts(NUMBER)
    assert verdict.read == rests_on.id
    assert len(list(filed.store.threads.snapshots(rests_on.snapshots))) == 1


# Random histories through the store: turn after turn, with or without new evidence.

FOUND = [
    reply(id="own-early"),
    reply(id="own-late", posted_at=DUE + HOUR),
    reply(id="office", author="lyic", body="已转交"),
    reply(id="alike", author="mj1c"),
    reply(id="holding", body="收到", posted_at=FILED + MINUTE),
]
turns = st.lists(
    st.tuples(
        st.sampled_from(["read", "gone", "down", "nothing", "partial"]),
        st.sets(st.sampled_from(range(len(FOUND)))),
        st.integers(1, 150),
    ),
    min_size=1,
    max_size=7,
)


@contextmanager
def fresh_city(begun: Path) -> Iterator[City]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "liandong.toml").write_text("", encoding="utf-8")
        source, target = sqlite3.connect(begun), sqlite3.connect(path / "liandong.db")
        source.backup(target)
        source.close()
        target.close()
        city = open_city(path)
        careless(city.store)
        yield city
        city.store.close()


@settings(max_examples=25)
@given(turns)
def test_a_verdict_changes_only_with_new_evidence_or_when_due_passes(
    begun: Path, history: list[tuple[str, set[int], int]]
) -> None:
    with fresh_city(begun) as city:
        save_thread(city, read_at=FILED - MINUTE)
        save_ticket(city)
        now = FILED
        for what, shown, minutes in history:
            before, now = now, now + minutes * MINUTE
            _turn(city, what, [FOUND[i] for i in sorted(shown) if FOUND[i].posted_at <= now], now)
            counts = check(city, now)
            if what == "nothing":
                crossed = before <= DUE < now
                assert counts == {} or (crossed and counts == {"unverifiable": 1}) or counts == {"pending": 1}
            assert check(city, now) == {}, "asked again, nothing is new"
        _look_back(city)


def _turn(city: City, what: str, shown: list[Reply], now: datetime) -> None:
    if what == "read":
        save_thread(city, *shown, read_at=now)
    elif what in ("gone", "down"):
        save_failure(city, now, ReadOutcome.GONE if what == "gone" else ReadOutcome.UNREACHABLE)
    elif what == "partial":
        save_failure(city, now, ReadOutcome.MALFORMED)


def _look_back(city: City) -> None:
    """Each verdict kept differs from the one before, and none says overdue without its evidence."""
    kept = city.store.tickets.verdicts(NUMBER)
    reads = {r.id: r for r in city.store.threads.reads("lyw", "101")}
    assert all(a.evidence != b.evidence for a, b in pairwise(kept))
    for verdict in kept:
        if verdict.name is VerdictName.OVERDUE:
            assert verdict.read is not None
            assert reads[verdict.read].complete
            assert reads[verdict.read].at > DUE


def test_a_unit_that_answered_before_the_filing_is_judged_at_the_filing(wired: City, clock: Clock) -> None:
    save_thread(wired, reply(author="洛阳水务集团", posted_at=FILED - MINUTE), read_at=FILED)
    filing.decide(wired, decision(), FILED)
    clock.advance(MINUTE)
    outbox.send_due(wired, clock, "me")
    [ticket] = wired.store.tickets.of("lyw", "101")
    verdict = wired.store.tickets.verdict(ticket.number)
    assert verdict is not None
    assert (verdict.name, verdict.latency) == (VerdictName.ON_TIME, 0)
    assert "before-filing" in verdict.marks


def test_a_board_clock_ahead_is_found_out_by_the_read_that_shows_the_reply(filed: City) -> None:
    save_thread(filed, reply(posted_at=DUE + 3 * MINUTE), read_at=DUE - MINUTE)
    assert check(filed, DUE - MINUTE) == {"on_time": 1}
    save_thread(filed, *filed.store.threads.replies("lyw", "101"), read_at=DUE + HOUR)
    assert check(filed, DUE + HOUR) == {}, "later reads change nothing"
    [found] = filed.store.tickets.verdicts(NUMBER)
    assert found.marks == ("board-clock-ahead",)


def test_a_ticket_closed_before_there_was_a_verdict_is_judged_all_the_same(filed: City) -> None:
    lifecycle.move(filed, NUMBER, "close", "张敏", "", FILED + MINUTE, role=lifecycle.CLERK)
    save_thread(filed, read_at=DUE + MINUTE)
    assert check(filed, DUE + MINUTE) == {"overdue": 1}
    save_thread(filed, reply(posted_at=DUE + HOUR), read_at=DUE + 2 * HOUR)
    assert check(filed, DUE + 2 * HOUR) == {"late": 1}, (
        "the unit answered after all, and is not told to have kept silent"
    )
    save_thread(filed, reply(posted_at=DUE + HOUR), read_at=DUE + 3 * HOUR)
    assert check(filed, DUE + 3 * HOUR) == {}, "then it is over"
