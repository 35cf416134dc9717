"""What a unit or category can be found by: its names, and their pinyin in full and by initials."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from data.reference import Category, Reference


@lru_cache(maxsize=4096)
def keys(city: str, *names: str) -> str:
    """``市水务集团 ssw…`` – names, initials and full pinyin, separated by spaces, lower case."""
    short = [
        n.removeprefix(city).removeprefix("市") for n in names
    ]  # nobody types 洛阳市, as every name begins with it
    every = [*short, *names]
    found = [n.lower() for n in every]
    for name in every:
        found.append("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower())
        found.append("".join(lazy_pinyin(name)).lower())
    return " ".join(dict.fromkeys(w.replace(" ", "") for w in found if w.strip()))


def units(reference: Reference, on: date, city: str) -> Sequence[tuple[str, str, str]]:
    """(slug, name, keys) of every unit that exists on that day."""
    return [(u.slug, u.name, keys(city, u.name, *u.aliases)) for u in reference.units_on(on)]


def categories(reference: Reference) -> Sequence[tuple[Category, Sequence[Category]]]:
    """First-level categories, each with its second level."""
    return [
        (first, [c for c in reference.categories if c.parent == first.slug])
        for first in reference.categories
        if first.parent is None
    ]
