"""The four boards as web applications: each page has the structure the real forum software gives it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from data.reference import Board
from demo.boards import discuz, people, phpwind, weather
from demo.world import World

ENGINES: dict[str, Callable[[World, Board], Flask]] = {
    "discuz": discuz.create_app,
    "phpwind": phpwind.create_app,
    "people": people.create_app,
}


def create_app(world: World, board: Board) -> Flask:
    """The web application of one board; LookupError for a software the city cannot imitate."""
    if board.engine not in ENGINES:
        raise LookupError(f"no make-believe board runs {board.engine}")
    app = ENGINES[board.engine](world, board)
    weather.trouble(app, world, board.slug)
    return app
