"""The whole make-believe city, running: four boards, the office system and the SMS gateway on loopback."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

from data import reference as tables
from data.reference import Board, Reference
from demo import boards, office, sms
from demo.clock import START, SteppedClock
from demo.plot import BOARDS
from demo.server import Server
from demo.world import World

SECTIONS = {"people": 3}  # how many sections of a board are served; one unless said here


class City:
    """``with City(seed) as city:`` runs it; ``city.boards`` are the reference's boards at their loopback addresses.

    ``hang``: seconds the office and the gateway leave a client waiting before they cut the line.
    """

    def __init__(
        self,
        seed: int,
        hours: int = 36,
        reference: Reference | None = None,
        start: datetime = START,
        hang: float = 1.0,
    ) -> None:
        self.reference = reference or tables.load()
        self.clock = SteppedClock(start)
        served = tuple(_served(self.reference.board[slug]) for slug in BOARDS)
        here = self.reference.model_copy(update={"boards": served})
        self.world = World(seed, here, self.clock, start, hours)
        self._boards = {b.slug: Server(boards.create_app(self.world, b)) for b in served}
        self._office = Server(office.create_app(self.world, hang))
        self._sms = Server(sms.create_app(self.world, hang))
        self.boards = tuple(b.model_copy(update={"url": self._boards[b.slug].url}) for b in served)
        self.world.addresses.update({b.slug: b.url for b in self.boards})
        self.office_url, self.sms_url = self._office.url, self._sms.url

    def __enter__(self) -> Self:
        for server in self._servers():
            server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers():
            server.stop()

    def _servers(self) -> tuple[Server, ...]:
        return (*self._boards.values(), self._office, self._sms)


def _served(board: Board) -> Board:
    sections = board.sections[: SECTIONS.get(board.slug, 1)]
    return board.model_copy(update={"sections": sections, "enabled": True, "refused": ""})
