"""A model earns its place: tried on the latest decisions, judged in detail, its evaluation kept as a file."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from classifier.details import automatic, details, held, lower
from classifier.drift import drift
from classifier.evaluate import crossed, evaluate, learning_curve
from classifier.features import ratios, telling
from classifier.finder import Finder
from classifier.learning import FEWEST, latest, right, trial
from classifier.model import Model, train
from classifier.page import write
from classifier.samples import Sample, SampleError
from classifier.service import put_in_service, since
from classifier.tokens import normal, normals
from tests.classifier_city import city, model, samples

SURE = np.array([0.99] * 400 + [0.7] * 100)
RIGHT = np.array([True] * 398 + [False] * 2 + [True] * 60 + [False] * 40)


def test_what_is_filed_alone_is_proven_by_a_lower_bound() -> None:
    found = automatic(SURE, RIGHT)
    assert found is not None
    assert (found["from"], found["coverage"]) == (0.99, 0.8)
    assert 0.98 <= found["proven"] < found["precision"] == 0.995
    assert automatic(SURE[:20], RIGHT[:20]) is None  # twenty out of twenty prove less than 98 %


def test_equal_probabilities_stand_or_fall_together() -> None:
    right = np.array([True] * 400 + [False] * 100)
    assert automatic(np.full(500, 0.9), right) is None


def test_the_bound_is_wilsons() -> None:
    from scipy.stats import binomtest

    interval = binomtest(90, 100, alternative="greater").proportion_ci(0.95, "wilson")
    assert lower(0.9, 100) == pytest.approx(interval.low, abs=1e-3)


def test_a_threshold_is_judged_on_the_rows_it_was_not_taken_from() -> None:
    p = np.column_stack([np.tile(SURE, 2), 1 - np.tile(SURE, 2)])
    truth = np.where(np.tile(RIGHT, 2), 0, 1)
    found = held(p, truth, np.repeat([0, 1], 500))
    assert found == {"coverage": 0.8, "precision": 0.995}


def test_details_add_up_to_the_rows() -> None:
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    found = details(p, np.array([0, 1, 1, -1]), ["甲", "乙"])
    assert found["confusion"]["rows"] == [[1, 0], [1, 1]]
    assert [c["rows"] for c in found["classes"]] == [1, 2]
    assert found["classes"][0]["precision"] == pytest.approx(1 / 3)
    assert sum(b["rows"] for b in found["calibration"]) == 4
    assert found["coverage"][-1]["coverage"] == 1.0


def test_a_model_that_forgot_a_category_does_not_pass_the_trial() -> None:
    decided = [s for s in samples() if s.category and s.category.startswith("urban")]
    decided = (decided * 6)[: 4 * FEWEST]
    base = [s for s in samples() if not (s.category or "").startswith("urban")]
    worse = train(base)
    total, known = right(model(), decided[-FEWEST:], city(), model())
    assert known > right(worse, decided[-FEWEST:], city(), model())[1]
    found = trial(worse, base, decided, FEWEST, city(), model())
    assert found.asked == total
    assert found.passed
    assert not trial(model(), base, [*base, *decided[:FEWEST]][-FEWEST:], FEWEST, city(), model()).passed


def test_too_few_new_decisions_prove_nothing() -> None:
    many = samples() * 50
    assert latest(many[:400], 400) == 100
    assert latest(many[:400], FEWEST - 1) == 0
    assert latest(many[:40], 40) == 0


def test_a_model_knows_since_when_it_serves(tmp_path: Path) -> None:
    assert since(tmp_path) is None
    put_in_service(tmp_path, model())
    assert since(tmp_path) is not None


def test_columns_that_stand_in_one_label_only_tell_most() -> None:
    part = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1]] * 20, np.float32))
    told = telling([part], np.array([0, 0, 1, 1] * 20), 2)
    assert told[0] > told[2] > told[1]
    assert told[1] == pytest.approx(0, abs=1e-6)
    assert told.max() <= 1


def test_a_ratio_says_how_much_likelier_a_column_is_with_a_label() -> None:
    part = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0]], np.float32))
    found = ratios([part], np.array([0, 0, 1]), 2)
    # label 0: 3, 3, 1 of 7 (each seen once more than it was); label 1: 1, 2, 1 of 4
    assert found[0] == pytest.approx(np.log([(3 / 7) / (1 / 4), (3 / 7) / (2 / 4), (1 / 7) / (1 / 4)]))
    assert found[1] == pytest.approx(-found[0])


@given(st.lists(st.text(alphabet="停水Ａa　 \n\0é\u0301…①!,好" + "\ud800", max_size=12), max_size=5))
def test_many_texts_are_made_plain_as_each_alone(texts: list[str]) -> None:
    assert normals(texts) == [normal(t) for t in texts]


@given(st.lists(st.text(alphabet="柳林路小学甲乙", max_size=12), max_size=4))
def test_a_finder_of_more_words_serves_one_of_fewer(texts: list[str]) -> None:
    words = ["柳林路", "小学", "林路小"]
    few, more = Finder(words), Finder([*words, "路小", "学甲", "柳林路小学"])
    own, theirs = few.found(texts), few.ours(more.found(texts))
    assert own.by_row == theirs.by_row
    for i, text in enumerate(texts):
        assert sorted(own.by_row.get(i, [])) == _standing(words, text)
        assert own.apart().by_row.get(i, []) == theirs.apart().by_row.get(i, []) == _longest(words, text)


def _standing(words: list[str], text: str) -> list[tuple[int, str]]:
    return [(at, word) for at in range(len(text)) for word in sorted(words) if text.startswith(word, at)]


def _longest(words: list[str], text: str) -> list[tuple[int, str]]:
    """Of those that overlap the longest, then the first by name, then by place; and so on with what is left."""
    found: list[tuple[int, str]] = []
    for at, word in sorted(_standing(words, text), key=lambda hit: (-len(hit[1]), hit[1], hit[0])):
        if all(at + len(word) <= a or a + len(w) <= at for a, w in found):
            found.append((at, word))
    return sorted(found)


def test_words_nobody_taught_are_drift() -> None:
    texts = [s.text for s in samples() if s.is_request]
    base, same, other = drift(model(), texts, {"a": texts, "b": ["区块链虚拟货币跑路崩盘"] * 5})
    assert base["new_words"] == same["new_words"] < other["new_words"]
    assert same["distance"] == pytest.approx(0, abs=1e-6)
    assert other["distance"] > 0.1
    assert other["week"] == "b"


def test_more_samples_are_the_points_of_the_learning_curve() -> None:
    curve = learning_curve([s for s in samples() if s.category] * 3, shares=(0.5, 1.0))
    assert [c["samples"] for c in curve] == sorted(c["samples"] for c in curve)
    assert curve[-1]["macro_f1"] > 0.8


def test_an_evaluation_is_kept_as_json_csv_and_page(tmp_path: Path) -> None:
    report = evaluate(model(), [s for s in samples() if s.category], city())
    report["learning_curve"] = [
        {"samples": 10, "macro_f1": 0.5, "accuracy": 0.6},
        {"samples": 20, "macro_f1": 0.7, "accuracy": 0.7},
    ]
    report["drift"] = drift(model(), ["停水"], {"2012-06-04": ["<b>停电</b>"]})
    for suffix in ("json", "csv", "html"):
        write(report, tmp_path / f"e.{suffix}")
    assert json.loads((tmp_path / "e.json").read_text("utf-8"))["details"]["classes"]
    with (tmp_path / "e.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {r["question"] for r in csv.DictReader(file)} >= {"category", "unit"}
    page = (tmp_path / "e.html").read_text("utf-8")
    assert page.count("<svg") >= 3
    assert "混淆表" in page
    assert "2012-06-04" in page
    with pytest.raises(SampleError, match="不会写"):
        write(report, tmp_path / "e.pdf")


def test_labels_cannot_write_into_the_page(tmp_path: Path) -> None:
    evil = [Sample(s.text, "<script>" if "水" in s.text else "=1+1") for s in samples() if s.category]
    write(crossed(evil, 3), tmp_path / "e.html")
    assert "<script>" not in (tmp_path / "e.html").read_text("utf-8")
    write(crossed(evil, 3), tmp_path / "e.csv")
    assert ",=1" not in (tmp_path / "e.csv").read_text("utf-8-sig")


def test_what_could_not_be_judged_is_told_and_what_the_model_does_not_know_is_counted() -> None:
    asked = [s for s in samples() if s.category]
    report = evaluate(model(), [replace(s, category=None) for s in asked], city())
    assert "accuracy" not in report
    assert "not_measured" not in report
    assert report["kind"]["accuracy"] > 0.8
    strange = [replace(s, category="外星" if i < 3 else s.category) for i, s in enumerate(asked)]
    assert evaluate(model(), strange, city())["unknown"] == {"外星": 3}
    one = [replace(s, category="health") for s in asked]
    assert "只有一种类别（卫生计生）" in evaluate(model(), one, city())["not_measured"]["category"]


def test_what_the_model_is_sure_of_by_its_own_samples_is_judged_on_others() -> None:
    asked = [s for s in samples() if s.category]
    taught = train([s for i in range(4) for s in (replace(s, text=f"{s.text}{'好' * i}") for s in samples())])
    assert taught.heads["category"].sure is not None
    filed = evaluate(taught, asked, city())["filed"]
    assert 0 < filed["coverage"] <= 1
    assert filed["precision"] >= 0.98
    assert model().heads["category"].sure is None or filed["from"] <= 1


def test_the_trial_judges_units_as_they_are_suggested_by_the_table_and_by_todays_names() -> None:
    asked = [Sample(s.text, unit=s.unit, is_request=None) for s in samples() if s.unit in ("water", "health-old")]
    heads = {q: h for q, h in model().heads.items() if q != "unit"}
    total, known = right(Model("", model().features, heads), asked, city(), model())
    assert total == len(asked)
    assert known > 0.9 * total
