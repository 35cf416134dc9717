"""Records to rows and back: times as ISO text in UTC, flags as 0/1, anything nested as JSON."""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

R = TypeVar("R")
EMPTY = "[]"  # what most nested fields hold, and needs no parser


def stamp(moment: datetime) -> str:
    """A time as stored: always UTC, always microseconds, so that text order is time order."""
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat("T", "microseconds")


def moment(text: str) -> datetime:
    """The inverse of ``stamp``."""
    return datetime.fromisoformat(text)


def due(posted_at: datetime, days: int) -> datetime:
    """About when a post would have to be settled, counted from when it was posted: ``days`` working days in whole weeks.

    Good enough to put a queue in order; what is promised at the filing counts holidays and is the ticket's own.
    """
    return posted_at + timedelta(days=days * 7 / 5)


@dataclass(frozen=True)
class _Layout:
    """How one record type is kept."""

    read: Callable[[Mapping[str, Any]], Any]
    names: tuple[str, ...]
    nested: frozenset[str]  # kept as JSON: tuples and mappings
    times: frozenset[str]


_layouts: dict[type[Any], _Layout] = {}


def _layout(record: type[Any]) -> _Layout:
    if record not in _layouts:
        hints = get_type_hints(record)
        names = tuple(f.name for f in fields(record))
        nested = frozenset(n for n in names if get_origin(hints[n]) in (tuple, abc.Mapping))
        times = frozenset(n for n in names if hints[n] in (datetime, datetime | None))
        _layouts[record] = _Layout(TypeAdapter(record).validator.validate_python, names, nested, times)
    return _layouts[record]


def to_row(record: Any, drop: Iterable[str] = ()) -> dict[str, Any]:
    """The row of ``record``, without the fields in ``drop``."""
    layout = _layout(type(record))
    row: dict[str, Any] = {}
    for name in layout.names:
        if name in drop:
            continue
        value = getattr(record, name)
        if name in layout.nested:
            value = to_json(value).decode() if value != () else EMPTY
        elif name in layout.times:
            value = stamp(value) if value is not None else None
        row[name] = value
    return row


def from_row(cls: type[R], row: Mapping[str, Any]) -> R:
    """The record of a row; columns the record does not have are passed over."""
    layout, values = _layout(cls), dict(row)
    for name in layout.nested:
        if name in values:
            values[name] = () if values[name] == EMPTY else from_json(values[name])
    result: R = layout.read(values)
    return result


def from_rows(cls: type[R], rows: Iterable[Mapping[str, Any]]) -> Iterator[R]:
    """``from_row`` for each."""
    return (from_row(cls, row) for row in rows)
