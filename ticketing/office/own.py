"""Where Liandong itself is the office system, as at a county's: a filing needs no other, and units work at the desk."""

from __future__ import annotations

from data.city import City
from data.outward import OfficeTable
from data.records import OutboxEntry
from ticketing.attempt import Attempt, Result


def file(city: City, table: OfficeTable, entry: OutboxEntry) -> Attempt:
    """Filed as soon as it may leave; our number is the office's."""
    return Attempt(Result.SENT, answer=str(entry.payload["number"]))
