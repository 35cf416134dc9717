"""The office's own delay, measured apart and never charged to a unit: deciding, sending, and adjudicating a return."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.records import Event, Ticket


@dataclass(frozen=True, slots=True)
class Delays:
    """Medians in seconds over ``count`` tickets; None where there is nothing to measure."""

    count: int
    deciding: float | None  # from the post to the decision
    sending: float | None  # from the decision to the office system's acknowledgement


def delays(tickets: Iterable[Ticket]) -> Delays:
    """Over the first filing of each matter: a co-unit, a re-filing and what came in with its answer tell nothing of it."""
    own = [t for t in tickets if not (t.lead or t.origin or t.historical)]
    return Delays(
        len(own),
        _median((t.decided_at - t.posted_at).total_seconds() for t in own),
        _median((t.filed_at - t.decided_at).total_seconds() for t in own),
    )


def adjudicating(events: Iterable[Event], now: datetime) -> timedelta:
    """How long a ticket's returns waited for the office's word: until it was forced, re-filed or closed, else until ``now``."""
    waited, since = timedelta(), None
    for event in events:
        if event.move == "return":
            since = event.at
        elif since is not None and event.move in ("force", "refile", "close"):
            waited, since = waited + max(event.at - since, timedelta()), None
    return waited + (max(now - since, timedelta()) if since is not None else timedelta())


def _median(seconds: Iterable[float]) -> float | None:
    found = [max(0.0, s) for s in seconds]
    return statistics.median(found) if found else None
