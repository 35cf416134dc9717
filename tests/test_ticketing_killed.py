"""A process killed outright in the middle of sending: nothing is lost and nothing goes out twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from data.city import City
from data.records import OutboxState
from tests.build import FILED, HOUR, MINUTE, Clock, MakeCity, decision, save_thread
from tests.counterpart import Counterpart
from ticketing import filing
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
