"""The parts beside the model: contacts, places, duties, urgency, duplicates."""

from __future__ import annotations

import time
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.answers import Answer
from classifier.contacts import contacts, contacts_in
from classifier.duplicates import Duplicates
from classifier.duties import Duties
from classifier.finder import Finder
from classifier.places import Places, Where
from classifier.suggest import Suggester
from classifier.tokens import normal
from classifier.urgency import Haste, Rules
from data.records import Kind, Urgency
from tests.classifier_city import NOW, city, model, post


def _where(text: str) -> Where:
    [where] = Places(city()).find([normal(text)])
    return where


def _haste(text: str, category: str = "", kind: Kind | None = None) -> Haste:
    rules = Rules(city())
    [spoken] = rules.spoken([normal(text)])
    return rules.haste(spoken, category, kind)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("请联系我 13837912345", [("手机", "13837912345")]),
        ("电话１３８－３７９１－２３４５", [("手机", "138-3791-2345")]),
        ("138****2345 张先生", [("手机", "138****2345")]),
        ("座机0379-63912345", [("电话", "0379-63912345")]),
        ("电话：63912345", [("电话", "63912345")]),
        ("加我QQ号：12345678", [("QQ", "12345678")]),
        ("微信号 luoyang_wang88", [("微信", "luoyang_wang88")]),
        ("邮箱 a.b@example.com.cn 谢谢", [("邮箱", "a.b@example.com.cn")]),
        ("地址：柳林路18号3栋，停水", [("地址", "柳林路18号3栋")]),
        ("拨打12345和110都没人管", []),
        ("身份证410303198001012345", []),
        ("订单号2013837912345678", []),
        ("2012年6月1日停水", []),
    ],
)
def test_contact_details_are_found_and_other_numbers_are_not(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(c.kind, c.text) for c in contacts(text)] == expected


@given(
    st.lists(
        st.sampled_from(
            ["微信", "电话", "qq:", "1", "38", "0379", "63912345", "a@b.cn", "我住", "号楼", "-", "，", "好"]
        )
    )
)
def test_a_post_keeps_every_contact_however_fast_it_is_passed_over(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert Suggester(model(), city()).text("", text, NOW).contacts == contacts_in(normal(f"\n{text}"))


def test_the_end_of_a_long_post_is_read_for_contacts() -> None:
    [found] = Suggester(model(), city()).text("停水", "停水了。" * 3000 + "电话13837912345", NOW).contacts
    assert found.text == "13837912345"


@pytest.mark.parametrize("piece", ["1", "a", "a@", "qq", "微信", "地址:", "0379-", "a.", "138", "-", "住", "1 "])
def test_no_pattern_runs_away_on_hostile_text(piece: str) -> None:
    start = time.perf_counter()
    contacts(piece * 100_000)
    _haste(piece * 100_000 + "着火了")
    assert time.perf_counter() - start < 1


def test_a_finder_gives_longer_words_first_and_each_once() -> None:
    text = "柳林路小学在柳林路"
    finder = Finder(["柳林路", "柳林路小学", "小学"])
    assert finder.found([text]).apart().by_row[0] == [(0, "柳林路小学"), (6, "柳林路")]


def test_the_place_and_its_district_are_told() -> None:
    assert _where("柳林路又停水了") == Where("柳林路", "east", ())


def test_a_district_named_outright_wins_over_one_implied() -> None:
    assert _where("北县的车到柳林路").district == "north"


def test_both_districts_are_told_where_two_are_named() -> None:
    assert _where("北县和东区交界处").districts == ("north", "east")


def test_high_technology_is_no_place() -> None:
    assert _where("高新技术企业补贴") == Where()


def _best(text: str, categories: dict[str, float], where: Where, on: date = date(2012, 6, 1)) -> str:
    duties = Duties(city())
    plain = normal(text)
    likely = Answer(tuple(categories), np.array([list(categories.values())]))
    told = duties.likely({"category": likely}, 1)
    p = duties.probabilities(duties.scores(Finder(duties.words).found([plain]), told, [where], [0]), [on])
    assert p.sum() == pytest.approx(1)
    return duties.units[int(p[0].argmax())]


def test_the_unit_is_the_one_whose_duties_are_spoken_of() -> None:
    assert _best("停水了，水管爆了", {"urban": 0.9, "urban/water": 0.8}, Where()) == "water"


def test_in_a_county_the_county_government_leads() -> None:
    assert _best("老师有意见", {"education": 0.5}, Where(None, "north")) == "gov-north"
    assert _best("老师有意见", {"education": 0.5}, Where(None, "east")) == "schools"


def test_a_renamed_bureau_speaks_for_what_it_followed() -> None:
    asked = {"health": 0.9}
    assert _best("医院看病难", asked, Where(), date(2012, 6, 1)) == "health-old"
    assert _best("医院看病难", asked, Where(), date(2016, 6, 1)) == "health-new"


def test_units_named_in_the_text_are_told_in_its_order() -> None:
    assert Duties(city()).named("电业局说找自来水公司") == ["power", "water"]


@pytest.mark.parametrize(
    "text",
    ["快来人，三楼着火了", "着火了！家里有老人", "隔壁仓库大火，烟很大", "市长好：楼下正在冒烟，着火了，快派人"],
)
def test_a_fire_now_is_an_emergency_with_the_number_to_ring(text: str) -> None:
    haste = _haste(text)
    assert (haste.urgency, haste.ring) == (Urgency.EMERGENCY, "119")


@pytest.mark.parametrize(
    "text",
    [
        "消防通道被占，万一着火了怎么办",
        "如果着火了，消防车进不来",
        "一旦楼上起烟，变成大火，谁也跑不掉",
        "去年小区着火了，到现在没有赔偿",
        "2010年3月5日厂里着火了，工伤至今没有认定",
        "电线老化容易着火了，存在隐患",
    ],
)
def test_a_fire_feared_or_long_past_is_not(text: str) -> None:
    assert _haste(text).urgency is not Urgency.EMERGENCY


def test_no_water_is_immediate_but_the_price_of_it_is_not() -> None:
    assert _haste("小区停水两天", "urban/water", Kind.HELP).urgency is Urgency.IMMEDIATE
    assert _haste("停水后重新开户多少钱", "urban/water", Kind.INQUIRY).days == 1
    assert _haste("如果停水会提前通知吗", "urban/water", Kind.INQUIRY).urgency is Urgency.DAYS
    assert _haste("小区停水两天", "urban/power", Kind.HELP).days == 5


def test_the_same_matter_on_another_board_is_found_and_a_different_one_is_not() -> None:
    old = [
        post("柳林路停水三天", "柳林路三号院停水三天了没人管", thread="7"),
        post("老师补课", "学校老师周末补课收费", thread="8"),
    ]
    new = post("柳林路停水三天了", "柳林路三号院停水三天，没人管！", thread="9")
    [found] = Duplicates(model(), old).like([new])
    assert [key for key, _ in found] == ["lyw/7"]
    assert Duplicates(model(), []).like([new]) == [[]]
    assert Duplicates(model(), [new]).like([new]) == [[]]


@pytest.mark.parametrize(
    ("tokens", "place"),
    [
        (["我", "家", "在", "凯旋", "路"], "凯旋路"),
        (["区联丰路", "的", "店"], "联丰路"),
        (["号称走路", "赚钱"], None),
        (["这", "小区"], None),
        (["修", "马路"], None),
        (["城中村", "改造"], None),
        (["出入", "小区"], None),
        (["快速路", "堵"], None),
        (["能", "安装", "好路", "灯"], None),
        (["过街天桥", "没有", "扶手"], None),
        (["从来", "没有", "桥"], None),
        (["镇金鼎村", "没水"], "金鼎村"),
        (["镇平路", "堵"], "镇平路"),
    ],
)
def test_a_place_no_table_knows_is_told_by_its_ending(tokens: list[str], place: str | None) -> None:
    assert Places(city()).find(["".join(tokens)], tokens=[tokens])[0].place == place
