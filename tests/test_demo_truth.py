"""The truth about the make-believe city and its clerk, worked out by hand where a sum is involved."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data.records import Action, Choice, Kind, Suggestion, Urgency
from data.reference import Reference
from demo.clerk import judge
from demo.clock import START, SteppedClock
from demo.thread import Answer, Fate, Thread, Voice
from demo.truth import just_gone, quantile, truth, verdict_of
from demo.world import World

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
END = START + 36 * HOUR


@pytest.fixture
def world(reference: Reference) -> World:
    world = World(7, reference, SteppedClock())
    world.addresses.update({b.slug: f"http://127.0.0.1:9{i}/" for i, b in enumerate(reference.boards)})
    return world


def first(world: World, fate: Fate = Fate.ORDINARY, board: str = "lyw") -> Thread:
    fit = (t for t in world.threads if t.fate is fate and t.board == board and t.is_request and not t.emergency)
    return next(t for t in fit if t.posted_at >= START)


def filed(world: World, thread: Thread, at: datetime | None = None) -> datetime:
    at = at or thread.posted_at + HOUR / 4
    world.acknowledged(thread.board, thread.id, "LY1", at)
    return at


def answered(world: World, thread: Thread, after: timedelta, meets: bool = True) -> None:
    assert thread.filed_at is not None
    voice = Voice.UNIT if meets else Voice.OFFICE
    thread.add(Answer(thread.next_id(), "某单位", thread.filed_at + after, "已办", voice, meets))


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (timedelta(minutes=5), "on_time"),
        (4 * HOUR, "on_time"),
        (4 * HOUR + SECOND, "late"),
        (-HOUR / 8, "on_time"),
        (9 * HOUR, "late"),
        (None, "overdue"),
    ],
)
def test_the_first_meeting_reply_decides(world: World, after: timedelta | None, verdict: str) -> None:
    thread = first(world)
    filed(world, thread)
    if after is not None:
        answered(world, thread, after)
    assert verdict_of(world, thread.board, thread.id, END) == verdict


def test_the_office_forwarding_does_not_meet_the_clock(world: World) -> None:
    thread = first(world)
    filed(world, thread)
    answered(world, thread, HOUR, meets=False)
    assert verdict_of(world, thread.board, thread.id, END) == "overdue"


def test_a_ticket_is_pending_up_to_the_second_it_is_due(world: World) -> None:
    thread = first(world)
    at = filed(world, thread)
    found = [verdict_of(world, thread.board, thread.id, at + 4 * HOUR + s * SECOND) for s in (0, 1)]
    assert found == ["pending", "overdue"]


def test_a_reply_that_is_still_to_come_is_not_seen(world: World) -> None:
    thread = first(world)
    at = filed(world, thread)
    answered(world, thread, 6 * HOUR)
    found = [verdict_of(world, thread.board, thread.id, at + h * HOUR) for h in (3, 5, 7)]
    assert found == ["pending", "overdue", "late"]


def test_a_thread_deleted_before_its_due_is_withdrawn(world: World) -> None:
    thread = next(t for t in world.threads if t.fate is Fate.DELETED)
    filed(world, thread)
    assert thread.deleted_at is not None
    before, after = thread.deleted_at - SECOND, thread.deleted_at
    assert [verdict_of(world, thread.board, thread.id, t) for t in (before, after)] == ["pending", "withdrawn"]


@pytest.mark.parametrize(("after", "excused"), [(-SECOND, False), (SECOND, True), (HOUR - SECOND, True), (HOUR, False)])
def test_a_watcher_who_looks_every_hour_need_not_know_for_an_hour_that_a_thread_is_gone(
    world: World, after: timedelta, excused: bool
) -> None:
    thread = next(t for t in world.threads if t.fate is Fate.DELETED)
    filed(world, thread)
    assert thread.deleted_at is not None
    assert just_gone(world, f"{thread.board}/{thread.id}", thread.deleted_at + after, HOUR) is excused


def test_a_thread_deleted_while_its_board_was_down_cannot_be_verified(world: World) -> None:
    thread = next(t for t in world.threads if t.fate is Fate.DELETED_UNSEEN)
    filed(world, thread)
    assert verdict_of(world, thread.board, thread.id, END) == "unverifiable"


def test_a_thread_behind_a_login_wall_across_its_due_cannot_be_verified(world: World) -> None:
    thread = next(t for t in world.threads if t.fate is Fate.LOGIN)
    filed(world, thread)
    assert verdict_of(world, thread.board, thread.id, END) == "unverifiable"


def test_what_falls_due_in_an_outage_is_unverifiable_until_the_board_returns(world: World) -> None:
    thread = first(world, board="lyxxg")
    filed(world, thread, world.down_from - 3 * HOUR)
    answered(world, thread, 3.5 * HOUR)
    during, after = world.down_until - SECOND, world.down_until
    found = [verdict_of(world, thread.board, thread.id, t) for t in (during, after)]
    assert found == ["unverifiable", "on_time"]


def test_an_unfiled_thread_has_no_verdict(world: World) -> None:
    with pytest.raises(ValueError, match="not filed"):
        verdict_of(world, "lyw", first(world).id, END)


def test_the_quantiles_agree_with_kaplan_and_meier_by_hand() -> None:
    # 8 filed. S: 10 -> 7/8; 20 (two) -> 5/8; 25+ leaves 4; 30 -> 5/8 * 3/4 = 15/32; 40+ leaves 2; 50 -> 15/64; 60+.
    spans = [(10, True), (20, True), (20, True), (25, False), (30, True), (40, False), (50, True), (60, False)]
    assert quantile(spans, 0.1) == 10
    assert quantile(spans, 0.3) == 20
    assert quantile(spans, 0.5) == 30
    assert quantile(spans, 0.75) == 50
    assert quantile(spans, 0.9) is None


def test_at_equal_times_an_answer_comes_before_a_censoring() -> None:
    assert quantile([(10, False), (10, True)], 0.5) == 10


def test_without_tickets_there_is_no_latency(world: World) -> None:
    assert quantile([], 0.5) is None
    assert truth(world, START)["latency"] == {"median": None, "p90": None}


def test_latencies_count_answers_before_filing_as_nothing_and_the_unanswered_as_watched(world: World) -> None:
    fit = [t for t in world.threads if t.fate is Fate.ORDINARY and t.is_request and t.posted_at >= START][:4]
    for thread, after in zip(fit, (-HOUR / 8, HOUR, 5 * HOUR, None), strict=True):
        filed(world, thread)
        if after is not None:
            answered(world, thread, after)
    found = truth(world, END)
    assert found["latency"] == {"median": 3600, "p90": None}
    assert found["verdicts"] | {"on_time": 2, "late": 1, "overdue": 1} == found["verdicts"]
    assert found["tickets"] == 4


def test_posts_are_counted_when_they_can_be_read(world: World) -> None:
    assert truth(world, START)["posts"] >= 60
    whole = truth(world, END)
    assert whole["posts"] == 380
    before = sum(t.is_request for t in world.threads if t.fate is Fate.OLD)
    asked = whole["requests"] + whole["requests_before"] + whole["emergencies"]
    assert whole["requests_before"] == before
    assert asked == sum(t.is_request for t in world.threads)


def test_filing_what_asked_for_nothing_is_misfiled(world: World) -> None:
    for thread in (next(t for t in world.threads if t.emergency), next(t for t in world.threads if not t.is_request)):
        filed(world, thread)
    assert truth(world, END)["misfiled"] == 2


def suggested(thread: Thread, **changes: object) -> Suggestion:
    known = {
        "is_request": True,
        "kind": thread.kind or Kind.HELP,
        "category": thread.category or "urban/roads",
        "units": (Choice(thread.unit, 0.9),),
    } | changes
    plain = {"request_p": 0.9, "kind_p": 0.9, "categories": (), "urgency": Urgency.DAYS, "days": 5, "model": "m"}
    return Suggestion(board=thread.board, thread=thread.id, at=thread.posted_at, **plain, **known)  # type: ignore[arg-type]


def test_the_clerk_accepts_what_is_right_and_takes_urgency_from_the_truth(world: World) -> None:
    thread = next(t for t in world.threads if t.urgency is Urgency.IMMEDIATE and t.posted_at >= START)
    decision = judge(world, suggested(thread), END)
    assert decision is not None
    assert decision.action is Action.ACCEPT
    assert (decision.urgency, decision.days) == (Urgency.IMMEDIATE, 0)


@pytest.mark.parametrize(
    "wrong",
    [{"category": "urban"}, {"kind": Kind.OVERSIGHT}, {"units": ()}, {"is_request": False}],
    ids=str,
)
def test_the_clerk_corrects_what_is_wrong(world: World, wrong: dict[str, object]) -> None:
    thread = next(t for t in world.threads if t.kind is Kind.COMPLAINT and t.posted_at >= START)
    decision = judge(world, suggested(thread, **wrong), END)
    assert decision is not None
    assert decision.action is Action.CORRECT
    assert decision.reason
    assert (decision.kind, decision.category, decision.unit) == (thread.kind, thread.category, thread.unit)


def test_the_clerk_rejects_talk_old_answered_posts_and_emergencies(world: World) -> None:
    talk = next(t for t in world.threads if not t.is_request)
    old = next(t for t in world.threads if t.fate is Fate.OLD and t.is_request)
    urgent = next(t for t in world.threads if t.ring == "119")
    for thread, word in ((talk, "非诉求"), (old, "已有答复"), (urgent, "已转119")):
        decision = judge(world, suggested(thread), END)
        assert decision is not None
        assert decision.action is Action.REJECT
        assert word in decision.reason


def test_the_clerk_comes_to_a_post_minutes_later_and_at_night_up_to_an_hour(world: World) -> None:
    for thread in (t for t in world.threads if t.fate is Fate.ORDINARY and t.posted_at >= START):
        assert thread.seen_by_clerk is not None
        wait = thread.seen_by_clerk - thread.posted_at
        assert timedelta(minutes=3) <= wait <= timedelta(minutes=60)
        assert judge(world, suggested(thread), thread.seen_by_clerk - SECOND) is None
        assert judge(world, suggested(thread), thread.seen_by_clerk) is not None
