"""Files tickets to the office system by Open311 GeoReport v2 (http://wiki.open311.org/GeoReport_v2/).

GeoReport has no client's key of its own: ours goes along as ``attribute[external_id]`` and the system is asked
``GET requests.json?external_id=…`` before anything is filed a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import requests

from data.city import City
from data.records import OutboxEntry, OutboxState
from ticketing import clocks
from ticketing.attempt import Attempt, Result
from ticketing.filing import reply_hours, source


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
    answer = requests.get(
        _url(city, "requests.json"), params={**_common(city), "external_id": key}, timeout=_timeout(city)
    )
    answer.raise_for_status()
    found = _filings(answer)
    if found is None:
        return Attempt(Result.RETRY, error="办公系统对询问的应答看不懂，没有再次交办")
    # A system that passes over our parameter answers with everybody's filings.
    ours = [f for f in found if str(f.get("external_id", key)) == key]
    if not ours:
        return None
    if len(ours) > 1 or not ours[0].get("service_request_id"):
        return Attempt(Result.RETRY, error=f"办公系统对询问答出 {len(ours)} 条，分不清哪一条是这次交办，没有再次交办")
    return Attempt(Result.SENT, answer=str(ours[0]["service_request_id"]))


def _filings(answer: requests.Response) -> list[Mapping[str, Any]] | None:
    """The entries of an answer; None when it is not a list of them."""
    try:
        body: Any = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, list) and all(isinstance(entry, dict) for entry in body) else None


def _post(city: City, entry: OutboxEntry) -> Attempt:
    answer = requests.post(_url(city, "requests.json"), data=_form(city, entry), timeout=_timeout(city))
    if answer.status_code in (400, 401, 403, 404, 422):
        return Attempt(Result.FAILED, error=f"办公系统不接受（{answer.status_code}：{_description(answer)}）")
    answer.raise_for_status()
    number = _number(answer)
    if number is None:
        return Attempt(Result.RETRY, error="办公系统的应答看不懂，下次先按编号询问")
    return Attempt(Result.SENT, answer=number)


def _form(city: City, entry: OutboxEntry) -> Mapping[str, str]:
    """The request with the office's six fields."""
    store, reference = city.store, city.reference()
    decision = store.decisions.decision(int(entry.payload["decision"]))
    post = store.threads.post(entry.payload["board"], entry.payload["thread"])
    if decision is None or post is None or decision.unit is None or decision.category is None:
        raise LookupError(entry.key)
    due, _ = clocks.completion_due(
        entry.not_before, decision.urgency, decision.days, city.zone, reply_hours(city, decision.unit)
    )
    category = reference.category[decision.category]
    return {
        **_common(city),
        "service_code": decision.category,
        "description": f"{post.title}\n{post.body}"[:4000],
        "phone": decision.contact,
        "attribute[number]": str(entry.payload["number"]),
        "attribute[category]": category.name,
        "attribute[source]": source(reference, post),
        "attribute[contact]": decision.contact or "网上留言",
        "attribute[unit]": reference.unit[decision.unit].name,
        "attribute[filed_at]": _local(entry.not_before, city.zone),
        "attribute[due_at]": _local(due, city.zone),
        "attribute[thread_url]": post.url,
        "attribute[external_id]": entry.key,
        "address_string": post.title[:100],
    }


def _common(city: City) -> dict[str, str]:
    office = city.settings.office
    given = {"api_key": office.api_key, "jurisdiction_id": office.jurisdiction}
    return {k: v for k, v in given.items() if v}


def _number(answer: requests.Response) -> str | None:
    found = _filings(answer)
    number = found[0].get("service_request_id") if found else None
    return str(number) if number else None


def _description(answer: requests.Response) -> str:
    try:
        return str(answer.json()[0]["description"])[:200]
    except (ValueError, LookupError, TypeError):
        return answer.text[:100]


def _local(moment: Any, zone: ZoneInfo) -> str:
    return str(moment.astimezone(zone).strftime("%Y-%m-%d %H:%M"))


def _url(city: City, path: str) -> str:
    return city.settings.office.url.rstrip("/") + "/" + path


def _timeout(city: City) -> tuple[float, float]:
    return (min(5.0, city.settings.office.timeout), city.settings.office.timeout)
