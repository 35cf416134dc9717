"""连心桥: a matter stays on the list until a person closes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.city import City
from tests.build import FILED, save_thread, save_ticket
from ticketing import bridge
from ticketing.bridge import REVIEW, BridgeError

NUMBER = "20110725-0001"
DAY = timedelta(days=1)


@pytest.fixture
def matter(city: City) -> int:
    save_thread(city)
    save_ticket(city)
    return bridge.begin(city, NUMBER, "孩子住院，家里困难", "张敏", FILED)


def test_a_matter_nobody_looked_at_for_a_week_comes_up(city: City, matter: int) -> None:
    assert bridge.due(city, FILED + REVIEW - DAY) == []
    assert [b.id for b in bridge.due(city, FILED + REVIEW)] == [matter]


def test_what_was_done_is_kept_with_who_and_when_and_moves_the_review(city: City, matter: int) -> None:
    bridge.note(city, matter, "民政局送去救助金", "李强", FILED + DAY)
    [kept] = city.store.bridges.notes(matter)
    assert (kept.by, kept.done, kept.at) == ("李强", "民政局送去救助金", FILED + DAY)
    assert bridge.due(city, FILED + REVIEW) == []
    assert bridge.due(city, FILED + DAY + REVIEW)


def test_it_never_falls_off_the_list_however_long_it_waits_and_whatever_becomes_of_the_ticket(
    city: City, matter: int
) -> None:
    city.store.db.execute("update tickets set state = 'archived'")
    assert [b.id for b in city.store.bridges.list()] == [matter]
    assert bridge.due(city, FILED + timedelta(days=3650))


def test_only_a_person_with_a_reason_closes_it(city: City, matter: int) -> None:
    with pytest.raises(BridgeError, match="为什么"):
        bridge.close(city, matter, "  ", "张敏", FILED + DAY)
    bridge.close(city, matter, "孩子已出院", "张敏", FILED + DAY)
    assert city.store.bridges.list() == []
    [closed] = city.store.bridges.list(closed=True)
    assert (closed.closed_by, closed.closed_at) == ("张敏", FILED + DAY)
    with pytest.raises(BridgeError, match="已经结束"):
        bridge.note(city, matter, "又一件", "张敏", FILED + DAY)


def test_a_ticket_is_on_the_bridge_once_but_may_come_back(city: City, matter: int) -> None:
    with pytest.raises(BridgeError, match="已在"):
        bridge.begin(city, NUMBER, "再加一次", "张敏", FILED)
    bridge.close(city, matter, "好了", "张敏", FILED)
    assert bridge.begin(city, NUMBER, "又病了", "张敏", FILED + DAY) != matter


def test_a_ticket_that_is_not_there_cannot_be_added(city: City) -> None:
    with pytest.raises(BridgeError, match="没有工单"):
        bridge.begin(city, "1", "帮助", "张敏", FILED)
