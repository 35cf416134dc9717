"""Where it is: the place a post names and the district or county it lies in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classifier.finder import Finder, Found, Hits
from classifier.tokens import normal
from data.reference import Reference

# What makes a place name another thing: 高新技术, 吉利汽车, 西工大
NOT_BEFORE = ("技术", "企业", "汽车", "轿车", "产业", "大学")
# Short names that are none before these: 重新安装, 一拖再拖.
NO_COUNTY = {
    "一拖": ("再", "二", "就", "了", "到"),
    "新安": ("装", "排", "置", "全", "检", "防", "家", "居"),
    "老城": ("镇", "墙"),
    "西工": ("大",),
}
# A road that has its name from a county does not lie in it: 新安路, 宜阳东路. (新安 may well have 路灯.)
ROAD = re.compile(r"[东西南北中]?(?:路(?!灯|面|边|上|况)|街(?!道|上|头)|大街|大道|巷)")
TOWNS = ("区", "县", "市")  # names with these are meant
# Words that lead up to a place and are no part of its name.
LEADING = ("联系", "出入", "前往", "反映", "我们", "附近", "所在", "位于", "整个", "全体", "咨询", "没有", "安装")
ENDINGS = ("小区", "家属院", "花园", "大道", "广场", "大桥", "社区", "公园", "医院", "路", "街", "村", "桥")
NEXT = "\n"  # between words; a text in normal form has none
_ENDING = re.compile(f"(?:{'|'.join(ENDINGS)}){NEXT}")
# Common nouns and verbs that end like a place's name.
NO_NAME = (
    "走路",
    "马路",
    "道路",
    "公路",
    "铁路",
    "上路",
    "开路",
    "让路",
    "线路",
    "网路",
    "电路",
    "修路",
    "农村",
    "全村",
    "快速路",
    "城中村",
    "好路",
    "天桥",
    "高架桥",
    "立交桥",
)
SPECIFIC = {"landmark": 3, "road": 2, "town": 1, "street": 1}  # how closely a sort of place says where


@dataclass(frozen=True)
class Where:
    """``place`` as named; ``district`` a slug; ``districts`` every district named by its own name, in order."""

    place: str | None = None
    district: str | None = None
    districts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    name: str
    district: str
    sort: str
    own: bool  # a district's own name


class Places:
    """The reference's districts and places, ready to be looked for."""

    def __init__(self, reference: Reference) -> None:
        entries: dict[str, _Entry] = {}
        for p in reference.places:
            entry = _Entry(p.name, p.district, p.sort, p.sort in ("district", "county"))
            entries |= {normal(n): entry for n in (p.name, *p.aliases)}
        for d in reference.districts:
            entry = _Entry(d.name, d.slug, d.sort, True)
            entries |= {normal(n): entry for n in (d.name, *d.aliases)}
        self._entries: Mapping[str, _Entry] = entries
        self._finder = Finder(entries)
        self.words = frozenset(self._finder.words)

    def find(
        self, texts: Sequence[str], found: Found | None = None, tokens: Sequence[Sequence[str]] | None = None
    ) -> list[Where]:
        """Where each of ``texts`` (normal form) says it is; the ``tokens`` of each help to name a place no table knows."""
        listed = (self._finder.found(texts) if found is None else self._finder.ours(found)).apart().by_row
        words = tokens or [()] * len(texts)
        return [self._one(text, listed.get(i, ()), words[i]) for i, text in enumerate(texts)]

    def _one(self, text: str, listed: Hits, tokens: Sequence[str]) -> Where:
        if not listed:
            return Where(_unlisted(tokens))
        found = [entry for at, word in listed if _meant(entry := self._entries[word], word, text, at + len(word))]
        named = Counter(e.district for e in found if e.own)
        implied = Counter(e.district for e in found)
        votes = named or implied
        district = max(votes, key=lambda d: (votes[d], implied[d])) if votes else None
        here = [e for e in found if not e.own]
        place = max(here, key=lambda e: SPECIFIC.get(e.sort, 0)).name if here else _unlisted(tokens)
        return Where(place, district, tuple(named))


def _meant(entry: _Entry, word: str, text: str, end: int) -> bool:
    """Whether the place is meant by its ``word`` that ends there, or another thing with a name like it."""
    if text.startswith((*NOT_BEFORE, *NO_COUNTY.get(word, ())), end):
        return False
    return not (entry.own and not word.endswith(TOWNS) and ROAD.match(text, end))


def _unlisted(tokens: Sequence[str]) -> str | None:
    """A place by its ending: 凯旋 路, 盼盼路."""
    joined = f"\n{NEXT.join(tokens)}\n"  # to look at every token by itself would take three times as long
    for match in _ENDING.finditer(joined):
        start = joined.rfind(NEXT, 0, match.end() - 1) + 1
        token, before = (
            joined[start : match.end() - 1],
            joined[joined.rfind(NEXT, 0, max(0, start - 1)) + 1 : start - 1],
        )
        if token.isalpha():
            own = before if len(before) > 1 and before.isalnum() else ""
            name = (token if len(token) > 2 else own + token).lstrip("省市区县在到修由从")
            name = name[1:] if len(name) > 3 and name[0] in "镇乡" else name  # 安乐 镇金鼎 村
            if (
                len(name) > 2
                and not name.endswith(NO_NAME)
                and not name.startswith(("这", "我", "该", "一", "本", "某", *LEADING))
                and not name[:-1].isdigit()
            ):
                return name
    return None
