"""How soon a matter must be dealt with: the rules of rules.toml, read with care for words that are only mentioned.

"小区着火了" is an emergency; "消防通道被占，着火了怎么办" is not. An emergency word counts only in a clause that tells of
something happening; 即办 words are not taken from clauses about the past, about prices or about what might be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from classifier.finder import Finder, pairs
from classifier.tokens import normal
from data.records import Kind, Urgency
from data.reference import Reference, Rule

USUAL_DAYS = 5  # working days, where no rule fits
EARLY = 160  # characters; an emergency is told at once, not on the second page

LONG = 400  # characters; a longer text with the word not in its first EARLY tells a story, unless the clause says "now"

_SENTENCE = re.compile(r"[。;!?\n~…]+")
_CLAUSE = re.compile(r"[,、 ]+")
# Words that make a clause speak of what may be or is feared (for an emergency), or of a mere case (for 即办).
_FEARED = re.compile(
    r"隐患|预防|防止|避免|容易|会不会|怕|担心|可能|以免|存在|风险|演练|宣传|知识|培训|安全生产|为什么要|怎么办|后果"
    r"|谁负责|谁来|责任|不堪设想|随时|迟早|早晚|险些|差点|等到|非要|难道|安全检修|无处逃生"
    r"|经常|有时|时常|常年|每次|多次|频繁|屡次|屡屡|长期|往往|总是|动不动|不时|偶尔|次数|数次|几次|\d次|无信号"
)
_IF = re.compile(r"万一|如果|要是|假如|假设|一旦|倘若|有朝一日")
_PAST = re.compile(r"去年|前年|以前|曾经|上次|当年|前几年|往年")
_LONG_PAST = re.compile(
    r"曾|上个?月|之前|\d{4}年|那次|那年|事后|赔偿|理赔|判决|遗留|起诉|伤残|工伤|保险|已故|去世|留下|住院期间|前天|\d+月\d+[日号]|有惊无险|后来"
)
_PRICE = re.compile(
    r"多少钱|收费标准|收取|价格|(?:什么时候|何时|啥时候?)(?:才?能|可以|会)?(?:开通|安装|接通|通上|通)|开户|想安装|申请安装"
)
_NOW = re.compile(r"正在|现在|快来|快派|救命|着急|紧急|刚刚|刚才|此刻|十万火急|马上|立即|赶紧|已经打|急")


@dataclass(frozen=True)
class Haste:
    """The urgency, the working days (0 when sooner), the rule that decided, and the number to ring, if any."""

    urgency: Urgency
    days: int
    rule: str = ""
    ring: str = ""


class Rules:
    """The reference's rules in their order, ready to be applied."""

    def __init__(self, reference: Reference) -> None:
        self._rules = [(r, frozenset(normal(w) for w in r.words)) for r in reference.rules]
        self._finder = Finder(w for _, words in self._rules for w in words)

    def haste(
        self,
        text: str,
        category: str = "",
        kind: Kind | None = None,
        seen: set[str] | None = None,
        also: Collection[str] = (),
    ) -> Haste:
        """The first rule that fits ``text`` (title and body in normal form), ``category`` (a slug) and ``kind``.

        ``also``: other categories and kinds it may be about; for what is urgent, they are enough.
        """
        told = self._told(text, pairs(text) if seen is None else seen)
        for rule, words in self._rules:
            perhaps = () if rule.urgency is Urgency.DAYS else also
            if _concerns(rule, {category, *perhaps}, {kind, *perhaps}) and (not words or _spoken(rule, words, told)):
                return Haste(rule.urgency, rule.days, rule.name, rule.ring)
        return Haste(Urgency.DAYS, USUAL_DAYS)

    def _told(self, text: str, seen: set[str]) -> Mapping[str, frozenset[Urgency]]:
        """Word of a rule -> the urgencies it may stand for, by the clauses it stands in."""
        present = self._finder.present(text, seen)
        told: dict[str, set[Urgency]] = {w: {Urgency.DAYS} for w in present}
        start = 0
        for sentence in _SENTENCE.split(text) if present else ():
            if any(w in sentence for w in present):
                for word, allowed in _sentence(sentence, present, start < EARLY or len(text) < LONG):
                    told[word] |= allowed
            start += len(sentence) + 1
        return {w: frozenset(u) for w, u in told.items()}


def _sentence(sentence: str, present: Sequence[str], early: bool) -> Iterator[tuple[str, set[Urgency]]]:
    """Each word of a sentence with what it may stand for; an "if" or a date holds for the clauses after it, too."""
    before = ""
    for clause in _CLAUSE.split(sentence):
        for word in present:
            if word in clause:
                yield word, _allowed(clause.replace(word, " "), before, early or bool(_NOW.search(clause)))
        before += clause


def _allowed(clause: str, before: str, early: bool) -> set[Urgency]:
    """What a word may stand for in ``clause``, the word itself taken out of it; ``before``: the sentence so far."""
    if _IF.search(clause) or _IF.search(before) or _PAST.search(clause):
        return set()
    allowed = set() if _PRICE.search(clause) else {Urgency.IMMEDIATE}
    if early and not _FEARED.search(clause) and not _LONG_PAST.search(clause) and not _PAST.search(before):
        allowed.add(Urgency.EMERGENCY)
    return allowed


def _concerns(rule: Rule, categories: Collection[str], kinds: Collection[str | None]) -> bool:
    about = not rule.categories or any(c == r or c.startswith(f"{r}/") for r in rule.categories for c in categories)
    return about and (not rule.kinds or any(k in kinds for k in rule.kinds))


def _spoken(rule: Rule, words: frozenset[str], told: Mapping[str, frozenset[Urgency]]) -> bool:
    return any(rule.urgency in told[w] for w in words & told.keys())
