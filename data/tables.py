"""One reference table as a file: TOML where entries nest or are few and explained, CSV where an office edits many.

Knows no model: rows are mappings of column to value, and each comes with the words that say where it stands.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from data.problem import Problem
from data.spreadsheet import bare, inert

# With the byte-order mark spreadsheets know a CSV is UTF-8; without it they show Chinese as rubbish.
CSV_ENCODING = "utf-8-sig"


class ReferenceError(Problem):
    """A reference table that cannot be used; the message says which file, which entry, and what to do."""


def read(path: Path, table: str, columns: Mapping[str, bool]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each row of ``path`` and where it stands; ``columns`` says of each column whether it must be filled in.

    Raises ReferenceError for a file that is missing, not UTF-8, not well-formed, or has other columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ReferenceError(f"{path}: 没有这个文件；请从随软件附带的 reference 文件夹复制一份再修改") from None
    except UnicodeDecodeError:
        raise ReferenceError(f"{path}: 不是 UTF-8 编码；请另存为 UTF-8 的文件") from None
    except OSError as error:
        raise ReferenceError(f"{path}: 打不开这个文件（{error.strerror}）；请检查路径和权限") from None
    return _toml_rows(path, text, table) if path.suffix == ".toml" else _csv_rows(path, text, columns)


def write(path: Path, table: str, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write ``rows`` so that ``read`` gives the same again; in TOML what a row leaves out is not written."""
    if path.suffix == ".toml":
        path.write_text(tomlkit.dumps({table: [dict(row) for row in rows]}), encoding="utf-8", newline="\n")
        return
    with path.open("w", encoding=CSV_ENCODING, newline="") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    return str(inert("|".join(value) if isinstance(value, (tuple, list)) else str(value)))


def _toml_rows(path: Path, text: str, table: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ReferenceError(f"{path}: TOML 写法有误（{error}）；请按其中的行号改正") from None
    for name in document:
        if name != table:
            raise ReferenceError(f"{path}: 不认识“{name}”；这个文件里每一条都应以 [[{table}]] 开头")
    rows = document.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ReferenceError(f"{path}: “{table}”应当是一条一条的；请每一条都以 [[{table}]] 开头")
    for i, row in enumerate(rows, 1):
        yield f"第 {i} 条 {row.get('slug') or row.get('name', '')}".rstrip(), row


def _csv_rows(path: Path, text: str, columns: Mapping[str, bool]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_header(path, [name.strip() for name in reader.fieldnames or ()], columns)
        for line in reader:
            where = f"第 {reader.line_num} 行"
            if None in line:
                raise ReferenceError(f"{path}: {where} 的格子比表头多；请检查是否多了逗号或少了引号")
            cells = {name.strip(): bare(value or "") for name, value in line.items()}
            # An empty cell means the default, where there is one.
            yield where, {name: value for name, value in cells.items() if value.strip() or columns[name]}
    except csv.Error as error:
        raise ReferenceError(f"{path}: 第 {reader.line_num} 行附近 CSV 写法有误（{error}）；请检查引号") from None


def _check_header(path: Path, header: list[str], columns: Mapping[str, bool]) -> None:
    if missing := [name for name, needed in columns.items() if needed and name not in header]:
        raise ReferenceError(f"{path}: 第 1 行（表头）缺少 {'、'.join(missing)} 这一栏；请补上")
    if unknown := [name for name in header if name not in columns]:
        raise ReferenceError(
            f"{path}: 第 1 行（表头）的“{'、'.join(unknown)}”不认识；请改成 {'、'.join(columns)} 之一，或删去"
        )
    if len(set(header)) < len(header):
        raise ReferenceError(f"{path}: 第 1 行（表头）有重复的栏名；请每一栏只保留一个")
