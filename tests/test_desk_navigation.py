"""The main navigation: what each role finds in it, its menus by keyboard, and the word when a page takes a while."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, expect

from data.city import City
from desk.people import add_user
from desk.web.access import ACCESS
from desk.web.navigation import MENUS
from tests.desk_city import NOW, PASSWORD, Clock, desk, login, make, staff
from tests.test_desk_browser import chromium, serving, sit_down

__all__ = ["chromium"]  # a fixture

BAR = {
    "clerk": ["今日", "队列", "录入", "工单", "检索", "报告", "运行"],
    "liaison": ["工单", "检索"],
    "leader": ["今日", "队列", "工单", "检索", "报告", "运行"],
    "admin": ["今日", "队列", "录入", "工单", "检索", "报告", "运行", "管理"],
}


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city")
    staff(city)
    return city


@pytest.fixture
def app(city: City) -> Flask:
    return desk(city, Clock())


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.mark.parametrize("role", BAR)
def test_a_role_finds_all_its_pages_and_no_other(app: Flask, role: str) -> None:
    nav = login(app, role).get("/tickets").text.partition('<nav aria-label="主导航">')[2].partition("</nav>")[0]
    in_bar = re.sub(r"<div>.*?</div>", "", nav)
    assert re.findall(r">([一-鿿]+)</(?:a|summary)>", in_bar) == BAR[role]
    names = {endpoint: name for pages in MENUS.values() for endpoint, name in pages.items()}
    shown = set(re.findall(r">([一-鿿]+)</a>", nav))
    assert shown == {name for endpoint, name in names.items() if role in ACCESS[endpoint]}


@pytest.mark.parametrize(
    ("path", "name", "menu"),
    [
        ("/tickets/20110725-0001", "工单", ""),
        ("/report/tickets?counted=filed", "时限报表", "报告"),
        ("/status", "运行状态", "运行"),
        ("/boards", "论坛", "运行"),
        ("/reference/units", "参考表", "管理"),
    ],
)
def test_the_page_that_is_open_is_marked_and_so_is_its_menu(app: Flask, path: str, name: str, menu: str) -> None:
    page = login(app, "admin").get(path).text
    assert re.findall(r'aria-current="page">([^<]+)<', page) == [name]
    assert re.findall(r'<summary class="here">([^<]+)<', page) == ([menu] if menu else [])


def test_before_the_own_password_there_is_nowhere_to_go(app: Flask, city: City) -> None:
    add_user(city, "newcomer", PASSWORD, "clerk", fresh=True, now=NOW)
    page = login(app, "newcomer").get("/password").text
    assert "请先改成自己的" in page
    assert 'href="/tickets"' not in page


def test_who_may_not_open_the_administration_is_not_sent_there(app: Flask) -> None:
    assert 'href="/admin"' not in login(app, "clerk").get("/audit").text


@pytest.mark.parametrize("width", [1440, 390])
def test_menus_open_one_at_a_time_by_keyboard(chromium: Browser, served: str, width: int) -> None:
    page = sit_down(chromium, served, "admin", width)
    page.goto("/status")
    page.locator("summary", has_text="报告").press("Enter")
    expect(page.get_by_role("link", name="晴雨表")).to_be_visible()
    page.locator("summary", has_text="管理").press("Enter")
    expect(page.get_by_role("link", name="晴雨表")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="保存期限")).to_be_hidden()
    expect(page.locator("summary:focus")).to_have_text("管理")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("用户")
    header = page.locator("header").bounding_box()
    assert header
    assert header["height"] <= 100
    page.context.close()


# Keeps what the page said while the next one was awaited.
WATCH = """
const wait = document.querySelector("#wait");
localStorage.removeItem("said");
new MutationObserver(() => { if (wait.textContent) localStorage.setItem("said", wait.textContent); }).observe(wait, {childList: true});
"""


@pytest.mark.parametrize(("seconds", "said"), [(0.0, None), (1.0, "正在打开……")])
def test_a_page_that_takes_a_while_says_so_and_a_quick_one_does_not(
    chromium: Browser, app: Flask, served: str, seconds: float, said: str | None
) -> None:
    @app.before_request
    def slow() -> None:
        if request.path == "/today":
            time.sleep(seconds)

    page = sit_down(chromium, served)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/rota")
    page.evaluate(WATCH)
    page.get_by_role("link", name="今日", exact=True).press("Enter")
    expect(page.locator("h1")).to_have_text("今日一览")
    assert page.evaluate("localStorage.getItem('said')") == said
    expect(page.locator("#wait")).to_be_empty()
    assert complaints == []
    page.context.close()
