"""TF-IDF of words and of character n-grams, counted for a whole batch at once with numpy.

The words are what a clerk is shown; the characters carry what the tokenizer cut wrongly and names it does not know.
A character n-gram is its code points packed into 64 bits, hashed (multiply-shift) to one of 2^20 buckets; the first
HEAD characters count once more, because a message says early what it is about. Word counts and character counts are
each 1 + log(count), times the inverse document frequency, scaled to length one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.tokens import cutter, normal

LONGEST = 4  # characters of an n-gram
BITS = 20
HEAD = 80
HEAD_WEIGHT = 0.5
RARE = 3  # an n-gram seen in fewer messages is dropped, a word in fewer than 2
FEW = 3000  # messages up to which an n-gram seen twice is kept, too

Matrix = Any  # scipy.sparse.csr_matrix, float32; scipy ships no types
Tokens = Sequence[Sequence[str]]


@dataclass(frozen=True, eq=False)
class Features:
    """The columns of the matrix: ``vocabulary`` first, then the n-gram ``buckets`` (ascending)."""

    vocabulary: tuple[str, ...]
    buckets: NDArray[np.int32]
    idf: NDArray[np.float32]  # one per column
    city: tuple[str, ...] = ()  # words given to the tokenizer
    engine: str = ""  # the tokenizer it was learnt with

    @property
    def size(self) -> int:
        return len(self.vocabulary) + len(self.buckets)

    @cached_property
    def _column(self) -> dict[str, int]:
        return {w: i for i, w in enumerate(self.vocabulary)}

    @cached_property
    def _slot(self) -> NDArray[np.int32]:
        """Bucket -> column among the n-grams, -1 for a bucket that is not used."""
        table = np.full(1 << BITS, -1, np.int32)
        table[self.buckets] = np.arange(len(self.buckets), dtype=np.int32)
        return table

    def cut(self, texts: Iterable[str]) -> list[list[str]]:
        """The words of texts in normal form, by the tokenizer the features were learnt with."""
        tokenizer = cutter(self.city, self.engine)
        return [tokenizer(t) for t in texts]

    def matrix(self, texts: Sequence[str], tokens: Tokens | None = None) -> Matrix:
        """One row a text (in normal form; ``tokens`` if they are cut already), ``size`` columns."""
        known, split = self._column, len(self.vocabulary)
        rows = [[known[w] for w in row if w in known] for row in (self.cut(texts) if tokens is None else tokens)]
        by_word = _weighed(_counted(rows, split), self.idf[:split])
        idf = self.idf[split:]
        body = _weighed(_grams(texts, self._slot, len(self.buckets)), idf)
        head = _weighed(_grams([t[:HEAD] for t in texts], self._slot, len(self.buckets)), idf)
        return sparse.hstack([by_word, body + HEAD_WEIGHT * head], format="csr", dtype=np.float32)


def learn(texts: Sequence[str], room: int, city: tuple[str, ...] = (), engine: str = "") -> Features:
    """The columns worth keeping of ``texts`` (normal form): frequent enough, the most frequent first, at most ``room``."""
    tokenizer = cutter(city, engine)
    seen = Counter(chain.from_iterable(sorted({w for w in tokenizer(t) if not w.isspace()}) for t in texts))
    kept = [(w, n) for w, n in seen.most_common(room // 3) if n >= 2]
    vocabulary = sorted(kept)
    frequency = np.zeros(1 << BITS, np.int32)
    for start in range(0, len(texts), 1000):
        grams = _grams(texts[start : start + 1000], np.arange(1 << BITS, dtype=np.int32), 1 << BITS)
        frequency += np.bincount(grams.indices, minlength=1 << BITS).astype(np.int32)
    order = np.argsort(-frequency, kind="stable")[: room - len(vocabulary)]
    buckets = np.sort(order[frequency[order] >= (RARE if len(texts) > FEW else 2)]).astype(np.int32)
    counts = np.concatenate([np.array([n for _, n in vocabulary], np.int32), frequency[buckets]])
    idf = (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32)
    return Features(tuple(w for w, _ in vocabulary), buckets, idf, city, engine)


def prepared(texts: Iterable[str]) -> list[str]:
    """Texts as people wrote them, in normal form."""
    return [normal(t) for t in texts]


def _counted(rows: Sequence[Sequence[int]], width: int) -> Matrix:
    indices = np.fromiter(chain.from_iterable(rows), np.int32)
    pointer = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int32)
    counted = sparse.csr_matrix((np.ones(len(indices), np.float32), indices, pointer), shape=(len(rows), width))
    counted.sum_duplicates()
    return counted


def _grams(texts: Sequence[str], slot: NDArray[np.int32], width: int) -> Matrix:
    """Counts of every n-gram of 1 to LONGEST characters that ``slot`` has a column for."""
    lengths = np.array([len(t) for t in texts], np.int64)
    code = np.frombuffer("".join(texts).encode("utf-32-le", "replace"), np.uint32).astype(np.uint64) & np.uint64(0xFFFF)
    row = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(code))  # characters to the end of the text
    rows, columns = [], []
    key = code
    for n in range(1, LONGEST + 1):
        if n > 1:
            key = (key[:-1] << np.uint64(16)) | code[n - 1 :]
        bucket = (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - BITS)
        column = slot[bucket.astype(np.int64)]
        inside = (left[: len(key)] >= n) & (column >= 0)
        rows.append(row[: len(key)][inside])
        columns.append(column[inside])
    at = (np.concatenate(rows), np.concatenate(columns))
    counted = sparse.csr_matrix((np.ones(len(at[0]), np.float32), at), shape=(len(texts), width))
    counted.sum_duplicates()
    return counted


def _weighed(counted: Matrix, idf: NDArray[np.float32]) -> Matrix:
    """Counts to TF-IDF in place, every row of length one (or empty)."""
    counted.data = (1 + np.log(counted.data)) * idf[counted.indices]
    row = np.repeat(np.arange(counted.shape[0]), np.diff(counted.indptr))
    length = np.sqrt(np.bincount(row, counted.data**2, minlength=counted.shape[0]))
    counted.data = (counted.data / length[row]).astype(np.float32)
    return counted
