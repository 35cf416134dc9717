"""A post edited after it was decided comes back; a further post on the same matter shares a ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from data.city import City
from data.records import Action, OutboxState
from tests.build import DUE, FILED, HOUR, MINUTE, decision, reply, save_thread, save_ticket, suggestion
from ticketing import edits, filing, lifecycle, merging, watch
from ticketing.checking import check
from ticketing.delays import adjudicating, delays
from ticketing.filing import FilingError
from ticketing.standing import MoveError, RoleError

NUMBER = "20110725-0001"
NEW = "家里停水三天，打电话没人管，现在又停电了"


@pytest.fixture
def filed(city: City) -> City:
    """Posted, suggested, decided by a clerk and filed."""
    save_thread(city)
    city.store.decisions.suggest([suggestion()])
    city.store.decisions.decide(decision())
    save_ticket(city)
    return city


def stage(city: City, thread: str = "101") -> str:
    return city.store.decisions.stage("lyw", thread)


def test_a_post_edited_after_filing_comes_back_with_the_reason_and_the_difference(filed: City) -> None:
    save_thread(filed, body=NEW, read_at=FILED + HOUR)
    assert check(filed, FILED + HOUR)["edited"] == 1
    assert stage(filed) == "new", "to be suggested anew"
    assert filed.store.decisions.back("lyw", "101") == "原帖在交办后修改过"
    event = filed.store.tickets.events(NUMBER)[-1]
    assert (event.move, event.by) == ("edited", "system")
    pieces = edits.difference(filed, "lyw", "101")
    assert "".join(text for how, text in pieces if how != "gone").endswith(NEW)
    assert "".join(text for how, text in pieces if how != "new").endswith("电话 13800000000")
    assert check(filed, FILED + 2 * HOUR) == {}


def test_a_change_of_spaces_or_of_a_reply_brings_nothing_back(filed: City) -> None:
    answer = reply(posted_at=FILED + MINUTE)
    body = filed.store.threads.post("lyw", "101")
    assert body is not None
    save_thread(filed, answer, body=body.body.replace("，", "，\n "), read_at=FILED + HOUR)
    save_thread(filed, replace(answer, body="已修复，谢谢"), read_at=FILED + 2 * HOUR)
    assert "edited" not in check(filed, FILED + 2 * HOUR)
    assert stage(filed) == "decided"


def test_a_post_edited_before_anybody_decided_is_only_read_anew(city: City) -> None:
    save_thread(city)
    save_thread(city, body=NEW, read_at=FILED)
    assert check(city, FILED) == {}
    assert city.store.decisions.back("lyw", "101") == ""


def test_a_rejected_post_edited_into_a_request_comes_back(city: City) -> None:
    save_thread(city, body="好天气")
    city.store.decisions.decide(decision(action=Action.REJECT, reason="不是诉求", unit=None, category=None, kind=None))
    save_thread(city, body=NEW, read_at=FILED + HOUR)
    assert check(city, FILED + HOUR) == {"edited": 1}
    assert city.store.decisions.back("lyw", "101") == "原帖在不予交办后修改过"


def test_the_clerk_lets_the_decision_stand_and_the_ticket_says_so(filed: City) -> None:
    save_thread(filed, body=NEW, read_at=FILED + HOUR)
    check(filed, FILED + HOUR)
    edits.keep(filed, "lyw", "101", "张敏", FILED + 2 * HOUR, role="clerk")
    assert (stage(filed), filed.store.decisions.back("lyw", "101")) == ("decided", "")
    assert filed.store.tickets.events(NUMBER)[-1].move == "reviewed"
    with pytest.raises(MoveError, match="没有等待查看的修改"):
        edits.keep(filed, "lyw", "101", "张敏", FILED + 2 * HOUR, role="clerk")


def test_a_post_that_came_back_goes_to_a_further_unit_and_never_twice_to_the_same(filed: City) -> None:
    save_thread(filed, body=NEW, read_at=FILED + HOUR)
    check(filed, FILED + HOUR)
    with pytest.raises(FilingError, match=f"该单位已有这条帖子的工单 {NUMBER}"):
        filing.decide(filed, decision(at=FILED + HOUR), FILED + HOUR)
    with pytest.raises(FilingError, match="须由人处理"):
        filing.decide(filed, decision(unit="power-company", automatic=True), FILED + HOUR)
    filing.decide(filed, decision(unit="power-company", at=FILED + HOUR), FILED + HOUR)
    assert filed.store.outbox.counts() == {("office", "waiting"): 1}
    assert filed.store.decisions.back("lyw", "101") == ""


def test_only_what_changed_since_the_last_decision_is_shown(filed: City) -> None:
    save_thread(filed, body=NEW, read_at=FILED + HOUR)
    check(filed, FILED + HOUR)
    filing.decide(filed, decision(unit="power-company", at=FILED + 2 * HOUR), FILED + 2 * HOUR)
    save_thread(filed, body=NEW + "！！", read_at=FILED + 3 * HOUR)
    assert check(filed, FILED + 3 * HOUR)["edited"] == 1
    assert [p for p in edits.difference(filed, "lyw", "101") if p[0] != "same"] == [("new", "！！")]


def test_a_hostile_edit_does_not_hold_up_the_machine() -> None:
    import time

    start = time.perf_counter()
    edits.compared("停水" * 200_000, "水停" * 200_000)
    edits.compared(
        "".join(chr(0x4E00 + i % 3000) for i in range(9000)), "".join(chr(0x4E00 + i * 7 % 3000) for i in range(9000))
    )
    assert time.perf_counter() - start < 10


# Several posts, one ticket.


@pytest.fixture
def shared(filed: City) -> City:
    """A second citizen's post about the same pipe, linked to the first one's ticket."""
    save_thread(filed, thread="102", title="南昌路也停水")
    filed.store.decisions.suggest([suggestion(thread="102")])
    merging.merge(filed, "lyw", "102", NUMBER, "张敏", "同一条管道", FILED + MINUTE, role="clerk")
    return filed


def test_a_linked_post_leaves_the_queue_and_nothing_is_filed(shared: City) -> None:
    assert stage(shared, "102") == "decided"
    assert shared.store.outbox.counts() == {}
    assert shared.store.tickets.merged(NUMBER) == [("lyw", "102")]
    event = shared.store.tickets.events(NUMBER)[-1]
    assert (event.move, event.by, event.data["post"]) == ("merge", "张敏", "lyw/102")
    [_, (post, learned)] = list(shared.store.decisions.samples())
    assert (post.thread, learned.unit, learned.category) == ("102", "water-group", "urban/water-supply")


def test_a_linked_thread_is_watched_too(shared: City) -> None:
    assert [w.ticket.thread for w in watch.watches(shared, FILED)] == ["101", "102"]
    assert watch.wanted(watch.watches(shared, FILED), FILED + 2 * HOUR) == {"lyw": ["101", "102"]}
    kept = shared.store.threads.awaited("lyw", "102")
    assert kept, "its pages too"


def test_the_verdict_stays_that_of_the_tickets_own_thread(shared: City) -> None:
    save_thread(shared, reply(thread="102"), thread="102", title="南昌路也停水", read_at=FILED + 2 * HOUR)
    save_thread(shared, read_at=DUE + MINUTE)
    assert check(shared, DUE + MINUTE) == {"overdue": 1}


def test_a_linked_post_that_is_edited_comes_back_and_its_ticket_says_so(shared: City) -> None:
    save_thread(shared, thread="102", title="南昌路也停水", body="不停水了，谢谢", read_at=FILED + HOUR)
    assert check(shared, FILED + HOUR)["edited"] == 1
    assert shared.store.tickets.events(NUMBER)[-1].move == "edited"
    with pytest.raises(FilingError, match=f"已并入工单 {NUMBER}"):
        filing.decide(shared, decision(thread="102"), FILED + HOUR)


@pytest.mark.parametrize(
    ("thread", "number", "why"),
    [
        ("103", "7", "没有工单 7"),
        ("999", NUMBER, "没有读到过"),
        ("101", NUMBER, "已有工单"),
        ("102", NUMBER, "已经处理过"),
    ],
)
def test_what_cannot_be_linked_is_said_and_nothing_is_done(shared: City, thread: str, number: str, why: str) -> None:
    save_thread(shared, thread="103")
    before = len(shared.store.tickets.events(NUMBER))
    with pytest.raises(MoveError, match=why):
        merging.merge(shared, "lyw", thread, number, "张敏", "", FILED + HOUR, role="clerk")
    assert len(shared.store.tickets.events(NUMBER)) == before


def test_a_post_linked_by_mistake_goes_back_to_the_queue_and_can_be_filed_by_itself(shared: City) -> None:
    assert merging.part(shared, "lyw", "102", "张敏", "另一条管道", FILED + HOUR, role="clerk") == NUMBER
    assert stage(shared, "102") == "suggested"
    assert shared.store.tickets.merged(NUMBER) == []
    assert [w.ticket.thread for w in watch.watches(shared, FILED)] == ["101"]
    moves = [(e.move, e.by, e.note, e.data.get("post")) for e in shared.store.tickets.events(NUMBER)]
    assert moves[-2:] == [("merge", "张敏", "同一条管道", "lyw/102"), ("unmerge", "张敏", "另一条管道", "lyw/102")]
    assert [p.thread for p, _ in shared.store.decisions.samples()] == ["101"], "the mistake teaches the machine nothing"
    filing.decide(shared, decision(thread="102"), FILED + HOUR)
    [entry] = shared.store.outbox.entries(OutboxState.WAITING)
    assert entry.subject == "lyw/102"


def test_a_linked_post_may_be_taken_out_of_a_closed_ticket_and_linked_to_another(shared: City) -> None:
    lifecycle.move(shared, NUMBER, "close", "张敏", "", FILED + HOUR, role="clerk")
    merging.part(shared, "lyw", "102", "张敏", "", FILED + HOUR, role="clerk")
    save_thread(shared, thread="103")
    save_ticket(shared, number="20110725-0002", thread="103")
    merging.merge(shared, "lyw", "102", "20110725-0002", "张敏", "", FILED + HOUR, role="clerk")
    assert shared.store.tickets.merged("20110725-0002") == [("lyw", "102")]


def test_only_a_clerk_takes_out_and_only_what_is_linked(shared: City) -> None:
    with pytest.raises(RoleError):
        merging.part(shared, "lyw", "102", "局长", "", FILED, role="leader")
    with pytest.raises(MoveError, match="没有并入工单"):
        merging.part(shared, "lyw", "101", "张敏", "", FILED, role="clerk")
    assert shared.store.tickets.merged(NUMBER) == [("lyw", "102")]


def test_a_linked_post_that_came_back_edited_may_be_taken_out_too(shared: City) -> None:
    save_thread(shared, thread="102", title="南昌路也停水", body="是另一回事", read_at=FILED + HOUR)
    check(shared, FILED + HOUR)
    merging.part(shared, "lyw", "102", "张敏", "", FILED + HOUR, role="clerk")
    assert stage(shared, "102") == "new", "it is suggested anew like any post that was edited"
    filing.decide(shared, decision(thread="102"), FILED + HOUR)


def test_a_post_is_not_linked_to_a_closed_ticket(shared: City) -> None:
    save_thread(shared, thread="103")
    lifecycle.move(shared, NUMBER, "close", "张敏", "", FILED, role="clerk")
    with pytest.raises(MoveError, match="不能并入帖子"):
        merging.merge(shared, "lyw", "103", NUMBER, "张敏", "", FILED + HOUR, role="clerk")
    assert stage(shared, "103") == "new"


# The office's own delay.


def test_the_offices_own_delay_is_measured_apart(city: City) -> None:
    first = save_ticket(city)
    second = save_ticket(city, number="2", posted_at=FILED - 3 * HOUR, decided_at=FILED - HOUR)
    co_unit = save_ticket(city, number="3", lead=NUMBER, posted_at=FILED - 99 * HOUR)
    found = delays([first, second, co_unit])
    assert (found.count, found.deciding, found.sending) == (2, (29 * 60 + 7200) / 2, (60 + 3600) / 2)
    assert delays([]) == delays([co_unit])
    assert delays([]).deciding is None


def test_a_return_waits_for_the_offices_word_and_that_is_the_offices_time(filed: City) -> None:
    def waited(now: datetime) -> float:
        return adjudicating(filed.store.tickets.events(NUMBER), now) / HOUR

    def move(name: str, hours: float) -> None:
        lifecycle.move(filed, NUMBER, name, "张敏", "权属不清", FILED + hours * HOUR, role="clerk")

    move("return", 1)
    assert waited(FILED + 3 * HOUR) == 2
    move("force", 4)
    assert waited(FILED + 9 * HOUR) == 3
    move("return", 10)
    move("close", 11)
    assert waited(FILED + 99 * HOUR) == 4
