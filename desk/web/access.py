"""Who may go where: one table of routes and roles, enforced before every request; a route not in it is closed."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, flash, redirect, request, url_for
from flask_login import current_user, login_url
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from desk.people import ROLES
from desk.web.context import me

PUBLIC = frozenset(
    {"static", "session.login", "monitoring.healthz", "open311.discovery", "open311.described", "open311.services",
     "open311.definition"}
)  # fmt: skip
# For other systems: no role opens these, nor does a login; each asks for a key of its own.
KEYED = frozenset({"open311.file", "open311.index", "open311.one", "open311.token", "monitoring.metrics"})

_EVERYONE = frozenset(ROLES)
_CLERKS = frozenset({"clerk", "admin"})
_ADMIN = frozenset({"admin"})
_OFFICE = frozenset({"clerk", "leader", "admin"})  # everyone but a unit's liaison officer

ACCESS: Mapping[str, frozenset[str]] = {
    "session.logout": _EVERYONE,
    "session.password": _EVERYONE,
    "queue.home": _OFFICE,
    "queue.news": _OFFICE,
    "queue.contact": _OFFICE,
    "queue.accept": _CLERKS,
    "queue.correct": _CLERKS,
    "queue.reject": _CLERKS,
    "queue.merge": _CLERKS,
    "queue.split": _CLERKS,
    "queue.undo": _CLERKS,
    "by_hand.form": _CLERKS,
    "by_hand.enter": _CLERKS,
    "by_hand.heard": _CLERKS,
    "by_hand.retract": _CLERKS,
    "search.index": _EVERYONE,  # a liaison officer finds the own unit's tickets only
    "tickets.index": _EVERYONE,  # a liaison officer sees the own unit's only
    "tickets.show": _EVERYONE,
    "tickets.move": frozenset({"clerk", "liaison", "admin"}),  # which moves, ticketing.lifecycle says
    "tickets.contact": _EVERYONE,
    "tickets.keep": _CLERKS,
    "tickets.part": _CLERKS,
    "tickets.page": _OFFICE,
    "overview.report": _OFFICE,
    "today.page": _OFFICE,
    "behind.tickets": _OFFICE,
    "files.report": _OFFICE,
    "files.chart": _OFFICE,
    "bridge.index": _OFFICE,
    "bridge.begin": _CLERKS,
    "bridge.add_note": _CLERKS,
    "bridge.close": _CLERKS,
    "barometer.page": _OFFICE,
    "rota.page": _OFFICE,
    "overview.boards": _OFFICE,
    "overview.status": _OFFICE,
    "overview.cancel": _CLERKS,
    "outbox.index": _CLERKS,
    "outbox.resend": _CLERKS,
    "outbox.resend_failed": _CLERKS,
    "outbox.settle": _CLERKS,
    "audit.index": _ADMIN,
    "audit.export": _ADMIN,
    "users.index": _ADMIN,
    "users.add": _ADMIN,
    "users.edit": _ADMIN,
    "users.reset": _ADMIN,
    "users.lock": _ADMIN,
    "users.unlock": _ADMIN,
    "users.deactivate": _ADMIN,
    "users.activate": _ADMIN,
    "reference.index": _ADMIN,
    "reference.table": _ADMIN,
    "reference.add": _ADMIN,
    "reference.entry": _ADMIN,
    "reference.remove": _ADMIN,
    "reference.move": _ADMIN,
    "reference.export": _ADMIN,
    "reference.download": _ADMIN,
    "admin.index": _ADMIN,
    "models.index": _ADMIN,
    "models.train": _ADMIN,
    "models.rollback": _ADMIN,
    "retention.index": _ADMIN,
    "retention.erase": _ADMIN,
}
# All that somebody may do whose password was chosen by an administrator.
WITHOUT_OWN_PASSWORD = PUBLIC | {"session.password", "session.logout"}
HOME: Mapping[str, str] = {
    "clerk": "queue.home",
    "liaison": "tickets.index",
    "leader": "today.page",
    "admin": "queue.home",
}


def guard(app: Flask) -> None:
    """Let every request through the table first."""
    app.before_request(_check)
    app.jinja_env.globals["may"] = may


def may(endpoint: str, role: str | None = None) -> bool:
    """May this role (by default: who is asking) go there?"""
    if endpoint in PUBLIC:
        return True
    if role is None:
        role = me().role if current_user.is_authenticated else ""
    return role in ACCESS.get(endpoint, frozenset())


def home() -> str:
    """The address of the first page of whoever is asking."""
    return url_for(HOME[me().role])


def _check() -> Response | None:
    endpoint = request.endpoint
    if endpoint is None:  # there is no such page, and Flask says so
        return None
    if current_user.is_authenticated and me().fresh and endpoint not in WITHOUT_OWN_PASSWORD:
        return redirect(url_for("session.password"))
    if endpoint in KEYED or may(endpoint):
        return None
    if not current_user.is_authenticated:
        return _to_login()
    if endpoint == "queue.home":
        return redirect(home())
    raise Forbidden


def _to_login() -> Response:
    if request.method == "GET":
        return redirect(login_url("session.login", next_url=request.full_path.rstrip("?")))
    flash("登录已过期，刚才的操作没有保存；请重新登录后再做一次", "warn")
    return redirect(url_for("session.login"))
