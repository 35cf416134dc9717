"""A city and two counties, each a Liandong of its own in processes of its own, one of them killed and brought back."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from data import reference
from data.city import City, open_city
from data.records import OutboxState, Run
from data.store.received import Wanted
from tests.forum import Floor, Forum, Topic
from tests.listener import Listener, Told
from tests.processes import until
from ticketing import cycle, lifecycle

BIN = str(Path(sys.executable).with_name("liandong"))
SONG, LUAN = "gov-songxian", "gov-luanchuan"
HOURS = timedelta(hours=1)
# Thread -> what it is about, and which unit the city's clerk files it to.
POSTS = {
    101: ("嵩县车村镇的路坏了三个月没人修", SONG),
    102: ("嵩县田湖镇路灯全不亮", SONG),
    103: ("栾川县潭头镇自来水发黄", LUAN),
    104: ("栾川县庙子镇垃圾没人清运", LUAN),
    105: ("涧西区南昌路停水两天了", "water-group"),
}
ANSWERED = {101: "嵩县网络办", 103: "栾川县网络办"}


def free() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@dataclass
class Place:
    """A folder with its own Liandong; ``desk`` is its ``liandong serve``."""

    folder: Path
    forum: Forum
    gateway: str  # address of the SMS gateway
    toml: str = ""
    port: int = field(default_factory=free)
    desk: subprocess.Popen[str] | None = None

    def begin(self) -> Place:
        self.folder.mkdir()
        head = "[crawl]\ndelay = 0\nautothrottle = false\ntimeout = 5\n[clocks]\nundo_seconds = 0\n"
        head += f'[notices]\ndigest_hour = -1\nsms_url = "{self.gateway}/send"\n[desk]\nport = {self.port}\n[office]\nkind = "own"\n'
        (self.folder / "liandong.toml").write_text(head + self.toml, encoding="utf-8")
        city, tables = self.city(), reference.load()
        board = self.forum.board(slug="lyw", name="洛阳网")
        accounts = tuple(a for a in tables.accounts if a.board == "lyw")
        with city.store.transaction():
            city.store.reference.save(tables.model_copy(update={"boards": (board,), "accounts": accounts}))
        city.store.close()
        return self

    def city(self) -> City:
        return open_city(self.folder)

    def say(self, *words: str, exits: int = 0) -> Any:
        """What a command of this place answers, as JSON where it does."""
        done = subprocess.run([BIN, "--dir", str(self.folder), *words], capture_output=True, text=True, check=False)
        assert done.returncode == exits, (words, done.stdout, done.stderr)
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def serve(self) -> None:
        self.desk = subprocess.Popen([BIN, "--dir", str(self.folder), "serve"], stdout=subprocess.PIPE, text=True)
        assert self.desk.stdout
        assert any("值班页面" in line for line in self.desk.stdout)

    def kill(self) -> None:
        if self.desk:
            os.kill(self.desk.pid, signal.SIGKILL)
            self.desk.wait(20)
            assert self.desk.stdout
            self.desk.stdout.close()
            self.desk = None

    def move(self, thread: int, *moves: str) -> None:
        """What the staff of this place do with its ticket."""
        city = self.city()
        [ticket] = city.store.tickets.of("lyw", str(thread))
        for name in moves:
            lifecycle.move(city, ticket.number, name, "值班员", f"{name} 的说明", datetime.now(UTC), role="clerk")
        city.store.close()

    def events(self, thread: int) -> Counter[str]:
        """How often each move was made with its ticket."""
        city = self.city()
        found = Counter(
            e.move for t in city.store.tickets.of("lyw", str(thread)) for e in city.store.tickets.events(t.number)
        )
        city.store.close()
        return found


@pytest.fixture
def forum() -> Iterator[Forum]:
    forum, posted = Forum(rows=20), datetime.now(UTC).replace(microsecond=0) - HOURS
    for number, (title, _) in POSTS.items():
        forum.topics.append(Topic(number, title, [Floor(number * 100, "居民", posted, f"{title}，请尽快处理，谢谢。")]))
    yield forum
    forum.server.shutdown()
    forum.server.server_close()


@pytest.fixture
def gateway() -> Iterator[Listener]:
    listener = Listener(lambda seen: Told(200, '{"code": 0}', "application/json"))
    yield listener
    listener.stop()


@pytest.fixture
def counties(tmp_path: Path, forum: Forum, gateway: Listener) -> Iterator[dict[str, Place]]:
    places = {slug: Place(tmp_path / slug, forum, gateway.url).begin() for slug in (SONG, LUAN)}
    for place in places.values():
        place.serve()
    yield places
    for place in places.values():
        place.kill()


@pytest.fixture
def city(tmp_path: Path, forum: Forum, gateway: Listener, counties: dict[str, Place]) -> Iterator[Place]:
    toml = ""
    for slug, county in counties.items():
        key = county.say("client", "add", "luoyang", "--display", "市联动办", "--json")["api_key"]
        address = f"http://127.0.0.1:{county.port}/open311/v2/"
        toml += f'[platforms.{slug}]\nkind = "open311"\nurl = "{address}"\napi_key = "{key}"\nsync_minutes = 0.01\ntimeout = 5\n'
    city = Place(tmp_path / "city", forum, gateway.url, toml).begin()
    yield city
    city.kill()


def decide(place: Place, wanted: dict[int, str]) -> None:
    """A clerk of the place files what is meant for somebody, as a command."""
    for thread, unit in wanted.items():
        place.say("review", f"lyw/{thread}", "--accept", "--kind", "求助", "--category", "urban", "--unit", unit)


def over(place: Place) -> None:
    """The pause before the next attempt is over."""
    city = place.city()
    with city.store.transaction():
        for entry in city.store.outbox.entries(OutboxState.WAITING):
            city.store.outbox.postpone(entry.id or 0, datetime.now(UTC), entry.error)
    city.store.close()


def each_sees_its_own(city: Place, counties: dict[str, Place]) -> None:
    """A county knows what was filed to it and nothing of its neighbour, whose key it does not know either."""
    keys = {slug: re.findall(r'api_key = "(.+)"', city.toml)[i] for i, slug in enumerate(counties)}
    for slug, county in counties.items():
        address = f"http://127.0.0.1:{county.port}/open311/v2/requests.json"
        found = requests.get(address, {"api_key": keys[slug]}, timeout=5).json()
        titles = sorted(f["description"].split("\n")[0] for f in found)
        assert titles == sorted(title for title, unit in POSTS.values() if unit == slug)
        neighbour = next(keys[other] for other in counties if other != slug)
        assert requests.get(address, {"api_key": neighbour}, timeout=5).status_code == 403
        there = county.city()
        assert len(there.store.received.find("luoyang", Wanted(), 10)) == len(titles)
        there.store.close()


def test_what_a_city_files_to_its_counties_is_done_there_and_known_here_once(
    city: Place, counties: dict[str, Place], forum: Forum
) -> None:
    song, luan = counties[SONG], counties[LUAN]
    city.say("run", "--json")
    luan.kill()
    decide(city, {thread: unit for thread, (_, unit) in POSTS.items()})
    ran = city.say("run", "--json", exits=1)  # one county does not answer; everything else leaves
    assert ran["stages"]["send"]["office_sent"] == 3
    assert ran["stages"]["send"]["office_retry"] == 2
    luan.serve()
    over(city)
    assert city.say("run", "--json")["stages"]["send"]["office_sent"] == 2

    for slug, county in counties.items():
        county.say("run", "--json")
        decide(county, {thread: unit for thread, (_, unit) in POSTS.items() if unit == slug})
        county.say("run", "--json")
    city.say("run", "--json")
    for thread, account in ANSWERED.items():
        forum.answer(
            forum.topics[thread - 101], datetime.now(UTC).replace(microsecond=0), account, "已经修好，请查看。"
        )
    for county in counties.values():
        county.say("run", "--json")  # reads the answer and judges it
    song.move(101, "close")
    luan.move(104, "accept")
    song.kill()  # the city cannot ask it; nothing of the other county waits for that
    ran = city.say("run", "--json", exits=1)
    assert not ran["stages"]["sync"]["ok"]
    assert city.events(103)["verdict"] == 1
    assert city.events(101)["verdict"] == 0
    song.serve()
    city.say("run", "--json")
    heard = {thread: city.events(thread) for thread in POSTS}
    assert heard[101] == Counter(file=1, accept=1, answer=1, verdict=1, close=1) + Counter(note=heard[101]["note"])
    assert heard[103] == Counter(file=1, accept=1, answer=1, verdict=1) + Counter(note=heard[103]["note"])
    assert (heard[104]["accept"], heard[105]["file"]) == (1, 1)
    city.say("run", "--json")  # heard once, however often it is asked
    assert {thread: city.events(thread) for thread in POSTS} == heard

    here = city.city()
    verdicts = here.store.tickets.standing()
    tickets = {t.thread: t for t in here.store.tickets.tickets()}
    here.store.close()
    assert {int(t) for t in tickets} == set(POSTS)
    assert {t: str(verdicts[tickets[str(t)].number].name) for t in ANSWERED} == dict.fromkeys(ANSWERED, "on_time")
    rows = {r["slug"]: (r["filed"], r["within"]) for r in city.say("report", "--json")["by_unit"]}
    assert rows == {SONG: (2, 1), LUAN: (2, 1), "water-group": (1, 0)}
    each_sees_its_own(city, counties)


class Silent:
    """A suggester with nothing to suggest."""

    def suggest(self, *_: object) -> list[object]:
        return []


def late(place: Place, after: timedelta) -> Run:
    """The cycle this place runs so long from now, after it ran none in between."""
    city = place.city()
    done = cycle.run(city, lambda: datetime.now(UTC) + after, Silent())  # type: ignore[arg-type]
    city.store.close()
    return done


def test_a_city_that_was_down_for_a_day_and_a_county_that_was_too_lose_nothing(
    city: Place, counties: dict[str, Place], forum: Forum
) -> None:
    song, luan = counties[SONG], counties[LUAN]
    city.serve()
    city.say("run", "--json")
    decide(city, {101: SONG, 103: LUAN})
    city.say("run", "--json")
    for slug, thread, county in ((SONG, 101, song), (LUAN, 103, luan)):
        county.say("run", "--json")
        decide(county, {thread: slug})
        county.say("run", "--json")
    luan.kill()  # for a day, in which the city's clerk files to it all the same
    decide(city, {104: LUAN})
    until(lambda: _attempts(city, "lyw/104") > 0)
    city.kill()  # in the middle of its retries; from here on it is down as well
    forum.answer(forum.topics[0], datetime.now(UTC).replace(microsecond=0), ANSWERED[101], "已经修好，请查看。")
    song.say("run", "--json")
    song.move(101, "close")

    first = late(city, 26 * HOURS)
    assert not first.stages["send"]["ok"], "one county is away still"
    assert not first.stages["sync"]["ok"]
    assert city.events(101)["verdict"] == city.events(101)["close"] == 1, (
        "all that was said in a day, and heard at once"
    )
    luan.serve()
    late(city, 28 * HOURS)
    luan.say("run", "--json")
    decide(luan, {104: LUAN})
    luan.say("run", "--json")
    late(city, 29 * HOURS)
    heard = {thread: city.events(thread) for thread in POSTS}
    assert {t: heard[t]["file"] for t in POSTS} == {101: 1, 102: 0, 103: 1, 104: 1, 105: 0}
    assert {t: heard[t]["accept"] for t in (103, 104)} == {103: 1, 104: 1}
    assert heard[101]["note"] == 2, "the answer was seen before 签收 and 答复 were heard, which are then notes"
    late(city, 30 * HOURS)
    again = {thread: city.events(thread) for thread in POSTS}
    for moves in (*heard.values(), *again.values()):
        del moves["urge"], moves["supervise"]  # a day without an answer has moves of its own
    assert again == heard
    there = luan.city()
    received = there.store.received.find("luoyang", Wanted(), 10)
    there.store.close()
    assert len(received) == 2, "each filing arrived once"


def _attempts(place: Place, subject: str) -> int:
    city = place.city()
    tried = sum(e.attempts for e in city.store.outbox.about(subject))
    city.store.close()
    return tried
