"""Hands one message to the city's SMS gateway over HTTP; a gateway cannot be asked afterwards what it sent."""

from __future__ import annotations

import re
from urllib.parse import quote

import requests

from data.outward import NoticesTable
from ticketing import wire
from ticketing.attempt import Attempt, Result
from ticketing.office.form import text_of, unsent

WHO = "短信网关"


def present(settings: NoticesTable) -> bool:
    """Is there a gateway?"""
    return bool(settings.sms_url or settings.sms_template)


def send(settings: NoticesTable, to: str, message: str, key: str) -> Attempt:
    """Send ``message`` to the number ``to``; ``key`` goes along for gateways that refuse a repetition."""
    try:
        answer = _request(settings, to, message, key)
    except requests.ConnectTimeout:
        return Attempt(Result.RETRY, error=f"{WHO}连接不上")
    except requests.ConnectionError as error:
        return unsent(error, WHO)
    except requests.RequestException as error:
        return Attempt(Result.UNKNOWN, error=f"{WHO}没有应答（{type(error).__name__}）")
    if answer.status_code in (429, 503):
        return Attempt(Result.RETRY, error=f"{WHO}忙（{answer.status_code}）")
    if answer.ok:
        return _word(answer) if settings.sms_url else _words(settings, answer)
    if answer.status_code < 500:
        return Attempt(Result.FAILED, error=f"{WHO}不接受（{answer.status_code}）")
    return Attempt(Result.UNKNOWN, error=f"{WHO}出错（{answer.status_code}）")


def _request(settings: NoticesTable, to: str, message: str, key: str) -> requests.Response:
    times = (min(5.0, settings.timeout), settings.timeout)
    if settings.sms_url:
        return wire.post(settings.sms_url, json={"to": to, "text": message, "key": key}, timeout=times)
    address = _filled(settings.sms_template, settings.sms_encoding, to, message, key)
    if not settings.sms_body:
        return wire.get(address, timeout=times)
    body = _filled(settings.sms_body, settings.sms_encoding, to, message, key)
    headers = {"Content-Type": f"application/x-www-form-urlencoded; charset={settings.sms_encoding}"}
    return wire.post(address, data=body.encode(settings.sms_encoding, "replace"), headers=headers, timeout=times)


def _filled(template: str, encoding: str, to: str, message: str, key: str) -> str:
    """The template with its places filled, each percent-encoded in the gateway's encoding; other braces stay."""
    values = {"to": to, "text": message, "key": key}
    return re.sub(
        r"\{(to|text|key)\}", lambda m: quote(values[m[1]], safe="", encoding=encoding, errors="replace"), template
    )


def _word(answer: requests.Response) -> Attempt:
    """The answer of a gateway that speaks JSON: code 0, as a number or as text, or none, is yes."""
    try:
        body = answer.json()
        code = body.get("code", 0)
    except (ValueError, AttributeError, RecursionError):
        return Attempt(Result.UNKNOWN, error=f"{WHO}的应答看不懂")
    if str(code) == "0":
        return Attempt(Result.SENT, answer=str(body.get("id", "")))
    return Attempt(Result.FAILED, error=f"{WHO}不接受（code {code}）")


def _words(settings: NoticesTable, answer: requests.Response) -> Attempt:
    """The answer of any other: as the settings' patterns say."""
    text = text_of(answer, settings.sms_encoding)
    if settings.sms_refused and re.search(settings.sms_refused, text):
        return Attempt(Result.FAILED, error=f"{WHO}不接受（{text.strip()[:60]}）")
    if re.search(settings.sms_success, text):
        return Attempt(Result.SENT)
    return Attempt(Result.UNKNOWN, error=f"{WHO}的应答里看不出成败（{text.strip()[:60]}）")
