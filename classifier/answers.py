"""What models answer about messages, question by question, the two levels of category made to agree.

The first level is the geometric mean of its own head and of the second level's sums; the second level shares out
the probability of its first. Questions one model was not trained for are asked of another ("beside").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from classifier.features import Matrix
from classifier.model import Model
from classifier.samples import first_level

Floats = NDArray[np.float64]
SHOWN = 3
CATEGORY = ("category", "detail")  # always by one model: they share their labels


@dataclass(frozen=True, eq=False)
class Answer:
    """Probabilities ``p`` (rows, labels) for one question, and how many samples taught it."""

    labels: tuple[str, ...]
    p: Floats
    samples: int = 0

    def best(self, row: int, count: int = SHOWN) -> list[tuple[str, float]]:
        """The likeliest labels of a row with their probabilities, best first, at most SHOWN."""
        return self.ranked[row][:count]

    @cached_property
    def index(self) -> dict[str, int]:
        """Label -> column."""
        return {label: i for i, label in enumerate(self.labels)}

    @cached_property
    def ranked(self) -> list[list[tuple[str, float]]]:
        """``best`` of every row: a batch asks for nearly all of them."""
        left, rows = self.p.copy(), np.arange(len(self.p))
        order = np.zeros((len(self.p), min(SHOWN, len(self.labels))), np.int64)
        for n in range(order.shape[1]):
            order[:, n] = left.argmax(axis=1)
            left[rows, order[:, n]] = -1.0
        values = np.take_along_axis(self.p, order, axis=1)
        return [
            [(self.labels[j], p) for j, p in zip(js, ps, strict=True)]
            for js, ps in zip(order.tolist(), values.tolist(), strict=True)
        ]

    def above(self, least: float) -> list[list[tuple[str, float]]]:
        """For each row the labels more probable than ``least``, in their order."""
        found: list[list[tuple[str, float]]] = [[] for _ in self.p]
        rows, columns = np.nonzero(self.p > least)
        for i, j, p in zip(rows.tolist(), columns.tolist(), self.p[rows, columns].tolist(), strict=True):
            found[i].append((self.labels[j], p))
        return found


def ask(
    model: Model, texts: Sequence[str], matrix: Matrix | None = None, beside: Model | None = None
) -> dict[str, Answer]:
    """Question -> Answer for texts in normal form (``matrix``: their features by ``model``, if made already)."""
    found = _own(model, model.features.matrix(texts) if matrix is None else matrix)
    if beside is not None and any(q not in found for q in beside.heads):
        other = _own(beside, beside.features.matrix(texts))
        found = {q: a for q, a in other.items() if q not in CATEGORY or "category" not in found} | found
    return found


def _own(model: Model, matrix: Matrix) -> dict[str, Answer]:
    found = {
        q: Answer(model.heads[q].labels, p, model.heads[q].samples) for q, p in model.probabilities(matrix).items()
    }
    return agreed(found)


def agreed(found: dict[str, Answer]) -> dict[str, Answer]:
    """The answers with both levels of category in agreement, where both are answered."""
    return found | _agreed(found["category"], found["detail"]) if found.keys() >= set(CATEGORY) else found


def _agreed(first: Answer, second: Answer) -> dict[str, Answer]:
    parent = _parents(first.labels, second.labels)
    rows, firsts = first.p.shape
    known = parent >= 0
    cells = np.arange(rows)[:, None] * firsts + parent[known]
    sums = np.bincount(cells.ravel(), second.p[:, known].ravel(), first.p.size).reshape(rows, firsts)
    both = (
        np.bincount(parent[known], minlength=firsts) > 0
    )  # a first level without a second is known by its own head only
    mixed = np.where(both, np.sqrt(first.p * np.maximum(sums, 1e-9)), first.p)
    mixed /= mixed.sum(axis=1, keepdims=True)
    shared = second.p * np.where(known, (mixed / np.maximum(sums, 1e-12))[:, parent], 0.0)
    return {
        "category": Answer(first.labels, mixed, first.samples),
        "detail": Answer(second.labels, shared, second.samples),
    }


@lru_cache(maxsize=8)
def _parents(firsts: tuple[str, ...], seconds: tuple[str, ...]) -> NDArray[np.int64]:
    """Of each second-level label the place of its first level, -1 where that is no label."""
    at = {label: i for i, label in enumerate(firsts)}
    return np.array([at.get(str(first_level(s)), -1) for s in seconds], np.int64)
