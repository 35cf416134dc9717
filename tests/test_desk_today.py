"""今日一览: what a leader sees first, and that every number is the tickets it counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data.city import City
from data.records import Verdict, VerdictName
from tests.build import HOUR, MINUTE, save_thread, save_ticket
from tests.desk_city import NOW, PHONE, Clock, desk, login, make, staff
from ticketing import lifecycle
from ticketing.today import today


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", tickets=False)
    staff(city)
    return city


@pytest.fixture
def leader(city: City) -> FlaskClient:
    return login(desk(city, Clock()), "leader")


def ticket(city: City, number: int, name: VerdictName, hours: float, unit: str = "lamps") -> str:
    """Filed so many hours ago, with this verdict."""
    save_thread(city, thread=str(700 + number), title=f"第 {number} 件，电话 {PHONE}")
    filed = NOW - hours * HOUR
    known = f"20110725-{number:04}"
    save_ticket(
        city, number=known, thread=str(700 + number), unit=unit, filed_at=filed, reply_due=filed + 4 * HOUR,
        title=f"第 {number} 件，电话 {PHONE}",
    )  # fmt: skip
    if name is not VerdictName.PENDING:
        with city.store.transaction():
            city.store.tickets.add_verdict(Verdict(known, NOW, name))
    return known


def test_the_day_and_what_stands_open(city: City) -> None:
    ticket(city, 1, VerdictName.ON_TIME, 1)
    ticket(city, 2, VerdictName.LATE, 5)
    soon = [ticket(city, 3, VerdictName.PENDING, 3.5), ticket(city, 4, VerdictName.PENDING, 3)]
    ticket(city, 5, VerdictName.PENDING, 2.9)  # due in more than an hour
    ticket(city, 6, VerdictName.UNVERIFIABLE, 30)
    late = [ticket(city, n, VerdictName.OVERDUE, 40 + n, "water-group" if n < 9 else "lamps") for n in (7, 8, 9)]
    found = today(city, NOW)
    assert (len(found.filed), found.within, found.judged) == (5, 1, 2)
    assert [t.number for t in found.soon] == soon
    assert [(unit, len(tickets)) for unit, tickets in found.late] == [("water-group", 2), ("lamps", 1)]
    assert sorted(t.number for _, tickets in found.late for t in tickets) == late
    assert [t.number for t in found.unverifiable] == ["20110725-0006"]
    assert found.waiting == 4


def test_a_return_that_waits_for_the_office_is_due_to_nobody(city: City) -> None:
    number = ticket(city, 1, VerdictName.PENDING, 3.5)
    lifecycle.move(
        city, number, "return", "liaison", "不归我们管", NOW - MINUTE, role="clerk", data={"reason": "权属不清"}
    )
    found = today(city, NOW)
    assert (list(found.soon), [e.ticket for e in found.asked]) == ([], [number])


def test_a_leader_sees_it_first_and_each_number_leads_on(city: City, leader: FlaskClient) -> None:
    for n in (1, 2, 3):
        ticket(city, n, VerdictName.ON_TIME if n == 1 else VerdictName.OVERDUE, 5)
    page = leader.get("/today").text
    assert "<h1>今日一览</h1>" in page
    for address, number in re.findall(r'href="(/report/tickets[^"]+)">(\d+)<', page):
        listed = leader.get(address.replace("&amp;", "&")).text
        assert len(set(re.findall(r'href="/tickets/([\d-]+)"', listed))) == int(number)
    assert '<b class="bad">2</b>' in page
    assert PHONE not in page


def test_an_empty_day_says_what_to_do(tmp_path: Path) -> None:
    city = make(tmp_path / "empty", queue=False, tickets=False)
    staff(city)
    assert "今天还没有事" in login(desk(city, Clock()), "leader").get("/today").text
