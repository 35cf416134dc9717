"""How an attempt to do something outside the house ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """SENT: done. RETRY: not done, or can be asked about; try again. FAILED: not done, trying again will not help."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"  # 结果不明: may have been done, and nobody can be asked


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt's result; ``answer`` is what the other side calls it, ``error`` a sentence in Chinese."""

    result: Result
    answer: str = ""
    error: str = ""
