"""The barometer rises when a category does, and not when nothing is the matter."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from data.city import City
from data.records import Thread
from tests.build import HOUR, MINUTE, POSTED, post, read, suggestion
from ticketing.barometer import rises

NOW = POSTED
DAY = timedelta(days=1)


def posted(city: City, when: datetime, category: str = "urban/water-supply", is_request: bool = True) -> str:
    """One more post, suggested."""
    thread = str(city.store.threads.count() + 1)
    with city.store.transaction():
        city.store.threads.save(Thread(post(thread=thread, posted_at=when), ()), read(thread=thread, id=0), ())
        city.store.decisions.suggest([suggestion(thread=thread, category=category, is_request=is_request)])
    return f"lyw/{thread}"


@pytest.fixture
def quiet(city: City) -> City:
    """Four weeks with a post on water every other day."""
    city.store.db.execute("pragma synchronous = off").fetchall()
    for day in range(0, 28, 2):
        posted(city, NOW - day * DAY - 7 * HOUR)
    return city


def test_a_quiet_month_shows_nothing(quiet: City) -> None:
    assert rises(quiet, NOW) == []


def test_an_empty_city_shows_nothing(city: City) -> None:
    assert rises(city, NOW) == []


def test_a_burst_pipe_shows(quiet: City) -> None:
    keys = [posted(quiet, NOW - i * 10 * MINUTE) for i in range(8)]
    [rise] = rises(quiet, NOW)
    assert (rise.category, rise.count, set(rise.posts)) == ("urban/water-supply", 8, set(keys))
    assert rise.p < 1e-4
    assert rise.expected < 1
    assert rise.since == NOW - 3 * HOUR


def test_four_posts_are_no_surge(quiet: City) -> None:
    for i in range(4):
        posted(quiet, NOW - i * MINUTE)
    assert rises(quiet, NOW) == []


def test_what_asks_for_nothing_is_not_counted(quiet: City) -> None:
    for i in range(20):
        posted(quiet, NOW - i * MINUTE, is_request=False)
    assert rises(quiet, NOW) == []


def test_a_category_that_is_always_busy_must_rise_above_itself(city: City) -> None:
    city.store.db.execute("pragma synchronous = off").fetchall()
    for block in range(1, 40):
        for i in range(6):
            posted(city, NOW - block * 3 * HOUR - i * 25 * MINUTE)
    for i in range(8):
        posted(city, NOW - i * 20 * MINUTE)
    assert rises(city, NOW) == []


def test_the_edge_of_the_window_and_the_latest_suggestion_count(quiet: City) -> None:
    for _ in range(8):
        posted(quiet, NOW - 3 * HOUR)
    assert rises(quiet, NOW) == [], "posts just as old as the window belong to the past"
    keys = [posted(quiet, NOW - 3 * HOUR + MINUTE, "labour") for _ in range(8)]
    for key in keys:
        quiet.store.decisions.suggest([suggestion(thread=key.split("/")[1], category="urban/power")])
    assert [r.category for r in rises(quiet, NOW)] == ["urban/power"]


def test_a_post_dated_in_the_future_is_no_surge(quiet: City) -> None:
    for i in range(9):
        posted(quiet, NOW + DAY + i * MINUTE)
    assert rises(quiet, NOW) == []


def test_the_most_surprising_comes_first(quiet: City) -> None:
    for i in range(9):
        posted(quiet, NOW - i * MINUTE, "urban/power")
    for i in range(30):
        posted(quiet, NOW - i * MINUTE, "transport")
    assert [r.category for r in rises(quiet, NOW)] == ["transport", "urban/power"]


def test_an_ordinary_month_of_chance_raises_no_alarm(city: City) -> None:
    city.store.db.execute("pragma synchronous = off").fetchall()
    chance = random.Random(5)
    with city.store.transaction():
        for _ in range(300):
            posted(city, NOW - chance.random() * 28 * DAY, chance.choice(["urban/water-supply", "labour", "education"]))
    assert all(rises(city, NOW - i * HOUR) == [] for i in range(0, 48, 3))
