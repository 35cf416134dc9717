"""``liandong worker``: one of several processes, on one machine or more, that share a city's boards and what is to be sent."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from typing import Any

import click

from data.city import City
from desk import stages
from desk.commands.common import city_of, local, now, pass_folder


@click.command()
@pass_folder
def worker(folder: str | None) -> None:
    """与别的机器分担读论坛和发送（要 PostgreSQL，并在 liandong.toml 写 [workers] every_minutes）。"""
    city = city_of(folder)
    city.reference()
    asyncio.run(_work(city))


async def _work(city: City) -> None:
    from ticketing.workers import Worker

    def tell(what: str, found: Mapping[str, Any]) -> None:
        words = stages.words(found)
        if words or not found or what not in stages.STAGES:  # a stage in which nothing happened is not news
            line = "：".join(filter(None, (stages.STAGES.get(what, what), words)))
            click.echo(f"{local(now(), city)} {''.join(c for c in line if c.isprintable())}")

    one = Worker(city, now, tell)
    working = asyncio.ensure_future(one.work())

    def end() -> None:
        one.ending.set()
        working.cancel()

    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, end)
    click.echo(f"{local(now(), city)} 工作进程已开始")
    await working
