"""How a matter becomes a post: a title, a body with the writer's place, times and telephone, in one of many wordings."""

from __future__ import annotations

import random
from dataclasses import dataclass

from data.records import Kind
from data.reference import Place, Reference
from demo.matters import Matter

TIMES = ("晚上十点多", "凌晨两点", "早上六点", "中午十二点", "下午三点", "傍晚", "后半夜", "昨天夜里", "今儿一早")
ESTATES = (
    "牡丹花园",
    "学府家园",
    "龙泉小区",
    "明珠苑",
    "九都新村",
    "丽景佳园",
    "机械厂家属院",
    "东苑小区",
    "春天花城",
    "棉纺厂家属院",
)
SCHOOLS = ("实验小学", "二十三中", "东升中学", "英才学校", "第三小学", "外国语学校")
OPENINGS = ("", "", "", "领导您好，", "各位领导好：", "网友们看看，", "实在忍不住了，", "请教一下，", "求助各位，")
CLOSINGS = (
    "",
    "",
    "",
    "盼回复。",
    "谢谢！",
    "望有关部门尽快解决。",
    "求管管吧。",
    "在线等。",
    "请给个说法。",
    "拜托了！",
)
NAMES = (
    *(
        "洛浦听风",
        "牡丹亭外",
        "老城根儿",
        "厂区二代",
        "周山采药人",
        "关林小卒",
        "涧河渔夫",
        "夜半敲钟",
        "一碗牛肉汤",
        "不翻汤",
    ),
    *("ly_citizen", "henan379", "wangcheng88", "luoyang_liu", "xiaoxiao2011", "zhang_san_f", "hl1979", "peony_fan"),
    *(
        "西工老赵",
        "瀍河小李",
        "伊河边上",
        "新区搬家客",
        "龙门石头",
        "上班族小王",
        "退休工人",
        "孩子他妈",
        "出租司机老马",
        "大学生村官",
    ),
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a citizen wrote, before a board and a time are given to it."""

    title: str
    body: str
    contact: str
    district: str
    kind: Kind | None
    category: str


class Writer:
    """Writes posts about the places of one reference."""

    def __init__(self, reference: Reference) -> None:
        self._names = {d.slug: d.name for d in reference.districts}
        counties = {d.slug for d in reference.districts if d.sort == "county"}
        small = [p for p in reference.places if p.sort not in ("district", "county")]
        self._places = {
            "county": tuple(p for p in small if p.district in counties and p.sort == "town"),
            "city": tuple(p for p in small if p.district not in counties and p.sort in ("road", "landmark")),
            "any": tuple(p for p in small if p.sort != "street"),
        }

    def write(self, matter: Matter, rng: random.Random) -> Draft:
        """One post on ``matter``; a third of those who ask leave a telephone number."""
        place = rng.choice(self._places[matter.area])
        slots = self._slots(place, rng)
        parts = [rng.choice(OPENINGS) if matter.kind else "", rng.choice(matter.bodies)]
        parts += rng.sample(matter.extras, k=rng.randint(0, min(2, len(matter.extras))))
        body = "".join(parts).format_map(slots)
        contact = slots["phone"] if slots["phone"] in body else ""
        if matter.kind and rng.random() < 0.34:
            contact = slots["phone"]
            body += rng.choice(("我的电话{}。", "联系电话：{}", "手机{}，请联系我。")).format(contact)
        if matter.kind:
            body += rng.choice(CLOSINGS)
        if rng.random() < 0.3:
            body = body.replace("。", "。\n", 1)
        title = rng.choice(matter.titles)
        return Draft(title.words.format_map(slots), body, contact, place.district, title.kind, title.category)

    def _slots(self, place: Place, rng: random.Random) -> dict[str, str]:
        district = self._names[place.district]
        return {
            "place": place.name if place.name.startswith(district[:2]) else district + place.name,
            "n": str(rng.randint(2, 9)),
            "days": str(rng.randint(2, 15)),
            "phone": f"1380000{rng.randrange(10_000):04d}",
            "time": rng.choice(TIMES),
            "money": str(rng.choice((20, 45, 80, 120, 260, 300, 480, 600, 950, 1200, 1800, 2600, 3500))),
            "bus": str(rng.choice((5, 8, 11, 15, 22, 27, 33, 41, 49, 50, 56, 62, 77, 81))),
            "estate": rng.choice(ESTATES),
            "school": rng.choice(SCHOOLS),
        }


def author(board: str, rng: random.Random) -> str | None:
    """A citizen's name as ``board`` shows it: half hidden on 人民网, now and then none on the forums."""
    if board == "people":
        return f"{rng.choice(SURNAMES)}***"
    return None if rng.random() < 0.05 else rng.choice(NAMES) + rng.choice(("", "", "", "1", "_ly", "2011"))
