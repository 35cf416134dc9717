"""值班: who is on duty, and that alerts reach them; where nobody is, the office's standing recipients, loudly.

An alert is written down once where it arises; here it becomes an outbox entry of channel ``duty`` for whoever is on
duty when it is sent, day and night. The standing recipients are [alarm] urls, else the leaders of [notices].
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data.city import City
from data.records import Alert, OutboxEntry
from data.reference import WEEKDAYS, Shift
from ticketing import alarm, gateway, messages, notices, promises
from ticketing.attempt import Attempt, Result

DUTY = "duty"  # the outbox's channel
MARK = "duty-told"  # the last alert passed on
FRESH = timedelta(hours=1)  # an older alert is no news: the desk shows it
NOBODY = "rota"  # the kind of the alert that says so
OURS = f"{DUTY}/"  # keys of our own entries: one that failed must not make another


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's turn: until when they are on duty, and where they are reached (empty: nowhere)."""

    shift: Shift
    until: datetime
    reach: str


def on_duty(city: City, at: datetime) -> list[Turn]:
    """Who is on duty at ``at``; a shift that names the day itself (换班) takes the place of those by weekday."""
    here = at.astimezone(city.zone)
    running = [
        (shift, day, end)
        for shift in city.reference().rota
        for day in (here.date(), here.date() - timedelta(days=1))
        if _named(city, shift, day) and (end := _end(city, shift, day)) > at >= _start(city, shift, day)
    ]
    dated = [r for r in running if r[1].isoformat() in r[0].days]
    return [Turn(shift, end, _reach(city, shift)) for shift, _, end in dated or running]


def _named(city: City, shift: Shift, day: date) -> bool:
    """Does the shift begin on that day?"""
    if not (shift.valid_from or day) <= day <= (shift.valid_to or day):
        return False
    works = promises.calendar(city).is_workday(day)[0]
    names = {day.isoformat(), WEEKDAYS[day.weekday()], "每天", "工作日" if works else "休息日"}
    return not names.isdisjoint(shift.days)


def _start(city: City, shift: Shift, day: date) -> datetime:
    return datetime.combine(day, shift.start, city.zone)


def _end(city: City, shift: Shift, day: date) -> datetime:
    """An end that is not later than the start is the next day's."""
    return datetime.combine(day + timedelta(days=shift.end <= shift.start), shift.end, city.zone)


def _reach(city: City, shift: Shift) -> str:
    user = city.store.people.user(shift.user) if shift.user and not shift.reach else None
    return shift.reach or (user.reach if user and user.active else "")


def plan(city: City, day: date) -> list[tuple[datetime, datetime, tuple[Turn, ...]]]:
    """One day in stretches in which the same people are on duty; nobody is an empty stretch."""
    first, last = (datetime.combine(d, datetime.min.time(), city.zone) for d in (day, day + timedelta(days=1)))
    edges = {datetime.combine(day, t, city.zone) for s in city.reference().rota for t in (s.start, s.end)}
    starts = sorted({first, *edges})
    found: list[tuple[datetime, datetime, tuple[Turn, ...]]] = []
    for start, end in zip(starts, [*starts[1:], last], strict=True):
        turns = tuple(on_duty(city, start))
        if found and [t.shift for t in found[-1][2]] == [t.shift for t in turns]:
            found[-1] = (found[-1][0], end, turns)
        else:
            found.append((start, end, turns))
    return found


def tell(city: City, now: datetime) -> int:
    """Write down that whoever is on duty is told of every new alert; how many. Safe to repeat."""
    rota = city.reference().rota
    newest, alerts = city.store.runs.alerts_since(city.store.runs.mark(MARK))
    if not alerts:
        return 0
    heard = bool(rota or city.settings.alarm.urls)  # else there is nobody to tell, and the desk shows them
    with city.store.transaction():
        found = [a for a in alerts if heard and now - a.at <= FRESH and _passed_on(a, bool(rota))]
        for alert in found:
            payload = {"kind": alert.kind, "text": _words(city, alert), "body": _body(city, alert)}
            city.store.outbox.put(OutboxEntry(f"{OURS}{alert.id}", DUTY, alert.subject, payload, now, now))
        city.store.runs.set_mark(MARK, newest)
    return len(found)


def _passed_on(alert: Alert, rota: bool) -> bool:
    """Not what is about our own entries; and a silence of the runs only where the standing recipients are not all."""
    return not alert.subject.startswith(OURS) and (rota or alert.kind != alarm.ALARM)


def _words(city: City, alert: Alert) -> str:
    """What the message says; of an emergency also what it is about, without whom to reach."""
    if alert.kind != "emergency":
        return alert.text or alert.subject
    post = city.store.threads.post(*alert.subject.split("/", 1))
    title = messages.cut(messages.anonymous(" ".join(post.title.split())), 24) if post else alert.subject
    return f"紧急情况：{title}。{alert.text}"


def _body(city: City, alert: Alert) -> str:
    """The longer text for those who are told by more than SMS: with the post's address."""
    post = city.store.threads.post(*alert.subject.split("/", 1)) if alert.kind == "emergency" else None
    return "\n".join(filter(None, (_words(city, alert), post.url if post else "")))


def send(city: City, entry: OutboxEntry) -> Attempt:
    """Tell everyone on duty; where none of them is reached, the standing recipients, and say that it came to that.

    An alert heard twice does no harm, so that one not confirmed is tried again.
    """
    turns = on_duty(city, entry.not_before)
    attempts = {t.shift.name: _deliver(city, t.reach, entry) for t in turns}
    missed = [name for name, attempt in attempts.items() if attempt.result is not Result.SENT]
    if len(missed) < len(attempts):
        if missed:
            _say(city, entry, f"值班的{'、'.join(missed)}没有通知到；请核对值班表里的通知方式")
        return Attempt(Result.SENT)
    if not city.reference().rota:
        return _standing(city, entry, "")
    why = f"值班的{'、'.join(missed)}没有通知到" if missed else "现在没有人值班"
    _say(city, entry, f"{why}，提醒改发给了固定接收人；请管理员核对值班表")
    return _standing(city, entry, f"（{why}）")


def _standing(city: City, entry: OutboxEntry, why: str) -> Attempt:
    settings = city.settings
    if entry.payload.get("kind") == alarm.ALARM and settings.alarm.urls:
        return Attempt(Result.SENT, answer="固定接收人已由告警通知")
    found: Sequence[str] = settings.alarm.urls or (*settings.notices.leaders, settings.notices.leader_phone)
    attempts = [_deliver(city, to, entry, why) for to in found if to]
    if any(a.result is Result.SENT for a in attempts):
        return Attempt(Result.SENT)
    error = _first(a.error for a in attempts) or "没有固定接收人；请在 liandong.toml 的 [alarm] urls 写明"
    return Attempt(Result.RETRY if attempts else Result.FAILED, error=f"{why}{error}")


def _first(words: Iterable[str]) -> str:
    return next(filter(None, words), "")


def _deliver(city: City, to: str, entry: OutboxEntry, why: str = "") -> Attempt:
    """By SMS to a number, by apprise to an address."""
    settings = city.settings.notices
    if not to:
        return Attempt(Result.FAILED, error="没有写通知方式")
    if "://" in to:
        body = f"{why}{entry.payload.get('body') or entry.payload['text']}"
        told = notices.by_apprise((to,), f"{city.settings.city.name}联动提醒", body)
        return Attempt(Result.SENT if told else Result.RETRY, error="" if told else "提醒没有确认送达")
    if not gateway.present(settings):
        return Attempt(Result.FAILED, error="没有配置短信网关")
    text = messages.said(city, f"{why}{entry.payload['text']}", DUTY)
    return gateway.send(settings, to, text, f"{entry.key}/{to[-4:]}")


def _say(city: City, entry: OutboxEntry, words: str) -> None:
    """Loudly, but once a day for the same."""
    subject = f"{OURS}{entry.not_before.astimezone(city.zone):%Y%m%d}/{words[:40]}"
    with city.store.transaction():
        city.store.runs.alert(Alert(entry.not_before, NOBODY, subject, words))
