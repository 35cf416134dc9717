"""Reads the tables an office system leaves in a folder: which ticket, its state over there, since when, and why."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from classifier.rows import SampleError, clean, decode
from data.spreadsheet import SpreadsheetError, bare, first_sheet
from ticketing.office.words import Word, Words, moment

# What such systems call their columns; the first name of a field found in the table is the one used.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("工单号", "联动工单号", "number", "external_id"),
    "office_id": ("办公编号", "系统编号", "受理编号", "office_id", "service_request_id"),
    "status": ("状态", "办理状态", "status"),
    "time": ("时间", "办理时间", "更新时间", "time", "updated_datetime"),
    "note": ("说明", "备注", "原因", "办理意见", "note", "status_notes"),
}
NEEDED = ("number", "status")
LARGEST = 20 * 1024 * 1024  # bytes


def waiting(folder: Path) -> list[Path]:
    """The files to read, oldest name first; what is hidden or still being written (.part, .tmp, ~$) waits."""
    if not folder.is_dir():
        return []
    found = (p for p in folder.iterdir() if p.is_file() and not p.name.startswith((".", "~")))
    return sorted(p for p in found if p.suffix.lower() in (".csv", ".xlsx"))


def read(path: Path, zone: ZoneInfo, now: datetime) -> Words:
    """The words of one file, and a sentence with the line for each row that is none; ``kept`` moves it to ``done/``."""
    words: list[Word] = []
    problems: list[str] = []
    try:
        for line, cells in _rows(path):
            found = _word(cells, zone, now)
            if isinstance(found, Word):
                words.append(found)
            else:
                problems.append(f"{path.name} 第 {line} 行：{found}")
    except SampleError as error:
        problems.append(str(error))
    except OSError as error:
        return Words((), (f"{path.name} 读不了（{error.strerror}）；下一轮再读",))
    words.sort(key=lambda w: w.at or now)
    return Words(tuple(words), tuple(problems), partial(_done, path, tuple(problems)))


def _word(cells: Mapping[str, str], zone: ZoneInfo, now: datetime) -> Word | str:
    for field in NEEDED:
        if not cells.get(field):
            return f"没有填写{COLUMNS[field][0]}"
    time = cells.get("time", "")
    at = moment(time, zone, now) if time else None
    if time and at is None:
        return f"时间“{time[:30]}”看不懂；请写成 2011-07-25 09:30"
    note = cells.get("note", "")[:500]
    return Word(cells["number"][:40], cells["status"][:40], time[:40], at, note, "", cells.get("office_id", "")[:100])


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line from 1, field -> text). Raises SampleError when the file is no table with the columns needed."""
    if path.stat().st_size > LARGEST:
        raise SampleError(f"{path.name}: 超过 {LARGEST // 2**20} MB，没有读")
    lines = _excel(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    _, heading = next(lines, (0, []))
    plain = {clean(name).lower(): i for i, name in reversed(list(enumerate(heading)))}
    places = {f: plain[n] for f, names in COLUMNS.items() for n in reversed(names) if n in plain}
    for field in NEEDED:
        if field not in places:
            raise SampleError(f"{path.name}: 没有“{COLUMNS[field][0]}”这一列；表头应有：工单号、状态、时间、说明")
    for line, cells in lines:
        found = {f: _text(cells[i]) for f, i in places.items() if i < len(cells)}
        if any(found.values()):
            yield line, found


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return bare(clean(cell))


def _csv(path: Path) -> Iterator[tuple[int, list[Any]]]:
    lines = csv.reader(io.StringIO(decode(path), newline=""))
    while True:
        start = lines.line_num + 1
        try:
            yield start, next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            raise SampleError(f"{path.name} 第 {start} 行：不是 CSV（{error}）；其后各行没有读") from None


def _excel(path: Path) -> Iterator[tuple[int, list[Any]]]:
    try:
        with first_sheet(path) as lines:
            for line, cells in enumerate(lines, 1):
                yield line, list(cells)
    except SpreadsheetError as error:
        raise SampleError(f"{path.name}: {error}") from None


def _done(path: Path, problems: tuple[str, ...]) -> None:
    """Out of the way, beside a list of what was wrong with it; a name used before gets a number."""
    done = path.parent / "done"
    done.mkdir(exist_ok=True)
    name, n = done / path.name, 1
    while name.exists():
        name, n = done / f"{path.stem}-{n}{path.suffix}", n + 1
    if problems:
        name.with_name(name.name + ".problems.txt").write_text("\n".join(problems) + "\n", encoding="utf-8")
    os.replace(path, name)
