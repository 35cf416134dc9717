"""Linear models over one matrix of features: several questions ("heads") asked of a message, each answered with probabilities.

Each head is ridge regression on one-against-all targets, classes weighted to count alike; that of the category has a second
opinion added, a support vector machine on the columns times the log-count ratio of the label (NB-SVM, Wang and Manning 2012):
both are linear, so the sum is one head. Its scores become probabilities by a scale and a shift per class, fitted on scores of
messages held out of training (calibration.py). What a column tells of the labels is counted again inside every fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import FOLDS, Calibration, fit, folds
from classifier.details import automatic
from classifier.features import LEAST, Counts, Features, Matrix, learn, prepared, ratios, telling
from classifier.samples import Sample, SampleError, first_level
from data.records import Urgency

ALPHA = 0.6
ROOM = 10_000_000  # weights kept in all, a byte each: the file stays below 12 MB
MOST_FEATURES = 600_000
MARKED = frozenset({"kind"})  # questions that hear marks; for the others they would be noise
PIECED = frozenset({"kind", "request"})  # questions taught by a sample's title alone and its body alone, too
OPINION = 0.8  # of the second opinion beside the ridge's, chosen so that both spread alike
HEEDED = frozenset({"category"})  # questions it is asked: those with hundreds of samples a label
SOFT = 0.5  # cost of a margin not kept
SPREAD = 0.95  # of held-out scores to those of the model of all samples, which are wider: it knows more words
TITLE = 6  # characters of a title that says something alone

Floats = NDArray[np.float32]
Names = Mapping[str, Mapping[str, str]]  # question -> label -> what it is called


@dataclass(frozen=True, eq=False)
class Head:
    """One question: ``weights`` (features, labels), ``bias`` (labels), and what makes its scores probabilities."""

    labels: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: Floats  # (features,): a weight is ``weights[i] * scale[i]``
    bias: Floats
    calibration: Calibration
    samples: int  # how many it was trained on
    sure: float | None = (
        None  # the probability from which held-out samples prove details.WANTED precision; None: none does
    )

    @cached_property
    def index(self) -> Mapping[str, int]:
        return {label: i for i, label in enumerate(self.labels)}


@dataclass(frozen=True, eq=False)
class Handed:
    """What those who decided made of what the units' table says: ``counts`` (units, labels), how many samples of each
    ``label`` the table would have given to each of the ``units``, in shares."""

    units: tuple[str, ...]
    labels: tuple[str, ...]
    counts: Floats


@dataclass(frozen=True, eq=False)
class Model:
    """Features and heads: ``category`` (first level, or any names), ``detail`` (second level), ``kind``, ``unit``,
    ``request`` and ``emergency`` (yes, no)."""

    version: str
    features: Features
    heads: Mapping[str, Head]
    names: Names = field(default_factory=dict)  # what who taught it calls its labels
    handed: Handed | None = None  # see classifier/handing.py

    @cached_property
    def weights(self) -> Floats:
        """All heads side by side, so that a batch costs one product."""
        side_by_side = np.hstack([h.weights * h.scale[:, None] for h in self.heads.values()], dtype=np.float32)
        return np.ascontiguousarray(side_by_side)  # else scipy copies all of it at every product

    def probabilities(self, matrix: Matrix) -> dict[str, NDArray[np.float64]]:
        """Head -> (rows, labels), each row summing to one."""
        many = matrix.nnz > matrix.shape[1]  # then by columns, so that a column's weights are fetched once a batch
        scores = (matrix.tocsc() if many else matrix) @ self.weights
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


def train(samples: Sequence[Sample], city: tuple[str, ...] = (), engine: str = "", names: Names | None = None) -> Model:
    """A model of ``samples``; the same samples give the same model. Raises SampleError when there is nothing to learn."""
    from classifier.modelfile import stamped
    from classifier.tokens import engine as installed

    questions = {n: answers for n, answers in _questions(samples).items() if len(set(answers) - {None}) >= 2}
    if not questions:
        raise SampleError("样本里至少要有两种类别（或诉求类型、承办单位），才能训练")
    texts = prepared(s.text for s in samples)
    asked = {name: _Asked.of(answers) for name, answers in questions.items()}
    columns = sum(len(a.labels) for a in asked.values())
    room = min(MOST_FEATURES, ROOM // (columns + 8))
    features = learn(texts, room, city, engine or installed(), bool(MARKED & asked.keys()))
    if not features.size:
        raise SampleError("样本太少，学不到任何词语；请至少提供几十条")
    pieces = _pieces(samples) if PIECED & asked.keys() else []
    row = np.array([*range(len(samples)), *(i for i, _ in pieces)])  # which sample each text is, or is a piece of
    counts = features.counted([*texts, *prepared(piece for _, piece in pieces)])
    fold = folds(texts, list(zip(*questions.values(), strict=True)), FOLDS)[row]
    asked = {q: a.taught(row, len(row) if q in PIECED else len(samples)) for q, a in asked.items()}
    apart = _held_out(features, counts, asked, fold)
    lesson = _Lesson.of(features, counts, asked, np.ones(len(row), bool))
    features = features.told(_most(lesson.tells))
    written = np.array([not s.made for s in samples] + [False] * len(pieces))
    heads = {q: _head(lesson, q, a, apart[q], written) for q, a in asked.items()}
    if "category" in heads:
        sure = _sure(heads, apart, written & (asked["category"].truth >= 0), asked["category"].truth)
        heads["category"] = replace(heads["category"], sure=sure)
    return stamped(Model("", features, heads, names or {}))


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

    def taught(self, row: NDArray[np.int64], count: int) -> _Asked:
        """The answers of the samples in ``row``, those after the first ``count`` not known."""
        return _Asked(self.labels, np.where(np.arange(len(row)) < count, self.truth[row], -1))


def _pieces(samples: Sequence[Sample]) -> list[tuple[int, str]]:
    """(number of the sample, text): title alone and body alone, as people post them. They teach words, not how sure to be."""
    found = []
    for i, sample in enumerate(samples):
        title, _, body = sample.text.partition("\n")
        if body and not sample.made and (sample.kind or sample.is_request is not None):
            found += [(i, part) for part in (title, body) if len(part) >= TITLE]
    return found


def _tells(
    features: Features, present: Sequence[Matrix], asked: Mapping[str, _Asked], among: NDArray[np.bool_]
) -> dict[str, Floats]:
    """Question -> the weight of each column: the root of what it tells of the question, by the rows ``among``."""
    rows = {q: np.flatnonzero(among & (a.truth >= 0)) for q, a in asked.items()}
    told = {}
    for q, a in asked.items():
        if len(at := rows[q]):
            tells = telling([part[at] for part in present], a.truth[at], len(a.labels))
            told[q] = np.sqrt(tells + np.float32(LEAST))
            told[q][features.matter :] *= q in MARKED
    return told


def _most(tells: Mapping[str, Floats]) -> Floats:
    """The weight of each column for the question it tells most of: one matrix serves all."""
    found: Floats = np.max(np.stack(list(tells.values())), axis=0)
    return found


def _held_out(
    features: Features, counts: Counts, asked: Mapping[str, _Asked], fold: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Scores (samples, labels) of every question, each by a model that has not seen the sample nor its duplicates."""
    scores = {q: np.zeros((len(fold), len(a.labels))) for q, a in asked.items()}
    for number in np.unique(fold):
        apart = fold == number
        lesson = _Lesson.of(features, counts, asked, ~apart)
        for q in lesson.tells:
            rows = np.flatnonzero(~apart & (asked[q].truth >= 0))
            weights, bias = lesson.learnt(q, rows, asked[q])
            scores[q][apart] = lesson.matrix[apart] @ weights + bias
    return scores


@dataclass(frozen=True, eq=False)
class _Lesson:
    """What some rows teach: the matrix of all rows, weighed by what each column ``tells`` of a question."""

    matrix: Matrix
    present: Sequence[Matrix]
    tells: Mapping[str, Floats]

    @classmethod
    def of(cls, features: Features, counts: Counts, asked: Mapping[str, _Asked], among: NDArray[np.bool_]) -> _Lesson:
        present = features.present(counts)
        tells = _tells(features, present, asked, among)
        return cls(features.told(_most(tells)).weighed(counts), present, tells)

    def learnt(self, question: str, rows: NDArray[np.int64], asked: _Asked) -> tuple[Any, Any]:
        """Weights (features, labels) and bias (labels) of a question, by the ``rows``."""
        matrix, truth, most = self.matrix[rows], asked.truth[rows], _most(self.tells)
        weights, bias = solve(matrix, truth, len(asked.labels), self.tells[question] / most)
        if question in HEEDED:
            # the ratio alone weighs a column here: what the column tells is taken out again
            more, shift = contrast(
                matrix, truth, ratios([p[rows] for p in self.present], truth, len(asked.labels)) / most
            )
            weights, bias = weights + OPINION * more, bias + OPINION * shift
        return weights, bias


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


def _head(lesson: _Lesson, question: str, asked: _Asked, apart: NDArray[Any], written: NDArray[np.bool_]) -> Head:
    rows = np.flatnonzero(asked.truth >= 0)
    truth, scores = asked.truth[rows], apart[rows]
    counts = written[rows] if written[rows].any() else np.ones(len(rows), bool)
    calibration = fit(scores[counts], truth[counts]).softened(SPREAD)
    weights, bias = lesson.learnt(question, rows, asked)
    scale = np.maximum(np.abs(weights).max(axis=1), 1e-9) / 127
    packed = np.rint(weights / scale[:, None]).astype(np.int8)
    return Head(asked.labels, packed, scale.astype(np.float32), bias.astype(np.float32), calibration, int(counts.sum()))


def _sure(
    heads: Mapping[str, Head],
    apart: Mapping[str, NDArray[Any]],
    rows: NDArray[np.bool_],
    truth: NDArray[np.int64],
) -> float | None:
    """The probability of a category from which held-out samples prove that it may be believed without a person."""
    from classifier.answers import CATEGORY, Answer, agreed

    said = {
        q: Answer(h.labels, h.calibration.softened(1 / SPREAD).probabilities(apart[q][rows]))
        for q, h in heads.items()
        if q in CATEGORY
    }
    p = agreed(said)["category"].p
    found = automatic(p.max(axis=1), p.argmax(axis=1) == truth[rows]) if len(p) else None
    return found["from"] if found else None


def solve(matrix: Matrix, truth: NDArray[np.int64], labels: int, share: Floats) -> tuple[Any, Any]:
    """Weights (features, labels) and bias (labels) of the ridge regression on targets 1 and -1.

    ``share``: how much of a column's weight is this question's; what tells nothing of it is pulled to 0 the harder.
    """
    from sklearn.linear_model import Ridge

    counts = np.bincount(truth, minlength=labels)
    weight = (len(truth) / (labels * np.maximum(counts, 1)))[truth]
    targets = np.where(truth[:, None] == np.arange(labels), 1.0, -1.0)
    ridge = Ridge(alpha=ALPHA, solver="sparse_cg", tol=1e-3).fit(_columns(matrix, share), targets, sample_weight=weight)
    return np.atleast_2d(ridge.coef_).T * share[:, None], np.atleast_1d(ridge.intercept_)


def contrast(matrix: Matrix, truth: NDArray[np.int64], ratio: Floats) -> tuple[Any, Any]:
    """Weights (features, labels) and bias (labels) of a support vector machine a label against all others.

    ``ratio``: (labels, features), what each column is weighed by for each label; rows are of length one in the mean.
    """
    from sklearn.svm import LinearSVC

    labels = len(ratio)
    weights, bias = np.zeros((matrix.shape[1], labels)), np.zeros(labels)
    for label in np.unique(truth):
        columns = _columns(matrix, ratio[label])
        long = np.sqrt(columns.multiply(columns).sum(axis=1)).mean() or 1.0
        columns.data /= long
        machine = LinearSVC(C=SOFT, class_weight="balanced", tol=1e-2, max_iter=300, random_state=0)
        machine.fit(columns, truth == label)
        weights[:, label], bias[label] = machine.coef_[0] * ratio[label] / long, machine.intercept_[0]
    return weights, bias


def _columns(matrix: Matrix, share: Floats) -> Matrix:
    """The matrix with every column times its ``share``."""
    return type(matrix)((matrix.data * share[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)
