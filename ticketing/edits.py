"""A post edited after it was decided comes back to the clerk, with the reason and what changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from difflib import SequenceMatcher

from data.city import City
from data.records import Event, Version
from ticketing import lifecycle
from ticketing.standing import MoveError

MARK = "checked-version"  # the last version weighed
WHY = "原帖在交办后修改过"
WHY_REJECTED = "原帖在不予交办后修改过"
LONGEST = 4000  # characters of each side compared; the rest is in the thread itself
_SPACE = re.compile(r"\s+")


def check(city: City, now: datetime) -> int:
    """Put every decided post whose words changed since the last check back on the queue; how many. In a transaction."""
    store = city.store
    newest, changed = store.threads.posts_changed(store.runs.mark(MARK))
    back = sum(_came_back(city, version, now) for version in _first_of_each(changed))
    store.runs.set_mark(MARK, newest)
    return back


def _first_of_each(changed: list[Version]) -> Iterator[Version]:
    seen: set[tuple[str, str]] = set()
    for version in changed:
        if (version.board, version.thread) not in seen:
            seen.add((version.board, version.thread))
            yield version


def _came_back(city: City, version: Version, now: datetime) -> bool:
    store, board, thread = city.store, version.board, version.thread
    post = store.threads.post(board, thread)
    if post is None or store.decisions.stage(board, thread) != "decided":
        return False
    if _words(f"{version.title}\n{version.body}") == _words(post.text):
        return False  # only spaces and line breaks
    last = store.decisions.of(board, thread)[-1:]
    rejected = bool(last) and last[0].action == "reject"
    store.decisions.bring_back(board, thread, WHY_REJECTED if rejected else WHY)
    for number in _tickets(city, board, thread):
        data = {"version": version.id, "post": post.key}
        event = Event(number, now, "edited", lifecycle.SYSTEM, "原帖修改过，已回到值班员处", data)
        store.tickets.add_event(event, lifecycle.step(store.tickets.state(number), "edited"))
    return True


def keep(city: City, board: str, thread: str, by: str, now: datetime, *, role: str | None = None) -> None:
    """The clerk has seen the change and lets stand what was decided; each ticket says so. Raises MoveError."""
    store = city.store
    with store.transaction():
        if not store.decisions.back(board, thread):
            raise MoveError("这条帖子没有等待查看的修改")
        for number in _tickets(city, board, thread):
            lifecycle.move(city, number, "reviewed", by, "已看过原帖的修改，不改交办", now, role=role)
        store.decisions.leave(board, thread)


def _tickets(city: City, board: str, thread: str) -> list[str]:
    """Numbers of the tickets a post bears on."""
    tickets = city.store.tickets
    linked = tickets.merged_into(board, thread)
    return [*(t.number for t in tickets.of(board, thread)), *([linked] if linked else [])]


def difference(city: City, board: str, thread: str) -> list[tuple[str, str]]:
    """What changed since the post was last decided, as (``same`` | ``gone`` | ``new``, text); empty without a change."""
    store = city.store
    post, decisions = store.threads.post(board, thread), store.decisions.of(board, thread)
    if post is None or not decisions:
        return []
    since = decisions[-1].at
    before = next((v for v in store.threads.versions(board, thread) if not v.reply and v.until > since), None)
    return [] if before is None else compared(f"{before.title}\n{before.body}", post.text)


def compared(before: str, after: str) -> list[tuple[str, str]]:
    """``before`` against ``after``, letter by letter within bounds."""
    before, after = before[:LONGEST], after[:LONGEST]
    pieces: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("same", before[a:b]))
            continue
        pieces += [(name, text) for name, text in (("gone", before[a:b]), ("new", after[c:d])) if text]
    return pieces


def _words(text: str) -> str:
    return _SPACE.sub("", text)
