"""The audit is found by person, act, subject and day, page by page, and leaves as a file no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data.city import City
from data.records import AuditEntry
from tests.desk_city import NOW, Clock, desk, login, make, staff

HOSTILE = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", queue=False, tickets=False)
    staff(city)
    with city.store.transaction():
        for n in range(250):
            who, what = ("wang", "查看联系方式") if n % 2 else ("li", "办理")
            at = NOW - timedelta(hours=250 - n)
            city.store.people.record(AuditEntry(at, who, what, f"20110725-{n:04d}", f"第 {n} 条"))
        city.store.people.record(AuditEntry(NOW - timedelta(days=20), HOSTILE, "登录失败"))
    return city


@pytest.fixture
def admin(city: City) -> FlaskClient:
    return login(desk(city, Clock()), "admin")


def lines(client: FlaskClient, query: str) -> list[list[str]]:
    answer = client.get(f"/audit/file.csv?{query}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return [*csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))][1:]


@pytest.mark.parametrize(
    ("query", "count"),
    [("who=wang", 125), ("what=办理", 125), ("who=wang&what=办理", 0), ("subject=20110725-0007", 1),
     ("since=2011-07-25", 14), ("until=2011-07-15", 20), ("since=2011-07-20&until=2011-07-20&who=li", 12)],
)  # fmt: skip
def test_each_filter_narrows_what_is_found(admin: FlaskClient, query: str, count: int) -> None:
    found = lines(admin, query)
    own = [row for row in found if row[2] in ("wang", "li")]
    assert len(own) == count


def test_the_pages_follow_one_another_without_a_gap(admin: FlaskClient) -> None:
    address, seen = "/audit?who=li", []
    for _ in range(3):
        page = admin.get(address).text
        seen += [
            int(p.partition("</td>")[0])
            for p in page.split('data-label="详情" class="told">第 ')[1:]
            for p in [p.replace(" 条", "")]
        ]
        address = page.partition('id="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        if not address:
            break
    assert seen == [*range(248, -1, -2)]


def test_what_a_stranger_typed_is_no_formula_and_no_markup(admin: FlaskClient) -> None:
    found = lines(admin, "what=登录失败")
    assert [row[2] for row in found] == [f"'{HOSTILE}"]
    assert HOSTILE not in admin.get("/audit?what=登录失败").text


def test_that_the_audit_was_taken_away_is_in_the_audit(admin: FlaskClient, city: City) -> None:
    lines(admin, "who=wang")
    entry = city.store.people.audit(1)[0]
    assert (entry.who, entry.what, entry.detail) == ("admin", "导出操作记录", "who wang")


def test_a_day_that_is_none_is_said_so_and_nothing_breaks(admin: FlaskClient) -> None:
    page = admin.get("/audit?since=yesterday").text
    assert "没有按这个日期筛选" in page
    assert "办理" in page


def test_nothing_found_says_what_to_do(admin: FlaskClient) -> None:
    assert "清除条件" in admin.get("/audit?subject=none").text
