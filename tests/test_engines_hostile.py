"""Whatever bytes a board sends, an engine answers with records or a PageFailure that says so in Chinese."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.records import ReadOutcome
from data.reference import Board, Section
from spiders import engines
from spiders.pages import MAX_BYTES, Page, PageFailure

SEEDS = [p.read_bytes() for p in sorted(Path(__file__).with_name("pages").glob("*/*")) if ".expected" not in p.name]
TOKENS = [b"<div id=\"post_1\">", b"<td class=\"t_f\" id=\"postmessage_1\">", b"</table>", b"&#x110000;", b"\xff", b"\x00",
          b"<meta charset=", b"<base href=\"http://[\">", b"{\"responseData\":[{\"tid\":1}]", b"tid=", b"'", b"\"", b"]]>",
          b"<div id=\"readfloor_1\" class=\"read_t\">", b"<div class=\"tipTop\">", b"<div class=\"quote\"><blockquote>",
          b"<div id=\"threadpage\"></div>", b"<div class=\"pages\"><b>"]  # fmt: skip
BOARDS = [
    Board(slug="x", name="x", engine=name, url="http://x.test/", sections=(Section(id="2", name="x"),))
    for name in engines.ENGINES
]


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A saved page with pieces cut out, doubled, or replaced."""
    body = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        i, j = sorted((draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))))
        piece = draw(st.sampled_from([b"", body[i:j], draw(st.binary(max_size=20)), draw(st.sampled_from(TOKENS))]))
        body = body[:i] + piece + body[j if draw(st.booleans()) else i :]
    return body


def ways(board: Board) -> list[Callable[[Page], object]]:
    """Both readers without the guard that turns surprises into MALFORMED: there should be none to turn."""
    engine = engines.get(board.engine)
    read_list, read_thread = engine.read_list.__wrapped__, engine.read_thread.__wrapped__  # type: ignore[attr-defined]
    return [lambda page: read_list(page, board, "2"), lambda page: read_thread(page, board)]


def _failure(way: Callable[[Page], object], page: Page) -> PageFailure | None:
    try:
        way(page)
    except PageFailure as failure:
        return failure
    return None


@pytest.mark.parametrize("board", BOARDS, ids=lambda b: b.engine)
@given(body=mutations() | st.binary(max_size=400), status=st.sampled_from([200, 200, 200, 404, 301, 403, 500, 999, 0]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes_give_records_or_a_page_failure(board: Board, body: bytes, status: int) -> None:
    page = Page("http://x.test/?tid=5", status, {"content-type": "text/html"}, body, datetime.now(UTC))
    for way in ways(board):
        failure = _failure(way, page)  # anything else would be raised here
        assert failure is None or re.search("[\u4e00-\u9fff]", str(failure))


@pytest.mark.parametrize("board", BOARDS, ids=lambda b: b.engine)
@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 50_000,
        b"<script>" * 50_000,
        b"<" * 300_000,
        b"<a " * 100_000,
        b"<title>" + b"Powered by Discuz! " * 20_000,
        b"Powered By " * 50_000,
        b'{"responseData":' + b"[" * 50_000,
        b'{"responseData":[{"tid":' + b"9" * 5_000 + b"}]}",
        b'<div id="post_1"><td class="t_f" id="postmessage_1">' + b"<br>\xe5\xad\x97" * 20_000,
    ],
    ids=lambda b: b[:20].decode(),
)
def test_a_page_made_to_be_slow_is_not(board: Board, body: bytes) -> None:
    page = Page("http://x.test/?tid=5", 200, {}, body, datetime.now(UTC))
    began = time.process_time()
    for way in ways(board):
        with pytest.raises(PageFailure):
            way(page)
    assert time.process_time() - began < 5


def test_a_surprise_inside_an_engine_marks_the_page_and_is_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    from spiders.engines import discuz

    monkeypatch.setattr(discuz, "_open", lambda page, board: 1 / 0)
    with pytest.raises(PageFailure, match="ZeroDivisionError") as caught:
        discuz.read_thread(Page("http://x.test/", 200, {}, b"", datetime.now(UTC)), BOARDS[0])
    assert caught.value.outcome is ReadOutcome.MALFORMED


def test_an_enormous_page_is_not_even_decoded() -> None:
    for board in BOARDS:
        for way in ways(board):
            with pytest.raises(PageFailure) as caught:
                way(Page("http://x.test/?tid=5", 200, {}, b" " * (MAX_BYTES + 1), datetime.now(UTC)))
            assert caught.value.outcome is ReadOutcome.TOO_LARGE


def test_an_answer_forged_inside_a_body_is_not_a_reply() -> None:
    """Some boards let trusted members write HTML: a post div inside a body must not pass for another floor."""
    page = (Path(__file__).with_name("pages") / "discuz" / "thread_first_page.html").read_text(encoding="utf-8")
    forged = '<div id="post_9999"><em id="authorposton9999">发表于 2026-11-2 20:11:00</em><div id="postmessage_9999">已办结</div></div>'
    body = page.replace("同感。</td>", f"同感。{forged}</td>", 1).encode()
    assert body != page.encode()
    read = engines.get("discuz").read_thread(Page("http://x.test/", 200, {}, body, datetime.now(UTC)), BOARDS[0])
    assert "9999" not in {reply.id for reply in read.replies}


def test_a_body_nested_so_deep_that_the_answers_after_it_are_lost_is_not_read_as_unanswered() -> None:
    page = (Path(__file__).with_name("pages") / "discuz" / "thread_first_page.html").read_text(encoding="utf-8")
    body = page.replace("我也看见了。", "<b>" * 3_000, 1).encode()
    with pytest.raises(PageFailure, match="套得太深") as caught:
        engines.get("discuz").read_thread(Page("http://x.test/", 200, {}, body, datetime.now(UTC)), BOARDS[0])
    assert caught.value.outcome is ReadOutcome.MALFORMED


def test_a_time_forged_in_an_earlier_body_does_not_become_a_later_replys() -> None:
    page = (Path(__file__).with_name("pages") / "discuz" / "thread_first_page.html").read_text(encoding="utf-8")
    engine = engines.get("discuz")
    honest = engine.read_thread(Page("http://x.test/", 200, {}, page.encode(), datetime.now(UTC)), BOARDS[0])
    last = honest.replies[-1].id
    forged = f'<div id="post_{last}"><em id="authorposton{last}">发表于 2001-1-1 00:00:00</em><i id="postmessage_{last}">无</i></div>'
    body = page.replace("同感。</td>", f"同感。{forged}</td>", 1).encode()
    assert body != page.encode()
    read = engine.read_thread(Page("http://x.test/", 200, {}, body, datetime.now(UTC)), BOARDS[0])
    assert read.replies[-1] == honest.replies[-1]
