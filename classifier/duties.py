"""Which unit a post is for, by what the units' table says: categories, duty words, names, and the district.

A unit speaks up by four voices: it answers for the category (weighed by the category's probability), its duty words stand in
the text (rare ones weigh more, and what is said again and again more than an aside, as in BM25, Robertson and Zaragoza 2009),
an office of it is named, or the matter lies in its county. Each voice counts by its logarithm. In a county the county government leads,
unless a city-wide unit is named; in a city district the bureau does. Units that are no longer valid speak for their successors.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.calibration import softmax
from classifier.finder import Finder, Hits
from classifier.places import Where
from classifier.tokens import normal
from data.reference import Reference, Unit

Floats = NDArray[np.float64]
OFFICE = ("局", "公司", "办", "处", "委", "队", "政府", "集团", "中心", "法院", "检察院", "办公室", "管委会")
AREAS = ("district", "county", "town", "street", "road")  # sorts of places whose names are only names
TITLE = 40  # characters taken for the title of a post that has none
OFTEN = 2.0  # a word said this often counts half of what it can count
LEAST = 0.1  # of duty words heard, LEAST_LIKELY of a category's: what a unit has that is spoken for by none
LEAST_LIKELY = 0.01
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
        self._words = _words(reference.units)
        self._names = _names(reference.units)
        self._finder = Finder({*self._words, *_areas(reference, self._words)})
        self._name_finder = Finder(self._names)
        self.words = self._finder.words | self._name_finder.words
        self._categories = {c.slug: i for i, c in enumerate(reference.categories)}
        self._answers = _answers(reference.units, self._categories)
        self._county = {d.slug: (self._row[d.unit], d.sort == "county") for d in reference.districts}
        self._elsewhere = _elsewhere(reference)
        self._changes = _changes(reference.units)
        self._today = lru_cache(maxsize=4096)(self._current)

    def scores(
        self,
        hits: Sequence[Hits],
        categories: Sequence[Mapping[str, float]],
        where: Sequence[Where],
        titles: Sequence[int],
    ) -> Floats:
        """(texts, units): how strongly each unit's table speaks, 0 where it is silent; ``hits``: by a finder that has
        ``words``; ``categories``: slug -> probability, of either level; ``titles``: characters of each text's title."""
        known = self._categories
        asked = [(i, known[c], p) for i, likely in enumerate(categories) for c, p in likely.items() if c in known]
        scores: Floats = np.zeros((len(hits), len(self.units)))
        if asked:
            row, category, p = zip(*asked, strict=True)
            shape = (len(hits), len(self._categories))
            likely = sparse.csr_matrix((p, (row, category)), shape=shape) @ self._answers
            scores += self._voices.category * np.log1p(likely / LEAST_LIKELY)
        named = self._listen(scores, hits, titles)
        for i, place in enumerate(where):
            if place.district in self._county:
                self._locate(scores[i], place.district, named[i])
        return scores

    def probabilities(self, scores: Floats, on: Sequence[date]) -> Floats:
        """Scores as probabilities of the units valid on each date; the others' are 0, what they had is their successors'."""
        merged = scores.copy()
        for day in sorted(set(on)):
            rows = np.array([i for i, d in enumerate(on) if d == day])
            to = self.current(day)
            for unit, successor in enumerate(to):
                if unit != successor:
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
        found = self._name_finder.places(self._name_finder.hits(text))
        return list(dict.fromkeys(self.units[self._names[w]] for _, w in found))

    def offices(self, hits: Hits, on: date) -> list[str]:
        """Units that answer on that day for the offices a text names outright (城管局, not 城管), in its order."""
        found = self._name_finder.places(hits)
        to = self.current(on)
        return list(dict.fromkeys(self.units[to[self._names[w]]] for _, w in found if w.endswith(OFFICE)))

    def _current(self, on: date) -> tuple[int, ...]:
        return tuple(self._row[self._successor(u, on)] for u in self._reference.units)

    def _successor(self, unit: Unit, on: date) -> str:
        """As Reference.current; a unit not founded yet stands behind the one it will succeed."""
        if unit.valid_from and on < unit.valid_from:
            before = [u for u in self._reference.units if u.successor == unit.slug]
            return before[0].slug if before else unit.slug
        return self._reference.current(unit.slug, on).slug

    def _listen(self, scores: Floats, hits: Sequence[Hits], titles: Sequence[int]) -> list[list[int]]:
        """Adds what the words say; returns the units named. A word inside a longer one is not heard again, one in the
        title counts twice over."""
        heard: dict[int, float] = defaultdict(float)
        opening: dict[int, float] = defaultdict(float)
        offices: dict[int, float] = defaultdict(float)
        named = []
        for i, (found, title) in enumerate(zip(hits, titles, strict=True)):
            row = i * len(self.units)
            said = [(at, word) for at, word in self._finder.places(found) if word in self._words]
            first = {word: at for at, word in reversed(said)}
            for word, often in Counter(word for _, word in said).items():
                weight, units = self._words[word]
                for unit in units:
                    heard[row + unit] += weight * often * (OFTEN + 1) / (often + OFTEN)
                    if first[word] < title:
                        opening[row + unit] += weight
            names = [word for _, word in self._name_finder.places(found)]
            for word in names:
                if word.endswith(OFFICE):
                    offices[row + self._names[word]] += 1
            named.append(sorted({self._names[word] for word in names}))
        for told, voice, least in (
            *((heard, self._voices.duty, LEAST), (opening, self._voices.title, LEAST)),
            (offices, self._voices.named, 1.0),
        ):
            cells = np.fromiter(told, np.int64, len(told))
            scores.flat[cells] += voice * np.log1p(np.fromiter(told.values(), np.float64, len(told)) / least)
        return named

    def _locate(self, score: Floats, district: str, named: Sequence[int]) -> None:
        """In a county its government leads every unit that is not named; in a city district it is one voice more."""
        row, county = self._county[district]
        others = np.delete(score, [row, *named])
        lead = others.max(initial=0.0) + self._voices.lead
        score[row] = max(score[row] + self._voices.county, lead) if county else score[row] + self._voices.district
        score += self._voices.elsewhere * self._elsewhere[district]


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
