"""Post to Suggestion: everything the classifier knows, put together for a whole batch at once, with reasons and with doubts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from classifier.answers import Answer, ask
from classifier.contacts import contacts, contacts_in
from classifier.doubts import doubts
from classifier.duties import TITLE, Duties
from classifier.features import prepared
from classifier.finder import Finder, Hits
from classifier.kinds import Cues
from classifier.model import Model
from classifier.names import shown
from classifier.places import Places, Where
from classifier.samples import first_level
from classifier.tokens import LIMIT
from classifier.units import Units
from classifier.urgency import Haste, Rules
from data.records import Choice, Kind, Post, Reason, Suggestion, Urgency
from data.reference import Reference

BATCH = 512
ZONE = ZoneInfo("Asia/Shanghai")
SURE = 0.5  # a second-level category is named when it has at least this probability
LIKELY = 0.02  # a category below this says nothing about the unit
WORDS = 6  # reasons shown
CO_UNITS = 3  # co-units shown
SLIGHT = 0.01  # share of the positive weight below which a word is no reason
# Words that lean towards a category by chance and tell a clerk nothing.
EMPTY = (
    "一下 一个 一些 一直 这个 这样 这种 那个 时间 看看 是否 有没有 没有 知道 现在 个人 我们 你们 他们 大家 自己 请问 希望"
    " 领导 您好 你好 尊敬 问题 什么 怎么 怎么办 为什么 如何 可以 能否 不能 正在 已经 还是 就是 但是 因为 所以 如果 而且"
    " 之后 以后 目前 今天 昨天 几个 两个 两次 每天 部门 有关 相关 反映 情况 进行 谢谢 本人 咨询 建议 投诉 举报 求助 一年 多年"
    " 是不是 到底 才能 然后 最后 开始 变成 多次 再次 需要 作为 处理 解决 办理 增设 附近 条件 影响 发现 出现 造成 导致 要求 请求"
    " 留言 回复 问政 书记 市长 局长 县长 相信 应该 必须 甚至 以及 或者 只有 只能 虽然 由于 为了 关于 对于 根据 按照 通过 打电话"
)
PERHAPS = 0.15  # a category or kind from this on makes its 即办 rules heard
EMERGENCY = 0.5  # probability from which an emergency that no rule has words for is shown as one
LEARNT = Haste(Urgency.EMERGENCY, 0, "按学过的紧急求助判断", "110")


@dataclass(frozen=True)
class _Batch:
    """What is known of some posts before it is told one by one."""

    posts: Sequence[Post]
    texts: Sequence[str]
    hits: Sequence[Hits]
    matrix: Any
    answers: Mapping[str, Answer]
    where: Sequence[Where]
    units: Answer
    reasons: Sequence[tuple[Reason, ...]]
    perhaps: Sequence[Sequence[str]]  # categories and kinds a post may be about


class Suggester:
    """A model and a city's tables, ready to read posts. ``beside``: a model to ask what ``model`` was not trained for."""

    def __init__(self, model: Model, reference: Reference, beside: Model | None = None) -> None:
        if "category" not in model.heads and (beside is None or "category" not in beside.heads):
            raise ValueError("neither model knows categories")
        self.model, self.reference, self._beside = model, reference, beside
        self._places = Places(reference)
        self._rules = Rules(reference)
        self._cues = Cues()
        self._duties = Duties(reference)
        self._units = Units(self._duties)
        tables = (self._places, self._rules, self._cues, self._duties)
        self._finder = Finder(frozenset[str]().union(*(table.words for table in tables)))
        self.shown = shown(model.names, reference)
        empty = frozenset(EMPTY.split())
        worth = [len(w) > 1 and w.isalpha() and w not in empty for w in model.features.vocabulary]
        self._shown = np.array(worth, bool)

    def suggest(self, posts: Sequence[Post], now: datetime) -> list[Suggestion]:
        """One suggestion a post, in their order."""
        return [s for start in range(0, len(posts), BATCH) for s in self._batch(posts[start : start + BATCH], now)]

    def text(self, title: str, body: str, now: datetime) -> Suggestion:
        """A suggestion for a message that is on no board, as if posted ``now``."""
        return self.suggest([Post("", "", "", "", title, None, now, body)], now)[0]

    @property
    def sure(self) -> float | None:
        """The probability from which its category may be believed without a person; None where nothing proves that."""
        return self.model.heads["category"].sure if "category" in self.model.heads else None

    def _batch(self, posts: Sequence[Post], now: datetime) -> Iterator[Suggestion]:
        batch = self._read(posts)
        for i in range(len(posts)):
            yield self._tell(batch, i, now)

    def _read(self, posts: Sequence[Post]) -> _Batch:
        texts = prepared(p.text for p in posts)
        hits = [self._finder.hits(text) for text in texts]
        tokens, columns = self.model.features.cut(texts)
        matrix = self.model.features.matrix(texts, columns)
        answers = ask(self.model, texts, matrix, self._beside)
        titles = prepared(p.title for p in posts)
        heard = [self._cues.heard(*each) for each in zip(titles, texts, hits, strict=True)]
        if "kind" in answers:
            answers |= {"kind": self._cues.mixed(answers["kind"], heard)}
        if "request" in answers:
            answers |= {"request": self._cues.mixed(answers["request"], heard, half=0)}
        where = [self._places.find(*each) for each in zip(texts, hits, tokens, strict=True)]
        days = [self._duties.era(p.posted_at.astimezone(ZONE).date()) for p in posts]
        openings = [len(title) or TITLE for title in titles]
        scores = self._duties.scores(hits, likely(answers), where, openings)
        units = self._units.mixed(scores, days, answers.get("unit"), self.model.handed)
        reasons = self._reasons(matrix, [answers["category"].best(i, 1)[0][0] for i in range(len(posts))])
        return _Batch(posts, texts, hits, matrix, answers, where, units, reasons, _perhaps(answers))

    def _tell(self, batch: _Batch, i: int, now: datetime) -> Suggestion:
        post, where = batch.posts[i], batch.where[i]
        categories = _choices(batch.answers["category"], i)
        units = tuple(c for c in _choices(batch.units, i) if c.p > 0)
        category = _category(batch.answers, i, categories[0].name)
        kind, kind_p = _kind(batch.answers, i)
        request_p = _yes(batch.answers, "request", i, 0.5)
        haste = self._rules.haste(
            batch.texts[i], category, kind, batch.hits[i], batch.perhaps[i] if batch.perhaps else ()
        )
        if haste.urgency is not Urgency.EMERGENCY and _yes(batch.answers, "emergency", i, 0.0) >= EMERGENCY:
            haste = LEARNT
        row = batch.matrix.indices[batch.matrix.indptr[i] : batch.matrix.indptr[i + 1]]
        unknown = not len(row) or int(row.min()) >= self.model.features.matter
        return Suggestion(
            board=post.board,
            thread=post.thread,
            at=now,
            model=self.model.version,
            is_request=request_p >= 0.5,
            request_p=request_p,
            kind=kind,
            kind_p=kind_p,
            category=category,
            categories=categories,
            units=units,
            urgency=haste.urgency,
            days=haste.days,
            contacts=contacts_in(batch.texts[i]) if len(batch.texts[i]) < LIMIT // 3 else contacts(post.text),
            place=where.place,
            district=where.district,
            reasons=batch.reasons[i],
            needs_person=doubts(batch.texts[i], request_p, categories, units, where, haste, self.shown, unknown),
            co_units=self._co_units(batch, i, units[0].name if units else ""),
        )

    def _co_units(self, batch: _Batch, i: int, leading: str) -> tuple[Choice, ...]:
        """Where two or more offices are named, those that do not lead; in a county, the bureau it would be in town."""
        day = batch.posts[i].posted_at.astimezone(ZONE).date()
        named = self._duties.offices(batch.hits[i], day)
        others = [u for u in named if u != leading] if len(named) > 1 else []
        if leading in self.reference.unit and self.reference.unit[leading].sort == "county":
            likeliest = [label for label, p in batch.units.best(i, 4) if p > 0 and label != leading]
            others += [u for u in likeliest[:1] if u not in others]
        p, at = batch.units.p[i], batch.units.index
        return tuple(Choice(u, float(p[at[u]]) if u in at else 0.0) for u in others[:CO_UNITS])

    def _reasons(self, matrix: Any, categories: Sequence[str]) -> list[tuple[Reason, ...]]:
        """Of each row the words that spoke for its category: TF-IDF times weight, as a share of all that spoke for it."""
        if "category" not in self.model.heads:
            return [()] * len(categories)
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        words = np.flatnonzero(matrix.indices < len(self.model.features.vocabulary))
        rows, columns = rows[words], matrix.indices[words]
        place = np.array([self.model.place("category", c) for c in categories])
        spoke = np.maximum(matrix.data[words] * self.model.weights[columns, place[rows]], 0)
        total = np.bincount(rows, spoke, minlength=len(categories))
        share = spoke / np.maximum(total, 1e-12)[rows]
        told = np.flatnonzero(self._shown[columns] & (share > SLIGHT))
        told = told[np.lexsort((-share[told], rows[told]))]
        bounds = np.searchsorted(rows[told], np.arange(len(categories) + 1)).tolist()
        names, shares = columns[told].tolist(), share[told].tolist()
        vocabulary = self.model.features.vocabulary
        return [
            tuple(Reason(vocabulary[names[n]], round(shares[n], 3)) for n in range(a, min(b, a + WORDS)))
            for a, b in pairwise(bounds)
        ]


def _choices(answer: Answer, i: int) -> tuple[Choice, ...]:
    return tuple(Choice(name, p) for name, p in answer.best(i))


def likely(answers: Mapping[str, Answer]) -> list[dict[str, float]]:
    """For each row slug -> probability of the categories worth asking a unit about, of both levels."""
    both = [answers[q].above(LIKELY) for q in ("category", "detail") if q in answers]
    return [{slug: p for found in row for slug, p in found} for row in zip(*both, strict=True)]


def _category(answers: Mapping[str, Answer], i: int, first: str) -> str:
    """The second level where it is sure and within the first choice, else the first."""
    if "detail" in answers:
        [(label, p)] = answers["detail"].best(i, 1)
        if p >= SURE and first_level(label) == first:
            return label
    return first


def _kind(answers: Mapping[str, Answer], i: int) -> tuple[Kind, float]:
    """求助 with probability 0 where nobody was taught kinds."""
    for label, p in answers["kind"].best(i, 1) if "kind" in answers else []:
        return Kind(label), p
    return Kind.HELP, 0.0


def _yes(answers: Mapping[str, Answer], question: str, i: int, untaught: float) -> float:
    """The probability of "yes"; ``untaught`` where nobody was taught."""
    return dict(answers[question].best(i, 2))["yes"] if question in answers else untaught


def _perhaps(answers: Mapping[str, Answer]) -> list[list[str]]:
    """Categories and kinds that a post may be about: not to be taken for, but to be urgent for."""
    both = [answers[q].above(PERHAPS) for q in ("detail", "kind") if q in answers]
    return [[label for found in row for label, _ in found] for row in zip(*both, strict=True)] if both else []
