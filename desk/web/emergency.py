"""The number to ring for an emergency: that of the first emergency rule of the city that fits the post."""

from __future__ import annotations

from data.records import Post, Urgency
from data.reference import Reference

OTHERWISE = "110、119 或 120"


def number_to_ring(reference: Reference, post: Post) -> str:
    """``110``, or as the rule says; where no rule's words stand in the post, all of them."""
    rules = [r for r in reference.rules if r.urgency is Urgency.EMERGENCY and r.ring]
    fitting = (r.ring for r in rules if any(word in post.text for word in r.words))
    return next(fitting, OTHERWISE)
