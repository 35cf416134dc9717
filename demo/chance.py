"""Chance that can be repeated: a random stream named by what it decides, not by when it is asked."""

from __future__ import annotations

import random
from hashlib import sha256


def stream(*names: object) -> random.Random:
    """The random stream of these names; the same names always give the same numbers, on every machine."""
    return random.Random(int.from_bytes(sha256("\x1f".join(map(str, names)).encode()).digest()[:8], "big"))


def share(*names: object) -> float:
    """One number in [0, 1) that belongs to these names."""
    return stream(*names).random()
