"""A newcomer's first day: an address becomes an entry, over HTTP, and nothing is written that could not be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from data import reference
from data.city import City
from desk import cli
from spiders import asking
from spiders.newcomer import ChooseSections, Unrecognised, meet
from tests.build import MakeCity
from tests.forum import Forum
from tests.reading import HOUR, NOW

AGENT = "Liandong/0.1"


@pytest.fixture
def forum() -> Iterator[Forum]:
    made = Forum()
    for n in range(1, 8):
        made.write(n, NOW - n * HOUR, title=f"路灯不亮 {n}", replies=n - 1)
    made.topics[6].sticky = True
    yield made
    made.server.shutdown()
    made.server.server_close()


def section(forum: Forum) -> str:
    return f"{forum.url}forum.php?mod=forumdisplay&fid=2"


def test_a_front_page_lists_its_sections_and_asks_which(forum: Forum) -> None:
    with pytest.raises(ChooseSections) as asked:
        meet(forum.url, AGENT, pause=0)
    assert [(s.id, s.name) for s in asked.value.offered] == [("2", "民声"), ("3", "闲聊")]


def test_a_front_page_with_sections_chosen_becomes_an_entry_that_can_be_read(forum: Forum) -> None:
    met = meet(forum.url, AGENT, "small", "小论坛", ["2", "3"], pause=0)
    assert met.board.model_dump(include={"slug", "name", "engine", "url", "rewritten"}) == {
        "slug": "small",
        "name": "小论坛",
        "engine": "discuz",
        "url": forum.url,
        "rewritten": False,
    }
    assert [(s.id, s.name) for s in met.board.sections] == [("2", "民声"), ("3", "闲聊")]
    assert [(post.title, replies) for post, replies in met.posts] == [
        ("路灯不亮 1", 0),
        ("路灯不亮 2", 1),
        ("路灯不亮 3", 2),
        ("路灯不亮 4", 3),
        ("路灯不亮 5", 3),
    ], "five posts, stickies last; of the fifth the first page's replies"


def test_a_sections_page_is_that_section(forum: Forum) -> None:
    met = meet(section(forum), AGENT, pause=0)
    assert [(s.id, s.name) for s in met.board.sections] == [("2", "民声")]


@pytest.mark.parametrize(
    ("hours", "zone"), [(8, "Asia/Shanghai"), (9, "Etc/GMT-9"), (-5, "Etc/GMT+5"), (0, "Etc/GMT+0")]
)
def test_the_clock_at_the_foot_of_its_page_tells_a_boards_zone(forum: Forum, hours: int, zone: str) -> None:
    there = datetime.now(UTC) + timedelta(hours=hours)
    forum.broken["&shown"] = f"{forum.page(section(forum))[1]}<p>GMT{hours:+d}, {there:%d-%m-%Y %I:%M %p}</p>"
    assert meet(f"{section(forum)}&shown", AGENT, pause=0).board.zone == zone


def test_a_site_of_unknown_software_with_a_feed_is_read_by_its_feed(forum: Forum) -> None:
    forum.broken["about"] = (
        '<!DOCTYPE html><html><head><title>本地生活</title><link rel="alternate" type="application/rss+xml" '
        'href="/feed.xml"></head><body></body></html>'
    )
    met = meet(f"{forum.url}about", AGENT, pause=0)
    assert (met.board.engine, met.board.sections[0].id, met.board.url) == ("feed", "feed.xml", forum.url)
    assert len(met.posts) == 5


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("403", "先向对方申请许可"),
        ("away", "别的网站"),
        ("loop", "没有尽头"),
        ("huge", "太大"),
        ("<html><body>公司简介</body></html>", "认不出"),
        ("<html><head><title>x - Powered by Discuz!</title></head></html>", "没有版块的链接"),
    ],
    ids=["refused", "off the board", "redirect loop", "20 MB", "unknown", "no sections"],
)
def test_an_address_that_cannot_become_a_board_says_why(forum: Forum, broken: str, says: str) -> None:
    forum.broken["/start"] = broken
    with pytest.raises(Unrecognised, match=says):
        meet(f"{forum.url}start", AGENT, pause=0)


def test_a_server_that_drips_is_left(forum: Forum, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "DEADLINE", 0.5)
    forum.broken["/start"] = "drip"
    with pytest.raises(Unrecognised, match="太慢"):
        meet(f"{forum.url}start", AGENT, pause=0)


def test_robots_txt_is_asked_first_and_its_no_is_an_answer(forum: Forum) -> None:
    forum.robots = "User-agent: *\nDisallow: /forum.php\n"
    with pytest.raises(Unrecognised, match="robots"):
        meet(section(forum), AGENT, pause=0)
    assert forum.asked == ["/robots.txt"]


def test_a_board_whose_threads_cannot_be_read_is_not_added(forum: Forum) -> None:
    forum.broken["viewthread"] = "503"
    with pytest.raises(Unrecognised, match="一个也读不了"):
        meet(section(forum), AGENT, pause=0)


def test_one_thread_that_cannot_be_read_is_told_and_the_others_shown(forum: Forum) -> None:
    forum.broken["tid=2"] = "503"
    met = meet(section(forum), AGENT, pause=0)
    assert [post.thread for post, _ in met.posts] == ["1", "3", "4", "5"]
    assert met.failures[0].startswith("2：")


def call(city: City, *arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ["--dir", str(city.folder), *arguments])


@pytest.fixture
def quick(make_city: MakeCity) -> City:
    return make_city("[crawl]\ndelay = 0\n")


def test_the_command_writes_the_entry_into_store_and_file(quick: City, forum: Forum) -> None:
    done = call(quick, "boards", "add", forum.url, "--section", "2", "--slug", "small", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert [p["title"] for p in answer["posts"]][:2] == ["路灯不亮 1", "路灯不亮 2"]
    assert [s["id"] for s in answer["sections"]] == ["2", "3"]
    assert quick.reference().board["small"].engine == "discuz"
    assert reference.load(quick.folder / "reference").board["small"] == quick.reference().board["small"]


def test_the_command_writes_nothing_until_a_section_is_chosen(quick: City, forum: Forum) -> None:
    done = call(quick, "boards", "add", forum.url, "--slug", "small")
    assert done.exit_code == 2
    assert "民声" in done.output
    assert "--section" in done.output
    assert "small" not in quick.reference().board


def test_the_offices_app_code_is_not_printed(quick: City) -> None:
    tables = quick.reference()
    people = tables.board["people"].model_copy(update={"app_code": "the-office-s-own"})
    others = [b for b in tables.boards if b.slug != "people"]
    with quick.store.transaction():
        quick.store.reference.save(tables.model_copy(update={"boards": (people, *others)}))
    done = call(quick, "boards", "--json")
    assert done.exit_code == 0
    assert "the-office-s-own" not in done.output
