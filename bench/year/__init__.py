"""A year of a city like the story's, driven through the real code on a stepped clock and compared with what is true of it."""

from __future__ import annotations

from bench.year.table import main

__all__ = ["main"]
