"""Filings as files in a folder, answers as files in another: each filing once, each row read or named."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from data.city import City, open_city
from tests.build import FILED, HOUR, MINUTE, Clock, MakeCity, decision, reply, save_thread
from ticketing import checking, filing, lifecycle, sync
from ticketing.office import drop
from ticketing.outbox import LEASE, send_due

TOML = '[office]\nkind = "drop"\n[office.drop]\nfile = "{}"\n[clocks]\nundo_seconds = 0\n'
NUMBER = "20110725-0001"


@pytest.fixture
def city(make_city: MakeCity) -> City:
    return make_city(TOML.format("csv"))


def decide(city: City, *threads: str, **post: Any) -> None:
    for thread in threads:
        save_thread(city, thread=thread, **post)
        filing.decide(city, decision(thread=thread), FILED)


def files(city: City) -> list[Path]:
    return sorted((city.folder / "office/out").glob("filings-*"))


def rows(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as lines:
        return list(csv.DictReader(lines))


def answer(city: City, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    folder = city.folder / "office/in"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(encoding))
    return folder


def state(city: City, number: str = NUMBER) -> str:
    return city.store.tickets.state(number)


def test_what_is_filed_in_one_turn_leaves_as_one_file(city: City, clock: Clock) -> None:
    decide(city, "101", "102", "103")
    assert send_due(city, clock, "me", ("office",)) == {"office_sent": 3}
    [path] = files(city)
    assert path.name == f"filings-20110725-093000-{NUMBER}.csv"
    found = rows(path)
    assert [r["工单号"] for r in found] == [NUMBER, "20110725-0002", "20110725-0003"]
    six = ("类别", "来源", "联系方式", "承办单位", "交办时间", "要求办结时间")
    assert [found[0][c] for c in six] == [
        *("供水", "洛阳网 洛阳社区·聚焦河洛", "13800000000", "市水务集团", "2011-07-25 09:30", "2011-07-26 00:00")
    ]


def test_a_file_once_handed_over_is_never_touched_again(city: City, clock: Clock) -> None:
    decide(city, "101")
    send_due(city, clock, "me", ("office",))
    [first] = files(city)
    before = (first.read_bytes(), first.stat().st_mtime_ns)
    decide(city, "102")
    send_due(city, clock, "me", ("office",))
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    assert [r["工单号"] for f in files(city) for r in rows(f)] == [NUMBER, "20110725-0002"]


def test_excel_is_written_as_text(make_city: MakeCity, clock: Clock) -> None:
    city = make_city(TOML.format("xlsx"))
    decide(city, "101", title="=cmd|' /C calc'!A0", body="\x0b停水")
    send_due(city, clock, "me", ("office",))
    [path] = files(city)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    cells = [c for row in sheet.iter_rows() for c in row]
    assert {c.data_type for c in cells} <= {"s", "n"}
    assert all(isinstance(c.value, str) for c in cells if c.value is not None)
    assert any(str(c.value).startswith("'=cmd") for c in cells)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(city: City, clock: Clock, start: str) -> None:
    decide(city, "101", title=f"{start}HYPERLINK(1)", body="停水")
    send_due(city, clock, "me", ("office",))
    found = rows(files(city)[0])[0]
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in found.values())


def test_a_table_for_excel_in_china_may_be_gb18030(make_city: MakeCity, clock: Clock) -> None:
    city = make_city(TOML.format("csv").replace("[clocks]", 'encoding = "gb18030"\n[clocks]'))
    decide(city, "101")
    send_due(city, clock, "me", ("office",))
    assert rows(files(city)[0], "gb18030")[0]["承办单位"] == "市水务集团"


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.mark.parametrize("step", range(1, 15))
def test_killed_at_any_rename_every_filing_is_handed_over_once(
    city: City, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Each ``os.replace`` of a turn is the last thing it does, before and after."""
    decide(city, "101", "102")
    calls = 0
    real = os.replace

    def dying(source: Any, target: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == (step + 1) // 2:
            if step % 2 == 0:
                real(source, target)
            raise Killed
        real(source, target)

    monkeypatch.setattr(os, "replace", dying)
    with pytest.raises(Killed):
        send_due(city, clock, "dead", ("office",))
    monkeypatch.setattr(os, "replace", real)
    assert not city.store.db.in_transaction
    clock.advance(LEASE + HOUR)
    send_due(city, clock, "me", ("office",))
    handed = [r["工单号"] for f in files(city) for r in rows(f)]
    assert sorted(handed) == [NUMBER, "20110725-0002"]
    assert len(city.store.tickets.of("lyw", "101")) == len(city.store.tickets.of("lyw", "102")) == 1


def test_the_office_system_taking_its_file_away_is_no_loss_of_memory(city: City, clock: Clock) -> None:
    """A filing handed over, but not yet known as sent when its process was killed, is not handed over again."""
    decide(city, "101")
    with city.store.transaction():
        [entry] = city.store.outbox.take(clock(), "dead", LEASE, ["office"])
    drop.file(city, city.settings.office, entry)
    drop.finish(city, city.settings.office, clock())
    files(city)[0].unlink()
    clock.advance(LEASE + HOUR)
    assert send_due(city, clock, "me", ("office",)) == {"office_sent": 1}
    assert files(city) == []
    assert len(city.store.tickets.of("lyw", "101")) == 1


def test_a_folder_that_cannot_be_written_is_tried_again(city: City, clock: Clock) -> None:
    decide(city, "101")
    (city.folder / "office").write_text("in the way", encoding="utf-8")
    assert send_due(city, clock, "me", ("office",)) == {"office_retry": 1}
    (city.folder / "office").unlink()
    clock.advance(HOUR)
    assert send_due(city, clock, "me", ("office",)) == {"office_sent": 1}


# The answers.


@pytest.mark.in_a_file
def test_tickets_begin_and_rows_are_laid_aside_for_good_before_their_file_is_let_go(
    city: City, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(city, "101")
    done: list[str] = []
    rename, to_disk = os.replace, drop._sync

    def renamed(old: Path, new: Path) -> None:
        done.append(f"to {new.parent.name}")
        rename(old, new)

    def synced(folder: Path) -> None:
        done.append(f"sync {folder.name}")
        to_disk(folder)

    commit = city.store.transaction

    @contextmanager
    def committed() -> Iterator[None]:
        with commit():
            yield
        if city.store.db.execute("pragma synchronous").fetchone()[0] == 2 and city.store.runs.mark(drop.MARK):
            done.append("the disk was waited for")

    monkeypatch.setattr(city.store, "transaction", committed)
    monkeypatch.setattr("os.replace", renamed)
    monkeypatch.setattr(drop, "_sync", synced)
    send_due(city, clock, "me", ("office",))
    assert "the disk was waited for" in done[: done.index("to out")]
    aside, gone = done.index("to .kept"), done.index("to out")
    assert {"sync .kept", "sync .spool", "sync .ready"} <= set(done[aside:gone])
    assert "sync out" in done[gone:]


@pytest.fixture
def filed(city: City, clock: Clock) -> City:
    decide(city, "101", "102")
    send_due(city, clock, "me", ("office",))
    return city


def test_answers_become_events_and_their_file_is_done(filed: City) -> None:
    folder = answer(
        filed,
        "工单号,办公编号,状态,时间,说明\n"
        f"{NUMBER},K1,签收,2011-07-25 10:00,\n20110725-0002,K2,退单,2011/07/25 10:05,属地不符，属涧西区\n",
    )
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1, "return": 1}
    assert (state(filed), state(filed, "20110725-0002")) == ("accepted", "returned")
    event = filed.store.tickets.events("20110725-0002")[-1]
    assert event.note.startswith("属地不符")
    assert "K2" in event.note
    assert [p.name for p in folder.iterdir()] == ["done"]
    assert [p.name for p in (folder / "done").iterdir()] == ["a.csv"]


def test_the_same_file_again_changes_nothing(filed: City) -> None:
    text = f"工单号,状态,时间\n{NUMBER},签收,2011-07-25 10:00\n"
    answer(filed, text)
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1}
    folder = answer(filed, text)
    assert sync.pull(filed, FILED + 2 * HOUR) == {}
    assert sorted(p.name for p in (folder / "done").iterdir()) == ["a-1.csv", "a.csv"]
    assert [e.move for e in filed.store.tickets.events(NUMBER)] == ["file", "accept"]


def test_killed_before_the_file_is_moved_it_is_read_again_without_effect(
    filed: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = answer(filed, f"工单号,状态,时间\n{NUMBER},签收,2011-07-25 10:00\n")

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("os.replace", die)
    with pytest.raises(Killed):
        sync.pull(filed, FILED + HOUR)
    monkeypatch.undo()
    assert sync.pull(filed, FILED + HOUR + MINUTE) == {}
    assert [p.name for p in folder.iterdir()] == ["done"]
    assert [e.move for e in filed.store.tickets.events(NUMBER)] == ["file", "accept"]


def test_rows_of_one_file_count_in_the_order_of_their_times(filed: City) -> None:
    answer(filed, f"工单号,状态,时间\n{NUMBER},退单,2011-07-25 10:20\n{NUMBER},签收,2011-07-25 10:00\n")
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1, "return": 1}
    assert [e.move for e in filed.store.tickets.events(NUMBER)] == ["file", "accept", "return"]


def test_bad_rows_are_named_by_their_line_and_the_others_count(filed: City) -> None:
    folder = answer(
        filed,
        "工单号,状态,时间,说明\n"
        ",签收,2011-07-25 10:00,\n"
        f'{NUMBER},,2011-07-25 10:00,"两\n行"\n'
        f"{NUMBER},签收,星期八,\n"
        "\n"
        "99999999-0001,签收,2011-07-25 10:00,\n"
        f"{NUMBER},签收,2011-07-25 10:00,\n",
    )
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1, "strange": 1, "problems": 3}
    told = [a.text for a in filed.store.runs.alerts() if a.kind == "office-words"]
    for line in ("第 2 行：没有填写工单号", "第 3 行：没有填写状态", "第 5 行：时间“星期八”看不懂"):
        assert any(line in text for text in told), line
    assert any("99999999-0001" in text for text in told)
    [problems] = (folder / "done").glob("*.problems.txt")
    assert problems.read_text(encoding="utf-8").count("\n") == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_in_any_usual_encoding_is_read(filed: City, encoding: str) -> None:
    answer(filed, f"工单号,状态,时间\n{NUMBER},已签收,2011-07-25 10:00\n", encoding=encoding)
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1}


def test_an_excel_file_with_real_dates_is_read(filed: City) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["number", "status", "time", "note"])
    sheet.append([NUMBER, "签收", datetime(2011, 7, 25, 10, 0), None])
    folder = filed.folder / "office/in"
    folder.mkdir(parents=True)
    book.save(folder / "a.xlsx")
    assert sync.pull(filed, FILED + HOUR) == {"accept": 1}
    assert filed.store.tickets.events(NUMBER)[-1].at == FILED + HOUR / 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"\x00\x01\x02"),
        ("a.csv", "标题,内容\na,b\n".encode()),
        ("a.xlsx", b"no zip at all"),
        ("a.csv", b"\xff\xfe\xff\xff\xff"),
    ],
)
def test_a_file_that_is_no_table_is_laid_aside_and_told(filed: City, name: str, content: bytes) -> None:
    folder = filed.folder / "office/in"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    assert sync.pull(filed, FILED + HOUR) == {"problems": 1}
    assert (folder / "done" / name).read_bytes() == content
    assert sync.pull(filed, FILED + 2 * HOUR) == {}


CLOSED = f"工单号,状态,时间,说明\n{NUMBER},办结,2011-07-25 11:00,已修复\n"


def judged(city: City, when: datetime = FILED + 2 * HOUR) -> None:
    save_thread(city, reply(posted_at=when - MINUTE), read_at=when)
    checking.check(city, when)


def test_a_closing_said_while_the_reply_clock_runs_closes_the_ticket_once_there_is_a_verdict(filed: City) -> None:
    answer(filed, CLOSED)
    assert sync.pull(filed, FILED + HOUR + 30 * MINUTE) == {"held": 1}
    assert state(filed) == "filed"
    assert sync.pull(filed, FILED + HOUR + 31 * MINUTE) == {}
    judged(filed)
    assert sync.pull(filed, FILED + 2 * HOUR + MINUTE) == {"close": 1}, (
        "not only when it is time to look into the folder"
    )
    assert sync.pull(filed, FILED + 3 * HOUR) == {}
    closing = filed.store.tickets.events(NUMBER)[-1]
    assert (state(filed), closing.move) == ("closed", "close")
    assert closing.note == "已修复；2011-07-25 11:00"


def test_a_closing_that_waits_is_not_lost_when_killed_while_it_is_made(
    filed: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(filed, CLOSED)
    sync.pull(filed, FILED + HOUR + 30 * MINUTE)
    judged(filed)

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(lifecycle, "move", die)
    with pytest.raises(Killed):
        sync.pull(filed, FILED + 2 * HOUR + MINUTE)
    monkeypatch.undo()
    assert sync.pull(filed, FILED + 2 * HOUR + 2 * MINUTE) == {"close": 1}


@pytest.mark.parametrize(
    ("then", "at", "closes"),
    [
        ("退单", "2011-07-25 11:10", False),
        ("已受理", "2011-07-25 11:10", False),  # opened again over there
        ("签收", "2011-07-25 10:00", True),  # said late, of before
        ("已答复", "2011-07-25 11:10", True),
    ],
)
def test_a_closing_that_waits_is_over_when_the_office_went_on_with_the_ticket(
    filed: City, then: str, at: str, closes: bool
) -> None:
    answer(filed, CLOSED)
    sync.pull(filed, FILED + HOUR + 30 * MINUTE)
    answer(filed, f"工单号,状态,时间,说明\n{NUMBER},{then},{at},属地不符\n")
    sync.pull(filed, FILED + HOUR + 45 * MINUTE)
    judged(filed)
    sync.pull(filed, FILED + 3 * HOUR)
    assert (state(filed) == "closed") == closes
    told = [e.note for e in filed.store.tickets.events(NUMBER) if "办结" in e.note]
    assert bool(told) != closes


def test_a_return_that_the_office_closes_is_closed_though_its_clock_rests(filed: City) -> None:
    answer(filed, f"工单号,状态,时间,说明\n{NUMBER},退单,2011-07-25 10:00,属地不符\n")
    sync.pull(filed, FILED + HOUR)
    answer(filed, CLOSED)
    assert sync.pull(filed, FILED + 2 * HOUR) == {"close": 1}
    assert state(filed) == "closed"


def test_a_status_explained_later_moves_its_tickets_then(filed: City, make_city: MakeCity) -> None:
    answer(filed, f"工单号,状态,时间\n{NUMBER},处置中,2011-07-25 10:00\n")
    assert sync.pull(filed, FILED + HOUR) == {"strange": 1}
    assert sync.pull(filed, FILED + 2 * HOUR) == {}
    toml = filed.folder / "liandong.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + '[office.statuses]\n"处置中" = "accept"\n', encoding="utf-8")
    filed.store.close()
    explained = open_city(filed.folder)
    assert sync.pull(explained, FILED + 3 * HOUR) == {"accept": 1}
    assert state(explained) == "accepted"
    explained.store.close()


@pytest.mark.parametrize("name", [".a.csv", "~$a.xlsx", "a.csv.part", "a.tmp", "readme.txt"])
def test_what_is_still_being_written_is_left_alone(filed: City, name: str) -> None:
    folder = answer(filed, f"工单号,状态\n{NUMBER},签收\n", name)
    assert sync.pull(filed, FILED + HOUR) == {}
    assert (folder / name).exists()


def test_the_spool_says_what_was_handed_over(filed: City) -> None:
    kept = sorted((filed.folder / "office/out/.kept").glob("*.json"))
    assert [json.loads(p.read_text(encoding="utf-8"))["number"] for p in kept] == [NUMBER, "20110725-0002"]
    assert not list((filed.folder / "office/out/.spool").glob("*.json"))
