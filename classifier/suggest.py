"""Post to Suggestion: everything the classifier knows, put together for a whole batch at once, with reasons and with doubts."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from classifier.answers import Answer, ask
from classifier.contacts import SIGN, SIGNS, contacts, contacts_in
from classifier.doubts import doubts
from classifier.duties import TITLE, Duties
from classifier.features import prepared
from classifier.finder import Finder, Found
from classifier.kinds import HALF, Cues
from classifier.model import Model
from classifier.names import shown
from classifier.places import Places, Where
from classifier.samples import first_level
from classifier.tokens import LIMIT
from classifier.units import Units
from classifier.urgency import Haste, Rules, Spoken
from data.records import Choice, Contact, Kind, Post, Reason, Suggestion, Urgency
from data.reference import Reference

BATCH = 512
ZONE = ZoneInfo("Asia/Shanghai")
SURE = 0.4  # a second-level category is named when it has at least this probability
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
HEARD = {"kind": HALF, "request": 0}  # questions cues speak to, and the samples at which the model's power is a half
PERHAPS = 0.15  # a category or kind from this on makes its 即办 rules heard
EMERGENCY = 0.5  # probability from which an emergency that no rule has words for is shown as one
LEARNT = Haste(Urgency.EMERGENCY, 0, "按学过的紧急求助判断", "110")


@dataclass(frozen=True)
class _Batch:
    """What is known of some posts before it is told one by one."""

    posts: Sequence[Post]
    texts: Sequence[str]
    answers: Mapping[str, Answer]
    where: Sequence[Where]
    days: Sequence[date]  # since which the units are what they are on the post's
    units: Answer
    offices: Mapping[int, Sequence[int]]  # numbers of the units whose offices are named
    spoken: Sequence[Sequence[Spoken]]
    contacts: Sequence[tuple[Contact, ...]]
    reasons: Sequence[tuple[Reason, ...]]
    unknown: Sequence[bool]  # no word nor n-gram was ever learnt
    perhaps: Sequence[Sequence[str]]  # categories and kinds a post may be about
    request: Sequence[float]
    emergency: Sequence[float]


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
        self._signs = Finder(SIGNS)
        tables = (self._places, self._rules, self._cues, self._duties, self._signs)
        self._finder = Finder(chain.from_iterable(table.words for table in tables))
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

    def _batch(self, posts: Sequence[Post], now: datetime) -> list[Suggestion]:
        with _paused():
            batch = self._read(posts)
            return [self._tell(batch, i, now) for i in range(len(posts))]

    def _read(self, posts: Sequence[Post]) -> _Batch:
        texts, titles = prepared(p.text for p in posts), prepared(p.title for p in posts)
        found = self._finder.found(texts)
        tokens, columns = self.model.features.cut(texts)
        matrix = self.model.features.matrix(texts, columns)
        answers = ask(self.model, texts, matrix, self._beside)
        heard = self._cues.heard(titles, texts, found)
        for question, half in ((q, h) for q, h in HEARD.items() if q in answers):
            answers |= {question: self._cues.mixed(answers[question], heard, half)}
        where = self._places.find(texts, found, tokens)
        days = [self._duties.era(p.posted_at.astimezone(ZONE).date()) for p in posts]
        about = self._duties.likely(answers, len(texts))
        scores = self._duties.scores(found, about, where, [len(title) or TITLE for title in titles])
        units = self._units.mixed(scores, days, answers.get("unit"), self.model.handed)
        if "detail" in answers:
            answers |= {"detail": self._duties.vouched(answers["detail"], units)}
        return _Batch(
            posts,
            texts,
            answers,
            where,
            days,
            units,
            self._duties.offices(found),
            self._rules.spoken(texts, found),
            self._contacts(posts, texts, found),
            self._reasons(matrix, [best[0][0] for best in answers["category"].ranked]),
            self.model.features.unknown(matrix),
            _perhaps(answers),
            _yes(answers, "request", len(texts), 0.5),
            _yes(answers, "emergency", len(texts), 0.0),
        )

    def _tell(self, batch: _Batch, i: int, now: datetime) -> Suggestion:
        post, text, where = batch.posts[i], batch.texts[i], batch.where[i]
        categories = _choices(batch.answers["category"], i)
        units = tuple([c for c in _choices(batch.units, i) if c.p > 0])
        category = _category(batch.answers, i, categories[0].name)
        kind, kind_p = _kind(batch.answers, i)
        request_p = batch.request[i]
        haste = self._rules.haste(batch.spoken[i], category, kind, batch.perhaps[i])
        if haste.urgency is not Urgency.EMERGENCY and batch.emergency[i] >= EMERGENCY:
            haste = LEARNT
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
            contacts=batch.contacts[i],
            place=where.place,
            district=where.district,
            reasons=batch.reasons[i],
            needs_person=doubts(text, request_p, categories, units, where, haste, self.shown, batch.unknown[i]),
            co_units=self._co_units(batch, i, units[0].name if units else ""),
        )

    def _co_units(self, batch: _Batch, i: int, leading: str) -> tuple[Choice, ...]:
        """Where two or more offices are named, those that do not lead; in a county, the bureau it would be in town."""
        to = self._duties.current(batch.days[i])
        named = dict.fromkeys(self._duties.units[to[number]] for number in batch.offices.get(i, ()))
        others = [u for u in named if u != leading] if len(named) > 1 else []
        if leading in self.reference.unit and self.reference.unit[leading].sort == "county":
            likeliest = [label for label, p in batch.units.best(i, 4) if p > 0 and label != leading]
            others += [u for u in likeliest[:1] if u not in others]
        p, at = batch.units.p[i], batch.units.index
        return tuple([Choice(u, float(p[at[u]]) if u in at else 0.0) for u in others[:CO_UNITS]])

    def _contacts(self, posts: Sequence[Post], texts: Sequence[str], found: Found) -> list[tuple[Contact, ...]]:
        """What each post leaves to ring or write to; a text that was cut is read where it was not."""
        signed = set(self._signs.ours(found).row.tolist())
        return [
            contacts(post.text)
            if len(text) == LIMIT or len(post.body) > LIMIT
            else contacts_in(text)
            if i in signed or SIGN.search(text)
            else ()
            for i, (post, text) in enumerate(zip(posts, texts, strict=True))
        ]

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


def _category(answers: Mapping[str, Answer], i: int, first: str) -> str:
    """The likeliest second level within the first choice where it is sure enough, else the first."""
    if "detail" in answers:
        for label, p in answers["detail"].best(i):
            if p >= SURE and first_level(label) == first:
                return label
    return first


def _kind(answers: Mapping[str, Answer], i: int) -> tuple[Kind, float]:
    """求助 with probability 0 where nobody was taught kinds."""
    for label, p in answers["kind"].best(i, 1) if "kind" in answers else []:
        return Kind(label), p
    return Kind.HELP, 0.0


def _yes(answers: Mapping[str, Answer], question: str, rows: int, untaught: float) -> list[float]:
    """The probabilities of "yes"; ``untaught`` where nobody was taught."""
    if question not in answers:
        return [untaught] * rows
    found: list[float] = answers[question].p[:, answers[question].index["yes"]].tolist()
    return found


def _perhaps(answers: Mapping[str, Answer]) -> list[list[str]]:
    """Categories and kinds that a post may be about: not to be taken for, but to be urgent for."""
    both = [answers[q].above(PERHAPS) for q in ("detail", "kind") if q in answers]
    found = [[label for row in rows for label, _ in row] for rows in zip(*both, strict=True)]
    return found or [[] for _ in answers["category"].p]


@contextmanager
def _paused() -> Iterator[None]:
    """No garbage collection meanwhile: a batch makes thousands of records to be kept, which it would look through in vain."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
