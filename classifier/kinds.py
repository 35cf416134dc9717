"""Which of the six kinds a post is: what a model learnt, mixed with the cues of kinds.csv.

People say what they want in the title ("咨询…", "投诉…", "请求…") and in the last sentence ("盼解决"); a bag of words loses both.
A cue adds its weight to its kind when one of its words stands where the cue looks: in the title, anywhere in the text, or in
the end of it; in text and end a second and third word add half of it each. One that stands always says how often its kind is met. The model's log-probabilities count by a power
that grows with the samples behind it. The weights were set by hand on 150 of the messages in bench/labels/kind.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.answers import Answer
from classifier.calibration import softmax
from classifier.finder import Finder, pairs_known
from classifier.tokens import normal
from data.reference import SHIPPED

END = 80  # characters
TITLE = 40  # characters taken for the title of a post that has none
HALF = 640  # samples at which the model's power is a half
SHARPNESS = 0.8
RAREST = 1e-3  # a probability below this says no more than this


@dataclass(frozen=True)
class Cue:
    """Words that speak for ``kind`` (or any name a model has) where they stand: title, text, end, or always."""

    kind: str
    where: str
    weight: float
    words: tuple[str, ...]

    def weight_in(self, title: str, end: str, present: Collection[str]) -> float:
        """What it adds; ``present``: the words of all cues that stand in the text."""
        if self.where == "always":
            return self.weight
        if self.where == "title":
            return self.weight * any(w in title for w in self.words)
        found = sum(w in present and (self.where == "text" or w in end) for w in self.words)
        return self.weight * (1 + min(found, 3)) / 2 if found else 0.0


class Cues:
    """The table of cues, ready to be asked."""

    def __init__(self, path: Path = SHIPPED / "kinds.csv") -> None:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            self._cues = tuple(_cue(row) for row in csv.DictReader(lines))
        self._finder = Finder(w for cue in self._cues if cue.where != "title" for w in cue.words)

    def mixed(
        self,
        learnt: Answer,
        titles: Sequence[str],
        texts: Sequence[str],
        half: int = HALF,
        seen: Sequence[set[str]] | None = None,
    ) -> Answer:
        """``learnt`` for the posts of these titles (as written) and texts (title and body in normal form), with the cues.

        ``half``: the samples at which the model's power is a half; 0 trusts it fully. ``seen``: the pairs of each text.
        """
        power = learnt.samples / (learnt.samples + half)
        scores = power * np.log(np.maximum(learnt.p, RAREST))
        column = {label: i for i, label in enumerate(learnt.labels)}
        heard = [cue for cue in self._cues if cue.kind in column]
        near = pairs_known(texts) if seen is None else seen
        for score, given, text, met in zip(scores, titles, texts, near, strict=True):
            title = normal(given)
            body = text.removeprefix(title) or text
            title, end = title or text[:TITLE], body[-END:]
            present = frozenset(self._finder.present(body, met))
            for cue in heard:
                score[column[cue.kind]] += cue.weight_in(title, end, present)
        return Answer(learnt.labels, softmax(scores * SHARPNESS), learnt.samples)


def _cue(row: Mapping[str, str]) -> Cue:
    words = tuple(normal(w) for w in row["words"].split("|") if w)
    return Cue(row["kind"], row["where"], float(row["weight"]), words)
