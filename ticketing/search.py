"""Finds posts and their tickets by words, as jieba cuts them: indexed a while after a post came, searched the newest first.

Indexed is every word of the dictionary that stands in title or text, without contact details and without the author: it is
requests that are looked for, not people. Asked for are the words as jieba cuts them; where nothing has them all, the shorter
words they are made of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from classifier import tokens
from data.city import City
from data.records import Post
from data.reference import Reference
from data.store.found import Page, Wanted
from ticketing.messages import anonymous

AT_ONCE = 500  # posts in one transaction
IN_A_TURN = 20_000  # posts in one cycle: a city that was never indexed is, in some cycles
LONGEST = 100  # characters asked for
_WORD = re.compile(r"[^\W_]+")


def index(city: City, at_most: int = IN_A_TURN) -> int:
    """Index the posts that came or changed; how many."""
    done = 0
    while done < at_most and (posts := city.store.found.waiting(min(AT_ONCE, at_most - done))):
        names = tokens.city_words(city.reference())
        entries = [(post, worded(names, f"{post.title}\n{post.body}")) for post in posts]
        with city.store.transaction():
            city.store.found.put(entries)
        done += len(posts)
    return done


def worded(names: tuple[str, ...], text: str) -> list[str]:
    """The words a text is found by; ``names`` are those of the city's offices and places."""
    return _all(names, anonymous(text))


def asked(text: str, reference: Reference) -> tuple[Sequence[str], Sequence[str]]:
    """The words a search text is made of, and the shorter ones those are made of."""
    city, text = tokens.city_words(reference), text[:LONGEST]
    longest = _words(tokens.cutter(city), text)
    inner = [w for w in _all(city, text) if len(w) > 1]
    shorter = [w for w in inner if not any(o in w and o != w for o in inner)]
    return longest, shorter if shorter != longest else ()


def search(city: City, text: str, wanted: Wanted, limit: int, before: int | None = None) -> Page:
    """A page of what has the words of ``text`` and fits ``wanted`` (whose words are set here); without a text, of all that fits."""
    if not text.strip():
        return city.store.found.search(replace(wanted, words=()), limit, before)
    page = Page((), None)
    for words in asked(text, city.reference()):
        if words and not page.hits:
            page = city.store.found.search(replace(wanted, words=words), limit, before)
    return page


def in_hand(city: City, digits: str, limit: int) -> list[Post]:
    """Posts still in hand that name this telephone number; for those who handle them, and to be written into the audit."""
    return city.store.found.by_contact(digits, limit)


def _all(city: tuple[str, ...], text: str) -> list[str]:
    """The words as they are cut, and every other of two characters and more."""
    whole = _words(tokens.cutter(city), text)
    return list(dict.fromkeys([*whole, *(w for w in _words(tokens.every(city), text) if len(w) > 1)]))


def _words(cut: tokens.Cut, text: str) -> list[str]:
    """Each once, in their order; what is neither letter nor figure parts words and is none."""
    return list(dict.fromkeys(w for word in cut(tokens.normal(text)) for w in _WORD.findall(word)))
