"""Calls, letters and messages that come in a file: into the same queue as posts, once each.

They have no thread to watch, so only the completion clock runs for them. A row that carries its answer and the answer's
time asks for nothing any more: it becomes a historical ticket, for reports.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from classifier.rows import clean, columns, message, read_rows
from data.city import City
from data.records import Post, Read, ReadOutcome, Thread
from spiders.text import parse_time
from ticketing import history

BOARD = "import"  # stands where posts name their board
SOURCE = ("来源", "source", "渠道")
TIME = ("posted_at", "时间", "来电时间", "留言时间", "日期", "登记时间", "time", "date")
NUMBER = ("id", "编号", "工单号", "留言编号", "序号")
# What a register keeps in columns of their own, and a post in its text: whom to call back, and where it is.
BESIDE: Mapping[str, tuple[str, ...]] = {
    "联系方式": ("联系方式", "联系电话", "来电号码", "电话号码", "手机号", "手机", "电话", "contact", "phone"),
    "地址": ("地址", "事发地址", "地点", "事发地点", "诉求地址", "address"),
}
REPLY = ("reply", "回复", "答复", "答复意见", "回复内容", "答复内容")
REPLIED = ("replied_at", "回复时间", "答复时间", "办复时间")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's rows."""

    added: int
    known: int
    problems: tuple[str, ...]
    historical: int = 0  # of those added, the ones that came with their answer


def take_in(city: City, file: Path, now: datetime, source: str | None = None) -> Imported:
    """Put every row of ``file`` into the queue, or none when the file cannot be understood (SampleError)."""
    problems: list[str] = []
    counts = {"added": 0, "known": 0, "historical": 0}
    names = history.Names(city.reference())
    with city.store.transaction():
        for row in read_rows(file):
            try:
                if row.problem:
                    raise ValueError(row.problem)
                for what in _take(city, file, row.cells, now, source, names):
                    counts[what] += 1
            except ValueError as error:
                problems.append(f"第 {row.line} 行：{error}")
    return Imported(counts["added"], counts["known"], tuple(problems), counts["historical"])


def _take(
    city: City, file: Path, cells: Mapping[str, Any], now: datetime, source: str | None, names: history.Names
) -> tuple[str, ...]:
    """Keep one row; what it counts as. Raises ValueError with what is wrong, in Chinese."""
    found = columns(file, list(cells))
    post = _post(city, message(cells, found), cells, now, source)
    if city.store.threads.post(post.board, post.thread):
        return ("known",)
    answered = _answered(city, cells, now)
    if answered is None:
        post = replace(post, body=_with_what_stands_beside(post.body, cells))
    said = () if answered is None else (history.answer(post, *answered),)
    city.store.threads.save(Thread(post, said), Read(post.board, post.thread, now, ReadOutcome.OK, True), ())
    if not said:
        return ("added",)
    given: dict[str, str] = {
        field: clean(cells.get(found[field])) for field in ("unit", "category", "kind") if field in found
    }
    history.keep(city, post, said[0], names.slugs(given))
    return ("added", "historical")


def _post(city: City, text: tuple[str, str], cells: Mapping[str, Any], now: datetime, source: str | None) -> Post:
    title, body = text
    if not title and not body:
        raise ValueError("没有内容")
    channel = source or _first(cells, SOURCE) or "导入"
    named, when = _first(cells, NUMBER), _first(cells, TIME)
    identity = "\n".join((channel, named, "" if named else f"{when}\n{title}\n{body}"))
    thread = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return Post(BOARD, thread, channel, "", title or body[:30], None, _moment(city, when, now) or now, body)


def _with_what_stands_beside(body: str, cells: Mapping[str, Any]) -> str:
    """The text with contact and address below it, where they are found, hidden from others and filed like those of a post."""
    found = [(name, _first(cells, columns)) for name, columns in BESIDE.items()]
    return "\n".join([body, *(f"{name}：{value}" for name, value in found if value and value not in body)]).strip()


def _answered(city: City, cells: Mapping[str, Any], now: datetime) -> tuple[str, datetime] | None:
    """The answer a row carries, and when it was given; raises ValueError where the clock could not be told."""
    body, when = _first(cells, REPLY), _first(cells, REPLIED)
    if not body:
        return None
    asked, replied = _moment(city, _first(cells, TIME), now), _moment(city, when, now)
    if asked is None or replied is None:
        raise ValueError("带着答复，但来件或答复的时间读不出来，没有读进")
    return body, replied


def _moment(city: City, when: str, now: datetime) -> datetime | None:
    """A time as the file writes it, on the city's clock."""
    try:
        return parse_time(when.replace("T", " "), city.zone, now)
    except ValueError:
        return None


def _first(cells: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := clean(cells.get(name)))), "")
