"""Linear models over one matrix of features: several questions ("heads") asked of a message, each answered with probabilities.

Each head is ridge regression on one-against-all targets, classes weighted to count alike; its scores become
probabilities by a scale and a shift per class, fitted on scores of messages held out of training (calibration.py).
The same held-out scores find labels that are probably wrong (Northcutt et al. 2021); such messages count less.
Whatever is chosen by labels (what a column tells, which labels to doubt) is chosen again inside every fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import FOLDS, Calibration, fit, folds
from classifier.features import LEAST, Counts, Features, Matrix, learn, prepared, telling
from classifier.samples import Sample, SampleError, first_level
from data.records import Urgency

ALPHA = 0.6
ROOM = 10_000_000  # weights kept in all, a byte each: the file stays below 12 MB
MOST_FEATURES = 600_000
UNLIKELY = 0.1  # a label held to be less probable than this may be wrong …
DOUBTED = 0.2  # … and its message counts this much,
MANY = 100  # where there are enough messages of that label to know it by

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
    asked = {name: _Asked.of(answers) for name, answers in questions.items()}
    columns = sum(len(a.labels) for a in asked.values())
    features = learn(texts, min(MOST_FEATURES, ROOM // (columns + 8)), city, engine or installed())
    if not features.size:
        raise SampleError("样本太少，学不到任何词语；请至少提供几十条")
    counts, fold = features.counted(texts), folds(texts, list(zip(*questions.values(), strict=True)), FOLDS)
    apart = _held_out(features, counts, asked, fold)
    features = features.told(_tells(counts, asked, np.ones(len(texts), bool)))
    matrix = features.weighed(counts)
    written = np.array([not s.made for s in samples])
    return stamped(Model("", features, {q: _head(matrix, a, apart[q], written) for q, a in asked.items()}))


@dataclass(frozen=True, eq=False)
class _Asked:
    """A question's labels, the column of each sample's answer, -1 where it has none."""

    labels: tuple[str, ...]
    truth: NDArray[np.int64]

    @classmethod
    def of(cls, answers: Sequence[str | None]) -> _Asked:
        labels = tuple(sorted({a for a in answers if a is not None}))
        at = {label: i for i, label in enumerate(labels)}
        return cls(labels, np.array([-1 if a is None else at[a] for a in answers]))


def _tells(counts: Counts, asked: Mapping[str, _Asked], among: NDArray[np.bool_]) -> Floats:
    """The weight of each column: the root of what it tells of the question it tells most of, by the rows ``among``."""
    most = np.zeros(counts.words.shape[1] + counts.body.shape[1], np.float32)
    for question in asked.values():
        rows = np.flatnonzero(among & (question.truth >= 0))
        most = np.maximum(most, telling(counts.rows(rows), question.truth[rows], len(question.labels)))
    return np.sqrt(most + np.float32(LEAST))


def _held_out(
    features: Features, counts: Counts, asked: Mapping[str, _Asked], fold: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Scores (samples, labels) of every question, each by a model that has not seen the sample nor its duplicates."""
    scores = {q: np.zeros((len(fold), len(a.labels))) for q, a in asked.items()}
    for number in np.unique(fold):
        apart = fold == number
        matrix = features.told(_tells(counts, asked, ~apart)).weighed(counts)
        for q, a in asked.items():
            if len(rows := np.flatnonzero(~apart & (a.truth >= 0))):
                weights, bias = solve(matrix[rows], a.truth[rows], len(a.labels))
                scores[q][apart] = matrix[apart] @ weights + bias
    return scores


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


def _head(matrix: Matrix, asked: _Asked, apart: NDArray[Any], written: NDArray[np.bool_]) -> Head:
    rows = np.flatnonzero(asked.truth >= 0)
    truth, scores = asked.truth[rows], apart[rows]
    counts = written[rows] if written[rows].any() else np.ones(len(rows), bool)
    calibration = fit(scores[counts], truth[counts])
    weights, bias = solve(matrix[rows], truth, len(asked.labels), _trust(calibration.probabilities(scores), truth))
    scale = np.maximum(np.abs(weights).max(axis=1), 1e-9) / 127
    packed = np.rint(weights / scale[:, None]).astype(np.int8)
    return Head(
        asked.labels, packed, scale.astype(np.float32), bias.astype(np.float32), calibration, int(counts.sum())
    )


def _trust(p: NDArray[np.float64], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much each sample counts: less where its label is probably wrong."""
    many = np.bincount(truth, minlength=p.shape[1])[truth] >= MANY
    return np.where(many & (p[np.arange(len(truth)), truth] < UNLIKELY), DOUBTED, 1.0)


def solve(
    matrix: Matrix, truth: NDArray[np.int64], labels: int, trust: NDArray[np.float64] | float = 1.0
) -> tuple[Any, Any]:
    """Weights (features, labels) and bias (labels) of the ridge regression on targets 1 and -1."""
    from sklearn.linear_model import Ridge

    counts = np.bincount(truth, minlength=labels)
    weight = (len(truth) / (labels * np.maximum(counts, 1)))[truth] * trust
    targets = np.where(truth[:, None] == np.arange(labels), 1.0, -1.0)
    ridge = Ridge(alpha=ALPHA, solver="sparse_cg", tol=1e-3).fit(matrix, targets, sample_weight=weight)
    return np.atleast_2d(ridge.coef_).T, np.atleast_1d(ridge.intercept_)
