"""A small city with a queue and tickets, written straight into its store, and a desk before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from data.city import City, Settings
from data.records import (
    Action,
    Alert,
    BoardHealth,
    Choice,
    Contact,
    Decision,
    Event,
    Kind,
    OutboxEntry,
    OutboxState,
    Post,
    Read,
    ReadOutcome,
    Reason,
    Reply,
    Run,
    Suggestion,
    Thread,
    Ticket,
    Urgency,
    Verdict,
    VerdictName,
)
from data.reference import load
from data.store.threads import snapshot
from desk import people
from desk.people import add_user
from desk.web import create_app

# Argon2 is slow on purpose; what is tested here is what happens around it.
people._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

NOW = datetime(2011, 7, 25, 6, 30, tzinfo=UTC)
PASSWORD = "correct-horse-battery"  # the test people's own
STAFF = {"clerk": None, "liaison": "water-group", "leader": None, "admin": None}
PHONE = "13837912345"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


def post(thread: str, title: str, body: str, minutes: int = 30, url: str = "", **more: Any) -> Post:
    url = url or f"http://bbs.lyw.example/thread-{thread}-1-1.html"
    return Post("lyw", thread, "2", url, title, "小浪底", NOW - timedelta(minutes=minutes), body, **more)


def suggestion(thread: str, unit: str = "water-group", **more: Any) -> Suggestion:
    made = Suggestion(
        board="lyw",
        thread=thread,
        at=NOW - timedelta(minutes=5),
        model="test",
        is_request=True,
        request_p=0.97,
        kind=Kind.HELP,
        kind_p=0.81,
        category="urban/water-supply",
        categories=(Choice("urban", 0.86), Choice("environment", 0.06), Choice("health", 0.03)),
        units=(Choice(unit, 0.83), Choice("housing-bureau", 0.09), Choice("urban-management", 0.04)),
        urgency=Urgency.DAYS,
        days=5,
    )
    return replace(made, **more)


QUEUE: tuple[tuple[Post, Suggestion], ...] = (
    (
        post(
            "101",
            "南昌路阳光小区停水三天没人管",
            f"我们小区从上周五开始停水，物业说找水务集团。\n家里有老人小孩，吃水都成问题，请帮忙问问什么时候能来水。\n联系电话 {PHONE}，QQ 2837465",
            200,
        ),
        suggestion(
            "101",
            urgency=Urgency.IMMEDIATE,
            days=0,
            place="南昌路",
            contacts=(Contact("手机", PHONE), Contact("QQ", "2837465")),
            reasons=(Reason("停水", 0.42), Reason("水务集团", 0.2), Reason("来水", 0.11)),
        ),
    ),
    (
        post("102", "中州路路灯一到晚上就不亮", "从七里河到谷水这一段路灯坏了十几盏，晚上骑车很危险。", 150),
        suggestion(
            "102",
            "lamps",
            kind=Kind.COMPLAINT,
            category="urban",
            units=(Choice("lamps", 0.41), Choice("urban-management", 0.33), Choice("municipal-works", 0.12)),
            needs_person="前两个单位的把握相近",
            reasons=(Reason("路灯", 0.5),),
        ),
    ),
    (
        post("103", "周末牡丹园摄影活动报名", "有一起去拍牡丹的吗？周六早上八点集合。", 90),
        suggestion("103", "parks-bureau", is_request=False, request_p=0.12, kind=Kind.INQUIRY),
    ),
    (
        post("104", "西工区这栋楼着火了！！", "楼上冒浓烟，有人在窗口喊救命", 3),
        suggestion("104", "fire-brigade", urgency=Urgency.EMERGENCY, days=0, needs_person="可能是火情，请先拨打 119"),
    ),
)
ORDER = ("104", "101", "102", "103")  # emergency, 即办, the rest by age, what asks for nothing last


def make(folder: Path, *, queue: bool = True, tickets: bool = True, **settings: Any) -> City:
    """A city in ``folder``, with staff."""
    folder.mkdir(exist_ok=True)
    (folder / "liandong.toml").write_text('[city]\nname = "洛阳"\n', encoding="utf-8")
    city = City(folder, Settings.model_validate(settings))
    with city.store.transaction():
        city.store.reference.save(load())
        for pair in QUEUE if queue else ():
            enqueue(city, *pair)
        if tickets:
            _tickets(city)
    return city


def enqueue(city: City, post: Post, suggestion: Suggestion) -> None:
    """Put one read post with its suggestion into the queue; call it inside a transaction."""
    pages = [snapshot(post.board, post.thread, post.url, NOW, 200, post.body.encode())]
    read = Read(post.board, post.thread, NOW - timedelta(minutes=6), ReadOutcome.OK, True, 200, 1)
    city.store.threads.save(Thread(post, ()), read, pages)
    city.store.decisions.suggest([suggestion])


def staff(city: City) -> None:
    """One user for each role, named after it."""
    for role, unit in STAFF.items():
        add_user(city, role, PASSWORD, role, unit=unit, now=NOW)


def _tickets(city: City) -> None:
    """One answered in time by the water company, one overdue of another unit, and one nobody could check."""
    answered = _file(city, "201", "20110725-0001", "water-group", "凯旋路自来水发黄", hours=3)
    _file(city, "202", "20110725-0002", "heating-company", "供热管道井盖丢了", hours=6)
    store = city.store
    replies = (
        Reply("lyw", "201", "r1", 2, "lyic", answered.filed_at + timedelta(minutes=4), "已转交水务集团办理。"),
        Reply(
            "lyw", "201", "r2", 3, "路人甲", answered.filed_at + timedelta(minutes=9), "我家也是，电话 0379-63123456"
        ),
        Reply(
            "lyw",
            "201",
            "r3",
            4,
            "洛阳水务集团",
            answered.filed_at + timedelta(hours=1),
            "经查，管网冲洗造成，现已恢复。",
        ),
    )
    original = store.threads.post("lyw", "201")
    assert original is not None
    read = store.threads.save(
        Thread(original, replies),
        Read("lyw", "201", NOW - timedelta(minutes=40), ReadOutcome.OK, True, 200, 1),
        [snapshot("lyw", "201", original.url, NOW, 200, b"<html>page</html>")],
    )
    store.tickets.add_event(
        Event(answered.number, answered.filed_at + timedelta(minutes=20), "accept", "liaison"), "accepted"
    )
    store.tickets.add_verdict(
        Verdict(
            answered.number,
            NOW - timedelta(minutes=39),
            VerdictName.ON_TIME,
            reply="r3",
            reply_at=replies[2].posted_at,
            latency=3600.0,
            holding=False,
            answered_at=replies[2].posted_at,
            read=read.id,
            marks=("office-forwarded",),
        )
    )
    store.tickets.add_verdict(Verdict("20110725-0002", NOW - timedelta(minutes=39), VerdictName.OVERDUE))
    store.threads.save_read(
        Read("lyw", "202", NOW - timedelta(minutes=50), ReadOutcome.UNREACHABLE, False, 503, detail="连接超时")
    )
    _background(city)


def _file(city: City, thread: str, number: str, unit: str, title: str, hours: float) -> Ticket:
    filed = NOW - timedelta(hours=hours)
    original = post(thread, title, f"希望尽快处理，我的电话是{PHONE}。", int(hours * 60) + 40)
    city.store.tickets.next_number(number.partition("-")[0])  # this one is used up
    contact = (Contact("手机", PHONE),)
    enqueue(city, original, suggestion(thread, unit, contacts=contact))
    decision = Decision(
        "lyw", thread, filed, "clerk", Action.ACCEPT, False, Kind.HELP, "urban", unit, Urgency.DAYS, 5, f"手机 {PHONE}"
    )
    decided = city.store.decisions.decide(decision)
    ticket = Ticket(
        number=number,
        board="lyw",
        thread=thread,
        decision=decided,
        office_id=f"LD{number[-4:]}",
        title=title,
        kind=Kind.HELP,
        category="urban",
        source="洛阳网",
        contact=f"手机 {PHONE}",
        unit=unit,
        urgency=Urgency.DAYS,
        days=5,
        posted_at=original.posted_at,
        decided_at=filed,
        filed_at=filed,
        reply_due=filed + timedelta(hours=4),
        completion_due=filed + timedelta(days=7),
    )
    city.store.tickets.file(ticket, "filed")
    city.store.tickets.add_event(Event(number, filed, "file", "system", f"办公系统编号 {ticket.office_id}"), "filed")
    return ticket


def _background(city: City) -> None:
    """What the status and boards pages tell of."""
    store = city.store
    store.outbox.put(
        OutboxEntry(
            "notice/20110725-0002",
            "notice",
            "20110725-0002",
            {},
            NOW,
            NOW,
            OutboxState.UNKNOWN,
            1,
            error="读取回应超时",
        )
    )
    store.outbox.put(
        OutboxEntry("file/lyw/9/9", "office", "lyw/9", {}, NOW, NOW, OutboxState.FAILED, 12, error="HTTP 422")
    )
    stages = {"crawl": {"ok": False, "failures": ["洛阳信息港连不上"]}, "send": {"ok": True}}
    store.runs.start(Run("cron:1", NOW - timedelta(minutes=6), NOW - timedelta(minutes=5), False, stages))
    store.runs.alert(Alert(NOW, "board", "lyxxg/20110725", "洛阳信息港连不上，请检查网络"))
    store.threads.save_health(BoardHealth("lyw", NOW, 12, 200, 31, 180, {}, {"200": 12}, (), True, NOW))
    store.threads.save_health(
        BoardHealth("lyxxg", NOW, 1, failures=("洛阳信息港连不上，请检查网络",), ok=False, statuses={"503": 1})
    )


def desk(city: City, clock: Clock) -> Flask:
    app = create_app(city, clock)
    app.testing = True
    return app


def login(app: Flask, name: str, password: str = PASSWORD) -> FlaskClient:
    """A browser in which ``name`` has logged in."""
    client = app.test_client()
    answer = client.post("/login", data={"name": name, "password": password, "csrf_token": token(client)})
    assert answer.status_code == 302, answer.text
    return client


def token(client: FlaskClient, page: str = "/login") -> str:
    """The CSRF token of a page."""
    html = client.get(page).text
    return html.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
