"""Finds which of many fixed words stand in a text, all of them in one pass (Aho and Corasick's automaton).

The tables of duties, places, rules and cues each have a finder. Who asks several of them makes one finder of all their words,
reads each text once with it, and gives every table those hits: a finder passes over the words of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from classifier.tokens import normal

Hits = Sequence[tuple[int, str]]  # position and word, each occurrence, also inside longer words


class Finder:
    """A set of words of two characters or more."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(plain for word in words if len(plain := normal(word)) >= 2)

    def hits(self, text: str) -> Hits:
        """Every occurrence of every word in ``text`` (normal form), by where it ends."""
        words, automaton = self._automaton
        return [(at, words[n]) for n, at, _ in automaton.find_matches_as_indexes(text, overlapping=True)]

    def present(self, hits: Hits) -> list[str]:
        """The words among ``hits``, longer ones first."""
        return sorted({w for _, w in hits if w in self.words}, key=lambda w: (-len(w), w))

    def places(self, hits: Hits) -> list[tuple[int, str]]:
        """(position, word) of each occurrence that lies in no longer one, by position."""
        ours = sorted([hit for hit in hits if hit[1] in self.words])
        if all(at + len(word) <= then for (at, word), (then, _) in pairwise(ours)):
            return ours
        taken: set[int] = set()
        found = []
        for at, word in sorted(ours, key=lambda hit: (-len(hit[1]), hit[1], hit[0])):
            span = range(at, at + len(word))
            if taken.isdisjoint(span):
                taken.update(span)
                found.append((at, word))
        return sorted(found)

    @cached_property
    def _automaton(self) -> tuple[list[str], Any]:
        from ahocorasick_rs import AhoCorasick

        words = sorted(self.words)
        return words, AhoCorasick(words, store_patterns=False)
