"""The desk's pages as pictures for the manual: the make-believe city at nine in the evening after the storm.

make pictures        writes docs/pictures/*.png, with Chromium through Playwright (both are there for development)
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from demo.city import City as MakeBelieve
from demo.story import STEP, Story, begin
from desk.people import add_user
from desk.web import create_app
from ticketing import search

if TYPE_CHECKING:
    from playwright.sync_api import Page

PLAYED, LEFT = timedelta(hours=12, minutes=30), timedelta(minutes=25)  # the clerk has left for the last of it
PASSWORD = "pictures-of-the-desk"  # noqa: S105 - of a city that is gone in a minute
WIDE, NARROW = 1280, 390
CHINESE: dict[str, str | float | bool] = {
    **os.environ,
    "LANGUAGE": "zh_CN",
    "LANG": "zh_CN.UTF-8",
}  # or a date's field says mm/dd/yyyy
COLOURS = 64  # a page has few
# Name of the picture -> who looks, at what, how wide, and what is pressed first.
PICTURES: Mapping[str, tuple[str, str, int, str]] = {
    "queue": ("clerk", "/", WIDE, ""),
    "correct": ("clerk", "/", WIDE, "c"),
    "queue-narrow": ("clerk", "/", NARROW, ""),
    "ticket": ("clerk", "/tickets/{late}", WIDE, ""),
    "search": ("clerk", "/search?q=停水", WIDE, ""),
    "tickets-unit": ("liaison", "/tickets", WIDE, ""),
    "ticket-unit": ("liaison", "/tickets/{own}", WIDE, ""),
    "today": ("leader", "/today", WIDE, ""),
    "report": ("leader", "/report", WIDE, ""),
    "barometer": ("leader", "/barometer", WIDE, ""),
    "status": ("admin", "/status", WIDE, ""),
    "users": ("admin", "/users", WIDE, ""),
    "tables": ("admin", "/reference/units", WIDE, ""),
    "models": ("admin", "/models", WIDE, ""),
    "audit": ("admin", "/audit", WIDE, ""),
}
HEIGHT = 900
UNIT = "power-company"


class Silent(WSGIRequestHandler):
    """Prints nothing."""

    def log(self, *_: object) -> None: ...


def draw(folder: Path) -> None:
    """Write every picture into ``folder``."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("没有 Chromium；Debian 上：apt-get install chromium fonts-noto-cjk")
    folder.mkdir(parents=True, exist_ok=True)
    with _city() as (address, numbers), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], env=CHINESE)
        for name, (who, path, width, key) in PICTURES.items():
            window = browser.new_context(base_url=address, viewport={"width": width, "height": HEIGHT}, locale="zh-CN")
            page = window.new_page()
            _enter(page, who)
            page.goto(path.format(**numbers))
            if key:
                page.keyboard.press(key)
            page.wait_for_timeout(300)
            page.screenshot(path=folder / f"{name}.png")
            _shrink(folder / f"{name}.png")
            window.close()
        browser.close()


def _enter(page: Page, who: str) -> None:
    page.goto("/login")
    page.fill("#name", who)
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _shrink(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


@contextmanager
def _city() -> Iterator[tuple[str, Mapping[str, str]]]:
    """The address of a desk with staff, and the numbers of the tickets shown."""
    with tempfile.TemporaryDirectory() as folder, MakeBelieve(seed=1, hours=18) as outside:
        story = begin(outside, Path(folder) / "city")
        _play(story)
        for role in ("clerk", "leader", "admin", "liaison"):
            unit = UNIT if role == "liaison" else None
            add_user(story.city, role, PASSWORD, role, unit=unit, display=DISPLAY[role], now=story.now)
        app = create_app(story.city, outside.clock)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", _numbers(story)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            story.city.store.close()


DISPLAY = {"clerk": "王芳", "leader": "李建国", "admin": "陈静", "liaison": "赵强"}


def _play(story: Story) -> None:
    """The day up to the evening; for the last of it nobody decides, so that posts wait."""
    end = story.now + PLAYED
    story.play(end - LEFT)
    while story.now < end:
        story.outside.clock.advance(STEP)
        story.turn(clerk=False)
    search.index(story.city)


def _numbers(story: Story) -> Mapping[str, str]:
    standing, tickets = story.city.store.tickets.standing(), list(story.city.store.tickets.tickets())
    late = next(t for t in tickets if (v := standing.get(t.number)) and v.name == "late")
    own = next(t for t in tickets if t.unit == UNIT)
    return {"late": late.number, "own": own.number}


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/pictures"))
