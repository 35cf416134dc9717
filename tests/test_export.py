"""The report as files people send: whole, true to the tickets, and harmless when opened."""

from __future__ import annotations

import csv
import json
import os
import re
import zipfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from lxml import etree

from data.city import City
from data.problem import Problem
from data.records import Verdict, VerdictName
from desk import charts, export
from desk.briefing import WEIBO, paragraphs, period, traced, weibo
from desk.columns import COLUMNS, place, share
from tests.build import DUE, FILED, HOUR, MINUTE, at, save_thread, save_ticket
from ticketing.ranking import rate
from ticketing.reports import LatencyReport, latency

# Charts need a font with Chinese letters; CI installs one, and there nothing is skipped.
lettered = pytest.mark.skipif(bool(charts.missing()) and not os.environ.get("CI"), reason=charts.missing() or "-")
pytestmark = lettered
HOSTILE = '=HYPERLINK("http://evil.example","点我")'
NOW = FILED + 30 * HOUR


@pytest.fixture
def report(city: City) -> LatencyReport:
    """Three tickets: answered in an hour, answered in five, not answered; one has a hostile title."""
    for i, (name, after) in enumerate((("on_time", 1), ("late", 5), ("overdue", None)), 1):
        number, thread = f"20110725-000{i}", str(100 + i)
        save_thread(city, thread=thread, title=HOSTILE)
        save_ticket(city, number=number, thread=thread, title=HOSTILE)
        when = FILED + after * HOUR if after else None
        latency_ = after * 3600.0 if after else None
        verdict = Verdict(number, NOW, VerdictName(name), reply_at=when, latency=latency_, answered_at=when)
        with city.store.transaction():
            city.store.tickets.add_verdict(verdict)
    return latency(city, NOW, at("2011-07-25 00:00"), at("2011-07-27 00:00"))


def test_every_kind_of_file_is_written_whole(city: City, report: LatencyReport, tmp_path: Path) -> None:
    for suffix in ("xlsx", "csv", "json", "html", "docx", "txt"):
        export.write(city, report, tmp_path / f"r.{suffix}")
        assert (tmp_path / f"r.{suffix}").stat().st_size > 50
    left = {p.name for p in tmp_path.iterdir()} - {"liandong.toml", "liandong.db", "liandong.db-wal", "liandong.db-shm"}
    assert left == {f"r.{s}" for s in ("xlsx", "csv", "json", "html", "docx", "txt")}


def test_another_suffix_is_refused_with_those_there_are(city: City, report: LatencyReport, tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"\.xlsx"):
        export.write(city, report, tmp_path / "r.pdf")


def test_a_failed_write_leaves_the_file_that_was_there(
    city: City, report: LatencyReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r.json").write_text("old", encoding="utf-8")
    monkeypatch.setattr(export, "as_json", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export.write(city, report, tmp_path / "r.json")
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == "old"
    assert not list(tmp_path.glob(".r-*"))


def test_no_cell_of_the_excel_file_is_a_formula(city: City, report: LatencyReport, tmp_path: Path) -> None:
    export.write(city, report, tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert any(isinstance(c.value, str) and "HYPERLINK" in c.value for c in cells)
    assert not [c for c in cells if isinstance(c.value, str) and c.value[:1] in "=+@" and len(c.value) > 1]


# What opens as a formula, ends a piece of markup, cannot stand in a cell, or turns the text around it.
WORST = [
    "=cmd|' /C calc'!A0", " =1+1", "\u200b=1+1", "\ufeff@SUM(A1)", "\t+1", "＝1+1", "\x00\x0b-1\x1b", "\u202e]]><script>alert(1)</script>",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["xlsx", "csv", "html", "docx", "txt", "json"])
def test_the_worst_titles_and_names_do_nothing_in_any_file(city: City, tmp_path: Path, kind: str) -> None:
    for i, title in enumerate(WORST):
        save_thread(city, thread=f"9{i}", title=title)
        save_ticket(city, number=f"20110725-09{i:02}", thread=f"9{i}", title=title)
    with city.store.transaction():
        tables = city.reference()
        units = tuple(u.model_copy(update={"name": f"{WORST[0]}{WORST[-1]}{u.name}"}) for u in tables.units)
        boards = tuple(b.model_copy(update={"name": WORST[1] + WORST[-1]}) for b in tables.boards)
        city.store.reference.save(tables.model_copy(update={"units": units, "boards": boards}))
    path = tmp_path / f"r.{kind}"
    export.write(city, latency(city, NOW), path)
    words: list[str] = []
    if kind == "xlsx":
        cells = [c for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for c in row]
        assert not [c for c in cells if c.data_type == "f"]
        words = [c.value for c in cells if isinstance(c.value, str)]
    elif kind == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            words = [cell for row in csv.reader(file) for cell in row]
    else:
        with zipfile.ZipFile(path) if kind == "docx" else nullcontext() as package:
            text = package.read("word/document.xml").decode() if package else path.read_text(encoding="utf-8")
        assert kind == "json" or "<script" not in text
        assert kind != "docx" or etree.fromstring(text.encode()) is not None
    assert not [w for w in words if w.lstrip()[:1] in (*"=+@", *"＝＋－＠", "\t") and len(w) > 1]
    assert not [w for w in words if "\u202e" in w]


def test_the_excel_file_holds_each_ticket_behind_the_numbers(city: City, report: LatencyReport, tmp_path: Path) -> None:
    export.write(city, report, tmp_path / "r.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["工单"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert {(r[0], r[8], r[9]) for r in rows} == {
        ("20110725-0001", "按时", 1),
        ("20110725-0002", "超时答复", 5),
        ("20110725-0003", "逾期未答", None),
    }


def test_the_csv_has_a_line_for_every_line_of_every_table(city: City, report: LatencyReport, tmp_path: Path) -> None:
    export.write(city, report, tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {r["分组"] for r in rows} == {"全部", "承办单位", "论坛", "类别", "区县", "时段"}
    assert rows[0]["交办"] == "3"
    assert float(rows[0]["按时答复率"]) == pytest.approx(1 / 3)


def test_the_json_names_the_tickets_of_each_verdict_once(city: City, report: LatencyReport, tmp_path: Path) -> None:
    export.write(city, report, tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    numbers = [n for tickets in found["tickets"].values() for n in tickets]
    assert sorted(numbers) == ["20110725-0001", "20110725-0002", "20110725-0003"]
    assert found["overall"]["median"] == 5 * 3600
    assert [c["name"] for c in found["comparisons"]] == ["环比", "同比"]


def test_the_briefing_has_three_paragraphs_two_charts_and_its_tickets(
    city: City, report: LatencyReport, tmp_path: Path
) -> None:
    export.write(city, report, tmp_path / "r.docx")
    document = Document(str(tmp_path / "r.docx"))
    text = "\n".join(p.text for p in document.paragraphs)
    assert len(document.inline_shapes) == 2
    for paragraph in paragraphs(city, report):
        assert paragraph in text
    assert "20110725-0003" in text
    assert "33%（1/3，样本少）" in text


@pytest.mark.parametrize(("within", "named"), [(2, True), (11, False)])
def test_the_briefing_names_a_unit_only_where_chance_cannot_have_done_it(
    city: City, report: LatencyReport, within: int, named: bool
) -> None:
    whole = replace(report.overall, within=150, late=30, overdue=20)
    unit = replace(report.overall, name="市园林局", within=within, late=20 - within, overdue=0)
    text = paragraphs(city, replace(report, overall=whole, by_unit=(unit,)))[1]
    assert ("明显低于全市的是市园林局" in text) is named


def test_a_report_of_all_there_is_begins_with_the_day_of_the_first_filing(city: City, report: LatencyReport) -> None:
    assert period(city, replace(report, since=None, until=None)).startswith("按交办时间，2011-07-25 至 2011-07-26 ")


def test_every_headline_number_is_the_count_of_its_tickets(report: LatencyReport) -> None:
    counts = {name: len(numbers) for name, numbers in traced(report)}
    r = report.overall
    expected = (r.within, r.late, r.overdue, r.open, r.unverifiable, r.withdrawn, r.returned, r.reopened)
    assert tuple(counts.values()) == expected
    assert sum(list(counts.values())[:6]) == r.filed


def test_the_short_text_fits_and_holds_the_numbers(city: City, report: LatencyReport) -> None:
    text = weibo(city, report)
    assert len(text) <= WEIBO
    assert "1/3" in text


def test_the_printed_page_escapes_what_citizens_wrote_and_needs_nothing_from_elsewhere(
    city: City, report: LatencyReport, tmp_path: Path
) -> None:
    export.write(city, report, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert page.count("<img") == 2
    assert "<script" not in page


def test_the_same_report_is_the_same_chart(report: LatencyReport) -> None:
    assert charts.units(report.by_unit) == charts.units(report.by_unit)
    assert charts.waiting(report.facts) == charts.waiting(report.facts)


def test_a_machine_without_chinese_letters_says_what_to_install(
    report: LatencyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    charts._chinese.cache_clear()
    monkeypatch.setattr(charts, "FONTS", ("No Such Font",))
    with pytest.raises(Problem, match="fonts-noto-cjk"):
        charts.units(report.by_unit)
    charts._chinese.cache_clear()


def test_an_empty_report_can_be_written_too(city: City, tmp_path: Path) -> None:
    empty = latency(city, NOW)
    for suffix in ("xlsx", "csv", "json", "html", "docx", "txt"):
        export.write(city, empty, tmp_path / f"r.{suffix}")


def test_no_rate_is_a_bare_per_cent(report: LatencyReport) -> None:
    for column in COLUMNS:
        text = column.text(report.overall)
        assert "%" not in text or re.search(r"\d+/\d+", text), column.name
    assert share(rate(0, 0)) == "—（0/0）"


def test_places_are_shown_as_the_range_they_are() -> None:
    assert (place((2, 5)), place((1, 1)), place(None)) == ("2–5", "1", "—")


def test_times_in_the_tables_are_honest_about_the_silent(report: LatencyReport) -> None:
    assert report.overall.first.value == 5 * 3600  # of three, one is still silent
    assert report.overall.naive == 3 * 3600  # the answered alone look faster
    assert DUE + MINUTE < NOW
