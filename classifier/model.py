"""Linear models over one matrix of features: several questions ("heads") asked of a message, each answered with probabilities.

Each head is ridge regression on one-against-all targets, classes weighted to count alike; its scores become
probabilities by a scale and a shift per class, fitted on scores of messages held out of training (calibration.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import Calibration, fit, held_out
from classifier.features import Features, Matrix, learn, prepared
from classifier.samples import Sample, SampleError, first_level
from data.records import Urgency

ALPHA = 1.0
ROOM = 10_000_000  # weights kept in all, a byte each: the file stays below 12 MB
MOST_FEATURES = 600_000

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Head:
    """One question: ``weights`` (features, labels), ``bias`` (labels), and what makes its scores probabilities."""

    labels: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: Floats  # (features,): a weight is ``weights[i] * scale[i]``
    bias: Floats
    calibration: Calibration
    samples: int  # how many it was trained on

    @cached_property
    def index(self) -> Mapping[str, int]:
        return {label: i for i, label in enumerate(self.labels)}


@dataclass(frozen=True, eq=False)
class Model:
    """Features and heads: ``category`` (first level, or any names), ``detail`` (second level), ``kind``, ``unit``,
    ``request`` and ``emergency`` (yes, no)."""

    version: str
    features: Features
    heads: Mapping[str, Head]

    @cached_property
    def weights(self) -> Floats:
        """All heads side by side, so that a batch costs one product."""
        side_by_side = np.hstack([h.weights * h.scale[:, None] for h in self.heads.values()], dtype=np.float32)
        return np.ascontiguousarray(side_by_side)  # else scipy copies all of it at every product

    def probabilities(self, matrix: Matrix) -> dict[str, NDArray[np.float64]]:
        """Head -> (rows, labels), each row summing to one."""
        scores = matrix @ self.weights
        found, start = {}, 0
        for name, head in self.heads.items():
            part = scores[:, start : start + len(head.labels)] + head.bias
            found[name] = head.calibration.probabilities(part)
            start += len(head.labels)
        return found

    def place(self, head: str, label: str) -> int:
        """The column of ``weights`` that speaks for ``label``."""
        names = list(self.heads)
        before = sum(len(self.heads[n].labels) for n in names[: names.index(head)])
        return before + self.heads[head].index[label]


def train(samples: Sequence[Sample], city: tuple[str, ...] = (), engine: str = "") -> Model:
    """A model of ``samples``; the same samples give the same model. Raises SampleError when there is nothing to learn."""
    from classifier.modelfile import stamped
    from classifier.tokens import engine as installed

    questions = {n: answers for n, answers in _questions(samples).items() if len(set(answers) - {None}) >= 2}
    if not questions:
        raise SampleError("样本里至少要有两种类别（或诉求类型、承办单位），才能训练")
    texts = prepared(s.text for s in samples)
    columns = sum(len(_labels(a)) for a in questions.values())
    features = learn(texts, min(MOST_FEATURES, ROOM // (columns + 8)), city, engine or installed())
    if not features.size:
        raise SampleError("样本太少，学不到任何词语；请至少提供几十条")
    matrix = features.matrix(texts)
    written = np.array([not s.made for s in samples])
    heads = {name: _head(matrix, answers, texts, written) for name, answers in questions.items()}
    return stamped(Model("", features, heads))


def _questions(samples: Sequence[Sample]) -> dict[str, list[str | None]]:
    """What each head is to answer for each sample; None where the sample does not say."""
    return {
        "category": [first_level(s.category) for s in samples],
        "detail": [s.category if s.category and "/" in s.category else None for s in samples],
        "kind": [s.kind for s in samples],
        "unit": [s.unit for s in samples],
        "request": [None if s.is_request is None else "yes" if s.is_request else "no" for s in samples],
        "emergency": [_emergency(s) for s in samples],
    }


def _emergency(sample: Sample) -> str | None:
    """Any message written as an ordinary one is none."""
    if sample.urgency is None and sample.is_request is None:
        return None
    return "yes" if sample.urgency == Urgency.EMERGENCY else "no"


def _labels(answers: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(sorted({a for a in answers if a is not None}))


def _head(matrix: Matrix, answers: Sequence[str | None], texts: Sequence[str], written: NDArray[np.bool_]) -> Head:
    labels = _labels(answers)
    at = {label: i for i, label in enumerate(labels)}
    rows = np.array([i for i, a in enumerate(answers) if a is not None])
    truth = np.array([at[a] for a in answers if a is not None])
    part = matrix[rows]
    counts = written[rows] if written[rows].any() else np.ones(len(rows), bool)
    scores = held_out(solve, part, truth, len(labels), [texts[i] for i in rows])
    weights, bias = solve(part, truth, len(labels))
    scale = np.maximum(np.abs(weights).max(axis=1), 1e-9) / 127
    packed = np.rint(weights / scale[:, None]).astype(np.int8)
    return Head(
        labels,
        packed,
        scale.astype(np.float32),
        bias.astype(np.float32),
        fit(scores[counts], truth[counts]),
        int(counts.sum()),
    )


def solve(matrix: Matrix, truth: NDArray[np.int64], labels: int) -> tuple[Any, Any]:
    """Weights (features, labels) and bias (labels) of the ridge regression on targets 1 and -1."""
    from sklearn.linear_model import Ridge

    counts = np.bincount(truth, minlength=labels)
    weight = (len(truth) / (labels * np.maximum(counts, 1)))[truth]
    targets = np.where(truth[:, None] == np.arange(labels), 1.0, -1.0)
    ridge = Ridge(alpha=ALPHA, solver="sparse_cg", tol=1e-3).fit(matrix, targets, sample_weight=weight)
    return np.atleast_2d(ridge.coef_).T, np.atleast_1d(ridge.intercept_)
