"""Every number of the report leads to the tickets it counts, and to no others."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data.city import City
from data.records import Verdict, VerdictName
from tests.build import FILED, HOUR, save_thread, save_ticket
from tests.desk_city import PHONE, Clock, desk, login, make, staff

CELL = re.compile(r'<a href="(/report/tickets[^"]*)">([^<]*)</a>')


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Some sixty tickets of several units, boards and days, with every verdict."""
    city = make(tmp_path / "city", tickets=False)
    staff(city)
    verdicts = [*VerdictName]
    units, boards = ("water-group", "lamps", "heating-company"), ("lyw", "dahe", "people")
    for i in range(60):
        number, thread, board = f"201107{25 + i // 30}-{i:04}", str(500 + i), boards[i % 3]
        save_thread(city, board=board, thread=thread, title=f"第 {i} 件，电话 {PHONE}")
        filed = FILED + i * HOUR
        save_ticket(
            city, number=number, board=board, thread=thread, unit=units[i % 7 % 3], filed_at=filed,
            title=f"第 {i} 件，电话 {PHONE}", category=("urban/lamps", "labour", "health/hospital")[i % 5 % 3],
        )  # fmt: skip
        name = verdicts[i % len(verdicts)]
        if name is not VerdictName.PENDING:
            met = name in (VerdictName.ON_TIME, VerdictName.LATE)
            at = filed + (HOUR if name is VerdictName.ON_TIME else 6 * HOUR)
            with city.store.transaction():
                city.store.tickets.add_verdict(
                    Verdict(number, at, name, reply_at=at if met else None, latency=3600.0 if met else None)
                )
    return city


@pytest.fixture
def leader(city: City) -> FlaskClient:
    clock = Clock()
    clock.forward(days=5)
    return login(desk(city, clock), "leader")


def listed(client: FlaskClient, address: str) -> list[str]:
    """The numbers of the tickets listed, over all pages."""
    found: list[str] = []
    while address:
        page = client.get(address).text
        found += re.findall(r'<a href="/tickets/([\d-]+)">', page)
        onward = re.search(r'id="next" href="([^"]+)"', page)
        address = unescape(onward[1]) if onward else ""
    return found


def test_each_number_of_the_report_lists_as_many_tickets_as_it_says(leader: FlaskClient) -> None:
    cells = CELL.findall(leader.get("/report").text)
    assert len(cells) > 60
    for address, text in cells:
        numbers = listed(leader, unescape(address))
        rate = re.search(r"/(\d+)", text)  # 76%（123/161）: the tickets it is a rate of
        assert len(numbers) == len(set(numbers)) == int(rate[1] if rate else text), (address, text)


def test_the_tickets_behind_late_are_late(leader: FlaskClient, city: City) -> None:
    standing = city.store.tickets.standing()
    for number in listed(leader, "/report/tickets?group=unit&slug=lamps&counted=late"):
        assert standing[number].name is VerdictName.LATE
        ticket = city.store.tickets.ticket(number)
        assert ticket is not None
        assert ticket.unit == "lamps"


def test_the_days_asked_for_are_those_of_the_report(leader: FlaskClient) -> None:
    one_day = [unescape(a) for a, _ in CELL.findall(leader.get("/report?since=2011-07-26&until=2011-07-26").text)]
    assert one_day
    assert all("since=2011-07-26" in a and "until=2011-07-26" in a for a in one_day)
    assert 0 < len(listed(leader, one_day[0])) < 60


def test_who_does_not_handle_them_sees_no_telephone_number(leader: FlaskClient) -> None:
    page = leader.get("/report/tickets?counted=filed").text
    assert "件，电话" in page
    assert PHONE not in page


@pytest.mark.parametrize("query", ["counted=none", "group=author&counted=filed", ""])
def test_what_the_report_does_not_count_is_no_page(leader: FlaskClient, query: str) -> None:
    assert leader.get(f"/report/tickets?{query}").status_code == 404


def test_a_row_that_is_no_more_says_so(leader: FlaskClient) -> None:
    assert "没有这样的工单" in leader.get("/report/tickets?group=unit&slug=nobody&counted=filed").text
