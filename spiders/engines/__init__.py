"""The forum softwares Liandong can read: one module each, named in boards.toml as ``engine``."""

from __future__ import annotations

from importlib import import_module
from typing import Literal, Protocol, cast

from data.reference import Board
from spiders.pages import Ask, ListPage, Page, ThreadPage

ENGINES = ("discuz", "phpwind9", "phpwind", "people", "dahe", "feed")


class Engine(Protocol):
    """What a module of this package offers. It knows a software, never a particular board."""

    @property
    def name(self) -> str: ...
    @property
    def sorted_by(self) -> Literal["last_post", "created"]: ...
    def recognise(self, text: str) -> bool:
        """Whether this page, as text, was made by this software."""

    def list_ask(self, board: Board, section: str, page: int = 1) -> Ask:
        """What to request for a section's list, sorted by last post where the software can."""

    def thread_ask(self, board: Board, thread: str, page: int = 1) -> Ask:
        """What to request for one page of a thread."""

    def read_list(self, page: Page, board: Board, section: str) -> ListPage:
        """Rows of a list page, and the next page if the pager shows one. Raises PageFailure."""

    def read_thread(self, page: Page, board: Board) -> ThreadPage:
        """Post and replies of a thread page. Raises PageFailure."""


class UnknownEngine(ValueError):
    """boards.toml names a software that no module reads."""


def get(name: str) -> Engine:
    """The module that reads this software, imported when first asked for. Raises UnknownEngine."""
    if name not in ENGINES:
        raise UnknownEngine(f"不认识论坛软件“{name}”；boards.toml 的 engine 可以写：{'、'.join(ENGINES)}")
    return cast(Engine, import_module(f"{__name__}.{name}"))


def identify(text: str) -> str | None:
    """The name of the software that made this page, or None when it is none of ours."""
    return next((name for name in ENGINES if get(name).recognise(text)), None)
