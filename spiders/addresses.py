"""Which thread of a known board an address leads to: the engines themselves say what address a thread has."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
