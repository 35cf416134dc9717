"""The decisions of this session that can still be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import session

from data.records import Post
from desk.web import show
from desk.web.context import now, the_city

KEPT = 5  # more than ten seconds hold


def remember(number: int, done: str, post: Post) -> None:
    """Offer to take decision ``number`` back while the city's time for it runs; ``done`` says what was decided."""
    until = now() + timedelta(seconds=the_city().settings.clocks.undo_seconds)
    entry = {
        "id": number,
        "done": done,
        "title": show.hidden(post.title[:40]),
        "post": post.key,
        "until": until.isoformat(),
    }
    session["undo"] = [entry, *session.get("undo", [])][:KEPT]


def forget(number: int) -> None:
    """Offer it no more."""
    session["undo"] = [e for e in session.get("undo", []) if e["id"] != number]


def undoable() -> Sequence[Mapping[str, Any]]:
    """Decisions of this session that can still be taken back, the last one first, with the seconds left."""
    kept = []
    for entry in session.get("undo", []):
        left = (datetime.fromisoformat(entry["until"]) - now()).total_seconds()
        if left > 0:
            kept.append({**entry, "left": int(left)})
    return kept
