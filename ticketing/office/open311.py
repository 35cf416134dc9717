"""Files tickets to an office system by Open311 GeoReport v2, and asks it what became of them.

GeoReport has no client's key of its own: ours goes along as ``attribute[external_id]`` and the system is asked
``GET requests.json?external_id=…`` before anything is filed a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

from data.city import City
from data.outward import OfficeTable
from data.records import OutboxEntry, OutboxState, Ticket
from ticketing import wire
from ticketing.attempt import Attempt, Result
from ticketing.office import georeport
from ticketing.office.facts import facts
from ticketing.office.words import Word, Words, moment

# Facts of a filing that GeoReport has no field for go along as attributes under these names.
ATTRIBUTES = {"number": "number", "category": "category", "source": "source", "contact": "contact", "unit": "unit"}
ATTRIBUTES |= {"filed_at": "filed_at", "due_at": "due_at", "url": "thread_url", "key": "external_id"}


def file(city: City, table: OfficeTable, entry: OutboxEntry) -> Attempt:
    """File one ticket; the answer is the office system's own number. Asks first when an earlier attempt may have succeeded."""
    if not table.url:
        return Attempt(Result.FAILED, error="没有配置办公系统；请在 liandong.toml 的 [office] 写明 url")
    try:
        if entry.attempts or entry.state is OutboxState.LEASED:
            known = _ask(table, entry.key)
            if known is not None:
                return known
        return _post(city, table, entry)
    except requests.RequestException as error:
        return Attempt(Result.RETRY, error=f"办公系统没有应答（{type(error).__name__}）")


def _ask(table: OfficeTable, key: str) -> Attempt | None:
    """What became of the filing with our ``key``; None only where the office system plainly says it has none such."""
    answer = _get(table, "requests", {"external_id": key})
    answer.raise_for_status()
    found = georeport.entries(answer, table.format)
    if found is None:
        return Attempt(Result.RETRY, error="办公系统对询问的应答看不懂，没有再次交办")
    # A system that passes over our parameter answers with everybody's filings.
    ours = [f for f in found if str(f.get("external_id", key)) == key]
    if not ours:
        return None
    if len(ours) > 1 or not ours[0].get("service_request_id"):
        return Attempt(Result.RETRY, error=f"办公系统对询问答出 {len(ours)} 条，分不清哪一条是这次交办，没有再次交办")
    return Attempt(Result.SENT, answer=str(ours[0]["service_request_id"]))


def _post(city: City, table: OfficeTable, entry: OutboxEntry) -> Attempt:
    answer = wire.post(_url(table, "requests"), data=_form(city, table, entry), timeout=_timeout(table))
    if answer.status_code in (400, 401, 403, 404, 422):
        why = georeport.description(answer, table.format)
        return Attempt(Result.FAILED, error=f"办公系统不接受（{answer.status_code}：{why}）")
    answer.raise_for_status()
    found = georeport.entries(answer, table.format)
    number = found[0].get("service_request_id") if found else None
    if not number:
        return Attempt(Result.RETRY, error="办公系统的应答看不懂，下次先按编号询问")
    return Attempt(Result.SENT, answer=str(number))


def _form(city: City, table: OfficeTable, entry: OutboxEntry) -> Mapping[str, str]:
    """The request with the office's six fields."""
    known = facts(city, entry)
    decision = city.store.decisions.decision(int(entry.payload["decision"]))
    return {
        **_common(table),
        "service_code": known["category_code"],
        "description": known["text"],
        "phone": decision.contact if decision else "",
        "address_string": known["title"][:100],
        **{f"attribute[{theirs}]": known[ours] for ours, theirs in ATTRIBUTES.items()},
    }


def pull(city: City, table: OfficeTable, tickets: Sequence[Ticket], now: datetime) -> Iterator[Words]:
    """What the office says of ``tickets``, a batch a question. Raises requests.RequestException when it does not answer."""
    size = table.batch
    asked = [t for t in tickets if t.office_id]
    for start in range(0, len(asked), size):
        yield _batch(city, table, {t.office_id: t.number for t in asked[start : start + size]}, now)


def _batch(city: City, table: OfficeTable, ours: Mapping[str, str], now: datetime) -> Words:
    """``ours``: their number -> ours."""
    if table.batch == 1:
        answer = _get(table, f"requests/{quote(next(iter(ours)), safe='')}", {})
        if answer.status_code == 404:
            return Words(())
    else:
        answer = _get(table, "requests", {"service_request_id": ",".join(ours)})
    answer.raise_for_status()
    found = georeport.entries(answer, table.format)
    if found is None:
        return Words((), (f"办公系统对 {len(ours)} 件工单的应答看不懂",))
    pairs = ((ours.get(str(entry.get("service_request_id"))), entry) for entry in found)
    return Words(tuple(word for number, entry in pairs if number for word in _words(city, number, entry, now)))


def _words(city: City, number: str, entry: Mapping[str, Any], now: datetime) -> list[Word]:
    """Every step, where the other side tells them (another Liandong does); else how the request stands now."""
    extended = entry.get("extended_attributes")
    steps = extended.get("steps") if isinstance(extended, Mapping) else None
    if not isinstance(steps, list):
        return [_word(city, number, entry, now)]
    return [_step(city, number, entry, step, now) for step in steps if isinstance(step, Mapping)]


def _step(city: City, number: str, entry: Mapping[str, Any], step: Mapping[str, Any], now: datetime) -> Word:
    said = {name: str(step.get(name) or "").strip()[:500] for name in ("id", "status", "datetime", "note", "verdict")}
    return Word(
        ticket=number,
        status=said["status"],
        updated=f"{said['datetime']} {said['id']}"[:100],
        at=moment(said["datetime"], city.zone, now) if said["datetime"] else None,
        note=said["note"],
        office_id=str(entry.get("service_request_id") or ""),
        verdict=said["verdict"],
    )


def _word(city: City, number: str, entry: Mapping[str, Any], now: datetime) -> Word:
    def text(name: str) -> str:
        return str(entry.get(name) or "").strip()[:500]

    updated = text("updated_datetime")
    return Word(
        ticket=number,
        status=text("status"),
        updated=updated,
        at=moment(updated, city.zone, now) if updated else None,
        note=text("status_notes"),
        agency=text("agency_responsible"),
        office_id=text("service_request_id"),
    )


def _get(table: OfficeTable, path: str, params: Mapping[str, str]) -> requests.Response:
    return wire.get(_url(table, path), params={**_common(table), **params}, timeout=_timeout(table))


def _common(table: OfficeTable) -> dict[str, str]:
    given = {"api_key": table.api_key, "jurisdiction_id": table.jurisdiction}
    return {k: v for k, v in given.items() if v}


def _url(table: OfficeTable, path: str) -> str:
    return f"{table.url.rstrip('/')}/{path}.{table.format}"


def _timeout(table: OfficeTable) -> tuple[float, float]:
    return (min(5.0, table.timeout), table.timeout)
