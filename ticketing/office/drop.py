"""Files tickets through folders: a table of new filings for the office system to fetch, a table of answers to read back.

A filing is first spooled under its number, and all that were spooled in one turn leave as one file, which is never
touched again. Spooled rows are kept, so that the spool can always be asked what was handed over:

    out/.spool/NUMBER.json   waits for the end of the turn
    out/.kept/NUMBER.json    handed over
    out/.ready/NAME          whole and on its way: renaming it into out/ is what hands it over
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from data.city import City
from data.outward import OfficeTable
from data.records import OutboxEntry, Ticket
from data.spreadsheet import inert, save
from ticketing.attempt import Attempt, Result
from ticketing.office import answers
from ticketing.office.facts import facts
from ticketing.office.words import Words

MARK = "handed-over"  # unix seconds of the last hand-over
# Heading -> the fact below it.
COLUMNS: Mapping[str, str] = {
    "工单号": "number",
    "诉求类型": "kind",
    "类别": "category",
    "来源": "source",
    "联系方式": "contact",
    "承办单位": "unit",
    "交办时间": "filed_at",
    "要求办结时间": "due_at",
    "紧急程度": "urgency",
    "标题": "title",
    "内容": "text",
    "链接": "url",
}


def file(city: City, table: OfficeTable, entry: OutboxEntry) -> Attempt:
    """Spool one filing, unless that was done before; the office's number is not known yet, so ours stands for it."""
    number, out = str(entry.payload["number"]), _out(city, table)
    spooled = out / ".spool" / f"{number}.json"
    try:
        if not spooled.exists() and not (out / ".kept" / spooled.name).exists():
            _write(spooled, json.dumps(dict(facts(city, entry)), ensure_ascii=False).encode())
    except OSError as error:
        return Attempt(Result.RETRY, error=f"写不进投递目录 {out}（{error.strerror}）；请检查磁盘和权限")
    return Attempt(Result.SENT, answer=number)


def finish(city: City, table: OfficeTable, now: datetime) -> int:
    """Hand over everything spooled as one file; returns how many filings it holds.

    The store's write lock keeps two processes from doing so at once. Killed at any step, the next call goes on where
    this one stopped: a file in ``.ready`` is whole, and its rows are in it.
    """
    out = _out(city, table)
    if not any((out / ".spool").glob("*.json")) and not any((out / ".ready").glob("filings-*")):
        return 0
    with city.store.transaction():  # a commit that is waited for, and with it that these tickets began
        city.store.runs.set_mark(MARK, int(now.timestamp()))
    with city.store.transaction():
        for broken in (out / ".ready").glob("*.part"):
            broken.unlink()  # of a writing that was cut short; its rows are spooled still
        handed = _hand_over(out)
        rows = sorted((out / ".spool").glob("*.json"))
        if rows:
            drop = table.drop
            name = f"filings-{now.astimezone(city.zone):%Y%m%d-%H%M%S}-{rows[0].stem}.{drop.file}"
            _table([json.loads(row.read_text(encoding="utf-8")) for row in rows], out / ".ready" / name, drop.encoding)
            handed += _hand_over(out)
    return handed


def _hand_over(out: Path) -> int:
    """Let a whole file go: its rows are laid aside first, or they could go out a second time."""
    ready = sorted(p for p in (out / ".ready").glob("filings-*") if p.suffix != ".part")
    if not ready:
        return 0
    rows = list((out / ".spool").glob("*.json"))
    listed = set(json.loads((out / ".ready" / "rows.json").read_text(encoding="utf-8")))
    (out / ".kept").mkdir(exist_ok=True)
    for row in rows:
        if row.stem in listed:
            os.replace(row, out / ".kept" / row.name)
    for folder in (".kept", ".spool", ".ready"):
        _sync(out / folder)  # a power cut after the hand-over must not bring a row back into the spool
    for path in ready:
        os.replace(path, out / path.name)
    _sync(out)
    return len(listed)


def _table(filings: Sequence[Mapping[str, str]], path: Path, encoding: str) -> None:
    """Write the table and, before it counts as whole, which filings are in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path.parent / "rows.json", json.dumps([f["number"] for f in filings]).encode())
    part = path.with_name(path.name + ".part")
    rows = [[str(inert(f[fact])) for fact in COLUMNS.values()] for f in filings]
    if path.suffix == ".xlsx":
        _excel(rows, part)
    else:
        with part.open("w", encoding=encoding, errors="replace", newline="") as lines:
            csv.writer(lines).writerows([list(COLUMNS), *rows])
    with part.open("rb+") as whole:
        os.fsync(whole.fileno())
    os.replace(part, path)


def _excel(rows: Sequence[Sequence[str]], path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("交办")
    for row in [list(COLUMNS), *rows]:
        sheet.append(row)
    save(book, path)


def pull(city: City, table: OfficeTable, tickets: Sequence[Ticket], now: datetime) -> Iterator[Words]:
    """What stands in the files of the folder ``back``, a batch a file; a file that was kept goes to ``done/``."""
    finish(city, table, now)  # what a killed turn left in the spool
    folder = city.folder / table.drop.back
    for path in answers.waiting(folder):
        yield answers.read(path, city.zone, now)


def _out(city: City, table: OfficeTable) -> Path:
    return city.folder / table.drop.out


def _write(path: Path, content: bytes) -> None:
    """The whole file or none, there also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """A rename is there after a power cut only once its folder was written; systems that cannot do so are passed over."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(number)
    finally:
        os.close(number)
