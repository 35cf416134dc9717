"""A post that speaks of two units' business is filed to both at once: the second assists the first (协办).

Each gets a ticket of its own with its own clock and verdict; the second names the first as its lead.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from data.city import City
from data.records import Decision
from ticketing import filing
from ticketing.filing import FilingError


def split(city: City, first: Decision, unit: str, now: datetime) -> int:
    """File ``first`` and the same matter to ``unit``: one transaction. The id of the first decision.

    ``filing.undo`` of that id takes both back. Raises FilingError as ``filing.decide`` does, and when both are one unit.
    """
    if unit == first.unit:
        raise FilingError("两个单位是同一个；请为第二个另选一个单位，或只交办一个")
    if unit not in city.reference().unit:
        raise FilingError("没有第二个承办单位；请重新选择")
    store = city.store
    with store.transaction():
        number = filing.decide(city, first, now)
        post = store.threads.post(first.board, first.thread)
        entry = store.outbox.entry(filing.filing_key(first.board, first.thread, number))
        assert post is not None  # decide has just written both
        assert entry is not None
        lead = str(entry.payload["number"])
        second = replace(first, unit=unit, lead=lead, reason=f"协办工单 {lead}")
        filing.put(city, post, second, store.decisions.decide(second), now, lead=lead)
    return number
