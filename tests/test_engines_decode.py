"""Which encoding a page is read in, and when it is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.records import ReadOutcome
from spiders.pages import Page, PageFailure, decode

TEXT = "瀍河区的路灯坏了，镕"


def page(body: bytes, content_type: str = "text/html") -> Page:
    return Page("http://x.test/", 200, {"content-type": content_type}, body, datetime.now(UTC))


def test_gbk_and_gb2312_are_read_as_gb18030() -> None:
    body = (TEXT + "😀㛃").encode("gb18030")
    for label in ("gbk", "GB2312", "x-gbk", "gb18030"):
        assert decode(page(body, f"text/html; charset={label}")) == TEXT + "😀㛃"


def test_the_entry_comes_before_the_header_and_the_header_before_the_meta() -> None:
    meta = b'<meta charset="utf-8">'
    assert TEXT in decode(page(meta + TEXT.encode("gbk"), "text/html; charset=gbk"))
    assert TEXT in decode(page(meta + TEXT.encode("gbk"), "text/html; charset=utf-8"), "gbk")


def test_the_pages_own_meta_is_used_when_the_header_names_none() -> None:
    assert TEXT in decode(
        page(b'<meta http-equiv="Content-Type" content="text/html; charset=gbk" />' + TEXT.encode("gbk"))
    )


def test_without_a_word_utf_8_is_tried_before_gb18030() -> None:
    assert decode(page(TEXT.encode())) == TEXT
    assert decode(page(TEXT.encode("gb18030"))) == TEXT
    assert decode(page("\ufeff".encode() + TEXT.encode())) == TEXT


def test_a_header_that_cannot_be_true_gives_way_to_what_fits() -> None:
    assert decode(page(TEXT.encode("gb18030") * 20, "text/html; charset=utf-8")) == TEXT * 20
    assert decode(page(TEXT.encode(), "text/html; charset=iso-8859-1")) == TEXT
    assert decode(page(TEXT.encode(), "text/html; charset=rot13")) == TEXT


def test_one_character_cut_in_the_middle_does_not_lose_the_page() -> None:
    cut = TEXT.encode("gbk")[:-1] + b"<br>" + TEXT.encode("gbk") * 10
    assert "\ufffd" in decode(page(cut, "text/html; charset=gbk"))


def test_more_than_a_thousandth_of_bad_characters_is_refused() -> None:
    with pytest.raises(PageFailure, match="encoding") as caught:
        decode(page(TEXT.encode("gbk") * 50), "utf-8")
    assert caught.value.outcome is ReadOutcome.UNDECODABLE


def test_replacement_characters_that_a_poster_wrote_do_not_count_as_bad() -> None:
    body = ("\ufffd" * 50 + TEXT).encode() + b"\xff"
    assert decode(page(body, "text/html; charset=utf-8")).startswith("\ufffd" * 50 + TEXT)


def test_an_entry_with_an_unknown_encoding_says_which_are_known() -> None:
    with pytest.raises(PageFailure, match="gb18030"):
        decode(page(b""), "latin-9")
