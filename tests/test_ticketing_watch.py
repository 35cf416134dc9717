"""Which threads to read next: those whose verdict can change by being read."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data.city import City
from data.records import Verdict, VerdictName
from tests.build import DUE, FILED, HOUR, MINUTE, POSTED, SECOND, save_failure, save_thread, save_ticket, ticket
from ticketing.watch import Watch, back_to, should_read, wanted, watches

DAY = timedelta(days=1)


def watch(
    verdict: VerdictName = VerdictName.PENDING,
    tried: datetime | None = None,
    read: datetime | None = None,
    **given: str,
) -> Watch:
    return Watch(ticket(**given), verdict, tried, read)


@pytest.mark.parametrize(
    ("tried", "read", "now", "expected"),
    [
        # Before due: hourly, so that a deletion is dated.
        (None, None, FILED + 59 * MINUTE, False),
        (None, None, FILED + HOUR, True),
        (FILED + HOUR, FILED + HOUR, FILED + 119 * MINUTE, False),
        (FILED + HOUR, FILED + HOUR, FILED + 2 * HOUR, True),
        (FILED + HOUR, None, FILED + 90 * MINUTE, False),
        # Once more in the last twenty minutes.
        (DUE - 30 * MINUTE, DUE - 30 * MINUTE, DUE - 21 * MINUTE, False),
        (DUE - 30 * MINUTE, DUE - 30 * MINUTE, DUE - 20 * MINUTE, True),
        (DUE - 19 * MINUTE, DUE - 19 * MINUTE, DUE - MINUTE, False),
        # At due itself nothing is decided yet; a second later it is.
        (DUE - 19 * MINUTE, DUE - 19 * MINUTE, DUE, False),
        (DUE - 19 * MINUTE, DUE - 19 * MINUTE, DUE + SECOND, True),
        # A board that is down is tried at every turn for two hours, then hourly.
        (DUE + HOUR, DUE - HOUR, DUE + HOUR + 5 * MINUTE, True),
        (DUE + 3 * HOUR, DUE - HOUR, DUE + 3 * HOUR + 59 * MINUTE, False),
        (DUE + 3 * HOUR, DUE - HOUR, DUE + 4 * HOUR, True),
        # A complete read at the very second of due settles nothing.
        (DUE, DUE, DUE + 3 * HOUR, True),
        # Read after due: once a day, in case the list does not show the late answer.
        (DUE + MINUTE, DUE + MINUTE, DUE + 23 * HOUR, False),
        (DUE + MINUTE, DUE + MINUTE, DUE + DAY + MINUTE, True),
        # Not for ever.
        (DUE + MINUTE, DUE + MINUTE, DUE + 31 * DAY, False),
        (None, None, DUE + 31 * DAY, False),
    ],
)
def test_when_to_read(tried: datetime | None, read: datetime | None, now: datetime, expected: bool) -> None:
    assert should_read(watch(tried=tried, read=read), now) is expected


@pytest.mark.parametrize("settled", [VerdictName.ON_TIME, VerdictName.LATE, VerdictName.WITHDRAWN])
def test_a_settled_verdict_needs_no_further_reading(settled: VerdictName) -> None:
    assert not should_read(watch(settled), DUE + SECOND)
    assert back_to([watch(settled)], FILED) == {}


@pytest.mark.parametrize("open_still", [VerdictName.OVERDUE, VerdictName.UNVERIFIABLE, VerdictName.PENDING])
def test_an_open_verdict_is_read_on(open_still: VerdictName) -> None:
    assert should_read(watch(open_still, tried=DUE + 3 * HOUR), DUE + 4 * HOUR)


def test_a_thread_with_two_tickets_is_asked_for_once() -> None:
    two = [watch(number="1"), watch(number="2"), watch(number="3", thread="102"), watch(number="4", board="dahe")]
    assert wanted(two, FILED + HOUR) == {"lyw": ["101", "102"], "dahe": ["101"]}
    assert wanted(two, FILED) == {}


def test_lists_are_walked_back_to_the_oldest_post_without_an_answer() -> None:
    old, new = watch(), Watch(ticket(posted_at=POSTED - DAY), VerdictName.OVERDUE, None, None)
    assert back_to([old, new], DUE) == {"lyw": POSTED - DAY}
    assert back_to([old, new], DUE + 2 * DAY) == {"lyw": POSTED - DAY}
    assert back_to([old, new], DUE + 2 * DAY + SECOND) == {}


def test_the_watches_of_a_city_are_its_open_tickets_with_what_is_known_of_their_threads(city: City) -> None:
    save_ticket(city)
    save_ticket(city, number="20110725-0002", thread="102")
    save_thread(city, read_at=FILED)
    save_failure(city, FILED + HOUR)
    city.store.tickets.add_verdict(Verdict("20110725-0002", FILED, VerdictName.UNVERIFIABLE))
    found = {w.ticket.number[-1]: (w.verdict, w.tried_at, w.read_at) for w in watches(city, DUE)}
    assert found == {
        "1": (VerdictName.PENDING, FILED + HOUR, FILED),
        "2": (VerdictName.UNVERIFIABLE, None, None),
    }
    assert watches(city, DUE + 31 * DAY) == []
    city.store.db.execute("update tickets set state = 'closed' where number = '20110725-0001'")
    assert len(watches(city, DUE)) == 2, "closed before there was a verdict"
    city.store.db.execute("update tickets set verdict = 'late' where number = '20110725-0001'")
    assert [w.ticket.number for w in watches(city, DUE)] == ["20110725-0002"]


@pytest.mark.both_stores
def test_a_city_without_boards_has_no_thread_to_watch(city: City) -> None:
    save_ticket(city)
    assert city.store.tickets.watched(FILED, ()) == []
    assert city.store.tickets.undecided(FILED, DUE + DAY, ()) == []
