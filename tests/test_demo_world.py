"""The make-believe city: the same seed tells the same story, and its people behave as they were cast."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from data.reference import Reference
from demo.behaviour import alike
from demo.clock import START, SteppedClock
from demo.thread import Fate, Thread, Voice
from demo.world import World

HOUR = timedelta(hours=1)


def build(reference: Reference, seed: int = 7, hours: int = 36) -> World:
    world = World(seed, reference, SteppedClock(), hours=hours)
    world.addresses.update({b.slug: f"http://127.0.0.1:9{i}/" for i, b in enumerate(reference.boards)})
    return world


def told(world: World) -> list[Any]:
    return [(t.key, t.section, t.title, t.body, t.author, t.posted_at, t.fate, t.answers) for t in world.threads]


def cast(world: World, fate: Fate) -> Thread:
    return next(t for t in world.threads if t.fate is fate)


def file(world: World, thread: Thread, after: timedelta = timedelta(minutes=10)) -> None:
    at = thread.posted_at + after
    world.acknowledged(thread.board, thread.id, "LY1", at)
    notified = world.noticed("13900000001", f"请答复 {world.addresses[thread.board]}read-htm-tid-{thread.id}.htm", at)
    assert notified is thread


def test_the_same_seed_tells_the_same_story(reference: Reference) -> None:
    assert told(build(reference)) == told(build(reference))


def test_another_seed_tells_another_story(reference: Reference) -> None:
    assert told(build(reference, 7)) != told(build(reference, 8))


def test_answers_depend_on_the_thread_and_not_on_the_order_of_notices(reference: Reference) -> None:
    one, other = build(reference), build(reference)
    keys = [t.key for t in one.threads if t.is_request and t.posted_at > START][:60]
    for world, order in ((one, keys), (other, keys[::-1])):
        for key in order:
            file(world, next(t for t in world.threads if t.key == key))
    assert told(one) == told(other)


def test_a_story_holds_about_320_posts_and_60_from_before(reference: Reference) -> None:
    threads = build(reference).threads
    before = [t for t in threads if t.posted_at < START]
    assert (len(before), len(threads) - len(before)) == (60, 320)
    assert max(t.posted_at for t in threads) < START + 31 * HOUR
    assert {t.board for t in threads} == {"people", "lyw", "lyxxg", "dahe"}


def test_the_rainstorm_brings_sixty_posts_in_four_hours(reference: Reference) -> None:
    world = build(reference)
    storm = {m.slug for m in world.library.storm}
    wet = [t for t in world.threads if t.matter in storm]
    assert len(wet) == 60
    assert all(START + 9 * HOUR <= t.posted_at + timedelta(minutes=1) <= START + 13 * HOUR for t in wet)


def test_few_posts_are_written_at_night(reference: Reference) -> None:
    threads = [t for t in build(reference).threads if t.posted_at >= START]
    night = [t for t in threads if t.posted_at.hour in range(16, 21)]  # midnight to five in the city
    assert len(night) < len(threads) / 10


def test_hundreds_of_posts_read_differently(reference: Reference) -> None:
    threads = build(reference).threads
    assert len({t.body for t in threads}) > 0.95 * len(threads)
    assert len({t.category for t in threads if t.is_request}) >= 30
    assert not [t for t in threads if "{" in t.title]


def test_boards_without_seconds_are_given_whole_minutes(reference: Reference) -> None:
    world = build(reference)
    for thread in (t for t in world.threads if t.board == "people" and t.is_request):
        file(world, thread)
        assert not [a for a in thread.answers if a.at.second]
        assert thread.posted_at.second == 0


def test_every_request_can_be_answered_by_an_account_of_its_unit(reference: Reference) -> None:
    world = build(reference)
    for thread in (t for t in world.threads if t.fate is Fate.ORDINARY and t.is_request):
        file(world, thread)
        for answer in (a for a in thread.answers if a.meets):
            units = {a.unit for a in reference.accounts if (a.board, a.account) == (thread.board, answer.author)}
            assert units & reference.lineage(thread.unit)


def test_nothing_is_answered_because_of_a_notice_before_that_notice(reference: Reference) -> None:
    world = build(reference)
    for thread in (t for t in world.threads if t.fate is Fate.ORDINARY and t.is_request):
        before = set(thread.answers)
        file(world, thread, 5 * HOUR)
        assert all(a.at > thread.posted_at + 5 * HOUR for a in set(thread.answers) - before)


def test_most_units_answer_in_time_some_late_some_never(reference: Reference) -> None:
    world = build(reference)
    plain = [t for t in world.threads if t.fate is Fate.ORDINARY and t.is_request and not t.emergency]
    first = []
    for thread in plain:
        file(world, thread)
        first.append(next((a.at - (thread.posted_at + timedelta(minutes=10)) for a in thread.answers if a.meets), None))
    answered = [f for f in first if f is not None]
    assert 0.55 < sum(f <= 4 * HOUR for f in answered) / len(first) < 0.80
    assert 0.08 < sum(f > 4 * HOUR for f in answered) / len(first) < 0.30
    assert 0.08 < first.count(None) / len(first) < 0.25


def test_one_unit_answers_on_the_very_second_and_one_a_second_later(reference: Reference) -> None:
    world = build(reference)
    for fate, late in ((Fate.EXACT, 0), (Fate.EXACT_AFTER, 1)):
        thread = cast(world, fate)
        file(world, thread)
        assert thread.due_at is not None
        assert next(a.at for a in thread.answers if a.meets) == thread.due_at + timedelta(seconds=late)


def test_decoys_never_meet_the_clock_and_look_alikes_are_no_accounts(reference: Reference) -> None:
    world = build(reference)
    for fate, voice in (
        (Fate.LOOK_ALIKE_ONLY, Voice.LOOK_ALIKE),
        (Fate.OFFICE_ONLY, Voice.OFFICE),
        (Fate.OTHER_UNIT_ONLY, Voice.OTHER_UNIT),
    ):
        thread = cast(world, fate)
        file(world, thread)
        said = [a for a in thread.answers if a.voice is not Voice.CITIZEN]
        assert [(a.voice, a.meets) for a in said] == [(voice, False)]
        real = {a.account for a in reference.accounts if a.board == thread.board}
        assert (said[0].author in real) == (voice is not Voice.LOOK_ALIKE)


def test_a_look_alike_name_differs_from_the_real_one() -> None:
    assert {"mj1c", "ｍｊｉｃ"} <= set(alike("mjic"))
    assert all(name != "mjic" for name in alike("mjic"))


def test_a_spontaneous_answer_is_older_than_any_filing_by_the_clerk(reference: Reference) -> None:
    thread = cast(build(reference), Fate.SPONTANEOUS)
    answer = next(a for a in thread.answers if a.meets)
    assert thread.seen_by_clerk is not None
    assert answer.at < thread.seen_by_clerk
    assert timedelta(minutes=14) < answer.at - thread.posted_at <= timedelta(minutes=40)


def test_a_deleted_thread_goes_between_filing_and_due_without_an_official_answer(reference: Reference) -> None:
    world = build(reference)
    gone = [t for t in world.threads if t.fate is Fate.DELETED]
    assert len(gone) == 3
    for thread in gone:
        file(world, thread)
        assert thread.filed_at
        assert thread.deleted_at
        assert thread.due_at
        assert thread.deleted_at - thread.filed_at >= timedelta(minutes=20)
        assert thread.due_at - thread.deleted_at >= timedelta(minutes=40)
        assert all(a.voice is Voice.CITIZEN for a in thread.answers)


def test_one_thread_falls_due_and_is_deleted_while_its_board_is_down(reference: Reference) -> None:
    world = build(reference)
    thread = cast(world, Fate.DELETED_UNSEEN)
    file(world, thread, timedelta(minutes=25))
    assert thread.due_at
    assert thread.deleted_at
    assert world.down_from < thread.due_at < thread.deleted_at < world.down_until


def test_only_the_first_acknowledgement_counts(reference: Reference) -> None:
    world = build(reference)
    thread = cast(world, Fate.EXACT)
    world.acknowledged(thread.board, thread.id, "LY1", START + HOUR)
    world.acknowledged(thread.board, thread.id, "LY2", START + 2 * HOUR)
    assert (thread.office_id, thread.filed_at) == ("LY1", START + HOUR)


def test_an_emergency_is_never_answered_as_an_ordinary_request(reference: Reference) -> None:
    world = build(reference)
    urgent = [t for t in world.threads if t.emergency]
    assert len(urgent) == 4
    assert {t.ring for t in urgent} == {"110", "119", "120"}
    file(world, urgent[0])
    assert all(a.voice is Voice.CITIZEN for a in urgent[0].answers)


def test_a_short_story_is_the_day_without_the_storm(reference: Reference) -> None:
    threads = build(reference, hours=12).threads
    assert 30 < sum(t.posted_at >= START for t in threads) < 160
    assert max(t.posted_at for t in threads) < START + 7 * HOUR


def test_the_clock_stands_still_until_it_jumps_and_never_goes_back() -> None:
    clock = SteppedClock()
    assert clock() == clock() == START
    assert clock.advance(HOUR) == clock() == START + HOUR
    with pytest.raises(ValueError):
        clock.advance(-HOUR)
    with pytest.raises(ValueError):
        SteppedClock(START.replace(tzinfo=None))
