"""TF-IDF of words and of character n-grams, weighed by what each tells of the questions, for a whole batch at once with numpy.

The words are what a clerk is shown; the characters carry what the tokenizer cut wrongly and names it does not know.
A character n-gram is 1 to LONGEST Chinese characters with nothing between them, its code points packed into 64 bits and
hashed (multiply-shift) to one of 2^BITS buckets; the first HEAD characters count once more, because a message says early
what it is about. Letters and figures are left out: in messages they are plot numbers, sums and masked names. Counts are
1 + log(count), times the inverse document frequency, times the root of what the column tells (``telling``), and words, characters
and head are each scaled to length one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, pairwise, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier import marks
from classifier.tokens import LIMIT, cutter, normals

LONGEST = 3  # characters of an n-gram
BITS = 20
# Characters read of a message: the matter stands in them, and of those who write more a sixth of all is saved.
MATTER = 800
HEAD = 80
HEAD_WEIGHT = 0.5
WORD_WEIGHT = 0.55
MARK_WEIGHT = 0.7
MARKS = 20_000  # columns of marks, at most
RARE = 3  # an n-gram seen in fewer messages is dropped, a word in fewer than 2
FEW = 3000  # messages up to which an n-gram seen twice is kept, too
FEWEST = 2
HAN = (0x4E00, 0x9FFF)
PRIOR = 3.0  # messages' worth of doubt about a column that was seen seldom
LEAST = 0.1  # what a column that tells nothing still counts

Matrix = Any  # scipy.sparse.csr_matrix, float32; scipy ships no types
Floats = NDArray[np.float32]
NONE = np.zeros(0, np.int32)
# Times a column stands in a text -> its count; a text is no longer than LIMIT.
_LOGS = np.concatenate([[0], 1 + np.log(np.arange(1, LIMIT + 2))]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Part:
    """1 + log(count) of what stands in each text: ``columns`` and ``values`` of row i from ``pointer[i]`` on. (Plain arrays:
    to make and check a scipy matrix costs more than a message's words do.)"""

    pointer: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: Floats

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.pointer)

    def weighed(self, weight: Floats, length: float = 1.0) -> Floats:
        """The values times the weight of their column, every row of that length (or empty)."""
        data = self.values * weight[self.columns]
        row = np.repeat(np.arange(len(self.pointer) - 1), self.lengths)
        now = np.sqrt(np.bincount(row, data**2, minlength=len(self.pointer) - 1))
        scaled: Floats = (data * (length / np.maximum(now, 1e-9))[row]).astype(np.float32)
        return scaled

    def present(self, width: int) -> Matrix:
        """1 where a column stands in a text."""
        ones = np.ones(len(self.columns), np.float32)
        return sparse.csr_matrix((ones, self.columns, self.pointer), shape=(len(self.pointer) - 1, width))


@dataclass(frozen=True, eq=False)
class Counts:
    """What stands in some texts: words, n-grams, n-grams of the head (in the columns of the body), and marks."""

    words: Part
    body: Part
    head: Part
    marks: Part


@dataclass(frozen=True, eq=False)
class Features:
    """The columns of the matrix: ``vocabulary`` first, then the n-gram ``buckets`` and the ``marks`` (both ascending)."""

    vocabulary: tuple[str, ...]
    buckets: NDArray[np.int32]
    weight: Floats  # one per column
    city: tuple[str, ...] = ()  # words given to the tokenizer
    engine: str = ""  # the tokenizer it was learnt with
    marks: NDArray[np.int32] = field(default_factory=lambda: NONE)  # buckets; none where no question hears them

    @property
    def size(self) -> int:
        return self.matter + len(self.marks)

    @property
    def matter(self) -> int:
        """The columns that tell what a text is about: all but the marks, which are the last."""
        return len(self.vocabulary) + len(self.buckets)

    @cached_property
    def _column(self) -> dict[str, int]:
        return {w: i for i, w in enumerate(self.vocabulary)}

    @cached_property
    def _slot(self) -> NDArray[np.int32]:
        """Bucket -> column among the n-grams, -1 for a bucket that is not used."""
        return _slots(self.buckets, BITS)

    @cached_property
    def _mark(self) -> NDArray[np.int32]:
        return _slots(self.marks, marks.BITS)

    def cut(self, texts: Iterable[str]) -> tuple[list[list[str]], list[NDArray[np.int32]]]:
        """The words of texts in normal form, by the tokenizer the features were learnt with, and their columns.

        A word without a column has -1. They are looked up text by text, while the processor still has them at hand.
        """
        tokenizer, get, none = cutter(self.city, self.engine), self._column.get, repeat(-1)
        words, columns = [], []
        for text in texts:
            words.append(found := tokenizer(text[:MATTER]))
            columns.append(np.fromiter(map(get, found, none), np.int32, len(found)))
        return words, columns

    def counted(self, texts: Sequence[str], columns: Sequence[NDArray[np.int32]] | None = None) -> Counts:
        """What stands in texts (in normal form; ``columns`` of their words if they are cut already)."""
        rows = self.cut(texts)[1] if columns is None else columns
        row = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        column = np.concatenate([NONE, *rows])
        words = _part(row[column >= 0], column[column >= 0], len(rows))
        return Counts(words, *_grams(texts, self._slot, len(self.buckets)), _marks(texts, self._mark, len(self.marks)))

    def weighed(self, counts: Counts) -> Matrix:
        """Counts to rows of ``size`` columns; what an n-gram of the head counts is added to what it counts in the body."""
        split = len(self.vocabulary)
        grams, told = self.weight[split : self.matter], self.weight[self.matter :]
        both = counts.body.weighed(grams) + counts.head.weighed(grams, HEAD_WEIGHT)
        parts = (
            (counts.words, counts.words.columns, counts.words.weighed(self.weight[:split], WORD_WEIGHT)),
            (counts.body, counts.body.columns + split, both),
            (counts.marks, counts.marks.columns + self.matter, counts.marks.weighed(told, MARK_WEIGHT)),
        )
        start = np.concatenate([[0], np.cumsum(sum(part.lengths for part, _, _ in parts))]).astype(np.int32)
        columns, data = np.empty(start[-1], np.int32), np.empty(start[-1], np.float32)
        free = start[:-1].astype(np.int64)
        for part, where, values in parts:
            at = np.arange(len(values)) + np.repeat(free - part.pointer[:-1], part.lengths)
            columns[at], data[at] = where, values
            free = free + part.lengths
        return sparse.csr_matrix((data, columns, start), shape=(len(start) - 1, self.size))

    def present(self, counts: Counts) -> tuple[Matrix, Matrix, Matrix]:
        """1 where a word, an n-gram, a mark stands in a text: side by side as wide as ``size``."""
        words, body = counts.words.present(len(self.vocabulary)), counts.body.present(len(self.buckets))
        return words, body, counts.marks.present(len(self.marks))

    def matrix(self, texts: Sequence[str], columns: Sequence[NDArray[np.int32]] | None = None) -> Matrix:
        """One row a text (in normal form; ``columns`` of their words if they are cut already), ``size`` columns."""
        return self.weighed(self.counted(texts, columns))

    def unknown(self, matrix: Matrix) -> list[bool]:
        """For each row, whether nothing in it tells what it is about; a row's marks are its last entries."""
        ends, columns = matrix.indptr.tolist(), matrix.indices
        return [a == b or bool(columns[a] >= self.matter) for a, b in pairwise(ends)]

    def told(self, tells: Floats) -> Features:
        """The same columns, each weighed by what it ``tells``, too."""
        return replace(self, weight=(self.weight * tells).astype(np.float32))


def learn(
    texts: Sequence[str], room: int, city: tuple[str, ...] = (), engine: str = "", manner: bool = False
) -> Features:
    """The columns worth keeping of ``texts`` (normal form): frequent enough, the most frequent first, at most ``room``.

    ``manner``: marks, too, at most MARKS of them.
    """
    tokenizer = cutter(city, engine)
    seen = Counter(chain.from_iterable(sorted({w for w in tokenizer(t[:MATTER]) if not w.isspace()}) for t in texts))
    kept = [(w, n) for w, n in seen.most_common(room // 3) if n >= 2]
    vocabulary = sorted(kept)
    frequency = np.zeros(1 << BITS, np.int32)
    for start in range(0, len(texts), 1000):
        grams, _ = _grams(texts[start : start + 1000], np.arange(1 << BITS, dtype=np.int32), 1 << BITS)
        frequency += np.bincount(grams.columns, minlength=1 << BITS).astype(np.int32)
    order = np.argsort(-frequency, kind="stable")[: room - len(vocabulary)]
    buckets = np.sort(order[frequency[order] >= (RARE if len(texts) > FEW else FEWEST)]).astype(np.int32)
    kept_marks, often = _frequent_marks(texts) if manner else (NONE, NONE)
    counts = np.concatenate([np.array([n for _, n in vocabulary], np.int32), frequency[buckets], often])
    idf = (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32)
    return Features(tuple(w for w, _ in vocabulary), buckets, idf, city, engine, kept_marks)


def _frequent_marks(texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The buckets of marks worth keeping, ascending, and in how many texts each stands."""
    found = _marks(texts, np.arange(1 << marks.BITS, dtype=np.int32), 1 << marks.BITS)
    frequency = np.bincount(found.columns, minlength=1 << marks.BITS).astype(np.int32)
    order = np.argsort(-frequency, kind="stable")[:MARKS]
    kept = np.sort(order[frequency[order] >= RARE]).astype(np.int32)
    return kept, frequency[kept]


def telling(parts: Sequence[Matrix], truth: NDArray[np.int64], labels: int) -> Floats:
    """How much each column of the ``parts`` (1 where it is present) tells of the labels (``truth``: a number a row), 0 to 1.

    The Kullback-Leibler divergence of the labels of the messages a column stands in, each label counting alike, from
    all labels being as likely, seen through PRIOR messages of doubt, as a share of the most there could be.
    """
    of = _rows_of(truth, labels)
    each = np.maximum(np.bincount(truth, minlength=labels), 1)[:, None]
    told = [_divergence((of @ part).toarray(), each) for part in parts]
    found: Floats = (np.concatenate(told) / np.log(labels)).astype(np.float32)
    return found


def _divergence(seen: NDArray[Any], each: NDArray[Any]) -> NDArray[Any]:
    """``seen``: (labels, columns) messages; ``each``: (labels, 1) messages of the label in all."""
    count, alike = seen.sum(axis=0), 1 / len(seen)
    share = seen / each
    share /= np.maximum(share.sum(axis=0), 1e-12)
    likely = (count * share + PRIOR * alike) / (count + PRIOR)
    found: NDArray[Any] = (likely * np.log(likely / alike)).sum(axis=0)
    return found


def ratios(parts: Sequence[Matrix], truth: NDArray[np.int64], labels: int) -> Floats:
    """(labels, columns): log of how much likelier a column of the ``parts`` (1 where present) is with a label than with
    the others, each seen once more than it was."""
    of = _rows_of(truth, labels)
    seen = np.hstack([(of @ part).toarray() for part in parts]) + 1
    others = seen.sum(axis=0) - seen - labels + 2
    share, rest = seen / seen.sum(axis=1, keepdims=True), others / others.sum(axis=1, keepdims=True)
    found: Floats = np.log(share / rest).astype(np.float32)
    return found


def _rows_of(truth: NDArray[np.int64], labels: int) -> Matrix:
    """(labels, rows): 1 where a row has the label."""
    return sparse.csr_matrix((np.ones(len(truth)), (truth, np.arange(len(truth)))), shape=(labels, len(truth)))


def prepared(texts: Iterable[str]) -> list[str]:
    """Texts as people wrote them, in normal form."""
    return normals(list(texts))


def _grams(texts: Sequence[str], slot: NDArray[np.int32], width: int) -> tuple[Part, Part]:
    """Counts of every n-gram that ``slot`` has one of ``width`` columns for: in the text, and in its first HEAD characters."""
    read = [t[:MATTER] for t in texts]
    lengths = np.array([len(t) + 1 for t in read], np.int64)
    code = np.frombuffer("\0".join([*read, ""]).encode("utf-32-le", "replace"), np.uint32)
    han = (code >= HAN[0]) & (code <= HAN[1])
    row = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    place = np.arange(len(code)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    letters = code.astype(np.uint64)
    key, whole = letters, han
    found = []
    for n in range(1, LONGEST + 1):
        if n > 1:
            key, whole = (key[:-1] << np.uint64(16)) | letters[n - 1 :], whole[:-1] & han[n - 1 :]
        at = np.flatnonzero(whole)
        column = slot[((key[at] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - BITS)).astype(np.int64)]
        at, column = at[column >= 0], column[column >= 0]
        found.append((row[at], column, place[at] <= HEAD - n))
    rows, columns, early = (np.concatenate(each) for each in zip(*found, strict=True))
    return _parts(rows, columns, early, len(texts), width)


def _marks(texts: Sequence[str], slot: NDArray[np.int32], width: int) -> Part:
    if not width:
        return _part(NONE, NONE, len(texts))
    rows, found = marks.marks(texts)
    columns = slot[found]
    return _part(rows[columns >= 0], columns[columns >= 0], len(texts))


def _slots(buckets: NDArray[np.int32], bits: int) -> NDArray[np.int32]:
    table = np.full(1 << bits, -1, np.int32)
    table[buckets] = np.arange(len(buckets), dtype=np.int32)
    return table


def _part(rows: NDArray[Any], columns: NDArray[Any], texts: int) -> Part:
    """Occurrences, counted."""
    return _parts(rows, columns, np.zeros(len(rows), bool), texts, int(columns.max(initial=0)) + 1)[0]


def _parts(
    rows: NDArray[Any], columns: NDArray[Any], early: NDArray[np.bool_], texts: int, width: int
) -> tuple[Part, Part]:
    """Occurrences, counted, and those that are ``early``: the same columns, 0 where there is no early one."""
    packed: Any = np.uint32 if 2 * texts * width < 1 << 32 else np.uint64  # half as wide sorts twice as fast
    key = rows.astype(packed)
    key *= packed(width)
    key += columns.astype(packed)
    key <<= packed(1)
    key |= early
    key.sort()
    cell = key >> packed(1)
    first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1])[: len(cell)])
    row, column = np.divmod(cell[first], packed(max(width, 1)))
    pointer = np.searchsorted(row, np.arange(texts + 1, dtype=packed))
    times = np.diff(first, append=len(key))
    soon = np.add.reduceat((key & packed(1)).astype(np.int64), first) if len(first) else times
    found = column.astype(np.int32)
    return Part(pointer, found, _LOGS.take(times, mode="clip")), Part(pointer, found, _LOGS.take(soon, mode="clip"))
