"""The city's barometer: a category that rises well above what its own past lets expect.

One-sided Poisson test of the newest hours against the mean of as many hours before, in blocks of the same length
(the idea of EARS C1–C3, Hutwagner et al. 2003, without its 7-day rhythm, for which a young city has no days yet).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.city import City

LOOK_BACK = timedelta(days=28)
UNLIKELY = 1e-4  # chance of a false alarm in one category at one look
LEAST = 5  # fewer posts than this are no surge
FLOOR = 0.5  # posts a block: what a category never met is expected to bring


@dataclass(frozen=True, slots=True)
class Rise:
    """A category with more posts in the newest hours than expected."""

    category: str
    count: int
    expected: float
    p: float
    since: datetime
    posts: tuple[str, ...]


def rises(city: City, now: datetime, hours: int = 3) -> list[Rise]:
    """Categories (second level where suggested) that rose in the last ``hours``, the most surprising first."""
    from scipy import stats

    window = timedelta(hours=hours)
    newest: dict[str, list[str]] = defaultdict(list)
    before: dict[str, int] = defaultdict(int)
    first = now
    for key, category, posted_at in city.store.decisions.suggested_since(now - LOOK_BACK):
        if posted_at > now:
            continue  # a board's wrong clock, or a look at a time gone by
        first = min(first, posted_at)
        if posted_at > now - window:
            newest[category].append(key)
        else:
            before[category] += 1
    blocks = max(1.0, (now - window - first) / window)
    found = []
    for category, posts in newest.items():
        expected = max(before[category] / blocks, FLOOR)
        p = float(stats.poisson.sf(len(posts) - 1, expected))
        if len(posts) >= LEAST and p < UNLIKELY:
            found.append(Rise(category, len(posts), expected, p, now - window, tuple(posts)))
    return sorted(found, key=lambda r: r.p)
