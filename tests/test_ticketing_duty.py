"""The duty rota: who is on at any moment, and that alerts reach them, or the standing recipients, loudly."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from data import editing
from data.city import City
from data.records import Alert, OutboxState, User
from data.reference import FILES, SHIPPED, Reference, Shift, dump, load
from desk import registry
from tests import build
from tests.build import FILED, HOUR, MakeCity, at
from tests.counterpart import Counterpart
from ticketing import cycle, duty, outbox

# apprise imports what Python 3.13 does away with, and knows how to do without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

WANG = {"name": "王敏", "days": ["工作日"], "start": "08:00", "end": "18:00", "reach": "13900000001"}
LI = {"name": "李强", "days": ["每天"], "start": "18:00", "end": "08:00", "reach": "13900000002"}
ZHAO = {"name": "赵静", "days": ["周六", "周日"], "start": "08:00", "end": "18:00", "reach": "13900000003"}


def rota(city: City, *rows: dict[str, Any]) -> City:
    """The city with these shifts."""
    with city.store.transaction():
        shifts = tuple(Shift.model_validate(row) for row in rows)
        city.store.reference.save(city.reference().model_copy(update={"rota": shifts}))
    return city


def on(city: City, when: str) -> list[str]:
    return [t.shift.name for t in duty.on_duty(city, at(when))]


# 2011-07-25 is a Monday; 2011-10-01 to 07 were holidays, and Saturday 2011-10-08 was worked.


@pytest.mark.parametrize(
    ("when", "who"),
    [
        ("2011-07-25 07:59", ["李强"]),  # since the evening before
        ("2011-07-25 08:00", ["王敏"]),
        ("2011-07-25 17:59", ["王敏"]),
        ("2011-07-25 18:00", ["李强"]),
        ("2011-07-26 03:00", ["李强"]),
        ("2011-07-30 12:00", ["赵静"]),
        ("2011-10-03 12:00", []),  # a Monday, but a holiday: nobody was put down
        ("2011-10-08 12:00", ["王敏", "赵静"]),  # a Saturday that is worked
    ],
)
def test_who_is_on_duty(city: City, when: str, who: list[str]) -> None:
    assert on(rota(city, WANG, LI, ZHAO), when) == who


def test_a_shift_that_names_the_day_takes_the_place_of_the_usual_one(city: City) -> None:
    swapped = {**ZHAO, "days": ["2011-07-25"], "start": "12:00", "end": "20:00"}
    rota(city, WANG, LI, swapped)
    assert [on(city, f"2011-07-25 {hour}:00") for hour in ("11", "12", "19", "20")] == [
        ["王敏"],
        ["赵静"],
        ["赵静"],
        ["李强"],
    ]
    assert on(city, "2011-07-26 12:00") == ["王敏"]


def test_a_shift_holds_between_its_dates_only(city: City) -> None:
    rota(city, {**WANG, "valid_from": "2011-07-26", "valid_to": "2011-07-27"})
    assert [on(city, f"2011-07-{day} 12:00") for day in (25, 26, 27, 28)] == [[], ["王敏"], ["王敏"], []]


def test_a_day_in_stretches_shows_its_gaps(city: City) -> None:
    rota(city, WANG)
    found = duty.plan(city, date(2011, 7, 25))
    told = [(f"{a:%H:%M}", f"{b:%H:%M}", [t.shift.name for t in turns]) for a, b, turns in found]
    assert told == [("00:00", "08:00", []), ("08:00", "18:00", ["王敏"]), ("18:00", "00:00", [])]


# The table


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"days": ["星期八"]}, "“星期八”不是日子"),
        ({"days": []}, "没有填写"),
        ({"start": "八点"}, "08:30 这样的时间"),
        ({"name": ""}, "没有填写"),
    ],
)
def test_a_shift_that_will_not_do_is_said_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(editing.EntryError, match=words):
        editing.parse("rota", WANG | change)


def test_the_rota_goes_to_its_file_and_comes_back(city: City, tmp_path: Path) -> None:
    tables = rota(city, WANG, LI, {**ZHAO, "reach": "", "user": "zhao", "valid_from": "2011-08-01"}).reference()
    dump(tables, tmp_path / "files")
    assert load(tmp_path / "files").rota == tables.rota
    assert len(tables.rota) == 3


def test_a_city_begun_before_there_was_a_rota_has_none(tmp_path: Path, reference: Reference) -> None:
    for file in FILES.values():
        shutil.copy(SHIPPED / file, tmp_path / file)
    (tmp_path / FILES["rota"]).unlink()
    assert load(tmp_path) == reference
    assert reference.rota == ()


def test_where_alerts_go_is_not_written_into_the_audit(city: City) -> None:
    registry.add(city, "rota", editing.parse("rota", WANG), "admin", FILED)
    (entry,) = city.store.people.audit()
    assert "reach：已更改" in entry.detail
    assert "13900000001" not in entry.detail


# Alerts


@pytest.fixture
def told(wired: City, counterpart: Counterpart) -> City:
    """A city whose gateway is the counterpart's, with a rota."""
    return rota(wired, WANG, LI)


def alert(city: City, kind: str = "surge", subject: str = "surge/1", text: str = "民情升温：“排水”升高") -> None:
    with city.store.transaction():
        city.store.runs.alert(Alert(FILED, kind, subject, text))


def sent(city: City, counterpart: Counterpart) -> Sequence[tuple[str, str]]:
    duty.tell(city, FILED)
    outbox.send_due(city, lambda: FILED, "test", (duty.DUTY,))
    return [(m["to"], m["text"]) for m in counterpart.messages]


def test_an_alert_goes_to_the_one_on_duty_once(told: City, counterpart: Counterpart) -> None:
    alert(told)
    expected = [("13900000001", "【洛阳联动】民情升温：“排水”升高")]
    assert sent(told, counterpart) == expected
    assert sent(told, counterpart) == expected
    assert not any(a.kind == duty.NOBODY for a in told.store.runs.alerts())


def test_an_emergency_says_what_it_is_about_and_hides_whom_to_reach(told: City, counterpart: Counterpart) -> None:
    build.save_thread(told, title="西工区着火了，电话13837912345")
    alert(told, "emergency", "lyw/101", "可能是火情，请先拨打 119")
    ((to, text),) = sent(told, counterpart)
    assert to == "13900000001"
    assert text.startswith("【洛阳联动】紧急情况：西工区着火了")
    assert "119" in text
    assert "13837912345" not in text


def test_a_user_of_the_desk_is_reached_where_they_said(told: City, counterpart: Counterpart) -> None:
    told.store.people.save(User("wang", "clerk", "", reach="13911112222"))
    rota(told, {**WANG, "reach": "", "user": "wang"})
    alert(told)
    assert [to for to, _ in sent(told, counterpart)] == ["13911112222"]


def leaders(make_city: MakeCity, counterpart: Counterpart, *rows: dict[str, Any], more: str = "") -> City:
    settings = f'[notices]\nsms_url = "{counterpart.url}/send"\nleader_phone = "13800000009"\ntimeout = 0.3\n{more}'
    return rota(make_city(settings), *rows)


def test_when_nobody_is_on_the_standing_recipients_are_told_and_it_is_said(
    make_city: MakeCity, counterpart: Counterpart
) -> None:
    city = leaders(make_city, counterpart, ZHAO)
    alert(city)
    assert sent(city, counterpart) == [("13800000009", "【洛阳联动】（现在没有人值班）民情升温：“排水”升高")]
    (loud,) = [a for a in city.store.runs.alerts() if a.kind == duty.NOBODY]
    assert "没有人值班" in loud.text
    assert len(sent(city, counterpart)) == 1  # that alert is for the desk: it makes no further message


def test_when_the_one_on_duty_is_not_reached_the_standing_recipients_are(
    make_city: MakeCity, counterpart: Counterpart
) -> None:
    city = leaders(make_city, counterpart, {**WANG, "reach": ""})
    alert(city)
    ((to, text),) = sent(city, counterpart)
    assert (to, "值班的王敏没有通知到" in text) == ("13800000009", True)
    assert any("王敏" in a.text for a in city.store.runs.alerts() if a.kind == duty.NOBODY)


def test_the_alarm_addresses_come_before_the_leaders(make_city: MakeCity, counterpart: Counterpart) -> None:
    there = counterpart.url.removeprefix("http://")
    city = leaders(make_city, counterpart, ZHAO, more=f'[alarm]\nurls = ["json://{there}/send"]\n')
    alert(city)
    duty.tell(city, FILED)
    assert outbox.send_due(city, lambda: FILED, "test") == {"duty_sent": 1}
    (message,) = counterpart.messages
    assert message["message"].startswith("（现在没有人值班）民情升温")


def test_a_city_without_a_rota_tells_its_alarm_addresses_or_the_desk_alone(
    make_city: MakeCity, counterpart: Counterpart
) -> None:
    there = counterpart.url.removeprefix("http://")
    city = make_city(f'[alarm]\nurls = ["json://{there}/send"]\n')
    alert(city)
    duty.tell(city, FILED)
    outbox.send_due(city, lambda: FILED, "test")
    (message,) = counterpart.messages
    assert message["message"].startswith("民情升温")
    assert not any(a.kind == duty.NOBODY for a in city.store.runs.alerts())


def test_without_rota_and_recipients_nothing_is_written_down(city: City) -> None:
    alert(city)
    assert duty.tell(city, FILED) == 0
    assert city.store.outbox.counts() == {}


def test_what_reached_nobody_is_listed_as_failed_and_does_not_tell_of_itself(city: City) -> None:
    rota(city, WANG)
    alert(city)
    duty.tell(city, FILED)
    outbox.send_due(city, lambda: FILED, "test")
    (entry,) = city.store.outbox.entries(OutboxState.FAILED)
    assert "没有人" in entry.error or "没有通知到" in entry.error
    assert any(a.kind == "outbox-failed" for a in city.store.runs.alerts())
    assert duty.tell(city, FILED) == 0


def test_an_old_alert_is_no_news(told: City, counterpart: Counterpart) -> None:
    alert(told)
    assert duty.tell(told, FILED + 2 * HOUR) == 0
    assert duty.tell(told, FILED) == 0


def test_a_run_passes_on_what_it_raises(told: City, counterpart: Counterpart, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_city: City, _clock: cycle.Clock) -> dict[str, Any]:
        alert(told, "board", "lyw/20110725", "洛阳网连不上，请检查网络")
        return {"ok": False, "failures": ["洛阳网连不上"]}

    monkeypatch.setattr(cycle, "crawl", fails)
    cycle.run(told, lambda: FILED + timedelta(minutes=1), Silent())  # type: ignore[arg-type]
    assert [m["text"] for m in counterpart.messages] == ["【洛阳联动】洛阳网连不上，请检查网络"]


class Silent:
    """Suggests nothing, for there are no posts."""

    def suggest(self, posts: object, now: object) -> list[object]:
        return []
