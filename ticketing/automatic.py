"""Files without a clerk what the machine has lately been right about, as far as the settings allow; off by default.

Never an emergency, never what needs a person, never a post anybody decided about before, never above the hourly cap;
a share goes to the clerk all the same, so that the rule goes on being judged by people. In shadow mode nothing is
filed: what would have been is kept, and scored against the clerk's decision.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data.city import City
from data.records import Action, Alert, AuditEntry, Decision, Post, Suggestion, Urgency
from ticketing import confidence, filing

BY = "自动"
OFF, SINCE = "automatic-off", "automatic-since"  # marks: switched off by itself; the last decision before it was on
QUEUE = 1000  # posts looked at in one turn
PER_SCORE = 10_000


@dataclass(frozen=True, slots=True)
class Category:
    """What is known of one first-level category: decisions of people, and the threshold they bear out, if any."""

    name: str
    judged: int
    agreed: int
    threshold: float | None


@dataclass(frozen=True, slots=True)
class State:
    """The rule as it stands."""

    mode: str
    switched_off: bool
    categories: tuple[Category, ...]
    settled: int  # of what it filed, or left to the clerk for a check, since it was switched on
    wrong: int
    evidence: float
    shadows: int  # would have been filed, within the window
    shadows_judged: int
    shadows_agreed: int
    shadows_bound: float


def sureness(suggestion: Suggestion) -> float:
    """How sure the machine is of all of it: its least sure part."""
    unit = suggestion.units[0].p if suggestion.units else 0.0
    category = suggestion.categories[0].p if suggestion.categories else 0.0
    return min(suggestion.request_p, category, unit)


def allowed(suggestion: Suggestion) -> bool:
    """May the machine file such a suggestion at all, however sure it is?"""
    calm = suggestion.urgency is not Urgency.EMERGENCY and not suggestion.needs_person
    return suggestion.is_request and calm and bool(suggestion.units) and bool(suggestion.categories)


def turn(city: City, now: datetime) -> Mapping[str, Any]:
    """File, or in shadow mode note, what may be filed now; switches itself off first if it was wrong too often."""
    settings, runs = city.settings.automatic, city.store.runs
    if settings.mode == "on" and (runs.mark(OFF) or _switch_off_if_wrong(city, now)):
        return {"ok": True, "switched_off": 1}
    held = {c.name: c.threshold for c in categories(city, now) if c.threshold is not None}
    left = settings.per_hour - city.store.automatic.filed_since(now - timedelta(hours=1))
    counts: Counter[str] = Counter()
    for post, suggestion in _ready(city, held, now):
        if settings.mode == "shadow" or _spot_check(city, post):
            counts["shadow"] += _shadow(city, post, suggestion, now)
        elif counts["filed"] < left:
            filing.decide(city, _decision(suggestion, now), now)
            counts["filed"] += 1
        else:
            counts["over_the_cap"] += 1
    return {"ok": True, **counts}


def categories(city: City, now: datetime) -> list[Category]:
    """Each first-level category people decided about lately, and what they bear out."""
    settings = city.settings.automatic
    judged: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for suggestion, agreed in city.store.automatic.judged(now - timedelta(days=settings.window_days)):
        if allowed(suggestion):
            judged[_first_level(suggestion)].append((sureness(suggestion), agreed))
    return [
        Category(
            name,
            len(cases),
            sum(agreed for _, agreed in cases),
            confidence.threshold(cases, settings.precision, settings.confidence),
        )
        for name, cases in sorted(judged.items())
    ]


def state(city: City, now: datetime) -> State:
    """Everything a person needs to judge the rule by."""
    settings, store = city.settings.automatic, city.store
    outcomes = _outcomes(city)
    shadows = [agreed for _, agreed in store.automatic.shadows(now - timedelta(days=settings.window_days))]
    judged = [agreed for agreed in shadows if agreed is not None]
    return State(
        settings.mode,
        bool(store.runs.mark(OFF)),
        tuple(categories(city, now)),
        len(outcomes),
        outcomes.count(False),
        confidence.evidence(outcomes, settings.precision),
        len(shadows),
        len(judged),
        sum(judged),
        confidence.lower_bound(sum(judged), len(judged), settings.confidence),
    )


def switch(city: City, on: bool, by: str, now: datetime) -> None:
    """A person stops the rule, or lets it go on after it stopped itself; it is then judged anew."""
    with city.store.transaction():
        city.store.runs.set_mark(OFF, 0 if on else 1)
        if on:
            city.store.runs.set_mark(SINCE, city.store.automatic.last_decision())
        city.store.people.record(AuditEntry(now, by, "打开自动交办" if on else "停用自动交办"))


def _switch_off_if_wrong(city: City, now: datetime) -> bool:
    outcomes = _outcomes(city)
    if confidence.evidence(outcomes, city.settings.automatic.precision) < 1 / confidence.FALSE_ALARM:
        return False
    words = f"自动交办已自行停用：已知结果的 {len(outcomes)} 件中错了 {outcomes.count(False)} 件，多于设定；查明后用 liandong automatic --on 打开"
    with city.store.transaction():
        city.store.runs.set_mark(OFF, 1)
        city.store.runs.alert(Alert(now, "automatic", f"off/{now:%Y%m%dT%H%M%S}", words))
    return True


def _outcomes(city: City) -> list[bool]:
    return city.store.automatic.outcomes(city.store.runs.mark(SINCE))


def _ready(city: City, held: Mapping[str, float], now: datetime) -> Iterator[tuple[Post, Suggestion]]:
    oldest = now - timedelta(hours=city.settings.automatic.fresh_hours)
    for post, suggestion in city.store.decisions.queue(QUEUE) if held else ():
        sure_enough = sureness(suggestion) >= held.get(_first_level(suggestion), 2.0)
        fresh = post.posted_at >= oldest and not city.store.automatic.touched(post.board, post.thread)
        if sure_enough and fresh and allowed(suggestion):
            yield post, suggestion


def _spot_check(city: City, post: Post) -> bool:
    """Drawn from the post's name, so that it falls out the same at every look."""
    drawn = int(hashlib.sha256(post.key.encode()).hexdigest(), 16) % PER_SCORE
    return drawn < city.settings.automatic.spot_checks * PER_SCORE


def _shadow(city: City, post: Post, suggestion: Suggestion, now: datetime) -> bool:
    with city.store.transaction():
        return city.store.automatic.shadow(post.board, post.thread, now, _first_level(suggestion), sureness(suggestion))


def _decision(suggestion: Suggestion, now: datetime) -> Decision:
    return Decision(
        suggestion.board,
        suggestion.thread,
        now,
        BY,
        Action.ACCEPT,
        automatic=True,
        kind=suggestion.kind,
        category=suggestion.category,
        unit=suggestion.units[0].name,
        urgency=suggestion.urgency,
        days=suggestion.days,
        contact="；".join(f"{c.kind} {c.text}" for c in suggestion.contacts),
        reason=f"把握 {sureness(suggestion):.3f}",
    )


def _first_level(suggestion: Suggestion) -> str:
    return suggestion.category.partition("/")[0]
