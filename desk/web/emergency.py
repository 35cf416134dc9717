"""The numbers to ring for an emergency: those of the city's emergency rules whose words stand in the post."""

from __future__ import annotations

from collections import Counter

from data.records import Post, Urgency
from data.reference import Reference

OTHERWISE = "110、119 或 120"


def number_to_ring(reference: Reference, post: Post) -> str:
    """``119、110``: the one most words speak for first; where no rule's words stand in the post, all of them."""
    spoken: Counter[str] = Counter()
    for rule in reference.rules:
        if rule.urgency is Urgency.EMERGENCY and rule.ring:
            spoken[rule.ring] += sum(word in post.text for word in rule.words)
    return "、".join(number for number, words in spoken.most_common() if words) or OTHERWISE
