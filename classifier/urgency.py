"""How soon a matter must be dealt with: the rules of rules.toml, read with care for words that are only mentioned.

"小区着火了" is an emergency; "消防通道被占，着火了怎么办" is not. An emergency word counts only in a clause that tells of
something happening; 即办 words are not taken from clauses about the past, about prices or about what might be.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby

from classifier.finder import Finder, Found, Hits
from classifier.tokens import normal
from data.records import Kind, Urgency
from data.reference import Reference, Rule

USUAL_DAYS = 5  # working days, where no rule fits
EARLY = 160  # characters; an emergency is told at once, not on the second page

NEAR = 24  # characters to either side in which a rule's ``beside`` is looked for
TITLE = 40  # as well as in the title
CLOSE = 10  # and its ``not_words``
OFTEN = 3  # a word said so often is what the post is about, as if it stood early

LONG = 400  # characters; a longer text with the word not in its first EARLY tells a story, unless the clause says "now"

STOPS, COMMAS = "。;!?\n~…", ",、 "  # between sentences, and between clauses
_GAP = re.compile(f"[{STOPS}{COMMAS}]")
# Words that make a clause speak of what may be or is feared (for an emergency), or of a mere case (for 即办).
_FEARED = re.compile(
    r"隐患|预防|防止|避免|容易|会不会|怕|担心|可能|以免|存在|风险|演练|宣传|知识|培训|安全生产|为什么要|怎么办|后果"
    r"|谁负责|谁来|责任|不堪设想|随时|迟早|早晚|险些|差点|等到|非要|难道|安全检修|无处逃生"
    r"|经常|有时|时常|常年|每次|多次|频繁|屡次|屡屡|长期|往往|总是|动不动|不时|偶尔|次数|数次|几次|\d次|无信号|事件|事故"
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


@dataclass(frozen=True)
class Spoken:
    """A word of some rule where it stands: the urgencies it may stand for there, and the text around it."""

    word: str
    allowed: frozenset[Urgency]
    around: str
    close: str
    early: bool


class _Applied:
    """A rule of the reference with its words in normal form."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.words, self.beside, self.not_words = (
            frozenset(normal(w) for w in words) for words in (rule.words, rule.beside, rule.not_words)
        )
        self._categories, self._kinds = frozenset(rule.categories), frozenset(rule.kinds)

    def concerns(self, about: set[str]) -> bool:
        """Whether it is for one of these categories and for one of these kinds."""
        return not (self._categories and self._categories.isdisjoint(about)) and not (
            self._kinds and self._kinds.isdisjoint(about)
        )

    def fits(self, told: Sequence[Spoken]) -> bool:
        """Whether one of its words is said as it must be said; a rule without words always fits."""
        return not self.words or any(self._said(spoken) for spoken in told)

    def _said(self, spoken: Spoken) -> bool:
        if spoken.word not in self.words or self.rule.urgency not in spoken.allowed:
            return False
        if self.rule.early and not spoken.early:
            return False
        near = not self.beside or any(w in spoken.around for w in self.beside)
        return near and not any(w in spoken.close for w in self.not_words)


class Rules:
    """The reference's rules in their order, ready to be applied."""

    def __init__(self, reference: Reference) -> None:
        self._rules = [_Applied(r) for r in reference.rules]
        self._finder = Finder(w for rule in self._rules for w in rule.words)
        self.words = frozenset(self._finder.words)
        self._wordless = frozenset(i for i, rule in enumerate(self._rules) if not rule.words)
        self._unspoken = lru_cache(maxsize=4096)(partial(self._first, ()))
        self._having: dict[str, set[int]] = defaultdict(set)
        for i, rule in enumerate(self._rules):
            for word in rule.words:
                self._having[word].add(i)

    def spoken(self, texts: Sequence[str], found: Found | None = None) -> list[list[Spoken]]:
        """Every word of a rule in every clause of ``texts`` (title and body in normal form), and what it may stand for."""
        heard = (self._finder.found(texts) if found is None else self._finder.ours(found)).by_row
        return [list(_told(text, heard[i])) if i in heard else [] for i, text in enumerate(texts)]

    def haste(
        self, told: Sequence[Spoken], category: str = "", kind: Kind | None = None, also: Collection[str] = ()
    ) -> Haste:
        """The first rule that fits what is ``spoken``, ``category`` (a slug) and ``kind``.

        ``also``: other categories and kinds it may be about; for what is urgent, they are enough.
        """
        if not told:
            return self._unspoken(category, kind, tuple(also))
        return self._first(told, category, kind, also)

    def _first(self, told: Sequence[Spoken], category: str, kind: Kind | None, also: Collection[str]) -> Haste:
        taken, perhaps = _about(category, kind), _about(category, kind, *also)
        for i in sorted(self._wordless.union(*(self._having[spoken.word] for spoken in told))):
            applied = self._rules[i]
            rule = applied.rule
            if applied.concerns(taken if rule.urgency is Urgency.DAYS else perhaps) and applied.fits(told):
                return Haste(rule.urgency, rule.days, rule.name, rule.ring)
        return Haste(Urgency.DAYS, USUAL_DAYS)


def _told(text: str, hits: Hits) -> Iterator[Spoken]:
    for start, said in groupby(hits, lambda hit: _begin(text, hit[0], STOPS + COMMAS)):
        gap, sentence = _GAP.search(text, start), _begin(text, start, STOPS)
        end = gap.start() if gap else len(text)
        clause, before, soon = text[start:end], text[sentence:start], sentence < EARLY
        now = soon or len(text) < LONG or bool(_NOW.search(clause))
        for word, at in {word: at for at, word in reversed(list(said))}.items():
            if at + len(word) <= end:
                allowed = frozenset({Urgency.DAYS, *_allowed(clause.replace(word, " "), before, now)})
                around = f"{text[:TITLE]} {_window(text, at, len(word), NEAR)}"
                close = _window(text, at, len(word), CLOSE)
                yield Spoken(word, allowed, around, close, soon or text.count(word) >= OFTEN)


def _begin(text: str, at: int, gaps: str) -> int:
    """Where the clause (or sentence) that ``at`` lies in begins: after the last of the ``gaps`` before."""
    return max(text.rfind(gap, 0, at) for gap in gaps) + 1


def _window(text: str, at: int, long: int, reach: int) -> str:
    return text[max(0, at - reach) : at + long + reach]


def _about(category: str, kind: Kind | None, *also: str) -> set[str]:
    """Categories of both levels and kinds."""
    names = [category, *([kind] if kind else ()), *also]
    return {*names, *(name.split("/")[0] for name in names)}


def _allowed(clause: str, before: str, early: bool) -> set[Urgency]:
    """What a word may stand for in ``clause``, the word itself taken out of it; ``before``: the sentence so far."""
    if _IF.search(clause) or _IF.search(before) or _PAST.search(clause):
        return set()
    allowed = set() if _PRICE.search(clause) else {Urgency.IMMEDIATE}
    if early and not _FEARED.search(clause) and not _LONG_PAST.search(clause) and not _PAST.search(before):
        allowed.add(Urgency.EMERGENCY)
    return allowed
