"""What a monitoring system reads of the desk: by key only, figures of the work, nothing about people."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from data.city import City
from data.records import Run
from data.store.disk import Disk
from tests.desk_city import NOW, PHONE, Clock, desk, login, make, staff

KEY = {"Authorization": "Bearer let-me-count"}


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", desk={"metrics_key": "let-me-count"})
    staff(city)
    return city


@pytest.fixture
def app(city: City) -> Flask:
    return desk(city, Clock())


def read(app: Flask) -> dict[tuple[str, ...], float]:
    """Name and label values -> value."""
    text = app.test_client().get("/metrics", headers=KEY).text
    samples = (s for family in text_string_to_metric_families(text) for s in family.samples)
    return {(s.name.removeprefix("liandong_"), *s.labels.values()): s.value for s in samples}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic bGV0Om1l"}, {"Authorization": "Bearer"}]
)
def test_without_the_key_there_are_no_metrics(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().get("/metrics", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "liandong_" not in answer.text


def test_a_login_is_no_key(app: Flask) -> None:
    assert login(app, "admin").get("/metrics").status_code == 401


def test_where_no_key_is_set_there_is_no_such_page(tmp_path: Path) -> None:
    app = desk(make(tmp_path / "other"), Clock())
    assert app.test_client().get("/metrics", headers=KEY).status_code == 404


def test_the_metrics_are_what_the_store_holds(app: Flask, city: City) -> None:
    found, store = read(app), city.store
    assert found["queue_posts",] == store.decisions.waiting() == 4
    assert found["outbox_acts", "notice", "unknown"] == store.outbox.counts()["notice", "unknown"] == 1
    assert found["tickets_open", "overdue"] == 1
    last = store.runs.last()
    assert last is not None
    assert found["run_stage_ok", "crawl"] == last.stages["crawl"]["ok"] == 0
    assert found["board_ok", "lyxxg"] == 0
    good = store.runs.last(ok=True)
    assert ("last_good_run_timestamp_seconds" in {k[0] for k in found}) is (good is not None)


def test_requests_are_timed_by_route_and_kind_of_answer(app: Flask) -> None:
    client = app.test_client()
    client.get("/login")
    client.get("/nowhere/13800000000")
    found = read(app)
    assert found["http_seconds_count", "session.login", "2xx"] == 1
    assert found["http_seconds_count", "none", "4xx"] == 1
    assert found["http_seconds_sum", "session.login", "2xx"] > 0


def test_no_metric_tells_of_anybody(app: Flask, city: City) -> None:
    login(app, "leader").get("/tickets?words=" + PHONE)
    text = app.test_client().get("/metrics", headers=KEY).text
    for hidden in (PHONE, "leader", *(t.title for t in city.store.tickets.tickets())):
        assert hidden not in text


def test_the_sign_of_life_says_since_when_no_run_succeeded(city: City) -> None:
    clock = Clock()
    client = desk(city, clock).test_client()
    first = city.store.runs.first()
    assert first is not None
    seen = []
    for _ in range(2):
        seen.append((client.get("/healthz").json or {})["no_good_run_since"])
        clock.forward(hours=2)
    assert seen == [None, first.started_at.isoformat()]


def _no_run_for_hours(city: City, clock: Clock, _: pytest.MonkeyPatch) -> None:
    clock.forward(hours=2)


def _full(city: City, clock: Clock, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("ticketing.room.free", lambda _: 1023 * 1024 * 1024)


def _read_only(city: City, clock: Clock, patch: pytest.MonkeyPatch) -> None:
    def refuse(self: Disk) -> None:
        self.db.execute("pragma query_only = on")
        try:
            tried(self)
        finally:
            self.db.execute("pragma query_only = off")

    tried = Disk.try_writing
    patch.setattr(Disk, "try_writing", refuse)


def _broken(city: City, clock: Clock, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("data.store.decisions.Decisions.waiting", lambda self: self.db.execute("select * from nowhere"))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [(_no_run_for_hours, "no-good-run"), (_full, "disk"), (_read_only, "read-only"), (_broken, "database")],
)
def test_what_is_wrong_is_a_503_that_says_why(
    city: City, monkeypatch: pytest.MonkeyPatch, wrong: Any, reason: str
) -> None:
    clock = Clock()
    client = desk(city, clock).test_client()
    assert client.get("/healthz").status_code == 200
    wrong(city, clock, monkeypatch)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert (answer.json["ok"], answer.json["reasons"]) == (False, [reason])


def test_the_seconds_of_the_stages_and_the_room_are_told(app: Flask, city: City) -> None:
    run = Run("cron:2", NOW, NOW + timedelta(seconds=9), True, {"crawl": {"ok": True}}, seconds={"crawl": 7.5})
    city.store.runs.start(run)
    city.store.disk.measure("2011-07-25")
    found = read(app)
    assert found["run_stage_seconds", "crawl"] == 7.5
    assert found["database_bytes",] == sum(city.store.disk.measured()[1].values())
    assert found["disk_free_bytes",] > 0
