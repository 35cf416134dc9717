"""Tells units and leaders: by SMS, and by their own apprise addresses (WeCom, DingTalk, Feishu, mail …) beside it.

A notice is an outbox entry of channel ``notice`` with the payload ``{"ticket": …, "kind": …}`` (a kind of
``ticketing.messages.KINDS``; without one it is the notice of filing), or, for a digest,
``{"kind": …, "unit": …, "text": …, "body": …}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.city import City
from data.outward import NoticesTable
from data.records import Alert, OutboxEntry, Ticket
from data.reference import Unit
from ticketing import gateway, messages
from ticketing.attempt import Attempt, Result
from ticketing.filing import NOTICE


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told: a name for what failed, the SMS number, the apprise URLs."""

    name: str
    phone: str
    urls: tuple[str, ...]


def put(city: City, ticket: str, kind: str, now: datetime, again: str = "") -> bool:
    """Write down a notice about a ticket, once for its kind (and ``again``, where there may be several).

    Quiet hours hold all but the notice of filing. Returns False when it is there already. Raises KeyError for a kind
    that does not exist.
    """
    when = now if messages.KINDS[kind].at_night else awake(city, now)
    return city.store.outbox.put(
        OutboxEntry(key(ticket, kind, again), NOTICE, ticket, {"ticket": ticket, "kind": kind}, now, when)
    )


def key(ticket: str, kind: str, again: str = "") -> str:
    """The key a notice goes out under."""
    return f"notice/{ticket}" if kind == "filing" else f"notice/{ticket}/{kind}{f'/{again}' if again else ''}"


def awake(city: City, moment: datetime) -> datetime:
    """``moment``, or the end of the quiet hours it falls into."""
    settings, here = city.settings.notices, moment.astimezone(city.zone)
    start, end = settings.quiet_from, settings.quiet_to
    if start == end:
        return moment
    clock = here.time()
    quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not quiet:
        return moment
    day = here.date() + timedelta(days=1 if clock >= end else 0)
    return datetime.combine(day, end, city.zone).astimezone(moment.tzinfo)


def text(city: City, ticket: Ticket, kind: str = "filing") -> str:
    """The message of ``kind`` about a ticket, as its receiver reads it."""
    return messages.about(city, ticket, kind)


def _about(city: City, entry: OutboxEntry) -> Ticket | None:
    """The ticket an entry is about; a digest is about none."""
    number = entry.payload.get("ticket")
    return city.store.tickets.ticket(str(number)) if number else None


def _message(city: City, entry: OutboxEntry, ticket: Ticket | None) -> str:
    """What the receiver of an entry reads as SMS; LookupError when the ticket or the kind does not exist."""
    kind = str(entry.payload.get("kind", "filing"))
    if kind not in messages.KINDS:
        raise LookupError(f"没有“{kind}”这种通知")
    if "text" in entry.payload:
        return messages.said(city, str(entry.payload["text"]), kind)
    if ticket is None:
        raise LookupError(f"没有工单 {entry.payload.get('ticket')}")
    return text(city, ticket, kind)


def send(city: City, entry: OutboxEntry) -> Attempt:
    """Send one notice by the city's SMS gateway, then by the receiver's own addresses.

    The gateway comes first: while it is to be tried again, nothing has left yet that would be repeated with it.
    """
    settings = city.settings.notices
    try:
        about = _about(city, entry)
        message, to = _message(city, entry, about), _receiver(city, entry, about)
    except LookupError as error:
        return Attempt(Result.FAILED, error=str(error.args[0]) if error.args else "通知不完整")
    if not gateway.present(settings) and not to.urls:
        return Attempt(
            Result.FAILED,
            error=f"没有配置短信网关，{to.name}也没有通知地址；请在 liandong.toml 的 [notices] 写明 sms_url",
        )
    sms = _by_sms(settings, to, message, entry.key)
    if sms.result is Result.RETRY or not to.urls:
        return sms
    if not by_apprise(to.urls, message.split("】", 1)[0].strip("【"), str(entry.payload.get("body") or message)):
        _tell(city, entry, to)
        # apprise says only that it did not succeed; a second message could follow one that arrived.
        nothing_left = sms.result is Result.FAILED and not gateway.present(settings)
        return Attempt(Result.UNKNOWN, error="通知通道没有确认送达") if nothing_left else sms
    return sms if sms.result is Result.UNKNOWN else Attempt(Result.SENT, answer=sms.answer)


def _by_sms(settings: NoticesTable, to: Receiver, message: str, key: str) -> Attempt:
    if not gateway.present(settings):
        return Attempt(Result.FAILED, error="没有配置短信网关")
    if not to.phone:
        return Attempt(Result.FAILED, error=f"{to.name} 没有联络员手机号；请在单位表补上")
    return gateway.send(settings, to.phone, message, key)


def _receiver(city: City, entry: OutboxEntry, ticket: Ticket | None) -> Receiver:
    """Whom the notice is for: the office's leaders, or the unit that answers today for the one it was filed to."""
    settings, reference = city.settings.notices, city.reference()
    if messages.KINDS[str(entry.payload.get("kind", "filing"))].to_leader:
        return Receiver("领导", settings.leader_phone, settings.leaders)
    slug = str(entry.payload.get("unit") or (ticket.unit if ticket else ""))
    if slug not in reference.unit:
        raise LookupError(f"没有单位 {slug}")
    return receiver(reference.current(slug, entry.not_before.astimezone(city.zone).date()))


def receiver(unit: Unit) -> Receiver:
    """The officer of a unit."""
    return Receiver(unit.name, unit.phone, unit.notices)


def by_apprise(urls: Sequence[str], title: str, body: str) -> bool:
    """Tell every address; False when one is not understood, did not confirm, or broke on the way."""
    try:
        import apprise

        outlet = apprise.Apprise()
        understood = [outlet.add(url) for url in urls]
        return bool(outlet.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)) and all(understood)
    except Exception:  # noqa: BLE001 - a service's own fault must not hide that the SMS went
        return False


def _tell(city: City, entry: OutboxEntry, to: Receiver) -> None:
    """The SMS went, the other way did not: nothing to send again, but somebody should mend the address."""
    day = f"{entry.not_before.astimezone(city.zone):%Y-%m-%d}"
    words = f"{to.name}的通知地址（apprise）没有确认送达；请核对单位表的 notices 或 [notices] leaders"
    with city.store.transaction():
        city.store.runs.alert(Alert(entry.not_before, "notice-address", f"{to.name}/{day}", words))
