"""Suggestions put together, and how good they are said to be."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest

from classifier.evaluate import crossed, evaluate
from classifier.figures import accuracy, calibration_error, coverage, macro_f1
from classifier.model import train
from classifier.samples import Sample, SampleError
from classifier.suggest import Suggester
from classifier.urgency import Rules
from data.records import Kind, Urgency
from tests.classifier_city import NOW, city, model, post, samples


def suggester() -> Suggester:
    return Suggester(model(), city())


def test_a_suggestion_holds_every_field_of_the_filing() -> None:
    [s] = suggester().suggest([post("柳林路停水了", "小区停水一天没水用，投诉，请严查，电话13837912345")], NOW)
    assert (s.board, s.thread, s.model) == ("lyw", "1", model().version)
    assert s.is_request
    assert s.kind is Kind.COMPLAINT
    assert s.category == "urban/water"
    assert s.categories[0].name == "urban"
    assert s.units[0].name == "water"
    assert s.urgency is Urgency.IMMEDIATE
    assert (s.place, s.district) == ("柳林路", "east")
    assert [c.text for c in s.contacts] == ["13837912345"]


def test_the_reasons_are_words_of_the_post_and_shares_of_what_spoke_for_it() -> None:
    [s] = suggester().suggest([post("停水了", "我们小区停水了一天没水用")], NOW)
    assert s.reasons
    assert all(r.word in "停水了我们小区停水了一天没水用" for r in s.reasons)
    assert 0 < sum(r.weight for r in s.reasons) <= 1.001
    assert [r.weight for r in s.reasons] == sorted((r.weight for r in s.reasons), reverse=True)


def test_chatter_is_no_request_and_needs_nobody() -> None:
    [s] = suggester().suggest([post("晒晒我家的小猫", "今天天气真好出去玩，牡丹开了真漂亮")], NOW)
    assert not s.is_request
    assert s.needs_person == ""


def test_an_emergency_goes_to_a_person_with_the_number_to_ring() -> None:
    [s] = suggester().suggest([post("着火了", "三楼着火了，快来人")], NOW)
    assert s.urgency is Urgency.EMERGENCY
    assert "119" in s.needs_person
    assert s.days == 0


def test_an_emergency_no_rule_has_words_for_is_learnt() -> None:
    urgent = [
        Sample(f"{who}昏迷不醒流血了快来救命", is_request=True, urgency="emergency")
        for who in ("老人", "孩子", "工人", "司机", "邻居", "乘客")
    ]
    taught = Suggester(train([*samples(), *urgent]), city())
    assert taught.text("路人昏迷", "流血了快来救命", NOW).urgency is Urgency.EMERGENCY
    assert taught.text("停水了", "小区停水一天没水用", NOW).urgency is Urgency.IMMEDIATE
    assert suggester().text("路人昏迷", "流血了快来救命", NOW).urgency is not Urgency.EMERGENCY


def test_a_likely_category_is_enough_to_be_urgent_but_not_for_the_days() -> None:
    rules = Rules(city())
    dry, idle = rules.spoken(["停水了", "停课了"])
    assert rules.haste(dry, "education", Kind.HELP, also=["urban/water"]).urgency is Urgency.IMMEDIATE
    assert rules.haste(idle, "education", Kind.HELP, also=["咨询"]).days == 5


def test_doubt_is_said_in_words() -> None:
    short, strange, two = suggester().suggest(
        [post("水"), post("qwertz uiopasdf ghjkl"), post("停水了", "北县和东区都停水了一天没水用，水管漏水没人修")], NOW
    )
    assert "太短" in short.needs_person
    assert strange.needs_person
    assert "提到几个区县（北县、东区）" in two.needs_person


def test_a_post_of_2016_goes_to_the_unit_of_2016() -> None:
    then = datetime(2016, 3, 1, tzinfo=UTC)
    old, new = suggester().suggest([post("医院看病挂号排队太长"), post("医院看病挂号排队太长", at=then)], NOW)
    assert (old.units[0].name, new.units[0].name) == ("health-old", "health-new")


def test_a_batch_says_what_each_post_alone_would() -> None:
    posts = [post(s.text[:8], s.text, thread=str(i)) for i, s in enumerate(samples()[:40])]
    together = suggester().suggest(posts, NOW)
    for s, p in zip(together, posts, strict=True):
        [alone] = suggester().suggest([p], NOW)
        assert (s.thread, s.category, s.units[0].name, s.kind) == (
            p.thread,
            alone.category,
            alone.units[0].name,
            alone.kind,
        )
        assert s.request_p == pytest.approx(alone.request_p, abs=1e-4)
    assert suggester().suggest([], NOW) == []


def test_categories_of_any_name_are_suggested_as_they_are() -> None:
    own = train([Sample(s.text, "供水类" if "水" in s.text else "其他类") for s in samples() if s.category])
    found = Suggester(own, city(), beside=model()).text("停水了", "停水一天没水用", NOW)
    assert found.category == "供水类"
    assert found.kind_p > 0
    with pytest.raises(ValueError, match="categories"):
        Suggester(train([Sample(s.text, kind=s.kind) for s in samples() if s.kind]), city())


def test_hostile_posts_are_suggested_about_like_any_other() -> None:
    bodies = ["\x00\ud800", "=cmd()|'A'!A0", "<script>" * 5000, "😀" * 9000, "1" * 50_000, "住" * 50_000, "\n" * 500]
    for s in suggester().suggest([post("", b, thread=str(i)) for i, b in enumerate(bodies)], NOW):
        assert 0 <= s.request_p <= 1


def test_evaluation_counts_over_the_labels_of_the_file() -> None:
    report = evaluate(model(), [s for s in samples() if s.category], city(), NOW.date())
    assert report["macro_f1"] > 0.95
    assert report["top3"] >= report["top2"] >= report["accuracy"]
    assert report["unit"]["accuracy"] > 0.9
    assert set(report["coverage_at_precision"]) == {"0.90", "0.95", "0.98"}


def test_evaluation_of_labels_the_model_never_heard_of_is_refused() -> None:
    with pytest.raises(SampleError, match="（x、y）模型一个也不认得"):
        evaluate(model(), [Sample("甲", "x", is_request=None), Sample("乙", "y", is_request=None)])


def test_cross_validation_keeps_duplicates_on_one_side() -> None:
    # labels that only a duplicate could give away: with copies on both sides every label would be right
    noise = [Sample(f"{i * 7919 % 1009:04d}号事情{i}件" * 3, "甲" if i % 2 else "乙") for i in range(40)]
    assert crossed([*noise, *noise], 4)["accuracy"] < 0.9


P = np.array([[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]])
TRUTH = np.array([0, 1, 1, -1])


def test_the_figures_are_those_worked_out_by_hand() -> None:
    assert accuracy(P, TRUTH) == 0.5
    assert accuracy(P, TRUTH, 2) == 0.75
    assert macro_f1(P, TRUTH) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert calibration_error(P, TRUTH) == pytest.approx((0.1 + 0.6 + 0.5 + 0.7) / 4)
    assert coverage(P, TRUTH) == {"0.90": 0.25, "0.95": 0.25, "0.98": 0.25}


def test_importing_the_classifier_loads_no_heavy_library() -> None:
    code = "import sys, classifier, classifier.rows, classifier.samples, classifier.contacts; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"jieba", "rjieba", "sklearn", "scipy", "numpy", "openpyxl"} & set(loaded)


def test_suggesting_needs_no_training_library() -> None:
    code = "import sys, classifier.suggest, classifier.modelfile; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"jieba", "sklearn"} & set(loaded)
