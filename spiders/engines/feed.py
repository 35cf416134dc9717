"""RSS 0.9x to 2.0, RSS 1.0 and Atom: any board that offers a feed of its posts, whatever its software.

A section is the feed's address, relative to the board's or whole. What is known of it:
a feed shows posts and no replies, often only the beginning of a post, and only the latest ones. So a read of it is never
complete: it proves that a post exists and never that an answer does not; a ticket whose thread is known from a feed alone
becomes 无法核实 after due, never 逾期. There is no thread to ask for, and a feed on which every post is new after a walk
may have lost some between: that is a failure of the run. Posts without a date are skipped and counted.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from lxml import etree

from data.records import ListRow, Post
from data.reference import Board
from spiders.engines import signs
from spiders.pages import Ask, Context, FeedPage, Missing, Page, ThreadPage, decode, malformed, reading
from spiders.text import absolute, clean, line

name = "feed"
sorted_by: Literal["last_post", "created"] = "created"
reads_threads = False

MOST_ITEMS = 2_000
_BEFORE = r"(?:<!--[^<>]{0,400}-->|<\?[^<>]{0,200}\?>|<!DOCTYPE[^<>\[]{0,300}>|\s)*"  # no internal subset: no entities
_SIGNS = re.compile(r"\A" + _BEFORE + r"<(?:rss|feed|rdf:RDF)\b")
_END = re.compile(r"</(?:rss|feed|rdf:RDF)\s*>\s*\Z")
_DECLARATION = re.compile(r"\A\s*<\?xml[^<>]{0,200}\?>")
_ID = re.compile(r"(?:[?&](?:tid|id|thread|topic|t|p)=|(?<![a-z])(?:thread|tid|topic|read|t)[-/])(\d{1,12})(?!\d)")
_BODIES = ("encoded", "content", "description", "summary")  # the whole text before the short one


def recognise(text: str) -> bool:
    return _SIGNS.match(text) is not None


def list_ask(board: Board, section: str, page: int = 1) -> Ask:
    """A feed has one page."""
    return Ask(urljoin(board.url, section))


def thread_ask(board: Board, thread: str, page: int = 1) -> Ask:
    """There is no page of a thread to ask for; the board's own address stands in. ``reads_threads`` says so."""
    return Ask(board.url)


@reading
def read_thread(page: Page, board: Board) -> ThreadPage:
    """Never a thread: a feed holds no replies. Raises PageFailure."""
    signs.check_status(page)
    text = decode(page, board.encoding)
    if not recognise(text):
        signs.explain(page, text, name, "订阅源")
    malformed("订阅源里只有主帖，没有跟帖，不能当作一个帖子来读")


@reading
def read_list(page: Page, board: Board, section: str) -> FeedPage:
    """The items of a feed, with the posts in them."""
    signs.check_status(page)
    text = decode(page, board.encoding)
    if not recognise(text):
        signs.explain(page, text, name, "订阅源")
    if not _END.search(text[-400:]):
        malformed("订阅源没有结尾，可能没有传完；会再读一次")
    root = _tree(text)
    context = Context(board, page.received_at, page.url)
    posts: dict[str, Post] = {}
    missing: list[str] = []
    items = [node for node in root.iter() if _tag(node) in ("item", "entry")][:MOST_ITEMS]
    for item in items:
        try:
            post = _post(item, context, section)
            posts.setdefault(post.thread, post)
        except Missing as field:
            missing.append(str(field))
    if items and not posts:
        malformed(f"订阅源里的 {len(items)} 条都读不出（{'、'.join(sorted(set(missing)))}）；请打开订阅地址核对")
    rows = tuple(
        ListRow(p.thread, p.title, p.author, p.posted_at, p.posted_at, None, mark=_mark(p)) for p in posts.values()
    )
    return FeedPage(rows, None, tuple(missing), tuple(posts.values()))


def _tree(text: str) -> etree._Element:
    """Parsed with entities left alone: a feed may not name files or multiply itself. A broken one is read as far as it goes."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    body = _DECLARATION.sub("", text).strip().replace("\x00", "")
    try:
        root = etree.fromstring(body.encode("utf-8", "replace"), parser=parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        malformed("订阅源不是完整的 XML，可能没有传完；会再读一次", error)
    if root is None:
        malformed("订阅源不是完整的 XML，可能没有传完；会再读一次")
    return root


def _tag(node: etree._Element) -> str:
    """The name without its namespace; empty for comments and entities."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _post(item: etree._Element, context: Context, section: str) -> Post:
    fields: dict[str, etree._Element] = {}
    for child in item:
        fields.setdefault(_tag(child), child)
    link = _link(item, context.base)
    words = {tag: "".join(node.itertext()).strip() for tag, node in fields.items()}
    own = words.get("guid") or words.get("id") or link
    title = line(_plain(words.get("title", "")))
    if not own:
        raise Missing("tid")
    if not title:
        raise Missing("title")
    body = clean(next((words[tag] for tag in _BODIES if words.get(tag)), ""), link or context.base)
    return Post(
        board=context.board.slug,
        thread=_thread(link, own),
        section=section,
        url=link or context.base,
        title=title,
        author=_author(fields, words),
        posted_at=_time(words, context),
        body=body.text,
        images=body.images,
    )


def _plain(words: str) -> str:
    return clean(words, "").text if "<" in words or "&" in words else words


def _link(item: etree._Element, base: str) -> str:
    """RSS writes the address as text, Atom in ``href`` of the link that is not to something beside the post."""
    links = (n for n in item if _tag(n) == "link" and n.get("rel", "alternate") == "alternate")
    return next(filter(None, (absolute(n.get("href") or "".join(n.itertext()), base) for n in links)), "")


def _thread(link: str, own: str) -> str:
    """The site's own number where the address holds one, else a name made of what the feed says never changes."""
    found = _ID.search(link) or _ID.search(own)
    return found[1] if found else hashlib.sha256(own.encode()).hexdigest()[:16]


def _author(fields: dict[str, etree._Element], words: dict[str, str]) -> str | None:
    who = fields.get("author")
    named = next(("".join(n.itertext()) for n in who if _tag(n) == "name"), "") if who is not None else ""
    return line(named or words.get("creator", "") or words.get("author", "")) or None


def _time(words: dict[str, str], context: Context) -> datetime:
    """When the post was written: RFC 822, RFC 3339, or as Chinese forums write it. Raises Missing."""
    said = next(
        (words[tag] for tag in ("pubDate", "published", "issued", "date", "created", "updated") if words.get(tag)), ""
    )
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(said[:60])
            here = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(context.board.zone))
            return here.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return context.sure_time(said, "posted_at")


def _mark(post: Post) -> str:
    """Changes when the post is edited, so that its new words are kept."""
    return hashlib.sha256(f"{post.title}\n{post.body}".encode()).hexdigest()[:12]
