"""Which entries of the word index have the words asked for and stand in every list a filter names.

A list gives its numbers from an index of its own in their order, as the words do, so two of them are merged in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Listed = tuple[str, Sequence[Any]]  # a select of entries as ``number``, and its values
Between = tuple[int, int]  # numbers neither of which is meant

MANY = 5_000  # entries; nothing longer is counted to its end: the count would take longer than the page
DEARER = 4  # times what passing an entry of a list costs, to look one up in it


def among(walked: Listed, others: Sequence[Listed], between: Between) -> Listed:
    """The entries of one list that stand in each of the others, which are looked up one by one."""
    sql, values = f"select number from ({walked[0]}) w where number > ? and number < ?", [*walked[1], *between]
    for other, theirs in others:
        sql, values = f"{sql} and exists (select 1 from ({other}) o where o.number = w.number)", [*values, *theirs]
    return sql, values


def planned(words: Listed | None, lists: Sequence[Listed], between: Between, count: Callable[[Listed], int]) -> Listed:
    """How to find them where no statistics tell the database: by the shortest of all, so that a filter nothing fits costs nothing.

    Few words are looked up in every list. To look entries up among the words would be a search each: they are merged with
    the shortest list. Where all are long, the page is full before much of them was walked.
    """
    shortest, fewest = None, MANY
    for each in lists:
        if (found := count(_bounded(each, between, fewest))) < fewest:
            shortest, fewest = each, found
    few = fewest if len(lists) > 1 else fewest // DEARER  # the lead of several is looked up in the others, too
    if words and (shortest is None or count(_bounded(words, between, few)) < few):
        return among(words, lists, between)
    lead = shortest or lists[0]
    sql, values = among(lead, [each for each in lists if each is not lead], between)
    if words:
        theirs, first = among(words, (), between)
        return f"{theirs} intersect {sql}", [*first, *values]
    return f"select distinct number from ({sql})", values


def _bounded(each: Listed, between: Between, most: int) -> Listed:
    sql, values = among(each, (), between)
    return f"select count(*) from ({sql} limit ?)", [*values, most]
