"""What a post's punctuation, figures and letters say, its length, and how it begins and ends: for questions of manner, not of matter.

"请问……？" and "诚招……138" differ in marks that an n-gram of Chinese characters passes over. A mark is an n-gram of 1 to 3
characters with something else than Chinese in it (a figure stands for all figures, a letter for all letters, the ends of
the text count as characters), any n-gram of 2 or 3 among the last TAIL characters, or the length in powers of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 18
LONGEST = 3
TAIL = 30
HAN = (0x4E00, 0x9FFF)
ENDING, LENGTH = np.uint64(1 << 50), np.uint64(1 << 51)  # sorts of marks, above the code points packed below

Codes = NDArray[np.uint64]
Places = NDArray[np.int64]


def marks(texts: Sequence[str]) -> tuple[Places, Places]:
    """Row and bucket (below 2^BITS) of every mark of texts in normal form."""
    codes = _folded("\0".join(["", *texts, ""]))
    lengths = np.array([len(t) + 1 for t in texts], np.int64)
    row = np.repeat(np.arange(len(texts)), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(lengths.sum())  # characters to the end, the last has 1
    other = (codes < HAN[0]) | (codes > HAN[1])
    found = [(np.arange(len(texts)), LENGTH | np.array([n.bit_length() for n in lengths.tolist()], np.uint64))]
    for n in range(1, LONGEST + 1):
        last = len(codes) - n + 1
        key, strange = np.zeros(last, np.uint64), np.zeros(last, bool)
        for i in range(n):
            key, strange = (key << np.uint64(16)) | codes[i : last + i], strange | other[i : last + i]
        inside = np.ones(last, bool) if n < LONGEST else codes[1:-1] != 0
        at = np.flatnonzero(strange & inside & (key != 0))
        found.append((row[at], key[at]))
        if n > 1:
            at = np.flatnonzero(inside & (left[:last] <= TAIL))
            found.append((row[at], key[at] | ENDING))
    rows, keys = (np.concatenate(each) for each in zip(*found, strict=True))
    return rows, ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - BITS)).astype(np.int64)


def _folded(text: str) -> Codes:
    """Code points, one figure and one letter standing for all, cut to 16 bits."""
    codes: Any = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32) & 0xFFFF
    codes = np.where((codes >= ord("0")) & (codes <= ord("9")), ord("0"), codes)
    return np.where((codes >= ord("a")) & (codes <= ord("z")), ord("a"), codes).astype(np.uint64)
