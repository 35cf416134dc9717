"""What stands behind the figures of an evaluation: class by class, what is taken for what, how far a probability can be trusted.

``p`` is (rows, labels), ``truth`` the column of the right label, -1 where it is not among the labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.figures import BINS, f1

Floats = NDArray[np.float64]
Columns = NDArray[np.int64]
WANTED = 0.98  # precision asked of what is filed without a person
CONFIDENCE = 1.645  # standard deviations: one-sided 95 %
POINTS = 20  # of the curve of coverage against precision


def details(p: Floats, truth: Columns, labels: Sequence[str]) -> dict[str, Any]:
    """``classes``, ``confusion``, ``calibration``, ``coverage`` and ``automatic``, ready for JSON."""
    guess, sure = p.argmax(axis=1), p.max(axis=1)
    return {
        "classes": [_class(guess == c, truth == c, label) for c, label in enumerate(labels)],
        "confusion": {"labels": list(labels), "rows": _confusion(guess, truth, len(labels)).tolist()},
        "calibration": _reliability(sure, guess == truth),
        "coverage": _curve(sure, guess == truth),
        "automatic": automatic(sure, guess == truth),
    }


def automatic(sure: Floats, right: NDArray[np.bool_], wanted: float = WANTED) -> dict[str, float] | None:
    """The probability from which ``wanted`` precision is proven, what it covers and how precise it was; None if from none.

    Proven: the lower bound of Wilson's interval (one-sided, 95 %) is not below ``wanted``. The point estimate
    alone picks a threshold where chance was kind, and misses on the next rows.
    """
    order = np.argsort(-sure, kind="stable")
    count = np.arange(1, len(order) + 1)
    share = np.cumsum(right[order]) / count
    ends = np.append(sure[order][1:] < sure[order][:-1], True)  # equal probabilities stand or fall together
    proven = np.flatnonzero((lower(share, count) >= wanted) & ends)
    if not len(proven):
        return None
    last = int(proven[-1])
    return {
        "from": float(sure[order][last]),
        "coverage": (last + 1) / len(order),
        "precision": float(share[last]),
        "proven": float(lower(share, count)[last]),
    }


def held(p: Floats, truth: Columns, fold: NDArray[np.int64], wanted: float = WANTED) -> dict[str, float]:
    """Coverage and precision really reached where each fold's threshold is taken from the other folds."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == truth
    filed = np.zeros(len(truth), bool)
    for number in np.unique(fold):
        apart = fold == number
        if (found := automatic(sure[~apart], right[~apart], wanted)) is not None:
            filed |= apart & (sure >= found["from"])
    return {"coverage": float(filed.mean()), "precision": float(right[filed].mean()) if filed.any() else 1.0}


def lower(share: Any, count: Any) -> Any:
    """The lower bound of Wilson's interval for a share of ``count``."""
    z = CONFIDENCE
    middle = share + z * z / (2 * count)
    return (middle - z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))) / (1 + z * z / count)


def _class(guess: NDArray[np.bool_], truth: NDArray[np.bool_], label: str) -> dict[str, Any]:
    hits = int((guess & truth).sum())
    return {
        "label": label,
        "rows": int(truth.sum()),
        "precision": hits / max(1, int(guess.sum())),
        "recall": hits / max(1, int(truth.sum())),
        "f1": f1(guess, truth),
    }


def _confusion(guess: Columns, truth: Columns, labels: int) -> NDArray[np.int64]:
    """(labels, labels): rows the truth, columns what it was taken for."""
    known = truth >= 0
    found = np.zeros((labels, labels), np.int64)
    np.add.at(found, (truth[known], guess[known]), 1)
    return found


def _reliability(sure: Floats, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [
        {"from": b / BINS, "rows": int(at.sum()), "said": float(sure[at].mean()), "right": float(right[at].mean())}
        for b in range(BINS)
        if (at := bins == b).any()
    ]


def _curve(sure: Floats, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    order = np.argsort(-sure, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    at = sorted({max(1, math.ceil(len(order) * i / POINTS)) for i in range(1, POINTS + 1)})
    return [
        {
            "coverage": n / len(order),
            "from": float(sure[order][n - 1]),
            "precision": float(shares[n - 1]),
            "proven": float(lower(shares[n - 1], n)),
        }
        for n in at
    ]
