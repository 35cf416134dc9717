"""The clocks, each boundary by name."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.records import Urgency
from tests.build import HOUR, ZONE, at
from ticketing import clocks


def completion(filed: str, days: int, urgency: Urgency = Urgency.DAYS) -> tuple[str, bool]:
    due, tentative = clocks.completion_due(at(filed), urgency, days, ZONE, 4)
    return due.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"), tentative


def test_the_reply_is_due_four_hours_to_the_second_after_filing() -> None:
    assert clocks.reply_due(at("2011-07-25 09:30:17"), 4) == at("2011-07-25 13:30:17")


def test_the_reply_clock_runs_over_midnight() -> None:
    assert clocks.reply_due(at("2011-07-25 22:15"), 4) == at("2011-07-26 02:15")


def test_the_reply_clock_runs_on_friday_evening_and_in_the_spring_festival() -> None:
    assert clocks.reply_due(at("2011-07-29 17:59"), 4) == at("2011-07-29 21:59")
    assert clocks.reply_due(at("2011-02-02 23:30"), 4) == at("2011-02-03 03:30")


def test_the_reply_clock_runs_over_new_year() -> None:
    assert clocks.reply_due(at("2011-12-31 22:00"), 4) == at("2012-01-01 02:00")


def test_a_unit_may_have_half_an_hour_or_a_day() -> None:
    assert clocks.reply_due(at("2011-07-25 09:00"), 0.5) == at("2011-07-25 09:30")
    assert clocks.reply_due(at("2011-07-25 09:00"), 24) == at("2011-07-26 09:00")


def test_working_days_begin_on_the_next_one_and_end_at_six() -> None:
    assert completion("2011-07-25 09:30", 1) == ("2011-07-26 18:00", False)
    assert completion("2011-07-25 00:00", 1) == ("2011-07-26 18:00", False)
    assert completion("2011-07-25 23:59", 1) == ("2011-07-26 18:00", False)


def test_five_working_days_from_monday_end_the_next_monday() -> None:
    assert completion("2011-07-25 09:30", 5) == ("2011-08-01 18:00", False)


def test_one_working_day_from_friday_evening_ends_on_monday() -> None:
    assert completion("2011-07-29 20:00", 1) == ("2011-08-01 18:00", False)


def test_the_day_is_the_citys_not_that_of_utc() -> None:
    assert completion("2011-07-29 00:30", 1) == ("2011-08-01 18:00", False)
    assert completion("2011-07-28 23:30", 1) == ("2011-07-29 18:00", False)


def test_a_make_up_working_saturday_and_sunday_count() -> None:
    assert clocks.is_workday(date(2011, 10, 8)) == (True, True)
    assert clocks.is_workday(date(2011, 10, 9)) == (True, True)
    assert completion("2011-10-07 10:00", 1) == ("2011-10-08 18:00", False)
    assert completion("2011-10-07 10:00", 2) == ("2011-10-09 18:00", False)


def test_the_national_day_week_does_not_count() -> None:
    assert completion("2011-09-30 10:00", 1) == ("2011-10-08 18:00", False)


def test_the_spring_festival_week_does_not_count_and_its_make_up_days_do() -> None:
    # 2011: off from Wednesday 2 to Tuesday 8 February, made up on Sunday 30 January and Saturday 12 February.
    assert completion("2011-01-29 10:00", 1) == ("2011-01-30 18:00", False)
    assert completion("2011-02-01 10:00", 1) == ("2011-02-09 18:00", False)
    assert completion("2011-02-11 10:00", 1) == ("2011-02-12 18:00", False)


def test_the_last_of_december_runs_into_a_year_that_is_known() -> None:
    # 1 to 3 January 2012 were off; Saturday 31 December 2011 was worked.
    assert completion("2011-12-30 10:00", 1) == ("2011-12-31 18:00", False)
    assert completion("2011-12-31 10:00", 1) == ("2012-01-04 18:00", False)


def test_a_year_the_calendar_does_not_know_is_tentative_and_knows_weekends_only() -> None:
    # 2099-10-01 is a Thursday.
    assert clocks.is_workday(date(2099, 10, 1)) == (True, False)
    assert clocks.is_workday(date(2099, 10, 3)) == (False, False)
    assert completion("2099-09-30 10:00", 1) == ("2099-10-01 18:00", True)
    assert completion("2099-10-02 10:00", 1) == ("2099-10-05 18:00", True)


def test_a_due_date_is_tentative_only_when_it_runs_into_the_unknown_year(monkeypatch: pytest.MonkeyPatch) -> None:
    known = chinese_calendar.is_workday

    def until_2011(day: date) -> bool:
        if day.year > 2011:
            raise NotImplementedError
        return bool(known(day))

    monkeypatch.setattr(chinese_calendar, "is_workday", until_2011)
    assert completion("2011-12-29 10:00", 2) == ("2011-12-31 18:00", False)
    # Weekends only: Monday 2 January 2012 would be a working day.
    assert completion("2011-12-31 10:00", 1) == ("2012-01-02 18:00", True)


def test_what_must_be_done_at_once_is_due_the_same_day() -> None:
    assert completion("2011-07-25 09:30", 0, Urgency.IMMEDIATE) == ("2011-07-26 00:00", False)
    assert completion("2011-07-25 20:00", 3, Urgency.IMMEDIATE) == ("2011-07-26 00:00", False)
    assert completion("2011-07-25 09:30", 0) == ("2011-07-26 00:00", False)


def test_what_must_be_done_at_once_is_never_due_before_the_reply() -> None:
    assert completion("2011-07-25 20:01", 0, Urgency.IMMEDIATE) == ("2011-07-26 00:01", False)
    assert completion("2011-07-25 23:30", 0, Urgency.IMMEDIATE) == ("2011-07-26 03:30", False)


def test_what_must_be_done_at_once_is_due_on_a_holiday_too_and_in_an_unknown_year() -> None:
    assert completion("2011-10-01 09:00", 0, Urgency.IMMEDIATE) == ("2011-10-02 00:00", False)
    assert completion("2099-12-31 09:00", 0, Urgency.IMMEDIATE) == ("2100-01-01 00:00", False)


@given(
    st.datetimes(at("2008-01-01 00:00").replace(tzinfo=None), at("2030-01-01 00:00").replace(tzinfo=None)),
    st.integers(1, 30),
)
def test_more_days_are_never_due_sooner_and_the_due_day_is_worked(naive: object, days: int) -> None:
    filed = naive.replace(tzinfo=UTC)  # type: ignore[attr-defined]
    due, _ = clocks.completion_due(filed, Urgency.DAYS, days, ZONE, 4)
    later, _ = clocks.completion_due(filed, Urgency.DAYS, days + 1, ZONE, 4)
    local = due.astimezone(ZONE)
    assert filed < due < later
    assert clocks.is_workday(local.date())[0]
    worked = sum(
        clocks.is_workday(filed.astimezone(ZONE).date() + timedelta(days=i))[0]
        for i in range(1, (local.date() - filed.astimezone(ZONE).date()).days + 1)
    )
    assert worked == days
    assert due - filed > HOUR
