"""人工: what a clerk reads and enters, where a board may not or cannot be read by the program.

A post becomes one like any other, once for its address. A person's look at its thread is evidence like a read: it is
complete when they say that they saw the whole thread, and it says who looked and when; the replies they saw count with
the board's own times. Nothing here asks a board for anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.city import City
from data.problem import Problem
from data.records import Post, Read, ReadOutcome, Reply, Thread, Ticket
from data.reference import Board
from spiders.addresses import LONGEST, thread_named
from ticketing import checking
from ticketing.watch import WATCHED_FOR

LONGEST_TITLE, LONGEST_BODY, LONGEST_NAME = 100, 20_000, 60
CLOCKS_DIFFER = timedelta(minutes=5)  # a board's clock may be this much ahead of ours


class EntryError(Problem):
    """What was entered cannot be kept; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Look:
    """A person's look at a thread: what came of it, and one reply they saw (``author`` as the board shows it)."""

    seen: str  # whole: the whole thread; gone: it is not there any more; part: no more than the reply
    author: str = ""
    body: str = ""
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A ticket whose thread only a person can look at; ``looked_at``: when somebody last saw the whole of it."""

    ticket: Ticket
    verdict: str
    looked_at: datetime | None

    def pressing(self, now: datetime) -> bool:
        """Is it past due, and nobody has looked since?"""
        due = self.ticket.reply_due
        return due <= now and (self.looked_at is None or self.looked_at <= due)


def open_to(city: City, board: Board) -> bool:
    """May posts and replies of ``board`` be entered? Where the program reads it well, it needs no help."""
    if board.refused or not board.enabled:
        return True
    health = city.store.threads.health(board.slug)
    return health is not None and not health.ok


def enter(
    city: City, url: str, title: str, body: str, author: str, posted_at: datetime, by: str, now: datetime
) -> tuple[Post, bool]:
    """Put a post into the queue, and whether it is new; one that is known already stays as it is. Raises EntryError."""
    url, body = url.strip(), body.strip()
    title = " ".join(title.split()) or body.split("\n", 1)[0].strip()
    _check(now, posted_at, {"帖子内容": (body, LONGEST_BODY), "标题": (title[:LONGEST_TITLE], LONGEST_TITLE)})
    if not url.startswith(("http://", "https://")) or len(url) > LONGEST:
        raise EntryError("网址要写完整，以 http:// 或 https:// 开头")
    found = thread_named(city.reference().boards, url)
    if found is None:
        raise EntryError("参考表里没有这个网站；请管理员先在参考表添加这个论坛（写明不许读取的原因）和它的官方账号")
    board, thread = found
    store = city.store
    with store.transaction():
        if (known := store.threads.post(board.slug, thread)) or (known := _received(city, url)):
            return known, False
        if not open_to(city, board):
            raise EntryError(f"“{board.name}”由程序读取，不用录入；没有读到这一条的，请看论坛页它读得怎样")
        name = author.strip()[:LONGEST_NAME] or None
        post = Post(board.slug, thread, "", url, title[:LONGEST_TITLE], name, min(posted_at, now), body, entered_by=by)
        read = Read(board.slug, thread, now, ReadOutcome.OK, complete=False, entered_by=by)
        store.threads.save(Thread(post, ()), read, ())
    return post, True


def _received(city: City, url: str) -> Post | None:
    """A post another system told of by this very address."""
    where = city.store.received.about_address(url)
    return city.store.threads.post(*where) if where else None


def look(city: City, board: str, thread: str, seen: Look, by: str, now: datetime) -> Read:
    """Keep what a person saw in a thread, and judge its tickets by it. Raises EntryError."""
    store, post = city.store, city.store.threads.post(board, thread)
    known = city.reference().board.get(board)
    if post is None or known is None or not (post.entered_by or open_to(city, known)):
        raise EntryError("这个帖子由程序读取，不用人工录入答复")
    if seen.seen not in LOOKS:
        raise EntryError("请选择看到了什么")
    outcome, complete = LOOKS[seen.seen]
    replies = (_reply(city, post, seen, by, now),) if seen.author or seen.body else ()
    if seen.seen == "part" and not replies:
        raise EntryError("请填写看到的答复，或选择“看完了整个帖子”")
    if seen.seen == "gone" and replies:
        raise EntryError("帖子已经不在的，不能同时录入答复；在删除前看到过答复的，请选“只录入这条答复”")
    read = Read(board, thread, now, outcome, complete, entered_by=by)
    with store.transaction():
        if seen.seen == "gone":
            read = store.threads.save_read(read)
        else:
            standing = store.threads.replies(board, thread)
            read = store.threads.save(Thread(post, (*standing, *replies)), read, ())
        checking.heard(city, board, thread, now)
    return read


LOOKS: Mapping[str, tuple[ReadOutcome, bool]] = {
    "whole": (ReadOutcome.OK, True),
    "part": (ReadOutcome.OK, False),
    "gone": (ReadOutcome.GONE, False),
}


def _reply(city: City, post: Post, seen: Look, by: str, now: datetime) -> Reply:
    if seen.replied_at is None:
        raise EntryError("请填写论坛上显示的答复时间")
    given = {"答复人": (seen.author.strip(), LONGEST_NAME), "答复内容": (seen.body.strip(), LONGEST_BODY)}
    _check(now, seen.replied_at, given)
    if seen.replied_at < post.posted_at:
        raise EntryError("答复时间早于发帖时间；请核对论坛上显示的时间")
    already = city.store.threads.replies(post.board, post.thread, gone=True)
    author, body = (text for text, _ in given.values())
    if any((r.author, r.posted_at, r.body) == (author, seen.replied_at, body) for r in already):
        raise EntryError("这条答复已经录入过")
    numbers = [int(r.id.removeprefix("hand-")) for r in already if r.entered_by]
    name = f"hand-{max(numbers, default=0) + 1}"
    return Reply(post.board, post.thread, name, None, author, seen.replied_at, body, entered_by=by)


def retract(city: City, board: str, thread: str, reply: str, now: datetime) -> Reply:
    """Take out a reply that was entered by mistake, and judge anew; what it said is returned. Raises EntryError."""
    with city.store.transaction():
        there = city.store.threads.replies(board, thread, gone=True)
        found = next((r for r in there if r.id == reply and r.entered_by), None)
        if found is None:
            raise EntryError("没有这条人工录入的答复，或已经撤回")
        city.store.threads.forget_reply(board, thread, reply)
        checking.heard(city, board, thread, now)
    return found


def awaited(city: City, now: datetime) -> list[Awaited]:
    """Open tickets without an answer whose thread only a person can look at, those due first first."""
    unread = [b.slug for b in city.reference().boards if b.refused or not b.enabled]
    if not unread:
        return []
    found = city.store.tickets.watched(now - WATCHED_FOR, unread)
    looks = city.store.threads.last_reads((t.board, t.thread) for t, _ in found)
    return [Awaited(t, verdict, looks.get((t.board, t.thread), (None, None))[1]) for t, verdict in found]


def _check(now: datetime, at: datetime, given: Mapping[str, tuple[str, int]]) -> None:
    """Raises EntryError for what is empty, too long or dated in the future."""
    for name, (text, longest) in given.items():
        if not text:
            raise EntryError(f"请填写{name}")
        if len(text) > longest:
            raise EntryError(f"{name}最多 {longest} 字")
    if at > now + CLOCKS_DIFFER:
        raise EntryError("时间写到将来了；请照论坛上显示的时间填写")
