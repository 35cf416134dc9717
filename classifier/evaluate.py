"""How good a model is on labelled messages, over the labels those messages have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.answers import Answer, ask
from classifier.calibration import folds
from classifier.details import details, held
from classifier.duties import Duties
from classifier.features import prepared
from classifier.figures import f1, figures
from classifier.handing import handed, scores
from classifier.model import Model, Names, train
from classifier.names import Shown, joined, shown
from classifier.samples import Sample, SampleError, first_level
from classifier.units import Units
from data.records import Urgency
from data.reference import Reference

Floats = NDArray[np.float64]
BATCH = 1000
QUESTIONS = {
    "category": "类别",
    "detail": "二级类别",
    "unit": "承办单位",
    "kind": "诉求类型",
    "request": "是否诉求",
    "emergency": "紧急警情",
}


def evaluate(
    model: Model,
    samples: Sequence[Sample],
    reference: Reference | None = None,
    on: date | None = None,
    beside: Model | None = None,
    names: Names | None = None,
) -> dict[str, Any]:
    """Figures of the category (over the labels of ``samples``), and under ``unit``, ``kind``, ``request`` the same where known.

    ``reference``: units are judged as suggested, by duties and model together, as of ``on``
    (without it, as the units are now); else by the model alone. ``beside``: a model asked what ``model`` was not taught,
    as it is when posts are read. ``names``: what the samples call their labels, where ``model`` was taught nothing else.
    What the samples know and could not be judged is told under ``not_measured``, question by question.
    Raises SampleError where nothing could be.
    """
    called = shown(joined([model.names, names or {}]), reference)
    sure = model.heads["category"].sure if "category" in model.heads else None
    found = _report(answered(model, samples, reference, on, beside), samples, called, reference, on, sure=sure)
    if not found.keys() - {"not_measured"}:
        why = "；".join(found.get("not_measured", {}).values()) or "没有类别、承办单位、诉求类型这几列"
        raise SampleError(f"这个文件没有可评估的：{why}。请检查列名，或先用 train 训练")
    return {"model": model.version, "rows": len(samples)} | found


def crossed(
    samples: Sequence[Sample],
    count: int = 5,
    city: tuple[str, ...] = (),
    reference: Reference | None = None,
    on: date | None = None,
    names: Names | None = None,
) -> dict[str, Any]:
    """The same by ``count``-fold cross-validation, duplicates kept on one side; samples ``made`` of tables are never judged."""
    taught = [s for s in samples if s.made]
    judged = [s for s in samples if not s.made]
    texts = prepared(s.text for s in judged)
    fold = folds(texts, [f"{s.category} {s.urgency}" for s in judged], count)
    parts: list[dict[str, Answer]] = []
    for number in range(count):
        lesson = [s for s, f in zip(judged, fold, strict=True) if f != number] + taught
        model = train(lesson, city)
        if reference is not None:
            model = handed(model, lesson, reference)
        parts.append(answered(model, [s for s, f in zip(judged, fold, strict=True) if f == number], reference, on))
    order = np.argsort(np.argsort(fold, kind="stable"), kind="stable")  # row of the joined parts that each text is
    answers = {
        q: _rows(_joined([part[q] for part in parts]), order) for q in parts[0] if all(q in part for part in parts)
    }
    return {"rows": len(judged)} | _report(answers, judged, shown(names or {}, reference), reference, on, fold)


def learning_curve(
    samples: Sequence[Sample], city: tuple[str, ...] = (), shares: Sequence[float] = (0.1, 0.2, 0.4, 0.7, 1.0)
) -> list[dict[str, Any]]:
    """How good the category gets with more samples: a fifth is kept apart and asked about, the rest taught bit by bit."""
    texts = prepared(s.text for s in samples)
    fold = folds(texts, [str(s.category) for s in samples], 5)
    turn = folds(texts, [str(s.category) for s in samples], 100)  # who is taught first: labels evenly, always the same
    asked = [s for s, f in zip(samples, fold, strict=True) if f == 0 and not s.made]
    found = []
    for share in shares:
        wanted = zip(samples, fold, turn, strict=True)
        taught = [s for s, f, t in wanted if f != 0 and ((t * 37) % 100 + 1) / 100 <= share]
        try:
            report = _report(answered(train(taught, city), asked), asked, shown({}, None))
        except SampleError:
            continue
        if "macro_f1" in report:
            found.append({"samples": len(taught), "macro_f1": report["macro_f1"], "accuracy": report["accuracy"]})
    return found


def true_answers(
    samples: Sequence[Sample], reference: Reference | None = None, on: date | None = None
) -> dict[str, list[str | None]]:
    """Question -> what each sample says is right, None where it says nothing; a unit that is no more by its successor."""
    return {
        "category": [first_level(s.category) for s in samples],
        "detail": [s.category if s.category and "/" in s.category else None for s in samples],
        "unit": [_successor(s.unit, reference, on or date.max) for s in samples],
        "kind": [s.kind for s in samples],
        "request": [None if s.is_request is None else "yes" if s.is_request else "no" for s in samples],
        "emergency": [s.urgency and ("yes" if s.urgency == Urgency.EMERGENCY else "no") for s in samples],
    }


def answered(
    model: Model,
    samples: Sequence[Sample],
    reference: Reference | None = None,
    on: date | None = None,
    beside: Model | None = None,
) -> dict[str, Answer]:
    """Question -> Answer for each sample, as they are suggested: units by the ``reference``'s duties and the model together,
    second levels by these."""
    texts = prepared(s.text for s in samples)
    answers = _asked(model, texts, beside)
    if reference is not None and "category" in answers and any(s.unit or "/" in (s.category or "") for s in samples):
        duties = Duties(reference)
        told = scores(duties, texts, [s.text for s in samples], answers, reference)
        units = Units(duties).mixed(told, [on or date.max] * len(texts), answers.get("unit"), model.handed)
        answers["unit"] = units
        if "detail" in answers:
            answers["detail"] = duties.vouched(answers["detail"], units)
    return answers


def _joined(parts: Sequence[Answer]) -> Answer:
    """Answers of different models below each other; a label one of them never heard of has probability 0 there."""
    labels = tuple(sorted({label for part in parts for label in part.labels}))
    at = {label: i for i, label in enumerate(labels)}
    rows = [np.zeros((len(part.p), len(labels))) for part in parts]
    for wide, part in zip(rows, parts, strict=True):
        wide[:, [at[label] for label in part.labels]] = part.p
    return Answer(labels, np.vstack(rows), parts[0].samples)


def _rows(answer: Answer, order: NDArray[np.int64]) -> Answer:
    return Answer(answer.labels, answer.p[order], answer.samples)


def _report(
    answers: dict[str, Answer],
    samples: Sequence[Sample],
    called: Shown,
    reference: Reference | None = None,
    on: date | None = None,
    fold: NDArray[np.int64] | None = None,
    sure: float | None = None,
) -> dict[str, Any]:
    """The figures of every question that is answered and whose truth is known; those of ``category`` stand first, bare."""
    truths = true_answers(samples, reference, on)
    why = {q: told for q, t in truths.items() if (told := _unasked(q, answers.get(q), t, called))}
    found = {
        q: _figures(q, answers[q], t, called, fold)
        for q, t in truths.items()
        if q in answers and q not in why and any(t)
    }
    if sure is not None and "category" in found:
        found["category"]["filed"] = _filed(answers["category"], truths["category"], sure)
    if "request" in found:
        yes = answers["request"].labels.index("yes")
        known = [i for i, t in enumerate(truths["request"]) if t is not None]
        guess = answers["request"].p.argmax(axis=1)[known] == yes
        found["request"]["f1"] = f1(guess, np.array([truths["request"][i] == "yes" for i in known]))
    untold = {q: sentence for q, sentence in why.items() if q not in ("detail", "request", "emergency")}
    return (found.pop("category", None) or {}) | found | ({"not_measured": untold} if untold else {})


def _unasked(question: str, answer: Answer | None, truths: Sequence[str | None], called: Shown) -> str:
    """Why a question whose truth the samples know cannot be judged; empty where it can."""
    occurring = sorted({t for t in truths if t is not None})
    some = "、".join(called(question, t) for t in occurring[:5]) + ("……" if len(occurring) > 5 else "")
    if answer is None and occurring:
        return f"模型没有学过{QUESTIONS[question]}"
    if answer is not None and occurring and not set(occurring) & set(answer.labels):
        return f"文件里的{QUESTIONS[question]}（{some}）模型一个也不认得"
    return f"文件里只有一种{QUESTIONS[question]}（{some}），无从比较" if len(occurring) == 1 else ""


def _filed(answer: Answer, truths: Sequence[str | None], sure: float) -> dict[str, float]:
    """What the model takes for sure by its own threshold, made of its own samples, and how much of that is right."""
    p = answer.p[[i for i, t in enumerate(truths) if t is not None]]
    guess = [answer.labels[j] for j in p.argmax(axis=1)]
    right = np.array([g == t for g, t in zip(guess, filter(None, truths), strict=True)])
    filed = p.max(axis=1) >= sure
    precision = float(right[filed].mean()) if filed.any() else 1.0
    return {"from": sure, "coverage": float(filed.mean()), "precision": precision}


def _figures(
    question: str,
    answer: Answer,
    truths: Sequence[str | None],
    called: Shown,
    fold: NDArray[np.int64] | None = None,
) -> dict[str, Any]:
    """Over the labels that occur: the model is asked which of these it is. ``unknown``: rows of labels it never heard of."""
    rows = [i for i, t in enumerate(truths) if t is not None]
    occurring = {truths[i] for i in rows}
    columns = [j for j, label in enumerate(answer.labels) if label in occurring]
    at = {answer.labels[j]: i for i, j in enumerate(columns)}
    p = answer.p[np.ix_(rows, columns)]
    p = p / np.maximum(p.sum(axis=1, keepdims=True), 1e-12)
    missing = {name: -1 - i for i, name in enumerate(sorted(str(o) for o in occurring if o not in at))}
    truth = np.array([(at | missing)[str(truths[i])] for i in rows])
    labels = [called(question, answer.labels[j]) for j in columns]
    found = figures(p, truth) | {"details": details(p, truth, labels)}
    if missing:
        found["unknown"] = {called(question, name): int((truth == n).sum()) for name, n in missing.items()}
    return found if fold is None else found | {"held": held(p, truth, fold[rows])}


def _asked(model: Model, texts: Sequence[str], beside: Model | None) -> dict[str, Answer]:
    parts = [ask(model, texts[start : start + BATCH], beside=beside) for start in range(0, len(texts), BATCH)]
    return {q: Answer(a.labels, np.vstack([part[q].p for part in parts]), a.samples) for q, a in parts[0].items()}


def _successor(unit: str | None, reference: Reference | None, on: date) -> str | None:
    """The unit that answers today for the one a sample names; an unknown name stays."""
    known = unit is not None and reference is not None and unit in reference.unit
    return reference.current(unit, on).slug if known and reference and unit else unit
