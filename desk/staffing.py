"""What an administrator does with the people of the desk; every act leaves its line in the audit, with before and after."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from urllib.parse import urlsplit

from data.city import City
from data.records import AuditEntry, User
from desk.people import ROLES, PeopleError, add_user, check_role, known, set_password

TITLES = {"role": "角色", "unit": "单位", "display": "姓名", "reach": "通知", "active": "在用", "locked": "锁定"}
LONGEST_REACH = 300


def hire(
    city: City, name: str, by: str, now: datetime, *, role: str, unit: str | None, display: str, reach: str
) -> str:
    """Add a user; returns the password, to be shown once. Raises PeopleError."""
    password = secrets.token_urlsafe(9)
    with city.store.transaction():
        told = {"unit": unit, "display": display, "reach": checked_reach(reach)}
        user = add_user(city, name, password, role, now=now, fresh=True, **told)  # type: ignore[arg-type]
        _record(city, AuditEntry(now, by, "添加用户", user.name, _differences(User(user.name, "", ""), user)))
    return password


def change(
    city: City, name: str, by: str, now: datetime, *, role: str, unit: str | None, display: str, reach: str
) -> None:
    """Give a user another role, unit, name or address; raises PeopleError."""
    with city.store.transaction():
        user = known(city, name)
        check_role(city, role, unit)
        _save(
            city,
            user,
            replace(user, role=role, unit=unit, display=display.strip()[:40], reach=checked_reach(reach)),
            AuditEntry(now, by, "更改用户", name),
        )


def set_locked(city: City, name: str, locked: bool, by: str, now: datetime) -> None:
    """Lock a user out, or let in again, whether an administrator or wrong passwords had locked; raises PeopleError."""
    with city.store.transaction():
        user = known(city, name)
        if not locked:
            city.store.people.forget_tries(name)
        _save(city, user, replace(user, locked=locked), AuditEntry(now, by, "锁定用户" if locked else "解锁用户", name))


def set_active(city: City, name: str, active: bool, by: str, now: datetime) -> None:
    """Take a user who has left off the desk, or back on it; raises PeopleError."""
    with city.store.transaction():
        user = known(city, name)
        _save(city, user, replace(user, active=active), AuditEntry(now, by, "启用用户" if active else "停用用户", name))


def reset_password(city: City, name: str, by: str, now: datetime) -> str:
    """A new password for a user, to be shown once and changed at the next login; raises PeopleError."""
    password = secrets.token_urlsafe(9)
    with city.store.transaction():
        set_password(city, name, password, fresh=True)
        _record(city, AuditEntry(now, by, "重设密码", name))
    return password


def dismiss(city: City, name: str, by: str, now: datetime) -> None:
    """Delete a user altogether; raises PeopleError."""
    with city.store.transaction():
        user = known(city, name)
        _keep_an_administrator(city, user, replace(user, active=False))
        city.store.people.remove(name)
        _record(city, AuditEntry(now, by, "删除用户", name))


def checked_reach(reach: str) -> str:
    """A mobile number or an apprise address as given; raises PeopleError for what is neither."""
    reach = reach.strip()
    number = reach.removeprefix("+").replace("-", "").replace(" ", "")
    if not reach or (number.isascii() and number.isdigit() and 7 <= len(number) <= 15):
        return number and reach
    parts = urlsplit(reach)
    if len(reach) > LONGEST_REACH or not (parts.scheme and parts.netloc):
        raise PeopleError("通知方式要写手机号，或企业微信、钉钉、邮件等的 apprise 地址（如 mailto://…）")
    return reach


def _save(city: City, before: User, after: User, entry: AuditEntry) -> None:
    if after == before:
        return
    _keep_an_administrator(city, before, after)
    city.store.people.save(after)
    _record(city, replace(entry, detail=_differences(before, after)))


def _keep_an_administrator(city: City, before: User, after: User) -> None:
    if not _governs(before) or _governs(after):
        return
    if not any(_governs(u) for u in city.store.people.users() if u.name != before.name):
        raise PeopleError(f"{before.name} 是最后一个能登录的管理员；请先添加或启用另一个管理员")


def _governs(user: User) -> bool:
    return user.role == "admin" and user.active and not user.locked


def _differences(before: User, after: User) -> str:
    """``角色：值班员 → 领导；…``; where alerts go is nobody else's business and is said to have changed, no more."""
    return "；".join(_told(name, getattr(before, name), getattr(after, name)) for name in _changed(before, after))


def _changed(before: User, after: User) -> Iterable[str]:
    names = (f.name for f in fields(User) if f.name in TITLES)
    return (n for n in names if getattr(before, n) != getattr(after, n))


def _told(name: str, before: object, after: object) -> str:
    if name == "reach":
        return f"{TITLES[name]}：已更改"
    words: dict[object, str] = {True: "是", False: "否", None: "无", "": "无"}
    if name == "role":
        words.update(ROLES)
    shown = [words.get(v, v) for v in (before, after)]
    return f"{TITLES[name]}：{shown[0]} → {shown[1]}"


def _record(city: City, entry: AuditEntry) -> None:
    city.store.people.record(entry)
