"""Two desks and two cron jobs of one city at work at the same moment, each a process of its own: nothing leaves twice."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests

from data.city import City
from data.records import OutboxState
from desk.people import add_user
from tests.build import FILED, MakeCity, save_thread, suggestion
from tests.counterpart import Counterpart
from tests.desk_city import PASSWORD
from tests.processes import running, said, start, until

pytestmark = pytest.mark.both_stores
POSTS = [str(n) for n in range(101, 117)]
CLERKS = ("zhang", "li")


@dataclass
class Desk:
    """A clerk's browser before one of the desks."""

    address: str
    clerk: str

    def __post_init__(self) -> None:
        self.browser = requests.Session()
        self._post("login", name=self.clerk, password=PASSWORD)

    def accept(self, thread: str, seen: str) -> None:
        self._post("queue/accept", post=f"lyw/{thread}", seen=seen)

    def _post(self, path: str, **form: str) -> None:
        page = self.browser.get(self.address + ("login" if path == "login" else ""), timeout=30).text
        [token] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[:1]
        answer = self.browser.post(self.address + path, data={**form, "csrf_token": token}, timeout=30)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def city(make_city: MakeCity, counterpart: Counterpart) -> City:
    there = counterpart.url
    city = make_city(
        f'[office]\nurl = "{there}"\n[notices]\nsms_url = "{there}/send"\ndigest_hour = -1\n[clocks]\nundo_seconds = 0\n'
    )
    tables = city.reference()
    off = tuple(b.model_copy(update={"enabled": False}) for b in tables.boards)
    with city.store.transaction():
        city.store.reference.save(tables.model_copy(update={"boards": off}))
        city.store.decisions.suggest([suggestion(thread=t) for t in POSTS if save_thread(city, thread=t)])
        for name in CLERKS:
            add_user(city, name, PASSWORD, "clerk", now=FILED)
    return city


def test_two_clerks_at_two_desks_and_two_cron_jobs_file_and_tell_once(city: City, counterpart: Counterpart) -> None:
    desks = [start(city.folder, "serve", "--port", "0") for _ in CLERKS]
    with running(*desks):
        until(lambda: sum("http://" in words for words in said(city.folder, "serve")) == len(CLERKS))
        addresses = [re.findall(r"http://\S+", words)[0] for words in said(city.folder, "serve")]
        clerks = [Desk(address, name) for address, name in zip(addresses, CLERKS, strict=True)]
        seen = suggestion().at.isoformat()
        crons = [start(city.folder, "run") for _ in range(2)]
        with running(*crons), ThreadPoolExecutor(len(CLERKS)) as hands:
            orders = (POSTS, POSTS[::2] + POSTS[1::2])  # both want every post, and many at the same moment
            list(hands.map(lambda c, order: [c.accept(t, seen) for t in order], clerks, orders))
            crons += [start(city.folder, "run") for _ in range(2)]
            until(lambda: len(city.store.outbox.entries(OutboxState.SENT, "notice")) == len(POSTS), what=str(said(city.folder, "run")))  # fmt: skip
            for cron in crons:
                cron.wait(60)
    assert sorted(f["attribute[external_id]"].split("/")[2] for f in counterpart.filings) == POSTS
    assert len(counterpart.filings) == len(counterpart.messages) == len(POSTS)
    tickets = list(city.store.tickets.tickets())
    assert sorted(t.thread for t in tickets) == POSTS
    assert len({t.number for t in tickets}) == len({m["key"] for m in counterpart.messages}) == len(POSTS)
    deciders = Counter(d.by for _, d in city.store.decisions.samples())
    assert sum(deciders.values()) == len(POSTS)
    assert set(deciders) == set(CLERKS), "both desks were at work"
    assert [e.subject for e in city.store.outbox.entries(OutboxState.UNKNOWN)] == []
    assert any("成功" in words for words in said(city.folder, "run"))
