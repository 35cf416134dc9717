"""The day's digests: what is open, overdue and due today, once a day, in quiet hours held, the chain head to the leaders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from data.city import City
from data.records import OutboxEntry, Verdict, VerdictName
from desk import cli
from tests.build import Clock, MakeCity, at, save_thread, save_ticket
from tests.counterpart import Counterpart
from tests.listener import Listener
from ticketing import digest, messages
from ticketing.outbox import send_due

MORNING = at("2011-07-26 08:00")
DAY = timedelta(days=1)


@pytest.fixture
def city(make_city: MakeCity, counterpart: Counterpart) -> City:
    """A city with a gateway, a leader, and digests from eight."""
    return make_city(f'[notices]\nsms_url = "{counterpart.url}/send"\nleader_phone = "13900009999"\ndigest_hour = 8\n')


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.stop()


def entry(city: City, to: str, day: str = "20110726") -> OutboxEntry:
    found = city.store.outbox.entry(f"digest/{day}/{to}")
    assert found is not None
    return found


def keep(city: City, number: str, verdict: VerdictName | None = None, **given: Any) -> None:
    dates = {"filed_at": at("2011-07-25 09:30"), "completion_due": at("2011-07-29 18:00")}
    save_ticket(city, number=number, thread=number, **{**dates, **given})
    if verdict:
        with city.store.transaction():
            city.store.tickets.add_verdict(Verdict(number, at("2011-07-25 14:00"), verdict))


def close(city: City, number: str) -> None:
    city.store.db.execute("update tickets set state = 'closed' where number = ?", [number])


def a_mixed_day(city: City) -> None:
    keep(city, "1", VerdictName.OVERDUE)
    keep(city, "2", VerdictName.ON_TIME, completion_due=at("2011-07-25 18:00"))  # answered, but not finished in time
    keep(city, "3", VerdictName.ON_TIME, completion_due=at("2011-07-26 18:00"))
    keep(city, "4", filed_at=at("2011-07-26 07:30"), reply_due=at("2011-07-26 11:30"))
    keep(city, "5", VerdictName.ON_TIME)
    keep(city, "6", VerdictName.OVERDUE)
    close(city, "6")
    keep(city, "7", VerdictName.OVERDUE, unit="power-company")


def test_a_unit_is_told_what_it_has_open_and_what_presses(city: City) -> None:
    a_mixed_day(city)
    assert digest.write(city, MORNING) == {"units": 2, "leaders": 1}
    told = entry(city, "water-group").payload
    assert told["text"] == "07-26日报：在办5件，应答逾期1件，办结逾期1件，今日到期2件。"
    lines = told["body"].splitlines()
    assert lines[0] == told["text"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3", "4", "5"]
    assert "应答逾期" in lines[1]
    assert "办结逾期" in lines[2]
    assert "今日到期" in lines[3]
    assert entry(city, "power-company").payload["text"].startswith("07-26日报：在办1件，应答逾期1件")


def test_the_leaders_are_told_of_all_with_the_head_of_the_chain(city: City) -> None:
    save_thread(city)
    a_mixed_day(city)
    digest.write(city, MORNING)
    told = entry(city, "leaders").payload
    head = city.store.threads.chain_head()
    assert told["text"] == f"07-26日报：在办6件，应答逾期2件，办结逾期1件，今日到期2件。证据链头 {head}"
    assert messages.parts(messages.said(city, told["text"], "leader-digest")) <= 2
    assert messages.said(city, told["text"], "leader-digest").endswith(head), "the whole of it fits"
    assert "洛阳供电公司：在办1件" in told["body"]


def test_the_leaders_read_no_title_and_no_contact(city: City) -> None:
    keep(city, "1", title="停水找13812345678", contact="13812345678")
    digest.write(city, MORNING)
    told = entry(city, "leaders").payload
    assert "13812345678" not in json.dumps(told, ensure_ascii=False)
    assert "停水" not in told["body"]


def test_a_call_without_a_thread_is_never_overdue_for_an_answer(city: City) -> None:
    keep(city, "1", board="import", filed_at=at("2011-07-26 07:00"), reply_due=at("2011-07-26 11:00"))
    digest.write(city, MORNING)
    assert entry(city, "water-group").payload["text"] == "07-26日报：在办1件，应答逾期0件，办结逾期0件，今日到期0件。"


def test_digests_are_written_once_a_day_from_the_hour_set(city: City) -> None:
    keep(city, "1")
    assert digest.write(city, at("2011-07-26 07:59:59")) == {}
    assert digest.write(city, MORNING) == {"units": 1, "leaders": 1}
    assert digest.write(city, at("2011-07-26 20:00")) == {}
    assert digest.write(city, MORNING + DAY) == {"units": 1, "leaders": 1}


def test_a_clock_set_back_writes_no_second_digest(city: City) -> None:
    keep(city, "1")
    digest.write(city, MORNING)
    assert digest.write(city, MORNING - timedelta(hours=1), at_once=True) == {}
    assert digest.write(city, MORNING - DAY, at_once=True) == {}


@pytest.mark.parametrize(
    ("now", "sent"),
    [("2011-07-26 08:00", "2011-07-26 08:00"), ("2011-07-26 23:10", "2011-07-27 07:00")],
)
def test_a_digest_is_held_in_the_quiet_hours(city: City, now: str, sent: str) -> None:
    keep(city, "1")
    digest.write(city, at(now), at_once=True)
    assert entry(city, "water-group").not_before == at(sent)
    assert entry(city, "leaders").not_before == at(sent)


def test_the_digest_reaches_the_officer_and_the_leader(city: City, counterpart: Counterpart) -> None:
    keep(city, "1")
    digest.write(city, MORNING)
    assert send_due(city, Clock(MORNING), "me") == {"notice_sent": 2}
    texts = {m["to"]: m["text"] for m in counterpart.messages}
    assert texts["13900000001"] == "【洛阳联动】07-26日报：在办1件，应答逾期0件，办结逾期0件，今日到期0件。"
    assert city.store.threads.chain_head() in texts["13900009999"]


def test_mail_and_chats_get_the_long_form(make_city: MakeCity, listener: Listener) -> None:
    city = make_city(f'[notices]\nleaders = ["{listener.url.replace("http", "json")}"]\ndigest_hour = 8\n')
    keep(city, "1")
    assert digest.write(city, MORNING) == {"unreachable": 1, "leaders": 1}
    assert send_due(city, Clock(MORNING), "me") == {"notice_sent": 1}
    [seen] = listener.seen
    assert "市水务集团：在办1件" in json.loads(seen.body)["message"]


def test_a_city_without_a_leaders_address_is_told_so_once(make_city: MakeCity) -> None:
    city = make_city("[notices]\ndigest_hour = 8\n")
    assert digest.write(city, MORNING) == {"no_leaders": 1}
    assert digest.write(city, MORNING + DAY) == {"no_leaders": 1}
    [alert] = city.store.runs.alerts()
    assert "证据链头" in alert.text


def test_tickets_of_a_unit_that_was_reorganised_are_its_successors(city: City) -> None:
    keep(city, "1", unit="environment-bureau")
    later = at("2019-03-01 09:00")
    digest.write(city, later)
    successor = city.reference().current("environment-bureau", later.date()).slug
    assert successor != "environment-bureau"
    assert entry(city, successor, "20190301").payload["unit"] == successor


def test_a_long_list_says_how_many_more_there_are(city: City) -> None:
    for number in range(digest.LISTED + 3):
        keep(city, f"{number:04d}")
    digest.write(city, MORNING)
    lines = entry(city, "water-group").payload["body"].splitlines()
    assert len(lines) == digest.LISTED + 2
    assert lines[-1] == "……另有 3 件"


def test_the_verb_writes_it_whatever_the_hour_and_says_when_it_was_there(city: City) -> None:
    keep(city, "1")
    first = CliRunner().invoke(cli.cli, ["--dir", str(city.folder), "notify", "--digest"], catch_exceptions=False)
    assert first.exit_code == 0
    assert "日报：" in first.output
    again = CliRunner().invoke(
        cli.cli, ["--dir", str(city.folder), "notify", "--digest", "--json"], catch_exceptions=False
    )
    assert json.loads(again.stdout)["ok"]
