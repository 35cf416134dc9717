"""Time as it is paid for: by the clock on the wall, and by the processor, which the machine's other work does not lengthen."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of the clock (waiting for the disk included) and of the processor (all threads of this process)."""

    clock: float = 0.0
    processor: float = 0.0

    @classmethod
    def now(cls) -> Spent:
        """Since some moment that is always the same."""
        return cls(time.perf_counter(), time.process_time())

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.clock + other.clock, self.processor + other.processor)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.clock - other.clock, self.processor - other.processor)

    def __truediv__(self, parts: float) -> Spent:
        return Spent(self.clock / parts, self.processor / parts)

    def times(self, other: Spent) -> str:
        """How many times ``other`` this is, by either."""
        return (
            f"{self.clock / other.clock:.2f} x by the clock, {self.processor / other.processor:.2f} x by the processor"
        )

    def each(self, parts: float) -> str:
        """Milliseconds of one of so many ``parts``."""
        one = self / max(parts, 1)
        return f"{1000 * one.clock:.2f} ms ({1000 * one.processor:.2f} of the processor)"
