"""Tells the unit's officer at once, day or night: one short message for each ticket."""

from __future__ import annotations

import requests
from urllib3.exceptions import NewConnectionError

from data.city import City
from data.records import OutboxEntry, Ticket, Urgency
from data.reference import Unit
from ticketing.attempt import Attempt, Result

TITLE_LENGTH = 24  # so that the message with its link still fits two parts of an SMS


def text(city: City, ticket: Ticket) -> str:
    """The message of filing, as the officer reads it."""
    due = ticket.reply_due.astimezone(city.zone)
    post = city.store.threads.post(ticket.board, ticket.thread)
    urgent = "即办 " if ticket.urgency is Urgency.IMMEDIATE else ""
    title = ticket.title if len(ticket.title) <= TITLE_LENGTH else ticket.title[: TITLE_LENGTH - 1] + "…"
    link = post.url if post else ""
    return f"{city.settings.notices.signature}{urgent}工单{ticket.number}：{title}。请于{due:%m-%d %H:%M}前在原帖回复 {link}"


def send(city: City, entry: OutboxEntry) -> Attempt:
    """Send the notice of a ticket by the city's SMS gateway, and by the unit's own apprise URLs beside it."""
    ticket = city.store.tickets.ticket(str(entry.payload["ticket"]))
    if ticket is None:
        return Attempt(Result.FAILED, error=f"没有工单 {entry.payload['ticket']}")
    reference = city.reference()
    unit = reference.current(ticket.unit, ticket.filed_at.astimezone(city.zone).date())
    if not city.settings.notices.sms_url and not unit.notices:
        return Attempt(
            Result.FAILED, error="没有配置短信网关，单位也没有通知地址；请在 liandong.toml 的 [notices] 写明 sms_url"
        )
    message = text(city, ticket)
    if unit.notices and not _by_apprise(unit, message) and not city.settings.notices.sms_url:
        # apprise says only that it did not succeed; a second message could follow one that arrived.
        return Attempt(Result.UNKNOWN, error="通知通道没有确认送达")
    return _by_sms(city, unit, message, entry.key) if city.settings.notices.sms_url else Attempt(Result.SENT)


def _by_sms(city: City, unit: Unit, message: str, key: str) -> Attempt:
    if not unit.phone:
        return Attempt(Result.FAILED, error=f"{unit.name} 没有联络员手机号；请在单位表补上")
    settings = city.settings.notices
    try:
        answer = requests.post(
            settings.sms_url, json={"to": unit.phone, "text": message, "key": key}, timeout=(5.0, settings.timeout)
        )
    except requests.ConnectTimeout:
        return Attempt(Result.RETRY, error="短信网关连接不上")
    except requests.ConnectionError as error:
        return _connection(error)
    except requests.RequestException as error:
        return Attempt(Result.UNKNOWN, error=f"短信网关没有应答（{type(error).__name__}）")
    if answer.status_code in (429, 503):
        return Attempt(Result.RETRY, error=f"短信网关忙（{answer.status_code}）")
    if answer.ok:
        return _gateway_word(answer)
    if answer.status_code < 500:
        return Attempt(Result.FAILED, error=f"短信网关不接受（{answer.status_code}）")
    return Attempt(Result.UNKNOWN, error=f"短信网关出错（{answer.status_code}）")


def _connection(error: requests.ConnectionError) -> Attempt:
    """Refused (or its name not found) before anything was sent can be tried again; cut off afterwards cannot be told from delivered."""
    if isinstance(getattr(error.args[0], "reason", None) if error.args else None, NewConnectionError):
        return Attempt(Result.RETRY, error="短信网关连接不上")
    return Attempt(Result.UNKNOWN, error="发送途中连接断开")


def _gateway_word(answer: requests.Response) -> Attempt:
    try:
        body = answer.json()
        code = body.get("code", 0)
    except (ValueError, AttributeError):
        return Attempt(Result.UNKNOWN, error="短信网关的应答看不懂")
    if str(code) == "0":  # as a number or as text
        return Attempt(Result.SENT, answer=str(body.get("id", "")))
    return Attempt(Result.FAILED, error=f"短信网关不接受（code {code}）")


def _by_apprise(unit: Unit, message: str) -> bool:
    import apprise

    outlet = apprise.Apprise()
    for url in unit.notices:
        outlet.add(url)
    return bool(outlet.notify(body=message))
