"""The closed loop, from the first crawl to the verdicts, against the truth of a make-believe city."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from demo.story import tell


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return tell(7, tmp_path_factory.mktemp("story"), hours=18)  # the shortest story with the storm in it


def test_everything_read_filed_told_and_judged_agrees_with_the_truth(result: dict[str, object]) -> None:
    assert result["agree"], (result["differences"], result["disagreements"])
    assert result["duplicates"] == 0


def test_the_story_has_tickets_notices_corrections_and_an_outage(result: dict[str, object]) -> None:
    clerk, failed = result["clerk"], result["failed_stages"]
    assert isinstance(clerk, dict)
    assert isinstance(failed, dict)
    assert isinstance(result["tickets"], int)
    assert result["tickets"] > 50
    assert min(clerk["accept"], clerk["correct"], clerk["reject"]) > 5
    assert failed["crawl"] >= 24  # two hours of five minutes


def test_most_units_that_were_told_answer_in_time_and_some_late_or_never(result: dict[str, object]) -> None:
    found = result["verdicts"]
    assert isinstance(found, dict)
    assert found["on_time"] > 0.5 * sum(found.values())
    assert min(found["late"], found["overdue"]) >= 1


def test_the_rainstorm_of_the_ninth_hour_is_seen_within_two_hours_and_nothing_before(result: dict[str, object]) -> None:
    surges = result["surges"]
    assert isinstance(surges, list)
    assert 9 <= min(s["hour"] for s in surges) <= 11


def test_the_command_prints_one_json_object_and_says_by_its_exit_that_it_agrees(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("liandong")),
        "demo",
        "--once",
        "--json",
        "--hours",
        "6",
        "--seed",
        "3",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["agree"], done.returncode) == (True, 0), done.stderr
    assert set(found["truth"]) >= {"posts", "requests", "tickets", "notices", "verdicts", "latency"}
    assert set(found["verdicts"]) == {"pending", "on_time", "late", "overdue", "unverifiable", "withdrawn"}


def test_a_city_whose_truth_is_other_does_not_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.story.verdict_of", lambda *_: "late")
    assert not tell(3, tmp_path, hours=6)["agree"]
