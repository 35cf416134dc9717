"""Every record comes back from the store as it went in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import records
from data.records import (
    Alert,
    AuditEntry,
    BoardHealth,
    Contact,
    Event,
    OutboxEntry,
    OutboxState,
    Reason,
    Run,
    Snapshot,
    Thread,
    Urgency,
    User,
    Verdict,
    VerdictName,
)
from data.store import Store
from data.store.rows import from_row, moment, stamp, to_row
from data.store.threads import snapshot
from tests.build import FILED, HOUR, SECOND, decision, post, read, reply, suggestion, ticket

KEPT = [
    records.Post,
    records.Reply,
    records.Snapshot,
    records.Read,
    records.BoardHealth,
    records.Suggestion,
    records.Decision,
    records.Ticket,
    records.Event,
    records.OutboxEntry,
    records.Verdict,
    records.Run,
    records.Alert,
    records.User,
    records.AuditEntry,
]
TIMES = st.datetimes(datetime(2004, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JSONS = st.dictionaries(TEXT, st.one_of(st.integers(-9, 9), TEXT, st.booleans(), st.none()), max_size=3)
FLOATS = st.floats(0, 1e9)
for kind, strategy in ((datetime, TIMES), (str, TEXT), (int, st.integers(0, 2**40)), (float, FLOATS)):
    st.register_type_strategy(kind, strategy)

pytestmark = pytest.mark.both_stores


def strategy_for(record: Any) -> st.SearchStrategy[Any]:
    """Any value of a record type; a mapping of anything is kept to what JSON can say."""
    open_mapping = {"payload": JSONS, "stages": JSONS}
    given = {name: s for name, s in open_mapping.items() if name in record.__dataclass_fields__}
    return st.builds(record, **given)


@pytest.mark.parametrize("record", KEPT, ids=lambda r: r.__name__)
def test_a_row_gives_the_record_back(record: Any) -> None:
    @given(strategy_for(record))
    def holds(value: Any) -> None:
        assert from_row(record, to_row(value)) == value

    holds()


@given(TIMES, TIMES)
def test_the_text_order_of_stamps_is_the_order_of_time(a: datetime, b: datetime) -> None:
    local = a.astimezone(ZoneInfo("Asia/Shanghai"))
    assert (stamp(local) < stamp(b)) == (a < b)
    assert moment(stamp(local)) == a


def test_a_post_and_its_replies_come_back_from_the_database(store: Store) -> None:
    the_post = post(author=None, images=("a.jpg", "b.jpg"), rating="满意", title="'; drop table posts; --", body="<b>&")
    replies = (reply(edited_at=FILED, to="1"), reply(author=None, floor=None, posted_at=FILED + timedelta(hours=3)))
    store.threads.save(Thread(the_post, replies), read(id=0), ())
    assert store.threads.post("lyw", "101") == the_post
    assert tuple(store.threads.replies("lyw", "101")) == replies
    assert list(store.threads.recent(the_post.posted_at)) == [the_post]
    assert store.threads.count() == 1


def test_a_nul_in_a_post_stops_nothing(store: Store) -> None:
    store.threads.save(Thread(post(body="a\x00b"), ()), read(id=0), ())
    kept = store.threads.post("lyw", "101")
    assert kept is not None
    assert kept.body in ("a\x00b", "a\ufffdb"), "PostgreSQL cannot keep one; what marks it can be seen"


def test_a_read_comes_back_with_its_pages_byte_by_byte(store: Store) -> None:
    page = snapshot("lyw", "101", "http://127.0.0.1/t", FILED, 200, bytes(range(256)) * 9)
    kept = store.threads.save_read(read(id=0, detail="第 2 页"), [page, replace(page, status=304)])
    assert store.threads.reads("lyw", "101") == [kept]
    first, second = store.threads.snapshots(kept.snapshots)
    assert (first.body, first.sha256, second.status) == (page.body, page.sha256, 304)


def test_a_suggestion_comes_back_whole(store: Store) -> None:
    full = suggestion(
        contacts=(Contact("手机", "13800000000"),),
        place="南昌路",
        district="jianxi",
        reasons=(Reason("停水", 0.61),),
        needs_person="不确定",
        urgency=Urgency.EMERGENCY,
    )
    store.decisions.suggest([suggestion(), full])
    assert store.decisions.suggestion("lyw", "101") == full


def test_decisions_tickets_events_and_verdicts_come_back(store: Store) -> None:
    number = store.decisions.decide(decision(kind=None, category=None, unit=None, reason="广告"))
    assert store.decisions.decision(number) == decision(kind=None, category=None, unit=None, reason="广告", id=number)
    store.tickets.file(ticket(tentative=True), "filed")
    assert store.tickets.ticket("20110725-0001") == ticket(tentative=True)
    event = Event("20110725-0001", FILED, "accept", "水务集团联络员", "收到")
    store.tickets.add_event(event, "accepted")
    assert [replace(e, id=0) for e in store.tickets.events("20110725-0001")] == [event]
    kept = store.tickets.add_verdict(
        Verdict("20110725-0001", FILED, VerdictName.ON_TIME, "7", FILED, 0.5, True, FILED, 3, ("before-filing",))
    )
    assert store.tickets.verdict("20110725-0001") == kept
    assert store.tickets.standing() == {"20110725-0001": kept}


def test_what_a_report_asks_is_read_of_the_tickets_filed_in_its_time_only(store: Store) -> None:
    for number, when, thread in (("1", FILED, "101"), ("2", FILED + HOUR, "102")):
        rated = post(thread=thread, rating="满意")
        store.threads.save(Thread(rated, ()), read(id=0, thread=thread), ())
        store.decisions.suggest(
            [suggestion(thread=thread, district="luolong"), suggestion(thread=thread, district="jianxi")]
        )
        store.tickets.file(ticket(number=number, thread=thread, filed_at=when), "filed")
        store.tickets.add_verdict(Verdict(number, when, VerdictName.PENDING, None, None, None, None, None, None, ()))
        store.tickets.add_verdict(Verdict(number, when, VerdictName.OVERDUE, None, None, None, None, None, None, ()))
        for move in ("return", "reopen"):
            store.tickets.add_event(Event(number, when, move, "我", "", {"days": 1}), "filed")

    def asked(since: datetime | None, until: datetime | None) -> tuple[object, ...]:
        standing = {number: v.name for number, v in store.tickets.standing(since, until).items()}
        moves = [(number, move) for number, move, _, _ in store.facts.moves(["return", "close"], since, until)]
        return standing, moves, store.facts.ratings(since, until), store.facts.districts(since, until)

    def of(*numbers: int) -> tuple[object, ...]:
        threads = [("lyw", f"10{n}") for n in numbers]
        return (
            {str(n): VerdictName.OVERDUE for n in numbers},
            [(str(n), "return") for n in numbers],
            dict.fromkeys(threads, "满意"),
            dict.fromkeys(threads, "jianxi"),
        )

    assert asked(None, None) == of(1, 2)
    assert asked(FILED, FILED + HOUR) == of(1)
    assert asked(FILED + SECOND, None) == of(2)
    assert asked(None, FILED) == of()


def test_outbox_runs_alerts_users_audit_and_health_come_back(store: Store) -> None:
    entry = OutboxEntry("k", "office", "lyw/101", {"number": "1", "n": [1, None]}, FILED, FILED)
    assert store.outbox.put(entry)
    assert replace(store.outbox.entry("k") or entry, id=0) == entry
    run = Run("host:1", FILED, FILED, True, {"crawl": {"ok": True, "threads": 3}})
    number = store.runs.start(run)
    assert store.runs.last() == replace(run, id=number)
    alert = Alert(FILED, "board", "lyw", "看不到任何帖子")
    store.runs.alert(alert)
    assert [replace(a, id=0) for a in store.runs.alerts()] == [alert]
    user = User("zhangmin", "liaison", "$argon2id$…", "water-group", "张敏", FILED, fresh=True, reach="13900000000")
    store.people.save(user)
    store.people.save(replace(user, locked=True))
    assert store.people.users() == [replace(user, locked=True)]
    audit = AuditEntry(FILED, "zhangmin", "查看", "lyw/101")
    store.people.record(audit)
    assert [replace(a, id=0) for a in store.people.audit()] == [audit]
    health = BoardHealth("lyw", FILED, 1, 20, 3, 4, {"author": 1}, {"200": 3}, ("第 2 页没有答复",), False, FILED)
    store.threads.save_health(health)
    assert store.threads.health("lyw") == health


def test_the_outbox_tells_its_states_apart(store: Store) -> None:
    for state in OutboxState:
        store.outbox.put(OutboxEntry(str(state), "notice", "s", {}, FILED, FILED, state))
    assert store.outbox.counts() == {("notice", str(s)): 1 for s in OutboxState}
    assert [e.key for e in store.outbox.entries(OutboxState.UNKNOWN)] == ["unknown"]
    assert [e.key for e in store.outbox.entries(OutboxState.FAILED, "office")] == []
    assert len(store.outbox.about("s")) == len(OutboxState)


def test_a_snapshot_of_the_store_is_a_snapshot(store: Store) -> None:
    page = snapshot("lyw", "101", "u", FILED, 200, b"x")
    store.threads.save_read(read(id=0), [page])
    [kept] = store.threads.snapshots()
    assert isinstance(kept, Snapshot)
    assert kept == replace(page, id=1, chain=kept.chain)
    assert kept.chain == store.threads.chain_head()
