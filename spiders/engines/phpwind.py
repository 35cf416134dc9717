"""phpwind 8.5 and 8.7 (GBK in practice); 9 is ``phpwind9``, whose pages are read here as well.

Checked on pages of 8.7 and 9.1; 8.5 by saved descriptions. What is known of it:
8.x names no charset in its headers; a page number past the end answers with the last page; every error is HTTP 200 with
the title 提示信息, its first reason the true one; 8.5 cuts list titles with " .." (the whole stands in ``@title``) and can
leave a row's author empty; anonymous authors link to ``uid=0``; blocked posts say so in the body; 沙发 is floor 1, 楼主 0;
floors close up over hidden posts, so a reply is known by its pid.
"""

from __future__ import annotations

import re
from typing import Literal

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
from spiders.text import Body, clean, line

name = "phpwind"
sorted_by: Literal["last_post", "created"] = "last_post"

says_closed = False  # the list does; the thread's own page only takes the answer box away, from those who had one

_SIGNS = re.compile(
    r"<meta name=\"generator\" content=\"phpwind|Powered by phpwind\s*</title>|<div class=\"read_t\" id=\"readfloor_"
    r"|<a [^<>]{0,300}name=\"readlink\"",
    re.IGNORECASE,
)
NINE = re.compile(r"id=\"J_posts_list\"|<div class=\"floor cc J_read_floor\"|>phpwind v9\.", re.IGNORECASE)
_TID = re.compile(r"read(?:-htm-tid-|\.php\?(?:[^\"#]*&)?tid[=-])(\d{1,12})")
_FID = re.compile(r"thread(?:-htm-fid-|\.php\?(?:[^\"#]*&)?fid[=-]|&fid=)(\d{1,12})")
_PAGE = re.compile(r"[&?-]page[-=](\d{1,6})")
_NONE = etree.Element("none")  # stands for a pager that is not there
_FLOORS = {"楼主": 0, "沙发": 1, "板凳": 2, "地板": 3}
_EDIT_TIME = re.compile(r"[在于]\s*(\d[-/.\d]{5,9}\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s[AP]M)?)\s*(?:重新)?编辑")
_BLOCKED = re.compile(
    r"^该(主题|帖子?|回复)已被管理员(屏蔽|删除)!?$|^用户被禁言,该(主题|帖子?)自动屏蔽[!！]$|^该帖(需要审核通过后才能显示|还未通过检查)$"
)
_SOLD = re.compile(r"^购买后，将显示帖子中所有出售内容。\n若发现会员采用欺骗的方法获取财富.{0,60}$", re.MULTILINE)
_OLD_NOTICE = re.compile(r"\s*\[?\s*此[帖贴]被[^\[\]\n]{1,60}编辑\s*\]?\s*")  # 8.5, at the end of the words


def recognise(text: str) -> bool:
    return _SIGNS.search(text) is not None and NINE.search(text) is None


def list_ask(board: Board, section: str, page: int = 1) -> Ask:
    """The list in its own order, which is by last post."""
    if board.engine == "phpwind9":
        return Ask(f"{board.url}index.php?m=bbs&c=thread&fid={section}" + (f"&page={page}" if page > 1 else ""))
    if board.rewritten:
        return Ask(f"{board.url}thread-htm-fid-{section}" + (f"-page-{page}.htm" if page > 1 else ".htm"))
    return Ask(f"{board.url}thread.php?fid={section}" + (f"&page={page}" if page > 1 else ""))


def thread_ask(board: Board, thread: str, page: int = 1) -> Ask:
    if board.rewritten and board.engine != "phpwind9":
        return Ask(f"{board.url}read-htm-tid-{thread}" + (f"-page-{page}.htm" if page > 1 else ".htm"))
    return Ask(f"{board.url}read.php?tid={thread}" + (f"&page={page}" if page > 1 else ""))


@reading
def read_list(page: Page, board: Board, section: str) -> ListPage:
    """Rows of a section's list; an empty section is empty only if the page says so."""
    text, root = _open(page, board)
    context = Context(board, page.received_at, base_of(root, page.url))
    rows: list[ListRow] = []
    missing: list[str] = []
    old = root.xpath(f'//*[@id="threadlist"]//tr[{has_class("tr3")}][.//a[@name="readlink"]]')
    for row in old or root.xpath(f'//*[@id="J_posts_list"]//tr[.//a[{has_class("st")}]]'):
        try:
            rows.append(_row(row, context) if old else _row9(row, context))
        except Missing as field:
            missing.append(str(field))
    if not rows and (missing or not re.search("(没有|暂无).{0,8}(主题|帖子)", text)):
        signs.explain(page, text, name, "主题列表")
    shown, _, more = _pager(root, page.url)
    return ListPage(tuple(rows), list_ask(board, section, shown + 1) if more else None, tuple(missing))


def _row(row: Selector, context: Context) -> ListRow:
    link = row.xpath('.//a[@name="readlink"]')
    thread = link.attrib.get("id", "").removeprefix("a_ajax_")
    title = line(link.attrib.get("title") or link.xpath("string()").get(""))
    by = row.xpath('.//td[@class="author"]')
    if not thread.isdecimal() or not title:
        raise Missing("title")
    if len(by) < 2:
        raise Missing("last_post_at")
    last = by[1].xpath("(.//p//a | .//a[contains(@href, 'page-e') or contains(@href, 'page=e')])[last()]")
    icons = " ".join(
        row.xpath('.//td[contains(@class, "icon")]//@title | .//td[contains(@class, "icon")]//@src').getall()
    )
    target = _TID.search(link.attrib.get("href", ""))
    return ListRow(
        thread=thread,
        title=title,
        author=_named(next(by[0].root.iter("a"), None)),
        posted_at=context.time(by[0].xpath("string(.//p)").get()),
        last_post_at=context.sure_time(last.attrib.get("title") or last.xpath("string()").get(), "last_post_at"),
        replies=number(row.xpath('string(.//td[@class="num"]//em)').get("")),
        sticky="headtopic" in icons or "置顶" in icons,
        state=_state(icons, moved=target is not None and target[1] != thread),
    )


def _row9(row: Selector, context: Context) -> ListRow:
    """A row of phpwind 9."""
    link = row.xpath(f"(.//a[{has_class('st')}])[1]")
    target = _TID.search(link.attrib.get("href", ""))
    title = line(link.attrib.get("title") or link.xpath("string()").get(""))
    if target is None or not title:
        raise Missing("title")
    info = row.xpath(f".//p[{has_class('info')}]")
    times = [line(words) for words in info.xpath("./span").xpath("string()").getall()]
    if not times:
        raise Missing("last_post_at")
    icons = " ".join(row.xpath(f".//*[{has_class('posts_icon')}]//i/@*").getall())
    return ListRow(
        thread=target[1],
        title=title,
        author=_named(info[0].root.find("a") if info else None),
        posted_at=context.time(times[0]) if len(times) > 1 else None,
        last_post_at=context.sure_time(times[-1], "last_post_at"),
        replies=number(row.xpath(f"string((.//td[{has_class('num')}]//em)[1])").get("")),
        sticky="置顶" in icons,
        state=_state(icons, moved=False),
    )


def _state(icons: str, *, moved: bool) -> ThreadState:
    closed = "关闭" in icons or "锁定" in icons or "topicclose" in icons or "topiclock" in icons
    return ThreadState.MOVED if moved else ThreadState.CLOSED if closed else ThreadState.OPEN


def _named(link: etree._Element | None) -> str | None:
    """A name as the board writes it; None where it is empty or the link is to no member."""
    if link is None or re.search(r"uid[=-]0(?!\d)", link.get("href", "")) or link.get("data-uid") == "0":
        return None
    return text_of(link).strip() or None


@reading
def read_thread(page: Page, board: Board) -> ThreadPage:
    """Posts of a read page; the first floor (``tpc``; ``read_0`` in 9) is the citizen's."""
    text, root = _open(page, board)
    nodes = _nodes(root)
    if not nodes:
        signs.explain(page, text, name, "帖子")
    signs.whole(text)
    thread, title = _thread(root, page.url), _title(root)
    if not thread or not title:
        malformed("读不到帖子的编号或标题；可能换了模板，请打开这一页核对")
    context = Context(board, page.received_at, base_of(root, page.url), thread)
    shown, pages, more = _pager(root, page.url)
    section, state = last_match(_FID, _hrefs(root)), _closed(root)
    post: Post | None = None
    replies: list[Reply] = []
    missing: list[str] = []
    for node in nodes:
        try:
            if _pid(node) in ("tpc", "0"):
                post = post or _post(node, context, title, section, state) if shown == 1 else None
            else:
                replies.append(_reply(node, context))
        except Missing as field:
            missing.append(str(field))
    if shown == 1 and post is None:
        malformed(f"读不到首帖（{'、'.join(map(named, missing)) or '没有楼主一层'}）；可能换了模板，请打开这一页核对")
    following = thread_ask(board, thread, shown + 1) if more else None
    return ThreadPage(
        thread, title, section, state, post, counted(replies, first=0), shown, pages, following, tuple(missing)
    )


def _nodes(root: Selector) -> list[Selector]:
    """The floors, none of which stands within another's words. One deleted for good leaves a frame without a number."""
    divisions = list(root.root.iter("div"))
    found = [
        d for d in divisions if d.get("id", "").startswith("readfloor_") and "read_t" in d.get("class", "").split()
    ]
    nodes = found or [d for d in divisions if "J_read_floor" in d.get("class", "").split()]
    own = set(nodes)
    return [
        n for n in (Selector(root=d, type="html") for d in nodes) if _pid(n) and own.isdisjoint(n.root.iterancestors())
    ]


def _open(page: Page, board: Board) -> tuple[str, Selector]:
    """The page as text and tree, after everything that makes it another page than the one asked for."""
    signs.check_status(page)
    text = decode(page, board.encoding)
    root = document(text)
    page_itself = root.xpath('id("threadlist") | id("subject_tpc") | id("J_posts_list")')  # a thread may be titled so
    error = root.xpath('id("J_html_error")')  # of 9
    if not page_itself and (error or line(root.xpath("string(//title)").get("")).startswith("提示信息")):
        reasons = (error or root.xpath(f"//div[{has_class('regIgnore')}]//li")).xpath("string()").getall()
        words = (
            reasons or root.xpath(f"//div[{has_class('f14')} or {has_class('error_wrap')}]").xpath("string()").getall()
        )
        first = re.sub(r"^\s*\d+、", "", words[0]) if words else root.xpath("string(//body)").get("")
        signs.refuse(line(first), page.status)
    return text, root


def _post(node: Selector, context: Context, title: str, section: str | None, state: ThreadState) -> Post:
    first, words = _floor_of(node, context)
    below = "".join(node.xpath('.//*[starts-with(@id, "att_")]').getall())  # pictures the words do not mention
    beside = clean(below, context.base) if below else Body("")
    url = thread_ask(context.board, context.thread).url
    return opening(context, url, title, section, state, first, (words, beside))


def _reply(node: Selector, context: Context) -> Reply:
    return _floor_of(node, context)[0]


def _floor_of(node: Selector, context: Context) -> tuple[Reply, Body]:
    """One floor, with all of its body. A blocked one says so where its words were: its body is empty."""
    places = _places(node.root)
    top = places.get("tipTop", places.get("floor_top_tips"))
    posted_at = context.sure_time(_stamp(top), "posted_at")
    name = places.get("readName", places.get("name"))
    who = None if name is None else next(name.iter("a"), None)
    cell = by_id(node, f"read_{_pid(node)}") if "tipTop" in places else _selected(places.get("editor_content"))
    if who is None:
        raise Missing("author")
    if not cell:
        raise Missing("body")
    fragment = cell.get("")
    said = clean(fragment, context.base)
    edited = _EDIT_TIME.search(_notice(node, places.get("edit_log"), cell if "编辑" in fragment else SelectorList()))
    reply = Reply(
        board=context.board.slug,
        thread=context.thread,
        id=_pid(node),
        floor=_floor(top),
        author=_named(who),
        posted_at=posted_at,
        body="" if _BLOCKED.match(said.text) else _SOLD.sub("", said.text).strip(),
        edited_at=context.time(edited[1]) if edited else None,
    )
    return reply, said


def _places(node: etree._Element) -> dict[str, etree._Element]:
    """The first division of each class of a floor: one walk for all of them, which is most of the work on a page."""
    found: dict[str, etree._Element] = {}
    for division in node.iterdescendants("div"):
        for one in division.get("class", "").split():
            found.setdefault(one, division)
    return found


def _selected(element: etree._Element | None) -> SelectorList[Selector]:
    return SelectorList([] if element is None else [Selector(root=element, type="html")])


def _pid(node: Selector) -> str:
    return node.attrib.get("id", "").rpartition("_")[2]


def _stamp(top: etree._Element | None) -> str:
    """When it was written: to the second in ``@title``, where 8.x shows 2小时前; 9.0 writes it out."""
    said = [span for span in (() if top is None else top.iter("span")) if text_of(span).lstrip().startswith("发")]
    exact = next((span.get("title") for span in said if span.get("title")), None)
    return exact or (text_of(said[0]).split("，")[0] if said else "")


def _notice(node: Selector, log: etree._Element | None, cell: SelectorList[Selector]) -> str:
    """The software's words on when it was last edited: beside the words in 8.7 and 9 (``log``), at their end in 8.5."""
    own = by_id(node, f"alert_{_pid(node)}")
    notice = own[0].root if own else log
    if notice is not None:
        return text_of(notice)
    return " ".join(filter(_OLD_NOTICE.fullmatch, cell.xpath(".//text()[contains(., '编辑')]").getall()))


def _floor(top: etree._Element | None) -> int | None:
    """The number of a floor; a reply pinned above the others says 置顶 there, and behind it where it came from."""
    links = [] if top is None else list(top.iter("a"))
    marks = [link for link in links if {"s2", "b"} <= set(link.get("class", "").split())]
    mark = marks[0] if marks else first_below(top, "span", "lou")
    if marks and "read_topped" in marks[0].get("class", "").split():
        mark = next((link for link in links[links.index(marks[0]) + 1 :]), None)
    words = line(text_of(mark))
    digits = re.search(r"\d{1,9}", words)
    return int(digits[0]) if digits else _FLOORS.get(words.rstrip("# "))


def _title(root: Selector) -> str:
    """The heading without the category before it and the copy link behind it, which are links; 9 has it on page 1 only."""
    heading = root.xpath('(id("subject_tpc") | id("J_post_title"))/self::h1')[:1]
    own = line("".join(heading.xpath(".//text()[not(ancestor::a)]").getall()))
    return own or line("".join(text_of(link) for link in _crumbs(root)[-1:]))


def _closed(root: Selector) -> ThreadState:
    lock = root.xpath('id("subject_tpc")/self::h1//*[contains(@title, "关闭") or contains(@title, "锁定")]')
    return ThreadState.CLOSED if lock else ThreadState.OPEN


def _thread(root: Selector, url: str) -> str:
    """The id the page itself gives; one thread has many URLs."""
    own = root.xpath('id("tid")/self::input[@name="tid"]/@value').get("").strip()
    own = own or next((i.get("value", "") for i in root.root.iter("input") if i.get("name") == "tid"), "").strip()
    if own.isdecimal() and own.isascii():
        return own
    return next((m[1] for m in map(_TID.search, [*reversed(_hrefs(root)), url]) if m), "")


def _crumbs(root: Selector) -> list[etree._Element]:
    """The links that lead to where we are: of 8.x, else of 9."""
    own = root.xpath('id("breadCrumb")')
    place = own[0].root if own else first_below(root.root, "div", "bread_crumb")
    return [] if place is None else list(place.iter("a"))


def _hrefs(root: Selector) -> list[str]:
    return [link.get("href", "") for link in _crumbs(root)]


def _pager(root: Selector, url: str) -> tuple[int, int, bool]:
    """Page shown, number of pages, and whether another follows; asked past the end, none does."""
    bars = (div for div in root.root.iter("div") if "pages" in div.get("class", "").split())
    bar = Selector(root=next((b for b in bars if b.find("b") is not None or b.find("strong") is not None), _NONE))
    shown = number(bar.xpath("string(./b | ./strong)").get("")) or 1
    digits = re.findall(r"\d{1,6}", " ".join(bar.xpath("./a/text() | ./span/text()").getall()))
    more = bar.xpath(f"./a[{has_class('pages_next')}] | ./*[self::b or self::strong]/following-sibling::*[1][self::a]")
    asked = _PAGE.search(url)
    past = asked is not None and int(asked[1]) > shown
    return shown, max([shown, *map(int, digits)]), bool(more) and not past
