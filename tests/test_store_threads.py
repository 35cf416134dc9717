"""What the boards said: reads, versions, lists, backoff and the hash chain."""

from __future__ import annotations

import zlib
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data.records import ListRow, ReadOutcome, Reply, Thread
from data.store import Store, StoreError
from data.store.threads import examine, snapshot
from tests.build import DUE, FILED, HOUR, MINUTE, failed_read, post, read, reply

pytestmark = pytest.mark.both_stores


def save(store: Store, *replies: Reply, when: datetime = FILED, complete: bool = True, title: str = "停水") -> None:
    the_read = read(id=0, at=when, complete=complete)
    with store.transaction():
        store.threads.save(Thread(post(title=title), replies), the_read, ())


def test_a_reply_a_complete_read_no_longer_shows_is_marked_gone_and_kept(store: Store) -> None:
    save(store, first := reply(), second := reply(posted_at=FILED + 2 * HOUR))
    save(store, second, when=FILED + HOUR)
    assert store.threads.replies("lyw", "101") == [second]
    assert store.threads.replies("lyw", "101", gone=True) == [first, second]


def test_an_incomplete_read_says_nothing_of_absence(store: Store) -> None:
    save(store, first := reply(), second := reply(posted_at=FILED + 2 * HOUR))
    save(store, second, complete=False)
    assert store.threads.replies("lyw", "101") == [first, second]


def test_a_reply_that_comes_back_is_no_longer_gone(store: Store) -> None:
    save(store, first := reply())
    save(store, when=FILED + HOUR)
    save(store, first, when=FILED + 2 * HOUR)
    assert store.threads.replies("lyw", "101") == [first]
    [row] = store.db.query("select first_read, gone_at from replies")
    assert row == {"first_read": 1, "gone_at": None}, "the read that first showed it stays its first"


def test_a_reply_stays_gone_from_when_it_was_first_missed(store: Store) -> None:
    save(store, reply())
    save(store, when=FILED + HOUR)
    save(store, when=FILED + 2 * HOUR)
    [row] = store.db.query("select gone_at from replies")
    assert datetime.fromisoformat(row["gone_at"]) == FILED + HOUR


def test_an_edited_reply_replaces_the_old_one_and_the_old_words_are_kept(store: Store) -> None:
    save(store, first := reply(body="收到"))
    edited = replace(first, body="已修复", edited_at=FILED + HOUR)
    save(store, edited, when=FILED + HOUR)
    assert store.threads.replies("lyw", "101") == [edited]
    [version] = store.db.query("select reply, body, until from versions")
    assert version["reply"] == first.id
    assert version["body"] == "收到"
    assert datetime.fromisoformat(version["until"]) == FILED + HOUR


def test_an_edited_post_keeps_its_older_version(store: Store) -> None:
    save(store)
    save(store, title="停水（已解决）")
    save(store, title="停水（已解决）")
    the_post = store.threads.post("lyw", "101")
    assert the_post is not None
    assert the_post.title == "停水（已解决）"
    assert [v["title"] for v in store.db.query("select title from versions")] == ["停水"]


def test_reading_a_post_again_does_not_put_it_back_into_the_queue(store: Store) -> None:
    save(store)
    store.db.execute("update posts set stage = 'decided'")
    save(store, title="改了题目")
    assert store.decisions.stage("lyw", "101") == "decided"


def row(thread: str = "101", replies: int = 0, last: datetime = FILED) -> ListRow:
    return ListRow(thread, "停水", "网友", None, last, replies)


def listed(store: Store, *rows: ListRow, now: datetime = FILED) -> set[str]:
    with store.transaction():
        return store.threads.listed("lyw", "2", rows, now)


def test_a_list_names_what_is_new_or_changed_until_it_has_been_read(store: Store) -> None:
    assert not store.threads.knows("lyw", "2")
    assert listed(store, row(), row("102")) == {"101", "102"}
    assert listed(store, row(), row("102")) == {"101", "102"}
    save(store)
    assert listed(store, row(), row("102")) == {"102"}
    assert listed(store, row(replies=1), row("102")) == {"101", "102"}
    assert store.threads.knows("lyw", "2")
    assert store.threads.listed_threads("lyw", ["101", "999"]) == {"101"}
    assert listed(store) == set()


def test_what_a_list_showed_is_owed_until_a_complete_read(store: Store) -> None:
    listed(store, row(), row("102"))
    save(store)
    store.threads.save_read(failed_read(at=FILED, thread="102", id=0))
    assert store.threads.owed("lyw", "2", FILED + HOUR) == ["102"]
    assert store.threads.owed("lyw", "9", FILED + HOUR) == []
    assert store.threads.owed("dahe", "2", FILED + HOUR) == []


def test_a_thread_that_cannot_be_read_is_asked_for_ever_more_seldom(store: Store) -> None:
    listed(store, row())
    now, waits = FILED, []
    for _ in range(12):
        store.threads.save_read(failed_read(at=now, id=0))
        wait = MINUTE
        while not store.threads.owed("lyw", "2", now + wait):
            wait += MINUTE
        waits.append(wait)
        now += wait
    assert waits[:4] == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(days=1)


def test_a_change_on_the_list_ends_the_waiting(store: Store) -> None:
    listed(store, row())
    for _ in range(5):
        store.threads.save_read(failed_read(at=FILED, id=0))
    assert store.threads.owed("lyw", "2", FILED + MINUTE) == []
    listed(store, row(replies=1))
    assert store.threads.owed("lyw", "2", FILED + MINUTE) == ["101"]


def test_a_section_keeps_the_horizon_it_began_with(store: Store) -> None:
    assert store.threads.section("lyw", "2", FILED).walked_at is None
    store.threads.walked("lyw", "2", FILED + HOUR)
    walk = store.threads.section("lyw", "2", FILED + 9 * HOUR)
    assert (walk.horizon, walk.walked_at) == (FILED, FILED + HOUR)


def test_reads_are_told_by_number_and_by_thread(store: Store) -> None:
    assert store.threads.read_since(0) == (0, set())
    first = store.threads.save_read(read(id=0))
    store.threads.save_read(failed_read(id=0, thread="102", outcome=ReadOutcome.GONE))
    assert store.threads.read_since(0) == (2, {("lyw", "101"), ("lyw", "102")})
    assert store.threads.read_since(first.id) == (2, {("lyw", "102")})
    assert store.threads.read_since(2) == (2, set())


def test_the_last_reads_are_when_a_thread_was_tried_and_when_it_was_read_completely(store: Store) -> None:
    threads, asked = store.threads, [("lyw", "101"), ("lyw", "102")]
    assert threads.last_reads(asked) == {}
    threads.save_read(read(id=0, at=FILED))
    threads.save_read(failed_read(id=0, at=DUE))
    threads.save_read(failed_read(id=0, at=DUE, thread="102"))
    threads.save_read(read(id=0, at=FILED, thread="555"))
    assert threads.last_reads(asked) == {("lyw", "101"): (DUE, FILED), ("lyw", "102"): (DUE, None)}


# The hash chain.


@pytest.fixture
def chained(store: Store) -> Store:
    for i in range(4):
        page = snapshot("lyw", "101", f"http://127.0.0.1/{i}", FILED + i * HOUR, 200, f"第 {i} 页".encode())
        store.threads.save_read(read(id=0), [page])
    return store


def problems(store: Store) -> list[str]:
    return [*examine(store.threads.snapshots()).altered]


def test_an_untouched_chain_is_whole(chained: Store) -> None:
    assert problems(chained) == []


def test_a_page_that_an_older_version_wrote_is_still_read(chained: Store) -> None:
    older = zlib.compress("第 1 页".encode(), 4)
    chained.db.execute("update snapshots set body = ? where id = 2", [older])
    assert [p.body.decode() for p in chained.threads.snapshots([2])] == ["第 1 页"]
    assert problems(chained) == []


def test_an_altered_page_is_found(chained: Store) -> None:
    chained.db.execute("update snapshots set body = ? where id = 2", [zlib.compress("改过的页".encode())])
    assert len(problems(chained)) == 1
    assert "快照 2" in problems(chained)[0]


def test_a_page_overwritten_with_rubbish_is_found_and_the_others_still_checked(chained: Store) -> None:
    chained.db.execute("update snapshots set body = ? where id = 2", [b"\x00\xff"])
    chained.db.execute("update snapshots set status = 404 where id = 4")
    assert [p.split("（")[0].split(" 与")[0] for p in problems(chained)] == ["快照 2", "快照 4"]


def test_a_page_altered_together_with_its_hash_is_found(chained: Store) -> None:
    forged = snapshot("lyw", "101", "u", FILED, 200, "改过的页".encode())
    query = "update snapshots set body = ?, sha256 = ? where id = 2"
    chained.db.execute(query, [zlib.compress(forged.body), forged.sha256])
    assert any("快照 2" in p for p in problems(chained))


@pytest.mark.parametrize(
    "fact", ["url = 'x'", "at = '2011-07-25T01:30:00.000000+00:00'", "status = 404", "thread = '9'"]
)
def test_every_fact_of_a_page_is_under_the_chain(chained: Store, fact: str) -> None:
    chained.db.execute(f"update snapshots set {fact} where id = 3")
    assert any("快照 3" in p for p in problems(chained))


@pytest.mark.parametrize("row", [1, 2, 3])
def test_a_deleted_row_is_found(chained: Store, row: int) -> None:
    chained.db.execute("delete from snapshots where id = ?", [row])
    assert any(f"快照 {row + 1}" in p for p in problems(chained))


def test_pages_put_into_another_order_are_found(chained: Store) -> None:
    chained.db.execute("update snapshots set id = 99 where id = 2")
    assert problems(chained)


def test_a_truncated_tail_shows_against_a_head_that_left_the_machine(chained: Store) -> None:
    head = chained.threads.chain_head()
    chained.db.execute("delete from snapshots where id = 4")
    assert problems(chained) == [], "the chain alone cannot tell"
    assert head not in {s.chain for s in chained.threads.snapshots()}


def test_a_whole_chain_forged_anew_shows_against_a_head_that_left_the_machine(chained: Store) -> None:
    head = chained.threads.chain_head()
    pages = list(chained.threads.snapshots())
    chained.db.execute("delete from snapshots")
    for page in pages:
        chained.threads.save_read(read(id=0), [snapshot("lyw", "101", page.url, page.at, 200, b"forged")])
    assert problems(chained) == []
    assert head not in {s.chain for s in chained.threads.snapshots()}


def test_two_connections_do_not_fork_the_chain(address: Path | str, store: Store) -> None:
    with closing(Store(address)) as other:
        for each in (store, other, store, other):
            with each.transaction():
                each.threads.save_read(read(id=0), [snapshot("lyw", "101", "u", FILED, 200, b"x")])
        assert problems(store) == []
        assert len(list(other.threads.snapshots())) == 4


def test_a_save_that_breaks_off_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(store.threads, "_save_replies", broken)
    with pytest.raises(StoreError):
        save(store, reply())
    assert store.threads.post("lyw", "101") is None
    assert store.threads.reads("lyw", "101") == []
