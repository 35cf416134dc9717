"""A whole day with a fault at one point comes to what the day without it came to (every point: ``bench.faults``)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.records import VerdictName
from tests import day as days
from tests.build import FILED, MakeCity, decision, save_thread
from tests.counterpart import Counterpart
from tests.day import Day, Outcome, Score, a_day
from ticketing import filing

Plain = tuple[Day, Outcome]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    """The day without a fault, to be begun again at any turn."""
    server = request.getfixturevalue("server") if request.param == "postgresql" else None
    with a_day(tmp_path_factory.mktemp("day") / "city", server) as day:
        yield day, day.plain()


# Where the disk and the power are this process's own; where there is a wire.
in_a_file = pytest.mark.parametrize("plain", ["sqlite"], indirect=True)
on_server = pytest.mark.parametrize("plain", ["postgresql"], indirect=True)


def judged(kind: str, name: str, found: Outcome, plain: Outcome, deaths: int = 0) -> Score:
    score = Score()
    score.add(kind, name, found, plain, deaths)
    return score


def clean(score: Score) -> bool:
    assert (score.lost, score.duplicated, score.wrong, score.other) == ([], [], [], [])
    return True


def test_the_day_holds_every_verdict_but_the_passing_ones(plain: Plain) -> None:
    day, outcome = plain
    assert {facts[4] for facts in outcome.tickets.values()} == set(VerdictName) - {
        VerdictName.PENDING,
        VerdictName.UNVERIFIABLE,
    }
    assert len(outcome.filed) == sum(outcome.filed.values()) == 11
    assert len(outcome.noticed) == sum(outcome.noticed.values()) >= 11
    assert sum(start.points for start in day.starts) > 500
    assert clean(judged("none", "plain", outcome, outcome))


@pytest.mark.parametrize("share", [0.02, 0.55, 0.97])
def test_killed_in_the_turn_that_files_most(plain: Plain, share: float) -> None:
    day, outcome = plain
    found, deaths = days.killed(day, 0, int(day.starts[0].points * share))
    assert deaths == 1
    assert clean(judged("kill", f"0/{share}", found, outcome, deaths))


@pytest.mark.parametrize(("turn", "share"), [(3, 0.6), (5, 0.7)])
def test_killed_in_a_later_turn(plain: Plain, turn: int, share: float) -> None:
    day, outcome = plain
    found, deaths = days.killed(day, turn, int(day.starts[turn].points * share))
    assert deaths == 1
    assert clean(judged("kill", f"{turn}/{share}", found, outcome, deaths))


def test_killed_and_killed_again_when_started_anew(plain: Plain) -> None:
    day, outcome = plain
    found, deaths = days.killed(day, 3, day.starts[3].points // 2, day.starts[3].points // 3)
    assert deaths == 2
    assert clean(judged("kill", "3 twice", found, outcome, deaths))


@in_a_file
@pytest.mark.parametrize(("kind", "after"), [("office", 0), ("office", 9), ("notice", 0), ("notice", 9)])
def test_the_power_is_cut_while_what_was_sent_is_written_down(plain: Plain, kind: str, after: int) -> None:
    day, outcome = plain
    sent = day.starts[3].answered[day.starts[3].kinds.index(kind)]
    found, deaths = days.unplugged(day, 3, sent + after)
    assert deaths == 1
    assert clean(judged("power", f"3/{sent + after}", found, outcome, deaths))


@in_a_file
def test_a_program_that_sends_before_the_disk_knows_of_it_is_found_out(plain: Plain) -> None:
    day, outcome = plain
    sent = day.starts[3].answered[day.starts[3].kinds.index("notice")]
    found, deaths = days.unplugged(day, 3, sent, never_waits=True)
    assert len(judged("power", "never waits", found, outcome, deaths).duplicated) == 1


@pytest.mark.parametrize(
    ("kind", "how"),
    [("office", "hang"), ("office", "500-kept"), ("office", "garbage"), ("notice", "close"), ("notice", "garbage")],
)
def test_answered_in_every_wrong_way(plain: Plain, kind: str, how: str) -> None:
    day, outcome = plain
    found = days.misanswered(day, 3, day.starts[3].kinds.index(kind), how, question=how if how != "500-kept" else "500")
    assert clean(judged("answer", f"{kind} {how}", found, outcome))
    assert len(found.listed) == (kind == "notice"), (
        "a notice of unknown result is listed; of a filing the office is asked"
    )


def test_the_disk_is_full_for_a_turn(plain: Plain) -> None:
    day, outcome = plain
    found, felt = days.full(day, 3, pages=3)
    assert felt
    assert clean(judged("disk", "pages", found, outcome, deaths=1))


@in_a_file
def test_no_file_may_grow_for_a_turn(plain: Plain) -> None:
    day, outcome = plain
    found, felt = days.full(day, 3, file_size=65536)
    assert felt
    assert clean(judged("disk", "file size", found, outcome, deaths=1))


@on_server
@pytest.mark.parametrize(("turn", "share"), [(0, 0.3), (0, 0.8), (3, 0.5), (5, 0.6)])
def test_the_wire_to_the_server_is_cut(plain: Plain, turn: int, share: float) -> None:
    day, outcome = plain
    found = days.cut_off(day, turn, int(day.starts[turn].points * share))
    assert clean(judged("cut", f"{turn}/{share}", found, outcome, deaths=1))


def test_two_runs_start_together(plain: Plain) -> None:
    day, outcome = plain
    assert clean(judged("two", "3", days.doubled(day, 3), outcome))


def test_the_clock_is_set_back_by_an_hour(plain: Plain) -> None:
    day, outcome = plain
    assert clean(judged("clock", "3", days.set_back(day, 3), outcome))


def test_a_program_that_does_not_ask_before_it_files_again_is_found_out(plain: Plain) -> None:
    day, outcome = plain
    start = day.starts[3]
    filed = [point for point, kind in zip(start.answered, start.kinds, strict=True) if kind == "office"]
    found = (days.killed(day, 3, point, never_asks=True)[0] for point in filed)
    # The first will do, but on a slow machine a death may come beside its point.
    assert any(len(judged("kill", "never asks", end, outcome).duplicated) == 1 for end in found)


@pytest.mark.both_stores
def test_two_liandong_run_started_together_file_once(make_city: MakeCity, counterpart: Counterpart) -> None:
    city = make_city(
        f'[office]\nurl = "{counterpart.url}"\n[notices]\nsms_url = "{counterpart.url}/send"\n[clocks]\nundo_seconds = 0\n'
    )
    with city.store.transaction():
        tables = city.reference()
        off = tuple(b.model_copy(update={"enabled": False}) for b in tables.boards)
        city.store.reference.save(tables.model_copy(update={"boards": off}))
    for thread in ("101", "102", "103"):
        save_thread(city, thread=thread)
        filing.decide(city, decision(thread=thread), FILED)
    root = Path(__file__).parent.parent
    command = [sys.executable, "-c", "from desk.cli import main; main()", "--dir", str(city.folder), "run"]
    env = {**os.environ, "PYTHONPATH": str(root)}
    both = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [p.communicate(timeout=60) for p in both]
    assert 0 in [p.returncode for p in both], said
    assert len(counterpart.filings) == len(counterpart.messages) == 3
