"""The table of states and moves: what may follow what, and who may do it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.city import City
from data.records import Event
from tests.build import FILED, HOUR, save_ticket
from ticketing import lifecycle
from ticketing.lifecycle import ADMIN, CLERK, MOVES, STATES, SYSTEM, UNIT, MoveError, moves_for, state_after, step

NEXT = {
    "": {"file": "filed"},
    "filed": {
        "accept": "accepted",
        "answer": "answered",
        "return": "returned",
        "supervise": "supervised",
        "urge": "filed",
        "note": "filed",
        "close": "closed",
    },
    "accepted": {
        "answer": "answered",
        "return": "returned",
        "supervise": "supervised",
        "urge": "accepted",
        "note": "accepted",
        "close": "closed",
    },
    "answered": {"urge": "answered", "note": "answered", "close": "closed"},
    "returned": {"force": "filed", "note": "returned", "close": "closed"},
    "supervised": {
        "accept": "accepted",
        "answer": "answered",
        "urge": "supervised",
        "note": "supervised",
        "close": "closed",
    },
    "closed": {"follow_up": "followed_up", "reopen": "filed", "archive": "archived", "note": "closed"},
    "followed_up": {"reopen": "filed", "archive": "archived", "note": "followed_up"},
    "archived": {"note": "archived"},
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("state", NEXT)
def test_every_cell_of_the_table(state: str, name: str) -> None:
    if name in NEXT[state]:
        assert step(state, name) == NEXT[state][name]
    else:
        with pytest.raises(MoveError, match="不能"):
            step(state, name)


def test_an_unknown_move_is_said_so() -> None:
    with pytest.raises(MoveError, match="没有“explode”这个动作"):
        step("filed", "explode")


def test_a_unit_may_accept_and_return_but_not_urge_close_or_force() -> None:
    assert moves_for("filed", UNIT) == ["accept", "answer", "return", "note"]
    assert moves_for("returned", UNIT) == ["note"]
    assert moves_for("answered", UNIT) == ["note"]
    assert moves_for("closed", UNIT) == ["note"]


def test_the_machine_neither_closes_nor_archives_nor_returns() -> None:
    for state in STATES:
        assert not {"close", "archive", "return", "force", "accept", "reopen", "follow_up"} & set(
            moves_for(state, SYSTEM)
        )


def test_a_leader_or_a_stranger_may_do_nothing() -> None:
    assert all(moves_for(state, role) == [] for state in STATES for role in ("leader", "", "citizen"))


@pytest.mark.parametrize("role", [CLERK, ADMIN])
def test_no_state_but_the_last_is_a_dead_end_for_the_office(role: str) -> None:
    for state in STATES:
        leads_on = [m for m in moves_for(state, role) if MOVES[m].target]
        assert bool(leads_on) == (state != "archived")


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=12))
def test_whatever_is_tried_only_known_states_are_reached(names: list[str]) -> None:
    state, made = step("", "file"), ["file"]
    for name in names:
        if name in NEXT[state]:
            state = step(state, name)
            made.append(name)
    assert state in STATES
    assert state_after(Event("1", FILED, name, "x") for name in made) == state


def test_a_move_is_an_event_and_the_state_is_what_the_events_say(city: City) -> None:
    save_ticket(city)
    city.store.tickets.add_event(Event("20110725-0001", FILED, "file", "system"), "filed")
    lifecycle.move(city, "20110725-0001", "return", "水务集团", "权属不清", FILED + HOUR)
    lifecycle.move(city, "20110725-0001", "force", "张敏", "", FILED + 2 * HOUR)
    events = city.store.tickets.events("20110725-0001")
    assert [(e.move, e.by, e.note) for e in events[1:]] == [("return", "水务集团", "权属不清"), ("force", "张敏", "")]
    assert city.store.tickets.state("20110725-0001") == state_after(events) == "filed"


def test_a_refused_move_leaves_no_trace(city: City) -> None:
    save_ticket(city)
    with pytest.raises(MoveError, match="工单已交办，不能重办"):
        lifecycle.move(city, "20110725-0001", "reopen", "张敏", "", FILED)
    assert city.store.tickets.events("20110725-0001") == []
    with pytest.raises(MoveError, match="没有工单 7"):
        lifecycle.move(city, "7", "accept", "张敏", "", FILED)
