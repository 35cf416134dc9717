"""What an administrator does to the reference tables at the desk: checked like the files, audited, and taken back to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from data import editing
from data.city import City
from data.exporting import export
from data.problem import Problem
from data.records import AuditEntry
from data.reference import Entry, Reference

SECRET = frozenset({"notices", "app_code", "reach"})  # addresses and codes that let their holder send or read
# What else remembers an entry by its slug.
REMEMBERED = ("units", "categories", "boards", "districts")
INSTEAD = {
    "units": "请改填失效日期和承接单位",
    "categories": "请保留它，名称可以改",
    "boards": "请改为停用",
    "districts": "请保留它，名称可以改",
}
LOADED = "reference-files"  # the mark that says which version of the tables the files hold
LONGEST = 4000  # characters of one line of the audit


class InUse(Problem):
    """An entry that tickets, posts or users still name."""


def add(city: City, table: str, entry: Entry, by: str, now: datetime) -> None:
    """Put in a new entry; raises EntryError, ReferenceError."""
    _save(city, table, None, entry, by, now, lambda tables: editing.add(tables, table, entry))


def change(city: City, table: str, key: str, seen: str, entry: Entry, by: str, now: datetime) -> None:
    """Change one; raises EntryError, ReferenceError, and StaleError where it is not as it was ``seen``."""
    before = editing.find(city.reference(), table, key)
    _save(city, table, before, entry, by, now, lambda tables: editing.change(tables, table, key, seen, entry))


def remove(city: City, table: str, key: str, seen: str, by: str, now: datetime) -> None:
    """Take one out; raises StaleError, ReferenceError where another table names it, and InUse."""
    before = editing.find(city.reference(), table, key)
    _save(city, table, before, None, by, now, lambda tables: editing.remove(tables, table, key, seen))


def move(city: City, table: str, key: str, seen: str, step: int, by: str, now: datetime) -> None:
    """Move one up or down; raises StaleError."""
    with city.store.transaction():
        city.store.reference.save(editing.move(city.reference(), table, key, seen, step))
        where = "下移" if step > 0 else "上移"
        city.store.people.record(AuditEntry(now, by, "更改参考表", f"{table}/{key}", f"次序：{where} {abs(step)}"))


def _save(
    city: City,
    table: str,
    before: Entry | None,
    after: Entry | None,
    by: str,
    now: datetime,
    make: Callable[[Reference], Reference],
) -> None:
    with city.store.transaction():
        old = city.reference()
        new = make(old)
        if lost := missed(city, old, new):
            raise InUse("\n".join(lost))
        city.store.reference.save(new)
        entry = after or before
        detail = "；".join(editing.differences(before, after, SECRET))
        what = "添加" if before is None else "更改" if after else "删去"
        subject = f"{table}/{editing.key(entry)}"
        city.store.people.record(AuditEntry(now, by, f"{what}参考表", subject[:200], detail[:LONGEST]))


def missed(city: City, old: Reference, new: Reference) -> list[str]:
    """A sentence for every entry that is gone from ``new`` while something kept still names it."""
    gone = [
        (table, entry)
        for table in REMEMBERED
        for entry in getattr(old, table)
        if editing.find(new, table, editing.key(entry)) is None
    ]
    return [
        f"{table} 的 {entry.slug}（{entry.name}）已经有工单、帖子或用户用到，不能删去；{INSTEAD[table]}"
        for table, entry in gone
        if city.store.reference.remembered(table, entry.slug)
    ]


def export_files(city: City, by: str, now: datetime) -> tuple[str, ...]:
    """Write the tables back to the city's files; returns those that changed."""
    with city.store.transaction():
        written = export(city.reference(), city.folder / "reference")
        settled(city)
        city.store.people.record(AuditEntry(now, by, "导出参考表", "、".join(written)))
    return written


def settled(city: City) -> None:
    """The files and the store say the same now; call it inside a transaction."""
    city.store.runs.set_mark(LOADED, city.store.runs.mark("reference"))


def unexported(city: City) -> int:
    """How many changes were made at the desk since the files were last read or written."""
    loaded = city.store.runs.mark(LOADED)
    return city.store.runs.mark("reference") - loaded if loaded else 0
