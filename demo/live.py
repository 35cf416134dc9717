"""The city left running with the desk open: the visitor is the clerk, and a minute passes every second."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import click

from data.city import City, open_city
from demo.city import City as MakeBelieve
from demo.command import show
from demo.story import STEP, Story, begin, summary
from desk.people import first_admin
from desk.web.serve import serve
from ticketing.cycle import Busy

HANDED_OVER = timedelta(
    hours=9
)  # of story left when the visitor takes the clerk's chair: it is just before the evening
PACE = 60  # seconds of the city's time in one of ours


def show_city(story: Story, stop: threading.Event) -> None:
    """Let time pass, and a cycle run every five minutes of it, until the visitor leaves."""
    mine = Story(story.outside, open_city(story.city.folder), story.suggester)
    while not stop.is_set():
        for _ in range(int(STEP.total_seconds() / PACE)):
            stop.wait(1)
            story.outside.clock.advance(timedelta(seconds=PACE))
        try:
            mine.turn(clerk=False)
        except Busy as error:
            click.echo(str(error), err=True)


def show_desk(city: City, story: Story, port: int) -> None:
    """Serve the desk until Ctrl-C."""
    admin = first_admin(city)

    def ready(address: str) -> None:
        click.echo(f"\n值班页面：{address}")
        if admin:
            click.echo(f"用户名 {admin[0]}  密码 {admin[1]}（只显示这一次）")
        click.echo("城市的时间每秒走一分钟，新帖子会继续来；按 Ctrl-C 结束。")

    serve(city, story.outside.clock, "127.0.0.1", port, ready)


def run(seed: int, folder: Path, hours: int, port: int) -> None:
    """The story told quickly with a simulated clerk, then the city handed over to the visitor."""
    with MakeBelieve(seed=seed, hours=hours) as outside:
        story = begin(outside, folder)
        began = time.monotonic()
        click.echo("正在讲这座城市的前一段故事（约一分钟）……")
        story.play(outside.clock() + timedelta(hours=hours) - HANDED_OVER)
        show({"seed": seed, **summary(story), "seconds": round(time.monotonic() - began, 1)})
        stop = threading.Event()
        threading.Thread(target=show_city, args=(story, stop), name="city", daemon=True).start()
        try:
            show_desk(open_city(folder), story, port)
        except KeyboardInterrupt:
            click.echo("再见。")
        finally:
            stop.set()
