"""A process killed outright in the middle of sending: nothing is lost and nothing goes out twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.city import City
from data.records import OutboxState
from tests.build import FILED, HOUR, MINUTE, Clock, MakeCity, decision, save_thread
from tests.counterpart import Counterpart
from ticketing import cycle, filing
from ticketing.outbox import send_due

TESTS = Path(__file__).parent


@pytest.fixture
def patient(make_city: MakeCity, counterpart: Counterpart) -> City:
    """A city that gives its counterparts all the time a test needs to kill it."""
    city = make_city(
        f'[office]\nurl = "{counterpart.url}"\ntimeout = 20\n[notices]\nsms_url = "{counterpart.url}/send"\ntimeout = 20\n'
    )
    for thread in ("101", "102"):
        save_thread(city, thread=thread)
        filing.decide(city, decision(thread=thread), FILED)
    return city


def killed_while(city: City, reached: Callable[[], bool], counterpart: Counterpart, now: datetime) -> None:
    """Run the sender in a process of its own and SIGKILL it once the counterpart holds what it sent."""
    process = subprocess.Popen(
        [sys.executable, str(TESTS / "sender.py"), str(city.folder), now.isoformat(), "killed:1"],
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        while not reached():
            counterpart.reached.clear()
            assert counterpart.reached.wait(20), "the sender never came"
    finally:
        process.kill()
        _, errors = process.communicate()
    assert process.returncode == -9, errors.decode()


def test_killed_while_the_office_holds_the_filing_it_is_filed_once(
    patient: City, counterpart: Counterpart, clock: Clock
) -> None:
    counterpart.script.append("hang")
    killed_while(patient, lambda: len(counterpart.filings) == 1, counterpart, clock.advance(MINUTE))
    assert patient.store.outbox.counts() == {("office", "leased"): 1, ("office", "waiting"): 1}
    assert patient.store.tickets.of("lyw", "101") == []
    clock.advance(HOUR)
    assert send_due(patient, clock, "again:2") == {"office_sent": 2, "notice_sent": 2}
    assert sorted(f["attribute[external_id]"] for f in counterpart.filings) == ["file/lyw/101/1", "file/lyw/102/2"]
    assert len(counterpart.messages) == 2
    assert len(patient.store.tickets.of("lyw", "101")) == len(patient.store.tickets.of("lyw", "102")) == 1


def test_killed_while_the_gateway_holds_the_notice_it_is_unknown_and_not_repeated(
    patient: City, counterpart: Counterpart, clock: Clock
) -> None:
    counterpart.script.extend(["ok", "ok", "hang"])
    killed_while(patient, lambda: len(counterpart.messages) == 1, counterpart, clock.advance(MINUTE))
    clock.advance(HOUR)
    assert send_due(patient, clock, "again:2") == {"notice_unknown": 1, "notice_sent": 1}
    assert len(counterpart.filings) == 2
    assert len(counterpart.messages) == 2, "one each, the first of unknown result"
    assert len(patient.store.outbox.entries(OutboxState.UNKNOWN)) == 1
    assert len(patient.store.runs.alerts()) == 1


def command(city: City, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from desk.cli import main; main()", "--dir", str(city.folder), *words],
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_desk_told_to_end_ends_what_it_is_sending_first(patient: City, counterpart: Counterpart) -> None:
    counterpart.script.extend(["ok", "ok", "slow"])
    with command(patient, "serve", "--port", "0") as desk:
        while not counterpart.messages:
            counterpart.reached.clear()
            assert counterpart.reached.wait(20), "the desk sent nothing"
        desk.send_signal(signal.SIGTERM)
        counterpart.go.set()
        assert desk.wait(30) == 0
    assert patient.store.outbox.entries(OutboxState.UNKNOWN) == []
    assert patient.store.outbox.entries(OutboxState.LEASED) == []
    assert len(patient.store.outbox.entries(OutboxState.SENT)) >= 3


def test_a_run_told_to_end_gives_its_lease_back(patient: City, counterpart: Counterpart) -> None:
    with patient.store.transaction():
        tables = patient.reference()
        off = tuple(b.model_copy(update={"enabled": False}) for b in tables.boards)
        patient.store.reference.save(tables.model_copy(update={"boards": off}))
    counterpart.script.append("hang")
    with command(patient, "run") as run:
        assert counterpart.reached.wait(60), "the run sent nothing"
        run.send_signal(signal.SIGTERM)
        assert run.wait(30) == 143
    with cycle.lease(patient, "run", datetime.now(UTC)):
        pass
