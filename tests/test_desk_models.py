"""The administrator's page of models: trained and taken back by a button, with figures, history and audit."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from classifier import service
from classifier.history import Step, record, steps
from classifier.model import train
from data.city import City
from data.records import Action, Decision, Kind
from desk import training
from desk.commands.common import now as commands_now
from desk.web import models
from tests.classifier_city import samples
from tests.desk_city import NOW, Clock, desk, login, make, staff, token


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", tickets=False)
    staff(city)
    return city


@pytest.fixture
def app(city: City) -> Flask:
    return desk(city, Clock())


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return login(app, "admin")


def press(client: FlaskClient, address: str) -> TestResponse:
    return client.post(address, data={"csrf_token": token(client, "/password")}, follow_redirects=True)


def learned(city: City, by: str = "admin", more: int = 0) -> str:
    """Train the city's model on the tests' own samples; its version."""
    studio = training.Studio(city.models, city.reference(), by, Clock(), city)
    _, told = training.learn(studio, [*samples(), *samples()[:more]], [])
    return str(told["model"])


def test_without_a_model_of_its_own_the_page_says_so(admin: FlaskClient) -> None:
    page = admin.get("/models").text
    assert "随软件发布的模型" in page
    assert "退回上一个" not in page


def test_the_page_shows_what_is_in_service_and_how_it_came_about(admin: FlaskClient, city: City) -> None:
    version = learned(city)
    page = admin.get("/models").text
    for words in (version, f"{len(samples())} 条，其中值班员的决定 0 条", "没有比较", "一级类别", "投入使用"):
        assert words in page
    assert [(e.who, e.what, e.subject) for e in city.store.people.audit(9) if "模型" in e.what] == [
        ("admin", "训练模型", version)
    ]


def test_going_back_is_audited_and_in_the_history(admin: FlaskClient, city: City) -> None:
    first, second = learned(city), learned(city, more=40)
    assert first != second
    assert f"已退回模型 {first}" in press(admin, "/models/rollback").text
    model = service.in_service(city.models)
    assert model is not None
    assert model.version == first
    newest = steps(city.models)[0]
    assert (newest.act, newest.model, newest.by) == ("rollback", first, "admin")
    assert city.store.people.audit(1)[0].what == "退回模型"
    assert "已退回模型" in press(admin, "/models/rollback").text  # the shipped one
    assert service.in_service(city.models) is None
    assert "随软件发布的模型" in admin.get("/models").text
    assert "没有更早的模型" in press(admin, "/models/rollback").text


def test_the_figures_against_the_model_before_are_told(admin: FlaskClient, city: City) -> None:
    model = train(samples())
    service.put_in_service(city.models, model)
    step = Step(NOW, "admin", "train", model.version, True, 900, 300, 75, 280, 201, 222, 31.5)
    record(city.models, step)
    record(
        city.models,
        Step(NOW + timedelta(hours=1), "admin", "train", model.version, False, asked=9, old_right=9, new_right=4),
    )
    page = admin.get("/models").text
    for words in ("新 222 / 旧 201（280 个答案）", "较差，没有换", "31.5 秒", "900 条，其中值班员的决定 300 条"):
        assert words in page


def test_how_often_suggestions_were_taken_as_they_were_is_told_by_model(admin: FlaskClient, city: City) -> None:
    for thread, action in (("101", Action.ACCEPT), ("102", Action.CORRECT)):
        city.store.decisions.decide(
            Decision("lyw", thread, NOW, "clerk", action, kind=Kind.HELP, category="urban", unit="lamps")
        )
    assert city.store.decisions.by_model(NOW - timedelta(days=1)) == [("test", 2, 1)]
    page = admin.get("/models").text
    assert "50%" in page
    assert "<b>2</b> 条新的决定" in page


def finished(admin: FlaskClient) -> str:
    end = time.monotonic() + 60
    while "正在训练" in (page := admin.get("/models").text):
        assert time.monotonic() < end
        time.sleep(0.1)
    return page


def test_a_training_shows_how_long_it_goes_on_and_is_begun_once(
    admin: FlaskClient, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = '{"in_service": true, "model": "2-abc"}'
    slow = f"import time, sys; time.sleep(1.5); print('{told}'.replace('abc', sys.argv[-1]))"
    monkeypatch.setattr(models, "COMMAND", (sys.executable, "-c", slow))
    page = press(admin, "/models/train").text
    for words in ("开始训练", "正在训练", '<meta http-equiv="refresh"', "<progress"):
        assert words in page
    assert "已经在训练了" in press(admin, "/models/train").text
    assert "模型 2-admin 已投入使用" in finished(admin)


def test_a_training_that_fails_says_why(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "COMMAND", (sys.executable, "-c", "import sys; sys.exit('错误：磁盘满了')"))
    press(admin, "/models/train")
    assert "错误：磁盘满了" in finished(admin)


def test_the_button_runs_the_real_command(admin: FlaskClient, city: City) -> None:
    """The whole way; the lease of another training stops it before it takes long."""
    with city.store.transaction():
        city.store.runs.acquire("train", "elsewhere:1", commands_now(), timedelta(minutes=30))
    press(admin, "/models/train")
    assert "另一个进程（elsewhere:1）正在运行" in finished(admin)


def test_a_history_that_was_damaged_is_read_as_far_as_it_goes(city: City) -> None:
    record(city.models, Step(NOW, "a", "train", "2-x", True))
    with (city.models / "history.jsonl").open("ab") as file:
        file.write(b"\xff\xfe{not json\n{}\n[]\n")
    record(city.models, Step(NOW, "b", "rollback", "2-y", True))
    assert [s.model for s in steps(city.models)] == ["2-y", "2-x"]
