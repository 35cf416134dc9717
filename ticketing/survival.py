"""Quantiles of waiting times when some are still waiting: Kaplan–Meier, by scipy.

Kaplan and Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958) 457–481;
the interval of a quantile is that of Brookmeyer and Crowley, Biometrics 38 (1982) 29–41, on the log-log scale.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile in seconds with its 95 % interval; None where the curve does not come down that far."""

    value: float | None
    low: float | None
    high: float | None


NONE = Quantile(None, None, None)


def quantiles(answered: Sequence[float], waiting: Sequence[float], shares: Sequence[float]) -> tuple[Quantile, ...]:
    """The time by which each share of all was answered.

    ``answered`` are seconds until the answer, ``waiting`` seconds waited so far by those without one (censored).
    """
    if not answered:
        return tuple(NONE for _ in shares)
    import numpy as np
    from scipy import stats

    data = stats.CensoredData.right_censored([*answered, *waiting], [False] * len(answered) + [True] * len(waiting))
    curve = stats.ecdf(data).sf
    with warnings.catch_warnings():
        # Where nobody or everybody has been answered the formula has no interval; that is taken as "unknown" below.
        warnings.simplefilter("ignore", RuntimeWarning)
        band = curve.confidence_interval(0.95, method="log-log")
    times = curve.quantiles
    lows, highs = np.nan_to_num(band.low.probabilities, nan=1.0), np.nan_to_num(band.high.probabilities, nan=1.0)
    return tuple(
        Quantile(_first(times, curve.probabilities, 1 - s), _first(times, lows, 1 - s), _first(times, highs, 1 - s))
        for s in shares
    )


def _first(times: Any, survival: Any, level: float) -> float | None:
    """The first time at which no more than ``level`` are still waiting."""
    below = survival <= level + 1e-12
    return float(times[below.argmax()]) if below.any() else None
