"""Finds which of many fixed words stand in a text, without regular expressions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from classifier.tokens import normal


def pairs(text: str) -> set[str]:
    """Every two neighbouring characters of a text; made once, asked by every finder."""
    return {a + b for a, b in pairwise(text)}


class Finder:
    """A set of words of two characters or more; looks only for those whose first two characters occur at all."""

    def __init__(self, words: Iterable[str]) -> None:
        starts: dict[str, set[str]] = defaultdict(set)
        for word in words:
            if len(plain := normal(word)) >= 2:
                starts[plain[:2]].add(plain)
        self._starts = {start: sorted(found, key=lambda w: (-len(w), w)) for start, found in starts.items()}

    def present(self, text: str, seen: set[str]) -> list[str]:
        """The words that stand in ``text`` (normal form, ``seen`` its pairs), longer ones first."""
        found = [w for start in self._starts.keys() & seen for w in self._starts[start] if w in text]
        return sorted(found, key=lambda w: (-len(w), w))

    def places(self, text: str, seen: set[str]) -> list[tuple[int, str]]:
        """(position, word) of each occurrence that lies in no longer one, by position."""
        taken = bytearray(len(text))
        found: list[tuple[int, str]] = []
        for word in self.present(text, seen):
            at = text.find(word)
            while at >= 0:
                if not any(taken[at : at + len(word)]):
                    taken[at : at + len(word)] = b"\x01" * len(word)
                    found.append((at, word))
                at = text.find(word, at + len(word))
        return sorted(found)
