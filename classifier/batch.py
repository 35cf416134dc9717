"""A file of messages in, the same rows with suggestions out: CSV, Excel or JSON Lines, the output's kind by its suffix.

Cells that a spreadsheet would run as a formula are made inert by an apostrophe, in what we add and in what we were given.
"""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classifier.rows import SampleError, columns, message, read_rows
from classifier.suggest import Suggester
from data.records import Post, Suggestion

BATCH = 512
ADDED = (
    *("is_request", "kind", "category", "category_p", "category_2", "category_3"),
    *("unit", "unit_p", "unit_2", "unit_3", "urgency", "contacts", "place", "reasons", "needs_person"),
)
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
# What no cell may hold, and what turns the text around it or hides before a formula.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
CELL = 32_000  # characters an Excel cell can hold, nearly

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Summary:
    """How many rows were classified, and a sentence for each that could not be."""

    rows: int
    problems: tuple[str, ...]


def classify_file(
    inp: Path, out: Path, suggester: Suggester, now: datetime | None = None, progress: Progress | None = None
) -> Summary:
    """Write ``inp``'s rows with the columns ADDED to ``out``, whole or not at all. Raises SampleError."""
    writer = {".csv": _csv, ".xlsx": _excel, ".jsonl": _jsonl, ".ndjson": _jsonl}.get(out.suffix.lower())
    if writer is None:
        raise SampleError(f"{out}: 不会写“{out.suffix}”文件；请用 .csv、.xlsx 或 .jsonl")
    problems: list[str] = []
    rows = _classified(inp, suggester, now or datetime.now(UTC), problems, progress)
    try:
        return Summary(_written(out, writer, rows), tuple(problems))
    except OSError as error:
        raise SampleError(f"{out}: 写不了这个文件（{error.strerror or error}）") from None


def added(s: Suggestion) -> dict[str, Any]:
    """A suggestion as the columns ADDED."""
    categories, units = [c.name for c in s.categories], [u.name for u in s.units]
    return {
        "is_request": s.is_request,
        "kind": s.kind.value,
        "category": s.category,
        "category_p": round(s.categories[0].p, 4),
        "category_2": _nth(categories, 1),
        "category_3": _nth(categories, 2),
        "unit": _nth(units, 0),
        "unit_p": round(s.units[0].p, 4) if units else 0.0,
        "unit_2": _nth(units, 1),
        "unit_3": _nth(units, 2),
        "urgency": s.urgency.value,
        "contacts": "；".join(f"{c.kind} {c.text}" for c in s.contacts),
        "place": s.place or "",
        "reasons": "，".join(f"{r.word} {r.weight:.0%}" for r in s.reasons),
        "needs_person": s.needs_person,
    }


def inert(value: object) -> object:
    """A cell no spreadsheet takes for a formula, without what is not seen; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = _UNSEEN.sub("", value)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def _nth(names: Sequence[str], n: int) -> str:
    return names[n] if len(names) > n else ""


def _classified(
    inp: Path, suggester: Suggester, now: datetime, problems: list[str], progress: Progress | None
) -> Iterator[dict[str, Any]]:
    waiting: list[tuple[Mapping[str, Any], Post]] = []
    done = 0
    for row in read_rows(inp):
        title, body = ("", "") if row.problem else message(row.cells, columns(inp, list(row.cells)))
        if row.problem or not (title or body):
            problems.append(f"{inp.name} 第 {row.line} 行：{row.problem or '没有内容'}，已跳过")
            continue
        waiting.append((row.cells, Post("", str(row.line), "", "", title, None, now, body)))
        if len(waiting) == BATCH:
            yield from _rows(waiting, suggester, now)
            done += len(waiting)
            waiting = []
            if progress:
                progress(done)
    yield from _rows(waiting, suggester, now)
    if progress:
        progress(done + len(waiting))


def _rows(
    waiting: Sequence[tuple[Mapping[str, Any], Post]], suggester: Suggester, now: datetime
) -> Iterator[dict[str, Any]]:
    suggestions = suggester.suggest([post for _, post in waiting], now)
    for (cells, _), suggestion in zip(waiting, suggestions, strict=True):
        ours = added(suggestion)
        # a column of theirs that is called like one of ours is kept, under another name
        yield {(f"{k}_input" if k in ours else str(k)): v for k, v in cells.items()} | ours


def _written(out: Path, writer: Callable[[Path, Iterable[dict[str, Any]]], int], rows: Iterator[dict[str, Any]]) -> int:
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, suffix=out.suffix)
    os.close(handle)
    try:
        count = writer(Path(name), rows)
        os.replace(name, out)
        return count
    finally:
        Path(name).unlink(missing_ok=True)


def _csv(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    count, writer = 0, None
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # Excel knows UTF-8 by its BOM only
        for row in rows:
            count += 1
            if writer is None:
                writer = csv.DictWriter(file, [str(inert(k)) for k in row], restval="", extrasaction="ignore")
                writer.writeheader()
            writer.writerow({str(inert(k)): inert(_flat(v)) for k, v in row.items()})
        if writer is None:
            csv.writer(file).writerow(ADDED)
    return count


def _excel(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("分类结果")
    count, heading = 0, list(ADDED)
    for count, row in enumerate(rows, 1):
        if count == 1:
            heading = list(row)
            sheet.append([inert(k) for k in heading])
        cells = (_flat(row.get(k, "")) for k in heading)
        sheet.append([inert(c[:CELL] if isinstance(c, str) else c) for c in cells])
    if not count:
        sheet.append(heading)
    book.save(path)
    return count


def _jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            count += 1
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
    return count


def _flat(value: object) -> object:
    """A cell's value: lists and objects of JSON Lines as JSON."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else value
