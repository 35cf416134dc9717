"""The facts of one filing under our own names, the office's six fields among them, for any system to take from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from data.city import City
from data.records import OutboxEntry, Post, Urgency
from data.reference import Reference
from ticketing import promises

LONGEST = 4000  # characters of the post's text
URGENCIES: Mapping[Urgency, str] = {Urgency.EMERGENCY: "紧急", Urgency.IMMEDIATE: "即办", Urgency.DAYS: "限期"}


def facts(city: City, entry: OutboxEntry, time_format: str = "%Y-%m-%d %H:%M") -> Mapping[str, str]:
    """Everything a filing says (the names are data.outward.Ours); LookupError when its post or decision is not whole."""
    store, reference = city.store, city.reference()
    decision = store.decisions.decision(int(entry.payload["decision"]))
    post = store.threads.post(entry.payload["board"], entry.payload["thread"])
    if decision is None or post is None or decision.unit is None or decision.category is None:
        raise LookupError(entry.key)
    promise = promises.promise(
        city, decision.unit, post.board, decision.urgency, decision.days, entry.not_before
    )  # what it would be now; the ticket's own begins when the office acknowledges it

    def local(moment: datetime) -> str:
        return moment.astimezone(city.zone).strftime(time_format)

    return {
        "number": str(entry.payload["number"]),
        "key": entry.key,
        "title": post.title,
        "text": f"{post.title}\n{post.body}"[:LONGEST],
        "url": post.url,
        "kind": str(decision.kind or ""),
        "urgency": URGENCIES[decision.urgency],
        "category": reference.category[decision.category].name,
        "category_code": decision.category,
        "source": source(reference, post),
        "contact": decision.contact or "网上留言",
        "unit": reference.unit[decision.unit].name,
        "unit_code": decision.unit,
        "filed_at": local(entry.not_before),
        "due_at": local(promise.completion_due),
    }


def source(reference: Reference, post: Post) -> str:
    """来源: the board's name, or how it came in (电话, 来信 …)."""
    if post.board not in reference.board:
        return post.section
    return reference.board[post.board].name + ("（人工录入）" if post.entered_by else "")
