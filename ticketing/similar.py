"""Posts on the matter of a post: alike in their words, and one's title names what the other speaks of.

The words alone put form letters together that ask for different things, and two streets with the same trouble; so a
post is shown only where a rare piece of one's title (a name, a street) stands in the other.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log, sqrt
from pathlib import Path

from classifier.tokens import cutter, normal
from data.city import City
from data.records import Post
from ticketing.phrases import EMPTY

BACK = timedelta(days=30)
MOST_KEPT = 4000  # of the newest posts
SHOWN = 5
ALIKE = 0.25  # cosine of the TF-IDF of the words
COMMON = 0.2  # a word in more of all posts tells nothing
RARE = 0.01  # a piece of a title in no more of all posts names something
PIECE = 3  # characters

_RUN = re.compile("[一-鿿]+")


@dataclass(frozen=True, slots=True)
class Similar:
    """A post on the same matter, with its tickets."""

    key: str
    title: str
    posted_at: datetime
    alike: float
    tickets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    words: Counter[str]
    pieces: frozenset[str]
    titled: frozenset[str]
    posted_at: datetime
    title: str


@dataclass
class Index:
    """Recent messages by the words they have; ``add`` and ``like`` need no model and no list of names."""

    kept: dict[str, _Kept] = field(default_factory=dict)
    having: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    pieces: Counter[str] = field(default_factory=Counter)

    def add(self, key: str, title: str, body: str, posted_at: datetime) -> None:
        text = normal(f"{title}\n{body}")
        words = Counter(w for w in cutter()(text) if len(w) > 1 and _RUN.fullmatch(w) and w not in EMPTY)
        entry = _Kept(words, _pieces(text), _pieces(normal(title)), posted_at, title)
        self.kept[key] = entry
        self.pieces.update(entry.pieces)
        for word in words:
            self.having[word].add(key)

    def drop(self, key: str) -> None:
        entry = self.kept.pop(key)
        self.pieces.subtract(entry.pieces)
        for word in entry.words:
            self.having[word].discard(key)

    def like(self, key: str) -> list[tuple[str, float]]:
        """The keys of the messages on the same matter with their cosine, the most alike first."""
        entry = self.kept[key]
        weight = {w: self._weight(w) for w in entry.words}
        shared: dict[str, float] = defaultdict(float)
        for word, n in entry.words.items():
            for other in self.having[word] if weight[word] else ():
                shared[other] += (1 + log(n)) * (1 + log(self.kept[other].words[word])) * weight[word] ** 2
        mine = self._length(entry)
        named = {other: self.kept[other] for other in shared if other != key and self._named(entry, self.kept[other])}
        alike = {other: shared[other] / max(mine * self._length(one), 1e-9) for other, one in named.items()}
        return sorted(((o, float(a)) for o, a in alike.items() if a >= ALIKE), key=lambda f: (-f[1], f[0]))

    def _weight(self, word: str) -> float:
        count = len(self.having[word])
        return log((len(self.kept) + 1) / count) if 0 < count <= COMMON * len(self.kept) + 2 else 0.0

    def _length(self, entry: _Kept) -> float:
        return sqrt(sum(((1 + log(n)) * self._weight(w)) ** 2 for w, n in entry.words.items()))

    def _named(self, one: _Kept, other: _Kept) -> bool:
        shared = (one.titled & other.pieces) | (other.titled & one.pieces)
        return any(self.pieces[p] <= max(RARE * len(self.kept), SHOWN) for p in shared)


def _pieces(text: str) -> frozenset[str]:
    return frozenset(r[k : k + PIECE] for r in _RUN.findall(text) for k in range(len(r) - PIECE + 1))


_indexes: dict[Path, Index] = {}
_lock = threading.Lock()


def similar(city: City, post: Post) -> list[Similar]:
    """The posts of the 30 days around a post that are on its matter, at most SHOWN, with their tickets."""
    with _lock:
        index = _indexes.setdefault(city.folder, Index())
        _refresh(city, index, post)
        found = index.like(post.key)[:SHOWN]
        kept = {key: index.kept[key] for key, _ in found}
    tickets = city.store.series.tickets(kept)
    return [Similar(k, kept[k].title, kept[k].posted_at, round(alike, 2), tickets.get(k, ())) for k, alike in found]


def _refresh(city: City, index: Index, post: Post) -> None:
    """Take in what was posted since, let go what is too old. A post edited since keeps its first words here."""
    recent = set(city.store.series.recent(post.posted_at - BACK, MOST_KEPT)) | {post.key}
    for key in [k for k in index.kept if k not in recent]:
        index.drop(key)
    for found in _missing(city, recent - index.kept.keys()):
        index.add(found.key, found.title, found.body, found.posted_at)
    if post.key not in index.kept:
        index.add(post.key, post.title, post.body, post.posted_at)


def _missing(city: City, keys: Iterable[str]) -> Iterable[Post]:
    for key in keys:
        found = city.store.threads.post(*key.split("/", 1))
        if found:
            yield found
