"""Rows of a table somebody sends us: CSV (UTF-8, with or without BOM, or GBK), Excel, JSON Lines, under the usual column names."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from data.problem import Problem
from data.spreadsheet import SpreadsheetError, first_sheet

# What offices call their columns. The first name of a field found in the table is the one used.
NAMES: Mapping[str, Sequence[str]] = {
    "title": ("title", "标题", "主题", "留言主题", "留言标题", "诉求标题", "诉求主题", "题目", "subject"),
    "text": (
        *("text", "内容", "详情", "留言详情", "留言内容", "正文", "诉求内容", "诉求详情", "反映内容", "来信内容"),
        *("工单内容", "问题描述", "诉求描述", "描述", "留言", "body", "content", "message", "description"),
    ),
    "category": (
        *("label", "category", "类别", "一级标签", "一级分类", "一级类别", "分类", "标签", "诉求类别", "诉求分类"),
        *("问题类别", "问题分类", "留言类别", "所属类别", "类目", "class"),
    ),
    "kind": ("kind", "诉求类型", "类型"),
    "unit": (
        *("unit", "承办单位", "单位", "主办单位", "办理单位", "责任单位", "处理单位", "答复单位", "回复单位"),
        *(
            "承办部门",
            "主办部门",
            "办理部门",
            "责任部门",
            "处理部门",
            "答复部门",
            "回复部门",
            "部门",
            "department",
            "agency",
        ),
    ),
    "posted_at": (
        *("posted_at", "留言时间", "留言日期", "发帖时间", "来信时间", "来信日期", "提交时间", "诉求时间", "反映时间"),
        *("受理时间", "时间", "日期", "date", "time", "datetime", "created_at"),
    ),
    "sort": ("sort",),
    "urgency": ("urgency", "紧急程度"),
    "is_request": ("is_request", "是否诉求"),
}
SUFFIXES = (".csv", ".xlsx", ".xlsm", ".jsonl", ".ndjson")
SPOILT = 0.01  # share of the characters beyond ASCII that may be
LARGEST_CELL = 200_000  # characters; what is longer is no message


class SampleError(Problem):
    """A file of messages or samples that cannot be used; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Row:
    """One row: its line in the file (from 1, the heading counted), its cells, and what is wrong with it, if anything."""

    line: int
    cells: Mapping[str, Any]
    problem: str = ""


_DAY = re.compile(r"([12]\d{3})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})(?!\d)")
Check = Callable[[Path, Sequence[str]], object]


def read_rows(path: Path, check: Check | None = None) -> Iterator[Row]:
    """The rows of ``path`` by its suffix; a bad row says so in ``problem``. Raises SampleError.

    ``check`` raises where the headings will not do; without it they must name a column of messages.
    """
    readers = {".csv": _csv, ".xlsx": _excel, ".xlsm": _excel, ".jsonl": _jsonl, ".ndjson": _jsonl}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SampleError(f"{path}: 不认识“{path.suffix}”文件；请给 CSV、Excel（.xlsx）或 JSON Lines（.jsonl）")
    if not path.is_file():
        raise SampleError(f"{path}: 没有这个文件")
    try:
        yield from reader(path, check or columns)
    except OSError as error:
        raise SampleError(f"{path}: 读不了这个文件（{error.strerror or error}）") from None


def columns(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Field -> the column of the file that holds it; raises SampleError when there is no column with the text."""
    found = fields(names)
    if "text" not in found and "title" not in found:
        shown = "、".join(str(n)[:20] for n in list(names)[:8])
        raise SampleError(f"{path}: 找不到留言内容这一列（表头是：{shown}）；请把这一列叫作“内容”或 text")
    return found


def fields(names: Sequence[str]) -> dict[str, str]:
    """Field -> the column that holds it, of those there are."""
    plain = {"".join(str(n).split()).lower(): n for n in reversed(names) if n is not None}
    return {f: plain[w] for f, words in NAMES.items() for w in reversed(words) if w in plain}


def message(cells: Mapping[str, Any], found: Mapping[str, str]) -> tuple[str, str]:
    """Title and body of a row."""
    return tuple(clean(cells.get(found[f])) if f in found else "" for f in ("title", "text"))  # type: ignore[return-value]


def day(cells: Mapping[str, Any], found: Mapping[str, str]) -> date | None:
    """The day a row was written, where a column says one that ever was: 2019-01-08, 2019/1/8 9:30, 2019年1月8日, 20190108."""
    said = _DAY.match(clean(cells.get(found["posted_at"]))) if "posted_at" in found else None
    try:
        return date(*map(int, said.groups())) if said else None
    except ValueError:
        return None


def clean(value: object) -> str:
    """A cell as text; nothing is an empty one."""
    return "" if value is None else str(value).replace("\x00", "").strip()


def decode(path: Path) -> str:
    """The text of a file in UTF-8 or UTF-16 with their BOM, UTF-8 or GBK; raises SampleError.

    A few spoilt characters are no other encoding: bytes of UTF-8 may well be read as GBK, and would be nonsense.
    """
    raw = path.read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(raw) % 2 == 0:
        return raw.decode("utf-16", "replace")
    if b"\x00" in raw[:4096]:
        raise SampleError(f"{path}: 不是文本文件；若是 Excel，请用 .xlsx 的后缀")
    for encoding in ("utf-8-sig", "gb18030"):
        text = raw.decode(encoding, "replace")
        if text.count("\ufffd") <= sum(c > "\x7f" for c in text) * SPOILT:  # a table of figures has few that can tell
            return text
    raise SampleError(f"{path}: 既不是 UTF-8 也不是 GBK 编码；请另存为 UTF-8 的 CSV")


def _csv(path: Path, check: Check) -> Iterator[Row]:
    text = decode(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_CELL * 10))
    try:
        heading = next(lines, None)
        if not heading:
            raise SampleError(f"{path}: 是空文件")
        check(path, heading)
        start = lines.line_num + 1
        for cells in lines:
            yield _row(start, heading, cells)
            start = lines.line_num + 1
    except csv.Error as error:
        raise SampleError(f"{path}: 第 {lines.line_num} 行不是 CSV（{error}）") from None


def _delimiter(text: str) -> str:
    """A comma, unless the heading has none and another mark that stands between columns."""
    heading = text.partition("\n")[0]
    return next((mark for mark in ("\t", ";") if "," not in heading and mark in heading), ",")


def _row(line: int, heading: Sequence[str], cells: Sequence[Any]) -> Row:
    named = dict.fromkeys(heading, "") | dict(zip(heading, cells, strict=False))
    if not any(clean(c) for c in cells):
        return Row(line, named, "空行")
    if len(cells) > len(heading):
        return Row(line, named, f"有 {len(cells)} 格，表头只有 {len(heading)} 格（多半是引号没有配对）")
    if any(isinstance(c, str) and len(c) > LARGEST_CELL for c in cells):
        return Row(line, named, f"一格里超过 {LARGEST_CELL} 字")
    return Row(line, named)


def _excel(path: Path, check: Check) -> Iterator[Row]:
    try:
        with first_sheet(path) as lines:
            first = next(lines, None)
            if not first or all(c is None for c in first):
                raise SampleError(f"{path}: 第一张表是空的")
            heading = [clean(c) or f"第{i}列" for i, c in enumerate(first, 1)]
            check(path, heading)
            for number, cells in enumerate(lines, 2):
                yield _row(number, heading, cells)
    except SpreadsheetError as error:
        raise SampleError(f"{path}: {error}") from None


def _jsonl(path: Path, check: Check) -> Iterator[Row]:
    good = False
    for number, line in enumerate(decode(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            cells = None
        if not isinstance(cells, dict):
            yield Row(number, {}, "不是一个 JSON 对象")
            continue
        if not good:
            check(path, list(cells))
            good = True
        yield Row(number, cells)
    if not good:
        raise SampleError(f"{path}: 没有一行是 JSON 对象；JSON Lines 每行一个 {{…}}")
