"""What waits for the office's word is named until the word is given."""

from __future__ import annotations

import json

from click.testing import CliRunner

from data.city import City
from desk.cli import cli
from tests.build import FILED, HOUR, MINUTE, save_thread, save_ticket
from ticketing import lifecycle
from ticketing.awaiting import awaiting

FIRST, SECOND_ = "20110725-0001", "20110725-0002"


def move(city: City, number: str, name: str, after: int, **data: int) -> None:
    lifecycle.move(city, number, name, "张敏", "说明", FILED + after * MINUTE, role=lifecycle.CLERK, data=data or None)


def test_returns_and_extensions_wait_the_longest_first_until_the_office_has_spoken(city: City) -> None:
    save_thread(city)
    for number in (FIRST, SECOND_):
        save_ticket(city, number=number)
    assert awaiting(city) == []
    move(city, SECOND_, "ask_extension", 10, days=3)
    move(city, FIRST, "return", 20)
    assert [(e.ticket, e.move) for e in awaiting(city)] == [(SECOND_, "ask_extension"), (FIRST, "return")]
    move(city, SECOND_, "refuse_extension", 30)
    assert [e.ticket for e in awaiting(city)] == [FIRST]
    move(city, FIRST, "force", 40)
    assert awaiting(city) == []


def test_status_names_them(city: City) -> None:
    save_thread(city)
    save_ticket(city, reply_due=FILED + 9 * HOUR)
    move(city, FIRST, "ask_extension", 10, days=3)
    move(city, FIRST, "return", 20)
    told = CliRunner().invoke(cli, ["--dir", str(city.folder), "status"]).output
    assert f"等审核：{FIRST} 申请延期 3 个工作日，2011-07-25 09:40 张敏" in told
    assert f"等审核：{FIRST} 退单，2011-07-25 09:50 张敏" in told
    found = json.loads(CliRunner().invoke(cli, ["--dir", str(city.folder), "status", "--json"]).output)
    assert [e["move"] for e in found["awaiting_the_office"]] == ["ask_extension", "return"]
