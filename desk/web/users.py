"""The administrator's page of users: who may sit at the desk, as what, and whether they can get in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from data.records import User
from desk import staffing
from desk.people import PeopleError
from desk.web import finding
from desk.web.context import me, now, the_city, the_reference, today

pages = Blueprint("users", __name__, url_prefix="/users")

Answer = str | tuple[str, int] | Response


@pages.get("")
def index() -> str:
    """Every user; those who have left last."""
    people = the_city().store.people
    everybody = sorted(people.users(), key=lambda u: (not u.active, u.role, u.name))
    held = {u.name: people.held(u.name, now()) for u in everybody}
    return render_template("users.html", users=everybody, held=held)


@pages.route("/new", methods=["GET", "POST"])
def add() -> Answer:
    """Add a user; the password is made here and shown once."""
    if request.method == "GET":
        return _form(None, {"role": "clerk"})
    name = request.form.get("name", "").strip()
    try:
        password = staffing.hire(the_city(), name, me().name, now(), **_given())
    except PeopleError as error:
        return _form(None, request.form, str(error)), 400
    return render_template("password_once.html", name=name, password=password)


@pages.route("/<name>", methods=["GET", "POST"])
def edit(name: str) -> Answer:
    """Change role, unit, name or address of a user."""
    user = _asked(name)
    if request.method == "GET":
        return _form(user, {"role": user.role, "unit": user.unit or "", "display": user.display, "reach": user.reach})
    try:
        staffing.change(the_city(), name, me().name, now(), **_given())
    except PeopleError as error:
        return _form(user, request.form, str(error)), 400
    flash(f"已保存 {name}", "ok")
    return redirect(url_for("users.index"))


@pages.post("/<name>/password")
def reset(name: str) -> Answer:
    """A new password, shown once."""
    _asked(name)
    password = staffing.reset_password(the_city(), name, me().name, now())
    return render_template("password_once.html", name=name, password=password)


@pages.post("/<name>/lock")
def lock(name: str) -> Answer:
    """Keep a user out until unlocked."""
    return _do(name, "已锁定", lambda: staffing.set_locked(the_city(), name, True, me().name, now()))


@pages.post("/<name>/unlock")
def unlock(name: str) -> Answer:
    """Let a user in again, whatever had locked."""
    return _do(name, "已解锁", lambda: staffing.set_locked(the_city(), name, False, me().name, now()))


@pages.post("/<name>/deactivate")
def deactivate(name: str) -> Answer:
    """A user who has left."""
    return _do(name, "已停用", lambda: staffing.set_active(the_city(), name, False, me().name, now()))


@pages.post("/<name>/activate")
def activate(name: str) -> Answer:
    """A user who has come back."""
    return _do(name, "已启用", lambda: staffing.set_active(the_city(), name, True, me().name, now()))


def _do(name: str, done: str, act: Callable[[], None]) -> Response:
    _asked(name)
    try:
        act()
        flash(f"{done} {name}", "ok")
    except PeopleError as error:
        flash(str(error), "bad")
    return redirect(url_for("users.index"))


def _asked(name: str) -> User:
    user = the_city().store.people.user(name)
    if user is None:
        abort(404)
    return user


def _given() -> dict[str, Any]:
    """What the form says, and nothing but these fields."""
    role = request.form.get("role", "")
    unit = request.form.get("unit", "").strip() or None
    texts = {n: request.form.get(n, "") for n in ("display", "reach")}
    return {"role": role, "unit": unit if role == "liaison" else None, **texts}


def _form(user: User | None, given: Mapping[str, Any], error: str = "") -> str:
    units = finding.units(the_reference(), today(), the_city().settings.city.name)
    return render_template("user.html", user=user, given=given, error=error, units=units)
