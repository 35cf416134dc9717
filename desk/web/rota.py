"""值班: who is on duty now, said on every page of the office, and the week to come with its gaps."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask, render_template

from desk.web.access import may
from desk.web.context import now, the_city, the_reference, today
from ticketing import duty
from ticketing.duty import Turn

pages = Blueprint("rota", __name__, url_prefix="/rota")

WEEK = 7


def install(app: Flask) -> None:
    """Let every page say who is on duty."""
    app.jinja_env.globals["on_duty"] = on_duty


def on_duty() -> list[Turn] | None:
    """Who is on duty now; None where the city keeps no rota, or it is none of the asker's business."""
    return duty.on_duty(the_city(), now()) if may("rota.page") and the_reference().rota else None


@pages.get("")
def page() -> str:
    """The week from today."""
    days = [today() + timedelta(days=n) for n in range(WEEK)]
    return render_template(
        "rota.html",
        kept=bool(the_reference().rota),
        days=[(day, duty.plan(the_city(), day)) for day in days],
        standing=bool(the_city().settings.alarm.urls),
    )
