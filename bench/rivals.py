"""What a first try with scikit-learn makes of the same messages: the classifier's rivals, on the same folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from classifier.calibration import folds, softmax
from classifier.features import prepared
from classifier.figures import figures
from classifier.samples import Sample, first_level
from classifier.tokens import words

# Amsterdam's Signalen has the first, with other words; the others are what a tutorial tries next.
RIVALS = ("jieba words, logistic regression", "jieba words, linear SVM", "characters 1-4, linear SVM")


def table(samples: Sequence[Sample], count: int = 5) -> list[tuple[str, dict[str, Any]]]:
    """(rival, figures of the first-level category) in ``count``-fold cross-validation, folds as ``evaluate.crossed`` makes them."""
    judged = [s for s in samples if s.category and not s.made]
    samples = [*judged, *(s for s in samples if s.category and s.made)]  # taught in every fold, and never asked about
    texts = prepared(s.text for s in samples)
    fold = folds(texts[: len(judged)], [f"{s.category} {s.urgency}" for s in judged], count)
    fold = np.append(fold, np.full(len(samples) - len(judged), count))
    cut = [" ".join(words(text)) for text in texts]
    labels, truth = np.unique([str(first_level(s.category)) for s in samples], return_inverse=True)
    found = []
    for name in RIVALS:
        read = cut if name.startswith("jieba") else texts
        scores = np.zeros((len(judged), len(labels)))
        for number in range(count):
            apart = np.flatnonzero(fold == number)
            model = _rival(name).fit([t for t, f in zip(read, fold, strict=True) if f != number], truth[fold != number])
            told = model.decision_function([read[i] for i in apart])
            scores[np.ix_(apart, model.classes_)] = told if told.ndim > 1 else np.stack([-told, told], axis=1)
        found.append((name, figures(softmax(scores), truth[: len(judged)])))
    return found


def _rival(name: str) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    takes: dict[str, Any] = (
        {"analyzer": _split} if name.startswith("jieba") else {"analyzer": "char", "ngram_range": (1, 4)}
    )
    machine: Callable[..., Any] = LogisticRegression if name.endswith("regression") else LinearSVC
    return make_pipeline(TfidfVectorizer(min_df=2, sublinear_tf=True, **takes), machine(max_iter=1000))


def _split(text: str) -> list[str]:
    return text.split()
