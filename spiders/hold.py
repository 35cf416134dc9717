"""The right to read a board: one process has it at a time, keeps it while it reads, and owes the board a pause at the end.

A holder that died, or was cut off, loses it within twenty seconds and a pause. Whoever was given up for dead and is not finds out at
the next write, in whose transaction it is looked at, so that no board is written down by two.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from data.store import Store, StoreError

LEASE = timedelta(seconds=20)  # and as long again as the pause between two requests
RENEWED = 5.0  # seconds
LONGEST = timedelta(minutes=3)  # AutoThrottle's pauses end at one


class Lost(Exception):
    """Somebody else reads this board by now."""


class Hold:
    """``board`` for ``holder``, a name no other reading has; ``going`` says whether it is to be read on."""

    def __init__(
        self,
        store: Store,
        board: str,
        holder: str,
        clock: Callable[[], datetime],
        going: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._name, self._holder, self._clock, self._going = store, f"board/{board}", holder, clock, going
        self.over = False  # before the board was read to the end

    def take(self, pause: float) -> str | None:
        """Who else has it; None when it is ours now. ``pause``: seconds between two requests to the board."""
        lease = LEASE + timedelta(seconds=pause)
        with self._store.transaction():
            return self._store.runs.acquire(self._name, self._holder, self._clock(), lease, LONGEST)

    def renew(self, pause: float) -> bool:
        """Keep it; False when it is lost, or when the reading is to end."""
        until = self._clock() + LEASE + timedelta(seconds=pause)
        try:
            kept = self._store.runs.prolong(self._name, self._holder, until)
        except StoreError:
            return True  # the database is away for a moment; nothing is written without it
        self.over = self.over or not kept or not self._going()
        return not self.over

    def kept(self) -> bool:
        """Inside a transaction: is it ours until its end?"""
        kept = self._store.runs.holds(self._name, self._holder)
        self.over = self.over or not kept
        return kept

    def let_go(self, pause: float) -> None:
        """Let others have it once the board was left alone for ``pause`` seconds."""
        try:
            if not self._store.runs.prolong(self._name, self._holder, self._clock() + timedelta(seconds=pause)):
                self.over = True
        except StoreError:
            self.over = True  # it ends by itself
