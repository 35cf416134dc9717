"""Records with good defaults, so that a test names only what it is about."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from data.city import City
from data.records import (
    AccountRole,
    Action,
    Choice,
    Decision,
    Event,
    Kind,
    Post,
    Read,
    ReadOutcome,
    Reply,
    Suggestion,
    Thread,
    Ticket,
    Urgency,
)
from data.reference import Account, Board, Section
from data.store import Store
from data.store.copying import rows
from data.store.layout import layout
from data.store.sqlite import SQLite
from data.store.threads import snapshot

ZONE = ZoneInfo("Asia/Shanghai")
POSTED = datetime(2011, 7, 25, 1, 0, tzinfo=UTC)  # Monday 2011-07-25 09:00 in Luoyang
FILED = POSTED + timedelta(minutes=30)
DUE = FILED + timedelta(hours=4)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
MakeCity = Callable[[str], City]  # the fixture ``make_city``: from the text of liandong.toml to a city
_ids = itertools.count(1000)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> datetime:
        self.now += by
        return self.now


def kept_at(database: str, toml: str) -> str:
    """The text of liandong.toml with its database named."""
    head, city, tail = toml.partition("[city]\n")
    return f'{head}[city]\ndatabase = "{database}"\n{tail}' if city else f'{toml}\n[city]\ndatabase = "{database}"\n'


def at(text: str) -> datetime:
    """``2011-07-25 09:00`` (or with seconds) on the city's clock, in UTC as records hold it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def post(**given: Any) -> Post:
    """A citizen of 洛阳网 has no water."""
    base = Post(
        board="lyw",
        thread="101",
        section="2",
        url="http://127.0.0.1/thread-101-1-1.html",
        title="涧西区南昌路停水三天了",
        author="西苑路居民",
        posted_at=POSTED,
        body="家里停水三天，给水务集团打电话没人管，电话 13800000000",
    )
    return replace(base, **given)


def reply(**given: Any) -> Reply:
    """The water company answers in substance, an hour after the filing."""
    base = Reply(
        board="lyw",
        thread="101",
        id=str(next(_ids)),
        floor=2,
        author="洛阳水务集团",
        posted_at=FILED + HOUR,
        body="您好，经现场核实，南昌路主管道破裂，已修复，今日18时恢复供水。",
    )
    return replace(base, **given)


def read(**given: Any) -> Read:
    """A complete read an hour after due."""
    base = Read("lyw", "101", DUE + HOUR, ReadOutcome.OK, complete=True, status=200, pages=1, id=next(_ids))
    return replace(base, **given)


def failed_read(outcome: ReadOutcome = ReadOutcome.UNREACHABLE, **given: Any) -> Read:
    """A read that came to nothing."""
    return read(outcome=outcome, complete=False, status=None, pages=0, **given)


def ticket(**given: Any) -> Ticket:
    """The post, filed to the water company at 09:30 and due at 13:30."""
    base = Ticket(
        number="20110725-0001",
        board="lyw",
        thread="101",
        decision=1,
        office_id="LY1",
        title="涧西区南昌路停水三天了",
        kind=Kind.HELP,
        category="urban/water-supply",
        source="洛阳网 洛阳社区·聚焦河洛",
        contact="13800000000",
        unit="water-group",
        urgency=Urgency.IMMEDIATE,
        days=0,
        posted_at=POSTED,
        decided_at=FILED - MINUTE,
        filed_at=FILED,
        reply_due=DUE,
        completion_due=at("2011-07-26 00:00"),
    )
    if "filed_at" in given and "reply_due" not in given:
        given["reply_due"] = given["filed_at"] + timedelta(hours=4)
    return replace(base, **given)


def decision(**given: Any) -> Decision:
    """The clerk accepts: water supply, to the water company, at once."""
    base = Decision(
        board="lyw",
        thread="101",
        at=FILED - MINUTE,
        by="张敏",
        action=Action.ACCEPT,
        kind=Kind.HELP,
        category="urban/water-supply",
        unit="water-group",
        urgency=Urgency.IMMEDIATE,
        contact="13800000000",
    )
    return replace(base, **given)


def suggestion(**given: Any) -> Suggestion:
    """What the machine makes of the post."""
    base = Suggestion(
        board="lyw",
        thread="101",
        at=POSTED + MINUTE,
        model="test-1",
        is_request=True,
        request_p=0.97,
        kind=Kind.HELP,
        kind_p=0.8,
        category="urban/water-supply",
        categories=(Choice("urban", 0.9), Choice("civil", 0.05)),
        units=(Choice("water-group", 0.9),),
        urgency=Urgency.IMMEDIATE,
        days=0,
    )
    return replace(base, **given)


def everything(store: Store, *, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but those of the tables in ``but``."""
    return {name: list(rows(store.db, name)) for name in layout() if name not in but}


def careless(store: Store) -> None:
    """Nothing is kept through a power cut any more; a test that writes much is quicker so."""
    if isinstance(store.db, SQLite):
        store.db.execute("pragma synchronous = off").fetchall()


def save_thread(city: City, *replies: Reply, read_at: datetime = POSTED + MINUTE, **given: Any) -> Read:
    """Keep a complete read of the post (changed as ``given``) with exactly these replies and one page."""
    the_post = post(**given)
    page = snapshot(the_post.board, the_post.thread, the_post.url, read_at, 200, the_post.body.encode())
    the_read = Read(the_post.board, the_post.thread, read_at, ReadOutcome.OK, complete=True, status=200, pages=1)
    with city.store.transaction():
        return city.store.threads.save(Thread(the_post, replies), the_read, [page])


def save_failure(city: City, when: datetime, outcome: ReadOutcome = ReadOutcome.UNREACHABLE) -> Read:
    """Keep a read of the thread that came to nothing."""
    with city.store.transaction():
        return city.store.threads.save_read(failed_read(outcome, at=when, id=0))


def save_ticket(city: City, **given: Any) -> Ticket:
    """Keep a ticket as if the office had acknowledged it."""
    the_ticket = ticket(**given)
    with city.store.transaction():
        city.store.tickets.file(the_ticket, "filed")
        city.store.tickets.add_event(Event(the_ticket.number, the_ticket.filed_at, "file", "system"), "filed")
    return the_ticket


def refuses(city: City) -> City:
    """A board that asks not to be read, with an official account of the water company on it."""
    board = Board(
        slug="refuses", name="牡丹社区", engine="discuz", url="http://bbs.refuses.example/",
        sections=(Section(id="2", name="民生"),), rewritten=True, refused="robots.txt 不许读",
    )  # fmt: skip
    account = Account(board="refuses", account="洛阳水务", role=AccountRole.UNIT, unit="water-group")
    with city.store.transaction():
        tables = city.reference()
        more = {"boards": (*tables.boards, board), "accounts": (*tables.accounts, account)}
        city.store.reference.save(tables.model_copy(update=more))
    return city
