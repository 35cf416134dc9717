"""Labelled messages: read from files, shipped with the package, made of the tables' own words."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from classifier.rows import Row, SampleError, clean, fields, message, read_rows
from data.records import Kind, Urgency
from data.reference import SHIPPED, Reference

__all__ = ["Sample", "SampleError", "Samples", "aligned", "fingerprint", "first_level", "read", "shipped_samples"]

KINDS = frozenset(k.value for k in Kind)
HASTE = frozenset(u.value for u in Urgency)
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
    problems: list[str] = []
    for row in read_rows(path):
        found = _sample(row)
        if isinstance(found, Sample):
            samples.append(found)
        else:
            problems.append(f"{path.name} 第 {row.line} 行：{found}，已跳过")
    if not samples:
        raise SampleError(f"{path}: 没有一行可用；" + ("；".join(problems[:3]) or "文件里只有表头"))
    return Samples(tuple(aligned(samples, reference) if reference else samples), tuple(problems))


def _sample(row: Row) -> Sample | str:
    """The sample a row holds, or what is wrong with it."""
    if row.problem:
        return row.problem
    found = fields(list(row.cells))
    title, body = message(row.cells, found)
    if not title and not body:
        return "没有内容"
    label, kind, unit, asks, haste = (
        _cell(row, found, f) for f in ("category", "kind", "unit", "is_request", "urgency")
    )
    if kind in ("非诉求", "none") or (asks or "").lower() in NO or "sort" in found:
        return Sample(f"{title}\n{body}".strip(), is_request=False)
    if kind is not None and kind not in KINDS:
        return f"诉求类型“{kind[:10]}”不是咨询、求助、建议、监督、投诉、举报之一"
    known = True if asks or label or kind or unit or haste else None
    return Sample(f"{title}\n{body}".strip(), label, kind, unit, known, haste if haste in HASTE else None)


def _cell(row: Row, found: dict[str, str], name: str) -> str | None:
    return (clean(row.cells.get(found[name])) or None) if name in found else None


def aligned(samples: Iterable[Sample], reference: Reference) -> list[Sample]:
    """Category and unit names (and aliases) as slugs where the reference knows them; other names stay as they are."""
    categories = {
        c.name: c.slug for c in reversed(reference.categories)
    }  # a first level wins over a second of its name
    categories |= {c.name: c.slug for c in reference.categories if c.parent is None}
    units = {n: u.slug for u in reversed(reference.units) for n in (*u.aliases, u.name)}

    def slugged(sample: Sample) -> Sample:
        label, unit = sample.category, sample.unit
        return replace(sample, category=label and categories.get(label, label), unit=unit and units.get(unit, unit))

    return [slugged(s) for s in samples]


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
