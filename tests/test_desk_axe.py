"""No page breaks a rule of axe-core (WCAG 2.1 A and AA, and good practice), at either width, whoever looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from data.city import City
from data.reference import Shift
from tests import build
from tests.desk_city import NOW, Clock, desk, login, make, staff, suggestion
from tests.test_desk_access import ROLES, ROUTES
from tests.test_desk_browser import address, chromium, sit_down
from ticketing import by_hand, search

__all__ = ["address", "chromium"]  # fixtures
# Pages of every role; addresses that answer with a file or with data are none.
NO_PAGES = ("/report/file", "/report/chart", "/queue/news", "/pages/", ".zip", ".csv", "/audit/file")
HEAVIEST = 300 * 1024  # bytes
PAGES = [
    (role, path)
    for endpoint, (method, path, status, may) in ROUTES.items()
    for role, allowed in zip(ROLES, may, strict=True)
    if method == "GET" and status == 200 and allowed == "+" and not any(part in path for part in NO_PAGES)
]
# What only some pages show.
MORE = [
    ("clerk", "/?post=lyw/104"),
    ("clerk", "/?post=refuses/9"),  # 人工
    ("clerk", "/tickets/20110725-0009"),
    ("admin", "/reference/rota/new"),
    ("clerk", "/search?q=自来水"),
    ("clerk", "/search?q=没有这样的词"),
    ("leader", "/report?since=2030-01-01"),
    ("clerk", "/nowhere"),
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = build.refuses(make(tmp_path_factory.mktemp("axe") / "city"))
    staff(city)
    by_hand.enter(city, "http://bbs.refuses.example/thread-9-1-1.html", "停水三天", "没人管", "", NOW, "clerk", NOW)
    with city.store.transaction():
        city.store.decisions.suggest([suggestion("9", board="refuses")])
        build.save_ticket(city, number="20110725-0009", board="refuses", thread="9", filed_at=NOW)
        shift = Shift(name="王敏", days=("工作日",), start=time(8), end=time(18), user="clerk")
        city.store.reference.save(city.reference().model_copy(update={"rota": (shift,)}))
    search.index(city)
    return city


@pytest.fixture(scope="module")
def served(city: City) -> Iterator[str]:
    yield from address.__wrapped__(city)  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=[1440, 390])
def windows(request: pytest.FixtureRequest, chromium: Browser, served: str) -> Iterator[dict[str, Page]]:
    """Each role's window, logged in; the page's own policy keeps axe's script out, so this browser does not heed it."""
    opened: list[BrowserContext] = []
    pages = {}
    for role in ROLES:
        page = sit_down(chromium, served, role, request.param, heed_policy=False)
        opened.append(page.context)
        pages[role] = page
    yield pages
    for window in opened:
        window.close()


def test_the_login_page_breaks_no_rule(chromium: Browser, served: str) -> None:
    window = chromium.new_context(base_url=served, bypass_csp=True)
    page = window.new_page()
    page.goto("/login")
    check(page)
    window.close()


@pytest.mark.parametrize(("role", "path"), [*PAGES, *MORE])
def test_no_page_breaks_a_rule(windows: dict[str, Page], role: str, path: str) -> None:
    page = windows[role]
    page.goto(path, timeout=60_000)  # the first report brings along what draws its charts
    for details in page.locator("details").all():
        details.evaluate("e => { e.open = true }")
    check(page)


@pytest.mark.parametrize(("role", "path"), [(r, p) for r, p in [*PAGES, *MORE] if not p.startswith("/report")])
def test_no_page_but_a_report_is_heavy(city: City, role: str, path: str) -> None:
    assert len(login(desk(city, Clock()), role).get(path).data) <= HEAVIEST


def test_a_page_that_breaks_a_rule_is_found_out(chromium: Browser) -> None:
    window = chromium.new_context()
    page = window.new_page()
    page.set_content("<html lang='zh'><title>x</title><main><h1>x</h1><img src='x.png'><input></main></html>")
    with pytest.raises(AssertionError, match="image-alt") as broken:
        check(page)
    assert "label" in str(broken.value)
    window.close()


def check(page: Page) -> None:
    found = Axe().run(page)
    broken = [
        f"{rule['id']}: {rule['help']}: " + "; ".join(node["html"][:150] for node in rule["nodes"][:3])
        for rule in found.response["violations"]
    ]
    assert not broken, "\n".join(broken)
