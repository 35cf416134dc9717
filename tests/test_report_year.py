"""The office's own year, rebuilt from the counts it imports: the figures of Luoyang's ten months of 2011."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from classifier.rows import SampleError
from data.city import City
from tests.build import save_ticket
from ticketing.year import is_counts, take_in, year

# January to October 2011, as the office reported them.
STORY = {"来电": 1_076_496, "接听": 923_052, "有效": 287_607, "联动诉求": 118_414, "办结": 117_802}
DAYS = 304


def spread(total: int, day: int) -> int:
    """The day's part of a total that adds up."""
    return total * (day + 1) // DAYS - total * day // DAYS


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    """A row a day for ten months of 2011, and half of it for 2010."""
    lines = ["日期," + ",".join(STORY)]
    for start, part in ((date(2011, 1, 1), 1), (date(2010, 1, 1), 2)):
        for day in range(DAYS):
            numbers = [str(spread(total, day) // part) for total in STORY.values()]
            lines.append(f"{start + timedelta(days=day)}," + ",".join(numbers))
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(lines), encoding="gb18030")
    return path


def test_the_story_s_year_is_rebuilt_from_its_days(city: City, counts: Path) -> None:
    assert take_in(city, counts) == (2 * DAYS, ())
    found = year(city, date(2011, 1, 1), date(2011, 10, 31))
    assert [found.now.calls, found.now.answered, found.now.valid, found.now.requests] == list(STORY.values())[:4]
    assert found.daily == pytest.approx(389.5, abs=0.05)
    assert (found.in_hand, round(found.done.share or 0, 3)) == (612, 0.995)
    assert found.change == pytest.approx(1.0, abs=0.01)


def test_days_that_were_not_counted_do_not_thin_the_daily_mean(city: City, counts: Path) -> None:
    take_in(city, counts)
    found = year(city, date(2011, 1, 1), date(2011, 12, 31))
    assert found.days == DAYS
    assert found.daily == pytest.approx(389.5, abs=0.05)


def test_a_day_counted_again_replaces_what_was_kept(city: City, counts: Path) -> None:
    take_in(city, counts)
    take_in(city, counts)
    assert year(city, date(2011, 1, 1), date(2011, 10, 31)).now.requests == STORY["联动诉求"]


def test_a_year_without_a_year_before_has_no_comparison(city: City, counts: Path) -> None:
    take_in(city, counts)
    assert year(city, date(2010, 1, 1), date(2010, 10, 31)).change is None
    empty = year(city, date(1999, 1, 1), date(1999, 12, 31))
    assert (empty.daily, empty.done.share) == (None, None)


def test_the_fields_are_those_of_the_tickets_filed(city: City) -> None:
    save_ticket(city)
    assert year(city, date(2011, 1, 1), date(2011, 12, 31)).fields == (("urban", 1),)


def test_a_row_that_is_no_count_is_named_and_the_others_are_kept(city: City, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('日期,来电,联动诉求\n2011-01-01,"1,200",30\n昨天,1,1\n2011-01-02,-5,1\n', encoding="utf-8")
    kept, problems = take_in(city, path)
    assert kept == 1
    assert [p[:5] for p in problems] == ["第 3 行", "第 4 行"]
    assert city.store.facts.intake("2011-01-01", "2011-01-01").calls == 1200


def test_a_table_of_messages_is_not_taken_for_counts(tmp_path: Path, city: City) -> None:
    path = tmp_path / "x.csv"
    path.write_text("日期,内容\n2011-01-01,停水\n", encoding="utf-8")
    assert not is_counts(path)
    with pytest.raises(SampleError, match="来电"):
        take_in(city, path)
