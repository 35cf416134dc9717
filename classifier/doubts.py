"""Why a person should look: said in Chinese, from what the classifier is not sure of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from classifier.names import Shown
from classifier.places import Where
from classifier.urgency import Haste
from data.records import Choice, Urgency

SHORTEST = 8  # characters from which something can be told
CATEGORY_SURE = 0.6
UNIT_SURE = 0.4
REQUEST_SURE = 0.75
ALARM = "疑似紧急警情（{rule}）：请立即拨打 {ring}，不要按普通诉求交办"


def doubts(
    text: str,
    request_p: float,
    categories: Sequence[Choice],
    units: Sequence[Choice],
    where: Where,
    haste: Haste,
    shown: Shown,
    unknown: bool,
) -> str:
    """The reasons, joined; empty when the machine is sure. ``shown``: names of labels; ``unknown``: no word is known."""
    if request_p < 1 - REQUEST_SURE and haste.urgency is not Urgency.EMERGENCY:
        return ""
    return "；".join(_reasons(text, request_p, categories, units, where, haste, shown, unknown))


def _reasons(
    text: str,
    request_p: float,
    categories: Sequence[Choice],
    units: Sequence[Choice],
    where: Where,
    haste: Haste,
    shown: Shown,
    unknown: bool,
) -> Iterator[str]:
    if haste.urgency is Urgency.EMERGENCY:
        yield ALARM.format(rule=haste.rule, ring=haste.ring or "110")
    if len(text) < SHORTEST:
        yield "内容太短，看不出诉求"
    elif unknown:
        yield "没有一个词是学过的，无从判断"
    if request_p < REQUEST_SURE:
        yield f"是不是诉求拿不准（{request_p:.0%}）"
    if categories and categories[0].p < CATEGORY_SURE:
        yield f"类别拿不准（{_said('category', categories[:2], shown)}）"
    if units and units[0].p < UNIT_SURE:
        yield f"承办单位拿不准（{_said('unit', units[:2], shown)}）"
    if len(where.districts) > 1:
        yield "提到几个区县（" + "、".join(shown("district", d) for d in where.districts[:3]) + "）"


def _said(question: str, choices: Sequence[Choice], shown: Shown) -> str:
    return "，".join(f"{shown(question, c.name)} {c.p:.0%}" for c in choices)
