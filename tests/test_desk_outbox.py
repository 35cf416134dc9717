"""What did not leave is on one page, and is sent again or settled there."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data.city import City
from data.records import OutboxEntry, OutboxState
from tests.desk_city import NOW, Clock, desk, login, make, staff, token

UNIT_PHONE = "0379"


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city")
    staff(city)
    with city.store.transaction():
        for n in range(60):
            payload = {"ticket": "20110725-0001", "kind": "urge"}
            state = OutboxState.FAILED if n else OutboxState.UNKNOWN
            key = f"notice/20110725-0001/urge/{n}"
            city.store.outbox.put(
                OutboxEntry(key, "notice", "20110725-0001", payload, NOW, NOW, state, 12, error=f"网关没有应答 {n}")
            )
    return city


@pytest.fixture
def clerk(city: City) -> FlaskClient:
    return login(desk(city, Clock()), "clerk")


def press(client: FlaskClient, address: str, **form: str) -> TestResponse:
    return client.post(address, data={"csrf_token": token(client, "/password"), **form}, follow_redirects=True)


def states(city: City, channel: str = "notice") -> dict[str, int]:
    return {state: n for (c, state), n in city.store.outbox.counts().items() if c == channel}


def test_the_page_says_what_it_is_about_and_whom_to_ring(clerk: FlaskClient, city: City) -> None:
    page = clerk.get("/outbox").text
    unit = city.reference().unit["water-group"]
    for words in ("催办", "凯旋路自来水发黄", unit.name, "试过 12 次", "网关没有应答 0", "HTTP 422", "读取回应超时"):
        assert words in page
    assert page.count('class="card act"') == 50


def test_state_and_channel_narrow_it_and_pages_follow(clerk: FlaskClient) -> None:
    assert clerk.get("/outbox?state=unknown").text.count('class="card act"') == 2
    assert clerk.get("/outbox?channel=office").text.count('class="card act"') == 1
    page = clerk.get("/outbox").text
    more = page.partition('id="next" href="')[2].partition('"')[0]
    assert clerk.get(more).text.count('class="card act"') == 62 - 50
    assert "都发成了" in clerk.get("/outbox?channel=alarm").text


def test_all_that_failed_is_sent_again_at_once_and_never_what_may_have_arrived(clerk: FlaskClient, city: City) -> None:
    before = states(city)
    assert (before["failed"], before["unknown"]) == (59, 2)
    assert "已重新排队 59 件" in press(clerk, "/outbox/resend", channel="notice").text
    assert states(city) == {"waiting": 59, "unknown": 2}
    assert states(city, "office") == {"failed": 1}
    audit = [e for e in city.store.people.audit(100) if e.what == "重新发送"]
    assert (len(audit), {e.who for e in audit}) == (59, {"clerk"})


def test_one_is_sent_again_or_settled_and_the_filter_stays(clerk: FlaskClient, city: City) -> None:
    first, second = city.store.outbox.stuck([OutboxState.UNKNOWN])
    answer = press(clerk, f"/outbox/{first.id}/resend", of_state="unknown", of_channel="notice")
    assert "已重新排队" in answer.text
    assert dict(answer.request.args) == {"state": "unknown", "channel": "notice"}
    press(clerk, f"/outbox/{second.id}/settle", sent="yes", note="电话核实，已收到")
    kept = city.store.outbox.numbered(second.id)
    assert kept is not None
    assert (kept.state, kept.error) == (OutboxState.SENT, "人工确认已送达：电话核实，已收到")


def test_a_filing_that_arrived_wants_the_offices_number(clerk: FlaskClient, city: City) -> None:
    [filing] = city.store.outbox.stuck([OutboxState.FAILED], "office")
    assert "请写明办公系统里这件工单的编号" in press(clerk, f"/outbox/{filing.id}/settle", sent="yes").text
