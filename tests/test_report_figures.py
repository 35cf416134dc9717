"""The report's arithmetic: rates with intervals, places, periods, working time, and waiting times that are honest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.latency import score
from data.city import City
from data.records import Event
from tests.build import FILED, ZONE, at, save_thread, save_ticket
from ticketing import periods, worktime
from ticketing.ranking import places, rate
from ticketing.reports import latency


def test_a_rate_of_nothing_is_no_rate() -> None:
    assert rate(0, 0).share is None
    assert places([rate(0, 0)]) == [None]


def test_the_wilson_interval_is_the_published_one() -> None:
    # Wilson 1927; Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: 81 of 263 gives 0.2553 to 0.3662.
    found = rate(81, 263)
    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)


def test_units_that_cannot_be_told_apart_share_their_places() -> None:
    assert places([rate(9, 10), rate(8, 10)]) == [(1, 2), (1, 2)]


def test_units_that_can_be_told_apart_are_ordered() -> None:
    assert places([rate(10, 100), rate(95, 100), rate(50, 100)]) == [(3, 3), (1, 1), (2, 2)]


def test_a_small_denominator_is_said_to_be_small() -> None:
    assert rate(3, 9).small
    assert not rate(3, 10).small


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=12))
def test_places_are_within_the_table_and_a_surely_better_unit_is_never_behind(counts: list[tuple[int, int]]) -> None:
    rates = [rate(min(a, b), max(a, b)) for a, b in counts]
    found = places(rates)
    known = [r for r in rates if r.total]
    for one, mine in zip(rates, found, strict=True):
        assert (mine is None) == (one.total == 0)
        if mine:
            assert 1 <= mine[0] <= mine[1] <= len(known)
        for other, theirs in zip(rates, found, strict=True):
            if mine and theirs and one.low is not None and other.high is not None and one.low > other.high:
                assert mine[1] <= theirs[0] - 1 or mine[0] < theirs[0]


def test_a_month_is_compared_with_the_month_before_and_the_same_month_a_year_ago() -> None:
    since, until = at("2011-03-01 00:00").astimezone(ZONE), at("2011-04-01 00:00").astimezone(ZONE)
    first, last = periods.before(since, until)
    assert (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}") == ("2011-02-01", "2011-03-01")
    first, last = periods.year_ago(since, until)
    assert (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}") == ("2010-03-01", "2010-04-01")


def test_january_is_compared_with_december() -> None:
    since, until = at("2012-01-01 00:00").astimezone(ZONE), at("2012-02-01 00:00").astimezone(ZONE)
    assert f"{periods.before(since, until)[0]:%Y-%m-%d}" == "2011-12-01"


def test_a_week_is_compared_with_the_week_before_it() -> None:
    since, until = at("2011-07-25 00:00").astimezone(ZONE), at("2011-08-01 00:00").astimezone(ZONE)
    assert f"{periods.before(since, until)[0]:%Y-%m-%d}" == "2011-07-18"


def test_the_leap_day_has_a_year_before() -> None:
    day = at("2012-02-29 00:00").astimezone(ZONE)
    assert f"{periods.year_ago(day, day)[0]:%Y-%m-%d}" == "2011-02-28"


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2011-07-25 09:00", "2011-07-25 12:00", 3),
        ("2011-07-25 17:00", "2011-07-26 09:00", 2),  # over the night
        ("2011-07-29 17:00", "2011-08-01 09:00", 2),  # Friday evening to Monday
        ("2011-09-30 17:00", "2011-10-08 09:00", 2),  # National Day week; Saturday the 8th is a make-up working day
        ("2011-12-31 12:00", "2012-01-04 09:00", 7),  # Saturday 31 December 2011 was a working day (调休)
        ("2011-07-23 09:00", "2011-07-24 20:00", 0),  # a weekend
        ("2011-07-25 20:00", "2011-07-25 22:00", 0),  # after hours
        ("2011-07-25 12:00", "2011-07-25 09:00", 0),  # backwards
    ],
)
def test_working_time_counts_working_hours_only(start: str, end: str, hours: float) -> None:
    assert worktime.between(at(start), at(end), ZONE) / 3600 == pytest.approx(hours)


@given(st.integers(0, 60 * 24 * 60), st.integers(0, 60 * 24 * 30), st.integers(0, 60 * 24 * 30))
def test_working_time_adds_up_and_is_never_more_than_the_clock_shows(start: int, first: int, second: int) -> None:
    a = datetime(2011, 9, 1, tzinfo=UTC) + timedelta(minutes=start)
    b, c = a + timedelta(minutes=first), a + timedelta(minutes=first + second)
    parts = worktime.between(a, b, ZONE) + worktime.between(b, c, ZONE)
    assert parts == pytest.approx(worktime.between(a, c, ZONE))
    assert worktime.between(a, c, ZONE) <= (c - a).total_seconds() + 1e-6


def test_the_interval_holds_the_truth_at_the_stated_rate_and_the_naive_median_does_not() -> None:
    median, p90 = score(0.5, 200, 200), score(0.9, 200, 200)
    assert median.held >= 0.92
    assert p90.held >= 0.92
    assert median.estimate == pytest.approx(1, abs=0.05)
    assert median.naive < 0.75  # looks faster than it is


def test_the_follow_up_says_who_is_satisfied_and_what_is_solved_before_the_board_does(city: City) -> None:
    for number, thread in (("20110725-0001", "101"), ("20110725-0002", "102")):
        save_thread(city, thread=thread, rating="很不满意")
        save_ticket(city, number=number, thread=thread)
    said = Event("20110725-0001", FILED, "follow_up", "张敏", data={"solved": True, "satisfied": True})
    city.store.tickets.add_event(said, "followed_up")
    row = latency(city, FILED).overall
    assert (row.satisfied, row.rated) == (1, 2)
    assert (row.solved, row.asked) == (1, 1)
