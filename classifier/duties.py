"""Which unit a post is for, by what the units' table says: categories, duty words, names, and the district.

A unit speaks up by four voices: it answers for the category (weighed by the category's probability), its duty words stand in
the text (rare ones weigh more, and what is said again and again more than an aside, as in BM25, Robertson and Zaragoza 2009),
an office of it is named, or the matter lies in its county. Each voice counts by its logarithm. In a county the county government leads,
unless a city-wide unit is named; in a city district the bureau does. Units that are no longer valid speak for their successors.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifier.answers import CATEGORY, Answer
from classifier.calibration import softmax
from classifier.finder import Finder, Found, Owners
from classifier.places import Where
from classifier.samples import first_level
from classifier.tokens import normal
from data.reference import Reference, Unit

Floats = NDArray[np.float64]
Columns = NDArray[np.int64]
OFFICE = ("局", "公司", "办", "处", "委", "队", "政府", "集团", "中心", "法院", "检察院", "办公室", "管委会")
AREAS = ("district", "county", "town", "street", "road")  # sorts of places whose names are only names
TITLE = 40  # characters taken for the title of a post that has none
OFTEN = 2.0  # a word said this often counts half of what it can count
LIKELY = 0.02  # a category below this says nothing about the unit
LEAST = 0.1  # of duty words heard, LEAST_LIKELY of a category's: what a unit has that is spoken for by none
LEAST_LIKELY = 0.01
UNVOUCHED = 0.1  # what a second level that no likely unit answers for keeps, beside 1
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Voices:
    """How much each voice counts: the first four by likelihood on half the messages of bench/labels/units.csv
    (bench/measure_units.py), the others by hand."""

    category: float = 0.1
    duty: float = 1.15
    title: float = 0.35
    named: float = 0.8
    county: float = 3.0
    lead: float = 1.1  # of a county's government before every unit that is not named
    district: float = 0.4
    elsewhere: float = -3.0


class Duties:
    """The units' table, ready to be asked about posts."""

    def __init__(self, reference: Reference, voices: Voices | None = None) -> None:
        self._reference = reference
        self._voices = voices or Voices()
        self.units = tuple(u.slug for u in reference.units)
        self._row = {slug: i for i, slug in enumerate(self.units)}
        words, names = _words(reference.units), _names(reference.units)
        self._finder = Finder({*words, *_areas(reference, words)})
        silent = (0.0, ())
        self._weight = np.array([words.get(w, silent)[0] for w in self._finder.words])
        self._having = Owners.of(words.get(w, silent)[1] for w in self._finder.words)
        self._name_finder = Finder(names)
        self._naming = np.array([names[n] for n in self._name_finder.words], np.int64)
        self._outright = np.array([n.endswith(OFFICE) for n in self._name_finder.words], bool)
        self.words = frozenset({*self._finder.words, *self._name_finder.words})
        self._categories = {c.slug: i for i, c in enumerate(reference.categories)}
        self._answers = _answers(reference.units, self._categories)
        self._county = {d.slug: (self._row[d.unit], d.sort == "county") for d in reference.districts}
        self._elsewhere = _elsewhere(reference)
        self._changes = _changes(reference.units)
        self._today = lru_cache(maxsize=4096)(self._current)
        self._known = lru_cache(maxsize=8)(self._known_of)
        self._answering = lru_cache(maxsize=8)(self._answering_of)

    def scores(
        self, found: Found, categories: Floats, where: Sequence[Where], titles: Sequence[int] | NDArray[np.int64]
    ) -> Floats:
        """(texts, units): how strongly each unit's table speaks, 0 where it is silent; ``found``: by a finder that has
        ``words``; ``categories``: as ``likely`` tells; ``titles``: characters of each text's title."""
        scores = self._voices.category * np.log1p(self._answered(categories) / LEAST_LIKELY)
        named = self._listen(scores, found, np.asarray(titles, np.int64))
        for district, rows in _by_district(where).items():
            if district in self._county:
                scores[rows] = self._located(scores[rows], district, named[rows])
        return scores

    def likely(self, answers: Mapping[str, Answer], rows: int) -> Floats:
        """(rows, categories): the probability of each of the table's categories, of either level, that is worth asking about."""
        found = np.zeros((rows, len(self._categories)))
        for question in (q for q in CATEGORY if q in answers):
            p, (own, at) = answers[question].p, self._known(answers[question].labels)
            found[:, at] = np.where(p[:, own] > LIKELY, p[:, own], found[:, at])
        return found

    def vouched(self, details: Answer, units: Answer) -> Answer:
        """The second levels, those first that the likely ``units`` answer for; a first level keeps what it has.

        Who deals with it tells of what it is: words of two matters (a lift without power) have one unit that can help.
        """
        columns, begins, unit, weight, parent = self._answering(details.labels)
        p = details.p * UNVOUCHED
        # Not by a product of matrices: the library that makes it keeps its threads spinning long after.
        p[:, columns] += details.p[:, columns] * np.add.reduceat(units.p[:, unit] * weight, begins, axis=1)
        cells = np.arange(len(p))[:, None] * (parent.max(initial=0) + 1) + parent
        had, has = (np.bincount(cells.ravel(), v.ravel()) for v in (details.p, p))
        return Answer(details.labels, p * (had / np.maximum(has, 1e-12))[cells], details.samples)

    def _answering_of(self, labels: tuple[str, ...]) -> tuple[Columns, Columns, Columns, Floats, Columns]:
        """The labels some unit answers for, where the units of each begin, these units, how fully they do; and of each
        label the number of its first level."""
        own, at = self._known(labels)
        label, unit = np.nonzero(self._answers[at])
        begins = np.flatnonzero(np.diff(label, prepend=-1))
        parent = np.unique([str(first_level(label)) for label in labels], return_inverse=True)[1]
        return own[label[begins]], begins, unit, self._answers[at[label], unit], parent

    def _known_of(self, labels: tuple[str, ...]) -> NDArray[np.int64]:
        """(place among the labels, place in the table) of the labels the table has, as columns."""
        known = [(n, self._categories[label]) for n, label in enumerate(labels) if label in self._categories]
        return np.array(known, np.int64).reshape(-1, 2).T

    def _answered(self, categories: Floats) -> Floats:
        """(texts, units): how fully each answers for what a text is likely about. Few categories are likely."""
        found = np.zeros((len(categories), len(self.units)))
        row, category = np.nonzero(categories)
        if len(row):
            rank = np.arange(len(row)) - np.searchsorted(row, row)  # the first of its text, the second …
            for n in range(int(rank.max()) + 1):
                at, about = row[rank == n], category[rank == n]
                found[at] += categories[at, about][:, None] * self._answers[about]
        return found

    def probabilities(self, scores: Floats, on: Sequence[date]) -> Floats:
        """Scores as probabilities of the units valid on each date; the others' are 0, what they had is their successors'."""
        merged = scores.copy()
        for day in sorted(set(on)):
            rows = np.array([i for i, d in enumerate(on) if d == day])
            for unit, successor in ((u, s) for u, s in enumerate(self.current(day)) if u != s):
                merged[rows, successor] = np.maximum(merged[rows, successor], scores[rows, unit])
                merged[rows, unit] = -np.inf
        return softmax(merged)

    def current(self, on: date) -> tuple[int, ...]:
        """For each unit the number of the one that answers for it on that day."""
        return self._today(on)

    def era(self, on: date) -> date:
        """The day since which the units are what they are on that day: posts of many days are asked about together."""
        return self._changes[bisect_right(self._changes, on) - 1]

    def number(self, unit: str) -> int | None:
        """The number of a unit by its slug."""
        return self._row.get(unit)

    def named(self, text: str) -> list[str]:
        """Units that ``text`` (normal form) names, in its order."""
        found = self._name_finder.found([text]).apart()
        return list(dict.fromkeys(self.units[n] for n in self._naming[found.word].tolist()))

    def offices(self, found: Found) -> dict[int, list[int]]:
        """Row -> the numbers of the units whose offices a text names outright (城管局, not 城管), in its order."""
        names = self._name_finder.ours(found).apart()
        names = names[self._outright[names.word]]
        offices = defaultdict[int, list[int]](list)
        for row, unit in zip(names.row.tolist(), self._naming[names.word].tolist(), strict=True):
            offices[row].append(unit)
        return offices

    def _current(self, on: date) -> tuple[int, ...]:
        return tuple(self._row[self._successor(u, on)] for u in self._reference.units)

    def _successor(self, unit: Unit, on: date) -> str:
        """As Reference.current; a unit not founded yet stands behind the one it will succeed."""
        if unit.valid_from and on < unit.valid_from:
            before = [u for u in self._reference.units if u.successor == unit.slug]
            return before[0].slug if before else unit.slug
        return self._reference.current(unit.slug, on).slug

    def _listen(self, scores: Floats, found: Found, titles: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Adds what the words say; returns (texts, units): who is named. A word inside a longer one is not heard again, one
        in the title counts twice over."""
        words, shape = len(self._finder.words), scores.shape
        said = self._finder.ours(found).apart()
        each, first, often = np.unique(said.row * words + said.word, return_index=True, return_counts=True)
        row, word = np.divmod(each, words)
        weight = self._weight[word]
        place, unit = self._having.of_each(word)
        cells = row[place] * shape[1] + unit
        names = self._name_finder.ours(found).apart()
        naming = names.row * shape[1] + self._naming[names.word]
        for at, told, voice, least in (
            (cells, (weight * often * (OFTEN + 1) / (often + OFTEN))[place], self._voices.duty, LEAST),
            (cells, (weight * (said.at[first] < titles[row]))[place], self._voices.title, LEAST),
            (naming, self._outright[names.word], self._voices.named, 1.0),
        ):
            scores += voice * np.log1p(np.bincount(at, told, scores.size).reshape(shape) / least)
        return np.bincount(naming, minlength=scores.size).reshape(shape) > 0

    def _located(self, scores: Floats, district: str, named: NDArray[np.bool_]) -> Floats:
        """In a county its government leads every unit that is not named; in a city district it is one voice more."""
        unit, county = self._county[district]
        own = scores[:, unit] + (self._voices.county if county else self._voices.district)
        if county:
            others = np.where(named, 0, scores)
            others[:, unit] = 0
            own = np.maximum(own, others.max(axis=1) + self._voices.lead)
        found = scores + self._voices.elsewhere * self._elsewhere[district]
        found[:, unit] = own + self._voices.elsewhere * self._elsewhere[district][unit]
        return found


def _by_district(where: Sequence[Where]) -> dict[str, list[int]]:
    """District -> the texts that lie in it."""
    rows = defaultdict[str, list[int]](list)
    for i, place in enumerate(where):
        if place.district:
            rows[place.district].append(i)
    return rows


def _changes(units: Sequence[Unit]) -> list[date]:
    """Every day on which a unit begins or is no more, in order."""
    begun = {u.valid_from for u in units if u.valid_from}
    return sorted({date.min, *begun, *(u.valid_to + DAY for u in units if u.valid_to and u.valid_to < date.max)})


def _words(units: Sequence[Unit]) -> dict[str, tuple[float, tuple[int, ...]]]:
    """Duty word -> its weight (rarer and longer words say more) and the units that have it."""
    having: dict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(units):
        if unit.sort != "county":  # their duty words are places, which the district speaks for
            for word in unit.duties:
                if len(plain := normal(word)) >= 2:
                    having[plain].append(i)
    return {w: (math.log(1 + 20 / len(rows)) * min(len(w), 4) / 3, tuple(rows)) for w, rows in having.items()}


def _areas(reference: Reference, words: Iterable[str]) -> set[str]:
    """Names of districts, towns and roads with a duty word in them, which is then not heard: 瀍河回族区 is no matter of 回族."""
    names = {normal(n) for d in reference.districts for n in (d.name, *d.aliases)}
    names |= {normal(n) for p in reference.places if p.sort in AREAS for n in (p.name, *p.aliases)}
    return {name for name in names - set(words) if any(word in name for word in words)}


def _names(units: Sequence[Unit]) -> dict[str, int]:
    """Name or alias -> unit. A county's bare name is a place, not a naming of its government."""
    found: dict[str, int] = {}
    for i, unit in enumerate(units):
        for name in (unit.name, *unit.aliases):
            if unit.sort != "county" or name.endswith(("政府", "管委会", "办")):
                found.setdefault(normal(name), i)
    return {n: i for n, i in found.items() if len(n) >= 2}


def _answers(units: Sequence[Unit], categories: Mapping[str, int]) -> Floats:
    """(categories, units): how fully a unit answers for a category; one of several answers less, a first level much less."""
    sharing: dict[str, int] = defaultdict(int)
    for unit in units:
        if not unit.valid_from:  # a successor shares nothing with the unit it follows
            for slug in unit.categories:
                sharing[slug] += 1
    answers = np.zeros((len(categories), len(units)))
    for i, unit in enumerate(units):
        for slug in unit.categories:
            answers[categories[slug], i] = (1.0 if "/" in slug else 0.3) / math.sqrt(max(1, sharing[slug]))
    return answers


def _elsewhere(reference: Reference) -> dict[str, Floats]:
    """District -> (units): 1 for a unit whose jurisdiction does not reach there."""
    return {
        d.slug: np.array([float(bool(u.jurisdiction) and d.slug not in u.jurisdiction) for u in reference.units])
        for d in reference.districts
    }
