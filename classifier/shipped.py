"""The model of what the package ships: trained at first use, then kept in the user's cache folder.

The cached file is named by a hash of samples, tables and the code that learns, so that a change of any of them trains anew.
A cache that cannot be written or read costs time, nothing else.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import platformdirs

from classifier.model import Model, train
from classifier.modelfile import FORMAT, ModelError, load, save, stamped
from classifier.samples import fingerprint, shipped_samples
from classifier.tokens import city_words, engine
from data.reference import Reference

HERE = Path(__file__).parent
RECIPE = ("calibration.py", "features.py", "marks.py", "model.py", "samples.py", "shipped.py", "tokens.py")
# Written samples are clearer than what citizens write: on real messages the first choice was right six times in a hundred
# less often than the probability said, with this factor three (bench/measure_classifier.py).
CAUTION = 0.75
DOUBTED = ("category", "detail", "kind", "unit")


def cautious(model: Model) -> Model:
    """Less sure of what a message is about than its own samples would have it; whether it is a request stays."""
    heads = {
        name: replace(head, calibration=head.calibration.softened(CAUTION)) if name in DOUBTED else head
        for name, head in model.heads.items()
    }
    return stamped(replace(model, heads=heads))


def shipped_model(reference: Reference, cache: Path | None = None) -> Model:
    """The model for a city that has none of its own yet; some seconds the first time."""
    samples, city = shipped_samples(reference), city_words(reference)
    recipe = (str((HERE / file).read_bytes()) for file in RECIPE)
    name = fingerprint(samples, [*city, engine(), str(FORMAT), *recipe])[:16]
    path = (cache or Path(platformdirs.user_cache_dir("liandong"))) / f"shipped-{name}.model"
    with suppress(ModelError):
        return load(path)
    model = cautious(train(samples, city))
    with suppress(OSError):
        save(model, path)
    return model
