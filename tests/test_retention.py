"""What has been kept long enough is erased: the words go, the figures and the chain stay, and the erasure itself is on record."""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data.city import City, CityError, open_city
from data.records import BoardHealth, Bridge, Contact, Event, Suggestion, VerdictName
from data.store.erasures import ranges
from data.store.retention import GONE
from data.store.sqlite import SQLite
from data.store.threads import snapshot
from desk import cli
from tests import build
from tests.build import DUE, FILED, HOUR, POSTED, MakeCity, decision, everything, reply, save_thread, save_ticket
from ticketing import checking, retention, room
from ticketing.reports import latency

pytestmark = pytest.mark.both_stores
DAY = timedelta(days=1)
PHONE = "13800000000"  # in the words of the post that ``build`` makes
KEPT = "[retention]\ncontacts_days = 60\ntext_days = 200\npages_days = 300\n"
AFTER_CONTACTS, AFTER_TEXT, AFTER_PAGES = FILED + 70 * DAY, FILED + 210 * DAY, FILED + 310 * DAY


@pytest.fixture
def kept(make_city: MakeCity) -> City:
    """A post answered in time, its ticket closed; figures and evidence rest on it."""
    city = make_city(KEPT)
    found = suggested()
    save_thread(city)
    city.store.decisions.suggest([found])
    city.store.decisions.decide(decision())
    number = save_ticket(city).number
    answer = reply(id="r1", body="已修复，请来电 0379-63123456。")
    save_thread(city, answer, reply(id="r2", author="路人甲", body=f"我也是，{PHONE}"), read_at=DUE + HOUR)
    checking.check(city, DUE + 2 * HOUR)
    assert city.store.tickets.state(number) == "answered"
    return city


def suggested(thread: str = "101", **given: object) -> Suggestion:
    return build.suggestion(thread=thread, contacts=(Contact("手机", PHONE),), place="南昌路", **given)


def texts(city: City) -> str:
    """Everything the store holds but the reference tables, as one text."""
    return "\n".join(map(str, everything(city.store, but=("reference",)).items()))


def words(city: City) -> str:
    """The same without the pages, which have a rule of their own."""
    return "\n".join(map(str, everything(city.store, but=("reference", "snapshots")).items()))


def test_contact_details_go_first_out_of_the_words_too_and_the_words_stay(kept: City) -> None:
    assert retention.erase(kept, AFTER_CONTACTS, "系统") == {"contacts": 1}
    assert PHONE not in words(kept)
    assert "63123456" not in words(kept)
    post = kept.store.threads.post("lyw", "101")
    assert post is not None
    assert post.title == build.post().title
    assert post.body.endswith("没人管，电话 〔略〕")
    assert [r.author for r in kept.store.threads.replies("lyw", "101")] == ["洛阳水务集团", "路人甲"]
    assert retention.erase(kept, AFTER_CONTACTS, "系统") == {}


def test_what_staff_noted_stays_without_the_telephone_number_in_it(kept: City) -> None:
    [number] = kept.store.tickets.states()
    note = f"已电话联系 {PHONE}，约好明天上门"
    kept.store.db.execute("update events set note = ? where ticket = ?", [note, number])
    retention.erase(kept, AFTER_TEXT, "系统")
    notes = [e.note for e in kept.store.tickets.events(number)]
    assert "已电话联系 〔略〕，约好明天上门" in notes


def test_health_is_thinned_to_an_hours_and_then_to_a_days_last_good_and_last_failed_run(kept: City) -> None:
    threads, now = kept.store.threads, FILED + 500 * DAY
    for age in (500, 40, 1):
        for minute in range(0, 180, 20):
            at = (now - age * DAY).replace(hour=0, minute=0) + timedelta(minutes=minute)
            threads.save_health(BoardHealth("lyw", at, ok=minute != 40))
    retention.daily(kept, now.replace(hour=0) + 4 * HOUR)
    rows = kept.store.db.execute("select substr(at, 1, 10), count(*) from health group by substr(at, 1, 10) order by 1")
    assert [count for _, count in rows] == [2, 4, 9]


def test_then_the_words_go_and_who_wrote_them_but_the_account_a_verdict_rests_on(kept: City) -> None:
    retention.erase(kept, AFTER_TEXT, "系统")
    post, replies = kept.store.threads.post("lyw", "101"), kept.store.threads.replies("lyw", "101")
    assert post is not None
    assert (post.title, post.body, post.author) == (GONE, GONE, None)
    assert [(r.id, r.author, r.body) for r in replies] == [("r1", "洛阳水务集团", GONE), ("r2", None, GONE)]
    for word in (PHONE, "停水", "西苑路居民", "路人甲", "南昌路"):
        assert word not in words(kept)


def test_figures_verdicts_and_events_do_not_change(kept: City) -> None:
    later, number = AFTER_PAGES + HOUR, build.ticket().number
    tickets = kept.store.tickets
    before = latency(kept, later), tickets.verdicts(number), tickets.events(number)
    assert set(retention.erase(kept, AFTER_PAGES, "系统")) == {"contacts", "text", "pages"}
    checking.check(kept, later)
    after = latency(kept, later), tickets.verdicts(number), tickets.events(number)
    assert after[1:] == before[1:]
    assert after[0].overall == before[0].overall
    assert after[0].by_unit == before[0].by_unit
    assert [v.name for v in after[1]][-1] is VerdictName.ON_TIME


def test_what_was_erased_is_not_taken_in_again_nor_judged_by_what_is_left(kept: City) -> None:
    retention.erase(kept, AFTER_PAGES, "系统")
    number = build.ticket().number
    before = kept.store.tickets.verdicts(number), len(list(kept.store.threads.snapshots()))
    save_thread(kept, read_at=AFTER_PAGES)
    with kept.store.transaction():
        kept.store.tickets.add_event(Event(number, AFTER_PAGES, "reopen", "clerk"), "filed")
        checking.again(kept, number, AFTER_PAGES + HOUR)
    checking.check(kept, AFTER_PAGES + HOUR)
    assert (kept.store.tickets.verdicts(number), len(list(kept.store.threads.snapshots()))) == before
    post = kept.store.threads.post("lyw", "101")
    assert post is not None
    assert post.body == GONE
    assert kept.store.decisions.back("lyw", "101") == ""


def test_no_model_learns_from_what_was_erased(kept: City) -> None:
    assert len(list(kept.store.decisions.samples())) == 1
    retention.erase(kept, AFTER_TEXT, "系统")
    assert list(kept.store.decisions.samples()) == []


def _worked_on(city: City) -> None:
    city.store.tickets.add_event(Event(build.ticket().number, FILED, "reopen", "clerk"), "filed")


def _moved_lately(city: City) -> None:
    city.store.tickets.add_event(Event(build.ticket().number, AFTER_PAGES - DAY, "note", "clerk"), "answered")


def _on_the_bridge(city: City) -> None:
    city.store.bridges.open(Bridge(build.ticket().number, FILED, "clerk", "换水管", FILED))


def _decided_lately(city: City) -> None:
    city.store.decisions.decide(decision(at=AFTER_PAGES - DAY))


def _shared_by_what_is_worked_on(city: City) -> None:
    save_thread(city, thread="102")
    save_ticket(city, number="20110725-0002", thread="102")
    city.store.tickets.merge("lyw", "101", "20110725-0002", FILED, "clerk")


@pytest.mark.parametrize(
    "busy", [_worked_on, _moved_lately, _on_the_bridge, _decided_lately, _shared_by_what_is_worked_on]
)
def test_nothing_is_erased_while_something_is_still_expected(kept: City, busy: object) -> None:
    busy(kept)  # type: ignore[operator]
    before = texts(kept)
    assert retention.erase(kept, AFTER_PAGES, "系统") == {}
    assert texts(kept) == before
    assert {d.rule: (d.count, d.held > 0) for d in retention.due(kept, AFTER_PAGES)} == dict.fromkeys(
        ("contacts", "text", "pages"), (0, True)
    )


def test_a_request_nobody_decided_stays_and_what_asks_for_nothing_goes(make_city: MakeCity) -> None:
    city = make_city(KEPT)
    for thread, asks in (("101", True), ("102", False)):
        save_thread(city, thread=thread)
        city.store.decisions.suggest([suggested(thread, is_request=asks)])
    save_thread(city, thread="103")  # nobody has even looked at it
    retention.erase(city, AFTER_TEXT, "系统")
    bodies = {t: (p := city.store.threads.post("lyw", t)) and p.body for t in ("101", "102", "103")}
    assert [t for t, body in bodies.items() if body == GONE] == ["102"]
    assert city.store.decisions.waiting() == 1


def test_without_settings_nothing_is_ever_erased(make_city: MakeCity) -> None:
    city = make_city("")
    save_thread(city)
    city.store.decisions.suggest([suggested(is_request=False)])
    before = texts(city)
    assert retention.erase(city, FILED + 9999 * DAY, "系统") == {}
    assert texts(city) == before


@pytest.mark.parametrize("days", ["-1", "59", '"ever"'])
def test_a_time_too_short_for_the_evidence_is_refused(tmp_path: Path, days: str) -> None:
    (tmp_path / "liandong.toml").write_text(f"[retention]\npages_days = {days}\n", encoding="utf-8")
    with pytest.raises(CityError, match="pages_days"):
        open_city(tmp_path)


def verify(city: City, *more: str) -> Result:
    return CliRunner().invoke(cli.cli, ["--dir", str(city.folder), "evidence", "--verify", *more])


def test_the_chain_says_erased_and_when_and_by_which_rule_not_altered(kept: City) -> None:
    head = kept.store.threads.chain_head()
    retention.erase(kept, AFTER_PAGES, "系统")
    said = verify(kept, "--head", head)
    assert said.exit_code == 0, said.output
    assert "快照 1–2（2 页）已于 2012-05-30 09:30 按保存期限删除：网页快照只存 300 天（系统）" in said.output
    found = json.loads(verify(kept, "--json").output)
    assert (found["ok"], found["problems"], len(found["erased"])) == (True, [], 1)
    assert {len(p.body) for p in kept.store.threads.snapshots([1, 2])} == {0}


def test_a_page_somebody_emptied_is_an_alteration_whatever_rule_there_is(kept: City) -> None:
    kept.store.db.execute("update snapshots set body = ? where id = 2", [b""])
    said = verify(kept)
    assert (said.exit_code, "快照 2" in said.output, "也没有按保存期限删除的记录" in said.output) == (1, True, True)


def test_a_page_too_young_for_the_rule_is_not_excused_by_it(kept: City) -> None:
    save_thread(kept, thread="102", read_at=AFTER_PAGES - 10 * DAY)
    retention.erase(kept, AFTER_PAGES, "系统")
    young = 3
    kept.store.db.execute("update snapshots set body = ? where id = ?", [b"", young])
    assert verify(kept).exit_code == 1


def test_an_erasure_that_was_rewritten_shows(kept: City) -> None:
    retention.erase(kept, AFTER_PAGES, "系统")
    kept.store.db.execute("update snapshots set body = ? where board = ''", [b"{}"])
    assert verify(kept).exit_code == 1


def test_the_evidence_of_an_erased_ticket_has_the_hashes_and_says_why_there_are_no_pages(
    kept: City, tmp_path: Path
) -> None:
    retention.erase(kept, AFTER_PAGES, "系统")
    out = tmp_path / "out"
    CliRunner().invoke(cli.cli, ["--dir", str(kept.folder), "evidence", build.ticket().number, "--out", str(out)])
    page = (out / "summary.html").read_text(encoding="utf-8")
    assert "页面已按保存期限删除" in page
    assert all(s.sha256 in page for s in kept.store.threads.snapshots([1, 2]))
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["erased"] == [1, 2]


def test_a_killed_erasure_has_kept_what_it_did_and_goes_on(
    make_city: MakeCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = make_city(KEPT)
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for n in range(5):
        save_thread(city, thread=str(n))
        city.store.decisions.suggest([suggested(str(n), is_request=False)])

    def die(rule: str, done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retention.erase(city, AFTER_CONTACTS, "系统", progress=die)
    assert [e.count for e in city.store.retention.erasures()] == [2, 2]
    assert retention.erase(city, AFTER_CONTACTS, "系统") == {"contacts": 1}
    assert PHONE not in words(city)


def test_the_cycle_does_it_once_a_day_in_the_small_hours(kept: City) -> None:
    night = build.at("2011-10-20 01:00")
    assert retention.daily(kept, night) == {}
    assert kept.store.disk.measured() == ("", {})
    assert retention.daily(kept, night + 3 * HOUR) == {"erased_contacts": 1}
    day, sizes = kept.store.disk.measured()
    assert (day, sizes["posts"] > 0) == ("2011-10-20", True)
    save_thread(kept, thread="102", read_at=POSTED)
    kept.store.decisions.suggest([suggested("102", is_request=False)])
    assert retention.daily(kept, night + 5 * HOUR) == {}
    assert retention.daily(kept, night + 27 * HOUR) == {"erased_contacts": 1}


def test_a_new_city_is_measured_every_night_and_an_old_one_on_mondays(kept: City) -> None:
    measured = []
    for night in range(24):
        now = build.at("2011-10-20 04:00") + night * DAY
        retention.daily(kept, now)
        if kept.store.disk.measured()[0] == f"{now.astimezone(build.ZONE):%Y-%m-%d}":
            measured.append(kept.store.disk.measured()[0])
    assert measured == [*(f"2011-10-{day}" for day in range(20, 27)), "2011-10-31", "2011-11-07"]


def test_a_table_that_is_not_walked_through_is_as_large_as_if_it_were(kept: City) -> None:
    db = kept.store.db
    if not isinstance(db, SQLite):
        return  # a server knows the sizes of its tables
    with kept.store.transaction():
        kept.store.threads.append(snapshot("lyw", "101", "", POSTED, 200, random.Random(1).randbytes(50_000)))
    walked = """select m.tbl_name, sum(s.pgsize) from dbstat s join sqlite_master m on m.name = s.name
        where s.aggregate = true group by m.tbl_name"""
    sizes = dict(kept.store.disk.measure("2011-10-20"))
    assert sizes.pop("free") >= 0
    assert sizes["snapshots"] > 50_000
    assert sizes == dict(db.execute(walked).fetchall())


def test_the_command_tries_first_and_erases_only_when_told_to(kept: City) -> None:
    def call(*more: str) -> Result:
        return CliRunner().invoke(cli.cli, ["--dir", str(kept.folder), "retain", *more], catch_exceptions=False)

    before = texts(kept)
    tried = call("--json")
    assert {d["rule"]: d["count"] for d in json.loads(tried.output)["due"]} == {"contacts": 1, "text": 1, "pages": 2}
    assert "什么都没有删" in call().output
    assert texts(kept) == before
    done = json.loads(call("--yes", "--vacuum", "--json").output)
    assert done["erased"] == {"contacts": 1, "text": 1, "pages": 2}
    assert [e.what for e in kept.store.people.audit(1)] == ["按保存期限删除"]
    assert all(d["count"] == 0 for d in json.loads(call("--json").output)["due"])


def test_nothing_erased_is_left_in_the_files_and_the_room_is_given_back(kept: City) -> None:
    if not isinstance(kept.store.db, SQLite):
        kept.store.db.compact()  # a server's files are its own business: it must only not refuse
        assert kept.store.disk.measure("2011-10-20")["posts"] > 0
        return
    chance = random.Random(1)
    for _ in range(20):
        kept.store.threads.append(snapshot("lyw", "101", "http://127.0.0.1/", FILED, 200, chance.randbytes(20_000)))
    save_thread(kept, thread="102", body="石榴裙下的密约" * 30)
    kept.store.decisions.suggest([suggested("102", is_request=False)])
    retention.erase(kept, AFTER_PAGES, "系统")
    files = [p for p in kept.folder.iterdir() if p.name.startswith("liandong.db")]
    assert all("石榴裙下的密约".encode() not in p.read_bytes() for p in files)
    assert kept.store.disk.measure("2012-06-01")["free"] > 0
    size = (kept.folder / "liandong.db").stat().st_size
    kept.store.db.compact()
    assert (kept.folder / "liandong.db").stat().st_size < size
    assert kept.store.disk.measure("2012-06-01")["free"] == 0


def test_ranges_are_as_short_as_they_can_be() -> None:
    assert ranges([3, 1, 2, 9, 7, 8, 5]) == ((1, 3), (5, 5), (7, 9))
    assert ranges([]) == ()


def test_growth_is_the_median_slope_and_one_clearing_out_does_not_bend_it() -> None:
    steady = [(f"2011-07-{day:02d}", 1000 + 10 * day) for day in range(1, 11)]
    cleared = [(d, n - 900 if d > "2011-07-09" else n) for d, n in steady]
    assert room.per_day(steady) == room.per_day(cleared) == 10
    assert room.per_day(steady[:2]) is None


@pytest.mark.parametrize(
    ("free", "growth", "on"),
    [(100, 10.0, "2011-08-04"), (5, 10.0, "2011-07-25"), (100, 0.0, "None"), (100, -3.0, "None"), (1e9, 1.0, "None"), (9, None, "None")],
)  # fmt: skip
def test_the_day_the_disk_is_full(free: float, growth: float | None, on: str) -> None:
    assert str(room.full_on(free, growth, build.FILED.date())) == on


def test_a_database_that_refuses_to_be_written_is_found_out(kept: City) -> None:
    if not isinstance(kept.store.db, SQLite):
        return
    kept.store.disk.try_writing()
    kept.store.db.execute("pragma query_only = on")
    with pytest.raises(sqlite3.OperationalError):
        kept.store.disk.try_writing()
