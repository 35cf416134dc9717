"""The floors of a thread: the first one as the citizen's post, and those with names of their own (前排, 推荐) counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from data.records import Post, Reply, ThreadState
from spiders.pages import Context
from spiders.text import Body


def opening(
    context: Context,
    url: str,
    title: str,
    section: str | None,
    state: ThreadState,
    first: Reply,
    bodies: Sequence[Body],
) -> Post:
    """The post that the ``first`` floor is; ``bodies`` hold its pictures and files, in the text and beside it."""
    return Post(
        board=context.board.slug,
        thread=context.thread,
        section=section or "",
        url=url,
        title=title,
        author=first.author,
        posted_at=first.posted_at,
        body=first.body,
        images=tuple(dict.fromkeys(image for body in bodies for image in body.images)),
        attachments=tuple(dict.fromkeys(file for body in bodies for file in body.attachments)),
        state=state,
    )


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
