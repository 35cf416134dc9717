"""Tells of a rise once: the duty clerk and the units it concerns, merged with what is already told of the same rise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from data.city import City
from data.records import Alert, OutboxEntry
from data.reference import Reference
from data.store.series import Request, Surge
from ticketing import barometer, series
from ticketing.barometer import Rise
from ticketing.filing import NOTICE

SORTS = {
    "all": "全市诉求",
    "board": "论坛",
    "field": "大类",
    "category": "类别",
    "unit": "承办单位",
    "district": "区县",
    "phrase": "词语",
}
LASTS = timedelta(hours=24)  # a rise that has not sounded for so long is over
TOGETHER = timedelta(hours=6)  # what rises wide no earlier than so long before a rise is that rise
SAME = 0.5  # share of the posts of the smaller of two rises from which they are one
WIDE = ("all", "board")  # these say that something rises, not what
CONCERNED = 0.2  # share of the posts from which a unit or a district is named
MOST = 3  # units told, districts named
SHOWN = 5  # posts listed in a notice


def watch(city: City, now: datetime) -> Mapping[str, int]:
    """Count what has come in, judge the series it touched, tell of what rises. Safe to repeat."""
    store = city.store
    with store.transaction():
        touched = series.count(city, now)
    rises = barometer.rises(city, now, touched)
    with store.transaction():
        # What has a name first: a word, the whole city or a board is then found to be a part of it.
        told = sum(_tell(city, rise, now) for rise in sorted(rises, key=lambda r: (_vague(r.sort), -r.evidence)))
    return {"series": len(touched), "rises": len(rises), "told": told}


def current(city: City, now: datetime) -> list[Surge]:
    """The rises that have not ended, the most evident first."""
    return sorted(city.store.series.open_surges(now - LASTS), key=lambda s: -s.evidence)


def _tell(city: City, rise: Rise, now: datetime) -> bool:
    """Merge a rise with the one it belongs to, or tell of a new one; True when it is new."""
    store = city.store
    known = next((s for s in current(city, now) if _same(s, rise)), None)
    surge = _grown(known, rise, now) if known else _new(rise, now)
    number = store.series.keep(surge)
    reference = city.reference()
    if not known:
        store.runs.alert(Alert(now, "surge", f"surge/{number}", sentence(city, surge)))
    for unit in surge.units:
        if unit in reference.unit:
            payload = {"kind": "surge", "text": sentence(city, surge), "body": _body(city, surge), "unit": unit}
            store.outbox.put(OutboxEntry(f"surge/{number}/{unit}", NOTICE, f"surge/{number}", payload, now, now))
    return known is None


def _vague(sort: str) -> int:
    return 2 if sort in WIDE else 1 if sort == series.PHRASE else 0


def _same(surge: Surge, rise: Rise) -> bool:
    """One of its series again, or the whole city's or a board's that rises with it, or mostly the same posts."""
    if f"{rise.sort}:{rise.name}" in surge.names or (rise.sort in WIDE and rise.since >= surge.since - TOGETHER):
        return True
    posts = {r.key for r in rise.requests}
    return len(posts & set(surge.posts)) >= SAME * max(min(len(posts), len(surge.posts)), 1)


def _new(rise: Rise, now: datetime) -> Surge:
    return Surge(
        rise.sort,
        rise.name,
        now,
        rise.since,
        now,
        rise.count,
        round(rise.expected, 2),
        round(rise.evidence, 2),
        tuple(r.key for r in rise.requests),
        (f"{rise.sort}:{rise.name}",),
        _most((r.unit for r in rise.requests), rise),
        _most((r.district for r in rise.requests), rise),
    )


def _most(values: Any, rise: Rise) -> tuple[str, ...]:
    """What many of the requests have in common, the most frequent first."""
    counted = Counter(v for v in values if v)
    least = max(2.0, CONCERNED * len(rise.requests))
    return tuple(v for v, n in counted.most_common(MOST) if n >= least)


def _grown(surge: Surge, rise: Rise, now: datetime) -> Surge:
    """The surge with what is new of it. The most evident of its series gives it its name; a vague one only to a vague one."""
    name = f"{rise.sort}:{rise.name}"
    names = surge.names if name in surge.names else (*surge.names, name)
    fresh = _new(rise, now)
    again = (rise.sort, rise.name) == (surge.sort, surge.name)
    clearer = rise.evidence > surge.evidence and _vague(rise.sort) <= _vague(surge.sort)
    posts = tuple(dict.fromkeys((*surge.posts, *fresh.posts)))
    if again:  # the chart began anew when it last sounded: what it has now comes on top
        more = tuple(p for p in fresh.posts if p not in surge.posts)
        return replace(
            surge,
            last_at=now,
            count=surge.count + len(more),
            expected=surge.expected + fresh.expected,
            posts=posts,
            units=_together(surge.units, fresh.units),
            districts=_together(surge.districts, fresh.districts),
        )
    if clearer:
        # Charts that sounded began anew: what they told of then is a part of this.
        before = surge.expected if rise.since >= surge.last_at - timedelta(hours=1) else 0.0
        return replace(
            fresh,
            id=surge.id,
            opened_at=surge.opened_at,
            since=min(surge.since, fresh.since),
            count=len(posts),
            expected=before + fresh.expected,
            posts=posts,
            names=names,
            units=_together(fresh.units, surge.units),
        )
    if rise.sort in WIDE:
        return replace(surge, last_at=now, names=names)
    return replace(surge, last_at=now, names=names, posts=posts)


def _together(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def sentence(city: City, surge: Surge) -> str:
    """``“排水”升高：07-25 17:00 起 12 条，平常约 0.8 条；主要在涧西区``."""
    reference = city.reference()
    where = "、".join(reference.district[d].name for d in surge.districts if d in reference.district)
    since = surge.since.astimezone(city.zone)
    place = f"；主要在{where}" if where and surge.sort != "district" else ""
    return (
        f"民情升温：{title(reference, surge)}，{since:%m-%d %H:%M}起{surge.count}条，"
        f"平常约{_number(surge.expected)}条{place}。请提前准备"
    )


def _number(expected: float) -> str:
    return f"{expected:.0f}" if expected >= 10 else f"{expected:.1f}"


def title(reference: Reference, surge: Surge | Rise) -> str:
    """What rose, as staff call it."""
    if surge.sort == "all":
        return SORTS["all"]
    names: Mapping[str, Any] = {
        "field": reference.category,
        "category": reference.category,
        "unit": reference.unit,
        "district": reference.district,
        "board": reference.board,
    }.get(surge.sort, {})
    return f"{SORTS[surge.sort]}“{names[surge.name].name if surge.name in names else surge.name}”"


def _body(city: City, surge: Surge) -> str:
    """The longer text for those who are told by more than SMS: the first posts, by their addresses."""
    posts = [city.store.threads.post(*key.split("/", 1)) for key in surge.posts[:SHOWN]]
    return "\n".join([sentence(city, surge), *(p.url for p in posts if p)])


def requests(city: City, surge: Surge, now: datetime) -> tuple[Request, ...]:
    """The requests counted under the name of a surge, since it began."""
    return barometer.behind(city, (surge.sort, surge.name), surge.since, now)
