"""The signed interface of 人民网领导留言板, for an office that was given access and an app code of its own.

The code comes from the office's entry (``app_code`` in boards.toml) and from nowhere else; without one nothing here is asked.
Known from public notes of others, unverified against the site: the envelope ``{appCode, token, signature, param}`` with
``param`` as JSON text and ``signature`` the MD5 of path, param, the first half of the code's MD5, and token (empty for a
reader); ``v1/threads/list/df`` gives ``resultData.data``, ``v1/threads/content`` gives ``resultData.contentList`` whose
items have ``dataType`` 1 (the message) and 4 (an answer, by ``organization``). The code SN0006, with HTTP 200, means a
wrong envelope. The names of a rating's fields there are not known: only the site's own words for one are taken.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from data.records import Post, Reply, ThreadState
from data.reference import Board
from spiders.engines import signs
from spiders.pages import Ask, JsonAsk, Page, ThreadPage, malformed
from spiders.text import clean, line

ROWS = 10
RATINGS = ("很不满意", "不满意", "基本满意", "很满意", "满意")
_TID = re.compile(r"[?&]tid=(\d{1,12})")
_MESSAGE, _ANSWER = 1, 4


def list_ask(board: Board, section: str, last: str) -> Ask:
    """The messages for one leader that follow ``last`` (empty: the newest)."""
    asked = {
        "fid": section,
        "showUnAnswer": 1,
        "typeId": 5,
        "lastItem": last,
        "position": "0",
        "rows": ROWS,
        "orderType": 2,
    }
    return _signed(board, "/v1/threads/list/df", asked)


def thread_ask(board: Board, thread: str) -> Ask:
    """The number stands in the address too (which is not signed), so that a kept page says which thread it is of."""
    return _signed(board, "/v1/threads/content", {"tid": thread, "fromTrash": 0}, f"?tid={thread}")


def _signed(board: Board, path: str, asked: Mapping[str, object], query: str = "") -> Ask:
    param = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
    half = hashlib.md5(board.app_code.encode(), usedforsecurity=False).hexdigest()[:16]
    signature = hashlib.md5(f"{path}{param}{half}".encode(), usedforsecurity=False).hexdigest()
    body = {"appCode": board.app_code, "token": "", "signature": signature, "param": param}
    return JsonAsk(
        f"{board.url.rstrip('/')}{path}{query}", "POST", headers={"Referer": f"{board.url}threads/list"}, json=body
    )


def thread(page: Page, board: Board, text: str) -> ThreadPage:
    """The message and the answers of ``contentList``. Raises PageFailure."""
    items = _content(text, page.status)
    message = next((i for i in items if i.get("dataType") == _MESSAGE), None)
    if message is None:
        malformed("接口的答复里没有留言本身（dataType 1）；接口可能变了，请核对")
    asked = _TID.search(page.url)
    number = str(message.get("tid") or (asked[1] if asked else ""))
    title, posted_at = line(str(message.get("subject") or "")), _epoch(message)
    if not re.fullmatch(r"[0-9]{1,12}", number) or not title or posted_at is None:
        malformed("接口的答复里读不到留言的编号、标题或时间；接口可能变了，请核对")
    content = clean(str(message.get("content") or ""), page.url)
    post = Post(
        board=board.slug,
        thread=number,
        section=str(message.get("fid") or ""),
        url=f"{board.url}threads/content?tid={number}",
        title=title,
        author=line(str(message.get("nickName") or "")) or None,
        posted_at=posted_at,
        body=content.text,
        images=content.images,
        rating=_rating(items),
    )
    replies, missing = _answers(items, board, number, page.url)
    return ThreadPage(number, title, post.section or None, ThreadState.OPEN, post, replies, 1, 1, None, missing)


def _content(text: str, status: int) -> list[Mapping[str, Any]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        malformed("接口的答复不是完整的 JSON，可能没有传完；会再读一次", error)
    code = str(data.get("code", "0"))
    if code.startswith("SN0"):
        signs.refuse(f"{code} 接口要求签名；请核对 boards.toml 的 app_code", status)
    found = data.get("resultData")
    items = found.get("contentList") if isinstance(found, Mapping) else None
    if not isinstance(items, list):
        signs.refuse(str(data.get("msg") or data.get("message") or "没有 contentList"), status)
    return [item for item in items if isinstance(item, Mapping)]


def _answers(
    items: list[Mapping[str, Any]], board: Board, number: str, base: str
) -> tuple[tuple[Reply, ...], tuple[str, ...]]:
    """Answers have no id: their time names them, with a number where two share a second."""
    found: dict[str, Reply] = {}
    missing: list[str] = []
    for item in items:
        if item.get("dataType") != _ANSWER:
            continue
        who, posted_at, words = line(str(item.get("organization") or "")), _epoch(item), item.get("content")
        if not who or posted_at is None or not isinstance(words, str):
            missing.append("author" if not who else "posted_at" if posted_at is None else "body")
            continue
        made = posted_at.strftime("a%Y%m%dT%H%M%S")
        name = next(n for n in (made, *(f"{made}-{i}" for i in range(2, 10_000))) if n not in found)
        found[name] = Reply(board.slug, number, name, len(found) + 1, who, posted_at, clean(words, base).text)
    return tuple(found.values()), tuple(missing)


def _epoch(item: Mapping[str, Any]) -> datetime | None:
    value = item.get("dateline") or item.get("createDateline")
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and 0 < value < 7_000_000_000 else None


def _rating(items: list[Mapping[str, Any]]) -> str | None:
    """The citizen's word for the answer, where an item of neither kind says one of the site's own."""
    said = [str(value) for item in items if item.get("dataType") not in (_MESSAGE, _ANSWER) for value in item.values()]
    return next((rating for rating in RATINGS if rating in said), None)
