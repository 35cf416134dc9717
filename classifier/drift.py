"""How far the posts of the last weeks have moved from the text a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.answers import ask
from classifier.features import prepared
from classifier.model import Model

Floats = NDArray[np.float64]


def drift(model: Model, trained_on: Sequence[str], weeks: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """For the text trained on, then for each week: ``posts``, share of words the model does not know (``new_words``), how
    sure it is of the category (``sure``), and the Jensen-Shannon distance of the categories it sees (``distance``, 0 to 1).
    """
    base, first = _seen(model, trained_on)
    found = [{"week": "训练文本", **base, "distance": 0.0}]
    for week, texts in weeks.items():
        if texts:
            now, categories = _seen(model, texts)
            found.append({"week": week, **now, "distance": _distance(first, categories)})
    return found


def _seen(model: Model, texts: Sequence[str]) -> tuple[dict[str, Any], Floats]:
    plain = prepared(texts)
    tokens, columns = model.features.cut(plain)
    known = set(model.features.vocabulary)
    words = [w for row in tokens for w in row if len(w) > 1 and w.isalpha()]
    p = ask(model, plain, model.features.matrix(plain, columns))["category"].p
    strange = sum(w not in known for w in words) / max(1, len(words))
    return {"posts": len(texts), "new_words": strange, "sure": float(p.max(axis=1).mean())}, p.mean(axis=0)


def _distance(first: Floats, second: Floats) -> float:
    middle = (first + second) / 2
    halves = [(q * np.log2(np.maximum(q, 1e-12) / np.maximum(middle, 1e-12))).sum() / 2 for q in (first, second)]
    return float(np.sqrt(max(0.0, sum(halves))))
