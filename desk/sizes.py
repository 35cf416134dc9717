"""Sizes and rates of growth in the words of staff."""

from __future__ import annotations


def megabytes(size: float) -> str:
    """``3.4 MB``, ``12.0 GB``; sizes below a megabyte in KB."""
    for unit, least in (("GB", 1 << 30), ("MB", 1 << 20)):
        if abs(size) >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size / 1024:.0f} KB"
