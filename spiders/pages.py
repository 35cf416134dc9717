"""What an engine is given and what it gives back: a page as received, what to ask for next, and why a page failed."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn, ParamSpec, TypeVar
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector, SelectorList

from data.problem import Problem
from data.records import ListRow, Post, ReadOutcome, Reply, ThreadState
from data.reference import Board
from spiders.text import parse_time

_BY_ID = etree.XPath("id($name)")
MAX_BYTES = 8 * 1024 * 1024  # the largest real page seen is 130 KB


@dataclass(frozen=True, slots=True)
class Page:
    """An answer exactly as it came over the wire."""

    url: str
    status: int
    headers: Mapping[str, str]  # keys in lower case
    body: bytes
    received_at: datetime  # aware, UTC


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to make of a board."""

    url: str
    method: str = "GET"
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JsonAsk(Ask):
    """One request whose body is JSON."""

    json: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a section's list, in the board's order."""

    rows: tuple[ListRow, ...]
    next: Ask | None
    missing: tuple[str, ...] = ()  # fields that could not be read, one name a row that was skipped


@dataclass(frozen=True, slots=True)
class FeedPage(ListPage):
    """A list that holds the posts themselves, and no replies: there is nothing more to ask for."""

    posts: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """One page of a thread; the citizen's post stands on the first page only."""

    thread: str
    title: str
    section: str | None
    state: ThreadState
    post: Post | None
    replies: tuple[Reply, ...]
    page: int
    pages: int | None
    next: Ask | None
    missing: tuple[str, ...] = ()  # fields that could not be read, one name a reply that was skipped


class PageFailure(Problem):
    """A page that cannot be used; the text says in Chinese what was found and what to do about it."""

    def __init__(self, outcome: ReadOutcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome


class Missing(Exception):
    """A field of one post or row that the page does not say; the record is skipped and the name counted."""


FIELDS: Mapping[str, str] = {
    "tid": "编号",
    "title": "标题",
    "author": "作者",
    "posted_at": "发表时间",
    "last_post_at": "最后发表时间",
    "body": "正文",
    "comments": "更多点评",
    "replies": "跟帖",
}


def named(field: Missing | str) -> str:
    """A field's name as staff say it."""
    return FIELDS.get(str(field), str(field))


P = ParamSpec("P")
T = TypeVar("T")


def reading(read: Callable[P, T]) -> Callable[P, T]:
    """A page nobody foresaw fails as MALFORMED and marks its own board; it does not stop the others."""

    @functools.wraps(read)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except PageFailure:
            raise
        except Exception as error:  # noqa: BLE001  (the boundary to hostile input)
            malformed(f"读页时遇到没有料到的内容（{type(error).__name__}），请把这一页存下来交给维护人员", error)

    return guarded


def malformed(sentence: str, cause: Exception | None = None) -> NoReturn:
    raise PageFailure(ReadOutcome.MALFORMED, sentence) from cause


# Labels a Chinese board may state. GBK and GB2312 are read as GB18030, which holds both: pages say gb2312 and use more.
ENCODINGS: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)


def decode(page: Page, encoding: str = "") -> str:
    """The page as text: by the entry's encoding, else the header's, else the page's own meta, else UTF-8, then GB18030.

    A stated encoding may fail on at most one character and one in a thousand more: old forums cut titles in the
    middle of one. An encoding found by trying must fit exactly. Raises PageFailure UNDECODABLE (and TOO_LARGE).
    """
    if len(page.body) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise PageFailure(
            ReadOutcome.TOO_LARGE, f"页面有 {len(page.body)} 字节，超过 {limit} MB 的上限，没有读；请打开看看"
        )
    if encoding and encoding.lower() not in ENCODINGS:
        known = "、".join(("utf-8", "gb18030", "big5"))
        raise PageFailure(ReadOutcome.UNDECODABLE, f"boards.toml 里的 encoding 不认识，请改为 {known} 之一或留空")
    stated = [encoding] if encoding else [page.headers.get("content-type", ""), page.body[:2048].decode("latin-1")]
    for label in _known(stated, plain=bool(encoding)):
        text = _decoded(page.body, label)
        if text is not None:
            return text
    for label in () if encoding else ("utf-8", "gb18030"):
        try:
            return page.body.decode(label).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    said = f"boards.toml 写的 {encoding}" if encoding else "页面所说的编码、UTF-8 和 GB18030"
    raise PageFailure(ReadOutcome.UNDECODABLE, f"按{said}都解不开这一页；请核对 boards.toml 的 encoding")


def _known(stated: list[str], *, plain: bool) -> list[str]:
    """Codecs named by the entry, or by ``charset=`` in the header and the head of the page; others count as unsaid."""
    labels = stated if plain else [m[1] for m in map(_CHARSET.search, stated) if m]
    return [ENCODINGS[name.lower()] for name in labels if name.lower() in ENCODINGS]


def _decoded(body: bytes, label: str) -> str | None:
    try:
        return body.decode(label).removeprefix("\ufeff")
    except UnicodeDecodeError:
        text = body.decode(label, errors="replace")
    bad = text.count("\ufffd") - body.count("\ufffd".encode(label)) if label != "big5hkscs" else text.count("\ufffd")
    return text if bad <= 1 + len(text) // 1000 else None


@dataclass(frozen=True, slots=True)
class Context:
    """What every field of one page is read with."""

    board: Board
    now: datetime  # when the page was received
    base: str  # what its links are relative to
    thread: str = ""
    month_first: bool = False  # where it writes the year last

    def time(self, words: str | None) -> datetime | None:
        """A time as this board writes it, or None when it cannot be read."""
        try:
            return parse_time(words or "", ZoneInfo(self.board.zone), self.now, month_first=self.month_first)
        except ValueError:
            return None

    def sure_time(self, words: str | None, field: str) -> datetime:
        """The same, where a record without it is worthless. Raises Missing."""
        found = self.time(words)
        if found is None:
            raise Missing(field)
        return found


def document(text: str) -> Selector:
    """A whole page parsed by lxml. Raises PageFailure when the parser gave up on the way.

    It does so, without a word, at 2,048 nested tags: whatever follows, an official answer too, would be missing.
    """
    parser = etree.HTMLParser(recover=True, encoding="utf8", huge_tree=True)
    root = etree.fromstring(text.strip().replace("\x00", "").encode() or b"<html/>", parser=parser)
    if len(parser.error_log.filter_from_fatals()):
        malformed("页面里的标签套得太深，后面的内容读不出来；可能有人有意为之，请打开这一页看看")
    return Selector(root=etree.fromstring(b"<html/>", parser=parser) if root is None else root, type="html")


def base_of(root: Selector, url: str) -> str:
    """What the page's relative links are relative to: its ``<base>``, else its own address."""
    try:
        return urljoin(url, root.xpath("string(/html/head/base/@href)").get("").strip())
    except ValueError:
        return url


def has_class(name: str) -> str:
    """XPath condition: one of the words of ``@class`` is ``name``. The quick look comes first: most elements fail it."""
    return f'(contains(@class, "{name}") and contains(concat(" ", normalize-space(@class), " "), " {name} "))'


def by_id(node: Selector, name: str) -> SelectorList[Selector]:
    """The element with this id inside ``node``: libxml2 finds an id at once, but one forged in another's body as well."""
    found = _BY_ID(node.root, name=name)
    if not isinstance(found, list) or not found:
        return SelectorList()
    if node.root not in found[0].iterancestors():
        return node.xpath("(.//*[@id=$name])[1]", name=name)
    return SelectorList([Selector(root=found[0], type="html")])


def first_below(node: etree._Element | None, tag: str, *names: str) -> etree._Element | None:
    """The first ``tag`` below ``node`` with one of these classes; walked, since XPath would look through all of them."""
    below = () if node is None else node.iterdescendants(tag)
    return next((one for one in below if not set(names).isdisjoint(one.get("class", "").split())), None)


def text_of(node: etree._Element | None) -> str:
    """All text below ``node``."""
    return "" if node is None else "".join(node.itertext())


def number(text: str) -> int | None:
    """A count as a page writes it; None for ``-`` and anything else."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 10 else None


def last_match(pattern: re.Pattern[str], links: list[str]) -> str | None:
    """The first group of the last link that fits: in a breadcrumb, the innermost section."""
    found = [m[1] for m in map(pattern.search, links) if m]
    return found[-1] if found else None
