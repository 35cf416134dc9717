"""The way to the administrator's pages: what each is for, and what on it wants attention."""

from __future__ import annotations

from flask import Blueprint, render_template

from classifier import service
from desk import registry
from desk.sizes import megabytes
from desk.web.context import now, the_city
from ticketing.room import nearly_full, room

pages = Blueprint("admin", __name__, url_prefix="/admin")


@pages.get("")
def index() -> str:
    """A card for each page."""
    city = the_city()
    takes = room(city, now())
    return render_template(
        "admin.html",
        users=sum(u.active for u in city.store.people.users()),
        unexported=registry.unexported(city),
        fresh=city.store.decisions.count_since(service.since(city.models)),
        size=megabytes(takes.size) if takes.measured_on else "",
        full_on=takes.full_on,
        tight=nearly_full(city),
    )
