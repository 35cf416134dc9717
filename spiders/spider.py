"""Reads one board in one cycle: each section's list as far as it changed, then the threads that changed or are due."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import FormRequest, Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import JsonRequest, Response
from twisted.python.failure import Failure

from data.records import ListRow, Post, Read, ReadOutcome, Reply, Snapshot, ThreadState
from data.reference import Board
from data.store import Store
from data.store.threads import Walk, snapshot
from data.store.visits import Validators
from spiders import engines, refusals, unchanged
from spiders.engines.signs import ADVICE, to_login
from spiders.health import Health
from spiders.hold import Hold, Lost
from spiders.pages import Ask, FeedPage, JsonAsk, ListPage, Page, PageFailure

LISTS_FIRST, DUE_FIRST = 0, 10  # a due thread is read before the lists are walked
SKEW = timedelta(minutes=10)  # a board's clock may differ from ours by this much
MOST_HOPS = 1  # redirects followed for one page
META = {"handle_httpstatus_all": True}
MOST_REFUSED = 5  # threads kept to members in a run that reads no other: then it is the board that is shut
_MOVED = frozenset({301, 302, 303, 307, 308})
MOST_BYTES = 64 * 1024 * 1024  # of all pages of one thread, which wait in memory until the last has come


@dataclass(frozen=True, slots=True)
class ReadThread:
    """A thread read to its last page, with the read and the pages it rests on."""

    post: Post
    replies: tuple[Reply, ...]
    read: Read
    pages: tuple[Snapshot, ...]


@dataclass
class _Reading:
    """A thread whose pages are still coming."""

    thread: str
    section: str
    post: Post | None = None
    replies: dict[str, Reply] = field(default_factory=dict)
    pages: list[Snapshot] = field(default_factory=list)
    missing: int = 0
    size: int = 0
    closed: bool = False  # as the list shows it, or as it was when no list was asked


@dataclass
class _Walking:
    """A section whose list is still being walked."""

    section: str
    walk: Walk
    started: datetime
    first: Ask
    page: int = 0
    validators: Validators | None = None  # of the first page, kept once the walk is complete
    seen: set[str] = field(default_factory=set)


class BoardSpider(Spider):
    """The spider of ``board``. Without a store (``scrapy crawl NAME``) it reads every thread the lists show.

    Arguments: ``store``, ``clock``, ``threads`` (read these whatever the list says), ``back_to`` (walk a list sorted
    by creation back to then), ``days_back``, ``most_pages`` of a list, ``most_thread_pages``, ``hold`` (where others
    might read the board, too: nothing is written once it is theirs).
    """

    board: ClassVar[Board]

    def __init__(
        self,
        store: Store | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        threads: Iterable[str] = (),
        back_to: datetime | None = None,
        days_back: float = 2,
        most_pages: int = 50,
        most_thread_pages: int = 200,
        hold: Hold | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.engine = engines.get(self.board.engine)
        self.allowed_domains = [urlsplit(self.board.url).hostname or ""]
        self.store, self.clock, self.back_to, self.hold = store, clock, back_to, hold
        self.threads = tuple(threads)
        self.days_back, self.most_pages, self.most_thread_pages = (
            float(days_back),
            int(most_pages),
            int(most_thread_pages),
        )
        self.asked: dict[str, bool] = {}  # thread -> whether it was taken for closed when it was asked for
        self._reads_threads: bool = getattr(self.engine, "reads_threads", True)  # a feed has none to ask for
        self._says_closed: bool = getattr(self.engine, "says_closed", True)  # does a thread's own page say so?
        self.health = Health(self.board.slug)
        self.refused = 0  # threads that only members may read

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy logs what breaks in a callback or a pipeline and goes on; here the run says so."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        for signal in (signals.spider_error, signals.item_error):
            crawler.signals.connect(spider.on_error, signal)
        return spider

    def on_error(self, failure: Failure) -> None:
        self.health.broke(failure.value or RuntimeError())

    @contextmanager
    def writing(self, store: Store) -> Iterator[None]:
        """A transaction in which the board is still ours. Raises Lost."""
        with store.transaction():
            if self.hold is not None and not self.hold.kept():
                raise Lost(self.board.slug)
            yield

    async def start(self) -> AsyncIterator[Any]:
        """What Scrapy asks first. An error here it would only log, and the crawl would end as if there were nothing."""
        try:
            for request in self._begin():
                yield request
        except Exception as error:  # noqa: BLE001 - whatever it is, the run says it failed
            self.health.broke(error)

    def _begin(self) -> Iterator[Request]:
        """Due threads, then each section's list."""
        for thread in self.threads:
            yield from self._ask_thread(thread, "", DUE_FIRST)
        for section in self.board.sections:
            now = self.clock()
            horizon = now - timedelta(days=self.days_back)
            walk = (
                self.store.threads.section(self.board.slug, section.id, horizon) if self.store else Walk(horizon, None)
            )
            walking = _Walking(section.id, walk, now, self.engine.list_ask(self.board, section.id))
            yield self._first(walking)
            for thread in self.store.threads.owed(self.board.slug, section.id, now) if self.store else ():
                yield from self._ask_thread(thread, section.id)

    def _first(self, walking: _Walking) -> Request:
        """The request for a section's first page; it allows a 304 where everything below was met before."""
        request = self._request(walking.first, self.on_list, LISTS_FIRST, walking=walking)
        if self.store is not None and walking.walk.walked_at and walking.first.method == "GET" and not self.back_to:
            known = self.store.visits.validators(self.board.slug, walking.section, walking.first.url)
            request.headers.update(unchanged.headers(known))
        return request

    def on_list(self, response: Response, walking: _Walking) -> Iterator[Any]:
        """Ask for the threads that changed, and for the next page while there is something new on it."""
        page = self._page(response)
        if onward := self._onward(response):
            yield onward
            return
        if page.status == 304 and walking.page == 0 and walking.walk.walked_at and self.store is not None:
            with self.writing(self.store):
                self.store.threads.walked(self.board.slug, walking.section, walking.started)
            return
        try:
            found = self.engine.read_list(page, self.board, walking.section)
        except PageFailure as failure:
            self.health.fail(f"{self._section(walking.section)}：{failure}")
            return
        walking.page += 1
        self.health.rows += len(found.rows)
        self.health.missing.update(found.missing)
        if not found.rows and walking.page == 1 and self._had_threads(walking.section):
            self.health.fail(f"{self._section(walking.section)}：列表里没有帖子，以前有过；请打开看看，模板可能改了")
            return
        rows = [r for r in found.rows if r.thread not in walking.seen]
        walking.seen |= {r.thread for r in rows}
        if walking.page == 1:
            walking.validators = self._believable(page, rows, walking)
            self._check_order(rows, walking.section)
        changed = self._changed(walking, rows, page.received_at)
        if isinstance(found, FeedPage):
            yield from self._fed(found, changed, page)
        for row in rows:
            if row.thread in changed:
                yield from self._ask_thread(row.thread, walking.section, closed=row.state is ThreadState.CLOSED)
        yield from self._next_list(found, rows, changed, walking)

    def _check_order(self, rows: list[ListRow], section: str) -> None:
        """A section may have an order of its own that the board does not let us change: what is new then stands anywhere."""
        times = [r.last_post_at for r in rows if not r.sticky and r.last_post_at]
        wrong = sum(later > earlier + SKEW for earlier, later in pairwise(times))
        if self.engine.sorted_by == "last_post" and wrong > 1 + len(times) // 4:
            said = "列表不是按最后回复的时间排的，旧帖的新答复会漏掉；请论坛把这个版块改成默认排序"
            self.health.fail(f"{self._section(section)}：{said}")

    def _believable(self, page: Page, rows: list[ListRow], walking: _Walking) -> Validators:
        """None where the whole first page is dated in the future: what changes below would not show on it."""
        last = next((r for r in reversed(rows) if not r.sticky), None)
        touched = _touched(last) if last else None
        return unchanged.validators(page.headers) if touched and touched <= walking.started else Validators()

    def _fed(self, found: FeedPage, changed: set[str], page: Page) -> Iterator[ReadThread]:
        """Posts that came with their list. Nothing is known of their replies, so no read of them is complete."""
        for post in found.posts:
            if post.thread in changed:
                self.health.threads += 1
                detail = "订阅源里没有跟帖"
                read = Read(
                    self.board.slug, post.thread, page.received_at, ReadOutcome.OK, False, page.status, 1, detail
                )
                kept = snapshot(self.board.slug, post.thread, page.url, page.received_at, page.status, page.body)
                yield ReadThread(post, (), read, (kept,))

    def _changed(self, walking: _Walking, rows: list[ListRow], now: datetime) -> set[str]:
        """Threads to read: new or changed since they were read, and touched since the first crawl's horizon."""
        rows = [r for r in rows if r.state is not ThreadState.MOVED]
        known = self.store.threads.listed_threads(self.board.slug, [r.thread for r in rows]) if self.store else set()
        if not self._reads_threads and rows and not known and walking.walk.walked_at is not None:
            said = f"订阅源上的 {len(rows)} 条全是新的，上次读过以后可能漏了；请读得勤些，或请对方多给几条"
            self.health.fail(f"{self._section(walking.section)}：{said}")
        worth = [r for r in rows if r.thread in known or (_touched(r) or now) >= walking.walk.horizon]
        if self.store is None:
            return {r.thread for r in worth}
        with self.writing(self.store):
            return self.store.threads.listed(self.board.slug, walking.section, worth, now)

    def _next_list(
        self, found: ListPage, rows: list[ListRow], changed: set[str], walking: _Walking
    ) -> Iterator[Request]:
        if found.next and rows and walking.page < self.most_pages and self._goes_on(rows, changed, walking):
            yield self._request(found.next, self.on_list, LISTS_FIRST, walking=walking)
            return
        if found.next and rows and walking.page >= self.most_pages:
            self.health.fail(f"{self._section(walking.section)}：一次翻了 {walking.page} 页还没有翻完，下次接着翻")
            return
        if self.store is not None:
            with self.writing(self.store):
                self.store.threads.walked(self.board.slug, walking.section, walking.started)
                self.store.visits.keep_validators(
                    self.board.slug, walking.section, walking.first.url, walking.validators or Validators()
                )

    def _goes_on(self, rows: list[ListRow], changed: set[str], walking: _Walking) -> bool:
        """Can the next page hold something new? Stickies and future-dated rows come first and say nothing."""
        last = next((r for r in reversed(rows) if not r.sticky), None)
        if last is None or last.thread in changed:
            return True
        touched, walk = _touched(last), walking.walk
        if touched is None:
            return walk.walked_at is None
        # An earlier walk that was cut short proves nothing of the rows below; then only the horizon ends this one.
        met = walk.horizon if walk.walked_at is None else walk.walked_at - SKEW
        if self.engine.sorted_by == "created" and self.back_to is not None:
            met = min(met, self.back_to)
        return touched >= max(met, walk.horizon)

    def _ask_thread(
        self, thread: str, section: str, priority: int = 5, *, closed: bool | None = None
    ) -> Iterator[Request]:
        """``closed``: as the list shows it; None where no list was asked: then, if the page will not say, as it was."""
        taken = self._was_closed(thread) if closed is None else closed
        again = not self._says_closed and self.asked.get(thread) is not taken  # the list knows better than we did
        if self._reads_threads and (thread not in self.asked or again):
            self.asked[thread] = taken
            reading = _Reading(thread, section, closed=taken)
            yield self._request(self.engine.thread_ask(self.board, thread), self.on_thread, priority, reading=reading)

    def _was_closed(self, thread: str) -> bool:
        if self._says_closed or self.store is None:
            return False
        known = self.store.threads.post(self.board.slug, thread)
        return known is not None and known.state is ThreadState.CLOSED

    def on_thread(self, response: Response, reading: _Reading) -> Iterator[Any]:
        """Gather a thread's pages; the last one makes it a record."""
        page = self._page(response)
        if onward := self._onward(response) or self._again(response):
            yield onward
            return
        reading.pages.append(
            snapshot(self.board.slug, reading.thread, page.url, page.received_at, page.status, page.body)
        )
        try:
            found = self.engine.read_thread(page, self.board)
        except PageFailure as failure:
            yield from self._stopped(reading, failure.outcome, str(failure), page.status)
            return
        known = len(reading.replies)
        reading.post = found.post or reading.post  # the same page again may show more of it: a post in several parts
        reading.replies.update({r.id: r for r in found.replies})
        reading.missing += len(found.missing)
        self.health.missing.update(found.missing)
        reading.size += len(page.body)
        more = found.next is not None and (found.page == 1 or len(reading.replies) > known)
        room = len(reading.pages) < self.most_thread_pages and reading.size < MOST_BYTES
        if more and found.next is not None and room:
            yield self._request(found.next, self.on_thread, 8, reading=reading)
            return
        if reading.post is None:
            self._unread(reading, ReadOutcome.MALFORMED, "主题帖读不出来", page.status)
            return
        short = f"有 {reading.missing} 处读不出来" if reading.missing else "页数太多，没有读完" if more else ""
        yield self._finish(reading, reading.post, page.status, short)

    def _stopped(
        self, reading: _Reading, outcome: ReadOutcome, detail: str, status: int | None
    ) -> Iterator[ReadThread]:
        """A page that cannot be read: what the pages before it held is kept, as an incomplete read."""
        if reading.post is None:
            self._unread(reading, outcome, detail, status)
            return
        short = f"后面有一页读不了：{detail}"
        self.health.fail(f"帖子没有读完：{short}")
        yield self._finish(reading, reading.post, status, short)

    def _finish(self, reading: _Reading, post: Post, status: int | None, short: str) -> ReadThread:
        """The record of a thread; ``short``: what is missing of it, empty where nothing is."""
        complete, now = not short, self.clock()
        self.health.threads += 1
        self.health.replies += len(reading.replies)
        if complete:
            self.health.last_complete_at = now
        outcome = ReadOutcome.OK if complete else ReadOutcome.MALFORMED
        read = Read(self.board.slug, reading.thread, now, outcome, complete, status, len(reading.pages), short)
        post = replace(post, state=ThreadState.CLOSED) if reading.closed else post
        return ReadThread(post, tuple(reading.replies.values()), read, tuple(reading.pages))

    def _unread(self, reading: _Reading, outcome: ReadOutcome, detail: str, status: int | None) -> None:
        """A thread that could not be read: kept as a read, and a failure of the board unless the thread itself is gone."""
        private = outcome is ReadOutcome.FORBIDDEN and status == 200  # the board keeps this one thread to some members
        self.refused += private or outcome is ReadOutcome.LOGIN
        if outcome not in (ReadOutcome.GONE, ReadOutcome.LOGIN) and not private:
            self.health.fail(f"帖子读不了：{detail}")
        read = Read(self.board.slug, reading.thread, self.clock(), outcome, False, status, len(reading.pages), detail)
        if self.store is not None:
            with self.writing(self.store):
                bears = self.store.threads.awaited(self.board.slug, reading.thread)
                self.store.threads.save_read(read, reading.pages if bears else ())

    def closed(self, reason: str) -> None:
        """Called by Scrapy at the end; a run that was stopped says so, and what it owes is read by the next."""
        if reason == "closespider_timeout":
            self.health.fail("一轮的时间用完了还没有读完，下次接着读；论坛可能应答得很慢")
        if not self.health.threads and self.refused >= MOST_REFUSED:
            self.health.fail(f"{self.refused} 个帖子没有一个让游客看：{ADVICE[ReadOutcome.LOGIN]}")
        for sentence in self.health.failures:
            self.logger.warning("%s", sentence)  # all that ``scrapy crawl`` shows of it

    def on_failure(self, failure: Failure) -> Iterator[ReadThread]:
        """No usable answer at all."""
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome, sentence = refusals.explain(failure)
        if outcome is ReadOutcome.ROBOTS:
            sentence = f"robots.txt 不许读取 {self.board.url}；请向对方申请许可，或在 boards.toml 写明 refused"
        reading = request.cb_kwargs.get("reading")
        if reading is not None:
            yield from self._stopped(reading, outcome, sentence, None)
        else:
            self.health.fail(f"{self._section(request.cb_kwargs['walking'].section)}：{sentence}")

    def _request(self, ask: Ask, callback: Callable[..., Any], priority: int, **kwargs: Any) -> Request:
        common: dict[str, Any] = {
            "callback": callback,
            "errback": self.on_failure,
            "cb_kwargs": kwargs,
            "priority": priority,
            "headers": dict(ask.headers),
            "dont_filter": True,
            "meta": dict(META),
        }
        if isinstance(ask, JsonAsk):
            return JsonRequest(ask.url, method=ask.method, data=dict(ask.json), **common)
        if ask.form is not None:
            return FormRequest(ask.url, method=ask.method, formdata=dict(ask.form), **common)
        return Request(ask.url, method=ask.method, **common)

    def _onward(self, response: Response) -> Request | None:
        """Where the board sends us on to, within itself: Discuz! sends to the same page once it has put a thread in order."""
        hops, location = response.meta.get("hops", 0), response.headers.get("Location")
        if response.status not in _MOVED or not location or hops >= MOST_HOPS or response.request is None:
            return None
        target = response.urljoin(location.decode("latin-1"))
        elsewhere = urlsplit(target).netloc != urlsplit(response.url).netloc
        if elsewhere or not target.startswith(("http://", "https://")) or to_login(target):
            return None
        return response.request.replace(url=target, meta={**META, "hops": hops + 1})

    def _again(self, response: Response) -> Request | None:
        """The same once more where a board answers with nothing at all, as old software does when two ask at once."""
        if response.status != 200 or response.body.strip() or response.request is None:
            return None
        request = response.request.replace(
            meta={**META, **{k: v for k, v in response.meta.items() if k == "retry_times"}}
        )
        return get_retry_request(request, spider=self, reason="an empty page")

    def _page(self, response: Response) -> Page:
        self.health.pages += 1
        self.health.statuses[str(response.status)] += 1
        headers = {k.decode("latin-1").lower(): v[0].decode("latin-1") for k, v in response.headers.items() if v}
        return Page(response.url, response.status, headers, response.body, self.clock())

    def _section(self, section: str) -> str:
        return next((s.name for s in self.board.sections if s.id == section), section)

    def _had_threads(self, section: str) -> bool:
        return self.store is not None and self.store.threads.knows(self.board.slug, section)


def _touched(row: ListRow) -> datetime | None:
    return row.last_post_at or row.posted_at
