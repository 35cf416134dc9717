"""Tables that leave for a spreadsheet program or come from one: no cell is run as a formula, no small file fills the memory."""

from __future__ import annotations

import errno
import gc
import io
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.problem import Problem

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
# What no cell may hold, and what turns the text around it or hides before a formula.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
# An Excel file is packed; four megabytes may hold a thousand times as much. What an office writes packs ten to forty times.
SMALL, LARGEST, PACKED = 64 * 2**20, 2**30, 100
BROKEN = "不是 Excel 文件，或已损坏；请用 Excel 另存为 .xlsx"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, SyntaxError)  # XML that is none is a SyntaxError to every parser


class SpreadsheetError(Problem):
    """An Excel file that cannot be read; the message says why and what to do, and leaves its name to the caller."""


def inert(value: object) -> object:
    """A cell no spreadsheet takes for a formula, without what is not seen; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = _UNSEEN.sub("", value)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def bare(cell: str) -> str:
    """The inverse of ``inert``: a cell without the mark that keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and inert(cell[1:]) == cell else cell


def save(book: Any, path: Path) -> None:
    """Write a workbook of openpyxl's. Raises OSError, also where its own temporary files find no room.

    Its archive is made in memory: on a full disk it would be left half written, to be closed in nobody's hands.
    """
    from lxml.etree import SerialisationError

    kept, failed = io.BytesIO(), 0
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None  # a failed writer fails once more when it is let go
    try:
        book.save(kept)
    except SerialisationError as error:  # "IO_ENOSPC"
        failed = getattr(errno, str(error).removeprefix("IO_"), errno.EIO)
    finally:
        if failed:
            gc.collect()
        sys.unraisablehook = hook
    if failed:
        raise OSError(failed, os.strerror(failed), str(path))
    path.write_bytes(kept.getvalue())


@contextmanager
def first_sheet(path: Path) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rows of the first sheet, one at a time, formulas as what they last came to. Raises SpreadsheetError."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with path.open("rb") as file:  # openpyxl leaves a broken one open
        try:
            _look_inside(path)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except (*_BROKEN, KeyError, ValueError, TypeError, InvalidFileException):
            raise SpreadsheetError(BROKEN) from None
        try:
            yield book.worksheets[0].iter_rows(values_only=True)
        except _BROKEN:  # rows are unpacked as they are asked for
            raise SpreadsheetError(BROKEN) from None
        finally:
            book.close()


def _look_inside(path: Path) -> None:
    with zipfile.ZipFile(path) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > min(LARGEST, max(SMALL, PACKED * path.stat().st_size)):
        raise SpreadsheetError(f"里面有 {size // 2**20} MB，不像一张登记表，没有读；请分成几个文件，或存成 CSV")
