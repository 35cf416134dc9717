"""What leaves with ``liandong evidence``, and whether any alteration since shows."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data.city import City
from data.records import Verdict, VerdictName
from data.store import Store
from data.store.threads import link
from desk import cli
from tests import build
from tests.build import DUE, FILED, HOUR, MINUTE


def call(city: City, *arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ["--dir", str(city.folder), *arguments])


@pytest.fixture
def disputed(city: City) -> City:
    """A thread read four times, a ticket, and a verdict that its unit disputes."""
    hostile = build.reply(
        author="<script>路人</script>", body="=1+1 <img src=x onerror=alert(1)>", posted_at=FILED + MINUTE
    )
    for hours in range(4):
        build.save_thread(city, hostile, read_at=FILED + hours * 2 * HOUR)
    ticket = build.save_ticket(city)
    last = city.store.threads.reads("lyw", "101")[-1]
    with city.store.transaction():
        city.store.tickets.add_verdict(Verdict(ticket.number, DUE + HOUR, VerdictName.OVERDUE, read=last.id))
    return city


def exported(city: City, out: Path) -> Path:
    done = call(city, "evidence", build.ticket().number, "--out", str(out))
    assert done.exit_code == 0, done.output
    return out


def test_the_summary_is_a_page_in_chinese_that_says_the_verdict_and_why(disputed: City, tmp_path: Path) -> None:
    page = (exported(disputed, tmp_path / "out") / "summary.html").read_text(encoding="utf-8")
    assert (
        "逾期未答：应答时限 2011-07-25 13:30 过后，2011-07-25 15:30 完整读过原帖，没有看到贵单位登记账号的答复。"
        in page
    )
    assert "洛阳网" in page
    assert "每一次读取" in page


def test_a_posts_markup_is_shown_and_not_run(disputed: City, tmp_path: Path) -> None:
    page = (exported(disputed, tmp_path / "out") / "summary.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;路人" in page


def test_every_page_is_there_as_received_with_its_words_and_its_hash(disputed: City, tmp_path: Path) -> None:
    out = exported(disputed, tmp_path / "out")
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    page = (out / "summary.html").read_text(encoding="utf-8")
    assert len(summary["pages"]) == 4
    for name in summary["pages"]:
        digest = hashlib.sha256((out / name).read_bytes()).hexdigest()
        assert summary["sha256"][name] == digest
        assert f"{name}  {digest}" in page
        assert (out / f"{name}.txt").read_text(encoding="utf-8").startswith("http")


def test_a_deleted_reply_is_shown_as_deleted(disputed: City, tmp_path: Path) -> None:
    build.save_thread(disputed, read_at=DUE + 5 * HOUR)
    page = (exported(disputed, tmp_path / "out") / "summary.html").read_text(encoding="utf-8")
    assert "（跟帖后来删除了）" in page


def test_nothing_altered_verifies(disputed: City) -> None:
    head = disputed.store.threads.chain_head()
    done = call(disputed, "evidence", "--verify", "--head", head, "--json")
    assert (done.exit_code, json.loads(done.output)["ok"]) == (0, True)


def _page(store: Store) -> None:
    store.db.execute("update snapshots set body = ? where id = 2", [zlib.compress("改过的页面".encode())])


def _hash(store: Store) -> None:
    store.db.execute("update snapshots set sha256 = ? where id = 2", ["0" * 64])


def _page_and_hash(store: Store) -> None:
    body = "改过的页面".encode()
    row = [zlib.compress(body), hashlib.sha256(body).hexdigest()]
    store.db.execute("update snapshots set body = ?, sha256 = ? where id = 2", row)


def _row(store: Store) -> None:
    store.db.execute("delete from snapshots where id = 2")


def _time(store: Store) -> None:
    store.db.execute("update snapshots set at = '2011-07-25T02:00:00.000000+00:00' where id = 2")


@pytest.mark.parametrize("alter", [_page, _hash, _page_and_hash, _row, _time])
def test_an_alteration_shows_without_any_head(disputed: City, alter: Callable[[Store], None]) -> None:
    alter(disputed.store)
    done = call(disputed, "evidence", "--verify")
    assert done.exit_code == 1
    assert "快照 2" in done.output or "快照 3" in done.output


def _whole_tail(store: Store) -> None:
    store.db.execute("delete from snapshots where id > 1")


def _everything(store: Store) -> None:
    store.db.execute("delete from snapshots")


def _tail_forged_anew(store: Store) -> None:
    """The second page replaced and every link after it made anew: the chain in itself is whole."""
    previous = ""
    for page in list(store.threads.snapshots()):
        body = "改过的页面".encode() if page.id == 2 else page.body
        forged = replace(page, body=body, sha256=hashlib.sha256(body).hexdigest())
        previous = page.chain if page.id == 1 else link(previous, forged)
        row = [zlib.compress(body), forged.sha256, previous, page.id]
        store.db.execute("update snapshots set body = ?, sha256 = ?, chain = ? where id = ?", row)


@pytest.mark.parametrize("alter", [_whole_tail, _everything, _tail_forged_anew])
def test_a_lost_or_forged_tail_shows_against_the_head_that_was_sent_out(
    disputed: City, alter: Callable[[Store], None]
) -> None:
    head = disputed.store.threads.chain_head()
    alter(disputed.store)
    assert call(disputed, "evidence", "--verify").exit_code == 0, "the chain alone cannot tell"
    done = call(disputed, "evidence", "--verify", "--head", head)
    assert done.exit_code == 1
    assert head[:12] in done.output
