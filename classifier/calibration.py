"""Turns scores into probabilities that hold: fitted on messages the scores were not trained on.

Vector scaling (Guo et al. 2017): one scale, one shift per class; and a share of labels that are wrong whatever the scores
say, so that the surest are not surer than people are. All three by least negative log-likelihood.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 4
HOLD = 0.01  # pull of the shifts towards 0, per class; a class of three samples must not run away
MOST_WRONG = 0.1

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """``scale`` for all classes, ``shift`` for each; ``wrong``: share of labels that any class may have by mistake."""

    scale: float
    shift: NDArray[np.float32]
    wrong: float = 0.0

    def probabilities(self, scores: NDArray[Any]) -> Floats:
        """Rows of scores to rows of probabilities."""
        clean = softmax(scores.astype(np.float64) * self.scale + self.shift)
        mixed: Floats = (1 - self.wrong) * clean + self.wrong / clean.shape[1]
        return mixed

    def softened(self, factor: float) -> Calibration:
        """Less sure by ``factor`` (below 1), for messages unlike those it was fitted on; a temperature of 1/factor."""
        return Calibration(self.scale * factor, (self.shift * factor).astype(np.float32), self.wrong)


def softmax(values: Floats) -> Floats:
    """Row by row, without overflow."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    result: Floats = powers / powers.sum(axis=1, keepdims=True)
    return result


def fit(scores: Floats, truth: NDArray[np.int64]) -> Calibration:
    """The calibration under which ``truth`` (column numbers) is likeliest, given ``scores`` (rows, classes)."""
    from scipy.optimize import minimize

    rows, classes = scores.shape
    hit = truth[:, None] == np.arange(classes)

    def loss(x: Floats) -> tuple[float, Floats]:
        scale, shift, wrong = x[0], x[1:-1], x[-1]
        clean = softmax(scores * scale + shift)
        right = clean[hit]
        p = np.maximum((1 - wrong) * right + wrong / classes, 1e-12)
        error = (clean - hit) * ((1 - wrong) * right / p / rows)[:, None]
        pull = HOLD / classes * shift
        value = -np.log(p).mean() + 0.5 * float(pull @ shift)
        return value, np.concatenate(
            [[(error * scores).sum()], error.sum(axis=0) + pull, [((right - 1 / classes) / p).mean()]]
        )

    start = np.concatenate([[3.0], np.zeros(classes), [0.01]])
    bounds = [(0.1, 50.0), *[(-8.0, 8.0)] * classes, (0.0, MOST_WRONG)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Calibration(float(found[0]), found[1:-1].astype(np.float32), float(found[-1]))


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
