"""A city is written into one file while it is at work, and comes back whole or not at all."""

from __future__ import annotations

import io
import stat
import tarfile
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from data.backup import BackupError, restore, write
from data.city import City, open_city
from data.records import Event
from data.store.copying import checksum
from data.store.layout import layout
from desk.cli import cli
from desk.commands.common import now as commands_now
from tests.build import FILED, HOUR, MINUTE, decision, everything, save_thread, save_ticket
from tests.counterpart import Counterpart
from ticketing import filing, outbox

pytestmark = pytest.mark.both_stores


def lived(city: City) -> City:
    """A city to which something has happened, with a model and a secret beside its database."""
    save_thread(city, body="家里停水 😀")
    save_ticket(city)
    (city.folder / "models").mkdir()
    (city.folder / "models" / "one.npz").write_bytes(b"\0model")
    (city.folder / "session-secret").write_text("s3cret", encoding="utf-8")
    return city


def emptied(city: City, archive: Path) -> Path:
    """The archive; of a city on a server, after its database was lost."""
    if city.settings.city.database.startswith("postgresql"):
        with city.store.transaction():
            for name in layout():
                city.store.db.execute(f"delete from {name}")
    return archive


def test_every_row_and_every_file_comes_back(city: City, tmp_path: Path) -> None:
    lived(city)
    before = everything(city.store)
    taken = write(city, tmp_path / "b.tar.gz", FILED)
    assert {t.table: t.rows for t in taken.tables} == {name: len(rows) for name, rows in before.items()}
    assert restore(emptied(city, tmp_path / "b.tar.gz"), tmp_path / "back") == taken
    with closing(open_city(tmp_path / "back").store) as store:
        assert everything(store) == before
        assert {t.table: (t.rows, t.checksum) for t in taken.tables} == {n: checksum(store.db, n) for n in layout()}
    assert (tmp_path / "back" / "models" / "one.npz").read_bytes() == b"\0model"
    assert (tmp_path / "back" / "session-secret").read_text(encoding="utf-8") == "s3cret"
    assert not (tmp_path / "back" / "backup.json").exists()
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600


def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(city: City, tmp_path: Path) -> None:
    lived(city)
    [ticket] = city.store.tickets.tickets()
    over = threading.Event()

    def work() -> None:
        own = replace(city)
        while not over.is_set():
            with own.store.transaction():  # two rows of two tables, always together
                own.store.tickets.add_event(Event(ticket.number, FILED, "note", "值班员", "一条备注", {}), "filed")
                own.store.runs.set_mark("notes", own.store.runs.mark("notes") + 1)
        own.store.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for i in range(3):
            write(city, tmp_path / f"b{i}.tar.gz", FILED + i * MINUTE)
    finally:
        over.set()
        worker.join()
    for i in range(3):
        restore(emptied(city, tmp_path / f"b{i}.tar.gz"), tmp_path / f"back{i}")
        with closing(open_city(tmp_path / f"back{i}").store) as store:
            notes = [e for e in store.tickets.events(ticket.number) if e.move == "note"]
            assert len(notes) == store.runs.mark("notes")
    assert len(notes) > 0


def test_nothing_is_written_over(city: City, tmp_path: Path) -> None:
    lived(city)
    archive = tmp_path / "b.tar.gz"
    write(city, archive, FILED)
    was = archive.read_bytes()
    with pytest.raises(BackupError, match="不覆盖"):
        write(city, archive, FILED)
    with pytest.raises(BackupError, match="不覆盖"):
        restore(archive, city.folder)
    assert archive.read_bytes() == was


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9])
def test_a_damaged_archive_is_refused_and_leaves_nothing(city: City, tmp_path: Path, where: float) -> None:
    lived(city)
    archive = tmp_path / "b.tar.gz"
    write(city, archive, FILED)
    raw = bytearray(archive.read_bytes())
    raw[int(len(raw) * where)] ^= 0xFF
    archive.write_bytes(raw)
    left = sorted(tmp_path.iterdir())
    with pytest.raises(BackupError):
        restore(emptied(city, archive), tmp_path / "back")
    assert sorted(tmp_path.iterdir()) == left


def test_rows_that_are_not_those_that_were_backed_up_are_refused(city: City, tmp_path: Path) -> None:
    lived(city)
    archive, forged = tmp_path / "b.tar.gz", tmp_path / "forged.tar.gz"
    write(city, archive, FILED)
    with tarfile.open(archive) as old, tarfile.open(forged, "w:gz") as new:
        for member in old.getmembers():
            content = old.extractfile(member)
            raw = content.read() if content else b""
            if member.name == "liandong.db":
                raw = raw.replace("家里停水".encode(), "家里来水".encode())
            member.size = len(raw)
            new.addfile(member, io.BytesIO(raw))
    with pytest.raises(BackupError, match="校验和不一致"):
        restore(emptied(city, forged), tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_an_archive_whose_database_would_lie_elsewhere_is_refused(city: City, tmp_path: Path) -> None:
    lived(city)
    archive, forged = tmp_path / "b.tar.gz", tmp_path / "forged.tar.gz"
    write(city, archive, FILED)
    with tarfile.open(archive) as old, tarfile.open(forged, "w:gz") as new:
        for member in old.getmembers():
            content = old.extractfile(member)
            raw = content.read() if content else b""
            if member.name == "liandong.toml":
                raw = b'[city]\ndatabase = "../../elsewhere.db"\n'
            member.size = len(raw)
            new.addfile(member, io.BytesIO(raw))
    with pytest.raises(BackupError, match="城市目录之外"):
        restore(forged, tmp_path / "new" / "back")
    assert not (tmp_path / "new" / "back").exists()
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.parametrize("name", ["../outside.txt", "/tmp/outside.txt"])
def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(BackupError):
        restore(tmp_path / "evil.tar.gz", tmp_path / "city" / "back")
    assert not (tmp_path / "outside.txt").exists()
    assert not list((tmp_path / "city").iterdir())


def test_the_commands_say_what_they_did_and_what_is_wrong(city: City, tmp_path: Path) -> None:
    lived(city)
    archive, back = str(tmp_path / "b.tar.gz"), str(tmp_path / "back")
    run = CliRunner().invoke(cli, ["--dir", str(city.folder), "backup", archive])
    assert (run.exit_code, "已写到" in run.output) == (0, True)
    emptied(city, Path(archive))
    run = CliRunner().invoke(cli, ["restore", archive, back])
    assert (run.exit_code, "核对无误" in run.output) == (0, True)
    run = CliRunner().invoke(cli, ["restore", str(tmp_path / "none.tar.gz"), str(tmp_path / "other")])
    assert isinstance(run.exception, BackupError)
    assert "没有" in str(run.exception)


def test_what_left_after_the_backup_does_not_leave_again(wired: City, counterpart: Counterpart, tmp_path: Path) -> None:
    """A filing is asked for by its key, a notice is listed for a person; numbers given since are not given again."""
    save_thread(wired)
    filing.decide(wired, decision(), FILED)
    archive, back = tmp_path / "b.tar.gz", tmp_path / "back"
    write(wired, archive, FILED)
    outbox.send_due(wired, lambda: FILED + HOUR, "one")
    assert (len(counterpart.filings), len(counterpart.messages)) == (1, 1)
    with closing(wired.store):
        said = CliRunner().invoke(cli, ["restore", str(emptied(wired, archive)), str(back)], catch_exceptions=False)
    assert "1 件，先核实再发" in said.output
    restored = open_city(back)
    outbox.send_due(restored, commands_now, "two", ("office",))
    assert len(counterpart.filings) == 1
    assert [t.number for t in restored.store.tickets.tickets()] == ["20110725-0001"]
    restored.store.close()


def test_a_notice_that_may_have_left_is_listed_after_a_restore_and_not_sent(
    wired: City, counterpart: Counterpart, tmp_path: Path
) -> None:
    save_thread(wired)
    filing.decide(wired, decision(), FILED)
    outbox.send_due(wired, lambda: FILED + HOUR, "one", ("office",))  # the notice waits
    counterpart.messages.clear()
    archive = tmp_path / "b.tar.gz"
    write(wired, archive, FILED + HOUR)
    for options, state in ((["--moved"], "waiting"), ([], "leased")):
        line = ["restore", str(emptied(wired, archive)), str(tmp_path / state), *options]
        CliRunner().invoke(cli, line, catch_exceptions=False)
        with closing(open_city(tmp_path / state).store) as store:
            assert store.outbox.counts()["notice", state] == 1
    restored = open_city(tmp_path / "leased")
    outbox.send_due(restored, commands_now, "two", ("notice",))
    assert counterpart.messages == []
    assert restored.store.outbox.counts()["notice", "unknown"] == 1
    day = f"{commands_now().astimezone(restored.zone):%Y%m%d}"
    assert restored.store.tickets.next_number(day) == f"{day}-1001"
    restored.store.close()
