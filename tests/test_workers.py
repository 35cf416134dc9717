"""Workers as real processes on a real PostgreSQL: one reads a board at a time, a dead one's is taken up, nothing is read twice."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.city import City, CrawlTable, open_city
from data.records import OutboxState
from data.reference import Reference
from data.store import Store
from spiders.crawl import crawl
from spiders.hold import LEASE, Hold
from tests.build import FILED, SECOND, Clock, MakeCity, decision, kept_at, save_thread
from tests.counterpart import Counterpart
from tests.forum import Forum
from tests.processes import running, said, start, until
from tests.server import Server
from ticketing import cycle, filing, sharing

DELAY = 0.4
Make = Callable[..., City]


@pytest.fixture
def forum() -> Iterator[Forum]:
    made = Forum(rows=20)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def make(server: Server, begun_on_server: str, tmp_path: Path) -> Iterator[Make]:
    """Cities whose only boards are these forums, each on a database of its own."""
    made: list[City] = []

    def city(name: str, forums: list[Forum], more: str = "") -> City:
        (folder := tmp_path / name).mkdir()
        toml = f"[crawl]\ndelay = {DELAY}\nautothrottle = false\n{more}"
        (folder / "liandong.toml").write_text(kept_at(server.database(begun_on_server), toml), encoding="utf-8")
        made.append(open_city(folder))
        boards = tuple(f.board(slug=f"b{i}") for i, f in enumerate(forums))
        tables = made[-1].reference()
        with made[-1].store.transaction():
            made[-1].store.reference.save(tables.model_copy(update={"boards": boards, "accounts": ()}))
        return made[-1]

    yield city
    for each in made:
        each.store.close()
        server.drop(each.settings.city.database)


def written(forum: Forum, threads: int) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    for n in range(1, threads + 1):
        forum.write(n, now, replies=n % 5)


def content(store: Store) -> dict[str, Any]:
    """What was read, but not when or in which order."""
    rows = {
        "posts": "select board, thread, title, author, posted_at, body, state, stage from posts",
        "replies": "select board, thread, id, floor, author, posted_at, body, gone_at from replies",
        "reads": "select board, thread, outcome, complete, status, pages from reads",
        "snapshots": "select board, thread, url, sha256 from snapshots",
        "listing": "select board, thread, signature, read_signature from listing",
        "versions": "select board, thread, body from versions",
    }
    return {name: Counter(map(tuple, store.db.execute(query).fetchall())) for name, query in rows.items()}


def ready(city: City, n: int = 1) -> Callable[[], bool]:
    return lambda: sum("工作进程已开始" in words for words in said(city.folder, "worker")) == n


def test_a_killed_workers_board_is_taken_up_within_a_minute_and_the_store_is_as_if_it_had_lived(
    make: Make, forum: Forum
) -> None:
    written(forum, 14)
    city, undisturbed = make("a", [forum], "[workers]\nevery_minutes = 60\n"), make("b", [forum])
    first = start(city.folder, "worker")
    with running(first):
        until(lambda: len(forum.read()) >= 5, what=str(said(city.folder, "worker")))
        second = start(city.folder, "worker")
        with running(second):
            until(lambda: ready(city, 2)() or len(forum.read()) >= 10)
            first.send_signal(signal.SIGKILL)
            assert first.wait(10) == -signal.SIGKILL
            asked = len(forum.asked)
            assert city.store.threads.health("b0") is None, "killed in the middle"
            assert 0 < city.store.threads.count() < 14
            took = until(lambda: len(forum.asked) > asked + 1, 90)
            print("taken up after", took)
            assert took < 60
            until(lambda: city.store.threads.health("b0") is not None)
            second.send_signal(signal.SIGTERM)
            assert second.wait(40) == 0
    gaps = [b - a for a, b in zip(forum.asked_at, forum.asked_at[1:], strict=False)]
    assert min(gaps) >= DELAY * 0.45, (
        "as polite as one: Scrapy's pauses are between half and one and a half of the delay"
    )
    health = city.store.threads.health("b0")
    assert health is not None
    assert health.ok, health.failures
    cycle.crawl(undisturbed, lambda: datetime.now(UTC))
    assert content(city.store) == content(undisturbed.store)
    assert max(Counter(r[1] for r in content(city.store)["reads"].elements()).values()) == 1


def test_workers_file_and_tell_once_beside_a_run_from_cron(
    make: Make, counterpart: Counterpart, reference: Reference
) -> None:
    there = counterpart.url
    city = make(
        "a", [], f'[workers]\nevery_minutes = 1\n[office]\nurl = "{there}"\n[notices]\nsms_url = "{there}/send"\ndigest_hour = -1\n'
    )  # fmt: skip
    for thread in range(101, 131):
        save_thread(city, thread=str(thread))
        filing.decide(city, decision(thread=str(thread)), FILED)
    processes = [start(city.folder, *words) for words in (("worker",), ("worker",), ("run",), ("serve", "--port", "0"))]
    with running(*processes):
        until(lambda: len(city.store.outbox.entries(OutboxState.SENT, "notice")) == 30)
        until(lambda: (last := city.store.runs.last()) is not None and last.finished_at is not None)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(40)
    assert Counter(f["attribute[external_id]"] for f in counterpart.filings).most_common(1)[0][1] == 1
    assert len(counterpart.filings) == len(counterpart.messages) == 30
    last = city.store.runs.last(ok=True)
    assert last is not None, "a cycle succeeds in a city without boards, too"
    assert city.store.outbox.entries(OutboxState.LEASED) == []


def test_a_worker_outlives_its_database_server(make: Make, forum: Forum, server: Server) -> None:
    written(forum, 2)
    city = make("a", [forum], "[workers]\nevery_minutes = 60\n")
    tables = city.reference()
    with city.store.transaction():
        city.store.reference.save(tables.model_copy(update={"boards": ()}))
    with running(process := start(city.folder, "worker")):
        until(lambda: (last := city.store.runs.last()) is not None and last.finished_at is not None)
        server.restart()
        with city.store.transaction():
            city.store.reference.save(tables)
        until(lambda: city.store.threads.health("b0") is not None, 90, str(said(city.folder, "worker")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert city.store.threads.count() == 2


@pytest.mark.in_a_file
def test_a_worker_needs_a_server_and_to_be_wanted(make: Make, make_city: MakeCity) -> None:
    in_a_file = make_city("[workers]\nevery_minutes = 5\n")
    for city, words in ((in_a_file, "liandong run 就够了"), (make("off", []), "every_minutes = 5")):
        with running(process := start(city.folder, "worker")):
            assert process.wait(60) == 1
        assert words in said(city.folder, "worker")[0]


# One board, one reader: what workers, `run` and `crawl` hold to.


@pytest.mark.both_stores
def test_a_hold_is_one_readers_until_it_is_let_go_and_the_pause_is_over(store: Store, clock: Clock) -> None:
    first, second = Hold(store, "b0", "a", clock), Hold(store, "b0", "b", clock)
    assert first.take(2) is None
    assert second.take(2) == "a"
    clock.advance(15 * SECOND)
    assert first.renew(2)
    clock.advance(15 * SECOND)
    assert second.take(2) == "a", "it was renewed"
    first.let_go(2)
    clock.advance(SECOND)
    assert second.take(2) == "a", "the board is owed its pause, whoever asks next"
    clock.advance(SECOND)
    assert second.take(2) is None
    assert not first.renew(2)
    assert not first.kept()


@pytest.mark.both_stores
def test_a_reader_that_fell_silent_loses_the_board(store: Store, clock: Clock) -> None:
    first, second = Hold(store, "b0", "a", clock), Hold(store, "b0", "b", clock)
    first.take(60)
    clock.advance(LEASE)
    assert second.take(1) == "a", "its last request may be as late as its pause"
    clock.advance(60 * SECOND)
    assert second.take(1) is None


@pytest.mark.both_stores
def test_whoever_was_given_up_for_dead_writes_nothing_more(address: Path | str, store: Store, forum: Forum) -> None:
    written(forum, 10)
    board, now = forum.board(), datetime.now(UTC)
    hold = Hold(store, board.slug, "a", lambda: now)
    hold.take(0)
    asked, before = forum.page, list[int]()

    def page(path: str) -> tuple[int, str]:
        if "tid=5" in path:  # in the middle another takes it
            with closing(Store(address)) as other, other.transaction():
                other.runs.acquire(f"board/{board.slug}", "b", now + LEASE * 2, LEASE)
                before.append(other.threads.count())
        return asked(path)

    forum.page = page  # type: ignore[method-assign]
    assert crawl(store, [board], CrawlTable(delay=0, autothrottle=False), lambda: now, holds={board.slug: hold}) == []
    assert hold.over
    assert store.threads.health(board.slug) is None
    assert store.threads.count() == before[0] < 10


@pytest.mark.both_stores
def test_told_to_end_a_reader_leaves_the_rest_to_the_next(
    store: Store, forum: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spiders.crawl.RENEWED", 2.0)
    written(forum, 30)
    going, board = [True], forum.board()
    now = lambda: datetime.now(UTC)  # noqa: E731
    hold = Hold(store, board.slug, "a", now, lambda: going[0])
    hold.take(0)
    going[0] = False
    assert crawl(store, [board], CrawlTable(delay=0.3, autothrottle=False), now, holds={board.slug: hold}) == []
    assert 0 < store.threads.count() < 30
    after = Hold(store, board.slug, "b", now)
    until(lambda: after.take(0) is None, 3)
    [health] = crawl(store, [board], CrawlTable(delay=0, autothrottle=False), now, holds={board.slug: after})
    assert health.ok
    assert store.threads.count() == 30


def test_a_run_reads_what_the_workers_left_and_no_board_that_one_is_reading(make: Make, forum: Forum) -> None:
    written(forum, 2)
    other = Forum()
    written(other, 2)
    city = make("a", [forum, other], "[workers]\nevery_minutes = 5\n")
    clock = Clock(datetime.now(UTC))
    Hold(city.store, "b1", "worker", clock).take(DELAY)
    assert cycle.crawl(city, clock)["threads"] == 2
    assert other.asked == []
    assert [b.slug for b in sharing.due(city, clock())] == ["b1"]
    clock.advance(timedelta(minutes=4))
    assert cycle.crawl(city, clock)["threads"] == 2, "who held it is dead, and the other was read four minutes ago"
    assert [h for h in forum.asked if "forumdisplay" in h] == forum.asked[1:2]
    assert sharing.standing(city, clock())["ok"]
    stale = sharing.standing(city, clock.advance(timedelta(minutes=20)))
    assert not stale["ok"]
    assert [words.partition("很久没有读过")[0] for words in stale["failures"]] == ["小论坛", "小论坛"]
    other.server.shutdown()
    other.server.server_close()
