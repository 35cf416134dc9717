"""A city moves from a file to a server and back, and nothing of it changes on the way."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from data.city import City
from data.records import Alert, Run
from data.reference import Reference
from data.store import Store, StoreError
from data.store.copying import checksum, copy
from data.store.layout import layout
from desk.cli import cli
from tests.build import FILED, decision, everything, post, save_failure, save_thread, save_ticket, suggestion
from tests.server import Server


@pytest.fixture
def lived(city: City) -> Store:
    """A city to which most things have happened."""
    store = city.store
    save_thread(city, body="家里停水\0'; drop table posts; -- 😀", url="http://127.0.0.1/?a=%s&b=100%")
    save_failure(city, FILED)
    save_ticket(city)
    for thread in (str(n) for n in range(2000, 2900)):  # more than are copied at once
        save_thread(city, thread=thread)
    store.decisions.suggest([suggestion(thread="2001")])
    store.decisions.decide(decision(thread="2002", automatic=True))
    store.tickets.next_number("20110725")
    store.runs.start(Run("me", FILED))
    store.runs.alert(Alert(FILED, "a", "b", "c"))
    return store


def paths(city: City, server: Server, tmp_path: Path) -> tuple[str, str, str]:
    return str(city.folder / "liandong.db"), server.database(), str(tmp_path / "back.db")


@pytest.mark.in_a_file
def test_there_and_back_again_by_the_command(city: City, lived: Store, server: Server, tmp_path: Path) -> None:
    here, there, back = paths(city, server, tmp_path)
    before = everything(lived)
    for source, target in ((here, there), (there, back)):
        said = CliRunner().invoke(cli, ["store", "copy", source, target, "--json"], catch_exceptions=False)
        assert {t["table"]: t["rows"] for t in json.loads(said.output)} == {name: len(r) for name, r in before.items()}
    with closing(Store(there)) as on_server, closing(Store(back)) as again:
        assert everything(on_server) == before == everything(again)
        assert {n: checksum(on_server.db, n) for n in layout()} == {n: checksum(again.db, n) for n in layout()}
    server.drop(there)


def test_a_city_that_moved_goes_on_with_its_numbers(city: City, lived: Store, server: Server, tmp_path: Path) -> None:
    _, there, _ = paths(city, server, tmp_path)
    with closing(Store(there)) as moved:
        copy(lived.db, moved.db)
        newest = max(d.id for d in lived.decisions.of("lyw", "2002"))
        assert moved.decisions.decide(decision(thread="2003")) > newest
        assert moved.tickets.next_number("20110725") == lived.tickets.next_number("20110725")
        assert moved.reference.load() == lived.reference.load()
    server.drop(there)


def test_what_is_in_use_is_never_written_over(lived: Store, address: Path | str, reference: Reference) -> None:
    with closing(Store(address)) as used:
        with used.transaction():
            used.reference.save(reference)
        before = everything(used)
        with pytest.raises(StoreError, match="已有数据"):
            copy(lived.db, used.db)
        assert everything(used) == before


def test_a_copy_that_fails_midway_leaves_the_target_empty(
    lived: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = server.database()
    told = checksum

    def altered(db: object, name: str) -> tuple[int, str]:
        count, digest = told(db, name)  # type: ignore[arg-type]
        return (count + 1, digest) if name == "runs" and db is moved.db else (count, digest)

    monkeypatch.setattr("data.store.copying.checksum", altered)
    with closing(Store(there)) as moved:
        with pytest.raises(StoreError, match="表 runs 抄过去对不上"):
            copy(lived.db, moved.db)
        assert not any(everything(moved).values())
    server.drop(there)


@pytest.mark.in_a_file
def test_a_wrong_address_is_said_so(tmp_path: Path, city: City) -> None:
    here = str(city.folder / "liandong.db")
    for source, target, words in ((str(tmp_path / "no.db"), "x.db", "没有数据库文件"), (here, here, "同一个库")):
        said = CliRunner().invoke(cli, ["store", "copy", source, target])
        assert words in str(said.exception)
    assert not (tmp_path / "no.db").exists()


def test_the_posts_text_is_the_same_but_for_what_a_server_cannot_hold(lived: Store, server: Server) -> None:
    there = server.database()
    with closing(Store(there)) as moved:
        copy(lived.db, moved.db)
        kept = moved.threads.post(post().board, post().thread)
        assert kept is not None
        assert kept.body == "家里停水\ufffd'; drop table posts; -- 😀"
    server.drop(there)
