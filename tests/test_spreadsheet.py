"""What leaves for a spreadsheet is no formula and comes back as it was; an Excel file that would fill the memory is not read."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from classifier import page
from classifier.rows import SampleError, read_rows
from data import tables
from data.spreadsheet import FORMULA, bare, inert

HOSTILE = ["=1+1", " =1+1", "\t=1", "@SUM(A1)", "-2", "＝1", "+86 379"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    assert str(inert(text)) == f"'{text}"
    assert bare(str(inert(text))) == text


@pytest.mark.parametrize("text", ["自来水", "'quoted", "it's", "''", ""])
def test_what_was_no_formula_is_left_alone(text: str) -> None:
    assert (inert(text), bare(text)) == (text, text)


def test_what_is_not_seen_is_left_out_and_numbers_stay_numbers() -> None:
    assert inert("\u200b=1\x00") == "'=1"
    assert inert(-3) == -3


def test_a_reference_table_for_a_spreadsheet_holds_no_formula_and_reads_back_the_same(tmp_path: Path) -> None:
    rows = [{"name": text.strip(), "words": f"{text}|x"} for text in HOSTILE]
    tables.write(tmp_path / "t.csv", "unit", ["name", "words"], rows)
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert not [c for line in csv.reader(file) for c in line if c.startswith(FORMULA)]
    assert [row for _, row in tables.read(tmp_path / "t.csv", "unit", {"name": True, "words": False})] == rows


def test_an_evaluation_for_a_spreadsheet_holds_no_formula(tmp_path: Path) -> None:
    classes = [{"label": text, "rows": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0} for text in HOSTILE]
    page.write({"details": {"classes": classes}}, tmp_path / "e.csv")
    with (tmp_path / "e.csv").open(encoding="utf-8-sig", newline="") as file:
        assert not [c for line in csv.reader(file) for c in line if c.startswith(FORMULA)]


def excel(path: Path, sheet: bytes) -> Path:
    """An Excel file with this text in the place of its first sheet."""
    Workbook().save(path)
    with zipfile.ZipFile(path) as packed:
        parts = {i.filename: packed.read(i) for i in packed.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, content in parts.items():
            packed.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else content)
    return path


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>内容</t></is></c></row>'.encode()


def test_a_small_file_that_would_fill_the_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.spreadsheet.SMALL", 2**20)
    path = excel(tmp_path / "bomb.xlsx", SHEET + ROW + b" " * 4 * 2**20 + b"</sheetData></worksheet>")
    assert path.stat().st_size < 30_000
    with pytest.raises(SampleError, match="里面有 4 MB"):
        list(read_rows(path))
    monkeypatch.undo()
    assert list(read_rows(path)) == []


def test_an_excel_file_that_breaks_off_in_the_middle_is_said_to_be_broken(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="已损坏"):
        list(read_rows(excel(tmp_path / "broken.xlsx", SHEET + ROW + b"<row r='2'><c")))
