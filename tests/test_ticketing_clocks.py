"""The clocks, each boundary by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.city import City, CityError
from data.records import Urgency
from tests.build import HOUR, ZONE, MakeCity, at, save_ticket
from ticketing import clocks, lifecycle, promises, tentative
from ticketing.checking import check

NUMBER = "20110725-0001"


def completion(filed: str, days: int, urgency: Urgency = Urgency.DAYS) -> tuple[str, bool]:
    due, tentative = clocks.completion_due(at(filed), urgency, days, ZONE, 4)
    return due.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"), tentative


def test_the_reply_is_due_four_hours_to_the_second_after_filing() -> None:
    assert clocks.reply_due(at("2011-07-25 09:30:17"), 4) == at("2011-07-25 13:30:17")


def test_the_reply_clock_runs_over_midnight() -> None:
    assert clocks.reply_due(at("2011-07-25 22:15"), 4) == at("2011-07-26 02:15")


def test_the_reply_clock_runs_on_friday_evening() -> None:
    assert clocks.reply_due(at("2011-07-29 17:59"), 4) == at("2011-07-29 21:59")


def test_the_reply_clock_runs_in_the_spring_festival_week() -> None:
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


# Duty hours, where a city, board or unit has chosen them.

DUTY = clocks.Duty(time(8), time(18))


def on_duty(filed: str, hours: float = 4) -> str:
    due = clocks.reply_due(at(filed), hours, DUTY, ZONE)
    return due.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("filed", "due"),
    [
        ("2011-07-25 09:30:17", "2011-07-25 13:30:17"),
        ("2011-07-25 14:00", "2011-07-25 18:00:00"),
        ("2011-07-25 14:00:01", "2011-07-26 08:00:01"),
        ("2011-07-25 07:59", "2011-07-25 12:00:00"),
        ("2011-07-25 18:00", "2011-07-26 12:00:00"),
        ("2011-07-25 23:30", "2011-07-26 12:00:00"),
        ("2011-07-29 17:00", "2011-08-01 11:00:00"),
        ("2011-07-30 10:00", "2011-08-01 12:00:00"),
        ("2011-10-07 20:00", "2011-10-08 12:00:00"),
        ("2011-02-01 17:00", "2011-02-09 11:00:00"),
        ("2011-12-31 17:00", "2012-01-04 11:00:00"),
    ],
    ids=[
        "within a day",
        "to the second of closing",
        "a second too late for today",
        "before opening",
        "at closing",
        "over midnight",
        "Friday evening",
        "a weekend",
        "make-up Saturday",
        "Spring Festival",
        "31 December",
    ],
)
def test_in_duty_hours_only_those_of_working_days_count(filed: str, due: str) -> None:
    assert on_duty(filed) == due


def test_a_day_of_twelve_hours_takes_more_than_one_day_of_duty() -> None:
    assert on_duty("2011-07-25 08:00", 12) == "2011-07-26 10:00:00"


@given(st.datetimes(at("2008-01-01 00:00").replace(tzinfo=None), at("2030-01-01 00:00").replace(tzinfo=None)))
def test_duty_hours_never_shorten_the_clock_and_end_within_duty(naive: datetime) -> None:
    filed = naive.replace(tzinfo=UTC)
    due = clocks.reply_due(filed, 4, DUTY, ZONE).astimezone(ZONE)
    assert due >= filed + 4 * HOUR
    assert DUTY.opens < due.time() <= DUTY.closes
    assert clocks.is_workday(due.date())[0]


# Which rule holds: the unit's, else the board's, else the city's.


def with_rules(city: City, *, unit: dict[str, object] | None = None, board: dict[str, object] | None = None) -> City:
    reference = city.reference()
    changes = {"units": ("water-group", unit or {}), "boards": ("lyw", board or {})}
    tables = {
        table: tuple(e.model_copy(update=update) if e.slug == slug else e for e in getattr(reference, table))
        for table, (slug, update) in changes.items()
    }
    with city.store.transaction():
        city.store.reference.save(reference.model_copy(update=tables))
    return city


def due_at(city: City, filed: str, unit: str = "water-group", board: str = "lyw") -> str:
    found = promises.promise(city, unit, board, Urgency.DAYS, 5, at(filed))
    return found.reply_due.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def test_the_units_hours_come_before_the_boards_and_the_boards_before_the_citys(city: City) -> None:
    assert due_at(city, "2011-07-25 09:00") == "2011-07-25 13:00"
    with_rules(city, board={"reply_hours": 2})
    assert due_at(city, "2011-07-25 09:00") == "2011-07-25 11:00"
    assert due_at(city, "2011-07-25 09:00", board="dahe") == "2011-07-25 13:00"
    with_rules(city, unit={"reply_hours": 0.5}, board={"reply_hours": 2})
    assert due_at(city, "2011-07-25 09:00") == "2011-07-25 09:30"
    assert due_at(city, "2011-07-25 09:00", unit="power-company") == "2011-07-25 11:00"


def test_a_unit_on_duty_day_and_night_is_held_to_it_where_the_city_keeps_hours(make_city: MakeCity) -> None:
    city = make_city("[clocks]\nduty_only = true\n")
    assert due_at(city, "2011-07-25 20:00") == "2011-07-26 12:00"
    with_rules(city, unit={"duty_only": False})
    assert due_at(city, "2011-07-25 20:00") == "2011-07-26 00:00"
    with_rules(city, board={"duty_only": False})
    assert due_at(city, "2011-07-25 20:00", unit="power-company") == "2011-07-26 00:00"


def test_duty_hours_that_close_before_they_open_are_refused(make_city: MakeCity) -> None:
    with pytest.raises(CityError, match="duty_from 要早于 duty_to"):
        make_city("[clocks]\nduty_from = 18:00:00\nduty_to = 08:00:00\n")


def test_the_acceptance_clock_runs_beside_the_reply_clock_or_not_at_all(make_city: MakeCity) -> None:
    found = promises.promise(make_city(""), "water-group", "lyw", Urgency.IMMEDIATE, 0, at("2011-07-25 09:30"))
    assert found.accept_due == at("2011-07-25 10:30")
    none = make_city("[clocks]\naccept_hours = 0\n")
    assert promises.promise(none, "water-group", "lyw", Urgency.DAYS, 1, at("2011-07-25 09:30")).accept_due is None


def test_at_once_is_never_due_before_a_reply_that_keeps_duty_hours(make_city: MakeCity) -> None:
    city = make_city("[clocks]\nduty_only = true\n")
    found = promises.promise(city, "water-group", "lyw", Urgency.IMMEDIATE, 0, at("2011-07-29 17:00"))
    assert found.completion_due == found.reply_due == at("2011-08-01 11:00")


# 暂定, and the year when it is known.


def test_the_office_may_supply_a_year_before_the_calendar_does() -> None:
    supplied = clocks.Calendar(frozenset({date(2099, 10, 1)}), frozenset({date(2099, 10, 3)}))
    assert supplied.is_workday(date(2099, 10, 1)) == (False, True)
    assert supplied.is_workday(date(2099, 10, 3)) == (True, True)
    assert supplied.is_workday(date(2099, 10, 2)) == (True, True)
    assert supplied.is_workday(date(2098, 10, 2))[1] is False, "another year"


def test_a_tentative_date_is_recomputed_by_an_event_once_the_year_is_known(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = chinese_calendar.is_workday

    def until_2011(day: date) -> bool:
        if day.year > 2011:
            raise NotImplementedError
        return bool(known(day))

    monkeypatch.setattr(chinese_calendar, "is_workday", until_2011)
    filed = at("2011-12-31 10:00")
    due, unsure = clocks.completion_due(filed, Urgency.DAYS, 2, ZONE, 4)
    assert (due, unsure) == (at("2012-01-03 18:00"), True)
    save_ticket(city, filed_at=filed, urgency=Urgency.DAYS, days=2, completion_due=due, tentative=True)
    assert check(city, filed + HOUR) == {}, "the year is still unknown"
    extended = {"days": 1, "completion_due": at("2012-01-04 18:00").isoformat(), "tentative": True}
    for move, data in (("ask_extension", {"days": 1}), ("grant_extension", {"days": 1})):
        made = lifecycle.move(city, NUMBER, move, "张敏", "要挖路", filed + HOUR, role="clerk", data=data)
    assert made.data == extended
    monkeypatch.undo()  # the calendar of 2012 is published: 1 to 3 January are off
    assert check(city, filed + 2 * HOUR) == {"recomputed": 1}
    event = city.store.tickets.events(NUMBER)[-1]
    assert (event.move, event.by) == ("recompute", "system")
    assert city.store.tickets.promise(NUMBER) == (at("2012-01-06 18:00"), False), "two days and the extension"
    kept = city.store.tickets.ticket(NUMBER)
    assert kept is not None
    assert (kept.completion_due, kept.tentative) == (due, True), "what was promised stands as it was"
    assert check(city, filed + 3 * HOUR) == {}


def test_a_year_the_office_supplies_settles_tentative_dates_too(make_city: MakeCity) -> None:
    city = make_city('[clocks]\nholidays = ["2099-10-01"]\n')
    save_ticket(
        city,
        filed_at=at("2099-09-30 10:00"),
        urgency=Urgency.DAYS,
        days=1,
        completion_due=at("2099-10-01 18:00"),
        tentative=True,
    )
    with city.store.transaction():
        assert tentative.settle(city, at("2099-09-30 11:00")) == 1
    assert city.store.tickets.promise(NUMBER) == (at("2099-10-02 18:00"), False)
