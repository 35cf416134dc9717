"""The desk in a real browser: a clerk's day by keyboard, hostile posts, two widths, and no script at all."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from data.city import City
from data.records import Action, Alert, AuditEntry, Event, Kind, OutboxEntry, OutboxState
from data.reference import Reference
from desk.people import add_user
from tests.desk_city import NOW, PASSWORD, Clock, _file, desk, enqueue, make, post, staff, suggestion
from ticketing import bridge, phones

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOOK = 300  # ms; a post must be in view a moment before Enter files it


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "no Chromium on this machine; on Debian: apt-get install chromium fonts-noto-cjk"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        expect.set_options(timeout=30_000)  # what understands posts is loaded for the first one
        yield browser
        browser.close()


class Silent(WSGIRequestHandler):
    """Prints nothing."""

    def log(self, *_: object) -> None: ...


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city")
    staff(city)
    return city


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address at which ``app`` answers meanwhile."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(city: City) -> Iterator[str]:
    with serving(desk(city, Clock())) as at:
        yield at


def sit_down(
    chromium: Browser,
    address: str,
    name: str = "clerk",
    width: int = 1440,
    *,
    script: bool = True,
    heed_policy: bool = True,
) -> Page:
    """A window of its own in which ``name`` has logged in by keyboard."""
    window = chromium.new_context(
        base_url=address,
        viewport={"width": width, "height": 900},
        locale="zh-CN",
        java_script_enabled=script,
        bypass_csp=not heed_policy,
    )
    page = window.new_page()
    page.set_default_timeout(10_000)
    page.goto("/login")
    expect(page.locator("input:focus")).to_have_count(1)  # on a busy machine the window is not in front at once
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(tickets|today)?$"))
    return page


def press(page: Page, *keys: str) -> int:
    """Press keys one after the other, having looked at the page first; returns how many."""
    page.wait_for_timeout(LOOK)
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def shown(page: Page, words: str) -> None:
    expect(page.locator("h1")).to_contain_text(words)


def test_a_clerks_day_needs_no_mouse(chromium: Browser, city: City, address: str) -> None:
    page = sit_down(chromium, address)
    shown(page, "着火了")
    expect(page.locator(".siren .ring")).to_have_text("119")

    press(page, "Enter", "a")  # an emergency is never filed by a slip of the finger
    press(page, "t")
    shown(page, "停水三天")
    keys = press(page, "Enter")
    shown(page, "路灯")
    expect(page.locator(".undo")).to_contain_text("已交办 市水务集团")

    keys += press(page, "c", *"szgc")
    expect(page.locator("#unit option:checked")).to_have_text("市政工程管理处")
    keys += press(page, "Enter")
    shown(page, "摄影活动")
    keys += press(page, "r", "1")
    expect(page.locator("h1")).to_have_text("队列里没有等待处理的帖子")
    assert keys == 9

    press(page, "u")
    shown(page, "摄影活动")
    expect(page.locator(".messages")).to_contain_text("已撤销，帖子回到队列")

    made = {t: city.store.decisions.of("lyw", t)[-1] for t in ("101", "102", "104")}
    assert [made[t].action for t in ("101", "102", "104")] == [Action.ACCEPT, Action.CORRECT, Action.REJECT]
    assert (made["102"].unit, made["102"].kind) == ("municipal-works", Kind.COMPLAINT)

    page.goto("/tickets")
    page.get_by_role("link", name="20110725-0001").press("Enter")
    shown(page, "自来水发黄")
    expect(page.locator(".floor.own")).to_contain_text("承办单位答复")
    page.context.close()


def test_a_double_press_does_not_file_the_next_post_unseen(chromium: Browser, city: City, address: str) -> None:
    page = sit_down(chromium, address)
    enter = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', code: 'Enter', bubbles: true}))"
    page.add_init_script(f"document.addEventListener('DOMContentLoaded', () => {{ {enter}; window.pressed = true }})")
    page.goto("/?post=lyw/101")
    assert page.evaluate("window.pressed") is True
    page.wait_for_timeout(LOOK)
    shown(page, "停水三天")
    assert city.store.decisions.of("lyw", "101") == []
    page.evaluate(enter)
    shown(page, "路灯")
    assert len(city.store.decisions.of("lyw", "101")) == 1
    page.context.close()


def test_next_and_previous_walk_the_queue(chromium: Browser, address: str) -> None:
    page = sit_down(chromium, address)
    for key, words in [("j", "停水三天"), ("j", "路灯"), ("k", "停水三天"), ("k", "着火了")]:
        page.keyboard.press(key)
        shown(page, words)
    page.context.close()


def test_keys_work_while_a_chinese_input_method_is_on(chromium: Browser, address: str) -> None:
    page = sit_down(chromium, address)
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Process', code: 'KeyJ', bubbles: true}))"
    )
    shown(page, "停水三天")
    page.context.close()


def test_typing_in_a_field_is_no_command(chromium: Browser, city: City, address: str) -> None:
    page = sit_down(chromium, address)
    page.goto("/?post=lyw/101")
    press(page, "c", *"ajkru")
    shown(page, "停水三天")
    expect(page.locator("#find")).to_have_value("ajkru")
    press(page, "Enter")  # no unit fits: the form is not sent
    shown(page, "停水三天")
    assert city.store.decisions.of("lyw", "101") == []
    page.context.close()


def test_two_clerks_see_each_other_and_one_post_is_decided_once(chromium: Browser, city: City, address: str) -> None:
    add_user(city, "wang", PASSWORD, "clerk", display="王敏", now=NOW)
    one, two = sit_down(chromium, address), sit_down(chromium, address, "wang")
    shown(one, "着火了")
    shown(two, "停水三天")  # the next one, without anybody asking for it
    expect(two.locator(".list li").first).to_contain_text("正在看")
    one.goto("/?post=lyw/101")
    expect(one.locator("#others")).to_have_text("王敏正在看这一条")
    two.bring_to_front()
    two.evaluate("dispatchEvent(new Event('focus'))")
    expect(two.locator("#others")).to_have_text("clerk正在看这一条")
    press(two, "Enter")
    shown(two, "路灯")
    one.bring_to_front()
    press(one, "Enter")
    shown(one, "着火了")  # the lamp is wang's already; this is the most urgent that nobody is at
    expect(one.locator(".messages")).to_contain_text("已由 王敏 处理：交办市水务集团")
    assert len(city.store.decisions.of("lyw", "101")) == 1
    one.context.close()
    two.context.close()


HOSTILE = (
    "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'><svg onload=window.hacked=1>"
    "<iframe src=javascript:window.parent.hacked=1></iframe><b onmouseover=window.hacked=1>停水</b>"
)


def test_hostile_posts_are_inert(chromium: Browser, city: City, address: str) -> None:
    with city.store.transaction():
        hostile = post("666", f"停水 {HOSTILE}", HOSTILE * 3, url="javascript:window.hacked=1")
        enqueue(city, hostile, suggestion("666", place=HOSTILE, needs_person=HOSTILE))
    page = sit_down(chromium, address)
    complaints: list[str] = []
    strangers: list[str] = []
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: strangers.append(request.url) if not request.url.startswith(address) else None)
    page.goto("/?post=lyw/666")
    page.locator(".post .body").hover()
    expect(page.locator(".post .body")).to_contain_text("<img src=x onerror")
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main iframe, main script, a[href^='javascript']").count() == 0
    assert (complaints, strangers) == ([], [])
    page.context.close()


def test_the_policy_stops_what_would_slip_through(chromium: Browser, address: str) -> None:
    page = sit_down(chromium, address)
    page.evaluate(
        "document.querySelector('main').innerHTML = '<img src=x onerror=\"window.hacked=1\"><p style=\"color:red\">x</p>'"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    page.context.close()


PAGES = (
    "/",
    "/?post=lyw/101",
    "/tickets",
    "/tickets/20110725-0001",
    "/report",
    "/boards",
    "/status",
    "/audit",
    "/admin",
    "/outbox",
    "/models",
    "/retention",
    "/password",
)


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_is_wider_than_its_window(chromium: Browser, address: str, width: int) -> None:
    page = sit_down(chromium, address, "admin", width)
    page.set_default_timeout(60_000)  # the first report brings along what reckons and draws
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert complaints == []
    page.context.close()


def test_the_queue_works_without_a_script(chromium: Browser, city: City, address: str) -> None:
    page = sit_down(chromium, address, script=False)
    page.goto("/?post=lyw/101")
    page.get_by_role("button", name="采纳并交办").click()
    shown(page, "路灯")
    page.locator("#correct summary").click()
    page.locator("#unit").select_option("lamps")
    page.get_by_role("button", name="更正后交办").click()
    shown(page, "摄影活动")
    page.locator("#reject summary").click()
    page.get_by_role("button", name="广告或违规内容").click()
    page.get_by_role("button", name="撤销").click()
    shown(page, "摄影活动")
    assert [city.store.decisions.of("lyw", t)[-1].action for t in ("101", "102")] == [Action.ACCEPT, Action.CORRECT]
    page.context.close()


@pytest.mark.parametrize("day", [date(2011, 7, 25), date(2026, 11, 26)])
def test_the_list_of_emergency_telephones_is_one_sheet_of_paper(
    chromium: Browser, reference: Reference, day: date
) -> None:
    page = chromium.new_page()
    page.set_content(phones.page("洛阳", reference, day))
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_hostile_text_is_inert_on_every_page(chromium: Browser, city: City, address: str) -> None:
    with city.store.transaction():
        for thread in ("666", "667"):
            enqueue(city, post(thread, f"停水 {HOSTILE}", HOSTILE * 3), suggestion(thread, place=HOSTILE))
        _file(city, "668", "20110725-0668", "water-group", f"停水 {HOSTILE}", hours=2)
        tables = city.reference()
        units = tuple(
            u.model_copy(update={"name": f"{u.name}<img src=x onerror=window.hacked=1>"}) for u in tables.units
        )
        city.store.reference.save(tables.model_copy(update={"units": units}))
        for kind in ("board", "surge", "dispatcher"):
            city.store.runs.alert(Alert(NOW, kind, HOSTILE, HOSTILE))
        failed = OutboxEntry(f"x/{HOSTILE}", "notice", HOSTILE, {}, NOW, NOW, OutboxState.FAILED, 1, error=HOSTILE)
        city.store.outbox.put(failed)
        city.store.people.record(AuditEntry(NOW, HOSTILE, HOSTILE, HOSTILE, HOSTILE))
        city.store.tickets.add_event(Event("20110725-0668", NOW, "note", HOSTILE, HOSTILE), "filed")
    bridge.begin(city, "20110725-0668", HOSTILE, "clerk", NOW)
    add_user(city, "mallory", PASSWORD, "clerk", display=HOSTILE)
    page = sit_down(chromium, address, "admin")
    complaints: list[str] = []
    page.on("dialog", lambda dialog: complaints.append(f"{page.url}: {dialog.message}"))
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    for path in (
        "/", "/?post=lyw/666", "/tickets", "/tickets/20110725-0668", "/search?q=停水", "/report", "/today", "/boards",
        "/report/tickets?counted=filed", "/status", "/outbox", "/audit", "/bridge", "/barometer", "/rota", "/enter",
        "/users", "/users/mallory", "/users/new", "/reference", "/reference/units", "/reference/units/entry?key=lamps",
        "/admin", "/models", "/retention",
    ):  # fmt: skip
        answer = page.goto(path)
        assert answer
        assert answer.status == 200, path
        assert page.evaluate("window.hacked") is None, path
        assert page.locator("main img[src=x], main iframe, main script, a[href^='javascript']").count() == 0, path
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_ticket_is_two_columns_on_a_desk_and_one_on_a_telephone(chromium: Browser, address: str, width: int) -> None:
    page = sit_down(chromium, address, "clerk", width)
    page.goto("/tickets/20110725-0001")
    boxes = [page.locator(f".whole > {part}").bounding_box() for part in (".facing", ".doing", ".thread", ".past")]
    facts, doing, thread, past = [box for box in boxes if box]
    assert (doing["x"] > facts["x"] + facts["width"]) is (width == 1440)
    assert (past["x"] > thread["x"] + thread["width"]) is (width == 1440)
    if width == 390:
        assert facts["y"] < doing["y"] < thread["y"] < past["y"]
        assert min(box["width"] for box in (facts, doing, thread, past)) > 340
    page.context.close()
