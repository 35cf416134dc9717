"""The table of states and moves: what may follow what, who may do it, and that the state is what the events say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.city import City
from data.records import Event, OutboxState, Ticket, Urgency, User
from tests.build import DUE, FILED, HOUR, MINUTE, SECOND, ZONE, at, decision, save_thread, save_ticket, ticket
from ticketing import clocks, filing, lifecycle, messages, refiling
from ticketing.checking import check
from ticketing.lifecycle import (
    ADMIN,
    CLERK,
    MOVES,
    OFFICE,
    STATES,
    SYSTEM,
    UNIT,
    MoveError,
    RoleError,
    moves_for,
    standing,
    state_after,
    step,
)
from ticketing.returns import reason
from ticketing.standing import Standing

NUMBER = "20110725-0001"
DAY = timedelta(days=1)
ASIDE = ["unmerge", "edited", "reviewed", "verdict", "note"]  # in every state, and to none
CARE = ["ask_extension", "grant_extension", "refuse_extension"]
WORKED = {"answer": "answered", "return": "returned", "supervise": "supervised", "close": "closed"}
HERE = [*CARE, "pause", "resume", "recompute", "urge", "tell_leader", "assist", "merge", *ASIDE]


def stays(state: str, moves: list[str]) -> dict[str, str]:
    return dict.fromkeys(moves, state)


NEXT: dict[str, dict[str, str]] = {
    "": {"file": "filed"},
    "filed": {"accept": "accepted", **WORKED, **stays("filed", HERE)},
    "accepted": {**WORKED, **stays("accepted", HERE)},
    "supervised": {"accept": "accepted", **WORKED, **stays("supervised", HERE)},
    "answered": {
        "close": "closed",
        **stays("answered", [*CARE, "resume", "recompute", "urge", "assist", "merge", *ASIDE]),
    },
    "returned": {"force": "filed", "refile": "refiled", "close": "closed", **stays("returned", ["recompute", *ASIDE])},
    "refiled": stays("refiled", ASIDE),
    "closed": {"follow_up": "followed_up", "reopen": "filed", "archive": "archived", **stays("closed", ASIDE)},
    "followed_up": {"reopen": "filed", "archive": "archived", **stays("followed_up", ASIDE)},
    "archived": stays("archived", ASIDE),
}


@pytest.fixture
def staffed(city: City) -> City:
    """A filed ticket, its post, a clerk, the unit's officer and a leader."""
    save_thread(city)
    save_ticket(city)
    for name, role in (("张敏", CLERK), ("水务", UNIT), ("局长", "leader")):
        city.store.people.save(User(name, role, "x", "water-group" if role == UNIT else None))
    return city


def make(
    city: City, name: str, by: str = "张敏", note: str = "说明", now: datetime = FILED + HOUR, **data: Any
) -> Event:
    return lifecycle.move(city, NUMBER, name, by, note, now, data=data or None)


def stands(city: City, number: str = NUMBER) -> Standing:
    found = city.store.tickets.ticket(number)
    assert found is not None
    return standing(found, city.store.tickets.events(number))


def due(city: City) -> str:
    return f"{stands(city).completion_due.astimezone(ZONE):%Y-%m-%d %H:%M}"


# The table.


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("state", NEXT)
def test_every_cell_of_the_table(state: str, name: str) -> None:
    if name in NEXT[state]:
        assert step(state, name) == NEXT[state][name]
    else:
        with pytest.raises(MoveError, match="不能"):
            step(state, name)


def test_the_table_of_this_test_knows_every_state() -> None:
    assert set(NEXT) == {"", *STATES}


def test_an_unknown_move_is_said_so() -> None:
    with pytest.raises(MoveError, match="没有“explode”这个动作"):
        step("filed", "explode")


WHO = {
    "file": {SYSTEM},
    "accept": {UNIT, OFFICE, CLERK, ADMIN},
    "answer": {SYSTEM, UNIT, OFFICE, CLERK, ADMIN},
    "return": {UNIT, OFFICE, CLERK, ADMIN},
    "force": {OFFICE, CLERK, ADMIN},
    "refile": {CLERK, ADMIN},
    "ask_extension": {UNIT, CLERK, ADMIN},
    "grant_extension": {CLERK, ADMIN},
    "refuse_extension": {CLERK, ADMIN},
    "pause": {UNIT, CLERK, ADMIN},
    "resume": {UNIT, CLERK, ADMIN},
    "recompute": {SYSTEM},
    "urge": {SYSTEM, CLERK, ADMIN},
    "supervise": {SYSTEM, CLERK, ADMIN},
    "tell_leader": {SYSTEM, CLERK, ADMIN},
    "assist": {CLERK, ADMIN},
    "merge": {CLERK, ADMIN},
    "unmerge": {CLERK, ADMIN},
    "edited": {SYSTEM},
    "reviewed": {CLERK, ADMIN},
    "verdict": {OFFICE},
    "note": {SYSTEM, UNIT, OFFICE, CLERK, ADMIN},
    "close": {OFFICE, CLERK, ADMIN},
    "follow_up": {CLERK, ADMIN},
    "reopen": {CLERK, ADMIN},
    "archive": {CLERK, ADMIN},
}


@pytest.mark.parametrize("role", [SYSTEM, UNIT, OFFICE, CLERK, ADMIN, "leader", "citizen", ""])
def test_who_may_make_which_move(role: str) -> None:
    for state in STATES:
        assert set(moves_for(state, role)) == {m for m in NEXT[state] if role in WHO[m]}


@pytest.mark.parametrize("name", sorted(set(MOVES) - {"file"}))
@pytest.mark.parametrize("by", ["水务", "局长", "system", "office", "陌生人"])
def test_the_role_is_enforced_where_the_move_is_made(staffed: City, name: str, by: str) -> None:
    role = {"水务": UNIT, "局长": "leader", "陌生人": ""}.get(by, by)
    state = next(s for s in STATES if name in NEXT[s])
    staffed.store.db.execute("delete from events")
    for i, before in enumerate(path_to(state)):
        staffed.store.tickets.add_event(Event(NUMBER, FILED + i * SECOND, before, "system"), state)
    count = len(staffed.store.tickets.events(NUMBER))
    if role in WHO[name]:
        try:
            lifecycle.move(staffed, NUMBER, name, by, "说明", FILED + HOUR)
        except RoleError:
            pytest.fail("theirs to make")
        except MoveError:
            pass  # something more is required
    else:
        with pytest.raises(RoleError, match="不能"):
            lifecycle.move(staffed, NUMBER, name, by, "说明", FILED + HOUR)
        assert len(staffed.store.tickets.events(NUMBER)) == count


def path_to(state: str) -> list[str]:
    """Moves that lead from nothing to ``state``."""
    paths = {"": list[str]()}
    while state not in paths:
        for known, path in list(paths.items()):
            for name, then in NEXT[known].items():
                paths.setdefault(then, [*path, name])
    return paths[state]


@pytest.mark.parametrize("role", [CLERK, ADMIN])
def test_no_state_but_the_last_is_a_dead_end_for_the_office(role: str) -> None:
    for state in STATES:
        leads_on = [m for m in moves_for(state, role) if MOVES[m].target]
        assert bool(leads_on) == (state not in ("archived", "refiled"))


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=12))
def test_whatever_is_tried_only_known_states_are_reached(names: list[str]) -> None:
    state, made = step("", "file"), ["file"]
    for name in names:
        if name in NEXT[state]:
            state = step(state, name)
            made.append(name)
    assert state in STATES
    assert state_after(Event("1", FILED, name, "x") for name in made) == state


# Moves through the store.


def test_a_move_is_an_event_and_the_state_is_what_the_events_say(staffed: City) -> None:
    make(staffed, "return", "水务", "权属不清，管网归开发商", reason="权属不清")
    make(staffed, "force", note="管网已移交", now=FILED + 2 * HOUR)
    events = staffed.store.tickets.events(NUMBER)
    assert [(e.move, e.by, e.note, e.at) for e in events[1:]] == [
        ("return", "水务", "权属不清，管网归开发商", FILED + HOUR),
        ("force", "张敏", "管网已移交", FILED + 2 * HOUR),
    ]
    assert events[1].data == {"reason": "权属不清"}
    assert staffed.store.tickets.state(NUMBER) == state_after(events) == "filed"


def test_a_refused_move_leaves_no_trace(staffed: City) -> None:
    with pytest.raises(MoveError, match="工单已交办，不能重办"):
        make(staffed, "reopen")
    assert [e.move for e in staffed.store.tickets.events(NUMBER)] == ["file"]
    with pytest.raises(MoveError, match="没有工单 7"):
        lifecycle.move(staffed, "7", "accept", "张敏", "", FILED)


@pytest.mark.parametrize("name", ["return", "ask_extension", "pause", "note"])
def test_a_move_that_must_be_explained_is_refused_without_a_word(staffed: City, name: str) -> None:
    with pytest.raises(MoveError, match="要写明理由或内容"):
        make(staffed, name, note="  ")


def test_the_ticket_itself_is_never_rewritten(staffed: City) -> None:
    before = staffed.store.tickets.ticket(NUMBER)
    make(staffed, "accept", "水务")
    make(staffed, "ask_extension", "水务", days=3)
    make(staffed, "grant_extension")
    make(staffed, "close")
    make(staffed, "follow_up", solved=False, satisfied=False)
    make(staffed, "reopen")
    assert staffed.store.tickets.ticket(NUMBER) == before == ticket()


# 退单.


def test_a_return_gives_one_of_the_known_reasons(staffed: City) -> None:
    with pytest.raises(MoveError, match="退单的理由要是 属地不符、权属不清、职能交叉、其他 之一"):
        make(staffed, "return", "水务", reason="不想办")
    assert reason(make(staffed, "return", "水务", reason="属地不符")) == "属地不符"


def test_a_return_told_by_the_office_system_has_the_reason_its_note_begins_with(staffed: City) -> None:
    assert reason(make(staffed, "return", "office", "职能交叉；退单；2011-07-25 10:00")) == "职能交叉"
    make(staffed, "force")
    assert reason(make(staffed, "return", "office", "说不清")) == "其他"


def test_a_returned_ticket_is_refiled_as_a_new_one_and_says_where_it_went(staffed: City) -> None:
    save_decision(staffed)
    make(staffed, "return", "水务", reason="权属不清")
    new = refiling.refile(staffed, NUMBER, "housing-bureau", "张敏", "归物业", FILED + 2 * HOUR)
    assert stands(staffed).state == "refiled"
    assert stands(staffed).gone_to == new != NUMBER
    [entry] = staffed.store.outbox.about("lyw/101")
    assert (entry.state, entry.channel, entry.payload["origin"]) == (OutboxState.WAITING, "office", NUMBER)
    filed = acknowledge(staffed, FILED + 3 * HOUR)
    assert (filed.number, filed.unit, filed.origin, filed.lead) == (new, "housing-bureau", NUMBER, "")
    assert filed.reply_due == FILED + 7 * HOUR, "a clock of its own"
    assert [w.number for w, _ in staffed.store.tickets.watched(FILED)] == [new], "the old one is no longer watched"


def save_decision(city: City) -> None:
    """The decision and the number the ticket of ``build`` was filed by."""
    city.store.tickets.next_number("20110725")
    city.store.decisions.decide(decision())


def acknowledge(city: City, now: datetime) -> Ticket:
    """The office system has the one filing that waits."""
    [entry] = city.store.outbox.entries(OutboxState.WAITING, "office")
    with city.store.transaction():
        city.store.outbox.settle(entry.id, OutboxState.SENT, now)
        return filing.acknowledged(city, entry, "LY2", now)


@pytest.mark.parametrize("unit", ["water-group", "no-such"])
def test_a_ticket_is_not_refiled_to_the_same_or_an_unknown_unit(staffed: City, unit: str) -> None:
    make(staffed, "return", "水务")
    with pytest.raises(MoveError, match=r"该单位已有|没有这个承办单位"):
        refiling.refile(staffed, NUMBER, unit, "张敏", "", FILED + HOUR)
    assert stands(staffed).state == "returned"
    assert staffed.store.outbox.counts() == {}


def test_only_a_returned_ticket_is_refiled_and_only_by_the_office(staffed: City) -> None:
    with pytest.raises(MoveError, match="不能改派"):
        refiling.refile(staffed, NUMBER, "housing-bureau", "张敏", "", FILED)
    make(staffed, "return", "水务")
    with pytest.raises(RoleError):
        refiling.refile(staffed, NUMBER, "housing-bureau", "水务", "", FILED)
    assert staffed.store.outbox.counts() == {}, "the filing went with the move that was refused"


def reply_due(city: City) -> datetime:
    """When the reply is due now, as the events say and as the store finds it."""
    [(watched, _)] = city.store.tickets.watched(FILED)
    assert watched.reply_due == city.store.tickets.answer_due(NUMBER) == stands(city).reply_due
    return watched.reply_due


def test_a_forced_return_goes_on_with_the_time_that_was_left_and_the_promise_stays_on_record(staffed: City) -> None:
    make(staffed, "return", "水务", now=DUE - MINUTE)
    assert stands(staffed).rests
    event = make(staffed, "force", now=DUE + 20 * HOUR)
    assert not stands(staffed).rests
    assert reply_due(staffed) == DUE + 20 * HOUR + MINUTE, "no time is lost by the office's delay, and none is won"
    assert due(staffed) == "2011-07-26 20:01"
    assert datetime.fromisoformat(event.data["reply_due"]) == DUE + 20 * HOUR + MINUTE
    kept = staffed.store.tickets.ticket(NUMBER)
    assert kept is not None
    assert kept.reply_due == DUE


def test_a_return_made_after_a_date_was_due_does_not_move_it(staffed: City) -> None:
    make(staffed, "return", "水务", now=DUE + SECOND)
    assert not stands(staffed).rests
    make(staffed, "force", now=DUE + HOUR)
    assert reply_due(staffed) == DUE
    assert due(staffed) == "2011-07-26 00:59", "即办 was not due yet"


def test_a_return_made_at_the_second_of_due_was_made_in_time(staffed: City) -> None:
    make(staffed, "return", "水务", now=DUE)
    make(staffed, "force", now=DUE + HOUR)
    assert reply_due(staffed) == DUE + HOUR


def test_in_duty_hours_a_forced_return_goes_on_with_the_duty_time_that_was_left(staffed: City) -> None:
    rules = staffed.settings.clocks.model_copy(update={"duty_only": True})
    changed = replace(staffed, settings=staffed.settings.model_copy(update={"clocks": rules}))
    make(changed, "return", "水务", now=at("2011-07-25 10:00"))  # half an hour of the promise is outside of duty hours
    make(changed, "force", now=at("2011-07-29 18:30"))  # a Friday evening
    left = clocks.running(
        at("2011-07-25 10:00"), DUE, clocks.Duty(rules.duty_from, rules.duty_to), ZONE, clocks.ANNOUNCED
    )
    assert reply_due(changed) == datetime.combine(date(2011, 8, 1), rules.duty_from, ZONE) + left
    changed.store.close()


def test_a_working_day_matter_moves_by_the_working_days_a_forced_return_waited(city: City) -> None:
    save_thread(city)
    save_ticket(city, urgency=Urgency.DAYS, days=5, completion_due=at("2011-08-01 18:00"))
    city.store.people.save(User("张敏", CLERK, "x"))
    make(city, "return", now=at("2011-07-28 17:00"))
    make(city, "force", now=at("2011-08-01 09:00"))
    assert due(city) == "2011-08-03 18:00"


def test_a_pause_over_a_forced_return_is_counted_once(staffed: City) -> None:
    make(staffed, "pause", now=FILED + HOUR)
    make(staffed, "return", now=FILED + 2 * HOUR)
    make(staffed, "force", now=FILED + 4 * HOUR)
    make(staffed, "resume", now=FILED + 5 * HOUR)
    assert due(staffed) == "2011-07-26 04:00"
    assert reply_due(staffed) == DUE + 2 * HOUR


def test_a_clock_set_back_between_return_and_word_moves_nothing(staffed: City) -> None:
    make(staffed, "return", "水务", now=FILED + 2 * HOUR)
    make(staffed, "force", now=FILED + HOUR)
    assert reply_due(staffed) == DUE


def test_closed_as_returned_and_reopened_it_goes_on_where_the_return_stopped_it(staffed: City) -> None:
    make(staffed, "return", "水务", now=DUE - HOUR)
    make(staffed, "close", now=DUE + HOUR)
    assert stands(staffed).rests, "the office agreed: the matter was not the unit's"
    make(staffed, "reopen", now=DUE + 9 * HOUR)
    assert reply_due(staffed) == DUE + 10 * HOUR
    make(staffed, "close", now=DUE + 9 * HOUR)
    make(staffed, "reopen", now=DUE + 10 * HOUR)
    assert reply_due(staffed) == DUE + 10 * HOUR, "reopened again, its reply clock is not run again"


def test_the_unit_is_told_what_the_office_decided_in_one_sms(staffed: City) -> None:
    make(staffed, "return", "水务", now=DUE - HOUR)
    make(staffed, "force", now=DUE + HOUR)
    make(staffed, "ask_extension", "水务", now=DUE + HOUR, days=3)
    make(staffed, "refuse_extension", now=DUE + HOUR)
    make(staffed, "ask_extension", "水务", now=DUE + HOUR, days=3)
    make(staffed, "grant_extension", now=DUE + HOUR)
    make(staffed, "close", now=DUE + HOUR)
    make(staffed, "reopen", now=at("2011-08-03 23:00"))
    entries = staffed.store.outbox.about(NUMBER)
    assert [e.payload["kind"] for e in entries] == ["force", "refuse_extension", "grant_extension", "reopen"]
    assert all(e.not_before == e.created_at for e in entries), "no quiet hours: they are decisions, not reminders"
    kept = ticket()
    for entry, said in zip(entries, ("应答时限07-25 15:30", "不同意延期", "同意延期", "前办结"), strict=True):
        text = messages.about(staffed, kept, entry.payload["kind"])
        assert said in text
        assert messages.parts(text) == 1


# Whose ticket it is.


@pytest.mark.parametrize("name", ["accept", "answer", "return", "ask_extension", "pause", "note"])
def test_a_units_officer_moves_no_other_units_ticket(staffed: City, name: str) -> None:
    staffed.store.people.save(User("电业", UNIT, "x", "power-company"))
    staffed.store.people.save(User("无名", UNIT, "x"))
    for by in ("电业", "无名", "查无此人"):
        with pytest.raises(RoleError, match="别的单位的工单"):
            lifecycle.move(staffed, NUMBER, name, by, "说明", FILED, role=UNIT, data={"days": 3})
    assert [e.move for e in staffed.store.tickets.events(NUMBER)] == ["file"]


def test_a_successors_officer_moves_the_tickets_it_took_over(staffed: City) -> None:
    tables = staffed.reference()
    old = next(u for u in tables.units if u.successor and u.valid_to)
    save_ticket(staffed, unit=old.slug, number="20110725-0002")
    staffed.store.people.save(User("接任", UNIT, "x", tables.current(old.slug, date(2030, 1, 1)).slug))
    with pytest.raises(RoleError):
        lifecycle.move(staffed, "20110725-0002", "accept", "接任", "", at(f"{old.valid_to} 09:00"))
    lifecycle.move(staffed, "20110725-0002", "accept", "接任", "", at("2030-01-01 09:00"))


# 延期.


def test_an_extension_granted_moves_the_completion_date_by_an_event(staffed: City) -> None:
    assert due(staffed) == "2011-07-26 00:00"
    make(staffed, "ask_extension", "水务", "要挖开路面", days=3)
    assert due(staffed) == "2011-07-26 00:00", "asked for is not granted"
    event = make(staffed, "grant_extension")
    assert due(staffed) == "2011-07-29 18:00"
    assert event.data["days"] == 3
    assert staffed.store.tickets.promise(NUMBER) == (at("2011-07-29 18:00"), False)
    assert stands(staffed).asked is None


def test_the_office_may_grant_fewer_days_than_were_asked(staffed: City) -> None:
    make(staffed, "ask_extension", "水务", days=10)
    make(staffed, "grant_extension", days=1)
    assert due(staffed) == "2011-07-27 18:00"


def test_a_refused_extension_changes_nothing_and_another_may_be_asked(staffed: City) -> None:
    make(staffed, "ask_extension", "水务", days=3)
    with pytest.raises(MoveError, match="已有一次延期申请"):
        make(staffed, "ask_extension", "水务", days=5)
    make(staffed, "refuse_extension")
    assert due(staffed) == "2011-07-26 00:00"
    make(staffed, "ask_extension", "水务", days=5)


def test_an_extension_is_asked_up_to_the_second_of_expiry_and_not_after(staffed: City) -> None:
    expiry = at("2011-07-26 00:00")
    with pytest.raises(MoveError, match="要求办结时间已过"):
        make(staffed, "ask_extension", "水务", now=expiry + SECOND, days=3)
    make(staffed, "ask_extension", "水务", now=expiry, days=3)
    make(staffed, "grant_extension", now=expiry + DAY)
    assert due(staffed) == "2011-07-29 18:00", "asked in time, granted late"


@pytest.mark.parametrize("days", [None, 0, -1, 61, "3", True, 2.5])
def test_an_extension_names_a_sensible_number_of_days(staffed: City, days: object) -> None:
    data = {} if days is None else {"days": days}
    with pytest.raises(MoveError, match="1 到 60 个工作日"):
        lifecycle.move(staffed, NUMBER, "ask_extension", "水务", "说明", FILED + HOUR, data=data)


@pytest.mark.parametrize("name", ["grant_extension", "refuse_extension"])
def test_nothing_can_be_granted_or_refused_that_was_not_asked(staffed: City, name: str) -> None:
    with pytest.raises(MoveError, match="没有等待审核的延期申请"):
        make(staffed, name)


# 暂停.


def test_a_pause_moves_completion_by_the_working_days_in_it_and_the_reply_not_at_all(city: City) -> None:
    save_thread(city)
    save_ticket(city, urgency=Urgency.DAYS, days=5, completion_due=at("2011-08-01 18:00"))
    city.store.people.save(User("张敏", CLERK, "x"))
    make(city, "pause", now=at("2011-07-28 17:00"), note="等网民补充门牌号")
    assert stands(city).paused_at == at("2011-07-28 17:00")
    make(city, "resume", note="", now=at("2011-08-01 09:00"))
    assert due(city) == "2011-08-03 18:00", "Friday and Monday; the weekend does not count"
    kept = city.store.tickets.ticket(NUMBER)
    assert kept is not None
    assert kept.reply_due == DUE


def test_a_pause_within_a_day_moves_a_number_of_days_by_none(city: City) -> None:
    save_ticket(city, urgency=Urgency.DAYS, days=5, completion_due=at("2011-08-01 18:00"))
    city.store.people.save(User("张敏", CLERK, "x"))
    make(city, "pause", now=at("2011-07-28 09:00"))
    make(city, "resume", now=at("2011-07-28 17:00"))
    assert due(city) == "2011-08-01 18:00"


def test_a_pause_moves_what_must_be_done_at_once_by_its_own_length(staffed: City) -> None:
    make(staffed, "pause", now=FILED + HOUR)
    make(staffed, "resume", now=FILED + 3 * HOUR)
    assert due(staffed) == "2011-07-26 02:00"


def test_a_pause_begins_once_and_ends_once(staffed: City) -> None:
    with pytest.raises(MoveError, match="没有暂停"):
        make(staffed, "resume")
    make(staffed, "pause")
    with pytest.raises(MoveError, match="已在等待"):
        make(staffed, "pause")
    make(staffed, "resume")
    with pytest.raises(MoveError, match="要求办结时间已过"):
        make(staffed, "pause", now=FILED + 9 * DAY)


def test_a_clock_set_back_does_not_shorten_what_was_promised(staffed: City) -> None:
    make(staffed, "pause", now=FILED + 3 * HOUR)
    make(staffed, "resume", now=FILED + 2 * HOUR)
    assert due(staffed) == "2011-07-26 00:00"


# 回访, 重办, 归档.


@pytest.mark.parametrize("answers", [{}, {"solved": True}, {"solved": "yes", "satisfied": True}])
def test_a_follow_up_says_whether_it_is_solved_and_whether_they_are_satisfied(
    staffed: City, answers: dict[str, Any]
) -> None:
    make(staffed, "close")
    with pytest.raises(MoveError, match="是否解决、是否满意"):
        make(staffed, "follow_up", **answers)
    make(staffed, "follow_up", solved=True, satisfied=False)
    said = stands(staffed).followed_up
    assert said is not None
    assert said.data == {"solved": True, "satisfied": False}
    make(staffed, "archive")
    assert stands(staffed).state == "archived"


def test_a_reopened_ticket_has_a_completion_date_counted_anew(staffed: City) -> None:
    make(staffed, "close")
    make(staffed, "follow_up", solved=False, satisfied=False)
    make(staffed, "reopen", now=at("2011-07-28 10:00"))
    assert stands(staffed).state == "filed"
    assert due(staffed) == "2011-07-29 00:00"
    assert [t.number for t, _, _ in staffed.store.tickets.owing(at("2011-07-28 00:00"), at("2011-07-30 00:00"))] == [
        NUMBER
    ]


# 主办, 协办.


def test_a_co_unit_is_a_ticket_of_its_own_that_names_its_lead(staffed: City) -> None:
    save_decision(staffed)
    new = refiling.assist(staffed, NUMBER, "housing-bureau", "张敏", "一并答复", FILED + HOUR)
    event = staffed.store.tickets.events(NUMBER)[-1]
    assert (event.move, event.data) == ("assist", {"to": new, "unit": "housing-bureau"})
    filed = acknowledge(staffed, FILED + 2 * HOUR)
    assert (filed.number, filed.lead, filed.reply_due) == (new, NUMBER, FILED + 6 * HOUR)
    assert [t.number for t in staffed.store.tickets.assisting(NUMBER)] == [new]
    assert stands(staffed).state == "filed"
    assert staffed.store.decisions.stage("lyw", "101") == "decided"


def test_a_co_units_decision_is_no_sample_for_the_next_model(staffed: City) -> None:
    save_decision(staffed)
    refiling.assist(staffed, NUMBER, "housing-bureau", "张敏", "", FILED + HOUR)
    assert [d.unit for _, d in staffed.store.decisions.samples()] == ["water-group"]


def test_a_unit_assists_once_and_a_co_unit_has_no_co_units(staffed: City) -> None:
    save_decision(staffed)
    new = refiling.assist(staffed, NUMBER, "housing-bureau", "张敏", "", FILED)
    with pytest.raises(MoveError, match="正在发送"):
        refiling.assist(staffed, NUMBER, "housing-bureau", "张敏", "", FILED)
    acknowledge(staffed, FILED + HOUR)
    with pytest.raises(MoveError, match=f"该单位已有这条帖子的工单 {new}"):
        refiling.assist(staffed, NUMBER, "housing-bureau", "张敏", "", FILED)
    with pytest.raises(MoveError, match="这是协办工单"):
        refiling.assist(staffed, new, "power-company", "张敏", "", FILED)


# What stands beside the events is only a way to find them.

turns = st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(1, 40)), max_size=14)


@given(turns)
def test_every_state_and_date_is_rebuilt_from_the_events(begun_city: City, history: list[tuple[str, int]]) -> None:
    city = begun_city
    with city.store.transaction():
        for table in ("tickets", "events", "outbox", "decisions"):
            city.store.db.execute(f"delete from {table}")
    save_ticket(city, urgency=Urgency.DAYS, days=3, completion_due=at("2011-07-28 18:00"))
    now, data = FILED, {"days": 2, "reason": "其他", "solved": True, "satisfied": False}
    for name, hours in history:
        now += hours * HOUR
        given = data if name in (*CARE, "follow_up") else {"reason": "其他"} if name == "return" else {}
        role = next(r for r in (CLERK, SYSTEM, OFFICE) if r in MOVES[name].roles)
        try:
            lifecycle.move(city, NUMBER, name, "x", "说明", now, role=role, data=given)
        except MoveError:
            continue
    [kept] = city.store.tickets.tickets()
    told = standing(kept, city.store.tickets.events(NUMBER))
    assert kept == replace(ticket(), urgency=Urgency.DAYS, days=3, completion_due=at("2011-07-28 18:00"))
    assert city.store.tickets.state(NUMBER) == told.state
    assert city.store.tickets.promise(NUMBER) == told.promise
    assert city.store.tickets.answer_due(NUMBER) == told.reply_due >= kept.reply_due


@pytest.fixture(scope="module")
def begun_city(begun: Any, tmp_path_factory: pytest.TempPathFactory) -> City:
    """One city for many histories."""
    import shutil

    from data.city import open_city

    folder = tmp_path_factory.mktemp("histories")
    (folder / "liandong.toml").write_text("", encoding="utf-8")
    shutil.copy(begun, folder / "liandong.db")
    city = open_city(folder)
    city.store.db.execute("pragma synchronous = off").fetchall()
    return city


def test_changing_a_rule_never_rewrites_what_was_promised(city: City) -> None:
    save_thread(city)
    city.store.decisions.decide(decision())
    first = promised(city, FILED)
    rules = city.settings.clocks.model_copy(update={"reply_hours": 1, "accept_hours": 0, "duty_only": True})
    changed = replace(city, settings=city.settings.model_copy(update={"clocks": rules}))
    save_thread(changed, read_at=FILED + 2 * HOUR)
    check(changed, FILED + 2 * HOUR)
    kept = changed.store.tickets.ticket(first.number)
    assert kept == first
    assert kept.reply_due == FILED + 4 * HOUR
    assert changed.store.tickets.promise(first.number) == (first.completion_due, False)
    changed.store.decisions.decide(decision(thread="102"))
    save_thread(changed, thread="102")
    second = promised(changed, at("2011-07-25 20:00"), "102")
    assert (second.reply_due, second.accept_due) == (at("2011-07-26 09:00"), None)
    changed.store.close()


def promised(city: City, now: datetime, thread: str = "101") -> Ticket:
    """The ticket of the thread's decision, acknowledged at ``now``."""
    [made] = city.store.decisions.of("lyw", thread)
    post = city.store.threads.post("lyw", thread)
    assert post is not None
    with city.store.transaction():
        filing.put(city, post, made, made.id, now)
    return acknowledge(city, now)
