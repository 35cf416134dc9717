"""The single-page app of today's bbs.dahe.cn (大河): JSON from ``bbs-api.dahe.cn``, which the entry's ``url`` names.

Known, from public notes of others (2026): ``POST pc/index/article/list`` and ``pc/index/article/detail`` take and give
JSON and answer without login; the site's search takes ``current`` and ``size`` for paging and gives ``total``.
NOT known, since no answer of either call was at hand: the names of their fields, how a section is asked for, the order of
the list, and whether the detail holds every reply. So the names looked for stand in one table below, and what cannot be
found is never taken for empty: an answer without them fails, naming the keys it has, and the mend is a word in that table.
A row that does not say its section is refused (the site's search is known to ignore what it does not like and give
everything). A thread whose replies are not all there by its own count is an incomplete read: it blames nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn

from data.records import ListRow, Post, Reply, ThreadState
from data.reference import Board
from spiders.engines import signs
from spiders.pages import Ask, Context, JsonAsk, ListPage, Missing, Page, ThreadPage, decode, malformed, named, reading
from spiders.text import clean, line

name = "dahe"
sorted_by: Literal["last_post", "created"] = "created"

SIZE = 20
# What a field may be called; the first that is there is taken.
NAMES: Mapping[str, tuple[str, ...]] = {
    "rows": ("records", "list", "rows"),
    "pages": ("pages", "totalPages"),
    "total": ("total", "totalCount"),
    "tid": ("id", "articleId", "tid"),
    "title": ("title", "subject"),
    "section": ("fid", "forumId", "sectionId", "plateId"),
    "author": ("nickname", "nickName", "userName", "username", "author"),
    "posted_at": ("createTime", "publishTime", "createDate", "dateline"),
    "last_post_at": ("lastReplyTime", "lastCommentTime", "lastPostTime", "updateTime"),
    "count": ("commentNum", "commentCount", "replyNum", "replyCount", "replies"),
    "body": ("content", "body", "message"),
    "replies": ("comments", "commentList", "replyList"),
    "link": ("shareUrl", "url", "link"),
}
_JSON = re.compile(r"\A\s*\{")
_ENVELOPE = re.compile(r'"(?:msg|message|success)"\s*:')
_TID = re.compile(r"[?&]id=(\w{1,40})")


def recognise(text: str) -> bool:
    """JSON with this envelope and the paging the site's search is known to use, or a thread as asked for here."""
    head = text[:200_000]
    if not _JSON.match(head) or not _ENVELOPE.search(head) or '"data"' not in head:
        return False
    return ('"current"' in head and '"size"' in head) or '"commentList"' in head or '"comments"' in head


def list_ask(board: Board, section: str, page: int = 1) -> Ask:
    return JsonAsk(
        f"{board.url}pc/index/article/list", "POST", json={"current": page, "size": SIZE, NAMES["section"][0]: section}
    )


def thread_ask(board: Board, thread: str, page: int = 1) -> Ask:
    """The number stands in the address too, so that a kept page says which thread it is of."""
    return JsonAsk(f"{board.url}pc/index/article/detail?id={thread}", "POST", json={NAMES["tid"][0]: thread})


@reading
def read_list(page: Page, board: Board, section: str) -> ListPage:
    """Rows of the list; an empty one is empty only if the answer counts none."""
    data = _data(page, board)
    items = data if isinstance(data, list) else _take(data, "rows")
    if not isinstance(items, list):
        _unknown("列表", data)
    context = Context(board, page.received_at, page.url)
    rows: list[ListRow] = []
    missing: list[str] = []
    for item in items:
        try:
            rows.append(_row(item, context, section))
        except Missing as field:
            missing.append(str(field))
    if items and not rows:
        malformed(f"列表里的 {len(items)} 条都读不到{named(missing[0])}（有这些字段：{_keys(items[0])}）；请核对接口")
    if not items and _number(_take(data, "total")) != 0:
        _unknown("列表", data)
    current, pages = _number(_take(data, "current")) or 1, _number(_take(data, "pages")) or 0
    following = list_ask(board, section, current + 1) if rows and current < pages else None
    return ListPage(tuple(rows), following, tuple(missing))


def _row(item: Any, context: Context, section: str) -> ListRow:
    thread, title = _id(item), line(str(_take(item, "title") or ""))
    if not title:
        raise Missing("title")
    where = _take(item, "section")
    if where is None:
        raise Missing("section")
    if str(where) != section:
        malformed(f"要的是版块 {section}，接口给了版块 {signs.quote(str(where))} 的帖子：没有按版块筛选；请核对接口")
    posted_at = _time(item, "posted_at", context)
    if posted_at is None:
        raise Missing("posted_at")
    return ListRow(
        thread=thread,
        title=title,
        author=_who(item),
        posted_at=posted_at,
        last_post_at=_time(item, "last_post_at", context) or posted_at,
        replies=_number(_take(item, "count")),
    )


@reading
def read_thread(page: Page, board: Board) -> ThreadPage:
    """The article and its comments."""
    data = _data(page, board)
    if not isinstance(data, Mapping) or _take(data, "body") is None:
        _unknown("帖子", data)
    asked = _TID.search(page.url)
    try:
        thread = _id(data)
    except Missing:
        thread = asked[1] if asked else ""
    context = Context(board, page.received_at, page.url, thread)
    title, posted_at = line(str(_take(data, "title") or "")), _time(data, "posted_at", context)
    if not title or not context.thread or posted_at is None:
        _unknown("帖子", data)
    content = clean(str(_take(data, "body")), page.url)
    section = str(_take(data, "section") or "")
    missing: list[str] = []
    replies = tuple(_replies(data, context, missing))
    link = _take(data, "link")
    post = Post(
        board=board.slug,
        thread=context.thread,
        section=section,
        url=str(link) if str(link).startswith("http") else thread_ask(board, context.thread).url,
        title=title,
        author=_who(data),
        posted_at=posted_at,
        body=content.text,
        images=content.images,
    )
    return ThreadPage(
        context.thread, title, section or None, ThreadState.OPEN, post, replies, 1, 1, None, tuple(missing)
    )


def _replies(data: Mapping[str, Any], context: Context, missing: list[str]) -> Iterator[Reply]:
    """The comments; ``missing`` grows where one cannot be read, and where the article counts more than are there."""
    items = _take(data, "replies")
    counted = _number(_take(data, "count"))
    if not isinstance(items, list):
        if counted != 0:
            missing.append("replies")
        return
    for floor, item in enumerate(items, 2):
        try:
            posted_at, body = _time(item, "posted_at", context), _take(item, "body")
            if posted_at is None or body is None:
                raise Missing("posted_at" if posted_at is None else "body")
            words = clean(str(body), context.base).text
            yield Reply(context.board.slug, context.thread, _id(item), floor, _who(item), posted_at, words)
        except Missing as field:
            missing.append(str(field))
    if counted is None or counted > len(items):
        missing.append("replies")


def _data(page: Page, board: Board) -> Any:
    """What the envelope holds, or its own words for why there is nothing."""
    signs.check_status(page)
    text = decode(page, board.encoding)
    if not _JSON.match(text):
        signs.explain(page, text, name, "接口的答复")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        malformed("接口的答复不是完整的 JSON，可能没有传完；会再读一次", error)
    data = answer.get("data")
    if data is None:
        said = str(answer.get("msg") or answer.get("message") or answer.get("code") or "没有 data")
        signs.refuse(said, page.status)
    return data


def _take(item: Any, field: str) -> Any:
    if not isinstance(item, Mapping):
        return None
    return next((item[key] for key in NAMES.get(field, (field,)) if item.get(key) is not None), None)


def _id(item: Any) -> str:
    found = _take(item, "tid")
    if not isinstance(found, int | str) or not re.fullmatch(r"[0-9A-Za-z_-]{1,40}", str(found)):
        raise Missing("tid")
    return str(found)


def _who(item: Any) -> str | None:
    found = _take(item, "author")
    found = _take(found, "author") if isinstance(found, Mapping) else found
    return line(found) or None if isinstance(found, str) else None


def _time(item: Any, field: str, context: Context) -> datetime | None:
    """Epoch seconds or milliseconds, RFC 3339, or a forum's own way of writing."""
    found = _take(item, field)
    if isinstance(found, int) and not isinstance(found, bool):
        seconds = found / 1000 if found > 20_000_000_000 else found
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 7_000_000_000 else None
    if not isinstance(found, str):
        return None
    try:
        moment = datetime.fromisoformat(found[:40])
        return moment.astimezone(UTC) if moment.tzinfo else context.time(found[:19])
    except (ValueError, OverflowError):
        return context.time(found)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _keys(item: Any) -> str:
    return signs.quote("、".join(map(str, item)) if isinstance(item, Mapping) else type(item).__name__)


def _unknown(wanted: str, data: Any) -> NoReturn:
    malformed(f"接口的答复里认不出{wanted}（有这些字段：{_keys(data)}）；请核对 spiders/engines/dahe.py 的字段名")
