"""A NUL typed or sent to the desk is a character like any other, also where the database cannot hold it."""

from __future__ import annotations

import pytest

from data.city import City
from tests.desk_city import PASSWORD, Clock, desk, login, staff, token

pytestmark = pytest.mark.both_stores
ASKED = ("q", "words", "unit", "since", "category", "board", "state", "by", "service_request_id")


@pytest.mark.parametrize(
    "url", ["/", "/search", "/tickets", "/report", "/audit", "/tickets/a%00b", "/posts/lyw/a%00b", "/requests.json"]
)
def test_a_nul_in_what_is_asked_is_no_failure(city: City, url: str) -> None:
    staff(city)
    client = login(desk(city, Clock()), "admin")
    for name in ASKED:
        assert client.get(url, query_string={name: "停\0水"}).status_code < 500


def test_a_nul_in_a_name_or_password_opens_nothing_and_fails_nothing(city: City) -> None:
    staff(city)
    client = desk(city, Clock()).test_client()
    for name, password in (("cl\0erk", PASSWORD), ("clerk", f"{PASSWORD}\0")):
        answer = client.post("/login", data={"name": name, "password": password, "csrf_token": token(client)})
        assert answer.status_code < 500
        assert client.get("/").status_code == 302
