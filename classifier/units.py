"""The likeliest units: what the units' table says, mixed with what a model learnt from decisions.

The two are multiplied, as two witnesses who do not know of each other; the model's probability to a power that grows with
the samples behind it, towards 1 with very many.
TRUST, HALF and DOUBT were chosen on real messages (bench/measure_units.py): written samples alone would have the model believed
sooner, and cost five right answers in a hundred where people write.
Units a model knows by names no table has (another city's samples) keep those names; the table speaks for them where samples say
whom they deal with instead (handing.py), else they keep the share the model gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.answers import Answer
from classifier.duties import Duties
from classifier.model import Handed

Floats = NDArray[np.float64]
TRUST = 0.15  # the model's power with few samples behind it
HALF = 8000  # samples at which it is halfway from there to 1
DOUBT = 0.85  # the witnesses do know of each other: the table's words are in the samples, too
DECIDED = 0.28  # TRUST where those who decided speak, too (handing.py); their counts make the table a witness apart
OWN = 5.0  # samples that the table's own word for a unit counts for
FLOOR = 1e-3  # probability of a unit one side does not know


class Units:
    """Duties and a model's unit answer, put together."""

    def __init__(self, duties: Duties) -> None:
        self._duties = duties
        self._columns = lru_cache(maxsize=64)(self._columns_of)

    def mixed(self, scores: Floats, on: Sequence[date], learnt: Answer | None, handed: Handed | None = None) -> Answer:
        """Unit slugs valid on each post's day (and foreign names) with their probabilities; ``scores``: Duties.scores."""
        told = self._duties.probabilities(scores, on)
        taught = (*(learnt.labels if learnt else ()), *(handed.labels if handed else ()))
        foreign = tuple(dict.fromkeys(n for n in taught if self._duties.number(n) is None))
        names = (*self._duties.units, *foreign)
        if handed:
            told = self._passed(told, handed, names, on)
        if learnt is None:
            return Answer(names, told)
        heard = self._moved(learnt.labels, learnt.p, names, on)
        # Without that the table cannot speak for foreign names, nor against them: they keep what the model gives them.
        spoken = len(names) if handed else len(self._duties.units)
        ours, theirs = heard[:, :spoken], heard[:, spoken:]
        share = ours.sum(axis=1, keepdims=True)
        least, doubt = (DECIDED, 1.0) if handed else (TRUST, DOUBT)
        power = least + (1 - least) * learnt.samples / (learnt.samples + HALF)
        mixed = (np.maximum(told, FLOOR) * np.maximum(ours / np.maximum(share, FLOOR), FLOOR) ** power) ** doubt
        mixed[(told == 0) & (ours == 0)] = 0
        mixed *= share / mixed.sum(axis=1, keepdims=True)
        return Answer(names, np.hstack([mixed, theirs]), learnt.samples)

    def _passed(self, told: Floats, handed: Handed, names: Sequence[str], on: Sequence[date]) -> Floats:
        """What the table says, given on to those who decided such matters."""
        passed = np.zeros((len(on), len(names)))
        for day in sorted(set(on)):
            rows = np.flatnonzero([d == day for d in on])
            own = np.eye(len(told[0]), len(names)) * OWN
            counted = self._moved(handed.labels, handed.counts, names, [day] * len(handed.counts))
            known = [(n, i) for i, unit in enumerate(handed.units) if (n := self._duties.number(unit)) is not None]
            to = self._duties.current(day)
            for number, i in known:
                own[to[number]] += counted[i]
            passed[rows] = told[rows] @ (own / own.sum(axis=1, keepdims=True))
        return passed

    def _moved(self, labels: Sequence[str], values: NDArray[Any], names: Sequence[str], on: Sequence[date]) -> Floats:
        """``values`` (rows, labels) as (rows, names), labels moved to the units that answer for them on each row's day."""
        moved = np.zeros((len(on), len(names)))
        for day in sorted(set(on)):
            rows, columns = np.flatnonzero([d == day for d in on]), self._columns(tuple(labels), tuple(names), day)
            np.add.at(moved, (rows[:, None], columns[None, :]), values[rows])
        return moved

    def _columns_of(self, labels: tuple[str, ...], names: tuple[str, ...], day: date) -> NDArray[np.int64]:
        """For each label the column of the unit that answers for it on that day."""
        at, to = {name: i for i, name in enumerate(names)}, self._duties.current(day)
        numbers = [self._duties.number(label) for label in labels]
        return np.array([at[label] if n is None else to[n] for label, n in zip(labels, numbers, strict=True)])
