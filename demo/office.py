"""The office system, spoken to as Open311 GeoReport v2: careless enough to accept the same request twice."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from flask import Flask, Response, jsonify, request

from demo.boards.weather import broken
from demo.chance import share
from demo.ledger import Filing
from demo.thread import Thread
from demo.world import World

ATTRIBUTES = ("category", "source", "contact", "unit", "filed_at", "due_at", "thread_url", "external_id")
FIELDS = ("api_key", "jurisdiction_id", "service_code", "description", *(f"attribute[{a}]" for a in ATTRIBUTES))
MAY_BE_EMPTY = frozenset({"attribute[contact]"})
SIGNED_WITHIN = timedelta(minutes=50)
CLOSED_AFTER = timedelta(hours=3)  # after the answer and its due: nobody closes what may still be judged
REFUSED, HUNG, GARBLED = 0.06, 0.03, 0.01  # of the POSTs: before accepting; and after it, without a usable answer


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the office keeps it."""

    id: str
    form: dict[str, str]
    thread: Thread
    at: datetime

    def state(self, seed: int, now: datetime) -> tuple[str, str, datetime]:
        """Status, notes and since when: the unit signs a while after its notice, and reports the matter done at last."""
        thread = self.thread
        done = next((a.at for a in thread.shown(now) if a.meets and not a.holding), None)
        closed = max(done, thread.due_at) + CLOSED_AFTER if done and thread.due_at else None
        if closed and closed <= now:
            return "closed", "已办结", closed
        signed = thread.noticed_at and thread.noticed_at + SIGNED_WITHIN * share(seed, "signed", thread.key)
        if signed and signed <= now:
            return "acknowledged", "已签收", signed
        return "open", "", self.at

    def entry(self, seed: int, now: datetime) -> dict[str, Any]:
        """As GET answers it."""
        form = self.form
        status, notes, since = self.state(seed, now)
        return {
            "service_request_id": self.id,
            "status": status,
            "status_notes": notes,
            "service_code": form["service_code"],
            "description": form["description"],
            "address": form.get("address_string", ""),
            "agency_responsible": form["attribute[unit]"],
            "requested_datetime": self.at.isoformat(),
            "updated_datetime": since.isoformat(),
            "external_id": form["attribute[external_id]"],
        }


def create_app(world: World, hang: float = 1.0) -> Flask:
    """The office system of ``world``; ``hang``: seconds an accepted request is left waiting before the line is cut."""
    app = Flask(__name__, static_folder=None)
    kept: list[Request] = []
    attempts: Counter[str] = Counter()
    lock = Lock()

    @app.get("/discovery.json")
    def discovery() -> Response:
        endpoint = {"specification": "http://wiki.open311.org/GeoReport_v2", "url": request.host_url, "type": "test"}
        return jsonify(
            {"changeset": world.start.isoformat(), "endpoints": [{**endpoint, "formats": ["application/json"]}]}
        )

    @app.get("/services.json")
    def services() -> Response:
        rows = world.reference.categories
        plain = {"metadata": True, "type": "realtime", "keywords": ""}
        return jsonify(
            [{"service_code": c.slug, "service_name": c.name, "group": c.parent or "", **plain} for c in rows]
        )

    @app.post("/requests.json")
    def file() -> Response | tuple[Response, int]:
        form = request.form.to_dict()
        problem = _problem(world, form)
        if problem:
            return _error(*problem)
        key = form["attribute[external_id]"]
        with lock:
            attempts[key] += 1
            chance = share(world.seed, "office", world.plain(key), attempts[key])
        if chance < REFUSED:
            return _error(500, "系统繁忙，请稍后再试")
        found = accept(form)
        if chance < REFUSED + HUNG:
            time.sleep(hang)
            return broken()
        if chance < REFUSED + HUNG + GARBLED:
            return Response("<html><body>提交成功</body></html>", 200, mimetype="text/html")
        return tell(found), 201

    @app.get("/requests.json")
    def look_up() -> Response:
        key, ids = request.args.get("external_id"), request.args.get("service_request_id", "")
        asked = set(filter(None, ids.split(",")))
        with lock:
            fit = [r for r in kept if key in (None, r.form["attribute[external_id]"]) and (not asked or r.id in asked)]
        if key is not None and fit:
            acknowledge(fit[0])
        return jsonify([r.entry(world.seed, world.clock()) for r in fit])

    @app.get("/requests/<id>.json")
    def one(id: str) -> Response | tuple[Response, int]:
        with lock:
            fit = [r for r in kept if r.id == id]
        return jsonify([r.entry(world.seed, world.clock()) for r in fit]) if fit else _error(404, "没有这个编号的工单")

    def accept(form: dict[str, str]) -> Request:
        thread = world.find(form["attribute[thread_url]"])
        assert thread is not None
        with lock:
            made = Request(f"LY{201107250001 + len(kept)}", form, thread, world.clock())
            kept.append(made)
            key, unit = form["attribute[external_id]"], form["attribute[unit]"]
            world.ledger.filings.append(Filing(key, made.id, thread.board, thread.id, unit, made.at))
        return made

    def acknowledge(made: Request) -> None:
        world.acknowledged(made.thread.board, made.thread.id, made.id, world.clock())

    def tell(made: Request) -> Response:
        acknowledge(made)
        return jsonify([{"service_request_id": made.id, "service_notice": "已受理", "account_id": None}])

    return app


def _problem(world: World, form: dict[str, str]) -> tuple[int, str] | None:
    missing = [f for f in FIELDS if f not in form or not (form[f].strip() or f in MAY_BE_EMPTY)]
    if missing:
        return 400, f"缺少必填项：{'、'.join(missing)}"
    if form["service_code"] not in world.reference.category:
        return 404, "service_code 不存在"
    unit = form["attribute[unit]"]
    if unit not in world.reference.unit and unit not in {u.name for u in world.reference.units}:
        return 400, "attribute[unit] 不是本市承办单位"
    return None if world.find(form["attribute[thread_url]"]) else (400, "attribute[thread_url] 不是本市论坛的帖子")


def _error(code: int, description: str) -> tuple[Response, int]:
    return jsonify([{"code": code, "description": description}]), code
