"""What a request works with: its thread's own store, the reference tables, the clock, and who is asking."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import cast

from flask import Flask, current_app
from flask_login import current_user

from data.city import City
from data.records import AuditEntry, User
from data.reference import Reference

# Reading the tables takes longer than a page; an edit at the desk is seen everywhere after this many seconds.
REFERENCE_KEPT = 3.0


@dataclass
class Desk:
    """One application's city and clock; each serving thread gets its own opened city."""

    city: City
    clock: Callable[[], datetime]
    threads: threading.local = field(default_factory=threading.local)

    def opened(self) -> City:
        if not hasattr(self.threads, "city"):
            self.threads.city = replace(self.city)  # a copy opens a store of its own
        return cast(City, self.threads.city)

    def reference(self) -> Reference:
        kept = getattr(self.threads, "reference", None)
        if kept is None or time.monotonic() - kept[0] > REFERENCE_KEPT:
            kept = self.threads.reference = (time.monotonic(), self.opened().reference())
        return cast(Reference, kept[1])


def bind(app: Flask, city: City, clock: Callable[[], datetime]) -> None:
    app.extensions["desk"] = Desk(city, clock)


def _desk() -> Desk:
    return cast(Desk, current_app.extensions["desk"])


def the_city() -> City:
    """The city, with a store that belongs to this thread."""
    return _desk().opened()


def the_reference() -> Reference:
    return _desk().reference()


def forget_reference() -> None:
    """Have this thread read the tables anew: who changed one sees it on the next page."""
    _desk().threads.reference = None


def now() -> datetime:
    return _desk().clock()


def today() -> date:
    """The day it is in the city."""
    return now().astimezone(the_city().zone).date()


def me() -> User:
    """Who is asking; only after the guard let them in."""
    return cast(User, current_user.user)


def note(what: str, subject: str = "", detail: str = "", who: str | None = None) -> None:
    """Write into the audit who saw or did what."""
    store = the_city().store
    with store.transaction():
        store.people.record(AuditEntry(now(), me().name if who is None else who, what, subject, detail))
