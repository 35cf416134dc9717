"""Which words are worth a chart: most are said as often as ever, and the numbers of their days tell so at less cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.store.series import HOURS, Name
from ticketing.charts import RISES
from ticketing.expectation import DOUBT, even, levels
from ticketing.rhythm import weights
from ticketing.series import Book

LEAST = 4  # fewer posts than this are no rise; most words are said once in two days and never again
# Of what a chart expects, so much is expected here: a word's own rhythm may differ from the city's, and scatter lets an
# hour in which nothing comes speak less against a rise.
CERTAIN = 0.75


def may_sound(book: Book, days: int, until: int, begun: int, among: float, limit: float) -> set[Name]:
    """The series of a book whose charts over the last ``days`` days may be above ``limit``.

    ``until``: the hour of now; ``begun``: that from which the city was watched; ``among``: how many such series there are.
    """
    by_day = book.by_day
    first = len(book.city) - HOURS * days
    share = weights(book.city, book.when, slice(begun, first))
    share[:begun] = 0.0
    exposure = np.broadcast_to(share.reshape(-1, HOURS).sum(1), by_day.shape)
    level, error, _ = levels(by_day, exposure, days, even(book.city, share, slice(begun, first), among))
    usual = CERTAIN * (level + DOUBT * error).min(1)
    charted = book.hour >= first
    row, hour = book.row[charted], book.hour[charted]
    left = share[: until + 1].sum() - np.cumsum(share)
    spoken = _most_spoken(_since(row, book.posts[charted]), usual[row] * np.maximum(left, 0.0)[hour])
    often = by_day[:, -2:].sum(1) >= LEAST
    return {book.names[i] for i in np.unique(row[spoken > limit]) if often[i]}


def _since(row: Any, posts: Any) -> Any:
    """How many came from each hour on."""
    return np.cumsum(np.bincount(row, posts))[row] - np.cumsum(posts) + posts


def _most_spoken(came: Any, expected: Any) -> Any:
    """The evidence of a Poisson chart that begins there, for the rise that has the most."""
    rises = RISES[:, None]
    return (came * np.log(rises) - (rises - 1) * expected).max(0)
