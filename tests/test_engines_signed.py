"""The signed interface of 人民网: asked only with the office's own code, signed as it wants, and no code of ours."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from data import reference
from data.reference import Board, Section
from spiders.engines import dahe, feed, people
from spiders.pages import JsonAsk

ROOT = Path(__file__).parent.parent
CODE = "MADE-UP-CODE"


def board(**given: object) -> Board:
    entry = {
        "slug": "b",
        "name": "b",
        "engine": "people",
        "url": "http://x.test/",
        "sections": [Section(id="9", name="b")],
    }
    return Board.model_validate({**entry, **given})


@pytest.mark.parametrize("ask", [people.list_ask(board(), "9"), people.thread_ask(board(), "7")])
def test_without_a_code_the_signed_interface_is_not_asked(ask: object) -> None:
    assert not isinstance(ask, JsonAsk)


def test_no_shipped_board_has_a_code() -> None:
    assert [b.app_code for b in reference.load().boards] == [""] * len(reference.load().boards)
    for path in (ROOT / "spiders").rglob("*.py"):
        assert not re.search(r"\bPC[0-9a-f]{14}\b", path.read_text(encoding="utf-8")), path


def test_a_thread_is_asked_for_with_the_offices_code_and_a_signature_over_path_and_parameters() -> None:
    ask = people.thread_ask(board(app_code=CODE), "7")
    assert isinstance(ask, JsonAsk)
    assert (ask.method, ask.url) == ("POST", "http://x.test/v1/threads/content?tid=7")
    assert json.loads(str(ask.json["param"])) == {"tid": "7", "fromTrash": 0}
    half = hashlib.md5(CODE.encode()).hexdigest()[:16]
    signed = f"/v1/threads/content{ask.json['param']}{half}"
    assert ask.json["signature"] == hashlib.md5(signed.encode()).hexdigest()
    assert (ask.json["appCode"], ask.json["token"]) == (CODE, "")


def test_the_signed_list_goes_on_from_the_last_message() -> None:
    first = people.list_ask(board(app_code=CODE), "9")
    following = people._after(board(app_code=CODE), "9", "7000")
    assert isinstance(first, JsonAsk)
    assert isinstance(following, JsonAsk)
    assert [json.loads(str(a.json["param"]))["lastItem"] for a in (first, following)] == ["", "7000"]


def test_dahe_is_asked_in_json_at_the_addresses_that_are_known() -> None:
    listed, thread = dahe.list_ask(board(), "450"), dahe.thread_ask(board(), "7")
    assert isinstance(listed, JsonAsk)
    assert isinstance(thread, JsonAsk)
    assert (listed.method, listed.url) == ("POST", "http://x.test/pc/index/article/list")
    assert (listed.json["current"], listed.json["size"]) == (1, dahe.SIZE)
    assert thread.url.startswith("http://x.test/pc/index/article/detail")


@pytest.mark.parametrize(
    ("section", "url"),
    [("rss.php?fid=2", "http://x.test/rss.php?fid=2"), ("http://other.x.test/feed", "http://other.x.test/feed")],
)
def test_a_feeds_section_is_its_address_within_the_board_or_whole(section: str, url: str) -> None:
    assert feed.list_ask(board(), section).url == url
