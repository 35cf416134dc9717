"""The clock of the make-believe city: time stands still while a cycle runs, then jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")
START = datetime(2011, 7, 25, 0, 0, tzinfo=UTC)  # a Monday, 08:00 in Luoyang


class SteppedClock:
    """Calling it gives the time, aware and in UTC; it moves only when told to."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("the clock needs an aware time")
        self._now = start.astimezone(UTC).replace(microsecond=0)
        self._lock = Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Jump forward by ``by`` and return the new time; ValueError when that would be backwards."""
        if by < timedelta(0):
            raise ValueError("the clock does not go back")
        with self._lock:
            self._now += by
            return self._now
