"""Who may sit at the desk: users, their passwords (Argon2id) and the lock-out after wrong ones."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from data.city import City
from data.problem import Problem
from data.records import Tries, User

ROLES: Mapping[str, str] = {"clerk": "值班员", "liaison": "联络员", "leader": "领导", "admin": "管理员"}
SHORTEST, LONGEST = 10, 200
TRIES, LOCKED_FOR = 5, timedelta(minutes=15)  # at one browser, or from one address
EVERYWHERE = 50  # from all addresses together: who has a hundred of them guesses no faster
WRONG = "用户名或密码不对"

_hasher = PasswordHasher()
# Verified for a name nobody has, so that the time taken does not tell which names exist.
_NOBODY = _hasher.hash(secrets.token_hex(16))
_SALT = secrets.token_bytes(16)


class PeopleError(Problem):
    """A user cannot be added, changed or let in; the message says why, in Chinese."""


def add_user(
    city: City,
    name: str,
    password: str,
    role: str,
    *,
    unit: str | None = None,
    display: str = "",
    reach: str = "",
    fresh: bool = False,
    now: datetime | None = None,
) -> User:
    """Add a user; raises PeopleError when the name is taken, or role, unit or password will not do."""
    name = name.strip()
    if not re.fullmatch(r"[\w.@-]{1,40}", name):
        raise PeopleError("用户名只能用文字、数字和 . _ @ -，最长 40 个字符")
    check_role(city, role, unit)
    user = User(name, role, _hashed(password), unit, display.strip()[:40], now, fresh=fresh, reach=reach)
    with city.store.transaction():
        if city.store.people.user(name):
            raise PeopleError(f"已有用户 {name}；请换一个用户名，或用“重设密码”")
        city.store.people.save(user)
    return user


def check_role(city: City, role: str, unit: str | None) -> None:
    """Raises PeopleError where the role does not exist, or does not go with the unit."""
    if role not in ROLES:
        raise PeopleError(f"没有“{role}”这个角色；可用：" + "、".join(f"{k}（{v}）" for k, v in ROLES.items()))
    if (role == "liaison") != (unit is not None):
        raise PeopleError("联络员要写明所属单位的代号；其他角色不写单位")
    if unit is not None and unit not in city.reference().unit:
        raise PeopleError(f"没有代号为“{unit}”的单位；请核对单位表")


def set_password(city: City, name: str, password: str, *, fresh: bool = False) -> None:
    """Give ``name`` a new password and lift the lock after wrong ones; raises PeopleError.

    ``fresh``: somebody else chose it, so that it must be changed at the next login.
    """
    hashed = _hashed(password)
    with city.store.transaction():
        user = known(city, name)
        city.store.people.save(replace(user, password_hash=hashed, fresh=fresh))
        city.store.people.forget_tries(name)


def known(city: City, name: str) -> User:
    """The user of that name; raises PeopleError."""
    user = city.store.people.user(name)
    if user is None:
        raise PeopleError(f"没有用户 {name}")
    return user


def verify(city: City, name: str, password: str, now: datetime, device: str = "", address: str = "") -> User:
    """The user, when the password is right; raises PeopleError otherwise. Five wrong ones lock for 15 minutes.

    A name nobody has is counted, locked and told of just like one that somebody has. ``device``: the mark of a browser
    this user has come in with before; ``address``: where the try came from. The tries of each are counted apart, so that
    a stranger's do not lock the user out of the browser they know, nor out of another machine.
    """
    name = name.strip()
    user = city.store.people.user(name)
    tries = _count_try(city, name if user else _nobodys(name), device if user else "", address, now)
    if not _matches(user.password_hash if user else _NOBODY, password) or user is None:
        raise PeopleError(_refusal(tries, now))
    if why := shut_out(user):
        raise PeopleError(why)
    hashed = _hasher.hash(password) if _hasher.check_needs_rehash(user.password_hash) else user.password_hash
    let_in = replace(user, password_hash=hashed)
    with city.store.transaction():
        city.store.people.save(let_in)
        city.store.people.forget_tries(name)
    return let_in


def _nobodys(name: str) -> str:
    """What a name nobody has is counted under: people type their password there, which must not be kept."""
    return f"? {hashlib.blake2b(name.encode(), key=_SALT, digest_size=6).hexdigest()}"


def shut_out(user: User) -> str:
    """Why this user may not be at the desk, whatever the password; empty for those who may."""
    if not user.active:
        return "账号已停用；请找管理员"
    return "账号已被管理员锁定；请找管理员" if user.locked else ""


def _count_try(city: City, name: str, device: str, address: str, now: datetime) -> Tries:
    """Count the try before the password is looked at, so that guesses at the same moment cannot exceed the limit."""
    with city.store.transaction():
        here = _counted(city, f"{name} {device or address}".strip(), TRIES, now)
        everywhere = here if device else _counted(city, f"{name} *", EVERYWHERE, now)
        city.store.people.save_tries(here)
        city.store.people.save_tries(everywhere)
    return everywhere if everywhere.locked_until else here


def _counted(city: City, whose: str, most: int, now: datetime) -> Tries:
    """The tries with this one; raises PeopleError while they are locked."""
    before = city.store.people.tries(whose)
    if before and before.locked_until and now < before.locked_until:
        raise PeopleError(_locked(before.locked_until - now))
    failures = (before.failures if before and not before.locked_until else 0) + 1
    return Tries(whose, failures, now, now + LOCKED_FOR if failures >= most else None)


def _refusal(tries: Tries, now: datetime) -> str:
    if tries.locked_until:
        return _locked(tries.locked_until - now)
    if tries.failures >= TRIES - 2:
        return f"{WRONG}；再错 {TRIES - tries.failures} 次，账号将锁定 15 分钟"
    return WRONG


def _locked(left: timedelta) -> str:
    minutes = max(1, -int(-left.total_seconds() // 60))
    return f"密码输错太多次，账号已锁定；请 {minutes} 分钟后再试，或请管理员重设密码"


def first_admin(city: City, now: datetime | None = None) -> tuple[str, str] | None:
    """Where the desk has no user yet: one administrator with a random password, to be shown once; else None."""
    if city.store.people.users():
        return None
    password = secrets.token_urlsafe(12)
    add_user(city, "admin", password, "admin", display="管理员", now=now)
    return "admin", password


def _hashed(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise PeopleError(f"密码要 {SHORTEST} 到 {LONGEST} 个字符")
    return _hasher.hash(password)


def _matches(hashed: str, password: str) -> bool:
    try:
        return len(password) <= LONGEST and _hasher.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False
