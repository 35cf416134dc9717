"""What a post's punctuation, figures and letters say, its length, and how it begins and ends: for questions of manner, not of matter.

"请问……？" and "诚招……138" differ in marks that an n-gram of Chinese characters passes over. A mark is an n-gram of 1 to 3
characters with something else than Chinese in it (a figure stands for all figures, a letter for all letters, the ends of
the text count as characters), any n-gram of 2 or 3 among the last TAIL characters, or the length in powers of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BITS = 18
LONGEST = 3
TAIL = 30
HAN = (0x4E00, 0x9FFF)
ENDING, LENGTH = np.uint64(1 << 50), np.uint64(1 << 51)  # sorts of marks, above the code points packed below

Codes = NDArray[np.uint16]
Places = NDArray[np.int64]


def marks(texts: Sequence[str]) -> tuple[Places, Places]:
    """Row and bucket (below 2^BITS) of every mark of texts in normal form."""
    codes = _folded("\0".join(["", *texts, ""]))
    lengths = np.array([len(t) + 1 for t in texts], np.int64)
    row = np.repeat(np.arange(len(texts)), lengths)
    late = np.arange(lengths.sum()) >= np.repeat(np.cumsum(lengths) - TAIL, lengths)
    other, ends = (codes < HAN[0]) | (codes > HAN[1]), codes == 0
    found = [(np.arange(len(texts)), LENGTH | np.array([n.bit_length() for n in lengths.tolist()], np.uint64))]
    for n in range(1, LONGEST + 1):
        last = len(codes) - n + 1
        strange = np.logical_or.reduce([other[i : last + i] for i in range(n)])
        whole = ~ends[:last] if n == 1 else np.ones(last, bool) if n < LONGEST else ~ends[1:-1]
        at = np.flatnonzero(strange & whole)
        found.append((row[at], _packed(codes, at, n)))
        if n > 1:
            at = np.flatnonzero(late[:last] & whole)
            found.append((row[at], _packed(codes, at, n) | ENDING))
    rows, keys = (np.concatenate(each) for each in zip(*found, strict=True))
    return rows, ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - BITS)).astype(np.int64)


def _packed(codes: Codes, at: Places, n: int) -> NDArray[np.uint64]:
    """The ``n`` characters from each place on as one number."""
    key = codes[at].astype(np.uint64)
    for i in range(1, n):
        key = (key << np.uint64(16)) | codes[at + i]
    return key


@lru_cache(maxsize=1)
def _folding() -> Codes:
    """Code point (its lower 16 bits) -> what stands for it: one figure for all, one letter for all."""
    table = np.arange(1 << 16, dtype=np.uint16)
    table[ord("0") : ord("9") + 1] = ord("0")
    table[ord("a") : ord("z") + 1] = ord("a")
    return table


def _folded(text: str) -> Codes:
    """Code points, one figure and one letter standing for all, cut to 16 bits."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    folded: Codes = _folding()[codes & 0xFFFF]
    return folded
