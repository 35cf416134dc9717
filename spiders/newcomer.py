"""Meets a board nobody has described yet: which software it runs, which sections it has, and five posts read of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from data.records import ListRow, Post
from data.reference import Board, Section
from spiders import engines
from spiders.asking import Unrecognised, Visitor
from spiders.engines import Engine
from spiders.pages import Ask, FeedPage, ListPage, Page, PageFailure, decode, document
from spiders.saved import clock
from spiders.text import absolute, line

__all__ = ["ChooseSections", "Meeting", "Unrecognised", "meet"]

SHOWN = 5
SLOW = 0.1  # hours a board's clock may be wrong, and still tell its zone
_SECTION = re.compile(r"(?:fid[=-]|forum-|/f)(\d{1,9})")
# Links to a section's list, and what makes such a link one to something else of the section.
_LINKS = {
    "discuz": re.compile(r"mod=forumdisplay&fid=(\d{1,9})|(?:^|/)forum-(\d{1,9})-\d+\.html"),
    "phpwind": re.compile(r"thread\.php\?fid[=-](\d{1,9})|thread-htm-fid-(\d{1,9})"),
    "phpwind9": re.compile(r"[?&]c=thread&fid=(\d{1,9})|(?:^|/)thread-(\d{1,9})(?:-\d+)?(?:\.html)?$"),
}
_ASIDE = re.compile(r"filter=|typeid=|type[=-]|search[=-]|orderby|digest|action|rss|page[=-]\d", re.IGNORECASE)
_FEED = '//link[@rel="alternate"][@type="application/rss+xml" or @type="application/atom+xml"]/@href'


class ChooseSections(Unrecognised):
    """The address shows several sections and none was chosen."""

    def __init__(self, offered: Sequence[Section]) -> None:
        super().__init__(f"这个网址有 {len(offered)} 个版块；请用 --section 版块号 选要读的（可写几次）")
        self.offered = tuple(offered)


@dataclass(frozen=True, slots=True)
class Meeting:
    """The entry for boards.toml, the sections its page lists, and what could be read of the first one chosen."""

    board: Board
    offered: tuple[Section, ...]
    posts: tuple[tuple[Post, int], ...]  # with the number of replies read
    failures: tuple[str, ...]


def meet(
    url: str,
    user_agent: str,
    slug: str = "",
    name: str = "",
    chosen: Sequence[str] = (),
    engine: str = "",
    pause: float = 1.0,
) -> Meeting:
    """The entry for the board at ``url``: its front page, a section's list or a feed. ``engine`` for one that cannot be told.

    Raises ChooseSections when there are several and none is chosen, Unrecognised, UnknownEngine, and PageFailure when
    the section's list cannot be read.
    """
    visitor = Visitor(user_agent, pause)
    page = visitor.ask(Ask(url))
    text = decode(page)
    software = engine or engines.identify(text)
    if software is None and (feed := _feed(text, page.url)):
        page = visitor.ask(Ask(feed))
        text, software = decode(page), "feed"
    if software is None:
        raise Unrecognised(
            f"认不出 {url} 用的论坛软件（认得 {'、'.join(engines.ENGINES)}），也没有订阅源；请给出论坛首页或版块列表页的地址"
        )
    engines.get(software)
    offered, here = _offered(text, software, page.url)
    sections = _choose(chosen, offered, here)
    board = _entry(page.url, software, sections, slug, name or _title(text))
    board = board.model_copy(update={"zone": _zone(text, page.received_at) or board.zone})
    found = _list(visitor, board, sections[0].id)
    return _read(visitor, board, offered, found)


def _offered(text: str, software: str, url: str) -> tuple[tuple[Section, ...], Section | None]:
    """The sections the page links to, and the one it shows itself."""
    if software == "feed":
        own = Section(
            id=urlsplit(url)._replace(scheme="", netloc="").geturl().lstrip("/"), name=_title(text) or "订阅源"
        )
        return (own,), own
    names: dict[str, str] = {}
    pattern = _LINKS.get(software)
    for link in document(text).xpath("//a[@href]") if pattern and text.lstrip().startswith("<") else ():
        href = link.attrib["href"]
        found = pattern.search(href) if pattern and not _ASIDE.search(href) else None
        if found:
            number = next(group for group in found.groups() if group)
            names[number] = names.get(number) or line(link.xpath("string()").get(""))[:40]
    offered = tuple(Section(id=number, name=words or f"版块 {number}") for number, words in names.items())
    shown = _SECTION.search(urlsplit(url).query) or _SECTION.search(urlsplit(url).path)
    here = Section(id=shown[1], name=_title(text) or f"版块 {shown[1]}") if shown else None
    return offered, here


def _choose(chosen: Sequence[str], offered: tuple[Section, ...], here: Section | None) -> tuple[Section, ...]:
    named = {s.id: s for s in (*offered, *([here] if here else []))}
    if chosen:
        return tuple(named.get(number, Section(id=number, name=f"版块 {number}")) for number in dict.fromkeys(chosen))
    if here is not None:
        return (here,)
    if not offered:
        raise Unrecognised("这一页上没有版块的链接；请给出一个版块列表页的地址，或用 --section 写明版块号")
    if len(offered) > 1:
        raise ChooseSections(offered)
    return offered


def _entry(url: str, software: str, sections: tuple[Section, ...], slug: str, name: str) -> Board:
    parts = urlsplit(url)
    home = urljoin(url, "/") if software in ("feed", "people", "dahe") else urljoin(url, "./")
    return Board(
        slug=slug or re.sub(r"[^a-z0-9]+", "-", (parts.hostname or "board").lower()).strip("-"),
        name=name or parts.hostname or url,
        engine=software,
        url=home,
        sections=sections,
        rewritten="forum-" in parts.path or "-htm-" in parts.path,
    )


def _zone(text: str, now: datetime) -> str:
    """The zone the board's own clock runs in, by what the foot of its page shows; empty where it does not say."""
    shown = clock(text, UTC, now)
    hours = (shown - now).total_seconds() / 3600 if shown else 8
    whole = round(hours)
    if whole == 8 or abs(hours - whole) > SLOW or not -12 <= whole <= 14:
        return ""
    return f"Etc/GMT{-whole:+d}"  # the signs of these names are the other way round


def _list(visitor: Visitor, board: Board, section: str) -> ListPage:
    """The section's list as a crawl would ask for it."""
    engine = engines.get(board.engine)
    return engine.read_list(visitor.ask(engine.list_ask(board, section)), board, section)


def _read(visitor: Visitor, board: Board, offered: tuple[Section, ...], found: ListPage) -> Meeting:
    """Up to five posts, as a crawl would read them. Raises Unrecognised when there are some and none can be read."""
    if isinstance(found, FeedPage):
        return Meeting(board, offered, tuple((post, 0) for post in found.posts[:SHOWN]), ())
    engine, posts, failures = engines.get(board.engine), [], []
    for row in sorted(found.rows, key=lambda r: r.sticky)[:SHOWN]:
        try:
            posts.append(_post(visitor, engine, board, row))
        except (PageFailure, Unrecognised) as failure:
            failures.append(f"{row.thread}：{failure}")
    if found.rows and not posts:
        raise Unrecognised(f"列表读得到，帖子一个也读不了：{failures[0]}")
    return Meeting(board, offered, tuple(posts), tuple(failures))


def _post(visitor: Visitor, engine: Engine, board: Board, row: ListRow) -> tuple[Post, int]:
    page: Page = visitor.ask(engine.thread_ask(board, row.thread))
    thread = engine.read_thread(page, board)
    if thread.post is None:
        raise Unrecognised("读不到主题帖")
    return thread.post, len(thread.replies)


def _feed(text: str, url: str) -> str:
    """The address of the feed a page offers, on its own host."""
    links = document(text).xpath(_FEED).getall() if text.lstrip().startswith("<") else []
    found = (absolute(link, url) for link in links)
    return next((link for link in found if urlsplit(link).hostname == urlsplit(url).hostname), "")


def _title(text: str) -> str:
    title = document(text).xpath("string(//title)").get("") if text.lstrip().startswith("<") else ""
    return line(re.split(r"\s*[-_|–]\s*", title.strip())[0])[:40]
