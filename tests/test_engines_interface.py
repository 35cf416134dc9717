"""What every engine asks for, which software it recognises, and what is printed of saved pages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data.records import ReadOutcome
from data.reference import Board, Section
from spiders import engines, saved
from spiders.pages import PageFailure

PAGES = Path(__file__).with_name("pages")


def board(engine: str, *, rewritten: bool = False) -> Board:
    sections = (Section(id="450", name="民声"),)
    return Board(slug="b", name="b", engine=engine, url="http://x.test/", sections=sections, rewritten=rewritten)


def test_an_unknown_engine_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(engines.UnknownEngine, match="discuz、phpwind9、phpwind、people、dahe、feed"):
        engines.get("os")


@pytest.mark.parametrize("name", engines.ENGINES)
def test_every_engine_says_its_name_and_its_order(name: str) -> None:
    assert engines.get(name).name == name
    assert engines.get(name).sorted_by in ("last_post", "created")


@pytest.mark.parametrize(
    ("engine", "rewritten", "listed", "second", "thread", "third"),
    [
        (
            "discuz",
            False,
            "forum.php?mod=forumdisplay&fid=450&filter=lastpost&orderby=lastpost&forumdefstyle=yes",
            "forum.php?mod=forumdisplay&fid=450&filter=lastpost&orderby=lastpost&forumdefstyle=yes&page=2",
            "forum.php?mod=viewthread&tid=7",
            "forum.php?mod=viewthread&tid=7&page=3",
        ),
        (
            "discuz",
            True,
            "forum.php?mod=forumdisplay&fid=450&filter=lastpost&orderby=lastpost&forumdefstyle=yes",
            "forum.php?mod=forumdisplay&fid=450&filter=lastpost&orderby=lastpost&forumdefstyle=yes&page=2",
            "thread-7-1-1.html",
            "thread-7-3-1.html",
        ),
        (
            "phpwind",
            False,
            "thread.php?fid=450",
            "thread.php?fid=450&page=2",
            "read.php?tid=7",
            "read.php?tid=7&page=3",
        ),
        (
            "phpwind",
            True,
            "thread-htm-fid-450.htm",
            "thread-htm-fid-450-page-2.htm",
            "read-htm-tid-7.htm",
            "read-htm-tid-7-page-3.htm",
        ),
    ],
)
def test_lists_and_threads_are_asked_for_as_the_software_expects(
    engine: str, rewritten: bool, listed: str, second: str, thread: str, third: str
) -> None:
    e, b = engines.get(engine), board(engine, rewritten=rewritten)
    asks = [e.list_ask(b, "450"), e.list_ask(b, "450", 2), e.thread_ask(b, "7"), e.thread_ask(b, "7", 3)]
    assert [ask.url for ask in asks] == [f"http://x.test/{path}" for path in (listed, second, thread, third)]


def test_the_people_list_is_a_form_with_a_referer() -> None:
    ask = engines.get("people").list_ask(board("people"), "3611")
    assert (ask.method, ask.url, ask.form) == (
        "POST",
        "http://x.test/threads/queryThreadsList",
        {"fid": "3611", "lastItem": "0"},
    )
    assert ask.headers["Referer"] == "http://x.test/threads/list?fid=3611"


@pytest.mark.parametrize(
    ("page", "software"),
    [
        ("discuz/thread_first_page.html", "discuz"),
        ("discuz/thread_deleted.html", "discuz"),
        ("discuz/list.html", "discuz"),
        ("phpwind9/thread.html", "phpwind9"),
        ("phpwind9/list.html", "phpwind9"),
        ("phpwind/thread_deleted.html", "phpwind"),
        ("people/list.json", "people"),
        ("people/thread_unanswered.html", "people"),
        ("discuz/thread_refused.html", None),
    ],
)
def test_each_software_is_recognised_by_its_own_engine_only(page: str, software: str | None) -> None:
    text = (PAGES / page).read_bytes().decode("utf-8", "replace")
    assert [name for name in engines.ENGINES if engines.get(name).recognise(text)] == ([software] if software else [])


def test_words_in_a_post_do_not_change_what_software_a_page_is_of() -> None:
    text = (PAGES / "phpwind/thread_first_page.html").read_bytes().decode("gb18030")
    talk = text.replace("北边家属院", "Powered by Discuz! content=&quot;Discuz! 领导留言板 responseData 北边家属院")
    assert engines.identify(talk) == "phpwind"


def test_a_saved_thread_prints_one_object_with_the_citys_times() -> None:
    (found,) = saved.parse("discuz", PAGES / "discuz" / "thread_first_page.html")
    assert (found["thread"], found["title"], found["author"]) == ("1203", "路灯三盏不亮", "老李")
    assert found["posted_at"] == "2026-11-02T20:10:05+08:00"
    assert [reply["floor"] for reply in found["replies"]] == [2, 3, 5]
    assert set(found["replies"][0]) == {"id", "floor", "author", "posted_at", "body"}


def test_a_later_page_of_a_saved_thread_has_replies_and_no_post() -> None:
    (found,) = saved.parse(board("phpwind"), PAGES / "phpwind" / "thread_last_page.html")
    assert (found["thread"], found["posted_at"], found["body"]) == ("300", None, None)
    assert [reply["id"] for reply in found["replies"]] == ["60"]


def test_a_saved_list_prints_one_object_a_row() -> None:
    found = list(saved.parse(board("phpwind"), PAGES / "phpwind" / "list.html"))
    assert [row["thread"] for row in found] == ["88", "300", "301", "302"]
    assert found[0]["sticky"]
    assert found[3]["state"] == "closed"
    assert found[1]["last_post_at"] == "2026-11-23T13:58:00+08:00"


def test_relative_times_of_a_saved_page_count_from_the_pages_own_clock() -> None:
    (found,) = saved.parse("discuz", PAGES / "discuz" / "thread_recent_times.html")
    assert found["replies"][0]["posted_at"] == "2026-11-23T13:35:00+08:00"  # half an hour before the 14:05 of its foot


def test_a_saved_people_thread_is_numbered_by_its_file_or_by_the_url_given(tmp_path: Path) -> None:
    copy = tmp_path / "detail_tid900.html"
    shutil.copy(PAGES / "people" / "thread_unanswered.html", copy)
    assert [found["thread"] for found in saved.parse("people", copy)] == ["900"]
    asked = saved.parse("people", PAGES / "people" / "thread_unanswered.html", "http://x.test/threads/content?tid=77")
    assert [found["thread"] for found in asked] == ["77"]


@pytest.mark.parametrize(
    ("engine", "file", "outcome"),
    [
        ("discuz", "discuz/thread_deleted.html", ReadOutcome.GONE),
        ("discuz", "discuz/list_of_another_template.html", ReadOutcome.MALFORMED),
        ("discuz", "phpwind/list.html", ReadOutcome.WRONG_SOFTWARE),
        ("people", "people/list_wants_a_signature.json", ReadOutcome.FORBIDDEN),
    ],
)
def test_a_saved_page_that_is_neither_list_nor_thread_says_why(engine: str, file: str, outcome: ReadOutcome) -> None:
    with pytest.raises(PageFailure) as caught:
        list(saved.parse(engine, PAGES / file))
    assert caught.value.outcome is outcome
