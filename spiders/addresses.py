"""Which thread of a known board an address leads to: the engines themselves say what address a thread has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from data.reference import Board
from spiders.engines import get

_NUMBERS = re.compile(r"\d{1,12}")
LONGEST = 2000  # characters; no forum has such addresses


def thread_at(boards: Iterable[Board], url: str) -> tuple[Board, str] | None:
    """The board and thread ``url`` is the first page of, among those that may be read; None for any other address."""
    if not url or len(url) > LONGEST:
        return None
    for board in boards:
        if not url.startswith(board.url) or not board.enabled or board.refused or board.engine == "feed":
            continue  # a feed has no page of its own for a thread
        for number in dict.fromkeys(_NUMBERS.findall(url.removeprefix(board.url))):
            if get(board.engine).thread_ask(board, number).url == url:
                return board, str(number)
    return None


def thread_named(boards: Iterable[Board], url: str) -> tuple[Board, str] | None:
    """The board at whose site ``url`` is, whether it may be read or not, and the thread it names; None elsewhere.

    Another spelling of an address (http or https, a fragment, further arguments) names the same thread. One that no
    thread of the board's software has is named by itself, so that the same address never makes two.
    """
    given = urlsplit(url.strip())
    site = [b for b in boards if given.hostname and urlsplit(b.url).hostname == given.hostname]
    for board in site:
        for number in dict.fromkeys(_NUMBERS.findall(f"{given.path}?{given.query}")):
            if any(_leads_to(url, address) for address in _addresses(board, number)):
                return board, str(number)
    plain = f"{given.hostname}{given.path}?{given.query}"
    return (site[0], f"u{hashlib.sha256(plain.encode()).hexdigest()[:16]}") if site else None


def _addresses(board: Board, number: str) -> Iterator[str]:
    """A thread's first page, in the site's own spelling and in the other one its software knows."""
    if board.engine != "feed":
        for rewritten in (board.rewritten, not board.rewritten):
            yield get(board.engine).thread_ask(board.model_copy(update={"rewritten": rewritten}), number).url


def _leads_to(url: str, address: str) -> bool:
    """Is ``url`` the same page as ``address``, whatever else it says?"""
    given, known = urlsplit(url.strip()), urlsplit(address)
    same = (given.hostname, given.port, given.path) == (known.hostname, known.port, known.path)
    return same and set(parse_qsl(known.query)) <= set(parse_qsl(given.query))
