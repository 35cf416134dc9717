"""Finds which of many fixed words stand in a text, without regular expressions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from classifier.tokens import normal

BITS = 19
_known = np.zeros(1 << BITS, bool)  # hashes of the first two characters of every word that any finder looks for


def pairs(text: str) -> set[str]:
    """Every two neighbouring characters of a text; made once, asked by every finder."""
    return {a + b for a, b in pairwise(text)}


def pairs_known(texts: Sequence[str]) -> list[set[str]]:
    """Of the pairs of each text those that a word of some finder may begin with (and some others): as good, much faster."""
    joined = "\0".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    hits = np.flatnonzero(_known.take(_hashes(codes[:-1], codes[1:])))
    bounds = np.searchsorted(hits, np.cumsum([0, *(len(t) + 1 for t in texts)])).tolist()
    at = hits.tolist()
    return [{joined[p : p + 2] for p in at[a:b]} for a, b in pairwise(bounds)]


def _hashes(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Numbers below 2^BITS, multiply-shift."""
    return (first * np.uint32(0x9E3779B1) ^ second * np.uint32(0x85EBCA77)) >> np.uint32(32 - BITS)


class Finder:
    """A set of words of two characters or more; looks only for those whose first two characters occur at all."""

    def __init__(self, words: Iterable[str]) -> None:
        starts: dict[str, set[str]] = defaultdict(set)
        for word in words:
            if len(plain := normal(word)) >= 2:
                starts[plain[:2]].add(plain)
        for start in starts:
            a, b = np.array([ord(start[0])], np.uint32), np.array([ord(start[1])], np.uint32)
            _known[_hashes(a, b)] = True
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
