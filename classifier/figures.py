"""What a set of probabilities is worth against the truth: the figures every evaluation prints, as functions of arrays.

``p`` is (rows, labels), ``truth`` the column of the right label, -1 where it is not among the labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Columns = NDArray[np.int64]
PRECISIONS = (0.90, 0.95, 0.98)
BINS = 10


def accuracy(p: Floats, truth: Columns, among: int = 1) -> float:
    """Share of rows whose right label is among the ``among`` likeliest."""
    best = np.argsort(-p, axis=1, kind="stable")[:, :among]
    return float((best == truth[:, None]).any(axis=1).mean())


def macro_f1(p: Floats, truth: Columns) -> float:
    """The mean F1 of the labels that occur in ``truth``; a row whose label is unknown (-1) is a miss of no column's."""
    guess = p.argmax(axis=1)
    return float(np.mean([f1(guess == c, truth == c) for c in np.unique(truth)]))


def f1(guess: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """F1 of one label."""
    return 2 * float((guess & truth).sum()) / max(1.0, float(guess.sum() + truth.sum()))


def calibration_error(p: Floats, truth: Columns) -> float:
    """Expected calibration error of the first choice (Naeini et al. 2015): ten equal bins, weighed by their rows."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == truth
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [(bins == b).mean() * abs(right[bins == b].mean() - sure[bins == b].mean()) for b in np.unique(bins)]
    return float(sum(gaps))


def coverage(p: Floats, truth: Columns) -> dict[str, float]:
    """Precision -> the largest share of rows, surest first, of which that much is right."""
    order = np.argsort(-p.max(axis=1), kind="stable")
    right = (p.argmax(axis=1) == truth)[order]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    found = {f"{wanted:.2f}": np.flatnonzero(precision >= wanted) for wanted in PRECISIONS}
    return {wanted: float((at[-1] + 1) / len(right)) if len(at) else 0.0 for wanted, at in found.items()}


def figures(p: Floats, truth: Columns) -> dict[str, Any]:
    """All of them, by the names of the command line's contract."""
    return {
        "rows": len(truth),
        "accuracy": accuracy(p, truth),
        "macro_f1": macro_f1(p, truth),
        "top2": accuracy(p, truth, 2),
        "top3": accuracy(p, truth, 3),
        "coverage_at_precision": coverage(p, truth),
        "calibration_error": calibration_error(p, truth),
    }
