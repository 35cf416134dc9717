"""The tables a city is described by: boards, official accounts, units, categories, places and deadline rules.

Files (``data/reference/`` as shipped, a city's own ``reference/`` folder) are read until ``liandong init``; after that
the store is the truth, and the same validation holds for what is edited at the desk and exported back.
Every error names the file, the entry and how to mend it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data import tables
from data.mends import mends
from data.records import AccountRole, Kind, Urgency

ReferenceError = tables.ReferenceError  # callers need to know one module only

SHIPPED = Path(__file__).with_name("reference")
SHOWN = 20  # mistakes told of at once: a board left out may be named by every account


def _words(value: object) -> object:
    """A CSV cell holds several words with a bar between them."""
    return tuple(w for w in (p.strip() for p in value.split("|")) if w) if isinstance(value, str) else value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
DAYS = (*WEEKDAYS, "每天", "工作日", "休息日")


def _days(days: tuple[str, ...]) -> tuple[str, ...]:
    """Names of days, or dates as files write them."""
    for day in days:
        if day not in DAYS:
            try:
                date.fromisoformat(day)
            except ValueError:
                raise ValueError(f"“{day}”不是日子；请写{'、'.join(DAYS)}，或 2026-10-01 这样的日期") from None
    return days


def _telephone(number: str) -> str:
    digits = number.removeprefix("+").replace("-", "").replace(" ", "")
    if number and not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15):
        raise ValueError(f"“{number}”不是电话号码；请写 7 到 15 位数字，可以有 - 和空格")
    return number


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/-]*$")]
Text = Annotated[str, Field(min_length=1)]
Word = Annotated[str, Field(pattern=r"^[^|\r\n]+$")]  # a bar or a line break would not survive a CSV cell
Words = Annotated[tuple[Word, ...], BeforeValidator(_words)]
Day = Annotated[date | None, BeforeValidator(_blank_is_none)]
Hours = Annotated[float | None, Field(gt=0), BeforeValidator(_blank_is_none)]
Flag = Annotated[bool | None, BeforeValidator(_blank_is_none)]
Optional = Annotated[Slug | None, BeforeValidator(_blank_is_none)]


class Entry(BaseModel):
    """One row of a table; unknown columns are refused, so that a misspelt one is not silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Section(Entry):
    """A 版块 of a board, by the site's own id."""

    id: Text
    name: Text


class Board(Entry):
    """A message board: which software it runs and where; a known software needs no code."""

    slug: Slug
    name: Text
    engine: Text  # a module of spiders.engines
    url: Text  # with a trailing slash
    sections: tuple[Section, ...]
    zone: str = "Asia/Shanghai"
    encoding: str = ""  # empty: as the page or its headers say
    rewritten: bool = False  # the site answers thread-T-1-1.html rather than forum.php?mod=viewthread&tid=T
    enabled: bool = True
    refused: str = ""  # why it may not be read, where it has said so
    reply_hours: Hours = None  # overrides the city's 4 hours
    duty_only: Flag = None  # do clocks keep to duty hours? None: as the city
    app_code: str = ""  # 人民网: the code the office was given for the signed interface; there is none of ours


class Account(Entry):
    """An official account on one board, whose voice it is, and when it was valid. On 人民网 the organisation's name."""

    board: Slug
    account: Text
    role: AccountRole
    unit: Slug
    valid_from: Day = None
    valid_to: Day = None


class Unit(Entry):
    """A 承办单位. A reorganised one keeps its slug and its old name, ends at ``valid_to`` and names its successor."""

    slug: Slug
    name: Text
    aliases: Words = ()
    sort: Literal["bureau", "county", "company", "party", "court", "street", "other"]
    parent: Optional = None
    emergency: bool = False  # one of the units with a 24-hour emergency team
    jurisdiction: Words = ()  # district slugs; empty: the whole city
    duties: Words = ()  # duty words: what people write when they need this unit
    categories: Words = ()  # category slugs it answers for
    officer: str = ""
    phone: Annotated[str, AfterValidator(_telephone)] = ""  # of the officer, for the notice
    duty_phone: str = ""  # of the 24-hour team
    notices: Words = ()  # apprise URLs beside the city's own SMS gateway
    reply_hours: Hours = None  # overrides the board's and the city's
    duty_only: Flag = None  # do its clocks keep to duty hours?
    valid_from: Day = None
    valid_to: Day = None
    successor: Optional = None

    def exists_on(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


class Category(Entry):
    """A 类别; a second-level slug is ``first/second``. Slugs never change, names may."""

    slug: Slug
    name: Text
    words: Words = ()  # what people write when they mean it

    @property
    def parent(self) -> str | None:
        return self.slug.rpartition("/")[0] or None


class Place(Entry):
    """A place named in posts, and the district or county it lies in."""

    name: Text
    sort: Literal["district", "county", "street", "town", "road", "landmark"]
    district: Slug
    aliases: Words = ()


class District(Entry):
    """A 区 or 县 of the city, and the unit that answers for it as a whole."""

    slug: Slug
    name: Text
    aliases: Words = ()
    sort: Literal["district", "county"]
    unit: Slug


class Rule(Entry):
    """How urgent a matter is: the first rule whose category, kind and words all fit decides."""

    name: Text
    categories: Words = ()  # empty: any; a first-level slug stands for all its second-level ones
    kinds: tuple[Kind, ...] = ()
    words: Words = ()  # one of them must stand in the text
    beside: Words = ()  # and one of these near it
    not_words: Words = ()  # a word with one of these near it does not count
    early: bool = False  # only in the title and the first sentences
    urgency: Urgency
    days: int = Field(default=0, ge=0, le=365)
    ring: str = ""  # the number to ring, for an emergency


class Shift(Entry):
    """One turn of duty (值班): on these days from ``start`` to ``end``, the next day's where that is not later."""

    name: Text
    days: Annotated[Words, Field(min_length=1), AfterValidator(_days)]
    start: time
    end: time
    user: str = ""  # the name they log in with: alerts go where that user is reached
    reach: str = ""  # a mobile number or an apprise address, where that is another
    valid_from: Day = None
    valid_to: Day = None


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
    rota: tuple[Shift, ...] = ()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other tables; pydantic's own would carry over the look-ups already made of the old ones."""
        return type(self).model_validate({table: getattr(self, table) for table in FILES} | dict(update or {}))

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

    def units_on(self, day: date) -> tuple[Unit, ...]:
        """The units that exist on ``day``."""
        return tuple(u for u in self.units if u.exists_on(day))

    def current(self, unit: str, on: date) -> Unit:
        """The unit that answers on ``on`` for what ``unit`` answered for: follows successors past ``valid_to``."""
        seen = self.unit[unit]
        while seen.successor and seen.valid_to and on > seen.valid_to:
            seen = self.unit[seen.successor]
        return seen

    def answers_for(self, unit: str, of: str, on: date) -> bool:
        """Does ``unit`` answer on ``on`` for what ``of`` was given: its own, or what it took over as a successor?"""
        return unit == of or (of in self.unit and self.current(of, on).slug == unit)

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
        problems = [*self._repeated(), *self._dangling()] or [*self._out_of_time()]
        if problems:
            more = [f"……还有 {len(problems) - SHOWN} 处"] if len(problems) > SHOWN else []
            raise ReferenceError("\n".join([*problems[:SHOWN], *more]))
        return self

    def _repeated(self) -> Iterator[str]:
        for table in ("boards", "units", "categories", "districts"):
            slugs = Counter(entry.slug for entry in getattr(self, table))
            yield from (f"{FILES[table]}: {s} 出现了 {n} 次，请只保留一条" for s, n in slugs.items() if n > 1)
        held: dict[tuple[str, str], list[Account]] = {}
        for a in self.accounts:
            others = held.setdefault((a.board, a.account), [])
            if any(_overlap(a, b) for b in others):
                yield f"{FILES['accounts']}: {a.board} 的账号 {a.account} 写了两次且时间重叠，请只保留一条或改正起止日期"
            others.append(a)

    def _dangling(self) -> Iterator[str]:
        for table, entry, field, names, known in self._links():
            for name in names:
                if name is not None and name not in known:
                    yield f"{FILES[table]}: {entry} 的 {field} 写的是“{name}”，没有这一项；请改正或先添加它"

    def _links(self) -> Iterator[tuple[str, str, str, Iterable[str | None], Mapping[str, Any]]]:
        """Table, entry, column, the slugs written there, and where they must exist."""
        for a in self.accounts:
            yield "accounts", a.account, "board", [a.board], self.board
            yield "accounts", a.account, "unit", [a.unit], self.unit
        for u in self.units:
            yield "units", u.slug, "parent", [u.parent], self.unit
            yield "units", u.slug, "successor", [u.successor], self.unit
            yield "units", u.slug, "jurisdiction", u.jurisdiction, self.district
            yield "units", u.slug, "categories", u.categories, self.category
        for c in self.categories:
            yield "categories", c.slug, "slug（上级类别）", [c.parent], self.category
        for d in self.districts:
            yield "districts", d.slug, "unit", [d.unit], self.unit
        for p in self.places:
            yield "places", p.name, "district", [p.district], self.district
        for r in self.rules:
            yield "rules", r.name, "categories", r.categories, self.category

    def _out_of_time(self) -> Iterator[str]:
        """Validity dates that contradict each other, and successors that lead back to themselves."""
        for u in self.units:
            if u.valid_from and u.valid_to and u.valid_to < u.valid_from:
                yield f"{FILES['units']}: {u.slug} 的 valid_to 早于 valid_from；请改正日期"
            if u.successor and not u.valid_to:
                yield f"{FILES['units']}: {u.slug} 写了 successor 却没有 valid_to；请补上机构改革的日期"
            if self._leads_back(u):
                yield f"{FILES['units']}: {u.slug} 的 successor 转了一圈又回到自己；请改正"
        for a in self.accounts:
            if a.valid_from and a.valid_to and a.valid_to < a.valid_from:
                yield f"{FILES['accounts']}: {a.account} 的 valid_to 早于 valid_from；请改正日期"

    def _leads_back(self, unit: Unit) -> bool:
        seen: set[str] = set()
        step: str | None = unit.successor
        while step and step not in seen:
            seen.add(step)
            step = self.unit[step].successor
        return unit.slug in seen


FILES: Mapping[str, str] = {
    "boards": "boards.toml",
    "accounts": "accounts.csv",
    "units": "units.csv",
    "categories": "categories.csv",
    "districts": "districts.csv",
    "places": "places.csv",
    "rules": "rules.toml",
    "rota": "rota.csv",
}
LATER = frozenset({"rota"})  # a city begun before there was such a table has no file of it
ENTRIES: Mapping[str, type[Entry]] = {
    "boards": Board,
    "accounts": Account,
    "units": Unit,
    "categories": Category,
    "districts": District,
    "places": Place,
    "rules": Rule,
    "rota": Shift,
}


def load(folder: Path = SHIPPED) -> Reference:
    """Read and check every table of ``folder``; raises ReferenceError naming file, entry and mend."""
    there = {t: folder / file for t, file in FILES.items() if t not in LATER or (folder / file).exists()}
    return Reference.model_validate({t: tuple(entries(t, path)) for t, path in there.items()}).check()


def dump(reference: Reference, folder: Path) -> None:
    """Write every table to ``folder`` (made if need be), so that ``load(folder) == reference``."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, file in FILES.items():
        rows = [e.model_dump(mode="json", exclude_defaults=True) for e in getattr(reference, table)]
        tables.write(folder / file, table, ENTRIES[table].model_fields, rows)


def entries(table: str, path: Path) -> Iterator[Entry]:
    """The entries of one file; raises ReferenceError."""
    model = ENTRIES[table]
    for where, row in tables.read(path, table, {n: f.is_required() for n, f in model.model_fields.items()}):
        try:
            yield model.model_validate(row)
        except ValidationError as error:
            raise ReferenceError(_sentence(path, where, error)) from None


def _overlap(a: Account, b: Account) -> bool:
    return (a.valid_from or date.min) <= (b.valid_to or date.max) and (b.valid_from or date.min) <= (
        a.valid_to or date.max
    )


def _sentence(path: Path, where: str, error: ValidationError) -> str:
    field, mend = next(mends(error))
    return f"{path}: {where} 的 {field} {mend}"
