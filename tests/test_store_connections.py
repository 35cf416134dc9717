"""Transactions, two connections, leases, the outbox and databases that cannot be used."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data.records import Alert, OutboxEntry, OutboxState, Post, Run, Thread, Urgency
from data.reference import Reference
from data.store import Store, StoreError
from data.store.database import Database
from data.store.postgres import PostgreSQL
from data.store.schema import Steps, migrations
from data.store.sqlite import SQLite
from tests.build import FILED, HOUR, MINUTE, SECOND, decision, everything, post, read, suggestion, ticket

LEASE = 2 * MINUTE
pytestmark = pytest.mark.both_stores


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def put(store: Store, key: str = "file/lyw/101/1", **given: object) -> bool:
    entry = OutboxEntry(key, "office", "lyw/101", {"number": "1"}, FILED, FILED)
    return store.outbox.put(replace(entry, **given))  # type: ignore[arg-type]


def impatient(store: Store) -> None:
    """A writer that waits 50 ms for its turn, and not 30 s."""
    word = "pragma busy_timeout = 50" if isinstance(store.db, SQLite) else "set lock_timeout = '50ms'"
    store.db.execute(word)


def save(store: Store, the_post: Post) -> None:
    store.threads.save(Thread(the_post, ()), read(id=0, thread=the_post.thread), ())


# Transactions.


def test_who_hurries_within_a_hurry_waits_for_the_disk_again_only_at_the_end_of_the_outer_one(store: Store) -> None:
    sqlite = isinstance(store.db, SQLite)
    word, hurry, patient = ("pragma synchronous", 1, 2) if sqlite else ("show synchronous_commit", "off", "on")

    def found() -> object:
        return store.db.execute(word).fetchone()[0]

    if not sqlite:
        store.db.execute("set synchronous_commit = on")  # the server of the tests waits for no disk by itself
    with store.hurried():
        with store.hurried():
            assert found() == hurry
        assert found() == hurry
    assert found() == patient
    with pytest.raises(ZeroDivisionError), store.hurried():
        raise ZeroDivisionError
    assert found() == patient


def change_everything_and_fail(store: Store, reference: Reference) -> None:
    with store.transaction():
        save(store, post(thread="102"))
        store.decisions.suggest([suggestion()])
        store.decisions.decide(decision())
        put(store)
        store.outbox.take(FILED, "me", LEASE, ["office"])
        store.tickets.next_number("20110725")
        store.tickets.file(ticket(), "filed")
        store.runs.start(Run("me", FILED))
        store.runs.alert(Alert(FILED, "a", "b", "c"))
        store.runs.acquire("run", "me", FILED, LEASE)
        store.runs.set_mark("m", 3)
        store.threads.listed("lyw", "2", [], FILED)
        store.reference.save(reference)
        raise RuntimeError


def test_a_transaction_that_fails_leaves_nothing_of_any_table(store: Store, reference: Reference) -> None:
    save(store, post())
    before = everything(store)
    with pytest.raises(RuntimeError):
        change_everything_and_fail(store, reference)
    assert everything(store) == before
    assert store.reference.load() is None


def put_and_fail(store: Store) -> None:
    with store.transaction():
        put(store, "b")
        raise RuntimeError


def test_an_inner_transaction_fails_alone_when_the_outer_one_goes_on(store: Store) -> None:
    with store.transaction():
        put(store, "a")
        with pytest.raises(RuntimeError):
            put_and_fail(store)
        put(store, "c")
    assert [e.key for e in store.outbox.entries(OutboxState.WAITING)] == ["a", "c"]


def test_an_outer_transaction_that_fails_takes_the_inner_one_with_it(store: Store) -> None:
    def outer() -> None:
        with store.transaction():
            with store.transaction():
                put(store)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        outer()
    assert store.outbox.entry("file/lyw/101/1") is None


def test_a_write_without_a_transaction_is_there_for_the_next_process(address: Path | str, store: Store) -> None:
    store.runs.alert(Alert(FILED, "board", "lyw", "x"))
    store.threads.walked("lyw", "2", FILED)
    assert not store.db.in_transaction
    with closing(Store(address)) as other:
        assert len(other.runs.alerts()) == 1


def test_what_one_connection_commits_the_other_sees_and_not_before(address: Path | str, store: Store) -> None:
    other = Store(address)
    with store.transaction():
        put(store)
        assert other.outbox.entry("file/lyw/101/1") is None
    assert other.outbox.entry("file/lyw/101/1") is not None


def test_a_second_writer_waits_its_turn_and_is_not_refused_halfway(address: Path | str, store: Store) -> None:
    other = Store(address)
    impatient(other)
    with store.transaction():
        put(store)
        with pytest.raises((sqlite3.OperationalError, StoreError), match=r"locked|占用"), other.transaction():
            pytest.fail("the write lock must be taken at once")
    with other.transaction():
        put(other, "again")
    assert len(store.outbox.entries(OutboxState.WAITING)) == 2


def test_ticket_numbers_of_two_connections_never_meet(address: Path | str, store: Store) -> None:
    other = Store(address)
    numbers = [s.tickets.next_number("20110725") for s in (store, other, store, other)]
    assert numbers == ["20110725-0001", "20110725-0002", "20110725-0003", "20110725-0004"]
    assert store.tickets.next_number("20110726") == "20110726-0001"


# The lease of a run.


def test_a_lease_held_by_another_is_not_given(store: Store) -> None:
    assert store.runs.acquire("run", "a:1", FILED, LEASE) is None
    assert store.runs.acquire("run", "b:2", FILED + LEASE - SECOND, LEASE) == "a:1"
    assert store.runs.acquire("other", "b:2", FILED, LEASE) is None


def test_a_stale_lease_is_taken_over_and_its_old_holder_cannot_release_it(store: Store) -> None:
    store.runs.acquire("run", "a:1", FILED, LEASE)
    assert store.runs.acquire("run", "b:2", FILED + LEASE, LEASE) is None
    store.runs.release("run", "a:1")
    assert store.runs.acquire("run", "c:3", FILED + LEASE, LEASE) == "b:2"


def test_a_lease_released_is_free_at_once(store: Store) -> None:
    store.runs.acquire("run", "a:1", FILED, LEASE)
    store.runs.release("run", "a:1")
    assert store.runs.acquire("run", "b:2", FILED, LEASE) is None


def test_a_clock_set_back_leaves_no_lease_that_never_ends(store: Store) -> None:
    store.runs.acquire("run", "dead:1", FILED + 365 * 24 * HOUR, LEASE)
    assert store.runs.acquire("run", "b:2", FILED, LEASE) is None


# The outbox.


def test_a_key_stands_in_the_outbox_once(address: Path | str, store: Store) -> None:
    assert put(store)
    assert not put(store, subject="other")
    assert not put(Store(address))
    assert len(store.outbox.entries(OutboxState.WAITING)) == 1


def test_two_holders_never_take_the_same_act(address: Path | str, store: Store) -> None:
    other = Store(address)
    for i in range(5):
        put(store, str(i))
    with store.transaction():
        first = store.outbox.take(FILED, "a:1", LEASE, ["office"], limit=3)
    with other.transaction():
        second = other.outbox.take(FILED, "b:2", LEASE, ["office"])
    assert [e.key for e in first + second] == list("01234")
    assert store.outbox.take(FILED, "c:3", LEASE, ["office"]) == []


def test_a_lease_that_ran_out_is_taken_over_and_says_so(store: Store) -> None:
    put(store)
    store.outbox.take(FILED, "a:1", LEASE, ["office"])
    assert store.outbox.take(FILED + LEASE - SECOND, "b:2", LEASE, ["office"]) == []
    [taken] = store.outbox.take(FILED + LEASE, "b:2", LEASE, ["office"])
    assert (taken.state, taken.holder, taken.attempts) == (OutboxState.LEASED, "a:1", 1)


def test_an_act_is_taken_only_when_due_and_of_its_channel(store: Store) -> None:
    put(store, not_before=FILED + MINUTE)
    assert store.outbox.take(FILED + MINUTE - SECOND, "a", LEASE, ["office"]) == []
    assert store.outbox.take(FILED + MINUTE, "a", LEASE, ["notice"]) == []
    assert len(store.outbox.take(FILED + MINUTE, "a", LEASE, ["notice", "office"])) == 1


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.CANCELLED])
def test_what_is_settled_is_never_taken_again(store: Store, state: OutboxState) -> None:
    put(store)
    [entry] = store.outbox.take(FILED, "a", LEASE, ["office"])
    store.outbox.settle(entry.id, state, FILED, "why")
    assert store.outbox.take(FILED + 99 * HOUR, "a", LEASE, ["office"]) == []
    kept = store.outbox.entry(entry.key)
    assert kept is not None
    assert (kept.state, kept.error, kept.settled_at, kept.holder) == (state, "why", FILED, "")


def test_only_an_act_nobody_has_begun_can_be_cancelled(store: Store) -> None:
    put(store, "begun")
    [entry] = store.outbox.take(FILED, "a", LEASE, ["office"])
    assert not store.outbox.cancel("begun", FILED)
    store.outbox.postpone(entry.id, FILED + HOUR, "503")
    assert not store.outbox.cancel("begun", FILED), "an attempt may have arrived"
    put(store, "fresh")
    assert store.outbox.cancel("fresh", FILED)
    assert not store.outbox.cancel("fresh", FILED)
    assert not store.outbox.cancel("no such key", FILED)


# Decisions.


def test_the_queue_puts_emergencies_first_then_what_is_urgent_then_the_oldest(store: Store) -> None:
    def add(thread: str, posted: datetime, **given: object) -> None:
        save(store, post(thread=thread, posted_at=posted))
        store.decisions.suggest([suggestion(thread=thread, **given)])

    add("no-request", FILED - 9 * HOUR, is_request=False)
    add("days-new", FILED, urgency=Urgency.DAYS)
    add("days-old", FILED - HOUR, urgency=Urgency.DAYS)
    add("now", FILED, urgency=Urgency.IMMEDIATE)
    add("fire", FILED, urgency=Urgency.EMERGENCY, is_request=False)
    names = [p.thread for p, _ in store.decisions.queue()]
    assert names == ["fire", "now", "days-old", "days-new", "no-request"]
    assert store.decisions.waiting() == 5


def test_a_suggestion_that_comes_late_does_not_bring_a_decided_post_back(store: Store) -> None:
    save(store, post())
    store.decisions.decide(decision())
    store.decisions.suggest([suggestion()])
    assert store.decisions.queue() == []


def test_a_decision_taken_back_teaches_nothing(store: Store) -> None:
    save(store, post())
    number = store.decisions.decide(decision())
    assert [d.id for _, d in store.decisions.samples()] == [number]
    store.decisions.reopen("lyw", "101")
    assert list(store.decisions.samples()) == []
    again = store.decisions.decide(decision(unit="housing-bureau"))
    assert [d.id for _, d in store.decisions.samples()] == [again]


# The reference tables.


def test_reference_tables_come_back_and_are_read_again_when_another_process_changes_them(
    address: Path | str, store: Store, reference: Reference
) -> None:
    with store.transaction():
        store.reference.save(reference)
    assert store.reference.load() == reference
    assert store.reference.load() is store.reference.load()
    fewer = reference.model_copy(update={"places": reference.places[:3]})
    with closing(Store(address)) as other, other.transaction():
        other.reference.save(fewer)
    assert store.reference.load() == fewer


def test_reference_tables_whose_change_was_undone_are_not_remembered(store: Store, reference: Reference) -> None:
    with store.transaction():
        store.reference.save(reference)
    fewer, fewest = (reference.model_copy(update={"places": reference.places[:n]}) for n in (3, 1))

    def change_and_fail() -> None:
        with store.transaction():
            assert store.reference.load() == reference
            store.reference.save(fewer)
            assert store.reference.load() == fewer
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        change_and_fail()
    assert store.reference.load() == reference
    with store.transaction():
        store.reference.save(fewest)
    assert store.reference.load() == fewest


def test_in_one_transaction_the_reference_tables_are_looked_up_once(
    store: Store, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.transaction():
        store.reference.save(reference)
    asked, execute = list[str](), store.db.execute

    def execute_noted(sql: str, *given: Any) -> Any:
        asked.append(sql)
        return execute(sql, *given)

    monkeypatch.setattr(store.db, "execute", execute_noted)
    for _ in range(2):
        asked.clear()
        with store.transaction():
            assert store.reference.load() is store.reference.load()
        assert len([sql for sql in asked if "numbers" in sql]) == 1


# Databases, old and bad.


def test_opening_twice_is_harmless(address: Path | str, store: Store) -> None:
    put(store)
    before = everything(store)
    store.close()
    with closing(Store(address)) as again:
        assert everything(again) == before


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    assert Store(path).threads.count() == 0


def test_a_database_begun_before_a_table_was_added_gets_it_and_keeps_its_rows(path: Path) -> None:
    store = Store(path)
    put(store)
    store.close()
    later = Steps("liandong")
    for name, _ in migrations:
        later(name=name)(lambda db: pytest.fail("applied already"))

    @later()
    def more(db: Database) -> None:
        db.execute("alter table outbox add column note text not null default ''")

    with closing(SQLite(path, later)) as database:
        assert [row["note"] for row in database.query("select note from outbox")] == [""]
    with pytest.raises(StoreError, match="请升级软件"):
        Store(path)


def test_counts_that_stood_in_a_row_a_day_become_a_row_a_series(
    kept_on: str, path: Path, request: pytest.FixtureRequest
) -> None:
    earlier = Steps("liandong")
    for name, step in migrations:
        if name == "counts_in_one_row":
            break
        earlier(name=name)(step)
    address: Any = path if kept_on == "sqlite" else request.getfixturevalue("server").database()
    database = SQLite(address, earlier) if kept_on == "sqlite" else PostgreSQL(address, earlier)
    hours = array("H", bytes(48))
    hours[0], hours[23] = 2, 65535
    with closing(database), database.transaction():
        for day in (734000, 733999):
            database.execute(
                "insert into counts (sort, name, day, hours) values ('board', 'lyw', ?, ?)", [day, hours.tobytes()]
            )
        nothing = [734000, bytes(48)]
        database.execute("insert into counts (sort, name, day, hours) values ('board', 'dahe', ?, ?)", nothing)
    with closing(Store(address)) as store:
        [kept, empty] = store.series.counts([("board", "lyw"), ("board", "dahe")])
        found = array("I", kept).tolist()
        assert found == [n for day in (733999, 734000) for n in (24 * day, 2, 24 * day + 23, 65535)]
        assert empty == b""
        assert store.series.names("board", 734000) == ["lyw"]
        assert store.series.names("board", 734001) == []


@pytest.mark.parametrize("content", [b"this is no database " * 400, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_said_so(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match="打不开数据库"):
        Store(path)
    assert path.read_bytes() == content, "and it is left alone"


def test_a_folder_or_a_missing_folder_is_said_so(tmp_path: Path) -> None:
    for wrong in (tmp_path, tmp_path / "missing" / "x.db"):
        with pytest.raises(StoreError, match="打不开数据库"):
            Store(wrong)


def test_a_read_only_database_is_said_so(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table other (x)")
        connection.commit()
    raw = bytearray(path.read_bytes())
    raw[18] = 9  # the write version of a later SQLite: this one may read the file and not write it
    path.write_bytes(raw)
    with pytest.raises(StoreError, match="打不开数据库"):
        Store(path)


@contextmanager
def nobody() -> Iterator[None]:
    """As a user who owns nothing: root writes where it likes, whatever the permissions say."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_database_without_write_permission_is_said_so(path: Path) -> None:
    Store(path).close()
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        kept = Path(folder) / "read-only.db"
        kept.write_bytes(path.read_bytes())
        kept.chmod(0o444)
        Path(folder).chmod(0o555)
        with nobody(), pytest.raises(StoreError, match="打不开数据库"):
            Store(kept)
        Path(folder).chmod(0o755)


def test_a_damaged_database_is_said_so(path: Path) -> None:
    store = Store(path)
    for i in range(200):
        put(store, f"{i}" * 30)
    store.close()
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + b"\xa5" * (len(raw) - 4096))
    with pytest.raises(StoreError, match="打不开数据库"):
        Store(path)
