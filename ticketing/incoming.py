"""Calls, letters and messages that come in a file: into the same queue as posts, once each.

They have no thread to watch, so only the completion clock runs for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from classifier.rows import clean, columns, message, read_rows
from data.city import City
from data.records import Post, Read, ReadOutcome, Thread
from spiders.text import parse_time

BOARD = "import"  # stands where posts name their board
SOURCE = ("来源", "source", "渠道")
TIME = ("posted_at", "时间", "来电时间", "留言时间", "日期", "登记时间", "time", "date")
NUMBER = ("id", "编号", "工单号", "留言编号", "序号")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's rows."""

    added: int
    known: int
    problems: tuple[str, ...]


def take_in(city: City, file: Path, now: datetime, source: str | None = None) -> Imported:
    """Put every row of ``file`` into the queue, or none when the file cannot be understood (SampleError)."""
    problems: list[str] = []
    added = known = 0
    with city.store.transaction():
        for row in read_rows(file):
            post = None if row.problem else _post(city, file, row.cells, now, source)
            if post is None:
                problems.append(f"第 {row.line} 行：{row.problem or '没有内容'}")
            elif city.store.threads.post(post.board, post.thread):
                known += 1
            else:
                city.store.threads.save(Thread(post, ()), Read(post.board, post.thread, now, ReadOutcome.OK, True), ())
                added += 1
    return Imported(added, known, tuple(problems))


def _post(city: City, file: Path, cells: Mapping[str, Any], now: datetime, source: str | None) -> Post | None:
    title, body = message(cells, columns(file, list(cells)))
    if not title and not body:
        return None
    channel = source or _first(cells, SOURCE) or "导入"
    named, when = _first(cells, NUMBER), _first(cells, TIME)
    identity = "\n".join((channel, named, "" if named else f"{when}\n{title}\n{body}"))
    thread = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return Post(BOARD, thread, channel, "", title or body[:30], None, _moment(city, when, now), body)


def _moment(city: City, when: str, now: datetime) -> datetime:
    """When it came in; a time that cannot be read is the time of the import."""
    try:
        return parse_time(when.replace("T", " "), city.zone, now)
    except ValueError:
        return now


def _first(cells: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := clean(cells.get(name)))), "")
