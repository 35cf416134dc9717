"""The verdict: every cell of its table, and what must hold of any history."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.records import Read, ReadOutcome, Reply, Ticket, Verdict, VerdictName, Version
from data.reference import Reference
from tests.build import DUE, FILED, HOUR, MINUTE, POSTED, SECOND, ZONE, failed_read, read, reply, ticket
from ticketing.holding import is_holding
from ticketing.replies import verdict
from ticketing.voices import Voices

PENDING, ON_TIME, LATE = VerdictName.PENDING, VerdictName.ON_TIME, VerdictName.LATE
OVERDUE, UNVERIFIABLE, WITHDRAWN = VerdictName.OVERDUE, VerdictName.UNVERIFIABLE, VerdictName.WITHDRAWN
SUBSTANCE = "您好，经现场核实，主管道破裂，已修复。"
GONE = ReadOutcome.GONE


@pytest.fixture(scope="module")
def voices(reference: Reference) -> Voices:
    return Voices(reference)


@pytest.fixture(scope="module")
def judge(voices: Voices) -> Judge:
    return Judge(voices)


class Judge:
    """The verdict on the ticket of ``build`` unless another is given."""

    def __init__(self, voices: Voices) -> None:
        self.voices = voices

    def __call__(
        self,
        replies: Sequence[Reply] = (),
        reads: Sequence[Read] = (),
        now: datetime = DUE + 2 * HOUR,
        of: Ticket | None = None,
        seen: Mapping[str, datetime] | None = None,
        versions: Sequence[Version] = (),
    ) -> Verdict:
        return verdict(of or ticket(), replies, reads, self.voices, ZONE, now, seen or {}, versions)


# Without a meeting reply.


@pytest.mark.parametrize(
    ("reads", "now", "name"),
    [
        # Nothing read, or nothing read completely.
        ([], FILED, PENDING),
        ([], DUE - SECOND, PENDING),
        ([], DUE, PENDING),
        ([], DUE + SECOND, UNVERIFIABLE),
        ([failed_read(at=DUE + MINUTE)], DUE + HOUR, UNVERIFIABLE),
        # A complete read before due says nothing of what came after it.
        ([read(at=DUE - SECOND)], DUE - SECOND, PENDING),
        ([read(at=DUE - SECOND)], DUE + SECOND, UNVERIFIABLE),
        # A read at the very second of due is not after it.
        ([read(at=DUE)], DUE, PENDING),
        ([read(at=DUE)], DUE + SECOND, UNVERIFIABLE),
        ([read(at=DUE + SECOND)], DUE + SECOND, OVERDUE),
        ([failed_read(at=DUE - HOUR), read(at=DUE + HOUR)], DUE + HOUR, OVERDUE),
        # An incomplete read after due is no evidence, whatever it showed.
        ([read(at=DUE + HOUR, complete=False)], DUE + 2 * HOUR, UNVERIFIABLE),
        # Once seen without an answer after due, later trouble with the board changes nothing.
        ([read(at=DUE + HOUR), failed_read(at=DUE + 2 * HOUR)], DUE + 2 * HOUR, OVERDUE),
        ([read(at=DUE + HOUR), failed_read(GONE, at=DUE + 2 * HOUR)], DUE + 2 * HOUR, OVERDUE),
        # Deleted before due.
        ([failed_read(GONE, at=DUE - HOUR)], DUE - HOUR, WITHDRAWN),
        ([read(at=FILED), failed_read(GONE, at=DUE - HOUR)], DUE + HOUR, WITHDRAWN),
        ([read(at=FILED), failed_read(GONE, at=DUE)], DUE + HOUR, WITHDRAWN),
        ([failed_read(GONE, at=DUE - HOUR), failed_read(at=DUE - MINUTE)], DUE + HOUR, WITHDRAWN),
        ([failed_read(GONE, at=DUE - HOUR), failed_read(GONE, at=DUE + HOUR)], DUE + HOUR, WITHDRAWN),
        # Deleted somewhere between the last good read and the first failure, with due between them.
        ([read(at=DUE - MINUTE), failed_read(GONE, at=DUE + MINUTE)], DUE + HOUR, UNVERIFIABLE),
        ([failed_read(GONE, at=DUE + SECOND)], DUE + HOUR, UNVERIFIABLE),
        # Deleted and restored: before due nothing is lost, after due it can be seen again.
        ([failed_read(GONE, at=DUE - HOUR), read(at=DUE - MINUTE)], DUE - MINUTE, PENDING),
        ([failed_read(GONE, at=DUE - HOUR), read(at=DUE - MINUTE)], DUE + MINUTE, UNVERIFIABLE),
        ([failed_read(GONE, at=DUE - HOUR), read(at=DUE + HOUR)], DUE + HOUR, OVERDUE),
    ],
)
def test_the_table_without_an_answer(judge: Judge, reads: list[Read], now: datetime, name: VerdictName) -> None:
    assert judge((), reads, now).name is name


@pytest.mark.parametrize("outcome", [o for o in ReadOutcome if o not in (ReadOutcome.OK, GONE)])
def test_no_refusal_or_failure_of_a_board_is_blamed_on_the_unit(judge: Judge, outcome: ReadOutcome) -> None:
    before = [failed_read(outcome, at=DUE - HOUR)]
    assert judge((), before, DUE - MINUTE).name is PENDING
    assert judge((), [*before, failed_read(outcome, at=DUE + HOUR)]).name is UNVERIFIABLE


def test_a_board_down_over_due_is_unverifiable_and_overdue_once_it_returns(judge: Judge) -> None:
    reads = [read(at=DUE - HOUR), failed_read(at=DUE + MINUTE), failed_read(at=DUE + HOUR)]
    assert judge((), reads).name is UNVERIFIABLE
    back = read(at=DUE + 9 * HOUR)
    later = judge((), [*reads, back], DUE + 9 * HOUR)
    assert (later.name, later.read) == (OVERDUE, back.id)


def test_a_board_down_over_due_that_returns_with_the_answer_was_on_time(judge: Judge) -> None:
    reads = [failed_read(at=DUE + MINUTE), read(at=DUE + 9 * HOUR)]
    assert judge([reply(posted_at=DUE - MINUTE)], reads).name is ON_TIME


def test_the_verdict_names_the_read_it_rests_on(judge: Judge) -> None:
    first, second = read(at=DUE + MINUTE), read(at=DUE + HOUR)
    assert judge((), [second, first]).read == first.id
    gone = failed_read(GONE, at=DUE - HOUR)
    assert judge((), [gone, read(at=FILED)]).read == gone.id
    seen = read(at=FILED + 2 * HOUR)
    assert judge([reply(posted_at=FILED + HOUR)], [read(at=FILED), seen, first]).read == seen.id
    assert judge((), []).read is None


@pytest.mark.parametrize("reads", [[], [read(at=DUE + HOUR)], [read(at=DUE - HOUR), failed_read(at=DUE + HOUR)]])
def test_while_the_clock_rests_silence_proves_nothing(voices: Voices, reads: list[Read]) -> None:
    found = verdict(ticket(), [], reads, voices, ZONE, DUE + 9 * HOUR, rests=True)
    assert (found.name, found.read) == (PENDING, None)


def test_while_the_clock_rests_a_thread_that_is_deleted_was_withdrawn(voices: Voices) -> None:
    gone = failed_read(GONE, at=DUE + HOUR)
    assert verdict(ticket(), [], [gone], voices, ZONE, DUE + 9 * HOUR, rests=True).name is WITHDRAWN


def test_while_the_clock_rests_no_answer_is_late(voices: Voices) -> None:
    found = verdict(ticket(), [reply(posted_at=DUE + HOUR)], [read(at=DUE + 2 * HOUR)], voices, ZONE, DUE, rests=True)
    assert (found.name, found.latency) == (ON_TIME, 5 * 3600)


# With one.


def test_a_reply_after_3_h_59_min_59_s_is_on_time(judge: Judge) -> None:
    found = judge([reply(posted_at=FILED + timedelta(hours=3, minutes=59, seconds=59))], [read()])
    assert (found.name, found.latency) == (ON_TIME, 4 * 3600 - 1)


def test_a_reply_after_4_h_0_min_0_s_is_on_time(judge: Judge) -> None:
    found = judge([reply(posted_at=FILED + timedelta(hours=4))], [read()])
    assert (found.name, found.latency) == (ON_TIME, 4 * 3600)


def test_a_reply_after_4_h_0_min_1_s_is_late(judge: Judge) -> None:
    found = judge([reply(posted_at=FILED + timedelta(hours=4, seconds=1))], [read()])
    assert (found.name, found.latency) == (LATE, 4 * 3600 + 1)


@pytest.mark.parametrize(
    "filed",
    [
        "2011-07-25 22:15",
        "2011-07-29 18:30",
        "2011-10-08 09:00",
        "2011-02-03 09:00",
        "2011-10-01 09:00",
        "2011-12-31 22:00",
    ],
    ids=["over midnight", "Friday evening", "make-up Saturday", "Spring Festival", "National Day", "31 December"],
)
def test_the_four_hours_are_the_same_on_every_day(judge: Judge, filed: str) -> None:
    start = datetime.fromisoformat(filed).replace(tzinfo=ZONE)
    the_ticket = ticket(filed_at=start)
    for after, name in ((4 * HOUR, ON_TIME), (4 * HOUR + SECOND, LATE)):
        found = judge([reply(posted_at=start + after)], [read(at=start + 5 * HOUR)], start + 6 * HOUR, the_ticket)
        assert found.name is name


def test_a_reply_seen_long_after_due_counts_by_the_boards_time(judge: Judge) -> None:
    found = judge([reply(posted_at=DUE - SECOND)], [read(at=DUE + 30 * HOUR)], DUE + 30 * HOUR)
    assert found.name is ON_TIME


def test_an_overdue_ticket_answered_at_last_is_late(judge: Judge) -> None:
    reads = [read(at=DUE + MINUTE)]
    assert judge((), reads).name is OVERDUE
    found = judge([reply(posted_at=DUE + HOUR)], [*reads, read(at=DUE + 2 * HOUR)])
    assert (found.name, found.latency) == (LATE, 5 * 3600)


def test_a_reply_dated_before_the_filing_counts_with_no_latency_and_a_mark(judge: Judge) -> None:
    found = judge([reply(posted_at=POSTED + MINUTE)], [read(at=FILED)])
    assert (found.name, found.latency, found.marks) == (ON_TIME, 0.0, ("before-filing",))


def test_a_reply_at_the_second_of_filing_bears_no_mark(judge: Judge) -> None:
    found = judge([reply(posted_at=FILED)], [read()])
    assert (found.name, found.latency, found.marks) == (ON_TIME, 0.0, ())


def test_a_reply_edited_later_counts_from_when_it_was_posted(judge: Judge) -> None:
    found = judge([reply(posted_at=FILED + HOUR, edited_at=DUE + 9 * HOUR)], [read(at=DUE + 10 * HOUR)])
    assert (found.name, found.latency) == (ON_TIME, 3600)


def test_a_reply_deleted_later_still_counts(judge: Judge) -> None:
    # What was deleted stays among the replies ever seen; the later reads no longer show it.
    found = judge([reply(posted_at=FILED + HOUR)], [read(at=FILED + 2 * HOUR), read(at=DUE + HOUR)])
    assert found.name is ON_TIME


def test_a_thread_deleted_after_the_answer_was_answered(judge: Judge) -> None:
    reads = [read(at=FILED + 2 * HOUR), failed_read(GONE, at=FILED + 3 * HOUR)]
    assert judge([reply(posted_at=FILED + HOUR)], reads).name is ON_TIME


def test_a_board_clock_five_minutes_ahead_does_not_lose_the_answer(judge: Judge) -> None:
    found = judge([reply(posted_at=FILED + HOUR + 5 * MINUTE)], [read(at=FILED + HOUR)], FILED + HOUR)
    assert (found.name, found.latency) == (ON_TIME, 3900)


AHEAD = DUE + 3 * MINUTE  # what a board says whose clock is five minutes ahead, of a reply written at 13:28


def test_with_a_board_clock_five_minutes_ahead_a_reply_seen_before_due_was_in_time(judge: Judge) -> None:
    shown = {"r": DUE - MINUTE}
    found = judge([reply(id="r", posted_at=AHEAD)], [read(at=DUE - MINUTE)], seen=shown)
    assert (found.name, found.marks) == (ON_TIME, ("board-clock-ahead",))
    assert found.latency == (DUE - MINUTE - FILED).total_seconds(), "it cannot be later than the read that showed it"
    assert found.reply_at == AHEAD, "the board's own time stays on record"


def test_with_a_board_clock_five_minutes_ahead_a_reply_seen_only_after_due_counts_as_dated(judge: Judge) -> None:
    # 13:33 by the board, first seen at 13:40: nothing proves that it was earlier.
    found = judge([reply(id="r", posted_at=AHEAD)], [read(at=DUE + 10 * MINUTE)], seen={"r": DUE + 10 * MINUTE})
    assert (found.name, found.marks) == (LATE, ())


def test_a_reply_at_the_second_it_was_seen_bears_no_mark(judge: Judge) -> None:
    found = judge([reply(id="r", posted_at=FILED + HOUR)], [read(at=FILED + HOUR)], seen={"r": FILED + HOUR})
    assert (found.name, found.latency, found.marks) == (ON_TIME, 3600, ())


def test_a_reply_dated_days_ahead_counts_from_when_it_was_seen(judge: Judge) -> None:
    found = judge([reply(id="r", posted_at=DUE + 999 * HOUR)], [read(at=DUE + HOUR)], seen={"r": DUE + HOUR})
    assert (found.name, found.latency) == (LATE, 5 * 3600)


def version(body: str, until: datetime, id: int = 1) -> Version:
    return Version("lyw", "101", "r", "", body, until, id)


def test_a_holding_reply_edited_into_an_answer_later_was_holding_and_is_answered_then(judge: Judge) -> None:
    edited = reply(id="r", body=SUBSTANCE, posted_at=FILED + HOUR, edited_at=DUE + 9 * HOUR)
    found = judge([edited], [read()], versions=[version("收到", DUE + 10 * HOUR)])
    assert (found.name, found.latency, found.holding) == (ON_TIME, 3600, True)
    assert found.answered_at == DUE + 9 * HOUR


def test_an_edit_the_board_does_not_date_counts_from_the_read_that_found_it(judge: Judge) -> None:
    edited = reply(id="r", body=SUBSTANCE, posted_at=FILED + HOUR)
    assert judge([edited], [read()], versions=[version("收到", DUE + 10 * HOUR)]).answered_at == DUE + 10 * HOUR


def test_an_edit_is_never_dated_later_than_the_read_that_found_it_nor_before_the_reply(judge: Judge) -> None:
    for said, at in ((DUE + 99 * HOUR, DUE + 10 * HOUR), (POSTED, FILED + HOUR)):
        edited = reply(id="r", body=SUBSTANCE, posted_at=FILED + HOUR, edited_at=said)
        assert judge([edited], [read()], versions=[version("收到", DUE + 10 * HOUR)]).answered_at == at


def test_an_answer_edited_away_was_still_given(judge: Judge) -> None:
    emptied = reply(id="r", body="收到", posted_at=FILED + HOUR, edited_at=DUE + HOUR)
    found = judge([emptied], [read()], versions=[version(SUBSTANCE, DUE + 2 * HOUR)])
    assert (found.name, found.holding, found.answered_at) == (ON_TIME, False, FILED + HOUR)


def test_of_several_edits_the_first_of_substance_dates_the_answer(judge: Judge) -> None:
    edited = reply(id="r", body=SUBSTANCE + "谢谢", posted_at=FILED + HOUR, edited_at=DUE + 9 * HOUR)
    former = [version(SUBSTANCE, DUE + 9 * HOUR, 2), version("收到", DUE + 5 * HOUR, 1)]
    assert judge([edited], [read()], versions=former).answered_at == DUE + 5 * HOUR


def test_a_former_wording_of_the_post_is_nobodys_reply(judge: Judge) -> None:
    of_post = Version("lyw", "101", "", "停水", SUBSTANCE, FILED, 1)
    assert judge([], [read()], versions=[of_post]).name is OVERDUE


def test_the_first_of_several_answers_decides(judge: Judge) -> None:
    first, second = reply(posted_at=DUE - MINUTE), reply(posted_at=DUE + MINUTE)
    found = judge([second, first], [read()])
    assert (found.name, found.reply) == (ON_TIME, first.id)


# Whose answer.


@pytest.mark.parametrize(
    ("author", "mark"),
    [
        ("lyic", "office-forwarded"),
        ("洛阳供电", "other-unit"),
        ("mjic", "other-unit"),
        ("mj1c", "look-alike"),
        ("ｌｙｉｃ", "look-alike"),
        ("洛阳水务集困", "look-alike"),
    ],
)
def test_another_voice_never_meets_the_clock_and_is_marked(judge: Judge, author: str, mark: str) -> None:
    replies = [reply(author=author, body=SUBSTANCE)]
    assert judge(replies, [read(at=FILED + 2 * HOUR)], FILED + 2 * HOUR).name is PENDING
    found = judge(replies, [read()])
    assert (found.name, found.reply, found.answered_at, found.marks) == (OVERDUE, None, None, (mark,))


@pytest.mark.parametrize("author", ["西苑路居民", None, ""])
def test_a_citizen_meets_nothing_and_is_not_marked(judge: Judge, author: str | None) -> None:
    found = judge([reply(author=author, body=SUBSTANCE)], [read()])
    assert (found.name, found.marks) == (OVERDUE, ())


def test_a_county_meets_its_own_clock_and_its_look_alike_does_not(judge: Judge) -> None:
    of = ticket(unit="gov-mengjin")
    assert judge([reply(author="mjic")], [read()], of=of).name is ON_TIME
    assert judge([reply(author="mj1c")], [read()], of=of).name is OVERDUE


def test_the_office_passing_on_and_the_unit_answering_are_both_shown(judge: Judge) -> None:
    replies = [reply(author="lyic", body="已转交", posted_at=FILED + MINUTE), reply(posted_at=DUE + HOUR)]
    found = judge(replies, [read()])
    assert (found.name, found.marks) == (LATE, ("office-forwarded",))


def test_marks_are_told_once_each(judge: Judge) -> None:
    replies = [reply(author=a) for a in ("lyic", "mj1c", "lyic", "mjic", "mj1c")]
    assert judge(replies, [read()]).marks == ("look-alike", "office-forwarded", "other-unit")


# Holding and substance.


def test_a_holding_reply_meets_the_clock_and_is_told_apart(judge: Judge) -> None:
    found = judge([reply(body="您好，您反映的问题已收到，我们将尽快核实处理。")], [read()])
    assert (found.name, found.holding, found.answered_at) == (ON_TIME, True, None)


def test_the_answer_of_substance_after_a_holding_one_is_dated(judge: Judge) -> None:
    replies = [reply(body="收到，已转交相关科室。"), reply(body=SUBSTANCE, posted_at=DUE + 9 * HOUR)]
    found = judge(replies, [read()])
    assert (found.name, found.holding, found.answered_at) == (ON_TIME, True, DUE + 9 * HOUR)


def test_an_answer_of_substance_at_once_is_both(judge: Judge) -> None:
    found = judge([reply(body=SUBSTANCE)], [read()])
    assert (found.holding, found.answered_at) == (False, FILED + HOUR)


@pytest.mark.parametrize(
    "body",
    [
        "收到",
        "已转交相关部门",
        "您好，正在核实，请稍候。",
        "已 收 到 ，\n会尽快处理",
        "已受理，我们将及时与您联系",
        "您的留言已收到",
        "网友您好，感谢您的建议，我局会继续努力！",  # courtesies say nothing of the matter
        "您好，已转交县供水公司，咨询电话：0379-63212345",
        "您的建议已收悉，我办已汇报给区分管领导。",
    ],
)
def test_holding_replies(body: str) -> None:
    assert is_holding(body)


@pytest.mark.parametrize(
    "body",
    [
        SUBSTANCE,
        "已收到您的反映，经查，该路段路灯线路老化，已更换。",
        "根据《物业管理条例》第三十条，应由业主委员会决定。收到请知悉。",
        "预计7月28日恢复供水，请耐心等待。",
        "不属于我单位职责范围。",
        "该事项请咨询市人社局，电话：0379-63212345",  # where to go is an answer
        "该路段不在我区管辖范围，请向市里反映。",
        "收到。" + "该小区的供水由开发商自建泵房负责，" * 8,
        "",
    ],
)
def test_replies_of_substance(body: str) -> None:
    assert not is_holding(body)


def test_a_hostile_reply_does_not_hold_up_the_machine() -> None:
    import time

    start = time.perf_counter()
    for body in ("收到" * 200_000, " \n" * 200_000 + "收到", "请" * 400_000, "已经" * 200_000):
        is_holding(body)
    assert time.perf_counter() - start < 2


# Whatever happens.

AUTHORS = ["洛阳水务集团", "lyic", "洛阳供电", "mj1c", "ｌｙｉｃ", "洛阳水务集困", "西苑路居民", None]
BODIES = ["收到", SUBSTANCE, "顶", ""]
moments = st.integers(-120, 720).map(lambda minutes: FILED + minutes * MINUTE)
some_replies = st.lists(
    st.builds(
        lambda author, posted_at, body, edited: reply(
            author=author, posted_at=posted_at, body=body, edited_at=posted_at + HOUR if edited else None
        ),
        st.sampled_from(AUTHORS),
        moments,
        st.sampled_from(BODIES),
        st.booleans(),
    ),
    max_size=6,
)
some_reads = st.lists(
    st.one_of(
        st.builds(lambda at: read(at=at), moments),
        st.builds(lambda o, at: failed_read(o, at=at), st.sampled_from(list(ReadOutcome)), moments),
    ),
    max_size=6,
)


@given(some_replies, some_reads, moments)
def test_never_overdue_without_a_complete_read_after_due(
    voices: Voices, replies: list[Reply], reads: list[Read], now: datetime
) -> None:
    found = verdict(ticket(), replies, reads, voices, ZONE, now)
    if found.name is OVERDUE:
        assert any(r.complete and r.at > DUE and r.id == found.read for r in reads)
        assert not any(r.author == "洛阳水务集团" for r in replies)
    if found.name is PENDING:
        assert now <= DUE


@given(some_replies, some_reads, moments, st.randoms(use_true_random=False))
def test_the_order_of_replies_and_reads_does_not_matter(
    voices: Voices, replies: list[Reply], reads: list[Read], now: datetime, chance: random.Random
) -> None:
    first = verdict(ticket(), replies, reads, voices, ZONE, now)
    chance.shuffle(replies)
    chance.shuffle(reads)
    assert verdict(ticket(), replies, reads, voices, ZONE, now) == first


@given(some_replies, some_reads, moments)
def test_only_the_units_own_account_ever_meets_its_clock(
    voices: Voices, replies: list[Reply], reads: list[Read], now: datetime
) -> None:
    found = verdict(ticket(), replies, reads, voices, ZONE, now)
    own = [r for r in replies if r.author == "洛阳水务集团"]
    assert (found.name in (ON_TIME, LATE)) == bool(own) == (found.reply is not None)
    assert found.latency is None or found.latency >= 0
    without = verdict(ticket(), [r for r in replies if r not in own], reads, voices, ZONE, now)
    assert without.name not in (ON_TIME, LATE)


@given(some_replies, some_reads, moments, moments)
def test_time_alone_changes_a_verdict_only_from_pending_to_unverifiable(
    voices: Voices, replies: list[Reply], reads: list[Read], now: datetime, then: datetime
) -> None:
    early, late = sorted((now, then))
    before = verdict(ticket(), replies, reads, voices, ZONE, early)
    after = verdict(ticket(), replies, reads, voices, ZONE, late)
    if before.evidence != after.evidence:
        assert (before.name, after.name) == (PENDING, UNVERIFIABLE)
        assert early <= DUE < late


@given(some_replies, some_reads, moments)
def test_a_failed_read_after_due_never_makes_a_verdict_worse(
    voices: Voices, replies: list[Reply], reads: list[Read], now: datetime
) -> None:
    failure = failed_read(at=DUE + HOUR)
    before = verdict(ticket(), replies, reads, voices, ZONE, now)
    assert verdict(ticket(), replies, [*reads, failure], voices, ZONE, now) == before


@given(some_replies, some_reads, moments)
def test_the_evidence_is_the_verdict_without_when_it_was_reached(
    voices: Voices, replies: list[Reply], reads: list[Read], now: datetime
) -> None:
    found = verdict(ticket(), replies, reads, voices, ZONE, now)
    assert replace(found, at=found.at + HOUR, id=7).evidence == found.evidence


@given(some_replies, some_reads, moments, st.lists(moments, min_size=6, max_size=6), st.randoms(use_true_random=False))
def test_being_seen_early_never_hurts_a_unit_and_edits_never_move_its_first_reply(
    voices: Voices,
    replies: list[Reply],
    reads: list[Read],
    now: datetime,
    shown: list[datetime],
    chance: random.Random,
) -> None:
    plain = verdict(ticket(), replies, reads, voices, ZONE, now)
    seen = dict(zip((r.id for r in replies), shown, strict=False))
    early = verdict(ticket(), replies, reads, voices, ZONE, now, seen)
    assert (plain.name in (ON_TIME, LATE)) == (early.name in (ON_TIME, LATE))
    if plain.latency is not None and early.latency is not None:
        assert early.latency <= plain.latency
        assert not (plain.name is ON_TIME and early.name is LATE)
    versions = [Version("lyw", "101", r.id, "", "收到", r.posted_at + HOUR, i) for i, r in enumerate(replies)]
    edited = verdict(ticket(), replies, reads, voices, ZONE, now, seen, versions)
    assert (edited.name, edited.latency) == (early.name, early.latency)
    assert edited.holding in (None, True)
    chance.shuffle(versions)
    chance.shuffle(replies)
    assert verdict(ticket(), replies, reads, voices, ZONE, now, seen, versions) == edited
