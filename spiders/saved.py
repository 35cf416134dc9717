"""Pages saved to files, read without a network: what ``liandong boards parse`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.records import ListRow, ReadOutcome, Reply
from data.reference import Board, Section
from spiders import engines
from spiders.pages import Page, PageFailure, ThreadPage, decode, document
from spiders.text import absolute, month_first, parse_time

# The server's own clock at the foot of the page: relative times in a saved page count from it, not from today.
_CLOCKS = (
    re.compile(r"GMT[^,<>]{0,8}, ([-/.\d]{8,10} \d{1,2}:\d{2}(?: [AP]M)?)"),
    re.compile(r"Time now is:(\d{1,2}-\d{1,2} \d{1,2}:\d{2})"),
)


def parse(engine_or_board: Board | str, path: Path | str, url: str = "") -> Iterator[dict[str, Any]]:
    """One dict for a thread page, one a row for a list page, as the command line prints them.

    ``engine_or_board``: a board's entry, or the name of an engine. ``url``: where the page came from; without it, what
    the page or the file's name says. Raises PageFailure, UnknownEngine, OSError.
    """
    board = engine_or_board if isinstance(engine_or_board, Board) else entry_for(engine_or_board, url)
    page = load(board, Path(path), url)
    engine = engines.get(board.engine)
    zone = ZoneInfo(board.zone)
    try:
        thread = engine.read_thread(page, board)
    except PageFailure as failure:
        if failure.outcome not in (ReadOutcome.MALFORMED, ReadOutcome.WRONG_SOFTWARE):
            raise
        try:
            rows = engine.read_list(page, board, board.sections[0].id if board.sections else "").rows
        except PageFailure as second:
            raise (second if failure.outcome is ReadOutcome.WRONG_SOFTWARE else failure) from None
        yield from (row_dict(row, zone) for row in rows)
    else:
        yield thread_dict(thread, zone)


def entry_for(engine: str, url: str = "") -> Board:
    """A makeshift entry for pages of a board that is not in boards.toml. Raises UnknownEngine."""
    engines.get(engine)
    home = re.match(r"https?://[^/?#]+/", url)
    sections = (Section(id="0", name="存下的页面"),)
    return Board(
        slug=engine, name=engine, engine=engine, url=home[0] if home else "http://localhost/", sections=sections
    )


def load(board: Board, path: Path, url: str = "") -> Page:
    """A saved page as if it had just come, received at the time its own foot shows, else the file's."""
    body = path.read_bytes()
    saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    page = Page(url or board.url, 200, {}, body, saved_at)
    try:
        text = decode(page, board.encoding)
    except PageFailure:
        return page
    at = clock(text, ZoneInfo(board.zone), saved_at) or saved_at
    return Page(url or _address(board, path, text), 200, {}, body, at)


def clock(text: str, zone: tzinfo, about: datetime) -> datetime | None:
    """What the server's clock at the foot of a page shows, taken for a time in ``zone``; ``about``: roughly when it came."""
    first = month_first(text, zone, about)
    for pattern in _CLOCKS:
        if found := pattern.findall(text[-20_000:]):
            try:
                return parse_time(found[-1], zone, about, month_first=first)
            except ValueError:
                continue
    return None


def _address(board: Board, path: Path, text: str) -> str:
    """Where the page says it lives; for 人民网, which does not say, the thread number in the file's name."""
    if board.engine == "people":
        named = re.search(r"tid\D?(\d{1,12})", path.name) or re.search(r"(\d{4,12})", path.name)
        return engines.get("people").thread_ask(board, named[1]).url if named else board.url
    if not text.lstrip().startswith("<"):
        return board.url
    root = document(text)
    own = root.xpath('string(//link[@rel="canonical"]/@href)').get("") or root.xpath("string(//base/@href)").get("")
    return absolute(own, board.url) or board.url


def thread_dict(page: ThreadPage, zone: ZoneInfo) -> dict[str, Any]:
    """A thread page; pages after the first know only their replies."""
    post = page.post
    return {
        "thread": page.thread,
        "title": page.title,
        "author": post.author if post else None,
        "posted_at": _shown(post.posted_at, zone) if post else None,
        "body": post.body if post else None,
        "replies": [_reply_dict(reply, zone) for reply in page.replies],
    }


def _reply_dict(reply: Reply, zone: ZoneInfo) -> Mapping[str, Any]:
    return {
        "id": reply.id,
        "floor": reply.floor,
        "author": reply.author,
        "posted_at": _shown(reply.posted_at, zone),
        "body": reply.body,
    }


def row_dict(row: ListRow, zone: ZoneInfo) -> dict[str, Any]:
    """One row of a list."""
    return {
        "thread": row.thread,
        "title": row.title,
        "author": row.author,
        "posted_at": _shown(row.posted_at, zone),
        "last_post_at": _shown(row.last_post_at, zone),
        "replies": row.replies,
        "sticky": row.sticky,
        "state": row.state.value,
    }


def _shown(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return moment.astimezone(zone).isoformat() if moment else None
