"""A file of messages in, the same rows with suggestions out: CSV, Excel or JSON Lines, the output's kind by its suffix.

Cells that a spreadsheet would run as a formula are made inert by an apostrophe, in what we add and in what we were given.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from classifier.names import Shown
from classifier.rows import Row, SampleError, clean, day, fields, message, read_rows
from classifier.suggest import ZONE, Suggester
from data.records import Post, Suggestion
from data.spreadsheet import inert

BATCH = 512
ADDED = (
    *("is_request", "kind", "category", "category_p", "category_2", "category_3"),
    *("unit", "unit_p", "unit_2", "unit_3", "urgency", "contacts", "place", "reasons", "needs_person"),
    *("category_sure", "category_2_p", "category_3_p", "detail", "unit_2_p", "unit_3_p"),
)
CELL = 32_000  # characters an Excel cell can hold, nearly

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Summary:
    """How many rows were classified, and a sentence for each that was not."""

    rows: int
    problems: tuple[str, ...]


def classify_file(
    inp: Path, out: Path, suggester: Suggester, now: datetime | None = None, progress: Progress | None = None
) -> Summary:
    """Write ``inp``'s rows with the columns ADDED to ``out``, whole or not at all. Raises SampleError."""
    writer = {".csv": _csv, ".xlsx": _excel, ".jsonl": _jsonl, ".ndjson": _jsonl}.get(out.suffix.lower())
    if writer is None:
        raise SampleError(f"{out}: 不会写“{out.suffix}”文件；请用 .csv、.xlsx 或 .jsonl")
    problems: list[_Trouble] = []
    read = read_rows(inp) if writer is _jsonl else _even(inp)
    rows = _classified(inp.name, read, suggester, now or datetime.now(UTC), problems, progress)
    try:
        written = _written(out, writer, rows)
    except OSError as error:
        raise SampleError(f"{out}: 写不了这个文件（{error.strerror or error}）") from None
    return Summary(
        written - sum(p.kept for p in problems), tuple(str(p) for p in sorted(problems, key=lambda p: p.row.line))
    )


@dataclass(frozen=True)
class _Trouble:
    """A row that was not classified; ``kept``: it stands in the output all the same."""

    file: str
    row: Row
    why: str
    kept: bool

    def __str__(self) -> str:
        return f"{self.file} 第 {self.row.line} 行：{self.why}，{'没有分类' if self.kept else '已跳过'}"


def added(s: Suggestion, shown: Shown, sure: float | None) -> dict[str, Any]:
    """A suggestion as the columns ADDED, labels as people call them (``shown``).

    ``sure``: the probability from which a category may be believed without a person, None: never. ``detail`` is the
    second-level category, where the classifier names one.
    """
    first = [(shown("category", c.name), round(c.p, 4)) for c in s.categories]
    units = [(shown("unit", u.name), round(u.p, 4)) for u in s.units]
    (category, category_p), second, third = (_nth(first, n) for n in range(3))
    (unit, unit_p), unit_2, unit_3 = (_nth(units, n) for n in range(3))
    return {
        "is_request": s.is_request,
        "kind": s.kind.value,
        "category": category,
        "category_p": category_p,
        "category_2": second[0],
        "category_3": third[0],
        "unit": unit,
        "unit_p": unit_p,
        "unit_2": unit_2[0],
        "unit_3": unit_3[0],
        "urgency": s.urgency.value,
        "contacts": "；".join(f"{c.kind} {c.text}" for c in s.contacts),
        "place": s.place or "",
        "reasons": "，".join(f"{r.word} {r.weight:.0%}" for r in s.reasons),
        "needs_person": s.needs_person,
        "category_sure": sure is not None and s.categories[0].p >= sure,
        "category_2_p": second[1],
        "category_3_p": third[1],
        "detail": shown("detail", s.category) if s.category != s.categories[0].name else "",
        "unit_2_p": unit_2[1],
        "unit_3_p": unit_3[1],
    }


def _nth(choices: Sequence[tuple[str, float]], n: int) -> tuple[str, float]:
    return choices[n] if len(choices) > n else ("", 0.0)


def _even(inp: Path) -> Iterator[Row]:
    """The rows, each with every column: an object of JSON Lines may have what the first has not."""
    if inp.suffix.lower() not in (".jsonl", ".ndjson"):
        return read_rows(inp)
    every = {key: "" for row in read_rows(inp) for key in row.cells}
    return (replace(row, cells=every | dict(row.cells)) if row.cells else row for row in read_rows(inp))


def _classified(
    name: str,
    rows: Iterator[Row],
    suggester: Suggester,
    now: datetime,
    problems: list[_Trouble],
    progress: Progress | None,
) -> Iterator[dict[str, Any]]:
    done = 0
    while some := list(islice(rows, BATCH)):
        empty = [row for row in some if not any(clean(cell) for cell in row.cells.values())]
        problems += [_Trouble(name, row, row.problem or "空行", False) for row in empty]
        kept = [row for row in some if row not in empty] if empty else some
        yield from _rows(name, kept, suggester, now, problems)
        done += len(kept)
        if progress:
            progress(done)


def _rows(
    name: str, rows: Sequence[Row], suggester: Suggester, now: datetime, problems: list[_Trouble]
) -> Iterator[dict[str, Any]]:
    """Every row of theirs, also one that nothing can be said about: who compares by position must not be misled."""
    told = [_read(row) for row in rows]
    posts = [
        Post("", str(row.line), "", "", title, None, _posted(row, now), body)
        for row, (title, body, why) in zip(rows, told, strict=True)
        if not why
    ]
    suggestions = iter(suggester.suggest(posts, now))
    for row, (_, _, why) in zip(rows, told, strict=True):
        if why:
            problems.append(_Trouble(name, row, why, True))
            ours = {**dict.fromkeys(ADDED, ""), "needs_person": why}
        else:
            ours = added(next(suggestions), suggester.shown, suggester.sure)
        # a column of theirs that is called like one of ours is kept, under another name
        yield {(f"{k}_input" if k in ours else str(k)): v for k, v in row.cells.items()} | ours


def _read(row: Row) -> tuple[str, str, str]:
    """Title and body of a row, and why nothing can be said about it."""
    title, body = message(row.cells, fields(list(row.cells)))
    return title, body, row.problem or ("" if title or body else "没有内容")


def _posted(row: Row, now: datetime) -> datetime:
    """Noon of the day a row was written, whose units are then suggested; ``now`` where it does not say."""
    written = day(row.cells, fields(list(row.cells)))
    return datetime.combine(written, time(12), ZONE) if written else now


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
