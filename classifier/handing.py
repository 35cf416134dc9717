"""Who deals with what the units' table would give to whom: counted over samples that name the unit.

A table says that buses are the bus company's; in a county that has none they are the transport bureau's. Every sample with a unit
is shown to the table, and its label counted for each unit by the share the table would have given it. These counts and the
table's own word (units.py) make a channel (as in learning from noisy labels, Natarajan et al. 2013) from the table's units to those
who decide, be their names in the table or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from classifier.answers import Answer, ask
from classifier.duties import TITLE, Duties, Floats
from classifier.features import prepared
from classifier.finder import Finder
from classifier.model import Handed, Model
from classifier.modelfile import stamped
from classifier.places import Places
from classifier.samples import Sample
from data.reference import Reference


def handed(model: Model, samples: Sequence[Sample], reference: Reference, beside: Model | None = None) -> Model:
    """The model with what its ``samples`` say of the table; ``beside``: asked for categories where it knows none.

    What the package ships is not counted: it agrees with the table. A unit that is no more is counted as of its last day.
    """
    told = [s for s in samples if s.unit and not s.shipped]
    texts = prepared(s.text for s in told)
    answers = ask(model, texts, beside=beside) if told else {}
    if "category" not in answers:  # nothing to count, or nobody to say what the samples are about
        return model
    duties = Duties(reference)
    on = [_last(str(s.unit), reference) for s in told]
    shares = duties.probabilities(scores(duties, texts, [s.text for s in told], answers, reference), on)
    labels = tuple(sorted({str(s.unit) for s in told}))
    decided = np.array([[s.unit == label for label in labels] for s in told], np.float64)
    return stamped(replace(model, handed=Handed(duties.units, labels, (shares.T @ decided).astype(np.float32))))


def scores(
    duties: Duties, texts: Sequence[str], written: Sequence[str], answers: Mapping[str, Answer], reference: Reference
) -> Floats:
    """Duties.scores of messages as they stand in a file: ``texts`` in normal form, ``written`` as written, a title's line first."""
    places = Places(reference)
    found = Finder({*places.words, *duties.words}).found(texts)
    titles = prepared(w.partition("\n")[0] if "\n" in w else "" for w in written)
    about = duties.likely(answers, len(texts))
    return duties.scores(found, about, places.find(texts, found), [len(title) or TITLE for title in titles])


def _last(unit: str, reference: Reference) -> date:
    """A day on which the unit answers for its duties, the latest there is."""
    known = reference.unit.get(unit)
    return known.valid_to if known and known.valid_to else date.max
