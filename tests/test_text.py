"""Body fragments to clean text, and Chinese times."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders import text as reading
from spiders.text import MAX_BODY, absolute, clean, line, parse_time

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 14, 5, 30, tzinfo=ZONE)


def at(text: str) -> str:
    return parse_time(text, ZONE, NOW).astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2011-10-2 10:01:02", "2011-10-02 10:01:02"),
        ("2011-10-02 10:01", "2011-10-02 10:01:00"),
        ("发表于 2011-10-2 10:01:02", "2011-10-02 10:01:02"),
        ("发表于: 2011-10-02", "2011-10-02 00:00:00"),
        ("回复时间：2020-12-02 11:38", "2020-12-02 11:38:00"),
        ("2011年10月2日 10:01", "2011-10-02 10:01:00"),
        ("2011年10月2日", "2011-10-02 00:00:00"),
        ("2011/10/2 8时5分", "2011-10-02 08:05:00"),
        ("11-23 13:00", "2026-11-23 13:00:00"),
        ("12-31 23:59", "2025-12-31 23:59:00"),
        ("刚刚", "2026-11-23 14:05:30"),
        ("13\xa0秒前", "2026-11-23 14:05:17"),
        ("24\xa0分钟前", "2026-11-23 13:41:30"),
        ("半小时前", "2026-11-23 13:35:30"),
        ("1\xa0小时前", "2026-11-23 13:05:30"),
        ("2小时前", "2026-11-23 12:05:30"),
        ("今天 08:00", "2026-11-23 08:00:00"),
        ("昨天\xa010:01", "2026-11-22 10:01:00"),
        ("前天\xa023:37", "2026-11-21 23:37:00"),
        ("昨天", "2026-11-22 00:00:00"),
        ("4\xa0天前", "2026-11-19 00:00:00"),
    ],
)
def test_a_time_is_read_as_the_forum_means_it(written: str, meant: str) -> None:
    assert at(written) == meant


def test_a_time_is_stored_in_utc() -> None:
    assert parse_time("2026-11-23 08:30", ZONE, NOW) == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert parse_time("昨天 10:01", ZONE, NOW).tzinfo is UTC


def test_yesterday_is_the_boards_yesterday_not_the_servers() -> None:
    just_past_midnight = datetime(2026, 11, 22, 16, 10, tzinfo=UTC)  # 00:10 on the 23rd in the city
    assert parse_time("昨天 23:50", ZONE, just_past_midnight) == datetime(2026, 11, 22, 15, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "很久以前",
        "2011-13-02 10:01",
        "2011-02-30",
        "0000-00-00 00:00",
        "2011-10-02 25:00",
        "99999天前",
        "1" * 50,
        "昨天的事",
    ],
)
def test_what_is_not_a_time_raises(words: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        parse_time(words, ZONE, NOW)


@given(
    st.text(max_size=60)
    | st.from_regex(r"\d{1,7}\s?(?:秒|分钟|小时|天)前|\d{4}-\d{1,2}-\d{1,2} \d\d:\d\d", fullmatch=True)
)
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_time_in_utc_or_a_value_error(words: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_time(words, ZONE, NOW).tzinfo is UTC


def test_quotes_signatures_notices_scripts_and_hidden_text_are_not_the_authors_words() -> None:
    fragment = """<i class="pstatus"> 本帖最后由 小周 于 2026-1-1 10:00 编辑 </i><div class="quote">别人的话</div>
      <blockquote class="blockquote3">别人的话</blockquote><script>坏</script><style>坏</style><font class="jammer">乱码</font>
      <span style="DISPLAY : none">看不见</span><span style="font-size:0px">看不见</span><!-- 注释 -->
      <div class="locked">隐藏</div>正文<div class="sign">签名</div><em onclick="copycode($('x'));">复制代码</em>"""
    assert clean(fragment, "http://x.test/").text == "正文"


def test_readable_sizes_are_not_taken_for_hidden_text() -> None:
    assert clean('<span style="font-size:0.8em">小字</span><p style="font-size:09px">也是</p>', "").text == "小字\n也是"


def test_breaks_and_paragraphs_become_lines_and_source_line_ends_do_not() -> None:
    assert clean("一<br />\n二<p>三</p><p>四</p>五\n六<br><br><br><br>七", "").text == "一\n二\n三\n\n四\n五 六\n\n七"


def test_entities_escaped_twice_are_restored_but_the_authors_own_markup_is_left() -> None:
    assert clean("&amp;#128512; &amp;#x1F600; &amp;nbsp; &lt;b&gt; &amp;#0;", "").text == "😀 😀 &nbsp; <b> \ufffd"
    assert line("瀍河 &#128549;\n  &lt;") == "瀍河 😥 &lt;"


def test_an_edit_notice_without_a_cell_of_its_own_is_cut_but_talk_of_editing_is_not() -> None:
    assert clean("话<br />[ 此帖被小周在2026-11-06 10:12重新编辑 ]", "").text == "话"
    assert clean("此帖被删了，我重新编辑再发", "").text == "此帖被删了，我重新编辑再发"


def test_marks_that_turn_writing_round_and_control_characters_are_dropped() -> None:
    assert clean("甲\u202e乙\u200b丙\x07", "").text == "甲乙丙"


def test_images_and_attachments_are_absolute_links_without_smilies_and_dangerous_schemes() -> None:
    body = clean(
        '<img src="none.gif" file="data/a.jpg"><img src="/b.png"><img src="static/image/smiley/x.gif" smilieid="1">'
        '<img src="javascript:alert(1)"><img src="data:image/png;base64,AA"><img src="http://[bad/">'
        '<span id="attach_1"><a href="forum.php?mod=attachment&amp;aid=9">信.doc</a> (40 KB)</span>',
        "http://x.test/bbs/",
    )
    assert body.images == ("http://x.test/bbs/data/a.jpg", "http://x.test/b.png")
    assert body.attachments == ("http://x.test/bbs/forum.php?mod=attachment&aid=9",)
    assert body.text == ""


def test_a_link_that_cannot_be_fetched_is_no_link() -> None:
    assert [absolute(link, "http://x.test/a") for link in ("", " ", "javascript:1", "ftp://x/", "//y.test/b")] == [
        "", "", "", "", "http://y.test/b",
    ]  # fmt: skip


def test_a_body_is_capped() -> None:
    assert len(clean("长" * (MAX_BODY + 5), "").text) == MAX_BODY


def test_deeply_nested_markup_is_read_without_running_out_of_stack() -> None:
    assert "底" in clean("<b>" * 200 + "底", "").text
    assert clean("<div>" * 2_000 + "底", "").text == "底"  # the page's own parser stops at 2,048


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_fragment_gives_text_without_control_characters(fragment: str) -> None:
    text = clean(fragment, "http://x.test/").text
    assert text == text.strip()
    assert not any(ord(c) < 32 and c != "\n" for c in text)


PIECES = ["字", "a ", "\n", " ", "\xa0", "&amp;", "&lt;", "&nbsp;", "&copy", "&amp;#128512;", "<br>", "<br/>", "<b>", "</b>", "<strong>", "</strong>",
          '<font color="red">', "</font>", "<", "<p>", "\x01", "\u200b", "[ 本帖最后由 x 于 2011-1-1 10:00 编辑 ]"]  # fmt: skip
CELLS = ["%s", '<td class="t_f" id="postmessage_1">%s</td>', '<div id="attach_1">%s</div>', '<div class="quote">%s</div>', "<p>%s</p>"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(CELLS))
def test_a_simple_body_reads_the_same_with_and_without_a_parser(pieces: list[str], cell: str) -> None:
    fragment = cell % "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_plain", lambda fragment: None)
        parsed = clean(fragment, "http://x.test/")
    assert clean(fragment, "http://x.test/") == parsed


def test_an_edit_notice_quoted_in_a_sentence_is_the_authors_own() -> None:
    notice = "本帖最后由 张三 于 2010-1-1 10:00 编辑"
    assert clean(f"{notice}<br />正文", "").text == "正文"
    assert clean(f"有人写“{notice}”，不对", "").text == f"有人写“{notice}”，不对"
    assert clean("此帖被管理员在2010-01-01 10:00重新编辑的事不假", "").text.startswith("此帖被管理员")


def test_only_characters_a_browser_would_send_by_number_are_restored() -> None:
    assert line("下水道&#128512; 和 &#39;原样&#39;") == "下水道😀 和 &#39;原样&#39;"


def test_the_notice_for_hidden_words_and_the_counter_of_a_file_are_not_the_authors() -> None:
    read = clean(
        '前<div class="f12 quoteTips">需要回复后才能看到</div>后<span id="att_12"><a href="job.php?aid=12">清单.doc</a>'
        " (12 K) 下载次数:3</span>",
        "http://bbs.example.test/",
    )
    assert read.text == "前后"
    assert read.attachments == ("http://bbs.example.test/job.php?aid=12",)
