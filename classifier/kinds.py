"""Which of the six kinds a post is: what a model learnt, mixed with the cues of kinds.csv.

People say what they want in the title ("咨询…", "投诉…", "请求…") and in the last sentence ("盼解决"); a bag of words loses both.
A cue adds its weight to its kind when one of its words stands where the cue looks: in the title, anywhere in the text, or in
the end of it; in text and end a second and third word add half of it each. One that stands always says how often its kind is met. The model's log-probabilities count by a power
that grows with the samples behind it. The weights were set by hand on 150 of the messages in bench/labels/kind.csv.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.answers import Answer
from classifier.calibration import softmax
from classifier.finder import Finder, Hits
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

    def weight_of(self, found: int) -> float:
        """What it adds when ``found`` of its words stand where it looks."""
        if self.where in ("title", "always"):
            return self.weight
        return self.weight * (1 + min(found, 3)) / 2


class Cues:
    """The table of cues, ready to be asked."""

    def __init__(self, path: Path = SHIPPED / "kinds.csv") -> None:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            self._cues = tuple(_cue(row) for row in csv.DictReader(lines))
        self._finder = Finder(w for cue in self._cues for w in cue.words)
        self.words = self._finder.words
        self._having: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, cue in enumerate(self._cues):
            for word in cue.words:
                self._having[cue.where, word].append(i)
        self._always = [i for i, cue in enumerate(self._cues) if cue.where == "always"]
        self._letters = {w for where, w in self._having if len(w) == 1 and where == "title"}

    def heard(self, title: str, text: str, hits: Hits | None = None) -> dict[str, float]:
        """Kind -> what the cues add to it; title and text (title and body) in normal form, ``hits`` those in the text."""
        hits = self._finder.hits(text) if hits is None else hits
        ours = [hit for hit in hits if hit[1] in self.words]
        body = len(title) if text.startswith(title) and len(text) > len(title) else 0  # where it begins
        late = max(body, len(text) - END)
        shown = title or text[:TITLE]
        if text.startswith(shown):
            early = {w for at, w in ours if at + len(w) <= len(shown)}
        else:
            early = set(self._finder.present(self._finder.hits(shown)))
        said = {("title", w) for w in early | self._letters.intersection(shown)}
        said |= {("text", w) for at, w in ours if at >= body} | {("end", w) for at, w in ours if at >= late}
        found = Counter(i for each in said for i in self._having.get(each, ()))
        added: dict[str, float] = defaultdict(float)
        for i in sorted({*found, *self._always}):
            added[self._cues[i].kind] += self._cues[i].weight_of(found[i])
        return added

    def mixed(self, learnt: Answer, heard: Sequence[Mapping[str, float]], half: int = HALF) -> Answer:
        """``learnt`` with what the cues add to each post.

        ``half``: the samples at which the model's power is a half; 0 trusts it fully.
        """
        power = learnt.samples / (learnt.samples + half)
        scores = power * np.log(np.maximum(learnt.p, RAREST))
        scores += [[added.get(label, 0.0) for label in learnt.labels] for added in heard]
        return Answer(learnt.labels, softmax(scores * SHARPNESS), learnt.samples)


def _cue(row: Mapping[str, str]) -> Cue:
    words = tuple(normal(w) for w in row["words"].split("|") if w)
    return Cue(row["kind"], row["where"], float(row["weight"]), words)
