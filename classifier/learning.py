"""Whether a new model may take the place of the one in service: both are asked about the latest decisions, which neither has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifier.answers import ask
from classifier.features import prepared
from classifier.model import Model, train
from classifier.samples import Sample, first_level

LATEST = 300  # decisions asked about, at most …
SHARE = 0.25  # … and at most this share of all
FEWEST = 20  # fewer decisions prove nothing


@dataclass(frozen=True)
class Trial:
    """Answers right of those asked (category, unit, kind, request of each decision), by the old model and the new one."""

    asked: int
    old: int
    new: int

    @property
    def passed(self) -> bool:
        """Not worse."""
        return self.new >= self.old


def latest(decisions: Sequence[Sample], unseen: int) -> int:
    """How many of the ``decisions`` (oldest first) to ask about; ``unseen``: made after the old model was. 0: too few."""
    count = min(LATEST, unseen, int(len(decisions) * SHARE) or unseen)
    return count if count >= FEWEST else 0


def trial(
    old: Model,
    base: Sequence[Sample],
    decisions: Sequence[Sample],
    asked: int,
    city: tuple[str, ...],
    beside: Model | None,
) -> Trial:
    """A model of everything but the last ``asked`` decisions against the ``old`` one, on these; ``beside`` helps both."""
    new = train([*base, *decisions[:-asked]], city)
    truths = decisions[-asked:]
    total, new_right = right(new, truths, beside)
    return Trial(total, right(old, truths, beside)[1], new_right)


def right(model: Model, truths: Sequence[Sample], beside: Model | None) -> tuple[int, int]:
    """How many answers the samples know, and how many of them ``model`` gives."""
    answers = ask(model, prepared(s.text for s in truths), beside=beside)
    total = hits = 0
    for i, sample in enumerate(truths):
        for question, truth in _truths(sample).items():
            if truth is not None:
                total += 1
                hits += question in answers and answers[question].best(i, 1)[0][0] == truth
    return total, hits


def _truths(sample: Sample) -> dict[str, str | None]:
    return {
        "category": first_level(sample.category),
        "unit": sample.unit,
        "kind": sample.kind,
        "request": None if sample.is_request is None else "yes" if sample.is_request else "no",
    }
