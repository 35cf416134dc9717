"""What every verb shares: the city it works on, the clock, and two ways of answering."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich import box
from rich.console import Console
from rich.table import Table

from data.city import City, find, open_city
from data.problem import Problem

F = TypeVar("F", bound=Callable[..., Any])
console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console.width = 160  # a file or a pipe has no width of its own; a table's columns need some

HERE = "命令行"  # who the audit says did it: whoever may run commands on this machine
json_option = click.option("--json", "as_json", is_flag=True, help="给程序读的 JSON")
pass_folder = click.pass_obj


def city_of(folder: str | None) -> City:
    """The city named by --dir, LIANDONG_DIR or the current folder."""
    return open_city(find(folder))


def now() -> datetime:
    """The clock of the command line: the machine's own."""
    return datetime.now(UTC)


def echo_json(value: Any) -> None:
    """Print one JSON object; in plain ASCII where the terminal could not write all of it as it is."""
    plainly = getattr(sys.stdout, "encoding", None) != "utf-8"
    click.echo(json.dumps(value, ensure_ascii=plainly, default=plain, indent=None))


def plain(value: Any) -> Any:
    """Records as JSON can hold them; times in UTC."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"cannot show {type(value).__name__} as JSON")


def echo_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table for people; text from posts cannot change the terminal."""
    table = Table(title=title, box=box.SIMPLE, title_justify="left", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(safe(cell) for cell in row))
    console.print(table)


def safe(cell: object) -> str:
    """Without control characters (a post could hold terminal escapes) and rich's own markup."""
    text = "" if cell is None else str(cell)
    return "".join(c for c in text if c.isprintable() or c == "\n").replace("[", "\\[")


def local(moment: datetime | None, city: City) -> str:
    """A time as staff read it: 2026-11-23 14:05 in the city's zone."""
    return moment.astimezone(city.zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def fail(sentence: str) -> NoReturn:
    raise Problem(sentence)
