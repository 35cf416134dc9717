"""A day of each who works at the desk, in a real browser and without a mouse: clerk, liaison officer, leader, administrator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from data.city import City
from data.records import Choice
from desk.people import add_user
from tests import build
from tests.desk_city import NOW, PASSWORD, PHONE, Clock, desk, enqueue, make, post, staff, suggestion
from tests.test_desk_browser import LOOK, chromium, press, serving, shown, sit_down

__all__ = ["chromium"]  # a fixture

# What a clerk finds right with a hundred posts: how often, and the keys it takes once the post is read.
WORK: dict[str, tuple[int, Sequence[str]]] = {
    "采纳": (76, ("Enter",)),
    "更正": (8, ("c", *"szgc", "Enter")),  # 市政工程管理处, by the initials of its pinyin
    "驳回": (8, ("r", "1")),
    "并入": (4, ("m", "1")),
    "拆分": (4, ("s", *"rlgs", "Enter")),  # 热力公司
}
UNDONE = (5, 50)  # after so many posts the clerk takes the last one back and does it again


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", queue=False)
    staff(city)
    return city


@pytest.fixture
def served(city: City, clock: Clock) -> Iterator[str]:
    with serving(desk(city, clock)) as address:
        yield address


def fill(city: City) -> None:
    """A hundred posts of every sort in the queue, mixed; the title says what is right for each."""
    words = [word for word, (count, _) in WORK.items() for _ in range(count)]
    mixed = [words[i * 37 % len(words)] for i in range(len(words))]
    with city.store.transaction():
        for i, word in enumerate(mixed):
            title, body = f"{word}：第 {i:03} 件", f"门牌 {i * 7919 % 9973} 号的事，请帮忙看看。"
            if word == "并入":
                title, body = f"{title}，供热管道井盖丢了", f"供热管道井盖丢了，希望尽快处理，我的电话是{PHONE}。"
            units = (Choice("water-group", 0.83), Choice("housing-bureau", 0.1))
            enqueue(city, post(f"9{i:03}", title, body, 400 - i), suggestion(f"9{i:03}", units=units))


def do(page: Page, word: str) -> int:
    """What the clerk does with the post that is open; how many keys it took."""
    keys = WORK[word][1]
    if keys[0] == "Enter":  # no post is filed that nobody can have read
        page.wait_for_timeout(LOOK)
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def test_a_hundred_posts_by_keyboard_alone(chromium: Browser, city: City, served: str) -> None:
    fill(city)
    page = sit_down(chromium, served)
    page.set_default_timeout(20_000)
    pressed: Counter[str] = Counter()
    for done in range(100):
        title = page.locator("h1").inner_text()
        word = title[:2]
        pressed[word] += do(page, word)
        expect(page.locator("h1")).not_to_have_text(title)
        if done in UNDONE:
            pressed["撤销"] += press(page, "u")
            shown(page, title)
            pressed[word] += do(page, word)
            expect(page.locator("h1")).not_to_have_text(title)
    shown(page, "队列里没有等待处理的帖子")
    page.context.close()

    decided = [city.store.decisions.of("lyw", f"9{i:03}")[-1] for i in range(100)]
    assert Counter(str(d.action) for d in decided) == {"accept": 76, "correct": 16, "reject": 8}
    assert sum(d.reason.startswith("并入工单 20110725-0002") for d in decided) == 4
    again = sum(pressed[word] - WORK[word][0] * len(WORK[word][1]) for word in WORK)
    assert pressed["撤销"] == len(UNDONE)
    whole = sum(count * len(keys) for count, keys in WORK.values())
    assert pressed.total() == whole + again + len(UNDONE)
    assert whole == 172  # of a hundred posts; the repeats after an undo come on top
    assert pressed.total() <= 200


def test_after_ten_seconds_there_is_nothing_to_take_back(
    chromium: Browser, city: City, served: str, clock: Clock
) -> None:
    fill(city)
    page = sit_down(chromium, served)
    first = page.locator("h1").inner_text()
    do(page, "采纳")
    expect(page.locator("h1")).not_to_have_text(first)
    second = page.locator("h1").inner_text()
    clock.forward(seconds=11)
    page.reload()
    expect(page.locator(".undo")).to_have_count(0)
    press(page, "u")
    shown(page, second)
    assert city.store.decisions.stage("lyw", "9000") == "decided"
    page.context.close()


def test_a_liaison_officers_day(chromium: Browser, city: City, served: str) -> None:
    build.save_thread(city, board="lyw", thread="301", title="南昌路水压太低", posted_at=NOW - timedelta(hours=2))
    filed = {"filed_at": NOW - timedelta(hours=1), "reply_due": NOW + timedelta(hours=3), "urgency": "days", "days": 5}
    build.save_ticket(
        city, number="20110725-0003", board="lyw", thread="301", title="南昌路水压太低", unit="water-group", **filed
    )
    page = sit_down(chromium, served, "liaison")
    expect(page.locator("table.tickets")).to_contain_text("20110725-0003")
    expect(page.locator("table.tickets")).not_to_contain_text("20110725-0002")  # another unit's
    assert page.goto("/tickets/20110725-0002").status == 404  # type: ignore[union-attr]

    page.goto("/tickets")
    page.get_by_role("link", name="20110725-0003").press("Enter")
    expect(page.locator(".ends")).to_contain_text("还剩 3 小时")
    page.get_by_role("button", name="签收").press("Enter")
    expect(page.locator(".messages")).to_contain_text("已签收")

    page.get_by_role("button", name="退单").press("Enter")  # without a word of why
    expect(page.locator(".messages")).to_contain_text("退单要写明理由")
    page.get_by_label("说明").press_sequentially("要等配件到货")
    page.get_by_label("延期几个工作日").press_sequentially("3")
    page.get_by_role("button", name="申请延期").press("Enter")
    expect(page.get_by_text("申请延期 3 个工作日，等待审核")).to_be_visible()

    page.get_by_label("说明").press_sequentially("已派人到场，明天上午换泵")
    page.get_by_role("button", name="答复").press("Enter")
    expect(page.locator(".timeline")).to_contain_text("已派人到场，明天上午换泵")
    assert city.store.tickets.state("20110725-0003") == "answered"
    assert [e.move for e in city.store.tickets.events("20110725-0003")] == ["file", "accept", "ask_extension", "answer"]
    page.context.close()


def test_a_leaders_day(chromium: Browser, city: City, served: str) -> None:
    page = sit_down(chromium, served, "leader")
    page.set_default_timeout(60_000)  # the first report brings along what reckons and draws
    shown(page, "今日一览")
    tile = page.locator("section.card", has=page.get_by_role("heading", name="今天交办"))
    number = int(tile.get_by_role("link").inner_text())
    assert number == 2
    tile.get_by_role("link").press("Enter")
    expect(page.locator("table.tickets tbody tr")).to_have_count(number)

    page.goto("/today")
    page.locator("#late summary").press("Enter")
    page.locator("#late").get_by_role("link", name="20110725-0002").press("Enter")
    shown(page, "供热管道井盖丢了")
    expect(page.locator("main")).not_to_contain_text(PHONE)
    assert page.get_by_role("button", name="督办").count() == 0  # a leader sees, clerks do
    page.get_by_role("button", name="查看联系方式（会记录在案）").press("Enter")
    expect(page.locator("main")).to_contain_text(PHONE)
    assert [e.who for e in city.store.people.audit() if e.what == "查看联系方式"] == ["leader"]

    page.goto("/report")
    cell = page.locator("table.figures").first.locator("td a").first
    number = int(cell.inner_text())
    cell.press("Enter")
    expect(page.locator("table.tickets tbody tr")).to_have_count(number)
    for path, words in (("/barometer", "民情"), ("/boards", "论坛"), ("/bridge", "连心桥"), ("/rota", "值班")):
        page.goto(path)
        expect(page.locator("main")).to_contain_text(words)
    page.context.close()


def test_an_administrators_day(chromium: Browser, city: City, served: str) -> None:
    page = sit_down(chromium, served, "admin")
    page.goto("/users")
    page.get_by_role("link", name="添加用户").press("Enter")
    page.get_by_label("用户名").press_sequentially("wang")
    page.get_by_label("姓名").press_sequentially("王敏")
    page.get_by_role("button", name="添加，并生成密码").press("Enter")
    password = page.locator("output").inner_text()

    page.goto("/reference/rota")
    page.locator(".filters").get_by_role("link", name="添加").press("Enter")
    page.get_by_label("值班人").press_sequentially("王敏")
    page.get_by_label("哪些日子").press_sequentially("每天")
    page.locator("#start").fill("08:00")
    page.locator("#end").fill("18:00")
    page.get_by_label("登录用的用户名").press_sequentially("wang")
    page.get_by_role("button", name="保存").press("Enter")
    expect(page.locator(".messages")).to_contain_text("已添加")
    expect(page.locator(".top .duty")).to_have_text("值班 王敏")

    page.goto("/reference/units/entry?key=lamps")
    page.get_by_label("联络员手机").fill("13900001111")
    page.get_by_role("button", name="保存").press("Enter")
    expect(page.locator(".messages")).to_contain_text("已保存 lamps")
    assert city.reference().unit["lamps"].phone == "13900001111"
    page.goto("/audit")
    for what in ("添加用户", "添加参考表", "更改参考表"):
        expect(page.locator("main")).to_contain_text(what)
    page.goto("/users")
    page.get_by_role("button", name="停用 clerk").press("Enter")
    expect(page.locator(".messages")).to_contain_text("已停用 clerk")
    page.context.close()

    window = chromium.new_context(base_url=served)
    newcomer = window.new_page()
    newcomer.goto("/login")
    newcomer.get_by_label("用户名").press_sequentially("wang")
    newcomer.locator("input[type=password]").press_sequentially(password)
    newcomer.keyboard.press("Enter")
    newcomer.wait_for_url(re.compile("/password$"))  # nothing before a password of one's own
    window.close()


def test_a_post_is_entered_by_hand_without_a_mouse(chromium: Browser, city: City, served: str) -> None:
    build.refuses(city)
    add_user(city, "wang", PASSWORD, "clerk", display="王敏", now=NOW)
    page = sit_down(chromium, served, "wang")
    page.set_default_timeout(30_000)  # what understands posts is loaded for the first one
    page.goto("/enter")
    page.keyboard.type("http://bbs.refuses.example/thread-9-1-1.html")
    page.get_by_label("帖子内容").press_sequentially("南昌路停水三天，没人管。")
    page.get_by_label("发帖时间").fill("2011-07-25T13:00")
    page.get_by_label("发帖人").press("Enter")
    shown(page, "南昌路停水三天")
    expect(page.locator(".post .chip.hand")).to_have_text("人工")
    expect(page.locator(".messages")).to_contain_text("分析好了")
    page.context.close()
