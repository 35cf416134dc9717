"""Quantiles of waiting times when some are still waiting: Kaplan–Meier, by scipy.

Kaplan and Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958) 457–481;
the interval of a quantile is that of Brookmeyer and Crowley, Biometrics 38 (1982) 29–41, on the log-log scale.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


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

    times, survival, low, high = _curve(answered, waiting)
    # Where nobody or everybody has been answered the formula has no interval; the bound is then taken as not reached.
    lows, highs = np.nan_to_num(low, nan=1.0), np.nan_to_num(high, nan=1.0)
    return tuple(
        Quantile(_first(times, survival, 1 - s), _first(times, lows, 1 - s), _first(times, highs, 1 - s))
        for s in shares
    )


def answered_share(answered: Sequence[float], waiting: Sequence[float]) -> tuple[Floats, Floats, Floats, Floats]:
    """Seconds, and at each the share of all answered by then with its 95 % band, for drawing; ``answered`` not empty."""
    import numpy as np

    times, survival, low, high = _curve(answered, waiting)
    share = 1 - survival
    return times, share, np.where(np.isnan(high), share, 1 - high), np.where(np.isnan(low), share, 1 - low)


def _curve(answered: Sequence[float], waiting: Sequence[float]) -> tuple[Floats, Floats, Floats, Floats]:
    """Times, the share still waiting after each, and its 95 % band (NaN where there is none)."""
    from scipy import stats

    data = stats.CensoredData.right_censored([*answered, *waiting], [False] * len(answered) + [True] * len(waiting))
    curve = stats.ecdf(data).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # says that the formula has no interval at some times
        band = curve.confidence_interval(0.95, method="log-log")
    return curve.quantiles, curve.probabilities, band.low.probabilities, band.high.probabilities


def _first(times: Any, survival: Any, level: float) -> float | None:
    """The first time at which no more than ``level`` are still waiting."""
    below = survival <= level + 1e-12
    return float(times[below.argmax()]) if below.any() else None
