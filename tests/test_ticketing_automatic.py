"""Filing without a clerk: only what was lately right, never an emergency, and it stops itself when it is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.city import City
from data.records import Action, Choice, Event, OutboxState, Suggestion, Urgency
from tests.build import FILED, HOUR, MINUTE, Clock, MakeCity, decision, post, save_thread, suggestion
from ticketing import automatic, confidence, cycle, filing, outbox
from ticketing.confidence import evidence, least, lower_bound, threshold

DAY = timedelta(days=1)
SURE = {"request_p": 0.995, "categories": (Choice("urban", 0.995),), "units": (Choice("water-group", 0.995),)}
MakeRule = Callable[..., City]


def queued(city: City, thread: str, now: datetime, *, posted: datetime | None = None, **more: Any) -> Suggestion:
    """A post in the queue, by default one the machine is very sure of."""
    save_thread(city, read_at=now, thread=thread, posted_at=posted or now, url=f"http://127.0.0.1/{thread}")
    made = suggestion(thread=thread, at=now, **{**SURE, **more})
    city.store.decisions.suggest([made])
    return made


def decided(city: City, count: int, wrong: int = 0, *, before: timedelta = 2 * DAY, prefix: str = "old") -> None:
    """``count`` posts a clerk decided, of which he corrected ``wrong``."""
    then = FILED - before
    for i in range(count):
        queued(city, f"{prefix}{i}", then)
        action = Action.CORRECT if i < wrong else Action.ACCEPT
        filing.decide(city, decision(thread=f"{prefix}{i}", at=then + MINUTE, action=action), then + MINUTE)


@pytest.fixture
def rule(make_city: MakeCity) -> MakeRule:
    """A city with the rule on (spot checks as good as off), and a hundred decisions of which none was wrong."""

    def make(count: int = 100, wrong: int = 0, mode: str = "on", **more: Any) -> City:
        settings = {"mode": f'"{mode}"', "spot_checks": 0.0001, **more}
        city = make_city("[automatic]\n" + "".join(f"{k} = {v}\n" for k, v in settings.items()))
        decided(city, count, wrong)
        return city

    return make


def test_it_is_off_unless_it_is_switched_on(city: City) -> None:
    assert city.settings.automatic.mode == "off"
    assert "automatic" not in cycle._stages(city, Clock(FILED), None, "me")  # type: ignore[arg-type]


def test_what_the_machine_is_sure_of_is_filed_as_automatic_and_can_be_taken_back(rule: MakeRule, clock: Clock) -> None:
    city = rule()
    queued(city, "101", FILED)
    assert automatic.turn(city, clock()) == {"ok": True, "filed": 1}
    [made] = city.store.decisions.of("lyw", "101")
    assert (made.automatic, made.by, made.action, made.unit) == (True, "自动", Action.ACCEPT, "water-group")
    entry = city.store.outbox.entry(filing.filing_key("lyw", "101", made.id))
    assert entry is not None
    assert entry.not_before == FILED + 15 * MINUTE
    clock.advance(14 * MINUTE)
    assert outbox.send_due(city, clock, "me", ("office",)).get("office_failed", 0) == 100, (
        "the old ones; this one waits"
    )
    assert filing.undo(city, made.id, clock())
    assert automatic.turn(city, clock()) == {"ok": True}, "what a clerk took back is his"
    assert city.store.decisions.stage("lyw", "101") == "suggested"


@pytest.mark.parametrize(
    "doubtful",
    [
        {"urgency": Urgency.EMERGENCY},
        {"needs_person": "两个单位的把握相近"},
        {"is_request": False},
        {"units": ()},
        {"units": (Choice("water-group", 0.4),)},
        {"category": "civil", "categories": (Choice("civil", 0.995),)},
        {"posted": FILED - 2 * DAY},
    ],
    ids=["emergency", "needs a person", "no request", "no unit", "unsure", "category without decisions", "old"],
)
def test_never(rule: MakeRule, clock: Clock, doubtful: dict[str, Any]) -> None:
    city = rule()
    queued(city, "101", FILED, **doubtful)
    assert automatic.turn(city, clock()) == {"ok": True}
    assert city.store.decisions.of("lyw", "101") == []


def test_too_few_decisions_or_too_many_wrong_ones_bear_nothing_out(rule: MakeRule, clock: Clock) -> None:
    city = rule(58)
    queued(city, "101", FILED)
    assert automatic.turn(city, clock()) == {"ok": True}
    decided(city, 1, prefix="one more ")
    assert automatic.turn(city, clock()) == {"ok": True, "filed": 1}
    decided(city, 4, 4, prefix="wrong ")
    queued(city, "102", FILED)
    assert automatic.turn(city, clock()) == {"ok": True}


def test_old_decisions_and_those_of_the_rule_itself_prove_nothing(rule: MakeRule, clock: Clock) -> None:
    city = rule(0)
    decided(city, 100, before=91 * DAY)
    queued(city, "101", FILED)
    assert automatic.turn(city, clock()) == {"ok": True}
    city.store.db.execute("update decisions set at = ?, automatic = ?", [FILED.isoformat(), True])
    assert automatic.categories(city, clock()) == []


def test_a_filing_the_unit_returned_was_wrong_unless_the_office_upheld_it(rule: MakeRule, clock: Clock) -> None:
    city = rule(60)
    [first] = city.store.outbox.entries(OutboxState.WAITING, limit=1)
    with city.store.transaction():
        ticket = filing.acknowledged(city, first, "LY1", FILED)
    city.store.tickets.add_event(Event(ticket.number, FILED, "return", "联络员", "属地不符"), "returned")
    [urban] = automatic.categories(city, clock())
    assert (urban.judged, urban.agreed, urban.threshold) == (60, 59, None)
    city.store.tickets.add_event(Event(ticket.number, FILED, "force", "张敏", "维持"), "filed")
    [urban] = automatic.categories(city, clock())
    assert (urban.agreed, urban.threshold) == (60, 0.5)


def test_no_more_than_the_cap_in_an_hour(rule: MakeRule, clock: Clock) -> None:
    city = rule(per_hour=2)
    for i in range(5):
        queued(city, str(i), FILED)
    assert automatic.turn(city, clock()) == {"ok": True, "filed": 2, "over_the_cap": 3}
    clock.advance(HOUR - MINUTE)
    assert automatic.turn(city, clock()) == {"ok": True, "over_the_cap": 3}
    clock.advance(2 * MINUTE)
    assert automatic.turn(city, clock()) == {"ok": True, "filed": 2, "over_the_cap": 1}


def test_shadow_mode_files_nothing_and_is_scored_by_the_clerk(rule: MakeRule, clock: Clock) -> None:
    city = rule(mode="shadow")
    for i in range(3):
        queued(city, str(i), FILED)
    assert automatic.turn(city, clock()) == {"ok": True, "shadow": 3}
    assert automatic.turn(city, clock()) == {"ok": True, "shadow": 0}, "noted once"
    assert [city.store.decisions.stage("lyw", str(i)) for i in range(3)] == ["suggested"] * 3
    filing.decide(city, decision(thread="0"), FILED)
    filing.decide(city, decision(thread="1", action=Action.CORRECT, unit="lamps"), FILED)
    state = automatic.state(city, clock())
    assert (state.shadows, state.shadows_judged, state.shadows_agreed) == (3, 2, 1)
    assert state.shadows_bound == pytest.approx(lower_bound(1, 2, 0.95))


def test_a_share_goes_to_the_clerk_all_the_same(rule: MakeRule, clock: Clock) -> None:
    city = rule(spot_checks=0.5, per_hour=1000)
    for i in range(40):
        queued(city, str(i), FILED)
    done = automatic.turn(city, clock())
    assert 10 <= done["shadow"] == 40 - done["filed"] <= 30
    assert city.store.decisions.waiting() == done["shadow"]


def wrong_ones(city: City, clock: Clock, count: int) -> None:
    """The rule files ``count`` posts, and a clerk takes every one back."""
    for i in range(count):
        queued(city, f"new{i}", clock())
    automatic.turn(city, clock())
    for i in range(count):
        for made in city.store.decisions.of("lyw", f"new{i}"):
            assert filing.undo(city, made.id, clock())


def test_it_switches_itself_off_loudly_when_it_is_wrong_and_a_person_switches_it_on(
    rule: MakeRule, clock: Clock
) -> None:
    city = rule(per_hour=100)
    wrong_ones(city, clock, 5)
    queued(city, "101", clock())
    assert automatic.turn(city, clock()) == {"ok": True, "switched_off": 1}
    assert city.store.decisions.stage("lyw", "101") == "suggested"
    [alert] = city.store.runs.alerts()
    assert alert.kind == "automatic"
    assert "5 件中错了 5 件" in alert.text
    assert automatic.turn(city, clock()) == {"ok": True, "switched_off": 1}
    assert len(city.store.runs.alerts()) == 1
    automatic.switch(city, True, "张敏", clock())
    assert automatic.turn(city, clock()) == {"ok": True, "filed": 1}, "and is judged anew"
    assert city.store.people.audit()[0].who == "张敏"


def test_a_person_stops_it_at_once(rule: MakeRule, clock: Clock) -> None:
    city = rule()
    queued(city, "101", FILED)
    automatic.switch(city, False, "张敏", clock())
    assert automatic.turn(city, clock()) == {"ok": True, "switched_off": 1}


# The arithmetic.


@given(st.integers(1, 400), st.integers(0, 400), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_lower_bound_is_clopper_and_pearsons(tried: int, wrong: int, sure: float) -> None:
    from scipy import stats

    right = max(0, tried - wrong)
    bound = lower_bound(right, tried, sure)
    assert 0 <= bound <= right / tried
    if right:
        assert stats.binom.sf(right - 1, tried, bound) == pytest.approx(1 - sure, rel=1e-6)


def test_so_many_without_an_error_are_enough_and_one_fewer_are_not() -> None:
    n = least(0.95, 0.95)
    assert n == 59
    assert threshold([(0.99, True)] * n, 0.95, 0.95) == 0.5
    assert threshold([(0.99, True)] * (n - 1), 0.95, 0.95) is None


Truth = Callable[[float], float]  # how sure the machine is -> how often it is right
TRUTHS: dict[str, Truth] = {
    "good": lambda sure: 0.99,
    "calibrated": lambda sure: sure,
    "just too bad everywhere": lambda sure: 0.9495,
    "bad below 0.8": lambda sure: 0.97 if sure >= 0.8 else 0.5,
    "bad at the very top": lambda sure: 0.9 if sure >= 0.95 else 0.99,
}


@pytest.mark.parametrize("name", TRUTHS)
def test_what_passes_the_threshold_is_right_at_the_stated_rate(name: str) -> None:
    """Over many streams the share of thresholds below the stated precision is at most what the confidence allows."""
    truth, chance, streams, broken, passed = TRUTHS[name], random.Random(7), 400, 0, 0
    grid = [0.5 + 0.5 * (i + 0.5) / 2000 for i in range(2000)]
    for _ in range(streams):
        sures = [0.5 + chance.random() / 2 for _ in range(600)]
        found = threshold([(sure, chance.random() < truth(sure)) for sure in sures], 0.95, 0.95)
        if found is not None:
            passed += 1
            above = [truth(sure) for sure in grid if sure >= found]
            broken += sum(above) / len(above) < 0.95
    assert broken / streams <= 0.05 + 3 * (0.05 * 0.95 / streams) ** 0.5
    assert name != "good" or passed > streams * 0.8, "and it is of use"


def test_the_watch_rarely_stops_a_rule_that_is_as_good_as_stated_and_soon_stops_a_bad_one() -> None:
    def stopped(errors: float, chance: random.Random) -> int | None:
        outcomes: list[bool] = []
        for i in range(600):
            outcomes.append(chance.random() >= errors)
            if evidence(outcomes, 0.95) >= 1 / confidence.FALSE_ALARM:
                return i + 1
        return None

    chance = random.Random(11)
    assert sum(stopped(0.05, chance) is not None for _ in range(100)) <= 4
    late = sorted(stopped(0.25, chance) or 9999 for _ in range(50))
    assert late[-5] < 100


def test_a_post_is_old_by_when_it_was_written(rule: MakeRule, clock: Clock) -> None:
    assert post().posted_at < FILED
    city = rule(fresh_hours=1)
    queued(city, "101", FILED, posted=FILED - 2 * HOUR)
    assert automatic.turn(city, clock()) == {"ok": True}
