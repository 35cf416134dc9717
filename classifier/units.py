"""The likeliest units: what the units' table says, mixed with what a model learnt from decisions.

The two are multiplied, as two witnesses who do not know of each other; the model's probability to a power that grows with
the decisions behind it: none without any, towards 1 with many.
HALF was chosen on the shipped samples, DOUBT on real messages (bench/measure_units.py), for the calibration error.
Units a model knows by names no table has (another city's samples) keep those names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from classifier.answers import Answer
from classifier.duties import Duties
from classifier.finder import Hits
from classifier.places import Where

Floats = NDArray[np.float64]
HALF = 550  # decisions at which the model's power is a half
DOUBT = 0.7  # the witnesses do know of each other: the table's words are in the samples, too
FLOOR = 1e-3  # probability of a unit one side does not know


class Units:
    """Duties and a model's unit answer, put together."""

    def __init__(self, duties: Duties) -> None:
        self._duties = duties

    def mixed(
        self,
        hits: Sequence[Hits],
        categories: Sequence[Mapping[str, float]],
        where: Sequence[Where],
        on: Sequence[date],
        learnt: Answer | None,
    ) -> Answer:
        """Unit slugs valid on each post's day (and foreign names) with their probabilities."""
        told = self._duties.probabilities(self._duties.scores(hits, categories, where), on)
        units = self._duties.units
        if learnt is None:
            return Answer(units, told)
        foreign = tuple(n for n in learnt.labels if self._duties.number(n) is None)
        heard = self._heard(learnt, foreign, on)
        told = np.hstack([told, np.zeros((len(hits), len(foreign)))])
        power = learnt.samples / (learnt.samples + HALF)
        mixed = (np.maximum(told, FLOOR) * np.maximum(heard, FLOOR) ** power) ** DOUBT
        mixed[(told == 0) & (heard == 0)] = 0
        mixed /= mixed.sum(axis=1, keepdims=True)
        return Answer((*units, *foreign), mixed, learnt.samples)

    def _heard(self, learnt: Answer, foreign: Sequence[str], on: Sequence[date]) -> Floats:
        """What the model learnt, its labels moved to the units that answer for them on each day."""
        wide = len(self._duties.units)
        heard = np.zeros((len(on), wide + len(foreign)))
        numbers = [self._duties.number(label) for label in learnt.labels]
        for day in sorted(set(on)):
            rows, to = np.flatnonzero([d == day for d in on]), self._duties.current(day)
            left = iter(range(wide, wide + len(foreign)))
            columns = np.array([next(left) if n is None else to[n] for n in numbers])
            np.add.at(heard, (rows[:, None], columns[None, :]), learnt.p[rows])
        return heard
