"""The likeliest units: what the units' table says, mixed with what a model learnt from decisions.

The two are multiplied, as two witnesses who do not know of each other; the model's probability to a power that grows with
the samples behind it, towards 1 with very many.
TRUST, HALF and DOUBT were chosen on real messages (bench/measure_units.py): written samples alone would have the model believed
sooner, and cost five right answers in a hundred where people write.
Units a model knows by names no table has (another city's samples) keep those names and the share the model gives them: the table
cannot speak for them, nor against them.
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
TRUST = 0.15  # the model's power with few samples behind it
HALF = 8000  # samples at which it is halfway from there to 1
DOUBT = 0.85  # the witnesses do know of each other: the table's words are in the samples, too
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
        titles: Sequence[int],
        on: Sequence[date],
        learnt: Answer | None,
    ) -> Answer:
        """Unit slugs valid on each post's day (and foreign names) with their probabilities; see Duties.scores."""
        told = self._duties.probabilities(self._duties.scores(hits, categories, where, titles), on)
        units = self._duties.units
        if learnt is None:
            return Answer(units, told)
        foreign = tuple(n for n in learnt.labels if self._duties.number(n) is None)
        heard = self._heard(learnt, foreign, on)
        ours, theirs = heard[:, : len(units)], heard[:, len(units) :]
        share = ours.sum(axis=1, keepdims=True)
        power = TRUST + (1 - TRUST) * learnt.samples / (learnt.samples + HALF)
        mixed = (np.maximum(told, FLOOR) * np.maximum(ours / np.maximum(share, FLOOR), FLOOR) ** power) ** DOUBT
        mixed[(told == 0) & (ours == 0)] = 0
        mixed *= share / mixed.sum(axis=1, keepdims=True)
        return Answer((*units, *foreign), np.hstack([mixed, theirs]), learnt.samples)

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
