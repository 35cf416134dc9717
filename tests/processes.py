"""``liandong`` as processes of their own, for tests of what several of them do to one city."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A command on the city in ``folder``; what it says goes to a file beside the city, and its address is in it."""
    log = (folder / f"{words[0]}-{time.monotonic_ns()}.log").open("w", encoding="utf-8")
    with log:
        return subprocess.Popen(
            [sys.executable, "-u", "-c", "from desk.cli import main; main()", "--dir", str(folder), *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


@contextmanager
def running(*processes: subprocess.Popen[str]) -> Iterator[None]:
    """Killed at the end, whatever they still do."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait(20)


def until(condition: Callable[[], bool], seconds: float = 60, what: str = "it never came about") -> float:
    """Wait for it; how many seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, what
        time.sleep(0.05)
    return time.monotonic() - began


def said(folder: Path, verb: str) -> list[str]:
    """What each process of that verb has said so far, the oldest first."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob(f"{verb}-*.log"))]
