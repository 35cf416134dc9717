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
from data.records import OutboxEntry, OutboxState, Ticket
from ticketing.attempt import Attempt, Result
from ticketing.office import georeport
from ticketing.office.facts import facts
from ticketing.office.words import Word, Words, moment

# Facts of a filing that GeoReport has no field for go along as attributes under these names.
ATTRIBUTES = {"number": "number", "category": "category", "source": "source", "contact": "contact", "unit": "unit"}
ATTRIBUTES |= {"filed_at": "filed_at", "due_at": "due_at", "url": "thread_url", "key": "external_id"}


def file(city: City, entry: OutboxEntry) -> Attempt:
    """File one ticket; the answer is the office system's own number. Asks first when an earlier attempt may have succeeded."""
    if not city.settings.office.url:
        return Attempt(Result.FAILED, error="没有配置办公系统；请在 liandong.toml 的 [office] 写明 url")
    try:
        if entry.attempts or entry.state is OutboxState.LEASED:
            known = _ask(city, entry.key)
            if known is not None:
                return known
        return _post(city, entry)
    except requests.RequestException as error:
        return Attempt(Result.RETRY, error=f"办公系统没有应答（{type(error).__name__}）")


def _ask(city: City, key: str) -> Attempt | None:
    """What became of the filing with our ``key``; None only where the office system plainly says it has none such."""
    answer = _get(city, "requests", {"external_id": key})
    answer.raise_for_status()
    found = georeport.entries(answer, city.settings.office.format)
    if found is None:
        return Attempt(Result.RETRY, error="办公系统对询问的应答看不懂，没有再次交办")
    # A system that passes over our parameter answers with everybody's filings.
    ours = [f for f in found if str(f.get("external_id", key)) == key]
    if not ours:
        return None
    if len(ours) > 1 or not ours[0].get("service_request_id"):
        return Attempt(Result.RETRY, error=f"办公系统对询问答出 {len(ours)} 条，分不清哪一条是这次交办，没有再次交办")
    return Attempt(Result.SENT, answer=str(ours[0]["service_request_id"]))


def _post(city: City, entry: OutboxEntry) -> Attempt:
    form = city.settings.office.format
    answer = requests.post(_url(city, "requests"), data=_form(city, entry), timeout=_timeout(city))
    if answer.status_code in (400, 401, 403, 404, 422):
        why = georeport.description(answer, form)
        return Attempt(Result.FAILED, error=f"办公系统不接受（{answer.status_code}：{why}）")
    answer.raise_for_status()
    found = georeport.entries(answer, form)
    number = found[0].get("service_request_id") if found else None
    if not number:
        return Attempt(Result.RETRY, error="办公系统的应答看不懂，下次先按编号询问")
    return Attempt(Result.SENT, answer=str(number))


def _form(city: City, entry: OutboxEntry) -> Mapping[str, str]:
    """The request with the office's six fields."""
    known = facts(city, entry)
    decision = city.store.decisions.decision(int(entry.payload["decision"]))
    return {
        **_common(city),
        "service_code": known["category_code"],
        "description": known["text"],
        "phone": decision.contact if decision else "",
        "address_string": known["title"][:100],
        **{f"attribute[{theirs}]": known[ours] for ours, theirs in ATTRIBUTES.items()},
    }


def pull(city: City, tickets: Sequence[Ticket], now: datetime) -> Iterator[Words]:
    """What the office says of ``tickets``, a batch a question. Raises requests.RequestException when it does not answer."""
    size = city.settings.office.batch
    asked = [t for t in tickets if t.office_id]
    for start in range(0, len(asked), size):
        yield _batch(city, {t.office_id: t.number for t in asked[start : start + size]}, now)


def _batch(city: City, ours: Mapping[str, str], now: datetime) -> Words:
    """``ours``: their number -> ours."""
    if city.settings.office.batch == 1:
        answer = _get(city, f"requests/{quote(next(iter(ours)), safe='')}", {})
        if answer.status_code == 404:
            return Words(())
    else:
        answer = _get(city, "requests", {"service_request_id": ",".join(ours)})
    answer.raise_for_status()
    found = georeport.entries(answer, city.settings.office.format)
    if found is None:
        return Words((), (f"办公系统对 {len(ours)} 件工单的应答看不懂",))
    pairs = ((ours.get(str(entry.get("service_request_id"))), entry) for entry in found)
    return Words(tuple(_word(city, number, entry, now) for number, entry in pairs if number))


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


def _get(city: City, path: str, params: Mapping[str, str]) -> requests.Response:
    return requests.get(_url(city, path), params={**_common(city), **params}, timeout=_timeout(city))


def _common(city: City) -> dict[str, str]:
    office = city.settings.office
    given = {"api_key": office.api_key, "jurisdiction_id": office.jurisdiction}
    return {k: v for k, v in given.items() if v}


def _url(city: City, path: str) -> str:
    office = city.settings.office
    return f"{office.url.rstrip('/')}/{path}.{office.format}"


def _timeout(city: City) -> tuple[float, float]:
    return (min(5.0, city.settings.office.timeout), city.settings.office.timeout)
