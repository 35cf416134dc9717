"""The replayed year: its numbers are the story's, and what the product finds equals what is true of the city outside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from bench.year import truth
from bench.year.drive import Driver, Replay
from bench.year.obvious import ROWS, Work, rival
from bench.year.outside import furnished
from bench.year.plan import CONTACTS, REQUESTS, SALT, SALT_DAYS, STORM_DAY, TREES, Plan, spread
from bench.year.spent import Spent
from data.reference import Reference
from demo import matters


@pytest.fixture(scope="module")
def plan(reference: Reference) -> Plan:
    return Plan(1, 1.0, 365, matters.load(reference))


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    found = Driver(tmp_path_factory.mktemp("year"), seed=2, scale=0.1, days=3).play()
    yield found
    found.city.store.close()


def test_a_total_is_spread_in_whole_parts_that_sum_to_it() -> None:
    assert spread(10, [1, 1, 1]) == [4, 3, 3]
    assert sum(spread(118_414, [0.1 + n % 7 for n in range(365)])) == 118_414


def test_the_year_has_the_storys_contacts_and_requests(plan: Plan) -> None:
    assert sum(day.contacts for day in plan.days) == CONTACTS
    assert plan.requests == REQUESTS
    assert all(day.contacts >= day.answered >= day.valid >= day.requests for day in plan.days)


def test_the_days_of_the_storm_and_of_the_panic_bring_what_the_story_says(plan: Plan) -> None:
    by_day = {day.day: plan.arrivals(day) for day in plan.days if day.day in (STORM_DAY, *SALT_DAYS)}
    trees = [c for c in by_day[STORM_DAY] if c.arrival.matter.slug == "fallen-tree"]
    salt = [c for day in SALT_DAYS for c in by_day[day] if c.arrival.matter.slug == "salt-panic"]
    assert len(trees) == TREES
    assert len(salt) == SALT


def test_the_same_seed_plans_the_same_day(plan: Plan, reference: Reference) -> None:
    again = Plan(1, 1.0, 365, matters.load(reference))
    assert again.arrivals(again.days[40]) == plan.arrivals(plan.days[40])
    other = Plan(2, 1.0, 365, matters.load(reference))
    assert other.arrivals(other.days[40]) != plan.arrivals(plan.days[40])


def test_pages_are_as_large_as_real_ones_and_say_nothing_more() -> None:
    page = b'<html><body id="x"><div id="post_1"></div></body></html>'
    larger = furnished(page, "discuz")
    assert len(larger) > 10_000
    assert larger.endswith(b'<div id="post_1"></div></body></html>')
    assert furnished(page, "people") == page


def test_every_figure_of_a_replay_equals_the_truth(replay: Replay) -> None:
    assert [f.name for f in truth.figures(replay) if not f.agrees] == []
    assert replay.world.counts["filed"] == replay.plan.requests > 20
    assert replay.plan.days[0].day == date(2011, 1, 1)


def test_a_verdict_that_is_not_the_truth_is_found_out(replay: Replay) -> None:
    number = next(n for n, o in replay.world.outcomes.items() if o.verdict == "on_time")
    change, db = "update verdicts set name = ? where ticket = ?", replay.city.store.db
    db.execute(change, ["late", number])
    wrong = {f.name for f in truth.figures(replay) if not f.agrees}
    db.execute(change, ["on_time", number])
    assert {"verdict on_time", "verdict late", "tickets judged otherwise", "report by unit"} <= wrong


def test_the_sampled_day_is_kept_for_the_obvious_version(replay: Replay) -> None:
    assert replay.sample.tickets > 0
    assert replay.sample.pages
    assert replay.sample.posts
    assert replay.sample.rows > 0


def test_the_obvious_version_does_that_work_again_in_a_process_of_its_own(
    replay: Replay, reference: Reference, tmp_path: Path
) -> None:
    with rival(reference, tmp_path) as cost:
        taken = cost(replay.sample.yardstick()) + cost(Work())
    with closing(sqlite3.connect(tmp_path / "obvious.db")) as db:
        assert db.execute("select count(*) from rows").fetchone() == (ROWS,)
    assert taken.processor > 0


def test_the_same_work_is_measured_every_day(reference: Reference, tmp_path: Path) -> None:
    asked: list[Work] = []

    def cost(work: Work) -> Spent:
        asked.append(work)
        return Spent(1.0, 1.0)

    replay = Driver(tmp_path, seed=2, scale=0.1, days=2, rival=cost).play()
    replay.city.store.close()
    hours = [work for work in asked if not work.tickets and work.rows != ROWS]
    assert sum(len(work.pages) for work in hours) == len(replay.sample.pages)
    assert replay.sample_rival.clock == len(hours)
    assert [(t.days, t.yardstick.clock) for t in replay.tenths][-1:] == [(2, 2.0)]
