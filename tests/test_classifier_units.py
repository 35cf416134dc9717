"""Units as they are reorganised, counties against bureaus, and units to be told beside the leading one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from bench.replies import dealt_with
from classifier.answers import Answer
from classifier.duties import Duties
from classifier.evaluate import evaluate
from classifier.finder import Finder
from classifier.handing import handed
from classifier.model import train
from classifier.modelfile import load as load_model
from classifier.modelfile import save
from classifier.places import Places, Where
from classifier.samples import Sample
from classifier.suggest import Suggester
from classifier.tokens import normal
from classifier.units import Units
from data.reference import Reference, Unit, load
from data.store import Store
from tests.classifier_city import NOW, city, model, post, samples

THEN = datetime(2016, 3, 1, tzinfo=UTC)


def _mixed(text: str, on: date, learnt: Answer | None = None, reference: Reference | None = None) -> dict[str, float]:
    plain = normal(text)
    duties = Duties(reference or city())
    told = duties.scores(Finder(duties.words).found([plain]), duties.likely({}, 1), [Where()], [0])
    found = Units(duties).mixed(told, [on], learnt)
    return dict(zip(found.labels, found.p[0].tolist(), strict=True))


def _first(p: dict[str, float]) -> str:
    return max(p, key=lambda unit: p[unit])


def _renamed() -> Reference:
    """The small city after its education bureau was renamed in 2018."""
    units = city().units
    [old] = [u for u in units if u.slug == "schools"]
    ended = old.model_copy(update={"valid_to": date(2018, 12, 31), "successor": "schools-sports"})
    new = Unit(slug="schools-sports", name="市教育体育局", sort="bureau", valid_from=date(2019, 1, 1))
    return city().model_copy(update={"units": (*(u for u in units if u is not old), ended, new)})


def test_old_labels_train_the_new_unit() -> None:
    learnt = Answer(("health-old", "water"), np.array([[0.9, 0.1]]), 2000)
    assert _first(_mixed("没有一个词是职责", date(2016, 3, 1), learnt)) == "health-new"
    assert _first(_mixed("没有一个词是职责", date(2012, 6, 1), learnt)) == "health-old"


def test_a_renamed_bureau_costs_no_retraining() -> None:
    before = model()  # trained when nobody knew of the new name
    then = post("老师周末补课收费", at=datetime(2020, 1, 5, tzinfo=UTC))
    [after] = Suggester(before, _renamed()).suggest([then], NOW)
    assert after.units[0].name == "schools-sports"
    assert after.model == before.version


def test_of_two_matters_in_a_post_the_one_is_taken_that_its_unit_deals_with() -> None:
    duties = Duties(load())
    details = Answer(("urban/power", "urban/drainage", "commerce/lifts", "strange"), np.array([[0.2, 0.3, 0.4, 0.1]]))
    units = Answer(duties.units, np.array([[0.9 * (unit == "power-company") for unit in duties.units]]))
    found = duties.vouched(details, units)
    assert found.p[0, 0] > 0.4 > 0.1 > found.p[0, 1]
    assert found.p[0, :2].sum() == pytest.approx(0.5)  # which first level it is, the categories alone tell
    assert found.p[0, 2:].tolist() == pytest.approx([0.4, 0.1])


def test_second_levels_no_table_has_keep_their_probabilities() -> None:
    duties = Duties(load())
    strange = Answer(("water", "land"), np.array([[0.6, 0.4]]))
    units = Answer(duties.units, np.full((1, len(duties.units)), 0.01))
    assert duties.vouched(strange, units).p.tolist() == [pytest.approx([0.6, 0.4])]


def test_a_unit_that_does_not_exist_that_day_is_never_suggested() -> None:
    assert _mixed("老师周末补课收费", date(2017, 1, 1), None, _renamed())["schools-sports"] == 0
    assert _mixed("老师周末补课收费", date(2020, 1, 1), None, _renamed())["schools"] == 0


def test_a_ticket_of_2018_shows_the_name_of_2018() -> None:
    reference = _renamed()
    assert reference.unit["schools"].name == "市教育局"
    assert reference.current("schools", date(2018, 6, 1)).name == "市教育局"
    assert reference.current("schools", date(2019, 6, 1)).name == "市教育体育局"


def test_probabilities_of_units_sum_to_one_whatever_was_learnt() -> None:
    learnt = Answer(("schools", "外市城管局"), np.array([[0.6, 0.4]]), 300)
    assert sum(_mixed("停水了", date(2020, 1, 1), learnt, _renamed()).values()) == pytest.approx(1)


def test_a_unit_no_table_has_keeps_the_share_the_model_gives_it() -> None:
    learnt = Answer(("schools", "外市城管局"), np.array([[0.2, 0.8]]), 40)
    found = _mixed("停水了，学校的老师没水用", date(2012, 6, 1), learnt)
    assert found["外市城管局"] == pytest.approx(0.8)


@pytest.mark.parametrize("unit", ["schools", "县自来水厂"])
def test_what_the_table_gives_to_one_and_those_who_decide_to_another_is_handed_on(unit: str, tmp_path: Path) -> None:
    asked = post("水管坏了三天没人修")
    said = ("停水了", "没水用", "水压太小", "水管漏了")
    decided = [Sample(f"{place}区{what}", unit=unit) for place in "甲乙丙丁戊己庚辛壬癸" for what in said]
    lesson = [*(replace(s, shipped=True) for s in samples()), *decided]
    taught = train(lesson)
    assert Suggester(taught, city()).suggest([asked], NOW)[0].units[0].name == "water"
    save(handed(taught, lesson, city()), tmp_path / "m.model")
    units = Suggester(load_model(tmp_path / "m.model"), city()).suggest([asked], NOW)[0].units
    assert units[0].name == unit
    assert "water" in [u.name for u in units]


def test_what_the_package_ships_hands_nothing_on() -> None:
    shipped = Sample("停水了", unit="schools", shipped=True)
    assert handed(model(), [shipped], city()).handed is None


def test_what_is_said_again_and_again_weighs_more_than_an_aside() -> None:
    text = "{}，门口停电那次不算".format("，".join(["老师补课"] * 6))
    assert _first(_mixed(text, date(2012, 6, 1))) == "schools"


def test_the_name_of_a_district_or_a_road_is_not_heard_as_a_duty() -> None:
    shipped = load()
    there = _mixed("一棵大树倒在瀍河回族区启明路上，没人管", NOW.date(), reference=shipped)
    assert there["ethnic-religious"] < 0.02
    asked = _mixed("回族群众的清真寺要修缮，请问找谁", NOW.date(), reference=shipped)
    assert _first(asked) == "ethnic-religious"


def test_units_are_judged_as_they_are_suggested_also_by_a_model_that_knows_no_categories() -> None:
    words = ("停水了水管没水", "停电了变压器没电")
    letters = [Sample(f"{i}栋{words[i % 2]}", unit=("water", "power")[i % 2]) for i in range(40)]
    alone = train(letters)
    asked = [Sample("水压不够，自来水公司管不管", unit="water"), Sample("电压不稳，电业局管不管", unit="power")]
    found = evaluate(alone, asked, city(), date(2012, 6, 1), beside=model())
    said = Suggester(alone, city(), beside=model()).suggest([post("", s.text) for s in asked], NOW)
    assert (
        found["unit"]["accuracy"] == np.mean([s.units[0].name == a.unit for s, a in zip(said, asked, strict=True)]) == 1
    )


def test_the_place_decides_between_a_city_bureau_and_a_county() -> None:
    suggester = Suggester(model(), city())
    county, town = suggester.suggest(
        [post("北县学校补课", "北县的老师周末补课收费"), post("学校补课", "老师补课收费")], NOW
    )
    assert county.units[0].name == "gov-north"
    assert county.district == "north"
    assert town.units[0].name == "schools"


def test_in_a_county_the_bureau_is_told_too() -> None:
    [s] = Suggester(model(), city()).suggest([post("北县学校补课", "北县的老师周末补课收费")], NOW)
    assert [c.name for c in s.co_units] == ["schools"]


def test_the_second_of_two_named_offices_is_a_co_unit_and_a_lone_one_is_none() -> None:
    text = "停水一天没水用，市教育局和市水务集团互相推"
    both, one = Suggester(model(), city()).suggest(
        [post("小区停水", text), post("小区停水", "找市水务集团没人管")], NOW
    )
    assert both.units[0].name == "water"
    assert [c.name for c in both.co_units] == ["schools"]
    assert one.co_units == ()


def test_co_units_are_kept_with_the_suggestion() -> None:
    [s] = Suggester(model(), city()).suggest([post("小区停水", "市教育局和市水务集团互相推，停水没水用")], NOW)
    store = Store(":memory:")
    store.decisions.suggest([s])
    assert s.co_units
    assert store.decisions.suggestion(s.board, s.thread) == s
    store.close()


def test_two_hundred_decisions_move_what_the_tables_say() -> None:
    """A city where taught decisions contradict the table: what was decided wins in time."""
    decided = [Sample(f"{i}号楼前的树{i % 7}该修剪了，挡着窗户", unit="power") for i in range(200)]
    taught = train([*samples(), *decided])
    assert Suggester(taught, city()).text("3号楼前的树该修剪了", "挡着窗户", THEN).units[0].name == "power"


@pytest.mark.parametrize("text", ["卫生间需要重新安装管道", "请重新安排学位", "新安全出口被堵"])
def test_a_county_inside_another_word_is_no_place(text: str) -> None:
    assert Places(load()).find([normal(text)])[0].district is None


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("新安路又堵了", None),
        ("宜阳东路没有路灯", None),
        ("新安路灯都不亮", "xinan"),
        ("洛宁街道办没人接电话", "luoning"),
        ("新安县路不好走", "xinan"),
    ],
)
def test_a_road_named_after_a_county_does_not_lie_in_it(text: str, district: str | None) -> None:
    assert Places(load()).find([normal(text)])[0].district == district


def test_a_county_by_its_short_name_is() -> None:
    assert Places(load()).find([normal("我是新安的村民")])[0].district == "xinan"


@pytest.mark.parametrize(
    ("reply", "unit"),
    [
        ("您反映的问题已转交县交通运输局核实、办理。", "transport-bureau"),
        ("经核查，路面将尽快修复。感谢您的监督！A7县城市管理和行政执法局2014年3月1日", "urban-management"),
        ("现回复如下：经市自来水公司现场核实，水管已换。", "water-group"),
        ("您的留言已转某某乡人民政府调查。", ""),
        ("您好，留言已收悉。", ""),
        ("经县公安局交警大队调查，已增设信号灯。", "traffic-police"),
    ],
)
def test_who_dealt_with_a_matter_is_told_by_the_replys_own_words(reply: str, unit: str) -> None:
    assert dealt_with(reply) == unit
