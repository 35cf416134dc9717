"""The make-believe boards: pages with the structure of the real software, holding what the world says."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from data.reference import Reference
from demo import boards
from demo.clock import CITY, SteppedClock
from demo.thread import Thread
from demo.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
def world(reference: Reference) -> World:
    world = World(7, reference, SteppedClock())
    world.clock.advance(5 * HOUR)
    return world


def client(world: World, board: str) -> FlaskClient:
    app = boards.create_app(world, world.reference.board[board]).test_client()
    app.environ_base["HTTP_REFERER"] = "http://127.0.0.1/threads/list"
    return app


def page(world: World, board: str, path: str, status: int = 200) -> Any:
    answer = client(world, board).get(path)
    assert answer.status_code == status
    return html.document_fromstring(answer.data.decode("gb18030" if board in ("lyxxg", "dahe") else "utf-8"))


def shown(world: World, board: str) -> list[Thread]:
    return [t for t in world.threads if t.board == board and t.is_listed(world.clock())]


def when(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CITY)


def test_discuz_lists_every_thread_once_with_stickies_first_and_a_moved_row(world: World) -> None:
    found: list[str] = []
    for n in (1, 2, 3):
        tree = page(world, "lyw", f"/forum.php?mod=forumdisplay&fid=2&page={n}")
        assert len(tree.cssselect("tbody[id^=stickthread_]")) == (2 if n == 1 else 0)
        rows = tree.cssselect("tbody[id^=normalthread_]")
        found += [r.get("id").split("_")[1] for r in rows if r.cssselect("td.num a")[0].text != "-"]
        assert bool(tree.cssselect(".pg a.nxt")) == (n < 3)
    assert sorted(found) == sorted(t.id for t in shown(world, "lyw"))
    assert len([r for r in rows if r.cssselect("td.num a")[0].text == "-"]) == 1


def test_discuz_answers_a_page_past_the_end_with_the_last_one(world: World) -> None:
    ids = [
        [e.get("id") for e in page(world, "lyw", f"/forum-2-{n}.html").cssselect("tbody[id^=normalthread_]")]
        for n in (3, 99)
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("address", ["/forum.php?mod=viewthread&tid={}&page={}", "/thread-{}-{}-1.html"])
def test_discuz_threads_hold_what_the_world_says(world: World, address: str) -> None:
    for thread in shown(world, "lyw"):
        answers, posts = thread.shown(world.clock()), []
        for n in range(1, len(answers) // 10 + 2):
            tree = page(world, "lyw", address.format(thread.id, n))
            posts += [p for p in tree.cssselect("div[id^=post_]") if p.get("id")[5:].isdigit()]
        assert tree.cssselect("#thread_subject")[0].text_content() == thread.title
        said = [(p.cssselect(".authi a.xw1"), p.cssselect("em[id^=authorposton]")[0]) for p in posts]
        assert [a[0].text if a else None for a, _ in said] == [thread.author, *(a.author for a in answers)]
        exact = [t.cssselect("span")[0].get("title") if t.cssselect("span") else None for _, t in said]
        times = [thread.posted_at, *(a.at for a in answers)]
        assert [when(e) for e in exact if e] == [t for t, e in zip(times, exact, strict=True) if e]


def test_discuz_shows_recent_times_in_words_with_the_exact_one_in_the_title(world: World) -> None:
    tree = page(world, "lyw", f"/thread-{shown(world, 'lyw')[-1].id}-1-1.html")
    span = tree.cssselect("em[id^=authorposton] span")[0]
    assert span.text.endswith("前")
    assert len(span.get("title")) == 19


def test_discuz_says_404_for_a_thread_that_is_gone_and_200_for_what_is_for_members(world: World) -> None:
    one, other = shown(world, "lyw")[:2]
    one.deleted_at = other.login_from = world.clock()
    gone = page(world, "lyw", f"/forum.php?mod=viewthread&tid={one.id}", 404)
    assert "指定的主题不存在或已被删除" in gone.cssselect("#messagetext")[0].text_content()
    members = page(world, "lyw", f"/forum.php?mod=viewthread&tid={other.id}")
    assert "尚未登录" in members.cssselect("#messagetext")[0].text_content()
    listed = page(world, "lyw", "/forum-2-1.html").cssselect("tbody[id^=normalthread_]")
    assert f"normalthread_{one.id}" not in {e.get("id") for e in listed}


@pytest.mark.parametrize("board", ["lyxxg", "dahe"])
def test_phpwind_names_no_charset_and_holds_what_the_world_says(world: World, board: str) -> None:
    assert client(world, board).get("/thread-htm-fid-450.htm").headers["Content-Type"] == "text/html"
    for thread in shown(world, board):
        answers, posts = thread.shown(world.clock()), []
        for n in range(1, len(answers) // 10 + 2):
            posts += page(world, board, f"/read-htm-tid-{thread.id}-page-{n}.htm").cssselect("div.read_t")
        times = [when(p.cssselect(".tipTop span[title]")[0].get("title")) for p in posts]
        assert times == [thread.posted_at, *(a.at for a in answers)]
        names = [p.cssselect(".readName a")[0].text for p in posts]
        assert names == [thread.author or "匿名", *(a.author or "匿名" for a in answers)]
        body = posts[0].cssselect("#read_tpc")[0]
        for script in body.cssselect("script"):
            script.drop_tree()
        assert "".join(unescape(body.text_content()).split()) == "".join(unescape(thread.body).split())


def test_phpwind_lists_every_thread_once_with_the_exact_last_post_time(world: World) -> None:
    found: dict[str, str] = {}
    for n in (1, 2, 3):
        for row in page(world, "lyxxg", f"/thread-htm-fid-29-page-{n}.htm").cssselect("#threadlist tr.tr3"):
            link = row.cssselect("a[name=readlink]")[0]
            found[link.get("id")[7:]] = row.cssselect("td.author")[1].cssselect("p a")[0].get("title")
    threads = {t.id: t for t in (*shown(world, "lyxxg"), *world.pinned("lyxxg"))}
    assert set(found) == set(threads)
    for id, last in found.items():
        times = [threads[id].posted_at, *(a.at for a in threads[id].shown(world.clock()))]
        assert last == f"{max(times).astimezone(CITY):%Y-%m-%d %H:%M}"


def test_phpwind_refuses_with_a_page_of_status_200(world: World) -> None:
    one = shown(world, "dahe")[0]
    one.deleted_at = world.clock()
    for path in (f"/read-htm-tid-{one.id}.htm", "/read-htm-tid-1.htm", "/thread-htm-fid-77.htm"):
        assert "提示信息" in page(world, "dahe", path).findtext(".//title")


def test_a_character_outside_gbk_arrives_as_an_escaped_reference(world: World) -> None:
    thread = shown(world, "lyxxg")[0]
    thread.body = "热死了😀"
    assert b"&amp;#128512;" in client(world, "lyxxg").get(f"/read-htm-tid-{thread.id}.htm").data


def test_people_lists_by_thread_number_ten_at_a_time_from_the_last_seen(world: World) -> None:
    world.clock.advance(20 * HOUR)
    app, found, last = client(world, "people"), [], 0
    section = world.reference.board["people"].sections[0].id
    while rows := app.post("/threads/queryThreadsList", data={"fid": section, "lastItem": last}).get_json()[
        "responseData"
    ]:
        assert len(rows) <= 10
        found += [r["tid"] for r in rows]
        last = found[-1]
    assert found == sorted((int(t.id) for t in shown(world, "people") if t.section == section), reverse=True)


def test_people_wants_to_know_where_a_request_for_its_list_comes_from(world: World) -> None:
    app = boards.create_app(world, world.reference.board["people"]).test_client()
    assert app.post("/threads/queryThreadsList", data={"fid": "1001"}).status_code == 403


def test_a_people_thread_names_the_answering_organisation_and_its_minute(world: World) -> None:
    thread = next(t for t in shown(world, "people") if t.answers and t.answers[0].meets)
    world.clock.advance(24 * HOUR)
    tree = page(world, "people", f"/threads/content?tid={thread.id}")
    assert tree.cssselect(".context-title-text")[0].text_content() == thread.title
    reply, answer = tree.cssselect("li.reply")[0], thread.answers[0]
    assert reply.cssselect("h3 i.red")[0].text == answer.author
    assert f"回复时间：{answer.at.astimezone(CITY):%Y-%m-%d %H:%M}" in reply.text_content()
    rows = (
        client(world, "people").post("/threads/queryThreadsList", data={"fid": thread.section, "state": "4"}).get_json()
    )
    assert thread.id in {str(r["tid"]) for r in rows["responseData"] if r["stateInfo"] == "已办理"}


def test_posts_and_answers_appear_when_the_clock_reaches_them(world: World) -> None:
    coming = next(t for t in world.threads if t.board == "lyw" and t.posted_at > world.clock())
    page(world, "lyw", f"/thread-{coming.id}-1-1.html", 404)
    world.clock.advance(coming.posted_at - world.clock())
    page(world, "lyw", f"/thread-{coming.id}-1-1.html", 200)


def test_hostile_words_are_escaped_on_every_board(world: World) -> None:
    for board, path in (
        ("lyw", "/thread-{}-1-1.html"),
        ("dahe", "/read-htm-tid-{}.htm"),
        ("people", "/threads/content?tid={}"),
    ):
        thread = shown(world, board)[0]
        thread.title = thread.body = "<script>alert(1)</script>"
        assert b"<script>alert(1)" not in client(world, board).get(path.format(thread.id)).data


def test_one_board_is_down_for_two_hours_and_the_others_are_not(world: World) -> None:
    world.clock.advance(HOUR)
    app = client(world, "lyxxg")
    answers = [app.get(f"/thread-htm-fid-29-page-{n}.htm") for n in range(1, 21)]
    broken = [a for a in answers if a.status_code == 200 and int(a.headers["Content-Length"]) > len(a.data)]
    assert {a.status_code for a in answers if a not in broken} == {503}
    assert broken
    assert client(world, "dahe").get("/thread-htm-fid-450.htm").status_code == 200
    world.clock.advance(2 * HOUR)
    assert page(world, "lyxxg", "/thread-htm-fid-29.htm").cssselect("#threadlist")


@pytest.mark.parametrize("path", ["/thread-htm-fid-450.htm", "/thread.php?fid=450"])
def test_one_list_page_is_cut_short_once(world: World, path: str) -> None:
    world.clock.advance(10 * HOUR)
    app = client(world, "dahe")
    sizes = [len(app.get(path).data) for _ in range(3)]
    assert sizes[0] == 900 < sizes[1] == sizes[2]


def test_robots_are_welcome_except_where_the_administrators_go(world: World) -> None:
    assert b"Disallow: /admin.php" in client(world, "people").get("/robots.txt").data
