"""Raises an alarm when no run has succeeded for the set time, and gives outside monitors a sign of each good one."""

from __future__ import annotations

from datetime import datetime, timedelta

import requests

from data.city import City
from data.records import Alert, OutboxEntry
from data.reference import Board
from ticketing import wire
from ticketing.attempt import Attempt, Result

ALARM = "alarm"  # the outbox's channel, and the kind of the alert
AGAIN = timedelta(days=1)  # told anew while it lasts


def silent_since(city: City, now: datetime) -> datetime | None:
    """When the last good run ended (or the first of all began), if that is longer ago than the settings allow."""
    good, first = city.store.runs.last(ok=True), city.store.runs.first()
    since = good.finished_at if good else first.started_at if first else None
    allowed = timedelta(minutes=city.settings.alarm.after_minutes)
    return since if since is not None and now - since > allowed else None


def silent_boards(city: City, moment: datetime) -> list[Board]:
    """Boards that are meant to be read and were not read well, or not lately."""
    lately = moment - timedelta(minutes=city.settings.alarm.after_minutes)
    health = city.store.threads.health
    boards = [b for b in city.reference().boards if b.enabled and not b.refused]
    return [b for b in boards if not ((h := health(b.slug)) and h.ok and h.at >= lately)]


def look(city: City, now: datetime) -> bool:
    """Write the alarm down, once for each silence and day of it, to be sent to the settings' addresses; True if it is new."""
    since = silent_since(city, now)
    if since is None:
        return False
    subject = f"{since:%Y%m%dT%H%M%S}/{(now - since) // AGAIN}"
    words = f"联动自 {since.astimezone(city.zone):%Y-%m-%d %H:%M} 起没有一轮运行成功；请看 liandong status"
    with city.store.transaction():
        fresh = city.store.runs.alert(Alert(now, ALARM, subject, words))
        if fresh and city.settings.alarm.urls:
            city.store.outbox.put(OutboxEntry(f"alarm/{subject}", ALARM, subject, {"text": words}, now, now))
    return fresh


def send(city: City, entry: OutboxEntry) -> Attempt:
    """Tell everyone of [alarm] urls; an alarm heard twice does no harm, so that one not confirmed is tried again."""
    import apprise

    outlet = apprise.Apprise()
    for url in city.settings.alarm.urls:
        if not outlet.add(url):
            return Attempt(Result.FAILED, error="[alarm] urls 里有 apprise 不认识的地址；请改正 liandong.toml")
    if outlet.notify(title=f"{city.settings.city.name}联动告警", body=str(entry.payload["text"])):
        return Attempt(Result.SENT)
    return Attempt(Result.RETRY, error="告警没有全部送达")


def beat(city: City) -> str:
    """Ask for the heartbeat address after a good run; returns what went wrong, for the run's record."""
    try:
        answer = wire.get(city.settings.alarm.heartbeat, timeout=city.settings.alarm.timeout)
        answer.raise_for_status()
    except requests.RequestException as error:
        return f"心跳地址没有应答（{type(error).__name__}）"
    return ""
