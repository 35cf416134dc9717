"""催办 before due, 督办 at due, the leader at twice due: each once, on evidence, and not at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from data.city import City
from data.records import OutboxState, Read, ReadOutcome, Urgency
from data.store.threads import Threads
from tests.build import (
    DUE,
    FILED,
    HOUR,
    MINUTE,
    SECOND,
    MakeCity,
    at,
    reply,
    save_failure,
    save_thread,
    save_ticket,
)
from ticketing import lifecycle, urging, watch
from ticketing.checking import check
from ticketing.standing import MoveError

NUMBER = "20110725-0001"
TOLD = '[notices]\nleader_phone = "13800000001"\n'
DAY = timedelta(days=1)


@pytest.fixture
def city(make_city: MakeCity) -> City:
    return make_city(TOLD)


@pytest.fixture
def filed(city: City) -> City:
    """Filed at 09:30, due at 13:30, 即办; read, and nobody has answered."""
    save_thread(city)
    save_ticket(city)
    return city


def turn(city: City, now: datetime) -> dict[str, int]:
    check(city, now)
    return dict(urging.remind(city, now))


def moves(city: City) -> list[str]:
    return [e.move for e in city.store.tickets.events(NUMBER)]


def notices(city: City) -> list[tuple[str, OutboxState]]:
    return [(str(e.payload["kind"]), e.state) for e in city.store.outbox.about(NUMBER)]


def test_a_unit_is_urged_once_an_hour_before_due(filed: City) -> None:
    assert turn(filed, DUE - HOUR - SECOND) == {}
    assert turn(filed, DUE - HOUR) == {"urge": 1}
    assert turn(filed, DUE - HOUR + 5 * MINUTE) == {}
    event = filed.store.tickets.events(NUMBER)[-1]
    assert (event.move, event.by, event.data["clock"]) == ("urge", "system", "reply")
    [entry] = filed.store.outbox.about(NUMBER)
    assert (entry.channel, entry.payload) == ("notice", {"ticket": NUMBER, "kind": "urge"})


def test_a_unit_that_has_answered_is_not_urged(filed: City) -> None:
    save_thread(filed, reply(body="收到"), read_at=FILED + 2 * HOUR)
    assert turn(filed, DUE - HOUR) == {}


def test_a_unit_with_half_an_hour_is_urged_after_half_of_it(city: City) -> None:
    save_thread(city)
    save_ticket(city, reply_due=FILED + 30 * MINUTE)
    assert turn(city, FILED + 14 * MINUTE) == {}
    assert turn(city, FILED + 15 * MINUTE) == {"urge": 1}


def test_an_overdue_ticket_is_supervised_once_it_is_seen_to_be_overdue(filed: City) -> None:
    assert turn(filed, DUE + SECOND) == {}, "nobody has looked yet"
    save_thread(filed, read_at=DUE + MINUTE)
    assert turn(filed, DUE + MINUTE) == {"supervise": 1}
    assert turn(filed, DUE + HOUR) == {}
    assert filed.store.tickets.state(NUMBER) == "supervised"
    assert notices(filed) == [("supervise", OutboxState.WAITING)]


@pytest.mark.parametrize("outcome", [ReadOutcome.UNREACHABLE, ReadOutcome.LOGIN, ReadOutcome.FORBIDDEN])
def test_a_board_that_cannot_be_read_never_has_a_unit_supervised(filed: City, outcome: ReadOutcome) -> None:
    save_failure(filed, DUE + MINUTE, outcome)
    for hours in (1, 5, 9):
        assert turn(filed, DUE + hours * HOUR) == {}
    assert moves(filed) == ["file"]


def test_the_leader_is_told_once_at_twice_due(filed: City) -> None:
    save_thread(filed, read_at=DUE + MINUTE)
    turn(filed, DUE + MINUTE)
    assert turn(filed, DUE + 4 * HOUR - SECOND) == {}
    assert turn(filed, DUE + 4 * HOUR) == {"leader": 1}
    assert turn(filed, DUE + 5 * HOUR) == {}
    assert moves(filed) == ["file", "supervise", "tell_leader"]


def test_a_late_answer_stops_what_would_follow(filed: City) -> None:
    save_thread(filed, read_at=DUE + MINUTE)
    turn(filed, DUE + MINUTE)
    save_thread(filed, reply(posted_at=DUE + HOUR), read_at=DUE + 2 * HOUR)
    assert turn(filed, DUE + 5 * HOUR) == {}


def test_without_a_leaders_address_none_is_told(make_city: MakeCity) -> None:
    city = make_city("")
    save_thread(city)
    save_ticket(city)
    save_thread(city, read_at=DUE + MINUTE)
    assert turn(city, DUE + 4 * HOUR) == {"supervise": 1}


def test_all_of_it_can_be_switched_off(make_city: MakeCity) -> None:
    city = make_city(TOLD + "[clocks]\nurge_minutes = 0\nurge_days = 0\nsupervise = false\nleader = false\n")
    save_thread(city)
    save_ticket(city)
    assert turn(city, DUE - MINUTE) == {}
    save_thread(city, read_at=DUE + MINUTE)
    assert turn(city, DUE + 5 * DAY) == {}


# Quiet hours.

EVENING = at("2011-07-25 20:30")
WEEK: dict[str, Any] = {"urgency": Urgency.DAYS, "days": 5, "completion_due": at("2011-08-01 18:00")}


def test_nobody_is_urged_at_night_and_after_it_only_while_it_still_helps(city: City) -> None:
    save_thread(city)
    save_ticket(city, filed_at=EVENING, **WEEK)  # due at 00:30
    assert turn(city, at("2011-07-25 23:45")) == {}
    save_ticket(city, number="20110725-0002", filed_at=at("2011-07-26 04:00"), **WEEK)  # due at 08:00
    assert turn(city, at("2011-07-26 06:59")) == {}
    assert turn(city, at("2011-07-26 07:00")) == {"urge": 1}


def test_a_supervision_at_night_is_an_event_at_once_and_a_notice_in_the_morning(city: City) -> None:
    save_thread(city)
    save_ticket(city, filed_at=EVENING, **WEEK)
    save_thread(city, read_at=at("2011-07-26 00:31"))
    assert turn(city, at("2011-07-26 00:31")) == {"supervise": 1}
    assert city.store.tickets.state(NUMBER) == "supervised"
    [entry] = city.store.outbox.about(NUMBER)
    assert entry.not_before == at("2011-07-26 07:00")


def test_a_unit_that_answers_at_night_is_not_told_in_the_morning_that_it_has_not(city: City) -> None:
    save_thread(city)
    save_ticket(city, filed_at=EVENING, **WEEK)
    save_thread(city, read_at=at("2011-07-26 00:31"))
    turn(city, at("2011-07-26 00:31"))
    save_thread(city, reply(posted_at=at("2011-07-26 05:00")), read_at=at("2011-07-26 05:10"))
    check(city, at("2011-07-26 05:10"))
    assert notices(city) == [("supervise", OutboxState.CANCELLED)]
    assert "supervise" in moves(city), "it was overdue all the same"


# 要求办结时间.


@pytest.fixture
def days(city: City) -> City:
    """Five working days, to Monday 1 August; answered with 收到 only, and read after that to the end."""
    save_thread(city, held := reply(body="收到"), read_at=FILED + 2 * HOUR)
    save_thread(city, held, read_at=at("2011-08-10 09:00"))
    save_ticket(city, urgency=Urgency.DAYS, days=5, completion_due=at("2011-08-01 18:00"))
    check(city, FILED + 2 * HOUR)
    return city


def test_a_matter_of_days_is_urged_a_working_day_before_and_supervised_at_due(days: City) -> None:
    assert turn(days, at("2011-07-28 18:00")) == {}
    assert turn(days, at("2011-07-29 09:00")) == {"urge": 1}, "Friday before the Monday it is due"
    assert turn(days, at("2011-08-01 17:59")) == {}
    assert turn(days, at("2011-08-01 18:00")) == {"supervise": 1}
    assert turn(days, at("2011-08-02 09:00")) == {}
    assert notices(days)[-1][0] == "supervise-completion"
    assert turn(days, at("2011-08-09 09:00")) == {"leader": 1}, "as long again after due"


def test_what_was_said_is_not_looked_for_in_the_thread_again(days: City, monkeypatch: pytest.MonkeyPatch) -> None:
    assert turn(days, at("2011-08-01 18:00")) == {"supervise": 1}
    asked: list[str] = []

    def reads(self: Threads, board: str, thread: str) -> list[Read]:
        asked.append(thread)
        return []

    monkeypatch.setattr(Threads, "reads", reads)
    assert dict(urging.remind(days, at("2011-08-02 09:00"))) == {}
    assert asked == []
    assert dict(urging.remind(days, at("2011-08-09 09:00"))) == {}, (
        "no evidence for the leader, of whom nothing was said"
    )
    assert asked == ["101"]


def test_an_extension_is_urged_and_supervised_by_its_own_date(days: City) -> None:
    turn(days, at("2011-07-29 09:00"))
    for name, data in (("ask_extension", {"days": 2}), ("grant_extension", {})):
        lifecycle.move(days, NUMBER, name, "张敏", "要挖路", at("2011-07-29 10:00"), role="clerk", data=data)
    assert turn(days, at("2011-08-01 18:00")) == {}
    assert turn(days, at("2011-08-02 09:00")) == {"urge": 1}, "a moved date is urged anew"
    assert turn(days, at("2011-08-03 18:00")) == {"supervise": 1}


def test_a_matter_nobody_could_look_into_after_its_date_is_not_supervised(city: City) -> None:
    save_thread(city, held := reply(body="收到"), read_at=FILED + 2 * HOUR)
    save_ticket(city, **WEEK)
    check(city, FILED + 2 * HOUR)
    save_failure(city, at("2011-08-01 18:05"))
    assert turn(city, at("2011-08-01 18:05")) == {}
    assert [w.settle for w in watch.watches(city, at("2011-08-01 18:05"))] == [at("2011-08-01 18:00")]
    assert watch.wanted(watch.watches(city, at("2011-08-01 18:10")), at("2011-08-01 18:10")) == {"lyw": ["101"]}
    save_thread(city, held, read_at=at("2011-08-01 18:10"))
    assert turn(city, at("2011-08-01 18:10")) == {"supervise": 1}
    assert watch.wanted(watch.watches(city, at("2011-08-01 18:15")), at("2011-08-01 18:15")) == {}


def test_at_once_that_nobody_answered_is_supervised_once_and_not_again_at_midnight(filed: City) -> None:
    save_thread(filed, read_at=DUE + MINUTE)
    assert turn(filed, DUE + MINUTE) == {"supervise": 1}
    save_thread(filed, read_at=at("2011-07-26 00:05"))
    assert turn(filed, at("2011-07-26 00:05")) == {"leader": 1}, "twice the four hours, and nothing of midnight"


def test_at_once_that_was_only_said_to_be_received_is_supervised_at_midnight(filed: City) -> None:
    save_thread(filed, reply(body="收到"), read_at=at("2011-07-26 00:05"))
    assert turn(filed, at("2011-07-26 00:05")) == {"supervise": 1}
    assert notices(filed) == [("supervise-completion", OutboxState.WAITING)]


def test_waiting_for_the_citizen_holds_the_completion_clock(days: City) -> None:
    lifecycle.move(days, NUMBER, "pause", "张敏", "等门牌号", at("2011-07-28 09:00"), role="clerk")
    assert turn(days, at("2011-08-03 18:00")) == {}
    lifecycle.move(days, NUMBER, "resume", "张敏", "", at("2011-08-03 18:00"), role="clerk")
    assert days.store.tickets.promise(NUMBER) == (at("2011-08-05 18:00"), False)
    assert turn(days, at("2011-08-05 18:00")) == {"supervise": 1}


@pytest.mark.parametrize("how", ["answer", "close", "return"])
def test_what_is_answered_closed_or_returned_is_not_urged(days: City, how: str) -> None:
    lifecycle.move(days, NUMBER, how, "张敏", "权属不清", FILED + 3 * HOUR, role="clerk")
    assert turn(days, at("2011-08-09 18:00")) == {}


def test_a_call_has_no_reply_clock_and_is_urged_by_its_completion_date_only(city: City) -> None:
    save_ticket(city, board="import", completion_due=at("2011-08-01 18:00"), urgency=Urgency.DAYS, days=5)
    assert turn(city, DUE - MINUTE) == {}
    assert turn(city, at("2011-07-29 09:00")) == {"urge": 1}


def test_the_acceptance_clock_urges_only_where_the_city_wants_it(make_city: MakeCity) -> None:
    city = make_city("[clocks]\naccept_urge = true\n")
    save_thread(city)
    save_ticket(city, accept_due=FILED + HOUR)
    assert turn(city, FILED + HOUR - SECOND) == {}
    assert turn(city, FILED + HOUR) == {"urge": 1}
    save_ticket(city, number="20110725-0002", accept_due=FILED + HOUR)
    lifecycle.move(city, "20110725-0002", "accept", "office", "", FILED + 30 * MINUTE)
    assert turn(city, FILED + HOUR + MINUTE) == {}


# By hand.


def test_a_clerk_may_urge_as_often_as_it_takes(filed: City) -> None:
    for minutes in (1, 2):
        urging.by_hand(filed, NUMBER, "urge", "张敏", "", FILED + minutes * MINUTE, role="clerk")
    assert notices(filed) == [("urge", OutboxState.WAITING)] * 2


def test_a_unit_cannot_urge_itself_and_nothing_leaves(filed: City) -> None:
    with pytest.raises(MoveError, match="不能催办"):
        urging.by_hand(filed, NUMBER, "urge", "水务", "", FILED, role="liaison")
    assert notices(filed) == []
