"""How often somebody asked within the last minute; of this process only, which is enough to slow a mistake or a stranger down."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

WRONG = 30  # keys, or passwords, a minute from one address


class Meter:
    """Counts by name of who asked."""

    def __init__(self) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def passes(self, most: int, who: str) -> bool:
        """Count one more, unless there were ``most`` of them."""
        return bool(self._windows.hit(RateLimitItemPerMinute(most), who))

    def full(self, most: int, who: str) -> bool:
        """Were there as many, without counting one?"""
        return not self._windows.test(RateLimitItemPerMinute(most), who)


def install(app: Flask) -> None:
    app.extensions["meter"] = Meter()


def the_meter() -> Meter:
    return cast(Meter, current_app.extensions["meter"])


def address() -> str:
    """Where the request came from: the machine itself where a trusted proxy says which it is."""
    return request.remote_addr or ""
