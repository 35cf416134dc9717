"""What the people of the make-believe city write about, and what is said in reply; the words are in texts/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.records import Kind, Urgency
from data.reference import Reference

TEXTS = Path(__file__).with_name("texts")


@dataclass(frozen=True, slots=True)
class Title:
    """Words over a post, and what they ask for: ``kind`` is None where it is nothing."""

    words: str
    kind: Kind | None
    category: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing people write about; ``kind`` is None where nothing is asked for."""

    slug: str
    titles: tuple[Title, ...]
    bodies: tuple[str, ...]
    extras: tuple[str, ...] = ()
    category: str = ""
    kind: Kind | None = None
    unit: str = ""  # a slug, or "district": the government of the place
    urgency: Urgency = Urgency.DAYS
    days: int = 0
    area: str = "any"  # city, county or any
    weight: int = 1
    answers: str = ""  # family of replies
    ring: str = ""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is said under a post, by whom."""

    citizens: tuple[str, ...]
    holding: tuple[str, ...]
    office: tuple[str, ...]
    other_unit: tuple[str, ...]
    look_alike: tuple[str, ...]
    answers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Library:
    """Every text of the city."""

    ordinary: tuple[Matter, ...]
    storm: tuple[Matter, ...]
    others: tuple[Matter, ...]
    emergencies: tuple[Matter, ...]
    phrases: Phrases
    asked: Mapping[str, Matter] = field(default_factory=dict)  # by slug


def load(reference: Reference, folder: Path = TEXTS) -> Library:
    """Read every text; LookupError names what the reference does not know."""
    ordinary, storm, others, emergencies = (read(folder / f"{name}.toml") for name in _FILES)
    everything = (*ordinary, *storm, *others, *emergencies)
    phrases = _phrases(folder / "replies.toml")
    missing = [*_unknown(everything, reference), *_unanswered((*ordinary, *storm), phrases)]
    if missing:
        raise LookupError("demo/texts: " + "; ".join(missing))
    return Library(ordinary, storm, others, emergencies, phrases, {m.slug: m for m in everything})


_FILES = ("matters", "storm", "others", "emergencies")


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def read(path: Path) -> tuple[Matter, ...]:
    """The matters of one file of texts."""
    return tuple(_matter(row, path.stem == "emergencies") for row in _toml(path)["matters"])


def _matter(row: dict[str, Any], emergency: bool) -> Matter:
    words: dict[str, Any] = {name: tuple(row.pop(name, ())) for name in ("bodies", "extras")}
    titles = tuple(_title({"words": t} if isinstance(t, str) else t, row) for t in row.pop("titles"))
    kind = Kind(row.pop("kind")) if "kind" in row else None
    urgency = Urgency.EMERGENCY if emergency else Urgency(row.pop("urgency", "days"))
    return Matter(titles=titles, kind=kind, urgency=urgency, **words, **row)


def _title(own: Mapping[str, str], matter: Mapping[str, Any]) -> Title:
    kind = own.get("kind", matter.get("kind"))
    return Title(own["words"], Kind(kind) if kind else None, own.get("category", matter.get("category", "")))


def _phrases(path: Path) -> Phrases:
    row = _toml(path)
    answers = {family: tuple(texts) for family, texts in row.pop("answers").items()}
    return Phrases(answers=answers, **{name: tuple(texts) for name, texts in row.items()})


def _unknown(matters: tuple[Matter, ...], reference: Reference) -> list[str]:
    asked = [(m.slug, title.category) for m in matters if m.kind for title in m.titles]
    found = [f"{slug} category {category}" for slug, category in asked if category not in reference.category]
    known = {*reference.unit, "district"}
    return found + [f"{m.slug} unit {m.unit}" for m in matters if m.kind and m.unit not in known]


def _unanswered(matters: tuple[Matter, ...], phrases: Phrases) -> list[str]:
    return [f"{m.slug} answers {m.answers}" for m in matters if m.answers not in phrases.answers]
