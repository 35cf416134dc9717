"""Turns scores into probabilities that hold: fitted on messages the scores were not trained on.

Vector scaling (Guo et al. 2017): one scale, one shift per class, by least negative log-likelihood.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 4
HOLD = 0.01  # pull of the shifts towards 0, per class; a class of three samples must not run away

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """``scale`` for all classes, ``shift`` for each."""

    scale: float
    shift: NDArray[np.float32]

    def probabilities(self, scores: NDArray[Any]) -> Floats:
        """Rows of scores to rows of probabilities."""
        return softmax(scores.astype(np.float64) * self.scale + self.shift)

    def softened(self, factor: float) -> Calibration:
        """Less sure by ``factor`` (below 1), for messages unlike those it was fitted on; a temperature of 1/factor."""
        return Calibration(self.scale * factor, (self.shift * factor).astype(np.float32))


def softmax(values: Floats) -> Floats:
    """Row by row, without overflow."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return result


def fit(scores: Floats, truth: NDArray[np.int64]) -> Calibration:
    """The scale and shifts under which ``truth`` (column numbers) is likeliest, given ``scores`` (rows, classes)."""
    from scipy.optimize import minimize

    rows, classes = scores.shape
    hit = truth[:, None] == np.arange(classes)

    def loss(x: Floats) -> tuple[float, Floats]:
        p = softmax(scores * x[0] + x[1:])
        error = (p - hit) / rows
        pull = HOLD / classes * x[1:]
        value = -np.log(np.maximum(p[hit], 1e-12)).mean() + 0.5 * float(pull @ x[1:])
        return value, np.concatenate([[(error * scores).sum()], error.sum(axis=0) + pull])

    start = np.concatenate([[3.0], np.zeros(classes)])
    bounds = [(0.1, 50.0)] + [(-8.0, 8.0)] * classes
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Calibration(float(found[0]), found[1:].astype(np.float32))


def held_out(
    solve: Callable[[Any, NDArray[np.int64], int], tuple[Any, Any]],
    matrix: Any,
    truth: NDArray[np.int64],
    classes: int,
    texts: Sequence[str],
) -> Floats:
    """Scores (rows, classes) of every row, each by a model that has not seen it nor its duplicates."""
    fold = folds(texts, truth, FOLDS)
    scores = np.zeros((len(truth), classes))
    for number in range(FOLDS):
        apart = fold == number
        if apart.any() and not apart.all():
            weights, bias = solve(matrix[~apart], truth[~apart], classes)
            scores[apart] = matrix[apart] @ weights + bias
    return scores


def folds(texts: Sequence[str], truth: Sequence[Any] | NDArray[Any], count: int) -> NDArray[np.int64]:
    """A fold number for each text: labels spread evenly, duplicates kept on one side, the same every time."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(texts):
        groups["".join(c for c in text[:200] if c.isalnum())[:60]].append(i)
    ordered = sorted(groups.values(), key=lambda g: (str(truth[g[0]]), g[0]))
    result = np.zeros(len(texts), np.int64)
    for rank, group in enumerate(ordered):
        result[group] = rank % count
    return result
