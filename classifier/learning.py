"""Whether a new model may take the place of the one in service: both are asked about the latest decisions, which neither has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifier.evaluate import answered, true_answers
from classifier.handing import handed
from classifier.model import Model, train
from classifier.samples import Sample
from classifier.tokens import city_words
from data.reference import Reference

LATEST = 300  # decisions asked about, at most …
SHARE = 0.25  # … and at most this share of all
JUDGED = ("category", "unit", "kind", "request")  # what a clerk decides
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
    reference: Reference,
    beside: Model,
) -> Trial:
    """A model of everything but the last ``asked`` decisions against the ``old`` one, on these; ``beside`` helps both."""
    lesson = [*base, *decisions[:-asked]]
    new = handed(train(lesson, city_words(reference)), lesson, reference, beside)
    truths = decisions[-asked:]
    total, new_right = right(new, truths, reference, beside)
    return Trial(total, right(old, truths, reference, beside)[1], new_right)


def right(model: Model, truths: Sequence[Sample], reference: Reference, beside: Model) -> tuple[int, int]:
    """How many answers the samples know, and how many of them ``model`` gives, as it would suggest them."""
    answers = answered(model, truths, reference, beside=beside)
    total = hits = 0
    for question, known in true_answers(truths, reference).items():
        if question in JUDGED:
            rows = [(i, truth) for i, truth in enumerate(known) if truth is not None]
            total += len(rows)
            hits += sum(question in answers and answers[question].best(i, 1)[0][0] == truth for i, truth in rows)
    return total, hits
