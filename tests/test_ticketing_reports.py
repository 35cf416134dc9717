"""The latency report: every rate with its parts, the unverifiable beside it and never inside."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data.city import City
from data.records import ReadOutcome
from tests.build import DUE, FILED, HOUR, MINUTE, POSTED, SECOND, reply, save_failure, save_thread, save_ticket
from ticketing import lifecycle
from ticketing.checking import check
from ticketing.figures import Row
from ticketing.reports import latency

DAY = timedelta(days=1)
NOW = FILED + DAY


def case(
    city: City, thread: str, answered: datetime | None = None, read_at: datetime | None = NOW - HOUR, **given: str
) -> None:
    """A ticket of its own thread, answered or not, and read once."""
    author = given.pop("author", "洛阳水务集团")
    replies = (
        [reply(thread=thread, posted_at=answered, author=author, board=given.get("board", "lyw"))] if answered else []
    )
    save_thread(city, thread=thread, board=given.get("board", "lyw"), read_at=POSTED + MINUTE)
    save_ticket(city, number=f"20110725-{thread}", thread=thread, **given)
    if read_at:
        save_thread(city, *replies, thread=thread, board=given.get("board", "lyw"), read_at=read_at)


@pytest.fixture
def judged(city: City) -> City:
    """Three within, one late, one overdue, one open, one unverifiable, one withdrawn."""
    for i in (1, 2, 3):
        case(city, str(i), answered=FILED + i * HOUR)
    case(city, "4", answered=DUE + SECOND)
    case(city, "5")
    case(city, "6", read_at=None)
    save_ticket(city, number="open", thread="7", filed_at=NOW - HOUR)
    case(city, "101", read_at=None)
    save_failure(city, FILED + HOUR, ReadOutcome.GONE)
    check(city, NOW)
    return city


def test_every_ticket_stands_in_one_column(judged: City) -> None:
    row = latency(judged, NOW).overall
    assert (row.filed, row.within, row.late, row.overdue) == (8, 3, 1, 1)
    assert (row.open, row.unverifiable, row.withdrawn) == (1, 1, 1)
    assert row.within + row.late + row.overdue + row.open + row.unverifiable + row.withdrawn == row.filed
    assert row.judged == 5, "what nobody can know is no part of the denominator"
    assert row.answered == 4


def test_a_unit_that_returned_in_time_what_another_got_is_charged_with_nothing(judged: City) -> None:
    before = latency(judged, NOW).overall
    for name, at in (("return", NOW - 30 * MINUTE), ("refile", NOW + 9 * HOUR)):
        lifecycle.move(judged, "open", name, "张敏", "权属不清", at, role=lifecycle.CLERK)
    save_thread(judged, thread="7", read_at=NOW + 9 * HOUR)
    check(judged, NOW + 9 * HOUR)
    row = latency(judged, NOW + 9 * HOUR).overall
    assert (row.open, row.released, row.overdue, row.unverifiable) == (0, 1, before.overdue, before.unverifiable)
    assert (row.filed, row.returned, row.judged) == (before.filed, 1, before.judged)
    assert [f.first.seconds for f in latency(judged, NOW + 9 * HOUR).facts if f.released] == [1800]


def test_the_median_counts_the_silent_as_silent(judged: City) -> None:
    row = latency(judged, NOW).overall
    # Answered after 1, 2, 3 and 4 h; the withdrawn and the open leave early, two wait on.
    assert row.median == 3 * 3600
    assert row.p90 is None


def test_a_report_is_by_unit_board_and_first_level_category(city: City) -> None:
    case(city, "1", answered=FILED + HOUR)
    case(city, "2", unit="gov-mengjin", answered=FILED + HOUR, author="mjic")
    case(city, "3", board="dahe", category="labour")
    case(city, "4", category="urban/power")
    check(city, NOW)
    report = latency(city, NOW)

    def filed(rows: tuple[Row, ...]) -> dict[str, tuple[str, int, int]]:
        return {r.slug: (r.name, r.filed, r.within) for r in rows}

    assert filed(report.by_unit) == {"water-group": ("市水务集团", 3, 1), "gov-mengjin": ("孟津县人民政府", 1, 1)}
    assert filed(report.by_board) == {"lyw": ("洛阳网 洛阳社区·聚焦河洛", 3, 2), "dahe": ("大河网·洛阳城事", 1, 0)}
    assert filed(report.by_category) == {"urban": ("城乡建设", 3, 2), "labour": ("劳动和社会保障", 1, 0)}
    assert [r.filed for r in report.by_unit] == [3, 1], "the busiest first"


def test_only_what_was_filed_in_the_time_asked_for_counts(city: City) -> None:
    for i in range(4):
        save_ticket(city, number=str(i), filed_at=FILED + i * DAY)
    assert latency(city, NOW, since=FILED + DAY).overall.filed == 3
    assert latency(city, NOW, until=FILED + DAY).overall.filed == 1
    assert latency(city, NOW, FILED + DAY, FILED + 3 * DAY).overall.filed == 2


def test_no_tickets_are_an_empty_report_and_not_a_failure(city: City) -> None:
    report = latency(city, NOW)
    assert (report.overall.filed, report.overall.median, report.by_unit) == (0, None, ())


def test_closing_tickets_changes_no_figure(judged: City) -> None:
    for thread in (
        "8",
        "9",
        "10",
        "11",
    ):  # read without an answer until half an hour before due, then the board went down
        case(judged, thread, read_at=DUE - 30 * MINUTE)
        save_failure(judged, DUE + MINUTE)
    check(judged, NOW)
    before = latency(judged, NOW)
    assert before.overall.unverifiable == 5
    for number in list(judged.store.tickets.states()):
        lifecycle.move(judged, number, "close", "张敏", "", NOW, role="clerk")
    assert latency(judged, NOW) == before


def test_a_category_or_unit_that_was_since_taken_from_the_tables_is_still_reported(city: City) -> None:
    save_ticket(city, category="gone/old", unit="gone-unit")
    report = latency(city, NOW)
    assert [r.name for r in (*report.by_category, *report.by_unit)] == ["gone", "gone-unit"]


def test_what_came_by_telephone_has_no_reply_clock_and_is_not_in_this_report(city: City) -> None:
    save_ticket(city, board="calls")
    assert latency(city, NOW).overall.filed == 0
