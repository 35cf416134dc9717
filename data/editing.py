"""One entry of a reference table put in, changed, taken out or moved, by the very validation of the files.

Everything here is a pure function from tables to tables. Who changes an entry says which version of it was seen
(``digest``), so that two people never overwrite each other unknowingly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from data.mends import mends
from data.problem import Problem
from data.reference import ENTRIES, FILES, Account, Entry, Place, Reference, Shift


class EntryError(Problem):
    """Columns of one entry that will not do: ``problems`` is column -> sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("；".join(f"{field} {said}" for field, said in problems.items()))
        self.problems = problems


class StaleError(Problem):
    """Somebody else changed the entry since it was shown."""


def key(entry: Any) -> str:
    """What an entry is called in its table."""
    if isinstance(entry, Account):
        return f"{entry.board}~{entry.account}~{entry.valid_from or ''}"
    if isinstance(entry, Place):
        return f"{entry.name}~{entry.district}"
    if isinstance(entry, Shift):
        return f"{entry.name}~{'|'.join(entry.days)}~{entry.start:%H:%M}"
    return str(getattr(entry, "slug", None) or entry.name)


def digest(entry: Entry) -> str:
    """Changes whenever anything in the entry does."""
    return hashlib.sha256(entry.model_dump_json().encode()).hexdigest()[:16]


def find(tables: Reference, table: str, wanted: str) -> Entry | None:
    """The entry of that key."""
    return next((e for e in getattr(tables, table) if key(e) == wanted), None)


def parse(table: str, row: Mapping[str, Any]) -> Entry:
    """The entry a row of a file would become; raises EntryError with every column that will not do."""
    try:
        return ENTRIES[table].model_validate(row)
    except ValidationError as error:
        raise EntryError(dict(mends(error))) from None


def add(tables: Reference, table: str, entry: Entry) -> Reference:
    """With a new entry at the end; raises EntryError where its key is taken, ReferenceError where tables disagree."""
    if find(tables, table, key(entry)):
        raise EntryError({_named_by(entry): f"已经有“{key(entry)}”这一条；请改那一条，或另起一个"})
    return _with(tables, table, [*getattr(tables, table), entry])


def change(tables: Reference, table: str, wanted: str, seen: str, entry: Entry) -> Reference:
    """With ``entry`` in the place of the one of key ``wanted``; raises also StaleError where that is not as ``seen``."""
    at = _place(tables, table, wanted, seen)
    if key(entry) != wanted and find(tables, table, key(entry)):
        raise EntryError({_named_by(entry): f"已经有“{key(entry)}”这一条；请另起一个"})
    entries = list(getattr(tables, table))
    entries[at] = entry
    return _with(tables, table, entries)


def remove(tables: Reference, table: str, wanted: str, seen: str) -> Reference:
    """Without the entry; raises StaleError, or ReferenceError where others name it."""
    at = _place(tables, table, wanted, seen)
    entries = list(getattr(tables, table))
    del entries[at]
    return _with(tables, table, entries)


def move(tables: Reference, table: str, wanted: str, seen: str, step: int) -> Reference:
    """With the entry ``step`` places further down (negative: up), as far as there is room; of rules the first decides."""
    at = _place(tables, table, wanted, seen)
    entries = list(getattr(tables, table))
    entries.insert(max(0, min(len(entries) - 1, at + step)), entries.pop(at))
    return _with(tables, table, entries)


def differences(before: Entry | None, after: Entry | None, secret: frozenset[str] = frozenset()) -> Iterator[str]:
    """``phone：1390 → 1380`` for every column that differs; of the secret ones only that they do."""
    old, new = (e.model_dump(mode="json") if e else {} for e in (before, after))
    entry = after or before
    empty = (
        {name: None if field.is_required() else field.default for name, field in type(entry).model_fields.items()}
        if entry
        else {}
    )
    for name in empty:
        was, now = (_shown(row.get(name, empty[name])) for row in (old, new))
        if was != now:
            yield f"{name}：已更改" if name in secret else f"{name}：{was or '无'} → {now or '无'}"


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "|".join(" ".join(map(str, v.values())) if isinstance(v, dict) else str(v) for v in value)
    return {True: "是", False: "否", None: ""}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


def _place(tables: Reference, table: str, wanted: str, seen: str) -> int:
    for i, entry in enumerate(getattr(tables, table)):
        if key(entry) == wanted:
            if digest(entry) != seen:
                raise StaleError("这一条刚刚被别人改过；下面是现在的内容，请核对后再改一次")
            return i
    raise StaleError("这一条已经被别人删去或改了代号；请回到列表重新找")


def _with(tables: Reference, table: str, entries: list[Entry]) -> Reference:
    return tables.model_copy(update={table: tuple(entries)}).check()


def _named_by(entry: Entry) -> str:
    """The column an entry is called by."""
    return next(n for n in ("slug", "account", "name") if n in type(entry).model_fields)


def in_order(table: str) -> bool:
    """Does the order of its entries mean anything?"""
    return FILES[table] == "rules.toml"
