"""Labelled messages: read from files, shipped with the package, made of the tables' own words."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from classifier.rows import Row, SampleError, clean, fields, message, read_rows
from data.records import Kind, Urgency
from data.reference import SHIPPED, Reference

__all__ = ["Sample", "SampleError", "Samples", "aligned", "fingerprint", "first_level", "read", "shipped_samples"]

KINDS = frozenset(k.value for k in Kind)
NO_KINDS = frozenset({"非诉求", "none"})
HASTE = frozenset(u.value for u in Urgency)
_PLACE = re.compile(r"[\w·]{0,6}?[省市州县区旗盟]")  # what stands before the name of an office: 益阳市, A7县, 岳麓区
NO = frozenset({"0", "false", "no", "n", "否", "非诉求"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A message and what is known of it; None where it is not known. ``category`` may be any name at all."""

    text: str
    category: str | None = None
    kind: str | None = None
    unit: str | None = None
    is_request: bool | None = True
    urgency: str | None = None
    made: bool = False  # made of a table's words, not written by anyone: teaches words, says nothing of how sure to be
    shipped: bool = False  # by the package: labelled by its own tables, says nothing of who deals with what in a city


@dataclass(frozen=True)
class Samples:
    """What a file held: the samples, and a sentence for each row that could not be used."""

    samples: tuple[Sample, ...]
    problems: tuple[str, ...] = field(default=())


def first_level(category: str | None) -> str | None:
    """``urban/water-supply`` -> ``urban``; a name without a level is its own first level."""
    return category.split("/")[0] if category else None


def read(path: Path, reference: Reference | None = None) -> Samples:
    """The samples in a CSV, Excel or JSON Lines file; names of the reference become its slugs. Raises SampleError."""
    samples: list[Sample] = []
    rows = list(read_rows(path))
    strange = _strange_kinds(rows)
    problems = [f"{path.name}：{strange}一列说的不是六种诉求类型，没有当作诉求类型"] if strange else []
    for row in rows:
        found = _sample(row, strange)
        if isinstance(found, Sample):
            samples.append(found)
        else:
            problems.append(f"{path.name} 第 {row.line} 行：{found}，已跳过")
    if not samples:
        raise SampleError(f"{path}: 没有一行可用；" + ("；".join(problems[:3]) or "文件里只有表头"))
    return Samples(tuple(aligned(samples, reference) if reference else samples), tuple(problems))


def _strange_kinds(rows: Sequence[Row]) -> str:
    """The column (类型, say) that is called as kinds are, but mostly says something else; empty where there is none."""
    told = [(found["kind"], row) for row in rows if not row.problem and "kind" in (found := fields(list(row.cells)))]
    said = [value for column, row in told if (value := clean(row.cells.get(column)))]
    return told[0][0] if sum(value in KINDS or value in NO_KINDS for value in said) * 2 < len(said) else ""


def _sample(row: Row, strange: str = "") -> Sample | str:
    """The sample a row holds, or what is wrong with it; a column of ``strange`` kinds holds categories, if no other does."""
    if row.problem:
        return row.problem
    found = fields(list(row.cells))
    if found.get("kind") == strange:
        found.setdefault("category", found.pop("kind"))
    title, body = message(row.cells, found)
    if not title and not body:
        return "没有内容"
    label, kind, unit, asks, haste = (
        _cell(row, found, f) for f in ("category", "kind", "unit", "is_request", "urgency")
    )
    if kind in NO_KINDS or (asks or "").lower() in NO or "sort" in found:
        return Sample(f"{title}\n{body}".strip(), is_request=False)
    if kind is not None and kind not in KINDS:
        return f"诉求类型“{kind[:10]}”不是咨询、求助、建议、监督、投诉、举报之一"
    known = True if asks or label or kind or unit or haste else None
    return Sample(f"{title}\n{body}".strip(), label, kind, unit, known, haste if haste in HASTE else None)


def _cell(row: Row, found: dict[str, str], name: str) -> str | None:
    return (clean(row.cells.get(found[name])) or None) if name in found else None


def aligned(samples: Iterable[Sample], reference: Reference) -> list[Sample]:
    """Category and unit names (and aliases) as slugs where the reference knows them; other names stay as they are."""
    samples = list(samples)
    categories = {
        c.name: c.slug for c in reversed(reference.categories)
    }  # a first level wins over a second of its name
    categories |= {c.name: c.slug for c in reference.categories if c.parent is None}
    units = unit_slugs({s.unit for s in samples if s.unit}, reference)

    def slugged(sample: Sample) -> Sample:
        label, unit = sample.category, sample.unit
        return replace(sample, category=label and categories.get(label, label), unit=unit and units.get(unit, unit))

    return [slugged(s) for s in samples]


def unit_slugs(names: Iterable[str], reference: Reference) -> dict[str, str]:
    """The slugs of those ``names`` the reference knows. A name two units bear (住建局) is the one's that still is.

    Another place's office (益阳市教育局) is ours of the same duty, unless another of the ``names`` is that one already
    (市教育局 and 北县教育局 are two).
    """
    there = sorted(reference.units, key=lambda u: u.valid_to is not None)
    known = {n: u.slug for u in reversed(there) for n in (*u.aliases, u.name)}
    ours = tuple(n for d in reference.districts for n in (d.name, *d.aliases))
    found = {n: known[n] for n in names if n in known}
    strange = (n for n in names if n not in known and not n.startswith(ours))
    elsewhere = {n: slug for n in strange if (slug := _bare(n, known))}
    alone = Counter([*found.values(), *elsewhere.values()])
    return found | {n: slug for n, slug in elsewhere.items() if alone[slug] == 1}


def _bare(name: str, known: Mapping[str, str]) -> str:
    """The slug of ``name`` without the places before it; empty where there is none."""
    while place := _PLACE.match(name):
        name = name[place.end() :]
        if slug := known.get(name) or known.get("市" + name):
            return slug
    return ""


def shipped_samples(reference: Reference, folder: Path = SHIPPED / "samples") -> list[Sample]:
    """What the package ships: written requests, urgent ones and negatives, and messages made of the tables' own words."""
    written: list[Sample] = []
    for name in ("requests.csv", "negatives.csv", "urgency.csv"):
        if (folder / name).is_file():
            written += read(folder / name, reference).samples
    return [replace(s, shipped=True) for s in (*_placeless(written, reference), *lexicon(reference))]


def _placeless(samples: Iterable[Sample], reference: Reference) -> Iterator[Sample]:
    """Without the units that a place decides: a county's name would be learnt from words that have nothing to do with it."""
    counties = {u.slug for u in reference.units if u.sort == "county"}
    for sample in samples:
        yield replace(sample, unit=None) if sample.unit in counties else sample


def lexicon(reference: Reference, each: int = 5, length: int = 6) -> list[Sample]:
    """Messages made of a category's own words: ``each`` of ``length`` words drawn for every second-level category.

    They say nothing of kind or of being a request, only which words belong to what.
    """
    made: list[Sample] = []
    for category in reference.categories:
        chance = random.Random(category.slug)  # noqa: S311 - the same draw every time is the point
        if category.parent and category.words:
            for _ in range(each):
                drawn = chance.sample(category.words, min(length, len(category.words)))
                made.append(Sample(f"{category.name}\n" + "，".join(drawn), category.slug, is_request=None, made=True))
    return made


def fingerprint(samples: Sequence[Sample], more: Iterator[str] | Iterable[str] = ()) -> str:
    """A hash that changes when the samples (or ``more``) do."""
    whole = hashlib.sha256()
    for s in samples:
        whole.update(repr((s.text, s.category, s.kind, s.unit, s.is_request, s.urgency)).encode())
    for word in more:
        whole.update(word.encode() + b"\n")
    return whole.hexdigest()
