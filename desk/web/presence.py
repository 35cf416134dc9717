"""Who else has a post before them, and what became of it meanwhile: said, so that nobody works on it unknowingly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from data.records import Action, Decision
from desk.web import show
from desk.web.access import may
from desk.web.context import me, now, the_city

LEASE = timedelta(seconds=45)  # a page that stays open asks every ten


def open_one(choose: Callable[[Mapping[str, Sequence[str]]], str]) -> Mapping[str, Sequence[str]]:
    """Have ``choose`` pick a post's key, knowing who looks at which, and sit down before it; who looks at which.

    Picking and sitting down are one transaction: two who ask for the next post at once get two posts. Only those who
    decide are counted as looking.
    """
    store, at = the_city().store, now()
    if not may("queue.accept"):
        others = store.presence.others("", at)
        choose(others)
        return others
    with store.hurried(), store.transaction():  # losing it in a power cut harms nobody
        others = store.presence.others(me().name, at)
        board, _, thread = choose(others).partition("/")
        if thread:
            store.presence.look(board, thread, me().name, at, at + LEASE)
        else:
            store.presence.leave(me().name)
    return others


def names(who: Sequence[str]) -> str:
    """``王敏、李强``."""
    return "、".join(show.person(name) for name in who)


def what_became(key: str) -> str:
    """``已由 王敏 处理：交办市水务集团（14:05）`` of a post that is decided; empty while it waits."""
    board, _, thread = key.partition("/")
    decisions = the_city().store.decisions
    if decisions.stage(board, thread) != "decided":
        return ""
    made = [d for d in decisions.of(board, thread) if not d.lead]
    return told(made[-1]) if made else ""


def told(decision: Decision) -> str:
    """Who decided what, and when."""
    at = decision.at.astimezone(the_city().zone)
    if decision.action is Action.REJECT:
        what = f"不予交办（{decision.reason}）"
    elif linked := the_city().store.tickets.merged_into(decision.board, decision.thread):
        what = f"并入工单 {linked}"
    else:
        what = f"交办{show.unit_name(decision.unit)}"
    by = "自动规则" if decision.automatic else show.person(decision.by)
    return f"已由 {by} 处理：{what}（{at:%H:%M}）"
