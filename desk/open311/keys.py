"""Who may file here: a key for each client, shown once, kept as a hash, ended at any time."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

from data.city import City
from data.problem import Problem
from data.records import AuditEntry, Client


class ClientError(Problem):
    """A client cannot be added or revoked; the message says why, in Chinese."""


def add(city: City, name: str, display: str, by: str, now: datetime) -> str:
    """A key for a new client, or another for one whose key was revoked. Raises ClientError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", name):
        raise ClientError("接入方的代号只能用字母、数字和 . _ -，最长 40 个字符")
    key = secrets.token_urlsafe(32)
    with city.store.transaction():
        known = city.store.clients.client(name)
        if known is not None and known.revoked_at is None:
            raise ClientError(f"{name} 已有钥匙；要换一把，请先撤销旧的")
        if known is None:
            city.store.clients.add(Client(name, display.strip()[:40] or name, hashed(key), now))
        else:
            city.store.clients.renew(name, hashed(key), now)
        city.store.people.record(AuditEntry(now, by, "发放接口钥匙", name))
    return key


def revoke(city: City, name: str, by: str, now: datetime) -> None:
    """End a client's key; what it filed stays. Raises ClientError."""
    with city.store.transaction():
        if not city.store.clients.revoke(name, now):
            raise ClientError(f"没有正在使用的钥匙：{name}；请用 liandong client list 核对")
        city.store.people.record(AuditEntry(now, by, "撤销接口钥匙", name))


def owner(city: City, key: str) -> Client | None:
    """Whose key this is, while it is in force."""
    return city.store.clients.holding(hashed(key)) if key else None


def hashed(key: str) -> str:
    """Of 256 random bits a plain hash is enough: nobody guesses them, however fast."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
