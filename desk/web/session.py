"""Logging in and out, and the secret that signs the session."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Flask, flash, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf import CSRFProtect, FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from data.city import City
from data.records import User
from desk.people import LONGEST, PeopleError, set_password, shut_out, verify
from desk.web import devices
from desk.web.access import home
from desk.web.context import me, note, now, the_city
from desk.web.meter import WRONG, address, the_meter

SECRET = "session-secret"  # noqa: S105 - the name of the file
NOBODY = "（没有这个用户名）"
TOO_MANY = "从这里输错密码的次数太多；请一分钟后再试"
LASTS = timedelta(days=1)  # of a session in use: whoever holds a stolen cookie has it no longer

pages = Blueprint("session", __name__)


class Seat(UserMixin):  # type: ignore[misc]  # Flask-Login has no annotations
    """A user as Flask-Login wants one."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        """Name and a print of the password hash: a changed password ends every session begun with the old one."""
        return f"{hashlib.sha256(self.user.password_hash.encode()).hexdigest()[:16]}:{self.user.name}"


class Cookies(SecureCookieSessionInterface):
    """Behind HTTPS the cookie goes by HTTPS only; on an office's own wire without it, it still goes."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class LoginForm(FlaskForm):  # type: ignore[misc]
    name = StringField("用户名", [InputRequired("请填写用户名"), Length(max=40, message="用户名太长")])
    password = PasswordField("密码", [InputRequired("请填写密码"), Length(max=LONGEST, message="密码太长")])


class PasswordForm(FlaskForm):  # type: ignore[misc]
    old = PasswordField("现在的密码", [InputRequired("请填写现在的密码")])
    new = PasswordField("新密码", [InputRequired("请填写新密码")])
    again = PasswordField("再写一遍新密码", [InputRequired("请再写一遍新密码")])


def install(app: Flask, city: City) -> None:
    """Sessions that end after the city's own time, signed with the city's own secret, and CSRF on every form."""
    app.config.update(
        SECRET_KEY=secret_of(city.folder),
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=city.settings.desk.session_minutes),
        SESSION_COOKIE_NAME="liandong",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a queue left open over lunch still works
    )
    app.session_interface = Cookies()
    CSRFProtect(app)
    manager = LoginManager(app)
    manager.user_loader(_load)
    app.register_blueprint(pages)


def secret_of(folder: Path) -> str:
    """The session secret in the city's folder, made on first use and readable by its owner only."""
    path = folder / SECRET
    fresh = folder / f".{SECRET}-{secrets.token_hex(4)}"
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(fresh, path)  # whoever comes second keeps the first one's
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    path.chmod(0o600)
    return path.read_text()


def _load(identity: str) -> Seat | None:
    _, _, name = identity.partition(":")
    user = the_city().store.people.user(name)
    seat = Seat(user) if user and not shut_out(user) else None
    if seat is None or not secrets.compare_digest(seat.get_id().encode(), identity.encode()):
        return None
    return seat if the_city().store.seats.taken(session.get("seat", ""), name, now() - LASTS) else None


def _sit_down(user: User) -> None:
    """Begin a session of its own: nothing of the one before is in it, and that one is over."""
    seats, token = the_city().store.seats, secrets.token_urlsafe(24)
    seats.leave(session.get("seat", ""))
    session.clear()
    seats.take(token, user.name, now(), now() - LASTS)
    session["seat"] = token
    session.permanent = True
    login_user(Seat(user))


@pages.route("/login", methods=["GET", "POST"])
def login() -> Response | str | tuple[str, int]:
    """Name and password; five wrong ones lock the account for a quarter of an hour, and many from one address wait."""
    if current_user.is_authenticated:
        return redirect(home())
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("login.html", form=form)
    name = form.name.data.strip()
    known = devices.mark(name)
    if not known and the_meter().full(WRONG, f"login/{address()}"):
        return render_template("login.html", form=form, error=TOO_MANY), 429
    try:
        user = verify(the_city(), name, form.password.data, now(), known, address())
    except PeopleError as error:
        the_meter().passes(WRONG, f"login/{address()}")
        # People type their password where the name belongs; the audit keeps names that somebody has, and no other.
        note("登录失败", who=name if the_city().store.people.user(name) else NOBODY)
        return render_template("login.html", form=form, error=str(error)), 401
    _sit_down(user)
    note("登录", who=user.name)
    return devices.remember(redirect(_inside(request.args.get("next", "")) or home()), user.name)


def _inside(address: str) -> str | None:
    """``address`` when it is a page of this desk; a link from elsewhere must not send people away after the login."""
    parts = urlsplit(address)
    harmless = address.startswith("/") and not parts.netloc and not parts.scheme
    return address if harmless and not address.startswith("//") and "\\" not in address else None


@pages.post("/logout")
def logout() -> Response:
    """Leave the desk."""
    note("退出")
    the_city().store.seats.leave(session.get("seat", ""))
    logout_user()
    session.clear()
    flash("已退出", "ok")
    return redirect(url_for("session.login"))


@pages.route("/password", methods=["GET", "POST"])
def password() -> Response | str | tuple[str, int]:
    """Change the own password; other sessions of the same user end."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return render_template("password.html", form=form)
    try:
        if form.new.data != form.again.data:
            raise PeopleError("两遍新密码不一样；请重新填写")
        if form.new.data == form.old.data:
            raise PeopleError("新密码和现在的一样；请换一个")
        verify(the_city(), me().name, form.old.data, now(), devices.mark(me().name), address())
        set_password(the_city(), me().name, form.new.data)
    except PeopleError as error:
        return render_template("password.html", form=form, error=str(error)), 400
    note("改了自己的密码")
    user = the_city().store.people.user(me().name)
    if user:
        _sit_down(user)
    flash("密码已更改", "ok")
    return redirect(home())
