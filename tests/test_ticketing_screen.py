"""Which words are given a chart: all that could sound, and few of those said as often as ever."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from data.store.series import Name
from tests.build import ZONE
from ticketing.charts import sounding
from ticketing.expectation import BASELINE, GUARD, expect
from ticketing.rhythm import HOURS, Calendar, calendar
from ticketing.screen import LEAST, may_sound
from ticketing.series import MANY, PHRASE, Book

DAYS = 4
FIRST = date(2011, 5, 30)
LIMIT = 19.9
LAST = 24 * (BASELINE + GUARD + DAYS) - 10  # two in the afternoon of the last day


def city(rates: Any, seed: int, when: Calendar) -> Any:
    """(series, hours): words said so many times a day, in the rhythm of a city."""
    share = np.array(HOURS)[when.hour] / sum(HOURS) * np.where(when.off, 0.75, 1.0)
    counts = np.random.default_rng(seed).poisson(np.asarray(rates)[:, None] * share)
    counts[:, LAST + 1 :] = 0
    return counts.astype(float)


def book(counts: Any, everything: Any, when: Calendar) -> Book:
    names: tuple[Name, ...] = tuple((PHRASE, str(i)) for i in range(len(counts)))
    row, hour = np.nonzero(counts)
    return Book(names, row, hour, counts[row, hour], everything, when, FIRST)


def heard(counts: Any, everything: Any, when: Calendar) -> set[str]:
    """The words that sound if each said LEAST times in two days has a chart."""
    expected = expect(counts, everything, when, DAYS, np.full(len(counts), float(MANY)))
    first = counts.shape[1] - 24 * DAYS
    until = LAST + 1
    mean = expected.mean[:, : until - first]
    charts = sounding(
        counts[:, first:until], type(expected)(mean, expected.hourly, expected.daily), np.zeros(len(counts)), LIMIT
    )
    return {str(c.row) for c in charts if counts[c.row, -48:].sum() >= LEAST}


@pytest.fixture(scope="module")
def when() -> Calendar:
    return calendar(FIRST, 24 * (BASELINE + GUARD + DAYS), ZONE)


@pytest.mark.parametrize("seed", range(12))
def test_no_word_that_would_sound_is_left_out(seed: int, when: Calendar) -> None:
    chance = np.random.default_rng(seed)
    rates = np.exp(chance.uniform(np.log(0.05), np.log(60), 300))
    counts, everything = city(rates, seed, when), city([350.0], 100 + seed, when)[0]
    for row in range(0, 300, 3):  # one in three rises in some of the last days
        begins = LAST - int(chance.integers(0, 90))
        counts[row, begins : LAST + 1] += chance.poisson(chance.choice([0.15, 0.5, 2.0, 6.0]), LAST + 1 - begins)
    sounds = heard(counts, everything, when)
    assert len(sounds) > 20
    let_through = {n for _, n in may_sound(book(counts, everything, when), DAYS, LAST, 0, MANY, LIMIT)}
    assert sounds <= let_through


def test_most_words_said_as_often_as_ever_need_no_chart(when: Calendar) -> None:
    counts, everything = city(np.geomspace(1, 60, 400), 7, when), city([350.0], 8, when)[0]
    assert len(may_sound(book(counts, everything, when), DAYS, LAST, 0, MANY, LIMIT)) < 100


def test_a_word_never_said_before_is_given_one_from_its_sixth_post_on(when: Calendar) -> None:
    everything = city([350.0], 8, when)[0]
    for posts, given in ((5, False), (6, True)):
        counts = np.zeros((1, len(when.hour)))
        counts[0, LAST] = posts
        assert bool(may_sound(book(counts, everything, when), DAYS, LAST, 0, MANY, LIMIT)) is given


def test_an_old_storm_does_not_hide_a_new_one(when: Calendar) -> None:
    counts, everything = city([1.0], 3, when), city([350.0], 8, when)[0]
    counts[0, 24 * 10 + 8 : 24 * 11] += 15
    counts[0, LAST - 3 : LAST + 1] += 4
    assert may_sound(book(counts, everything, when), DAYS, LAST, 0, MANY, LIMIT)
