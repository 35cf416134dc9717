"""Files tickets into a form of an office system that has no interface of its own, as ``[office.form]`` describes it.

Such a system cannot be asked by our key: an attempt whose result is unknown is 结果不明 and not repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests
from urllib3.exceptions import NewConnectionError

from data.city import City
from data.outward import FormTable, OfficeTable
from data.records import OutboxEntry
from ticketing import wire
from ticketing.attempt import Attempt, Result
from ticketing.office.facts import facts

LONGEST = 64 * 1024  # characters of an answer that are looked at


def file(city: City, office: OfficeTable, entry: OutboxEntry) -> Attempt:
    """Send one filing; the answer is the office's number, empty where the form shows none."""
    form = office.form
    if not office.url or not form.fields or not (form.success or form.success_json):
        lacking = "[office] 写明 url，在 [office.form] 写明 fields 和 success（或 success_json）"
        return Attempt(Result.FAILED, error=f"没有配置办公系统的表单；请在 liandong.toml 的 {lacking}")
    try:
        known = facts(city, entry, form.time_format)
    except LookupError as error:
        return Attempt(Result.FAILED, error=f"这次交办所依据的帖子或决定不完整（{error}）")
    sent = {**form.constants, **{theirs: known[ours] for theirs, ours in form.fields.items()}}
    try:
        answer = _send(office.url, form, sent, office.timeout)
    except requests.ConnectTimeout:
        return Attempt(Result.RETRY, error="办公系统连接不上")
    except requests.ConnectionError as error:
        return unsent(error, "办公系统")
    except requests.RequestException as error:
        return Attempt(Result.UNKNOWN, error=f"办公系统没有应答（{type(error).__name__}）")
    return _judge(answer, form)


def _send(url: str, form: FormTable, sent: Mapping[str, str], timeout: float) -> requests.Response:
    times = (min(5.0, timeout), timeout)
    if form.content == "json":
        # Bytes, so that a letter the encoding lacks is a question mark and not a filing that never leaves.
        body = json.dumps(sent, ensure_ascii=False).encode(form.encoding, "replace")
        headers = {"Content-Type": f"application/json; charset={form.encoding}", **form.headers}
        return wire.ask(form.method, url, times, data=body, headers=headers)
    text = urlencode(sent, encoding=form.encoding, errors="replace")
    if form.method == "GET":
        joined = f"{url}{'&' if '?' in url else '?'}{text}"
        return wire.get(joined, headers=dict(form.headers), timeout=times)
    headers = {"Content-Type": f"application/x-www-form-urlencoded; charset={form.encoding}", **form.headers}
    return wire.post(url, data=text.encode("ascii"), headers=headers, timeout=times)


def unsent(error: requests.ConnectionError, who: str) -> Attempt:
    """Refused (or its name not found) before anything was sent can be tried again; cut off afterwards cannot be told from delivered."""
    if isinstance(getattr(error.args[0], "reason", None) if error.args else None, NewConnectionError):
        return Attempt(Result.RETRY, error=f"{who}连接不上")
    return Attempt(Result.UNKNOWN, error="发送途中连接断开")


def _judge(answer: requests.Response, form: FormTable) -> Attempt:
    status, page = answer.status_code, text_of(answer, form.encoding)
    if status in (429, 503):
        return Attempt(Result.RETRY, error=f"办公系统忙（{status}）")
    if form.refused and re.search(form.refused, page):
        return Attempt(Result.FAILED, error=f"办公系统不接受：{_plain(page)}")
    if answer.ok and _says_yes(page, form):
        return Attempt(Result.SENT, answer=_number(page, form))
    if 400 <= status < 500:
        return Attempt(Result.FAILED, error=f"办公系统不接受（{status}）")
    return Attempt(Result.UNKNOWN, error=f"办公系统的应答里看不出成败（{status}：{_plain(page)}）")


def text_of(answer: requests.Response, encoding: str) -> str:
    """The beginning of an answer's text: by its own charset where it names one, else by ``encoding``."""
    named = "charset=" in answer.headers.get("Content-Type", "").lower()
    try:
        return answer.content.decode(answer.encoding if named and answer.encoding else encoding, "replace")[:LONGEST]
    except LookupError:
        return answer.content.decode(encoding, "replace")[:LONGEST]


def _says_yes(page: str, form: FormTable) -> bool:
    if form.success and not re.search(form.success, page):
        return False
    path, _, value = form.success_json.partition("=")
    return not path or str(_at(page, path)) == value


def _number(page: str, form: FormTable) -> str:
    if form.number_json:
        found = _at(page, form.number_json)
        return "" if found is None or isinstance(found, dict | list) else str(found)[:100]
    match = re.search(form.number, page) if form.number else None
    return str(match[1 if match.re.groups else 0] or "")[:100] if match else ""


def _at(page: str, path: str) -> Any:
    """What stands at ``data.0.id`` of a JSON answer; None when nothing does."""
    try:
        found: Any = json.loads(page)
        for step in path.strip().split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return str(found).lower() if isinstance(found, bool) else found


def _plain(page: str) -> str:
    """The first words of a page, without its tags, for the list of what failed."""
    return " ".join(re.sub(r"<[^<>]{0,500}>", " ", page[:2000]).split())[:100]
