"""What a client sends, checked: a filing, or which of its requests it asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from data.city import City
from data.store.received import Wanted
from desk.open311.answers import Refused
from ticketing.received import Filing

LONGEST_TEXT = 8000  # characters
SPAN = timedelta(days=90)  # of a list for which no days were given, as GeoReport says
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
MOST, PAGE = 1000, 200
MOST_PAGES = 10_000

# Our field -> what it is called in a form, the first that is filled, and how long it may be.
FIELDS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "key": (("attribute[external_id]", "external_id"), 200),
    "unit": (("attribute[unit]",), 100),
    "number": (("attribute[number]",), 40),
    "due": (("attribute[due_at]",), 40),
    "source": (("attribute[source]",), 60),
    "url": (("attribute[thread_url]", "media_url"), 2000),
    "address": (("address_string", "address_id"), 300),
}
CONTACT = ("attribute[contact]", "phone", "email")


def filing(city: City, form: Mapping[str, str]) -> Filing:
    """The request in ``form``; raises Refused with what is wrong."""
    known = city.reference().category
    service = _text(form, ("service_code",), 100)
    if not service:
        raise Refused(400, "没有写 service_code；可用的见 services")
    if service not in known:
        raise Refused(404, f"没有 service_code“{service[:40]}”；可用的见 services")
    text = _text(form, ("description",), LONGEST_TEXT)
    if not text:
        raise Refused(400, "没有写 description")
    found = {ours: _text(form, names, longest) for ours, (names, longest) in FIELDS.items()}
    contact = "；".join(dict.fromkeys(c for c in (_text(form, (n,), 200) for n in CONTACT) if c))
    return Filing(
        service, text, contact=contact[:400], lat=_degrees(form, "lat", 90), long=_degrees(form, "long", 180), **found
    )


def wanted(query: Mapping[str, str], now: datetime) -> tuple[Wanted, int, int]:
    """Which requests, how many at most, and from which on; raises Refused."""
    ids, key = _listed(query, "service_request_id"), _text(query, ("external_id",), 200)
    since, until = _time(query, "start_date"), _time(query, "end_date")
    if since is None and not ids and not key:
        since = max((until or now), EARLIEST) - SPAN
    statuses = set(_listed(query, "status"))
    if statuses - {"open", "closed"}:
        raise Refused(400, "status 只能是 open 或 closed")
    closed = statuses == {"closed"} if len(statuses) == 1 else None
    size = _count(query, "page_size", MOST if ids or key else PAGE, MOST)
    first = (_count(query, "page", 1, MOST_PAGES) - 1) * size
    return Wanted(ids, key, _listed(query, "service_code"), since, until, closed), size, first


def _text(form: Mapping[str, str], names: tuple[str, ...], longest: int) -> str:
    """The first of ``names`` that is filled, without control characters; raises Refused when it is too long."""
    for name in names:
        given = form.get(name, "").replace("\r\n", "\n")
        plain = "".join(c for c in given if c.isprintable() or c in "\n\t").strip()
        if len(plain) > longest:
            raise Refused(400, f"{name} 最多 {longest} 字")
        if plain:
            return plain
    return ""


def _listed(query: Mapping[str, str], name: str) -> list[str]:
    found = [part.strip() for part in query.get(name, "").split(",") if part.strip()]
    if len(found) > MOST:
        raise Refused(400, f"{name} 一次最多 {MOST} 个")
    return [part[:200].encode(errors="replace").decode() for part in found]


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    """A W3C date-time with its zone, as GeoReport wants it."""
    given = query.get(name, "").strip()
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given.replace(" ", "+"))  # a plus sign that was not escaped
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Refused(400, f"{name} 要写成 2011-07-25T09:30:00+08:00 这样")


def _count(query: Mapping[str, str], name: str, usual: int, most: int) -> int:
    given = query.get(name, "").strip()
    if not given:
        return usual
    if not (given.isascii() and given.isdigit() and len(given) < 9 and 1 <= int(given) <= most):
        raise Refused(400, f"{name} 要是 1 到 {most} 的整数")
    return int(given)


def _degrees(form: Mapping[str, str], name: str, most: float) -> float | None:
    given = form.get(name, "").strip()
    if not given:
        return None
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not abs(found) <= most:
        raise Refused(400, f"{name} 要在 -{most:g} 到 {most:g} 之间")
    return found
