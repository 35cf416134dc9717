"""Which of the six kinds a post is: what a model learnt, mixed with the cues of kinds.csv.

People say what they want in the title ("咨询…", "投诉…", "请求…") and in the last sentence ("盼解决"); a bag of words loses both.
A cue adds its weight to its kind when one of its words stands where the cue looks: in the title, anywhere in the text, or in
the end of it; in text and end a second and third word add half of it each. One that stands always says how often its kind is
met. The model's log-probabilities count by a power that grows with the samples behind it. The weights were set by hand on 150 of the messages in bench/labels/kind.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.answers import Answer
from classifier.calibration import softmax
from classifier.finder import Finder, Found, Owners
from classifier.tokens import normal
from data.reference import SHIPPED

END = 80  # characters
TITLE = 40  # characters taken for the title of a post that has none
HALF = 640  # samples at which the model's power is a half
SHARPNESS = 0.8
RAREST = 1e-3  # a probability below this says no more than this
WHERE = ("title", "text", "end")  # and "always", which listens to nothing

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cue:
    """Words that speak for ``kind`` (or any name a model has) where they stand: title, text, end, or always."""

    kind: str
    where: str
    weight: float
    words: tuple[str, ...]


class Cues:
    """The table of cues, ready to be asked."""

    def __init__(self, path: Path = SHIPPED / "kinds.csv") -> None:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            self._cues = tuple(_cue(row) for row in csv.DictReader(lines))
        self._finder = Finder(w for cue in self._cues for w in cue.words)
        self.words = frozenset(self._finder.words)
        self.kinds = tuple(dict.fromkeys(cue.kind for cue in self._cues))
        self._weight = np.array([cue.weight for cue in self._cues])
        self._always, self._once = (
            np.array([cue.where in where for cue in self._cues], bool) for where in (("always",), ("always", "title"))
        )
        self._for = np.array([[float(cue.kind == kind) for kind in self.kinds] for cue in self._cues])
        self._having = Owners.of(self._listening(where, word) for where in WHERE for word in self._finder.words)
        titled = [(i, w) for i, cue in enumerate(self._cues) if cue.where == "title" for w in cue.words]
        self._letters = [(i, w) for i, w in titled if len(w) == 1]  # too short for a finder

    def heard(self, titles: Sequence[str], texts: Sequence[str], found: Found | None = None) -> Floats:
        """(texts, kinds): what the cues add; titles and texts (title and body) in normal form, ``found`` in the texts."""
        found = self._finder.found(texts) if found is None else self._finder.ours(found)
        shown = [title or text[:TITLE] for title, text in zip(titles, texts, strict=True)]
        opening, body, late = (bound[found.row] for bound in _bounds(titles, texts, shown))
        said = [*enumerate((found[found.end <= opening], found[found.at >= body], found[found.at >= late]))]
        apart = ["" if t.startswith(s) else s for t, s in zip(texts, shown, strict=True)]
        if any(apart):  # a title that is not in its text
            said.append((0, self._finder.found(apart)))
        times = self._times(said, len(texts))
        for i, letter in self._letters:
            times[:, i] += [letter in s for s in shown]
        often = np.where(self._once, 1.0, (1 + np.minimum(times, 3)) / 2) * ((times > 0) | self._always)
        added: Floats = (often * self._weight) @ self._for
        return added

    def mixed(self, learnt: Answer, heard: Floats, half: int = HALF) -> Answer:
        """``learnt`` with what the cues add to each post.

        ``half``: the samples at which the model's power is a half; 0 trusts it fully.
        """
        power = learnt.samples / (learnt.samples + half)
        scores = power * np.log(np.maximum(learnt.p, RAREST))
        for i, kind in enumerate(self.kinds):
            if kind in learnt.index:
                scores[:, learnt.index[kind]] += heard[:, i]
        return Answer(learnt.labels, softmax(scores * SHARPNESS), learnt.samples)

    def _listening(self, where: str, word: str) -> list[int]:
        """The cues that listen for the word there."""
        return [i for i, cue in enumerate(self._cues) if cue.where == where and word in cue.words]

    def _times(self, said: Iterable[tuple[int, Found]], texts: int) -> NDArray[np.int64]:
        """(texts, cues): how many of a cue's words are ``said`` where it listens (a number of WHERE), each counted once."""
        words, cues = len(self._finder.words), len(self._cues)
        each = [(some.row * len(WHERE) + where) * words + some.word for where, some in said]
        row, spoken = np.divmod(np.unique(np.concatenate(each)), max(1, len(WHERE) * words))
        place, cue = self._having.of_each(spoken)
        return np.bincount(row[place] * cues + cue, minlength=texts * cues).reshape(texts, cues)


def _bounds(titles: Sequence[str], texts: Sequence[str], shown: Sequence[str]) -> NDArray[np.int64]:
    """Where in each text what is ``shown`` ends (if it begins with that), its body begins, and its end begins."""
    bounds = []
    for title, text, first in zip(titles, texts, shown, strict=True):
        body = len(title) if len(text) > len(title) and text.startswith(title) else 0
        bounds.append((len(first) if text.startswith(first) else 0, body, max(body, len(text) - END)))
    return np.array(bounds, np.int64).reshape(-1, 3).T


def _cue(row: Mapping[str, str]) -> Cue:
    words = tuple(normal(w) for w in row["words"].split("|") if w)
    return Cue(row["kind"], row["where"], float(row["weight"]), words)
