"""One turn of the loop: every stage is tried, what failed is said, and two never run at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import spiders.crawl
from data.city import City, CrawlTable
from data.records import BoardHealth, Post, Reply, Suggestion, Urgency
from data.reference import Board
from data.store import Store
from tests.build import (
    DUE,
    FILED,
    HOUR,
    MINUTE,
    Clock,
    decision,
    everything,
    reply,
    save_thread,
    save_ticket,
    suggestion,
)
from tests.counterpart import Counterpart
from ticketing import checking, cycle, filing, outbox
from ticketing.cycle import Busy

DOWN = BoardHealth("dahe", FILED, failures=("列表页上一个帖子也没有；请核对版块编号",), ok=False)


@dataclass
class Suggester:
    """Suggests the same for every post, and counts."""

    urgency: Urgency = Urgency.IMMEDIATE
    asked: list[str] = field(default_factory=list)

    def suggest(self, posts: Sequence[Post], now: datetime) -> list[Suggestion]:
        self.asked += [p.key for p in posts]
        words = "疑似警情：请立即拨打 110" if self.urgency is Urgency.EMERGENCY else ""
        return [
            suggestion(board=p.board, thread=p.thread, at=now, urgency=self.urgency, needs_person=words) for p in posts
        ]


@dataclass
class Boards:
    """Stands where the spiders do: does as told, and keeps what it was asked for."""

    healths: list[BoardHealth] = field(default_factory=list)
    read: Callable[[Store, datetime], None] = lambda store, now: None
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def __call__(
        self,
        store: Store,
        boards: Sequence[Board],
        pace: CrawlTable,
        clock: Callable[[], datetime],
        wanted: Mapping[str, Iterable[str]],
        back_to: Mapping[str, datetime],
    ) -> list[BoardHealth]:
        self.asked.append({"boards": [b.slug for b in boards], "wanted": wanted, "back_to": back_to})
        self.read(store, clock())
        return self.healths


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> Boards:
    standing_in = Boards()
    monkeypatch.setattr(spiders.crawl, "crawl", standing_in)
    return standing_in


def run(city: City, clock: Clock, suggester: Suggester | None = None) -> Any:
    return cycle.run(city, clock, suggester or Suggester())  # type: ignore[arg-type]


def keep(city: City, *replies: Reply, read_at: datetime = FILED) -> None:
    save_thread(city, *replies, read_at=read_at)


def test_a_turn_takes_a_post_from_the_board_to_the_queue(wired: City, clock: Clock, boards: Boards) -> None:
    boards.read = lambda store, now: keep(wired)
    done = run(wired, clock)
    assert done.ok
    assert done.stages["suggest"] == {"ok": True, "suggested": 1, "emergencies": 0}
    assert [p.thread for p, _ in wired.store.decisions.queue()] == ["101"]
    assert wired.store.runs.last() == done
    assert wired.store.runs.last(ok=True) == done


def test_a_turn_files_what_was_decided_and_weighs_what_was_read(
    wired: City, clock: Clock, boards: Boards, counterpart: Counterpart
) -> None:
    save_thread(wired)
    filing.decide(wired, decision(), FILED)
    clock.advance(MINUTE)
    assert run(wired, clock).stages["send"] == {"ok": True, "office_sent": 1, "notice_sent": 1}
    boards.read = lambda store, now: keep(wired, reply(posted_at=FILED + HOUR), read_at=now)
    clock.advance(2 * HOUR)
    done = run(wired, clock)
    assert done.stages["check"] == {"ok": True, "on_time": 1}
    assert done.stages["send"] == {"ok": True}
    assert counterpart.order == ["office", "notice"]


@pytest.mark.parametrize("stage", ["crawl", "suggest", "send", "check"])
def test_a_stage_that_fails_is_named_and_the_others_still_run(
    wired: City, clock: Clock, boards: Boards, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("磁盘满了")

    where = {"crawl": (boards, "read"), "send": (outbox, "send_due"), "check": (checking, "check")}
    suggester = Suggester()
    target, name = where.get(stage, (suggester, "suggest"))
    monkeypatch.setattr(target, name, broken)
    save_thread(wired)
    filing.decide(wired, decision(), FILED)
    save_thread(wired, thread="102")
    save_ticket(wired, number="old", thread="102", filed_at=FILED - 9 * HOUR)
    clock.advance(MINUTE)
    done = run(wired, clock, suggester)
    assert not done.ok
    assert done.stages[stage] == {"ok": False, "error": "RuntimeError: 磁盘满了"}
    others = {
        "crawl": {"ok": True, "threads": 0, "failures": []},
        "suggest": {"ok": True, "suggested": 1, "emergencies": 0},
        "send": {"ok": True, "office_sent": 1, "notice_sent": 1},
    }
    assert all(done.stages[name] == what for name, what in others.items() if name != stage)
    assert stage == "check" or done.stages["check"]["overdue"] == 1
    assert (wired.store.runs.last(ok=False), wired.store.runs.last(ok=True)) == (done, None)
    assert not wired.store.db.in_transaction


def test_a_stage_that_fails_halfway_leaves_nothing_half_done(
    wired: City, clock: Clock, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_thread(wired)
    save_ticket(wired)
    clock.now = DUE + MINUTE

    def half(number: str, value: int) -> None:
        raise RuntimeError

    monkeypatch.setattr(wired.store.runs, "set_mark", half)
    assert not run(wired, clock).stages["check"]["ok"]
    assert wired.store.tickets.verdicts("20110725-0001") == []


def test_what_leaves_waits_for_the_disk_and_what_can_be_found_again_does_not(
    wired: City, clock: Clock, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, int] = {}

    def look(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def looked(*given: Any) -> Any:
            found[name] = wired.store.db.execute("pragma synchronous").fetchone()[0]
            return call(*given)

        return looked

    for module, name in ((checking, "check"), (outbox, "send_due"), (cycle, "suggest")):
        monkeypatch.setattr(module, name, look(name, getattr(module, name)))
    run(wired, clock)
    full, normal = 2, 1
    assert found == {"suggest": normal, "check": normal, "send_due": full}


def test_a_failing_board_fails_the_turn_and_is_told_once_a_day(wired: City, clock: Clock, boards: Boards) -> None:
    boards.healths = [BoardHealth("lyw", FILED, threads=3), DOWN]
    for _ in range(3):
        done = run(wired, clock)
    assert not done.ok
    assert done.stages["crawl"] == {"ok": False, "threads": 3, "failures": list(DOWN.failures)}
    assert done.stages["check"]["ok"]
    [alert] = wired.store.runs.alerts()
    assert (alert.kind, alert.subject, alert.text) == ("board", "dahe/20110725", DOWN.failures[0])
    with wired.store.transaction():
        assert wired.store.runs.acquire("run", "next:1", clock(), HOUR) is None, "the lease was given back"


def test_the_boards_are_asked_for_the_threads_whose_verdict_falls_due(
    wired: City, clock: Clock, boards: Boards
) -> None:
    save_thread(wired)
    save_ticket(wired)
    clock.now = DUE + MINUTE
    run(wired, clock)
    [asked] = boards.asked
    assert asked["boards"] == ["people", "lyw", "lyxxg", "dahe"]
    assert asked["wanted"] == {"lyw": ["101"]}
    assert list(asked["back_to"]) == ["lyw"]


def test_a_board_that_is_off_or_has_refused_is_not_read(wired: City, clock: Clock, boards: Boards) -> None:
    reference = wired.reference()
    off: Mapping[str, Mapping[str, Any]] = {"lyw": {"enabled": False}, "dahe": {"refused": "来函要求不要读取"}}
    changed = tuple(b.model_copy(update=off.get(b.slug, {})) for b in reference.boards)
    with wired.store.transaction():
        wired.store.reference.save(reference.model_copy(update={"boards": changed}))
    run(wired, clock)
    assert boards.asked[0]["boards"] == ["people", "lyxxg"]


def test_an_emergency_is_told_at_once_and_only_once(wired: City, clock: Clock, boards: Boards) -> None:
    save_thread(wired)
    done = run(wired, clock, Suggester(Urgency.EMERGENCY))
    assert done.stages["suggest"] == {"ok": True, "suggested": 1, "emergencies": 1}
    assert [(a.kind, a.subject) for a in wired.store.runs.alerts()] == [("emergency", "lyw/101")]
    assert run(wired, clock, Suggester(Urgency.EMERGENCY)).stages["suggest"]["emergencies"] == 0


def test_a_post_is_suggested_once(wired: City, clock: Clock, boards: Boards) -> None:
    suggester = Suggester()
    for i in range(3):
        save_thread(wired, thread=str(i))
        run(wired, clock, suggester)
    assert suggester.asked == ["lyw/0", "lyw/1", "lyw/2"]


def test_a_second_run_while_one_is_under_way_is_busy_and_says_who(
    wired: City, clock: Clock, boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = City(wired.folder, wired.settings)
    said: list[str] = []

    def meanwhile(store: Store, now: datetime) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(cycle, "holder", lambda: "other:2")
            with pytest.raises(Busy) as busy:
                run(second, clock)
            said.append(str(busy.value))

    boards.read = meanwhile
    assert run(wired, clock).ok
    assert said == [f"另一个进程（{cycle.holder()}）正在运行，本次不重复"]
    assert len(boards.asked) == 1
    boards.read = lambda store, now: None
    assert run(second, clock).ok, "and afterwards it may"
    second.store.close()


def test_a_run_in_a_real_second_process_is_busy(wired: City, clock: Clock) -> None:
    script = (
        "import sys, pathlib; from datetime import datetime; from data.city import open_city; from ticketing import cycle\n"
        "city, now = open_city(pathlib.Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2])\n"
        "try:\n    cycle.run(city, lambda: now, None)\nexcept cycle.Busy as busy:\n    print('busy', busy)\n"
    )
    with cycle.lease(wired, "run", clock()):
        done = subprocess.run(
            [sys.executable, "-c", script, str(wired.folder), clock().isoformat()],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout.startswith("busy")
    assert f":{os.getpid()}）" in done.stdout


def test_a_run_that_died_is_followed_after_its_lease(wired: City, clock: Clock, boards: Boards) -> None:
    with wired.store.transaction():
        wired.store.runs.acquire("run", "dead:1", clock(), cycle.LEASE)
    clock.advance(cycle.LEASE - timedelta(seconds=1))
    with pytest.raises(Busy, match="dead:1"):
        run(wired, clock)
    clock.advance(timedelta(seconds=1))
    assert run(wired, clock).ok


def test_an_interrupted_run_gives_its_lease_back_and_is_no_success(wired: City, clock: Clock, boards: Boards) -> None:
    def interrupted(store: Store, now: datetime) -> None:
        raise KeyboardInterrupt

    boards.read = interrupted
    with pytest.raises(KeyboardInterrupt):
        run(wired, clock)
    assert wired.store.runs.last(ok=True) is None
    last = wired.store.runs.last()
    assert last is not None
    assert last.finished_at is None
    boards.read = lambda store, now: None
    assert run(wired, clock).ok


def test_a_turn_done_twice_at_the_same_time_changes_nothing(
    wired: City, clock: Clock, boards: Boards, counterpart: Counterpart
) -> None:
    save_thread(wired)
    filing.decide(wired, decision(), FILED)
    clock.advance(MINUTE)
    run(wired, clock)
    before = everything(wired.store, but=("runs",))
    done = run(wired, clock)
    after = everything(wired.store, but=("runs",))
    assert done.ok
    assert after == before
    assert counterpart.posts == 2


def test_a_turn_whose_filing_did_not_leave_is_no_success(
    wired: City, clock: Clock, boards: Boards, counterpart: Counterpart
) -> None:
    save_thread(wired)
    filing.decide(wired, decision(), FILED - HOUR)
    counterpart.script.append("500")
    done = run(wired, clock)
    assert (done.ok, done.stages["send"]["ok"], done.stages["send"]["office_retry"]) == (False, False, 1)
    clock.advance(HOUR)
    assert run(wired, clock).ok
