"""The barometer: counted once, judged against its own past, told once, merged, and quiet when nothing is the matter."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np
import pytest

from data.city import City
from data.records import Choice, Thread
from data.store.series import Name
from tests.build import HOUR, MINUTE, ZONE, at, careless, everything, post, read, suggestion
from ticketing import alerts, barometer, series
from ticketing.rhythm import HOURS, calendar

NOW = at("2011-07-25 11:30")  # a Monday
DAY = timedelta(days=1)
DRAINS: Name = ("category", "urban/drainage")


def posted(
    city: City,
    when: datetime,
    title: str = "下水道堵了",
    category: str = "urban/drainage",
    unit: str = "municipal-works",
    district: str = "jianxi",
    is_request: bool = True,
) -> str:
    """One more post, suggested."""
    thread = str(city.store.threads.count() + 1)
    made = suggestion(
        thread=thread,
        category=category,
        units=(Choice(unit, 0.9),),
        district=district,
        is_request=is_request,
    )
    with city.store.transaction():
        item = post(thread=thread, posted_at=when, title=title, body="")
        city.store.threads.save(Thread(item, ()), read(thread=thread, id=0), ())
        city.store.decisions.suggest([made])
    return f"lyw/{thread}"


def past(city: City, daily: dict[Name, float], days: int = 44, seed: int = 1, now: datetime = NOW) -> None:
    """The books of the days before, with the rhythm of a day; the city was watched all that time."""
    chance = np.random.default_rng(seed)
    today = now.astimezone(ZONE).date()
    when = calendar(today - timedelta(days=days), 24 * days + now.astimezone(ZONE).hour, ZONE)
    changes: dict[Name, dict[int, int]] = defaultdict(dict)
    first = 24 * (today - timedelta(days=days)).toordinal()
    for name, rate in daily.items():
        share = np.array(HOURS)[when.hour] / sum(HOURS) * np.where(when.off, 0.75, 1.0)
        for i, n in enumerate(chance.poisson(rate * share).tolist()):
            if n:
                changes[name][first + i] = n
    with city.store.transaction():
        city.store.series.add(changes)
        city.store.runs.set_mark(barometer.BEGUN, int((now - days * DAY).timestamp()))


@pytest.fixture
def quiet(city: City) -> City:
    """Six weeks of an ordinary city: 200 requests a day, six of them about drains."""
    careless(city.store)
    known = {("all", ""): 200, ("board", "lyw"): 90, ("field", "urban"): 80, ("district", "jianxi"): 60}
    past(city, {**known, DRAINS: 6, ("unit", "municipal-works"): 9})
    return city


def test_an_empty_city_shows_nothing(city: City) -> None:
    assert alerts.watch(city, NOW) == {"series": 0, "rises": 0, "told": 0}
    assert barometer.rises(city, NOW) == []


def test_a_quiet_city_shows_nothing(quiet: City) -> None:
    posted(quiet, NOW - HOUR)
    assert alerts.watch(quiet, NOW)["rises"] == 0


def test_a_burst_drain_is_told_with_what_since_when_where_and_the_posts(quiet: City) -> None:
    keys = [posted(quiet, NOW - i * 9 * MINUTE) for i in range(10)]
    alerts.watch(quiet, NOW)
    [surge] = alerts.current(quiet, NOW)
    assert (surge.sort, surge.name) in {DRAINS, ("unit", "municipal-works")}
    assert surge.count == 10
    assert surge.expected < 2
    assert set(surge.posts) == set(keys)
    assert surge.since <= NOW - 80 * MINUTE
    assert (surge.units, surge.districts) == (("municipal-works",), ("jianxi",))
    [alert] = quiet.store.runs.alerts()
    assert alert.kind == "surge"
    assert "10条" in alert.text
    assert "涧西区" in alert.text


def test_the_units_concerned_are_told_at_once_and_only_once(quiet: City) -> None:
    for i in range(10):
        posted(quiet, NOW - i * 9 * MINUTE)
    for minutes in (0, 5, 10):
        alerts.watch(quiet, NOW + minutes * MINUTE)
    [entry] = [e for e in quiet.store.outbox.take(NOW + HOUR, "me", HOUR, ["notice"]) if e.payload["kind"] == "surge"]
    assert entry.payload["unit"] == "municipal-works"
    assert "民情升温" in str(entry.payload["text"])
    assert "http" in str(entry.payload["body"])


def test_a_rise_that_goes_on_grows_the_alert_that_is_open(quiet: City) -> None:
    for i in range(10):
        posted(quiet, NOW - i * 9 * MINUTE)
    alerts.watch(quiet, NOW)
    for i in range(20):
        posted(quiet, NOW + HOUR + i * 5 * MINUTE)
    later = NOW + 3 * HOUR
    done = alerts.watch(quiet, later)
    assert done["rises"] > 0
    assert done["told"] == 0
    [surge] = alerts.current(quiet, later)
    assert surge.count == 30
    assert surge.last_at == later
    assert len(quiet.store.runs.alerts()) == 1


def test_another_matter_in_another_place_is_another_alert(quiet: City) -> None:
    for i in range(10):
        posted(quiet, NOW - i * 9 * MINUTE)
        posted(quiet, NOW - i * 9 * MINUTE, "学校乱收费", "education/fees", "education-bureau", "luanchuan")
    alerts.watch(quiet, NOW)
    assert {s.units for s in alerts.current(quiet, NOW)} == {("municipal-works",), ("education-bureau",)}


def test_a_rise_is_over_after_a_day_and_may_come_again(quiet: City) -> None:
    for i in range(10):
        posted(quiet, NOW - i * 9 * MINUTE)
    alerts.watch(quiet, NOW)
    assert alerts.current(quiet, NOW + 25 * HOUR) == []
    for i in range(12):
        posted(quiet, NOW + 25 * HOUR - i * 9 * MINUTE)
    assert alerts.watch(quiet, NOW + 25 * HOUR)["told"] == 1


def test_a_word_that_had_no_category_is_seen_to_rise(quiet: City) -> None:
    topics = ["urban/property", "commerce", "health", "transport", "education", "labour", "civil", "justice"]
    units = ["commerce-bureau", "health-bureau", "court", "tax-bureau", "post-office", "price-bureau"]
    places = ["jianxi", "xigong", "laocheng", "chanhe", "luolong", "songxian", "yiyang", "luoning"]
    for i in range(8):
        posted(quiet, NOW - i * 10 * MINUTE, "到处抢购食盐", topics[i], units[i % 6], places[i])
    alerts.watch(quiet, NOW)
    assert "phrase:食盐" in {name for s in alerts.current(quiet, NOW) for name in s.names}


def test_a_city_watched_for_hours_sees_a_storm_and_no_more(city: City) -> None:
    careless(city.store)
    start = at("2011-07-25 08:00")
    alerts.watch(city, start)
    slugs = [c.slug for c in city.reference().categories if "/" in c.slug]
    for i in range(70):
        posted(city, start + i * 8 * MINUTE, "问题", slugs[i * 7 % len(slugs)], "water-group", "jianxi")
    told = sum(alerts.watch(city, start + hour * HOUR)["told"] for hour in range(1, 10))
    assert told == 0
    for i in range(20):
        posted(city, start + 9 * HOUR + i * 4 * MINUTE, "暴雨积水")
    assert alerts.watch(city, start + 10.5 * HOUR)["told"] == 1


@pytest.mark.parametrize("now", ["2011-01-04 13:00", "2011-01-05 17:00", "2011-01-07 11:00", "2011-01-12 11:00"])
def test_a_city_first_watched_on_a_holiday_does_not_take_working_days_for_a_rise(city: City, now: str) -> None:
    careless(city.store)
    named: dict[Name, float] = {("all", ""): 300, ("board", "lyw"): 130, ("unit", "labour-bureau"): 22, DRAINS: 9}
    days = (at(now) - at("2011-01-01 08:00")).days
    past(city, named, days, now=at(now))
    assert barometer.rises(city, at(now)) == []


@pytest.mark.parametrize("days", [14, 15, 18, 22, 28])
def test_a_city_some_weeks_old_does_not_take_for_new_what_it_has_always_said(city: City, days: int) -> None:
    careless(city.store)
    usual: dict[Name, float] = {(series.PHRASE, f"词语{i}"): 2.5 for i in range(30)}
    named: dict[Name, float] = {("all", ""): 200, ("board", "lyw"): 90, ("unit", "water-group"): 24, DRAINS: 6}
    past(city, named | usual, days=days)
    assert barometer.rises(city, NOW) == []


@pytest.mark.parametrize(("words", "daily"), [(60, 2.5), (20, 25), (8, 150)])
@pytest.mark.parametrize("days", [16, 44])
def test_words_that_are_said_all_the_time_are_no_rise(city: City, words: int, daily: float, days: int) -> None:
    careless(city.store)
    usual: dict[Name, float] = {(series.PHRASE, f"词语{i}"): daily for i in range(words)}
    past(city, {("all", ""): max(100, 2 * daily), **usual}, days=days)
    assert barometer.rises(city, NOW) == []


def test_words_are_no_rise_where_the_whole_city_writes_more(city: City) -> None:
    careless(city.store)
    greeting: Name = (series.PHRASE, "各位")
    past(city, {("all", ""): 100, greeting: 20}, days=46)
    today = NOW.astimezone(ZONE).date().toordinal()
    days = [24 * day + hour for day in range(today - 6, today) for hour in range(8, 20)]
    with city.store.transaction():
        city.store.series.add({("all", ""): dict.fromkeys(days, 16), greeting: dict.fromkeys(days, 3)})
    assert barometer.rises(city, NOW, {greeting}) == []
    with city.store.transaction():
        city.store.series.add({greeting: dict.fromkeys(days[-12:], 16)})
    assert [r.name for r in barometer.rises(city, NOW, {greeting})] == ["各位"]


def test_nothing_is_told_in_the_first_hours_of_all(city: City) -> None:
    start = at("2011-07-25 08:00")
    alerts.watch(city, start)
    for i in range(30):
        posted(city, start + i * MINUTE)
    assert alerts.watch(city, start + HOUR)["rises"] == 0


def test_what_asks_for_nothing_is_not_counted(quiet: City) -> None:
    for i in range(20):
        posted(quiet, NOW - i * MINUTE, is_request=False)
    assert alerts.watch(quiet, NOW) == {"series": 0, "rises": 0, "told": 0}


def test_a_post_dated_in_the_future_is_no_rise(quiet: City) -> None:
    for i in range(20):
        posted(quiet, NOW + DAY + i * MINUTE)
    assert alerts.watch(quiet, NOW)["rises"] == 0


def test_a_post_suggested_anew_is_counted_where_it_belongs_now_and_once(city: City) -> None:
    posted(city, NOW - HOUR)
    alerts.watch(city, NOW)
    city.store.decisions.suggest([suggestion(thread="1", category="urban/power")])
    alerts.watch(city, NOW)
    window = series.window(city, {DRAINS, ("category", "urban/power"), ("field", "urban"), ("all", "")}, NOW)
    assert dict(zip(window.names, window.counts.sum(1), strict=True)) == {
        ("all", ""): 1,
        ("category", "urban/drainage"): 0,
        ("category", "urban/power"): 1,
        ("field", "urban"): 1,
    }


def test_watching_twice_changes_nothing(quiet: City) -> None:
    for i in range(10):
        posted(quiet, NOW - i * 9 * MINUTE)
    alerts.watch(quiet, NOW)
    before = everything(quiet.store)
    alerts.watch(quiet, NOW)
    assert everything(quiet.store) == before


def test_old_counts_are_forgotten(city: City) -> None:
    posted(city, NOW - 60 * DAY)
    posted(city, NOW - HOUR)
    alerts.watch(city, NOW)
    assert city.store.series.names("all", 0) == [""]
    [kept] = city.store.series.counts([("all", "")])
    assert len(kept) == 8
    posted(city, NOW - 60 * DAY, "旧事旧词")
    alerts.watch(city, NOW)
    assert (series.PHRASE, "旧事") not in {(series.PHRASE, name) for name in city.store.series.names(series.PHRASE, 0)}


def test_a_cycle_with_a_few_posts_costs_milliseconds(quiet: City) -> None:
    posted(quiet, NOW - HOUR)
    alerts.watch(quiet, NOW)
    for i in range(5):
        posted(quiet, NOW - i * MINUTE, category="education/fees", unit="education-bureau")
    began = time.process_time()
    alerts.watch(quiet, NOW)
    assert time.process_time() - began < 0.25, "on a machine ten times as slow as ours, too"


def test_the_timeline_shows_what_came_and_what_was_expected(quiet: City) -> None:
    hours = barometer.timeline(quiet, ("all", ""), NOW, 48)
    assert len(hours) == 48
    assert hours[-1].start == NOW - 30 * MINUTE
    assert 120 < sum(h.count for h in hours[:24]) < 280
    assert all(h.expected is not None for h in hours)
    night, noon = (next(h for h in hours if h.start.astimezone(ZONE).hour == hour) for hour in (3, 10))
    assert (night.expected or 0) < (noon.expected or 0) / 5
