"""Finds which of many fixed words stand in texts, all words and a whole batch of texts in one pass (Aho and Corasick's automaton).

The tables of duties, places, rules and cues each have a finder. Who asks several of them makes one finder of all their words,
reads the texts once with it, and gives every table what was found: a finder passes over the words of the others (``ours``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.tokens import LIMIT, normal

Ints = NDArray[np.int64]
Hits = Sequence[tuple[int, str]]  # position and word, by position
WORD_BITS = 24
ROOM = 1 << LIMIT.bit_length()  # more than the characters of a text


@dataclass(frozen=True, eq=False)
class Found:
    """Occurrences of a ``finder``'s words, also inside longer ones: in text ``row``, from character ``at`` to before ``end``,
    the word of that number. By row, then by place."""

    finder: Finder
    row: Ints
    at: Ints
    end: Ints
    word: Ints

    def __getitem__(self, some: Any) -> Found:
        return Found(self.finder, self.row[some], self.at[some], self.end[some], self.word[some])

    @cached_property
    def by_row(self) -> Mapping[int, Hits]:
        """Row -> what was found there; rows with nothing are left out."""
        words, found = self.finder.words, defaultdict[int, list[tuple[int, str]]](list)
        for row, at, word in zip(self.row.tolist(), self.at.tolist(), self.word.tolist(), strict=True):
            found[row].append((at, words[word]))
        return found

    def apart(self) -> Found:
        """Those that lie in no longer one: of those that overlap the longest is taken, and so on with what is left."""
        start, end = self.row * ROOM + self.at, self.row * ROOM + self.end
        reach = np.maximum.accumulate(end)
        new = np.append(True, start[1:] >= reach[:-1])[: len(start)]  # nothing before reaches into it
        if new.all():
            return self
        first = np.flatnonzero(new)
        number = np.cumsum(new) - 1  # of the knot of overlapping words each is in
        long = end - start
        width = (reach[np.append(first[1:], len(start)) - 1] - start[first])[number]
        kept = long == width  # of most knots one word is the whole
        whole = np.zeros(len(first), bool)
        whole[number[kept]] = True
        knots = np.flatnonzero(~whole[number])
        taken = -1
        for i in knots[np.lexsort((start[knots], self.word[knots], -long[knots], number[knots]))].tolist():
            if number[i] != taken:
                taken, spans = number[i], list[tuple[int, int]]()
            if all(end[i] <= a or start[i] >= b for a, b in spans):
                spans.append((start[i], end[i]))
                kept[i] = True
        return self[kept]


@dataclass(frozen=True, eq=False)
class Owners:
    """What each word belongs to: of word i the ``owner`` from ``pointer[i]`` on."""

    pointer: Ints
    owner: Ints

    @classmethod
    def of(cls, owners: Iterable[Sequence[int]]) -> Owners:
        """``owners``: of each word, by its number."""
        each = list(owners)
        return cls(np.cumsum([0, *map(len, each)]), np.fromiter(chain.from_iterable(each), np.int64))

    def of_each(self, word: Ints) -> tuple[Ints, Ints]:
        """(place in ``word``, owner): all owners of the first word, then all of the second, and so on."""
        count = self.pointer[word + 1] - self.pointer[word]
        place = np.repeat(np.arange(len(word)), count)
        shift = self.pointer[word] - (np.cumsum(count) - count)
        return place, self.owner[np.arange(len(place)) + shift[place]]


class Finder:
    """A set of words of two characters or more; ``words`` in order."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(sorted({plain for word in words if len(plain := normal(word)) >= 2}))
        self.number = {word: i for i, word in enumerate(self.words)}
        self._lengths = np.array([len(word) for word in self.words], np.int64)
        self._numbers = lru_cache(maxsize=4)(self._numbers_in)

    def found(self, texts: Sequence[str]) -> Found:
        """Every occurrence of every word in ``texts`` (normal form)."""
        matches = self._automaton.find_matches_as_indexes("\0".join(texts), overlapping=True)
        told = np.fromiter(chain.from_iterable(matches), np.int64, 3 * len(matches)).reshape(-1, 3)
        place = np.sort((told[:, 1] << WORD_BITS) | told[:, 0])
        start, word = place >> WORD_BITS, place & ((1 << WORD_BITS) - 1)
        begins = np.cumsum([0, *map(len, texts)]) + np.arange(len(texts) + 1)
        row = np.searchsorted(begins, start, side="right") - 1
        at = start - begins[row]
        return Found(self, row, at, at + self._lengths[word], word)

    def ours(self, found: Found) -> Found:
        """What another finder found, if it has all our words and more: only ours."""
        if found.finder is self:
            return found
        number = self._numbers(found.finder)[found.word]
        kept = number >= 0
        return Found(self, found.row[kept], found.at[kept], found.end[kept], number[kept])

    def _numbers_in(self, other: Finder) -> Ints:
        """Number of a word with the other finder -> with this one, or -1."""
        return np.array([self.number.get(word, -1) for word in other.words], np.int64)

    @cached_property
    def _automaton(self) -> Any:
        from ahocorasick_rs import AhoCorasick, Implementation

        return AhoCorasick(self.words, store_patterns=False, implementation=Implementation.DFA)
