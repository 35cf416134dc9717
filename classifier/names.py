"""What labels are called: by the table's slugs inside, by the words of who taught them outside.

A file says 商贸旅游, the model learns ``commerce``, and whoever reads the output reads 商贸旅游 again. Names no file taught are the
reference's own. A set of names of somebody's own, of which some happen to be second-level names of the tree, is left alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from classifier.model import Names
from classifier.samples import Sample, Samples, aligned, first_level
from data.reference import Reference

NAMED = ("category", "unit")  # questions whose labels have names apart from themselves
SLASH = "／"  # stands for the "/" of a foreign name, which would make two levels of it

Shown = Callable[[str, str], str]  # question, label -> what it is called


def learnt(raw: Samples, reference: Reference, taught: Names | None = None) -> tuple[list[Sample], Names]:
    """The samples of a file with labels as models learn them, and what the file calls each.

    ``taught``: names a model was taught, which go before the reference's: what trained it as one label is asked as that label.
    """
    found = _own(raw.samples, aligned(raw.samples, reference), reference)
    category, unit = ({name: label for label, name in (taught or {}).get(q, {}).items()} for q in NAMED)
    found = [
        replace(f, category=category.get(r.category or "", f.category), unit=unit.get(r.unit or "", f.unit))
        for f, r in zip(found, raw.samples, strict=True)
    ]
    return found, called(raw.samples, found)


def called(written: Iterable[Sample], found: Iterable[Sample]) -> Names:
    """Question -> label -> the name most often written for it; a first level of which one second level alone is named
    bears that name, for nothing else was ever meant by it."""
    counts: dict[str, dict[str, Counter[str]]] = {q: defaultdict(Counter) for q in NAMED}
    for raw, sample in zip(written, found, strict=True):
        for question in NAMED:
            if label := getattr(sample, question):
                counts[question][label][getattr(raw, question)] += 1
    names = {
        q: {label: min(c, key=lambda n: (-c[n], n)) for label, c in sorted(by.items())} for q, by in counts.items()
    }
    below = Counter(first_level(label) for label in names["category"])
    alone = {
        str(first_level(label)): name for label, name in names["category"].items() if below[first_level(label)] == 1
    }
    return {"category": alone | names["category"], "unit": names["unit"]}


def joined(parts: Sequence[Names]) -> Names:
    """The names of several files; what an earlier one says goes before."""
    return {q: {k: v for part in reversed(parts) for k, v in part.get(q, {}).items()} for q in NAMED}


def shown(taught: Names, reference: Reference | None) -> Shown:
    """Names to show to people: as taught, else as the reference has it, else the label itself.

    A unit no file named, which bears the name a file gave the one before or after it, bears that name (住建局).
    """
    tables: dict[str, dict[str, str]] = {"category": {}, "unit": {}, "district": {}}
    if reference:
        tables["category"] = {c.slug: c.name for c in reference.categories}
        said = set(taught.get("unit", {}).values())
        tables["unit"] = {u.slug: next((n for n in (u.name, *u.aliases) if n in said), u.name) for u in reference.units}
        tables["district"] = {d.slug: d.name for d in reference.districts}
    tables = {q: {**table, **taught.get(q, {})} for q, table in tables.items()}
    tables["detail"] = tables["category"]
    return lambda question, label: tables.get(question, {}).get(label, label)


def _own(raw: Sequence[Sample], found: Sequence[Sample], reference: Reference) -> list[Sample]:
    """Second levels only where at least half of the file's names are the tree's; a foreign name has one level."""
    slugs = {c.slug for c in reference.categories}
    known = {r.category: f.category in slugs for r, f in zip(raw, found, strict=True) if r.category}
    ours = 2 * sum(known.values()) >= len(known)

    def kept(written: Sample, sample: Sample) -> Sample:
        name = written.category
        if not name or name.split("/")[0] in slugs or (known[name] and (ours or "/" not in str(sample.category))):
            return sample
        return replace(sample, category=name.replace("/", SLASH))

    return [kept(*each) for each in zip(raw, found, strict=True)]
