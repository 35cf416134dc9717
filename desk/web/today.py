"""今日一览: what a leader needs to see in half a minute, each number with what is behind it."""

from __future__ import annotations

from flask import Blueprint, render_template

from desk.web.behind import title
from desk.web.context import now, the_city, the_reference, today
from ticketing import alerts, by_hand
from ticketing.today import today as standing

pages = Blueprint("today", __name__)

LISTED = 20  # tickets of one unit


@pages.get("/today")
def page() -> str:
    """The city's day so far, and what stands open."""
    found = standing(the_city(), now())
    return render_template(
        "today.html",
        found=found,
        day=today(),
        rises=[(alerts.title(the_reference(), s), s) for s in found.rises],
        looks=sum(a.pressing(now()) for a in by_hand.awaited(the_city(), now())),
        title=title,
        LISTED=LISTED,
        hours=the_city().settings.clocks.reply_hours,
    )
