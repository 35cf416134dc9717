"""The written training samples that ship with the reference tables: usable, named by those tables, and all different."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pytest

from data.records import Kind, Urgency
from data.reference import SHIPPED, load

SAMPLES = SHIPPED / "samples"
COLUMNS: Mapping[str, Sequence[str]] = {
    "requests": ("title", "text", "label", "kind", "unit"),
    "negatives": ("title", "text", "sort"),
    "urgency": ("title", "text", "urgency"),
}
SORTS = {"chatter", "praise", "news", "advert", "question-to-netizens", "spam", "announcement", "lost-found"}
LEAST_A_CLASS = {"urban": 90} | dict.fromkeys(
    ("labour", "education", "commerce", "environment", "health", "transport"), 45
)
LEAST_ELSEWHERE, LEAST_A_KIND, LEAST_NEGATIVES = 18, 60, 160
LEAST_AN_URGENCY = {Urgency.EMERGENCY: 40, Urgency.IMMEDIATE: 60, Urgency.DAYS: 60}
TOO_ALIKE = 0.5  # share of character 8-grams two samples have in common

Rows = list[dict[str, str]]


def read(name: str, folder: Path = SAMPLES) -> Rows:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def grams(row: Mapping[str, str], n: int = 8) -> frozenset[str]:
    """The character n-grams of title and text; a text shorter than that is one gram."""
    text = row["title"] + row["text"]
    return frozenset(text[i : i + n] for i in range(max(1, len(text) - n + 1)))


def alike(rows: Rows) -> list[tuple[str, str]]:
    """Pairs of titles whose samples say nearly the same, by Jaccard similarity of their 8-grams."""
    known = [(row["title"], grams(row)) for row in rows]
    return [
        (a, b)
        for (a, left), (b, right) in combinations(known, 2)
        if not left.isdisjoint(right) and len(left & right) / len(left | right) > TOO_ALIKE
    ]


@pytest.mark.parametrize("name", COLUMNS)
def test_every_file_has_its_columns_and_no_empty_cell_but_a_title(name: str) -> None:
    rows = read(name)
    assert rows
    for number, row in enumerate(rows, 2):
        assert tuple(row) == tuple(COLUMNS[name]), f"{name}.csv line {number}"
        assert all(isinstance(cell, str) and cell.strip() == cell for cell in row.values()), f"{name}.csv line {number}"
        assert all(cell for column, cell in row.items() if column != "title"), f"{name}.csv line {number}"


def test_every_label_is_a_second_level_category_and_every_unit_exists() -> None:
    reference = load()
    finer = {slug for slug, category in reference.category.items() if category.parent}
    for row in read("requests"):
        assert row["label"] in finer, row["title"]
        assert row["unit"] in reference.unit, row["title"]


def test_kinds_sorts_and_urgencies_are_the_known_ones() -> None:
    assert {row["kind"] for row in read("requests")} == set(Kind)
    assert {row["sort"] for row in read("negatives")} == SORTS
    assert {row["urgency"] for row in read("urgency")} == set(Urgency)


def test_there_are_enough_samples_of_every_class_kind_and_urgency() -> None:
    requests = read("requests")
    classes = Counter(row["label"].partition("/")[0] for row in requests)
    firsts = {slug for slug, category in load().category.items() if category.parent is None}
    assert {c: classes[c] for c in firsts if classes[c] < LEAST_A_CLASS.get(c, LEAST_ELSEWHERE)} == {}
    kinds = Counter(row["kind"] for row in requests)
    assert {k: n for k, n in kinds.items() if n < LEAST_A_KIND} == {}
    urgencies = Counter(row["urgency"] for row in read("urgency"))
    assert {u: urgencies[u] for u, least in LEAST_AN_URGENCY.items() if urgencies[u] < least} == {}
    assert len(read("negatives")) >= LEAST_NEGATIVES


def test_no_sample_is_written_twice_in_any_file() -> None:
    texts = Counter(row["title"] + row["text"] for name in COLUMNS for row in read(name))
    assert [text for text, times in texts.items() if times > 1] == []
    bodies = Counter(row["text"] for name in COLUMNS for row in read(name))
    assert [text for text, times in bodies.items() if times > 1] == []


def test_no_two_samples_are_nearly_the_same() -> None:
    assert alike([row for name in COLUMNS for row in read(name)]) == []


def test_a_sample_with_one_word_changed_is_found_to_be_nearly_the_same() -> None:
    row = read("requests")[0]
    assert alike([row, row | {"title": row["title"] + "！"}]) == [(row["title"], row["title"] + "！")]
