"""When no run has succeeded for too long somebody hears of it, once; and a run's lease outlives its stages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import spiders.crawl
from data.city import City
from data.records import Run
from tests.build import FILED, HOUR, MINUTE, Clock, MakeCity
from tests.counterpart import Counterpart
from ticketing import alarm, cycle, outbox

# apprise imports what Python 3.13 does away with, and knows how to do without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
DAY = timedelta(days=1)


class Nothing:
    """Suggests nothing, for there are no posts."""

    def suggest(self, posts: object, now: datetime) -> list[object]:
        return []


def turn(city: City, clock: Clock) -> Run:
    return cycle.run(city, clock, Nothing())  # type: ignore[arg-type]


@pytest.fixture
def alarmed(make_city: MakeCity, counterpart: Counterpart, monkeypatch: pytest.MonkeyPatch) -> City:
    """A city without boards to read that tells the counterpart after an hour, and has a heartbeat."""
    monkeypatch.setattr(spiders.crawl, "crawl", lambda *_: [])
    there = counterpart.url.removeprefix("http://")
    return make_city(
        f'[alarm]\nafter_minutes = 60\nurls = ["json://{there}/send"]\nheartbeat = "{counterpart.url}/up"\n'
    )


def fail(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("磁盘满了")

    monkeypatch.setattr(spiders.crawl, "crawl", broken)


def test_a_city_that_never_ran_and_one_that_runs_well_raise_no_alarm(
    alarmed: City, counterpart: Counterpart, clock: Clock
) -> None:
    assert not alarm.look(alarmed, clock())
    assert turn(alarmed, clock).ok
    clock.advance(HOUR)
    assert not alarm.look(alarmed, clock())
    assert counterpart.messages == []


def test_runs_that_fail_for_an_hour_are_told_once_and_again_the_next_day(
    alarmed: City, counterpart: Counterpart, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn(alarmed, clock)
    fail(alarmed, monkeypatch)
    clock.advance(HOUR)
    assert not turn(alarmed, clock).ok
    assert counterpart.messages == [], "an hour is allowed"
    for _ in range(3):
        clock.advance(5 * MINUTE)
        turn(alarmed, clock)
    [told] = counterpart.messages
    assert "2011-07-25 09:30 起没有一轮运行成功" in told["message"]
    assert [a.kind for a in alarmed.store.runs.alerts()] == ["alarm"]
    clock.advance(DAY)
    turn(alarmed, clock)
    assert len(counterpart.messages) == 2


def test_a_city_whose_every_run_failed_is_told_from_the_first_on(
    alarmed: City, counterpart: Counterpart, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(alarmed, monkeypatch)
    turn(alarmed, clock)
    clock.advance(HOUR + MINUTE)
    turn(alarmed, clock)
    assert len(counterpart.messages) == 1


def test_a_cron_that_stopped_is_noticed_by_whoever_looks(alarmed: City, counterpart: Counterpart, clock: Clock) -> None:
    turn(alarmed, clock)
    clock.advance(HOUR + MINUTE)
    assert alarm.look(alarmed, clock())
    assert not alarm.look(alarmed, clock())
    assert outbox.send_due(alarmed, clock, "desk:1") == {"alarm_sent": 1}


def test_an_alarm_that_is_not_taken_is_tried_again(alarmed: City, counterpart: Counterpart, clock: Clock) -> None:
    turn(alarmed, clock)
    clock.advance(HOUR + MINUTE)
    counterpart.script.append("503")
    alarm.look(alarmed, clock())
    assert outbox.send_due(alarmed, clock, "desk:1") == {"alarm_retry": 1}
    clock.advance(HOUR)
    assert outbox.send_due(alarmed, clock, "desk:1") == {"alarm_sent": 1}


def test_the_heartbeat_is_given_after_a_good_run_only_and_its_failure_fails_nothing(
    alarmed: City, counterpart: Counterpart, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert turn(alarmed, clock).stages["heartbeat"] == {"ok": True, "error": ""}
    assert len(counterpart.asked) == 1
    counterpart.look_ups.append("500")
    done = turn(alarmed, clock)
    assert done.ok
    assert "心跳" in done.stages["heartbeat"]["error"]
    fail(alarmed, monkeypatch)
    turn(alarmed, clock)
    assert len(counterpart.asked) == 2


def test_two_hosts_do_not_overlap_and_the_dead_ones_lease_is_taken(alarmed: City, clock: Clock) -> None:
    store = alarmed.store
    with store.transaction():
        assert store.runs.acquire("run", "host-a:17", clock(), cycle.LEASE) is None
        assert store.runs.acquire("run", "host-b:17", clock(), cycle.LEASE) == "host-a:17"
    clock.advance(cycle.LEASE - MINUTE)
    with store.transaction():
        assert store.runs.acquire("run", "host-a:17", clock(), cycle.LEASE) is None, "renewed"
    clock.advance(2 * MINUTE)
    with store.transaction():
        assert store.runs.acquire("run", "host-b:17", clock(), cycle.LEASE) == "host-a:17"
    clock.advance(cycle.LEASE)
    with store.transaction():
        assert store.runs.acquire("run", "host-b:17", clock(), cycle.LEASE) is None
        store.runs.release("run", "host-a:17")
        assert store.runs.acquire("run", "host-c:1", clock(), cycle.LEASE) == "host-b:17", "not another's to give back"


def test_a_clock_set_back_leaves_no_lease_without_end(alarmed: City, clock: Clock) -> None:
    with alarmed.store.transaction():
        alarmed.store.runs.acquire("run", "dead:1", clock(), cycle.LEASE)
    clock.advance(-HOUR)
    assert turn(alarmed, clock).ok


def test_a_long_crawl_does_not_lose_the_lease_to_the_next_run(
    alarmed: City, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[str | None] = []

    def slow(*_: object) -> list[object]:
        clock.advance(25 * MINUTE)
        return []

    def later(*_: object) -> dict[str, int]:
        clock.advance(10 * MINUTE)
        with alarmed.store.transaction():
            stages.append(alarmed.store.runs.acquire("run", "next:1", clock(), cycle.LEASE))
        return {}

    monkeypatch.setattr(spiders.crawl, "crawl", slow)
    monkeypatch.setattr(outbox, "send_due", later)
    assert turn(alarmed, clock).ok
    assert stages == [cycle.holder()]


def test_a_run_given_up_for_dead_does_not_go_on_beside_its_follower(
    alarmed: City, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asleep(*_: object) -> list[object]:
        clock.advance(2 * HOUR)
        with alarmed.store.transaction():
            alarmed.store.runs.acquire("run", "next:1", clock(), cycle.LEASE)
        return []

    monkeypatch.setattr(spiders.crawl, "crawl", asleep)
    done = turn(alarmed, clock)
    assert not done.ok
    stopped = {name for name, stage in done.stages.items() if not stage["ok"]}
    assert stopped >= {"suggest", "send", "check", "remind"}
    assert "next:1" in done.stages["send"]["error"]
    with alarmed.store.transaction():
        assert alarmed.store.runs.acquire("run", "other:1", clock(), cycle.LEASE) == "next:1"


def test_an_alarm_is_dated_by_the_end_of_the_last_good_run(alarmed: City, clock: Clock) -> None:
    turn(alarmed, clock)
    clock.now = FILED + 2 * HOUR
    assert alarm.silent_since(alarmed, clock()) == FILED
