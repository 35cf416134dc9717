"""Calls and letters come into the queue; what came with its answer is history, and is never filed."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.contacts import contacts
from data.city import City
from data.records import VerdictName
from tests.build import FILED, Clock, at, decision
from ticketing import checking, digest, filing, history, incoming, lifecycle, outbox, reports, watch

CALLS = """来源,编号,来电时间,标题,内容
电话,1,2011-07-25 08:50,南昌路停水,家里停水三天，电话 13800000000
来信,2,2011-07-24 10:00,路灯不亮,中州路的路灯坏了
微博,3,2011-07-25 09:10,公交车不停站,9路车在周王城广场不停
"""
ANSWERED = """编号,留言时间,内容,答复,答复时间,承办单位,类别
1,2011-07-01 09:00,停水,已修复。,2011-07-01 12:59:59,市水务集团,供水
2,2011-07-01 09:00,又停水,您好，经核实已修复，今日恢复供水。,2011-07-01 13:00:01,市水务集团,供水
3,2011-07-01 09:00,还停水,已收到，已转交有关部门。,2011-07-05 09:00,某局,
4,2011-07-01 09:00,问个事,在此之前已经答复。,2011-06-30 09:00,,
5,2011-07-01 09:00,没有答复时间,已修复。,,,
6,,没有留言时间,已修复。,2011-07-01 12:00,,
7,2011-07-20 09:00,还没有答复,,,,
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_calls_letters_and_weibo_say_where_they_came_from_and_run_the_completion_clock_only(
    wired: City, clock: Clock, tmp_path: Path
) -> None:
    assert incoming.take_in(wired, file(tmp_path, CALLS), FILED).added == 3
    posts = wired.store.threads.unread_by_machine()
    assert {p.section for p in posts} == {"电话", "来信", "微博"}
    assert {p.posted_at for p in posts} >= {at("2011-07-25 08:50"), at("2011-07-24 10:00")}
    call = next(p for p in posts if p.section == "电话")
    filing.decide(wired, decision(board=call.board, thread=call.thread), FILED)
    clock.now = at("2011-07-25 09:31")
    outbox.send_due(wired, clock, "me")
    [ticket] = wired.store.tickets.tickets()
    assert (ticket.source, ticket.historical) == ("电话", False)
    clock.now = at("2011-07-27 09:31")
    checking.check(wired, clock())
    assert wired.store.tickets.verdicts(ticket.number) == [], "there is no thread in which anyone could answer"
    lifecycle.move(wired, ticket.number, "close", "张敏", "", clock(), role=lifecycle.CLERK)
    assert wired.store.tickets.watched(FILED) == [], "closed, it waits for no verdict that could never come"
    assert digest.standings(wired, clock()) == [], "and is not counted as open"


def test_whom_to_call_back_and_where_come_from_columns_of_their_own(city: City, tmp_path: Path) -> None:
    rows = (
        "来源,编号,来电时间,内容,来电号码,事发地址\n"
        "电话,1,2011-07-25 08:50,家里停水三天,13800000000,南昌路5号院\n"
        "电话,2,2011-07-25 08:51,停水，电话 13800000001,13800000001,\n"
    )
    assert incoming.take_in(city, file(tmp_path, rows), FILED).added == 2
    first, second = sorted(city.store.threads.unread_by_machine(), key=lambda p: p.posted_at)
    assert first.body == "家里停水三天\n联系方式：13800000000\n地址：南昌路5号院"
    assert {(c.kind, c.text) for c in contacts(first.body)} == {("手机", "13800000000"), ("地址", "南昌路5号院")}
    assert second.body == "停水，电话 13800000001", "what the text says already is not said twice"
    assert incoming.take_in(city, file(tmp_path, rows), FILED).known == 2


@pytest.fixture
def imported(city: City, tmp_path: Path) -> City:
    done = incoming.take_in(city, file(tmp_path, ANSWERED), FILED)
    assert (done.added, done.historical) == (5, 4)
    assert [p.split("：")[0] for p in done.problems] == ["第 6 行", "第 7 行"]
    return city


def test_rows_with_their_answer_become_tickets_whose_clock_ran_from_the_citizens_words(imported: City) -> None:
    tickets = {t.title: t for t in imported.store.tickets.tickets()}
    verdicts = {title: imported.store.tickets.verdict(t.number) for title, t in tickets.items()}
    names = {title: v.name for title, v in verdicts.items() if v}
    assert names == {
        "停水": VerdictName.ON_TIME,
        "又停水": VerdictName.LATE,
        "还停水": VerdictName.LATE,
        "问个事": VerdictName.ON_TIME,
    }
    early = verdicts["问个事"]
    assert early is not None
    assert (early.latency, early.marks) == (0.0, ("before-filing",))
    assert {title: v.holding for title, v in verdicts.items() if v}["还停水"]
    assert all(t.historical and t.filed_at == t.posted_at for t in tickets.values())
    assert (tickets["停水"].unit, tickets["还停水"].unit) == ("water-group", "某局")
    assert tickets["停水"].category == "urban/water-supply"


def test_nothing_of_them_leaves_waits_is_watched_or_is_judged_again(imported: City, clock: Clock) -> None:
    assert imported.store.outbox.counts() == {}
    assert [p.title for p in imported.store.threads.unread_by_machine()] == ["还没有答复"]
    assert watch.watches(imported, clock()) == []
    assert not checking.check(imported, clock())
    for ticket in imported.store.tickets.tickets():
        events = imported.store.tickets.events(ticket.number)
        assert lifecycle.state_after(events) == imported.store.tickets.state(ticket.number) == "archived"


def test_they_are_a_population_of_their_own(imported: City, clock: Clock) -> None:
    assert reports.latency(imported, clock()).overall.filed == 0
    found = reports.latency(imported, clock(), historical=True).overall
    assert (found.filed, found.within, found.late) == (4, 2, 2)


def test_read_twice_they_are_kept_once(imported: City, tmp_path: Path) -> None:
    again = incoming.take_in(imported, file(tmp_path, ANSWERED), FILED)
    assert (again.added, again.known, again.historical) == (0, 5, 0)
    assert len(list(imported.store.tickets.tickets())) == 4


def test_names_a_file_uses_are_known_by_name_and_by_slug(city: City) -> None:
    names = history.Names(city.reference())
    assert names.slugs({"unit": "市水务集团"})["unit"] == names.slugs({"unit": "water-group"})["unit"] == "water-group"
    assert names.slugs({}) == {"unit": "", "category": "", "kind": ""}
