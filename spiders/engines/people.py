"""人民网领导留言板: the unsigned list, the thread page as it was from 2018 to 2021, and for offices the signed interface.

Checked on one element of the list API (2021) and one answered thread (2020); the signed interface (``signed.py``) is asked
only where the office's own entry gives an ``app_code``. What is known of it:
the list is JSON from a POST and wants a Referer; it goes on from the last ``tid`` it gave, not by page numbers; it is
sorted by creation, and a thread's state changes without a new id, so rows carry a ``mark`` of state and answer time.
The leader a message is for is a ``fid``; names are masked by the site (陈***). The answering organisation is the author
of the answer; the citizen may rate it.
It may refuse robots with 403, which is an answer.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from parsel import Selector

from data.records import ListRow, Post, Reply, ThreadState
from data.reference import Board
from spiders.engines import signed, signs
from spiders.pages import (
    Ask,
    Context,
    ListPage,
    Missing,
    Page,
    ThreadPage,
    decode,
    document,
    has_class,
    malformed,
    named,
    reading,
)
from spiders.text import clean, line

name = "people"
sorted_by: Literal["last_post", "created"] = "created"

_JSON = re.compile(r"\A\s*(?:IndexThreads\s*\(\s*)?\{")
_SIGNS = re.compile(
    r"class=\"context-title-text\"|<title>[^<]{0,500}领导留言板[^<]{0,40}</title>|class=\"[^\"]{0,80}liuyan_box0", re.I
)
_TID = re.compile(r"[?&]tid=(\d{1,12})")
_FID = re.compile(r"\bnav_fid\s*=\s*['\"]?(\d{1,9})")
_TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}(?::\d{2})?")
_RATINGS = ("很不满意", "不满意", "基本满意", "很满意", "满意")


def recognise(text: str) -> bool:
    if _JSON.match(text):
        return '"responseData"' in text or '"resultData"' in text or ('"code"' in text and '"SN0' in text)
    return _SIGNS.search(text) is not None


def list_ask(board: Board, section: str, page: int = 1) -> Ask:
    """The newest messages for one leader. There are no page numbers: what follows is in ``ListPage.next``."""
    return _after(board, section, "0")


def _after(board: Board, section: str, last: str) -> Ask:
    if board.app_code:
        return signed.list_ask(board, section, "" if last == "0" else last)
    form = {"fid": section, "lastItem": last}
    headers = {"Referer": f"{board.url}threads/list?fid={section}", "X-Requested-With": "XMLHttpRequest"}
    return Ask(f"{board.url}threads/queryThreadsList", "POST", form, headers)


def thread_ask(board: Board, thread: str, page: int = 1) -> Ask:
    """A thread has one page."""
    if board.app_code:
        return signed.thread_ask(board, thread)
    return Ask(f"{board.url}threads/content?tid={thread}", headers={"Referer": f"{board.url}threads/list"})


@reading
def read_list(page: Page, board: Board, section: str) -> ListPage:
    """Rows of ``responseData``. An empty one is the end of the list, as the site says it."""
    items = _items(page, board)
    rows: list[ListRow] = []
    missing: list[str] = []
    for item in items:
        try:
            rows.append(_row(item))
        except Missing as field:
            missing.append(str(field))
    if items and not rows:
        malformed(f"列表里的 {len(items)} 条留言都缺少{named(missing[0])}；接口可能变了，请核对")
    following = _after(board, section, rows[-1].thread) if rows else None
    return ListPage(tuple(rows), following, tuple(missing))


def _items(page: Page, board: Board) -> list[Any]:
    signs.check_status(page)
    text = decode(page, board.encoding)
    if not _JSON.match(text):
        signs.explain(page, text, name, "留言列表")
    try:
        data = json.loads(re.sub(r"\A\s*IndexThreads\s*\(|\)\s*;?\s*\Z", "", text))
    except (ValueError, RecursionError) as error:
        malformed("接口的答复不是完整的 JSON，可能没有传完；会再读一次", error)
    items = data.get("responseData")
    if "resultData" in data:
        items = data["resultData"].get("data") if isinstance(data["resultData"], Mapping) else data["resultData"]
    if not isinstance(items, list) or data.get("result", "success") != "success":
        said = str(
            data.get("msg") or data.get("message") or data.get("result") or data.get("code") or "没有 responseData"
        )
        signs.refuse("SN0006 接口要求签名" if str(data.get("code")).startswith("SN0") else said)
    return items


def _row(item: Any) -> ListRow:
    if not isinstance(item, Mapping):
        raise Missing("tid")
    thread, title = str(item.get("tid") or ""), line(str(item.get("subject") or ""))
    if not re.fullmatch(r"[0-9]{1,12}", thread):
        raise Missing("tid")
    if not title:
        raise Missing("title")
    posted_at = _epoch(item.get("dateline")) or _epoch(item.get("createDateline"))
    answered_at = _epoch(item.get("answerDateline")) or _epoch(item.get("lastAnswerTime"))
    if posted_at is None:
        raise Missing("posted_at")
    grade = item.get("grade")
    answered = item.get("answerDateline") or item.get("lastAnswerTime") or ""
    mark = (item.get("stateInfo") or "", answered, *([grade] if grade else []))
    return ListRow(
        thread=thread,
        title=title,
        author=str(item.get("nickName") or "").strip() or None,
        posted_at=posted_at,
        last_post_at=answered_at or posted_at,
        replies=None if answered_at else 0,
        state=ThreadState.OPEN,
        mark="|".join(str(part)[:40] for part in mark),
    )


def _epoch(value: object) -> datetime | None:
    if not isinstance(value, int) or not 0 < value < 7_000_000_000:
        return None
    return datetime.fromtimestamp(value, UTC)


@reading
def read_thread(page: Page, board: Board) -> ThreadPage:
    """The message, and the answers of the organisations; there is one page."""
    signs.check_status(page)
    text = decode(page, board.encoding)
    if _JSON.match(text):
        return signed.thread(page, board, text)
    root = document(text)
    title = line(root.xpath(f"string(//*[{has_class('context-title-text')}])").get(""))
    body = root.xpath(f"(//p[{has_class('zoom')}][{has_class('content')}])[1]")
    found = _TID.search(page.url) or _TID.search(root.xpath('string(//link[@rel="canonical"]/@href)').get(""))
    if not title or not body:
        signs.explain(page, text, name, "留言")
    signs.whole(text)
    if not found:
        malformed("不知道这一页是哪一条留言：网址里没有 tid；请给出网址")
    context = Context(board, page.received_at, page.url, found[1])
    byline = root.xpath(f"string((//h3[{has_class('grey2')}]/span)[1])").get("")
    stamp = _TIME.search(line(byline))
    posted_at = context.time(stamp[0] if stamp else None)
    if posted_at is None or stamp is None:
        malformed("读不到留言的时间；可能换了模板，请打开这一页核对")
    section = _FID.search(text)
    missing: list[str] = []
    content = clean(body.get(""), page.url)
    pictures = clean("".join(root.xpath(f"//div[{has_class('pic')}]").getall()), page.url).images
    post = Post(
        board=board.slug,
        thread=context.thread,
        section=section[1] if section else "",
        url=thread_ask(board, context.thread).url,
        title=title,
        author=line(byline).partition(stamp[0])[0].strip() or None,
        posted_at=posted_at,
        body=content.text,
        images=tuple(dict.fromkeys((*content.images, *pictures))),
        attachments=content.attachments,
        rating=_rating(root),
    )
    replies = _answers(root, context, missing)
    where = section[1] if section else None
    return ThreadPage(context.thread, title, where, ThreadState.OPEN, post, replies, 1, 1, None, tuple(missing))


def _answers(root: Selector, context: Context, missing: list[str]) -> tuple[Reply, ...]:
    """Answers have no id: their time names them, with a number where two share a minute."""
    found: dict[str, Reply] = {}
    same: Counter[str] = Counter()
    for item in root.xpath(f"//li[{has_class('reply')}]"):
        who = item.xpath(f"string((.//h3//i[{has_class('red')}])[1])").get("").strip()
        body = item.xpath(f"(.//p[{has_class('zoom')}])[1]")
        stamp = _TIME.search(line(item.xpath("string((.//*[contains(text(), '回复时间')])[1])").get("")))
        posted_at = context.time(stamp[0] if stamp else None)
        if not who or not body or posted_at is None:
            missing.append("author" if not who else "body" if not body else "posted_at")
            continue
        made = posted_at.strftime("a%Y%m%dT%H%M%S")
        same[made] += 1
        name_of = made if same[made] == 1 else f"{made}-{same[made]}"
        words = clean(body.get(""), context.base).text
        found[name_of] = Reply(context.board.slug, context.thread, name_of, len(found) + 1, who, posted_at, words)
    return tuple(found.values())


def _rating(root: Selector) -> str | None:
    """很满意 … 很不满意, the citizen's own word for the answer."""
    words = line(root.xpath(f"string((//li[{has_class('comments')}]//*[{has_class('sec-score')}])[1])").get(""))
    return next((rating for rating in _RATINGS if rating in words), None)
