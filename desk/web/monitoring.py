"""What machines ask the desk: a sign of life for anybody, and Prometheus metrics for whoever brings the key."""

from __future__ import annotations

import hmac
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from werkzeug.exceptions import NotFound

from data.city import City
from data.records import OutboxState, VerdictName
from data.store import Store, StoreError
from desk.web.context import now, the_city
from ticketing.alarm import silent_since
from ticketing.room import nearly_full, room
from ticketing.watch import WATCHED_FOR

pages = Blueprint("monitoring", __name__)
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds; a page is meant to take 0.1
SOON = timedelta(hours=1)
Counts = Mapping[str, float] | Mapping[tuple[str, str], float]


def install(app: Flask) -> None:
    """Time every request, by route and kind of answer; never by who asked or what for."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    took = Histogram("liandong_http_seconds", "Time to answer", ("route", "status"), buckets=BUCKETS, registry=registry)
    app.extensions["metrics"] = registry

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        if "began" in g:
            route = request.endpoint or "none"
            took.labels(route, f"{response.status_code // 100}xx").observe(time.perf_counter() - g.began)
        return response


@pages.get("/healthz")
def healthz() -> tuple[Response, int]:
    """For monitoring: 200 while all is well, 503 with ``reasons`` when not, and the figures to alarm on.

    The reasons: ``database`` (cannot be read), ``read-only`` (cannot be written), ``no-good-run`` (none has succeeded
    for [alarm] after_minutes), ``disk`` (less left than [alarm] disk_free_mb).
    """
    city = the_city()
    reasons = ["disk"] if nearly_full(city) else []
    try:
        figures = _figures(city.store, silent_since(city, now()))
    except (StoreError, sqlite3.Error):
        return jsonify(ok=False, reasons=["database", *reasons]), 503
    try:
        city.store.disk.try_writing()
    except (StoreError, sqlite3.Error):
        reasons.append("read-only")
    if figures["no_good_run_since"]:
        reasons.append("no-good-run")
    return jsonify(ok=not reasons, reasons=reasons, **figures), 503 if reasons else 200


def _figures(store: Store, silent: datetime | None) -> dict[str, Any]:
    counts, run, last_ok = store.outbox.counts(), store.runs.last(), store.runs.last(ok=True)
    return {
        "queue": store.decisions.waiting(),
        "outbox": {s.value: sum(n for (_, state), n in counts.items() if state == s) for s in OutboxState},
        "last_run_ok": run.ok if run and run.finished_at else None,
        "last_run_at": run.started_at.isoformat() if run else None,
        "last_good_run_at": last_ok.started_at.isoformat() if last_ok else None,
        "no_good_run_since": silent.isoformat() if silent else None,
    }


@pages.get("/metrics")
def metrics() -> Response:
    """The city's work as it stands, in Prometheus' text format; 404 unless ``[desk] metrics_key`` is set, 401 without it."""
    key = the_city().settings.desk.metrics_key
    if not key:
        raise NotFound
    given = request.authorization
    if given is None or given.type != "bearer" or not hmac.compare_digest((given.token or "").encode(), key.encode()):
        return Response("bearer token wanted\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    registry = CollectorRegistry()
    registry.register(cast(Collector, _Standing(the_city(), now())))
    text = generate_latest(registry) + generate_latest(current_app.extensions["metrics"])
    return Response(text, content_type=CONTENT_TYPE_LATEST)


class _Standing:
    """A collector over the store: counts by state, and when something last went well; nothing about any person."""

    def __init__(self, city: City, moment: datetime) -> None:
        self.city, self.moment = city, moment

    def collect(self) -> Iterator[GaugeMetricFamily]:
        store = self.city.store
        yield _gauge("queue_posts", "Posts that wait for a clerk", store.decisions.waiting())
        watched = store.tickets.watched(self.moment - WATCHED_FOR)
        verdicts = Counter(str(verdict) for _, verdict in watched)
        yield _family("tickets_open", "Open tickets by the verdict that stands", ("verdict",), verdicts)
        due = (t.reply_due for t, verdict in watched if verdict == VerdictName.PENDING)
        soon = sum(self.moment <= at <= self.moment + SOON for at in due)
        yield _gauge("tickets_due_within_an_hour", "Open tickets whose reply is due within the hour", soon)
        yield _family("outbox_acts", "Outward acts by channel and state", ("channel", "state"), store.outbox.counts())
        yield from self._runs()
        yield from self._boards()
        takes = room(self.city, self.moment)
        yield _gauge("disk_free_bytes", "Room left on the disk of the city's folder", takes.free)
        if takes.measured_on:
            yield _gauge("database_bytes", "Size of the database as measured last", takes.size)

    def _runs(self) -> Iterator[GaugeMetricFamily]:
        last, good = self.city.store.runs.last(), self.city.store.runs.last(ok=True)
        if good and good.finished_at:
            yield _gauge("last_good_run_timestamp_seconds", "When a run last succeeded", good.finished_at.timestamp())
        if last and last.finished_at:
            yield _gauge(
                "run_seconds", "How long the last run took", (last.finished_at - last.started_at).total_seconds()
            )
            stages = {name: int(stage["ok"]) for name, stage in last.stages.items()}
            yield _family("run_stage_seconds", "How long each stage of the last run took", ("stage",), last.seconds)
            yield _family("run_stage_ok", "Whether each stage of the last run succeeded", ("stage",), stages)

    def _boards(self) -> Iterator[GaugeMetricFamily]:
        found = [h for b in self.city.reference().boards if b.enabled and (h := self.city.store.threads.health(b.slug))]
        yield _family("board_ok", "Whether a board was read well last time", ("board",), {h.board: h.ok for h in found})
        read = {h.board: h.last_complete_at.timestamp() for h in found if h.last_complete_at}
        yield _family("board_read_timestamp_seconds", "When a board was last read whole", ("board",), read)


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"liandong_{name}", what, value=value)


def _family(name: str, what: str, labels: tuple[str, ...], values: Counts) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"liandong_{name}", what, labels=labels)
    for key, value in values.items():
        family.add_metric((key,) if isinstance(key, str) else key, value)
    return family
