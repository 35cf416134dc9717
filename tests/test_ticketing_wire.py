"""How acts leave over HTTP: nothing of one exchange is carried into the next, and the environment is heeded."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests

from tests.listener import Listener
from ticketing import wire


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.stop()


def test_what_is_asked_arrives_as_requests_itself_would_send_it(listener: Listener) -> None:
    wire.post(listener.url + "/a", json={"to": "139"}, headers={"X-Own": "1", "user-agent": "Liandong"}, timeout=5)
    requests.post(listener.url + "/a", json={"to": "139"}, headers={"X-Own": "1", "user-agent": "Liandong"}, timeout=5)
    ours, theirs = listener.seen
    assert ours.body == theirs.body
    assert {k.lower(): v for k, v in ours.headers.items()} == {k.lower(): v for k, v in theirs.headers.items()}


def test_a_form_arrives_as_requests_itself_would_send_it(listener: Listener) -> None:
    form = {"title": "南昌路 停水&漏水", "attribute[number]": "20110725-0001", "phone": ""}
    wire.post(listener.url, data=form, timeout=5)
    requests.post(listener.url, data=form, timeout=5)
    ours, theirs = listener.seen
    assert ours.fields() == form
    assert ours.body == theirs.body
    assert {k.lower(): v for k, v in ours.headers.items()} == {k.lower(): v for k, v in theirs.headers.items()}


def test_a_connection_is_never_used_twice(listener: Listener) -> None:
    """On one that the other side closed meanwhile, an act could leave of which nobody knows whether it arrived."""
    ports: list[int] = []
    finish = listener.finish_request

    def noted(request: object, address: tuple[str, int]) -> None:
        ports.append(address[1])
        finish(request, address)  # type: ignore[arg-type]

    listener.finish_request = noted  # type: ignore[assignment, method-assign]
    for _ in range(3):
        wire.get(listener.url, timeout=5)
    assert len(set(ports)) == 3


def test_a_cookie_is_not_kept_for_the_next_act(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = BaseHTTPRequestHandler.end_headers

    def with_cookie(handler: BaseHTTPRequestHandler) -> None:
        handler.send_header("Set-Cookie", "who=me; Path=/")
        answer(handler)

    monkeypatch.setattr(BaseHTTPRequestHandler, "end_headers", with_cookie)
    assert wire.get(listener.url, timeout=5).cookies["who"] == "me"
    wire.get(listener.url, timeout=5)
    assert "Cookie" not in listener.seen[1].headers


def test_the_proxy_and_the_name_that_the_environment_knows_for_a_site_are_used(
    listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine office.invalid login me password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setattr(wire, "_line", wire._Line())  # other tests knew the site before
    monkeypatch.setenv("http_proxy", listener.url)
    monkeypatch.setenv("no_proxy", "")
    wire.get("http://office.invalid/x", {"a": "1"}, timeout=5)
    [seen] = listener.seen
    assert seen.headers["Authorization"].startswith("Basic ")
    assert (seen.headers["Host"], seen.query) == ("office.invalid", "a=1")


def test_an_address_that_is_none_is_an_error_requests_knows() -> None:
    with pytest.raises(requests.RequestException):
        wire.get("http://[::1", timeout=5)
