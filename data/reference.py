"""The tables a city is described by: boards, official accounts, units, categories, places and deadline rules.

Files (``data/reference/`` as shipped, a city's own ``reference/`` folder) are read until ``liandong init``; after that
the store is the truth, and the same validation holds for what is edited at the desk and exported back.
Every error names the file, the entry and how to mend it.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data.records import AccountRole, Kind, Urgency

SHIPPED = Path(__file__).with_name("reference")


class ReferenceError(Exception):
    """A reference table that cannot be used; the message says which file, which entry, and what to do."""


def _words(value: object) -> object:
    """A CSV cell holds several words with a bar between them."""
    return tuple(w for w in (p.strip() for p in value.split("|")) if w) if isinstance(value, str) else value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/-]*$")]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Day = Annotated[date | None, BeforeValidator(_blank_is_none)]
Optional = Annotated[Slug | None, BeforeValidator(_blank_is_none)]


class Entry(BaseModel):
    """One row of a table; unknown columns are refused, so that a misspelt one is not silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Section(Entry):
    """A 版块 of a board, by the site's own id."""

    id: str
    name: str


class Board(Entry):
    """A message board: which software it runs and where; a known software needs no code."""

    slug: Slug
    name: str
    engine: str  # a module of spiders.engines
    url: str  # with a trailing slash
    sections: tuple[Section, ...]
    zone: str = "Asia/Shanghai"
    encoding: str = ""  # empty: as the page or its headers say
    rewritten: bool = False  # the site answers thread-T-1-1.html rather than forum.php?mod=viewthread&tid=T
    enabled: bool = True
    refused: str = ""  # why it may not be read, where it has said so


class Account(Entry):
    """An official account on one board, whose voice it is, and when it was valid. On 人民网 the organisation's name."""

    board: Slug
    account: str
    role: AccountRole
    unit: Slug
    valid_from: Day = None
    valid_to: Day = None


class Unit(Entry):
    """A 承办单位. A reorganised one keeps its slug and its old name, ends at ``valid_to`` and names its successor."""

    slug: Slug
    name: str
    aliases: Words = ()
    sort: Literal["bureau", "county", "company", "party", "court", "street", "other"]
    parent: Optional = None
    emergency: bool = False  # one of the units with a 24-hour emergency team
    jurisdiction: Words = ()  # district slugs; empty: the whole city
    duties: Words = ()  # duty words: what people write when they need this unit
    categories: Words = ()  # category slugs it answers for
    officer: str = ""
    phone: str = ""  # of the officer, for the notice
    duty_phone: str = ""  # of the 24-hour team
    notices: Words = ()  # apprise URLs beside the city's own SMS gateway
    reply_hours: Annotated[float | None, BeforeValidator(_blank_is_none)] = None  # overrides the city's 4 hours
    valid_from: Day = None
    valid_to: Day = None
    successor: Optional = None


class Category(Entry):
    """A 类别; a second-level slug is ``first/second``. Slugs never change, names may."""

    slug: Slug
    name: str
    words: Words = ()  # what people write when they mean it

    @property
    def parent(self) -> str | None:
        return self.slug.rpartition("/")[0] or None


class Place(Entry):
    """A place named in posts, and the district or county it lies in."""

    name: str
    sort: Literal["district", "county", "street", "town", "road", "landmark"]
    district: Slug
    aliases: Words = ()


class District(Entry):
    """A 区 or 县 of the city, and the unit that answers for it as a whole."""

    slug: Slug
    name: str
    aliases: Words = ()
    sort: Literal["district", "county"]
    unit: Slug


class Rule(Entry):
    """How urgent a matter is: the first rule whose category, kind and words all fit decides."""

    name: str
    categories: Words = ()  # empty: any
    kinds: tuple[Kind, ...] = ()
    words: Words = ()  # one of them must stand in the text
    urgency: Urgency
    days: int = Field(default=0, ge=0, le=365)
    ring: str = ""  # the number to ring, for an emergency


class Reference(BaseModel):
    """Every table of one city, checked against each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    boards: tuple[Board, ...]
    accounts: tuple[Account, ...]
    units: tuple[Unit, ...]
    categories: tuple[Category, ...]
    districts: tuple[District, ...]
    places: tuple[Place, ...]
    rules: tuple[Rule, ...]

    @cached_property
    def board(self) -> Mapping[str, Board]:
        return {b.slug: b for b in self.boards}

    @cached_property
    def unit(self) -> Mapping[str, Unit]:
        return {u.slug: u for u in self.units}

    @cached_property
    def category(self) -> Mapping[str, Category]:
        return {c.slug: c for c in self.categories}

    @cached_property
    def district(self) -> Mapping[str, District]:
        return {d.slug: d for d in self.districts}

    def current(self, unit: str, on: date) -> Unit:
        """The unit that answers today for what ``unit`` answered for: follows successors past ``valid_to``."""
        seen = self.unit[unit]
        while seen.successor and seen.valid_to and on > seen.valid_to:
            seen = self.unit[seen.successor]
        return seen

    def lineage(self, unit: str) -> frozenset[str]:
        """``unit``, its parents and its successors: those whose account may answer in its place."""
        found: set[str] = set()
        waiting = [unit]
        while waiting:
            slug = waiting.pop()
            if slug not in found:
                found.add(slug)
                entry = self.unit[slug]
                waiting += [s for s in (entry.parent, entry.successor) if s]
        return frozenset(found)

    def check(self) -> Self:
        """Every name one table takes from another exists there, once; raises ReferenceError otherwise."""
        problems = [*self._repeated(), *self._dangling()]
        if problems:
            raise ReferenceError("\n".join(problems))
        return self

    def _repeated(self) -> Iterator[str]:
        for file in ("boards", "units", "categories", "districts"):
            slugs = Counter(entry.slug for entry in getattr(self, file))
            yield from (f"{FILES[file]}: {s} 出现了 {n} 次，请只保留一条" for s, n in slugs.items() if n > 1)

    def _dangling(self) -> Iterator[str]:
        def missing(file: str, entry: str, field: str, names: Iterable[str | None], known: Mapping[str, Any]) -> Iterator[str]:
            for name in names:
                if name is not None and name not in known:
                    yield f"{FILES[file]}: {entry} 的 {field} 写的是“{name}”，没有这一项；请改正或先添加它"

        for a in self.accounts:
            yield from missing("accounts", a.account, "board", [a.board], self.board)
            yield from missing("accounts", a.account, "unit", [a.unit], self.unit)
        for u in self.units:
            yield from missing("units", u.slug, "parent/successor", [u.parent, u.successor], self.unit)
            yield from missing("units", u.slug, "jurisdiction", u.jurisdiction, self.district)
            yield from missing("units", u.slug, "categories", u.categories, self.category)
        for c in self.categories:
            yield from missing("categories", c.slug, "上级类别", [c.parent], self.category)
        for d in self.districts:
            yield from missing("districts", d.slug, "unit", [d.unit], self.unit)
        for p in self.places:
            yield from missing("places", p.name, "district", [p.district], self.district)
        for r in self.rules:
            yield from missing("rules", r.name, "categories", r.categories, self.category)


# Table -> file. TOML where entries nest or are few and explained, CSV where an office edits many in a spreadsheet.
FILES: Mapping[str, str] = {
    "boards": "boards.toml",
    "accounts": "accounts.csv",
    "units": "units.csv",
    "categories": "categories.csv",
    "districts": "districts.csv",
    "places": "places.csv",
    "rules": "rules.toml",
}
ENTRIES: Mapping[str, type[Entry]] = {
    "boards": Board,
    "accounts": Account,
    "units": Unit,
    "categories": Category,
    "districts": District,
    "places": Place,
    "rules": Rule,
}


def load(folder: Path = SHIPPED) -> Reference:
    """Read and check every table of ``folder``; raises ReferenceError naming file, entry and mend."""
    return Reference(**{table: tuple(_entries(table, folder / file)) for table, file in FILES.items()}).check()


def _entries(table: str, path: Path) -> Iterator[Entry]:
    for where, row in _rows(table, path):
        try:
            yield ENTRIES[table].model_validate(row)
        except ValidationError as error:
            raise ReferenceError(_sentence(path, where, error)) from None


def _rows(table: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".toml":
            for i, row in enumerate(tomllib.loads(text).get(table, []), 1):
                yield f"第 {i} 条 {row.get('slug') or row.get('name', '')}", row
        else:
            for i, line in enumerate(csv.DictReader(io.StringIO(text)), 2):
                yield f"第 {i} 行", {k: v for k, v in line.items() if v or k not in _defaults(table)}
    except FileNotFoundError:
        raise ReferenceError(f"{path}: 没有这个文件；请从 data/reference/ 复制一份再修改") from None
    except UnicodeDecodeError:
        raise ReferenceError(f"{path}: 不是 UTF-8 编码；请另存为 UTF-8 的文件") from None
    except tomllib.TOMLDecodeError as error:
        raise ReferenceError(f"{path}: TOML 写法有误（{error}）；请按行号改正") from None


def _defaults(table: str) -> frozenset[str]:
    """Columns that may be left empty."""
    return frozenset(n for n, f in ENTRIES[table].model_fields.items() if not f.is_required())


def _sentence(path: Path, where: str, error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(p) for p in first["loc"]) or "?"
    return f"{path}: {where} 的 {field} 不对：{first['msg']}（写的是 {first.get('input')!r}）"
