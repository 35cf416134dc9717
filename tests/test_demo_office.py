"""The make-believe office system and SMS gateway: their faults happen, repeat with the seed, and are not hidden."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from data.reference import Reference
from demo import office, sms
from demo.city import City
from demo.clock import SteppedClock
from demo.thread import Fate, Thread
from demo.truth import truth
from demo.world import World


@pytest.fixture
def world(reference: Reference) -> World:
    world = World(7, reference, SteppedClock())
    world.addresses.update({b.slug: f"http://127.0.0.1:9{i}/" for i, b in enumerate(reference.boards)})
    return world


@pytest.fixture
def desk(world: World) -> FlaskClient:
    return office.create_app(world, hang=0).test_client()


def requested(world: World) -> list[Thread]:
    return [t for t in world.threads if t.is_request and not t.emergency and t.fate is not Fate.OLD]


def url(world: World, thread: Thread) -> str:
    return f"{world.addresses[thread.board]}read-htm-tid-{thread.id}.htm"


def form(world: World, thread: Thread) -> dict[str, str]:
    attributes = {
        "category": thread.category,
        "source": thread.board,
        "contact": thread.contact,
        "unit": thread.unit,
        "filed_at": world.clock().isoformat(),
        "due_at": world.clock().isoformat(),
        "thread_url": url(world, thread),
        "external_id": thread.key,
    }
    plain = {"api_key": "k", "jurisdiction_id": "luoyang", "service_code": thread.category, "description": thread.title}
    return {**plain, **{f"attribute[{name}]": value for name, value in attributes.items()}}


def outcomes(world: World) -> list[tuple[int, bytes]]:
    app = office.create_app(world, hang=0).test_client()
    answers = [app.post("/requests.json", data=form(world, t)) for t in requested(world)]
    return [(a.status_code, a.data) for a in answers]


def test_a_filing_is_acknowledged_with_a_number_and_fixes_the_time(world: World, desk: FlaskClient) -> None:
    thread = requested(world)[0]
    answer = desk.post("/requests.json", data=form(world, thread))
    assert answer.status_code == 201
    assert answer.json == [{"service_request_id": thread.office_id, "service_notice": "已受理", "account_id": None}]
    assert thread.filed_at == world.clock()


@pytest.mark.parametrize("field", [f for f in office.FIELDS if f not in office.MAY_BE_EMPTY])
def test_a_missing_field_is_refused_in_the_words_of_georeport(world: World, desk: FlaskClient, field: str) -> None:
    without = form(world, requested(world)[0])
    without.pop(field)
    answer = desk.post("/requests.json", data=without)
    assert answer.status_code == 400
    assert answer.get_json()[0]["code"] == 400
    assert field in answer.get_json()[0]["description"]
    assert not world.ledger.filings


def test_a_request_about_no_thread_of_the_city_is_refused(world: World, desk: FlaskClient) -> None:
    strange = form(world, requested(world)[0]) | {"attribute[thread_url]": "http://127.0.0.1:90/read-htm-tid-1.htm"}
    assert desk.post("/requests.json", data=strange).status_code == 400


def test_about_one_filing_in_ten_goes_wrong_in_one_of_three_ways(world: World) -> None:
    found = outcomes(world)
    refused = [o for o in found if o[0] == 500]
    garbled = [o for o in found if o[0] == 200 and "提交成功".encode() in o[1]]
    hung = [o for o in found if o[0] == 200 and o not in garbled]
    assert 0.02 < len(refused) / len(found) < 0.12
    assert 1 <= len(hung) <= 0.08 * len(found)
    assert len(world.ledger.filings) == len(found) - len(refused)
    assert sum(t.is_filed for t in requested(world)) == len(found) - len(refused) - len(hung) - len(garbled)


def test_the_same_seed_goes_wrong_in_the_same_places(world: World, reference: Reference) -> None:
    other = World(7, reference, SteppedClock())
    other.addresses.update({b: a.replace("127.0.0.1:9", "127.0.0.1:8") for b, a in world.addresses.items()})
    assert outcomes(world) == outcomes(other)


def test_a_filing_whose_answer_was_lost_is_acknowledged_when_it_is_looked_up(world: World, desk: FlaskClient) -> None:
    for thread in requested(world):
        desk.post("/requests.json", data=form(world, thread))
    lost = next(f for f in world.ledger.filings if not world.thread(f.board, f.thread).is_filed)  # type: ignore[union-attr]
    answer = desk.get("/requests.json", query_string={"external_id": lost.key})
    assert [r["service_request_id"] for r in answer.get_json()] == [lost.office_id]
    found = world.thread(lost.board, lost.thread)
    assert found is not None
    assert found.office_id == lost.office_id
    assert desk.get(f"/requests/{lost.office_id}.json").json == answer.json


def test_an_unknown_key_is_an_empty_list(desk: FlaskClient) -> None:
    assert desk.get("/requests.json?external_id=nothing").json == []


def test_the_office_takes_the_same_request_twice_and_the_truth_shows_it(world: World, desk: FlaskClient) -> None:
    thread = requested(world)[0]
    numbers = {
        desk.post("/requests.json", data=form(world, thread)).get_json()[0]["service_request_id"] for _ in range(2)
    }
    assert len(numbers) == 2
    assert truth(world, world.clock())["duplicates"] == 1


def test_a_ticket_is_signed_after_its_notice_and_closed_after_its_answer_and_its_due(
    world: World, desk: FlaskClient
) -> None:
    for thread in requested(world)[:40]:
        desk.post("/requests.json", data=form(world, thread))
    filed = [t for t in requested(world) if t.is_filed]
    for thread in filed:
        world.noticed("139", url(world, thread), world.clock())

    def told() -> dict[str, dict[str, str]]:
        asked = ",".join(t.office_id for t in filed)
        answer = desk.get("/requests.json", query_string={"service_request_id": asked}).get_json()
        return {r["service_request_id"]: r for r in answer}

    assert {r["status"] for r in told().values()} <= {"open", "acknowledged"}
    assert len(told()) == len(filed)
    world.clock.advance(timedelta(hours=1))
    assert {r["status"] for r in told().values()} == {"acknowledged"}
    world.clock.advance(timedelta(hours=30))
    for thread in filed:
        state = told()[thread.office_id]
        answered = any(a.meets and not a.holding for a in thread.shown(world.clock()))
        if state["status"] == "closed":
            assert answered
            assert thread.due_at is not None
            assert datetime.fromisoformat(state["updated_datetime"]) > thread.due_at
        else:
            assert state["status"] == "acknowledged"
    assert {r["status"] for r in told().values()} == {"acknowledged", "closed"}


def test_services_are_the_categories_of_the_city(world: World, desk: FlaskClient) -> None:
    codes = {s["service_code"] for s in desk.get("/services.json").get_json()}
    assert codes == set(world.reference.category)
    assert desk.get("/discovery.json").get_json()["endpoints"]


def texts(world: World) -> list[dict[str, str]]:
    return [{"to": "13900000001", "text": f"请答复：{url(world, t)}", "key": t.key} for t in requested(world)]


def test_the_gateway_reaches_the_unit_even_when_its_sender_is_not_told(world: World) -> None:
    app = sms.create_app(world, hang=0).test_client()
    for thread in requested(world):
        world.acknowledged(thread.board, thread.id, "LY", world.clock())
    answers = [app.post("/send", json=text) for text in texts(world)]
    told = [a for a in answers if a.status_code == 200 and (a.get_json(silent=True) or {}).get("code") == 0]
    refused = [a for a in answers if a.status_code == 503]
    found = truth(world, world.clock())
    assert found["notices"] == len(told)
    assert found["notices_unknown"] == len(answers) - len(told) - len(refused) >= 1
    assert sum(t.noticed_at is not None for t in requested(world)) == len(answers) - len(refused)


def test_the_gateway_fails_in_the_same_places_whatever_the_ports(world: World, reference: Reference) -> None:
    other = World(7, reference, SteppedClock())
    other.addresses.update({b: a.replace("127.0.0.1:9", "127.0.0.1:8") for b, a in world.addresses.items()})

    def codes(there: World) -> list[int]:
        app = sms.create_app(there, hang=0).test_client()
        return [app.post("/send", json=text).status_code for text in texts(there)]

    assert codes(world) == codes(other)


def test_the_same_message_sent_twice_is_counted(world: World) -> None:
    app = sms.create_app(world, hang=0).test_client()
    text: Any = texts(world)[0]
    while app.post("/send", json=text).status_code != 200 or len(world.ledger.messages) < 2:
        pass
    assert truth(world, world.clock())["messages_twice"] == 1


@pytest.mark.parametrize("sent", [[], {}, {"to": "1"}, {"to": "1", "text": "x" * 5000}, "not json"])
def test_the_gateway_refuses_what_is_no_message(world: World, sent: Any) -> None:
    assert sms.create_app(world).test_client().post("/send", json=sent).status_code == 400


def test_a_running_city_serves_everything_and_stops(reference: Reference) -> None:
    with City(7, hours=12, reference=reference, hang=0) as city:
        assert [b.slug for b in city.boards] == ["lyw", "lyxxg", "dahe", "people"]
        for address in (*(b.url for b in city.boards), city.office_url + "services.json"):
            assert requests.get(address, timeout=5).status_code == 200
        thread = next(t for t in requested(city.world) if t.board == "lyw")
        assert city.world.find(f"见 {city.boards[0].url}forum.php?mod=viewthread&tid={thread.id}，请答复") is thread
        assert city.world.find(f"见{city.boards[0].url}thread-{thread.id}-1-1.html。") is thread
    with pytest.raises(requests.ConnectionError):
        requests.get(city.office_url, timeout=5)


def test_an_answer_that_hangs_is_cut_in_the_middle(reference: Reference) -> None:
    with City(7, reference=reference, hang=0) as city:
        hung = 0
        for thread in requested(city.world)[:120]:
            try:
                requests.post(city.office_url + "requests.json", data=form(city.world, thread), timeout=5)
            except requests.RequestException:
                hung += 1
                assert not thread.is_filed
        assert hung
