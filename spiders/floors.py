"""The floors a board calls by names of its own (前排, or 推荐 of a post moved up), counted from the numbered ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from data.records import Reply


def counted(replies: Sequence[Reply], first: int) -> tuple[Reply, ...]:
    """``replies`` of one page with the floors that follow from the others; ``first`` is the citizen's own post.

    Posts are numbered as they were written: between two numbered ones, the nameless must be as many as there is room
    for, else none is guessed; behind the last they are counted on.
    """
    floors: dict[str, int] = {}
    before, waiting = first, list[str]()
    for post in sorted((r for r in replies if r.to is None and r.id.isdecimal()), key=lambda r: int(r.id)):
        if post.floor is None:
            waiting.append(post.id)
        elif post.floor > before:
            if post.floor - before == len(waiting) + 1:
                floors |= {name: before + n for n, name in enumerate(waiting, 1)}
            before, waiting = post.floor, []
    floors |= {name: before + n for n, name in enumerate(waiting, 1)}
    return tuple(replace(r, floor=floors.get(r.id, r.floor)) for r in replies) if floors else tuple(replies)
