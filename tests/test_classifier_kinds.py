"""Kinds and requests by cues, and urgency by rules that know what stands beside a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifier.answers import Answer
from classifier.kinds import Cues
from classifier.tokens import normal
from classifier.urgency import Haste, Rules
from data.records import Kind, Urgency
from data.reference import load

KINDS = tuple(k.value for k in Kind)
RULES = Rules(load())


def asked(cues: Cues, learnt: Answer, title: str, text: str) -> Answer:
    return cues.mixed(learnt, cues.heard([normal(title)], [normal(text)]))


def _haste(text: str, category: str, kind: Kind) -> Haste:
    [spoken] = RULES.spoken([normal(text)])
    return RULES.haste(spoken, category, kind)


def heard(cues: Cues, title: str, text: str) -> dict[str, float]:
    added = cues.heard([title], [text])[0].tolist()
    return {kind: weight for kind, weight in zip(cues.kinds, added, strict=True) if weight}


def _kind(title: str, body: str) -> str:
    unsure = Answer(KINDS, np.full((1, len(KINDS)), 1 / len(KINDS)), 640)
    found = asked(Cues(), unsure, title, f"{title}\n{body}")
    assert found.p.sum() == pytest.approx(1)
    return found.best(0, 1)[0][0]


@pytest.mark.parametrize(
    ("title", "body", "kind"),
    [
        ("请问公租房怎么申请", "需要哪些材料", "咨询"),
        ("建议增设路灯", "希望能在东门装几盏", "建议"),
        ("投诉楼下歌厅扰民", "噪音很大，物业不管", "投诉"),
        ("举报有人搞传销", "每天几十人进出，请查处", "举报"),
        ("请求硬化进村的路", "村民出行不便，恳请解决", "求助"),
        ("质疑招聘不公布成绩", "不公开不公示，纪委管不管", "监督"),
        ("雷雨之后停电到现在", "冰箱里的菜都化了", "求助"),
        ("迁户口要啥手续", "跑了两趟没问明白", "咨询"),
        ("学校边上有黑作坊", "后半夜才开工", "举报"),
        ("办事窗口推来推去", "都说不归他管", "监督"),
    ],
)
def test_people_say_what_they_want_in_title_and_end(title: str, body: str, kind: str) -> None:
    assert _kind(title, body) == kind


def test_a_sure_model_is_not_overruled_by_one_cue() -> None:
    sure = Answer(KINDS, np.array([[0.98 if k == "求助" else 0.004 for k in KINDS]]), 100_000)
    assert asked(Cues(), sure, "路灯", "路灯\n请问谁来修").best(0, 1)[0][0] == "求助"


def test_names_no_cue_speaks_for_keep_the_models_order() -> None:
    other = Answer(("甲", "乙"), np.array([[0.7, 0.3]]), 100)
    assert asked(Cues(), other, "投诉", "投诉 扰民").best(0, 1)[0][0] == "甲"


def test_a_citys_own_cues_are_read_from_its_table(tmp_path: Path) -> None:
    (tmp_path / "kinds.csv").write_text("kind,where,weight,words\n甲,title,5,灯塔\n乙,always,1,\n", encoding="utf-8")
    unsure = Answer(("甲", "乙"), np.full((2, 2), 0.5), 100)
    cues = Cues(tmp_path / "kinds.csv")
    found = cues.mixed(unsure, cues.heard(["灯塔", "码头"], ["灯塔 亮了", "码头 到了"]))
    assert [found.best(i, 1)[0][0] for i in (0, 1)] == ["甲", "乙"]


def test_a_title_that_the_text_does_not_begin_with_is_heard_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "kinds.csv").write_text("kind,where,weight,words\n甲,title,5,灯塔\n乙,text,1,灯塔\n", encoding="utf-8")
    cues = Cues(tmp_path / "kinds.csv")
    assert heard(cues, "灯塔", "码头") == {"甲": 5}
    assert heard(cues, "灯塔", "灯塔 码头") == {"甲": 5}
    assert heard(cues, "码头", "码头 灯塔") == {"乙": 1}


@pytest.mark.parametrize(
    "text",
    [
        "小区停水七天了 没人管",
        "物业强行断电 家里有老人",
        "我们这里的电压很低 空调带不动",
        "自来水有刺鼻味 不敢喝",
        "单元电梯多次困人 孩子被关了一个小时",
        "门前护坡垮塌 请尽快派人",
        "路口红绿灯全灭 车顶车",
        "快车道井盖被盗 晚上看不见",
        "暖气不热 家里只有十度",
        "广场高空坠物 砸坏一辆车",
    ],
)
def test_what_failed_or_may_strike_at_any_moment_is_immediate_whatever_the_category(text: str) -> None:
    assert _haste(text, "party", Kind.COMPLAINT).urgency is Urgency.IMMEDIATE


@pytest.mark.parametrize(
    "text",
    [
        "医院几天没电话 一直联系不上",
        "地铁施工经常性挖断水管 噪音扰民",
        "开发商擅自关停电梯 要求恢复",
        "建议把变电站搬走 辐射担心",
        "希望增加天桥 过马路不方便",
        "消防通道被占 万一着火怎么办",
        "水费收得不合理 请核查",
    ],
)
def test_a_word_inside_another_or_a_mere_fear_is_not(text: str) -> None:
    assert _haste(text, "party", Kind.COMPLAINT).urgency is Urgency.DAYS


@pytest.mark.parametrize(
    ("text", "ring"),
    [("亲戚一直困在传销窝点 手机被收走", "110"), ("急需熊猫血 病人在手术台上", "120"), ("三楼着火了 快派消防", "119")],
)
def test_who_is_in_danger_now_gets_the_number_to_ring(text: str, ring: str) -> None:
    haste = _haste(text, "party", Kind.HELP)
    assert (haste.urgency, haste.ring) == (Urgency.EMERGENCY, ring)


def test_a_word_said_often_is_what_the_post_is_about() -> None:
    story = "我们是老小区的住户。" * 20
    assert _haste(story + "停水两天。", "urban", Kind.HELP).urgency is Urgency.DAYS
    assert _haste(story + "停水，停水，还是停水。", "urban", Kind.HELP).urgency is Urgency.IMMEDIATE
