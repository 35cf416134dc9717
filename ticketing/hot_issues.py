"""The biggest matters many people write about at one time, found without knowing their names.

A matter has a name that hardly anything else has: a housing estate, a plant, a company. Such a name is a run of
characters whose messages come close together in time (the likelihood ratio of Kulldorff's scan statistic, Communications
in Statistics 26 (1997) 1481–1496, over windows of time) and are alike in their other words. What either alone would bring
up, a season's complaint or a turn of phrase, does not have both. Other phrases of the same messages are taken to the name,
and messages that hold several of them belong to the matter even where the name is miswritten.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.tokens import cutter, normal
from ticketing.phrases import EMPTY

SHORTEST, LONGEST = 3, 8  # characters of a phrase
LEAST = 6  # messages of a matter
LONG = 120  # days that a window may span
FEW = 40  # messages that are few in any city
COMMON = 0.05  # a phrase in more of all messages than this names nothing
ALIKE = 0.12  # mean cosine of a matter's messages to each other
BURST = 12.0  # log-likelihood ratio of the best window
SHARED = 0.6  # of a phrase's messages in the window that are the matter's: then it is the matter's phrase, too
NEAR = 0.25  # cosine to the matter's middle of a message that does not have its name
AROUND = timedelta(days=21)  # a message so long before or after the window may still belong
COPY = 0.9  # cosine from which a message is the same again
FAR = 0.1  # a message with the name that is further off is about something else
TITLED = 0.25  # of the messages with a name, those that have it in their titles
OWN = 0.6  # of the messages with a word of the name, those with the name
LOOKED_AT = 60  # matters that are put together before the biggest are chosen
WORDS = 5  # words of a description

_RUN = re.compile("[一-鿿]+")


@dataclass(frozen=True)
class HotIssue:
    """A matter: its name, the indices of its messages (oldest first), and a line in the messages' own words."""

    name: str
    members: tuple[int, ...]
    first: datetime
    last: datetime
    score: float
    description: str


@dataclass(frozen=True)
class _Matter:
    name: str
    members: frozenset[int]
    score: float


@dataclass(frozen=True)
class _Phrase:
    text: str
    holders: frozenset[int]
    window: tuple[float, float]  # in days
    score: float


def hot_issues(
    titles: Sequence[str], texts: Sequence[str], times: Sequence[datetime], most: int = 10
) -> list[HotIssue]:
    """The ``most`` biggest matters by the number of different messages. ``texts`` are the messages below their titles."""
    plain = [normal(f"{title}\n{text}") for title, text in zip(titles, texts, strict=True)]
    if len(plain) < LEAST:
        return []
    words = _words(plain)
    rows = _matrix(words)
    first = _first_of_kind(rows)
    kept = [int(i) for i in np.flatnonzero(first == np.arange(len(first)))]
    days = np.array([t.timestamp() / 86400 for t in times])[kept]
    found = _phrases([plain[i] for i in kept], rows[kept], days)
    seeds = [p for p in found if _is_name(p, Counter(w for i in kept for w in words[i]), [titles[i] for i in kept])]
    matters = _put_together(seeds, found, rows[kept], days)
    again: dict[int, list[int]] = defaultdict(list)
    for i, j in enumerate(first):
        again[int(j)].append(i)
    issues = [_issue(m, [i for k in m.members for i in again[int(kept[k])]], times, words) for m in matters]
    return sorted(issues, key=lambda i: (-len(i.members), -i.score))[:most]


def _first_of_kind(rows: Any) -> NDArray[np.intp]:
    """For each message the first that says the very same: sending it ten times makes no matter of it."""
    found = np.arange(rows.shape[0])
    for start in range(0, rows.shape[0], 500):
        close = (rows[start : start + 500] @ rows.T).tocsr()
        close.data[close.data < COPY] = 0
        close.eliminate_zeros()
        for i in range(close.shape[0]):
            near = close.indices[close.indptr[i] : close.indptr[i + 1]]
            if len(near):
                found[start + i] = found[min(int(near.min()), start + i)]
    return found


def _put_together(seeds: Sequence[_Phrase], found: Sequence[_Phrase], rows: Any, days: Any) -> list[_Matter]:
    """From the clearest name on, each with its messages; a name within a matter that was found is not taken again."""
    taken: set[int] = set()
    matters: list[_Matter] = []
    for seed in sorted(seeds, key=lambda p: (-p.score, -len(p.text), p.text)):
        if len(matters) < LOOKED_AT and len(seed.holders & taken) <= len(seed.holders) / 4:
            matter = _matter(seed, seeds, found, rows, days)
            if len(matter.members) >= LEAST:
                matters.append(matter)
                taken |= seed.holders | set(matter.members)
    return matters


def _words(plain: Iterable[str]) -> list[Counter[str]]:
    cut = cutter()
    return [Counter(w for w in cut(t) if len(w) > 1 and _RUN.fullmatch(w) and w not in EMPTY) for t in plain]


def _matrix(words: Sequence[Counter[str]]) -> Any:
    """Rows of length one: TF-IDF of the words at least two messages have."""
    seen = Counter(w for row in words for w in row)
    kept = {w: i for i, w in enumerate(sorted(w for w, n in seen.items() if 2 <= n <= 0.2 * len(words) + 2))}
    cells = [
        (i, kept[w], (1 + log(n)) * log(len(words) / seen[w]))
        for i, row in enumerate(words)
        for w, n in row.items()
        if w in kept
    ]
    if not cells:
        return sparse.csr_matrix((len(words), 1))
    at, column, value = (np.array(c) for c in zip(*cells, strict=True))
    rows = sparse.csr_matrix((value, (at, column)), shape=(len(words), max(len(kept), 1)))
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(1)).ravel())
    return (sparse.diags(1 / np.maximum(length, 1e-9)) @ rows).tocsr()


def _phrases(plain: Sequence[str], rows: Any, days: Any) -> list[_Phrase]:
    """Phrases whose messages are close in time and alike."""
    holders = _whole(_frequent(plain, max(FEW, int(COMMON * len(plain)))))
    texts = sorted(holders)
    alike = _coherence([holders[t] for t in texts], rows)
    order = np.sort(days)
    found = []
    for text, coherence in zip(texts, alike, strict=True):
        if coherence >= ALIKE:
            ratio, window = _burst(np.sort(days[list(holders[text])]), order)
            if ratio >= BURST:
                found.append(_Phrase(text, frozenset(holders[text]), window, ratio * float(coherence)))
    return found


def _frequent(plain: Sequence[str], most: int) -> dict[str, set[int]]:
    """Runs of SHORTEST to LONGEST characters in LEAST to ``most`` messages; a longer run is looked at where its parts are."""
    runs = [[m.group() for m in _RUN.finditer(t)] for t in plain]
    found: dict[str, set[int]] = {}
    parts: dict[str, set[int]] | None = None
    for n in range(SHORTEST, LONGEST + 1):
        counted: dict[str, set[int]] = defaultdict(set)
        for i, message in enumerate(runs):
            for run in message:
                for k in range(len(run) - n + 1):
                    if parts is None or (run[k : k + n - 1] in parts and run[k + 1 : k + n] in parts):
                        counted[run[k : k + n]].add(i)
        parts = {t: held for t, held in counted.items() if len(held) >= LEAST}
        found |= {t: held for t, held in parts.items() if len(held) <= most}
    return found


def _whole(found: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Without the pieces of longer phrases that the very same messages have."""
    pieces = set()
    for text, held in found.items():
        for piece in (text[:-1], text[1:]):
            if piece in found and len(found[piece]) == len(held):
                pieces.add(piece)
    return {t: held for t, held in found.items() if t not in pieces}


def _coherence(groups: Sequence[set[int]], rows: Any) -> list[float]:
    """The mean cosine between two different messages of each group."""
    found: list[float] = []
    for start in range(0, len(groups), 2000):
        part = groups[start : start + 2000]
        at = np.repeat(np.arange(len(part)), [len(g) for g in part])
        who = np.fromiter((i for g in part for i in g), int)
        sums = sparse.csr_matrix((np.ones(len(who)), (at, who)), shape=(len(part), rows.shape[0])) @ rows
        squares = np.asarray(sums.multiply(sums).sum(1)).ravel()
        found += [float((s - len(g)) / max(len(g) * (len(g) - 1), 1)) for s, g in zip(squares, part, strict=True)]
    return found


def _burst(mine: Any, everyone: Any) -> tuple[float, tuple[float, float]]:
    """The window of at most LONG days that is fullest against all messages' times, and its log-likelihood ratio."""
    total = len(mine)
    a, b = np.triu_indices(total, LEAST - 2)
    near = mine[b] - mine[a] <= LONG
    a, b = a[near], b[near]
    if not len(a):
        return 0.0, (0.0, 0.0)
    count = b - a + 1.0
    share = np.searchsorted(everyone, mine[b], "right") - np.searchsorted(everyone, mine[a])
    expected = total * share / len(everyone)
    outside = np.where(
        count < total, (total - count) * np.log(np.maximum(total - count, 0.5) / np.maximum(total - expected, 0.5)), 0
    )
    ratio = np.where(count > expected, count * np.log(count / expected) + outside, 0)
    best = int(ratio.argmax())
    return float(ratio[best]), (float(mine[a[best]]), float(mine[b[best]]))


def _matter(seed: _Phrase, seeds: Sequence[_Phrase], found: Sequence[_Phrase], rows: Any, days: Any) -> _Matter:
    """The messages with the name, and those that do not have it but all the rest."""
    around = AROUND / timedelta(days=1)
    inside = {int(i) for i in np.flatnonzero((days >= seed.window[0] - around) & (days <= seed.window[1] + around))}
    named = seed.holders & inside
    # A second name of the same messages, and either as others write it: shorter, longer.
    names = [p.text for p in _shared(seeds, named, inside) if len(p.holders & named) >= SHARED * len(named)] + [
        seed.text
    ]
    kin = [p for p in _shared(seeds, named, inside) if any(_akin(p.text, name) for name in names)]
    named = named.union(*(p.holders & inside for p in kin))
    middle = np.asarray(rows[sorted(named)].mean(0)).ravel()
    near = np.asarray(rows @ middle).ravel() / max(float(np.linalg.norm(middle)), 1e-9)
    held = Counter(i for p in _apart(_shared(found, named, inside)) for i in p.holders & inside)
    members = {i for i in named if near[i] >= FAR} | {i for i, n in held.items() if n >= 2 and near[i] >= NEAR}
    name = max((p.text for p in kin if len(p.holders & named) >= 0.8 * len(named)), key=len, default=seed.text)
    return _Matter(name, frozenset(members), seed.score)


def _shared(found: Sequence[_Phrase], named: frozenset[int], inside: set[int]) -> list[_Phrase]:
    """The phrases that, in their time, are mostly said in these messages."""
    return [p for p in found if len(p.holders & named) >= max(SHARED * len(p.holders & inside), LEAST - 2)]


def _issue(
    matter: _Matter, members: Sequence[int], times: Sequence[datetime], words: Sequence[Counter[str]]
) -> HotIssue:
    ordered = tuple(sorted(members, key=lambda i: (times[i], i)))
    line = _describe(matter.name, [words[i] for i in ordered], words)
    return HotIssue(matter.name, ordered, times[ordered[0]], times[ordered[-1]], matter.score, line)


def _apart(phrases: Sequence[_Phrase]) -> Iterator[_Phrase]:
    """Those that are no part of one another: overlapping pieces are one piece of evidence."""
    kept: list[str] = []
    for phrase in sorted(phrases, key=lambda p: (-len(p.holders), -len(p.text), p.text)):
        if not any(_overlap(phrase.text, other) for other in kept):
            kept.append(phrase.text)
            yield phrase


def _is_name(phrase: _Phrase, seen: Mapping[str, int], titles: Sequence[str]) -> bool:
    """Has it a word that is hardly said of anything else, and do people put it in their titles?

    A turn of phrase is made of words that everybody uses, and a form letter says at its end what it says every time.
    """
    cut = [w for w in cutter()(phrase.text) if len(w) > 1]
    own = [w for w in cut if seen[w] and len(phrase.holders) >= OWN * seen[w]]
    titled = sum(any(w in titles[i] for w in (phrase.text, *own)) for i in phrase.holders)
    return bool(own) and (titled >= TITLED * len(phrase.holders) or not any(titles))


def _akin(one: str, other: str) -> bool:
    """SHORTEST characters of one in the other, in a row."""
    return any(one[k : k + SHORTEST] in other for k in range(len(one) - SHORTEST + 1))


def _overlap(one: str, other: str) -> bool:
    """Two characters of one in the other, in a row."""
    return any(one[k : k + 2] in other for k in range(len(one) - 1))


def _describe(name: str, members: Sequence[Counter[str]], everyone: Sequence[Counter[str]]) -> str:
    """The name and the words that set the messages apart from all others."""
    here = Counter(w for row in members for w in row)
    anywhere = Counter(w for row in everyone for w in row.keys() & here.keys())
    worth = {w: n / len(members) * log(len(everyone) / anywhere[w]) for w, n in here.items() if n >= len(members) / 5}
    best = [w for w, _ in sorted(worth.items(), key=lambda x: (-x[1], x[0])) if w not in name][:WORDS]
    return f"{name}：{'、'.join(best)}" if best else name
