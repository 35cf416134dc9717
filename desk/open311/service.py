"""The routes of the service: discovery and services for everyone, requests for whoever holds a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from importlib.resources import files
from typing import Any, ParamSpec

from flask import Blueprint, Response, g, request

from data.records import Client, Received
from data.store.received import Wanted
from desk.open311 import asked, keys
from desk.open311.answers import Refused, answer, refusal, whole
from desk.web.context import now, the_city, the_reference
from desk.web.meter import WRONG, address, the_meter
from ticketing import progress, received

pages = Blueprint("open311", __name__, url_prefix="/open311")

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
P = ParamSpec("P")


def keyed(view: Callable[P, Response]) -> Callable[P, Response]:
    """Only for a client with a key in force, under its own name, and not too often."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        client = keys.owner(the_city(), request.values.get("api_key", ""))
        if client is None:  # whoever has a key is not kept out by those who guess behind the same address
            if not the_meter().passes(WRONG, f"key/{address()}"):
                raise Refused(429, "错误的 api_key 太多，请一分钟后再试")
            raise Refused(403, "没有 api_key，或 api_key 不对、已撤销")
        if not the_meter().passes(the_city().settings.open311.per_minute, f"client/{client.name}"):
            raise Refused(429, "请求太频繁，请一分钟后再试")
        g.client = client
        return view(*args, **kwargs)

    return guarded


def client() -> Client:
    """Who is asking."""
    found: Client = g.client
    return found


def refused(error: Refused) -> Response:
    """Any refusal under /open311, in the format that was asked for."""
    form = "xml" if request.path.endswith(".xml") else "json"
    response = refusal(form, error.code, error.description)
    if error.code == 429:
        response.headers["Retry-After"] = "60"
    return response


pages.register_error_handler(Refused, refused)


def _address() -> str:
    """As the settings say; a request may call this machine by any name, and is believed only where they say nothing."""
    return f"{(the_city().settings.desk.address or request.host_url).rstrip('/')}/open311/v2"


@pages.get("/v2/discovery.<any(json,xml):form>")
def discovery(form: str) -> Response:
    """Where the service is and what it speaks."""
    about = the_city().settings.open311
    endpoint = {
        "specification": SPECIFICATION,
        "url": _address(),
        "changeset": "2011-07-25T00:00:00+08:00",
        "type": "production",
        "formats": ["application/json", "text/xml"],
    }
    found = {
        "changeset": "2011-07-25T00:00:00+08:00",
        "contact": about.contact or f"{the_city().settings.city.name}联动",
        "key_service": about.contact or "请向本市联动办申请接口钥匙",
        "endpoints": [endpoint],
    }
    return whole(form, "discovery", found)


@pages.get("/v2/openapi.json")
def described() -> Response:
    """The same in OpenAPI, with this city's own services."""
    found = json.loads(files(__package__).joinpath("openapi.json").read_text(encoding="utf-8"))
    found["servers"] = [{"url": _address()}]
    codes = [c.slug for c in the_reference().categories]
    found["components"]["schemas"]["Filing"]["properties"]["service_code"]["enum"] = codes
    return Response(json.dumps(found, ensure_ascii=False), content_type="application/json; charset=utf-8")


@pages.get("/v2/services.<any(json,xml):form>")
def services(form: str) -> Response:
    """The categories, each as a service; its group is the first-level one."""
    _jurisdiction()
    known = the_reference().category
    return answer(
        form,
        "services",
        "service",
        (
            {
                "service_code": c.slug,
                "service_name": c.name,
                "description": "、".join(c.words[:10]) or c.name,
                "metadata": False,
                "type": "realtime",
                "keywords": ",".join(c.words[:10]),
                "group": known[c.parent].name if c.parent else c.name,
            }
            for c in the_reference().categories
        ),
    )


@pages.get("/v2/services/<path:code>.<any(json,xml):form>")
def definition(code: str, form: str) -> Response:
    """The attributes every service takes: the office's own fields, none of them required."""
    _jurisdiction()
    if code not in the_reference().category:
        raise Refused(404, "没有这个 service_code")
    attributes = [
        {
            "variable": True, "code": name, "datatype": "string", "required": False, "datatype_description": "",
            "order": i, "description": words,
        }
        for i, (name, words) in enumerate(ATTRIBUTES.items(), 1)
    ]  # fmt: skip
    return whole(form, "service_definition", {"service_code": code, "attributes": attributes})


ATTRIBUTES: Mapping[str, str] = {
    "external_id": "发来方自己的编号；同一编号只受理一次，可按它查询",
    "number": "发来方的工单号",
    "unit": "建议的承办单位",
    "contact": "联系方式",
    "source": "来源",
    "due_at": "要求办结时间",
    "thread_url": "原帖地址",
}


@pages.post("/v2/requests.<any(json,xml):form>")
@keyed
def file(form: str) -> Response:
    """Take a request in: 201, or 200 with the first one's number where the client filed this key before."""
    _jurisdiction()
    made, new = received.take_in(the_city(), client(), asked.filing(the_city(), request.form), now())
    entry = {"service_request_id": made.id, "service_notice": "已收到，待签收", "account_id": made.client}
    return answer(form, "service_requests", "request", [entry], 201 if new else 200)


@pages.get("/v2/requests.<any(json,xml):form>")
@keyed
def index(form: str) -> Response:
    """What this client filed, the newest first."""
    _jurisdiction()
    wanted, size, first = asked.wanted(request.args, now())
    found = the_city().store.received.find(client().name, wanted, size, first)
    return answer(form, "service_requests", "request", [_entry(r) for r in found])


@pages.get("/v2/requests/<id>.<any(json,xml):form>")
@keyed
def one(id: str, form: str) -> Response:
    """One of this client's requests."""
    _jurisdiction()
    found = the_city().store.received.find(client().name, Wanted([id]), 1)
    if not found:
        raise Refused(404, "没有这个 service_request_id，或不是您提交的")
    return answer(form, "service_requests", "request", [_entry(found[0])])


@pages.get("/v2/tokens/<path:token>.<any(json,xml):form>")
@keyed
def token(token: str, form: str) -> Response:
    """Our number for the client's own key, which serves as the token: a request has its number at once."""
    _jurisdiction()
    found = the_city().store.received.keyed(client().name, token)
    if found is None:
        raise Refused(404, "没有用这个编号提交过")
    return answer(form, "service_requests", "request", [{"service_request_id": found.id, "token": token}])


def _entry(made: Received) -> Mapping[str, Any]:
    """A request as GeoReport shows it; what it has no field for is under ``extended_attributes``."""
    stands, category = progress.progress(the_city(), made, now()), the_reference().category.get(made.service)
    steps = [
        {"id": s.id, "status": s.status, "datetime": _time(s.at), "note": s.note, "verdict": s.verdict}
        for s in stands.steps
    ]
    return {
        "service_request_id": made.id,
        "status": "closed" if stands.closed else "open",
        "status_notes": stands.note,
        "service_name": category.name if category else made.service,
        "service_code": made.service,
        "description": made.title,
        "agency_responsible": stands.agency,
        "requested_datetime": _time(made.at),
        "updated_datetime": _time(stands.updated),
        "expected_datetime": _time(stands.due) if stands.due else None,
        "address": made.address,
        "lat": made.lat,
        "long": made.long,
        "media_url": made.url,
        "external_id": made.key,
        "extended_attributes": {"steps": steps},
    }


def _time(moment: datetime) -> str:
    """To the microsecond: a step is told from the next by it."""
    return moment.astimezone(the_city().zone).isoformat()


def _jurisdiction() -> None:
    ours, given = the_city().settings.open311.jurisdiction, request.values.get("jurisdiction_id", "")
    if ours and given and given != ours:
        raise Refused(404, f"没有 jurisdiction_id“{given[:40]}”；这里是 {ours}")
