"""Discuz! X1.5 to X3.5, UTF-8 or GBK, plain or rewritten URLs.

Checked on pages of X3.5 and X3.4 (GBK); X1.5 and X2 by their templates. What is known of it:
a page number past the end answers with the last page (threads) or the first (lists); a missing thread is 404, but login,
permission and bad sections are 200 with ``#messagetext``; recent times are words with the exact time in ``@title``,
which on lists is a day only for the post; blocked posts have ``div.locked`` and no body cell; a moved thread leaves a
row whose link names another id; a first post can be split into parts (``[page]``), of which only one is shown; comments
(点评) hang under a post, to the minute and without an id.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Literal
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector, SelectorList

from data.records import ListRow, Post, Reply, ThreadState
from data.reference import Board
from spiders.engines import signs
from spiders.floors import counted, opening
from spiders.pages import (
    Ask,
    Context,
    ListPage,
    Missing,
    Page,
    ThreadPage,
    base_of,
    by_id,
    decode,
    document,
    first_below,
    has_class,
    last_match,
    malformed,
    named,
    number,
    reading,
    text_of,
)
from spiders.text import Body, clean, line, month_first

name = "discuz"
sorted_by: Literal["last_post", "created"] = "last_post"

_SIGNS = re.compile(
    r"<meta name=\"generator\" content=\"Discuz!|Powered by Discuz!\s*</title>|<td class=\"t_f\" id=\"postmessage_\d"
    r"|<tbody id=\"(?:normal|stick)thread_\d|<a href=\"https?://www\.discuz\.net\"[^>]*>Discuz!",
    re.IGNORECASE,
)
_TID = re.compile(r"(?:[?&]p?tid=|thread-)(\d{1,12})")
_FID = re.compile(r"(?:[?&]fid=|forum-)(\d{1,12})")
_PAGE = re.compile(r"[?&]page=(\d{1,6})|(?:thread|forum)-\d+-(\d{1,6})")
_ALL_PARTS = "cp=all"  # of a first post its author split with [page]; what is asked for without it shows one part
_POST = re.compile(r"post_[0-9]")
_STARTS = re.compile(r"<div id=\"post_[0-9]+\"")
_FLOORS = {"楼主": 1, "沙发": 2, "板凳": 3, "地板": 4, "樓主": 1, "沙發": 2}
_EDIT_TIME = re.compile(r"[于於]\s*(\d[-/.\d]{5,9}\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s[AP]M)?)\s*[编編][辑輯]")
_NOTICE = re.compile(r"\s*\[ 本帖最[后後]由 [^\[\]\n]{1,80} \]")  # where UBB is off, before the words


def recognise(text: str) -> bool:
    return _SIGNS.search(text) is not None


def list_ask(board: Board, section: str, page: int = 1) -> Ask:
    """By last post and as text: ``forum-2-1.html`` has the section's own order, and a section of pictures no times."""
    query = f"mod=forumdisplay&fid={section}&filter=lastpost&orderby=lastpost&forumdefstyle=yes"
    return Ask(f"{board.url}forum.php?{query}" + (f"&page={page}" if page > 1 else ""))


def thread_ask(board: Board, thread: str, page: int = 1) -> Ask:
    if board.rewritten:
        return Ask(f"{board.url}thread-{thread}-{page}-1.html")
    return Ask(f"{board.url}forum.php?mod=viewthread&tid={thread}" + (f"&page={page}" if page > 1 else ""))


@reading
def read_list(page: Page, board: Board, section: str) -> ListPage:
    """Rows of a ``forumdisplay`` page; an empty section is empty only if the page says so."""
    text, root = _open(page, board)
    context = _context(page, board, text, root)
    rows: list[ListRow] = []
    missing: list[str] = []
    for body in root.xpath('//tbody[starts-with(@id, "normalthread_") or starts-with(@id, "stickthread_")]'):
        try:
            rows.append(_row(body, context))
        except Missing as field:
            missing.append(str(field))
    if not rows and (wall := root.xpath('//form[contains(@action, "action=pwverify")]/ancestor::div[.//h3][1]//h3')):
        signs.refuse(line(wall.xpath("string()").get("")), page.status)
    if not rows and (missing or not re.search("尚[无無]主[题題]", text)):
        signs.explain(page, text, name, "主题列表")
    shown, _, more = _pager(root, page.url)
    return ListPage(tuple(rows), list_ask(board, section, shown + 1) if more else None, tuple(missing))


def _row(body: Selector, context: Context) -> ListRow:
    kind, _, thread = body.attrib["id"].partition("_")
    link = body.xpath(f".//a[{has_class('xst')}]")
    title = line(link.xpath("string()").get(""))
    by = body.xpath('.//td[@class="by"]')
    if not thread.isdecimal() or not title:
        raise Missing("title")
    if len(by) < 2:
        raise Missing("last_post_at")
    target = _TID.search(link.attrib.get("href", ""))
    closed = body.xpath(
        './/td[@class="icn"]//@title[contains(., "关闭") or contains(., "關閉")] | .//th[@class="lock"]'
    )
    moved = target is not None and target[1] != thread
    return ListRow(
        thread=thread,
        title=title,
        author=by[0].xpath("string(.//cite//a)").get("").strip() or None,
        posted_at=context.time(_stamp(by[0].xpath(".//em"))),
        last_post_at=context.sure_time(_stamp(by[1].xpath(".//em")), "last_post_at"),
        replies=number(body.xpath('string(.//td[@class="num"]/a)').get("")),
        sticky=kind == "stickthread",
        state=ThreadState.MOVED if moved else ThreadState.CLOSED if closed else ThreadState.OPEN,
    )


@reading
def read_thread(page: Page, board: Board) -> ThreadPage:
    """Posts of a ``viewthread`` page; the first post of page 1 is the citizen's."""
    text, root = _open(page, board)
    nodes, swallowed = _nodes(root, text)
    if not nodes:
        signs.explain(page, text, name, "帖子")
    signs.whole(text)
    thread, title = _thread(root, text, page.url), line(root.xpath('string(id("thread_subject"))').get(""))
    if not thread or not title:
        malformed("读不到帖子的编号或标题；可能换了模板，请打开这一页核对")
    context = replace(_context(page, board, text, root), thread=thread)
    shown, pages, more = _pager(root, page.url)
    section = last_match(_FID, root.xpath('id("pt")//a/@href').getall())
    lock = root.xpath('id("thread_subject")/ancestor::*[self::td or self::div][1]//*[@title="关闭" or @title="關閉"]')
    state = ThreadState.CLOSED if lock else ThreadState.OPEN
    replies: list[Reply] = []
    missing = ["replies"] if swallowed else []
    post: Post | None = None
    numbered = 'id="postnum' in text  # not where the board takes the reader for a robot
    # A view of one author's posts: its first need not be the first. What a robot is shown has these words everywhere.
    one_author = numbered and nodes[0].xpath('.//a[.="显示全部楼层" or .="顯示全部樓層"]')
    if shown == 1 and not one_author:
        post = _post(nodes[0], context, title, section, state)
        replies.extend(_comments(nodes.pop(0), context, missing))
    for node in nodes:
        try:
            replies.append(_reply(node, context))
        except Missing as field:
            missing.append(str(field))
        replies.extend(_comments(node, context, missing))
    following = thread_ask(board, thread, shown + 1) if more else None
    in_parts = ("threadpage" in text or "threadindex" in text) and root.xpath('id("threadpage") | id("threadindex")')
    if shown == 1 and _ALL_PARTS not in page.url and in_parts:
        following = Ask(f"{board.url}forum.php?mod=viewthread&tid={thread}&{_ALL_PARTS}")
    floors = counted(replies, first=1) if numbered else tuple(replies)
    return ThreadPage(thread, title, section, state, post, floors, shown, pages, following, tuple(missing))


def _context(page: Page, board: Board, text: str, root: Selector) -> Context:
    zone = ZoneInfo(board.zone)
    return Context(
        board, page.received_at, base_of(root, page.url), month_first=month_first(text, zone, page.received_at)
    )


def _nodes(root: Selector, text: str) -> tuple[list[Selector], bool]:
    """The posts, each a child of the list, and whether an author's own markup swallowed some that the text has.

    They are looked for everywhere (but in bodies) where the text may have more than those.
    """
    listed = [p for p in root.xpath('id("postlist")/div[starts-with(@id, "post_")]') if _pid(p)]
    if listed and len(listed) == len(_POST.findall(text)):
        return listed, False
    there = [p for p in root.xpath('//div[starts-with(@id, "post_")]') if _pid(p)]
    posts = [p for p in there if not p.xpath('ancestor::td[@class="t_f"]')]
    return posts, len(there) < len(_STARTS.findall(text))


def _open(page: Page, board: Board) -> tuple[str, Selector]:
    """The page as text and tree, after everything that makes it another page than the one asked for."""
    signs.check_status(page)
    text = decode(page, board.encoding)
    root = document(text)
    message = "messagetext" in text and root.xpath('id("messagetext")[not(id("postlist") or id("threadlist"))]')
    if message:
        signs.refuse(line(message.xpath("string(.//p[1])").get("") or message.xpath("string()").get("")), page.status)
    return text, root


def _post(node: Selector, context: Context, title: str, section: str | None, state: ThreadState) -> Post:
    try:
        first, words = _floor_of(node, context)
    except Missing as field:
        malformed(f"读不到首帖的{named(field)}；可能换了模板，请打开这一页核对", field)
    pictures = node.xpath(f".//div[{has_class('pattl')}]").getall()
    beside = clean("".join(pictures), context.base) if pictures else Body("")
    url = thread_ask(context.board, context.thread).url
    return opening(context, url, title, section, state, first, (words, beside))


def _reply(node: Selector, context: Context) -> Reply:
    return _floor_of(node, context)[0]


def _floor_of(node: Selector, context: Context) -> tuple[Reply, Body]:
    """One post of the thread, with all of its body. A blocked one has no body cell, only the board's notice: its body is empty."""
    pid = _pid(node)
    posted_at = context.sure_time(_stamp(by_id(node, f"authorposton{pid}")), "posted_at")
    author = _author(node)
    cell = by_id(node, f"postmessage_{pid}")
    if not cell and not node.xpath('.//div[@class="locked"]'):
        raise Missing("body")
    fragment = cell.get("")
    words = clean(fragment, context.base)
    edited = _EDIT_TIME.search(_notice(cell, fragment))
    reply = Reply(
        board=context.board.slug,
        thread=context.thread,
        id=pid,
        floor=_floor(node, pid),
        author=author,
        posted_at=posted_at,
        body=words.text,
        edited_at=context.time(edited[1]) if edited else None,
    )
    return reply, words


def _notice(cell: SelectorList[Selector], fragment: str) -> str:
    """The software's words on when it was last edited."""
    if "pstatus" in fragment:
        return " ".join(cell.xpath('.//i[@class="pstatus"]//text()').getall())
    plain = _NOTICE.match(_text(cell)) if "]" in fragment else None
    return plain[0] if plain else ""


def _pid(node: Selector) -> str:
    found = node.attrib["id"].removeprefix("post_")
    return found if found.isdecimal() and found.isascii() else ""


def _stamp(node: SelectorList[Selector]) -> str:
    """The exact time in ``@title`` where the text is 昨天 or 3 分钟前, else the text."""
    exact = (span.get("title") for one in node[:1] for span in one.root.iter("span"))
    return next(filter(None, exact), None) or _text(node)


def _text(node: SelectorList[Selector]) -> str:
    return text_of(node[0].root if node else None)


def _author(node: Selector) -> str | None:
    """The name as the board writes it, beside the post or above it; None for 匿名 and 游客, whatever the board calls them."""
    outer = first_below(node.root, "td", "pls", "plc")  # whichever comes first is the post's own, not one in its words
    left = outer if outer is not None and "pls" in outer.get("class", "").split() else None
    if name := text_of(first_below(first_below(left, "div", "authi"), "a", "xw1")).strip():
        return name
    head = first_below(first_below(node.root, "td", "plc"), "div", "authi")
    links = () if head is None else head.iter("a")
    if name := next((n for n in (text_of(a).strip() for a in links if "xi2" in a.get("class", "").split()) if n), ""):
        return name
    bare = first_below(left, "div", "pi")
    if bare is None:
        if not _before_the_time(head):
            raise Missing("author")
        return None
    if not text_of(bare).strip():
        raise Missing("author")
    own = " ".join(map(str, bare.xpath("./text()"))).strip()
    return (
        own or None if bare.find("em") is not None else None
    )  # a deleted member keeps a name, with a word on it behind


def _before_the_time(head: etree._Element | None) -> str:
    """The words right before the time: 匿名, and nothing where a name should stand and the board shows none."""
    stamp = next(
        (em for em in (() if head is None else head.iter("em")) if em.get("id", "").startswith("author")), None
    )
    if stamp is None:
        return ""
    before = stamp.getprevious()
    words = head.text if before is None and head is not None else before.tail if before is not None else ""
    return (words or "").strip()


def _floor(node: Selector, pid: str) -> int | None:
    words = line(_text(by_id(node, f"postnum{pid}")))
    digits = re.search(r"\d{1,9}", words)
    return int(digits[0]) if digits else _FLOORS.get(words.rstrip("# "))


def _comments(node: Selector, context: Context, missing: list[str]) -> Iterator[Reply]:
    """点评 under one post. They have no id of their own, so one is made of what does not change: whose, when, what."""
    pid = _pid(node)
    seen: Counter[str] = Counter()
    place = by_id(node, f"comment_{pid}")
    if not place or not len(place[0].root):
        return
    for comment in place.xpath(f'.//div[{has_class("pstl")}][.//div[@class="psti"]]'):
        inner = comment.xpath('.//div[@class="psti"]')
        posted_at = context.time(_stamp(inner.xpath('./span[@class="xg1"]')))
        if posted_at is None:
            missing.append("posted_at")
            continue
        author = comment.xpath(f"string((.//a[{has_class('xw1')}])[1])").get("").strip() or None
        words = inner.xpath('./node()[not(self::span[@class="xg1"] or self::a[contains(@class, "xi2")])]')
        body = clean("".join(_markup(word) for word in words), context.base).text
        made = hashlib.sha256(f"{author}|{posted_at.isoformat()}|{body}".encode()).hexdigest()[:12]
        seen[made] += 1
        own = f"c{pid}-{made}" + (f"-{seen[made]}" if seen[made] > 1 else "")  # said twice in one minute
        yield Reply(context.board.slug, context.thread, own, None, author, posted_at, body, to=pid)
    if place.xpath('.//a[contains(@onclick, "commentmore")]'):
        missing.append("comments")  # the page shows the latest few, and the rest to scripts only


def _markup(word: Selector) -> str:
    """A child as HTML: a text of ``<b>`` stays a text."""
    return word.get() if isinstance(word.root, etree._Element) else html.escape(word.get(), quote=False)


_OWN = (  # a word without which it need not be looked for, and where it stands
    ("canonical", '/html/head/link[@rel="canonical"]/@href'),
    ("thread_subject", 'id("thread_subject")/@href'),
    ("copyThreadUrl", '//a[contains(@onclick, "copyThreadUrl")]/@href'),
    ("postnum", '//a[starts-with(@id, "postnum")]/@href'),
)


def _thread(root: Selector, text: str, url: str) -> str:
    """The id the page itself gives; one thread has many URLs, and a moved one answers under another's."""
    links = (link for word, path in _OWN if word in text for link in root.xpath(path).getall())
    return next((m[1] for m in map(_TID.search, chain(links, (url,))) if m), "")


def _pager(root: Selector, url: str) -> tuple[int, int, bool]:
    """Page shown, number of pages, and whether another follows; asked past the end, none does."""
    within = 'id("pgt")' if root.xpath('id("pgt")//div[@class="pg"]') else ""
    bar = root.xpath(f'({within}//div[@class="pg"][not(ancestor::*[starts-with(@id, "comment_")])])[1]')
    shown = number(bar.xpath("string(./strong)").get("")) or 1
    digits = re.findall(r"\d{1,6}", " ".join(bar.xpath("./a/text() | ./label/span/text()").getall()))
    asked = _PAGE.search(url)
    past = asked is not None and int(asked[1] or asked[2]) > shown
    return shown, max([shown, *map(int, digits)]), bool(bar.xpath('./a[@class="nxt"]')) and not past
