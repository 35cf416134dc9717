"""What each series is expected to bring, hour by hour: its own four weeks, the rhythm of the city, and how much it scatters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ticketing.rhythm import Calendar, own, weights
from ticketing.surveillance import Numbers

BASELINE = 28  # days
GUARD = 2  # days between the baseline and the day judged, so that a rise does not hide itself
PRIOR = 1.0  # posts that what is expected without knowing the series is worth
KNOWN = 10.0  # days of its own after which a series is believed as much as that guess: words are very unlike each other
DOUBT = 1.0  # standard errors that the level is taken to be higher than estimated
FIRM = 30.0  # squared posts an hour after which the city's own scatter counts for as much as what is set down here
UNEVEN = 5.0  # a series may well bring so many times its even share; a young city cannot know which
HOURLY, DAILY = 0.15, 0.03  # dispersion of an hour's counts and a day's, before the city has told
SPREAD = 3.0  # standard deviations above which a baseline day is cut: an old storm must not hide the next


@dataclass(frozen=True)
class Expected:
    """Means of the last days of a window, (series, hours), and dispersions: (series,) of an hour and of a whole day."""

    mean: Numbers
    hourly: Numbers
    daily: Numbers


def expect(counts: Any, city: Any, when: Calendar, days: int, among: Any, begun: int = 0) -> Expected:
    """The last ``days`` days of the window (whole days), each from the BASELINE days that end GUARD days before it.

    ``counts``: (series, hours) of the window; ``city``: (hours,) of all posts; what lies in the judged days is used for
    later days only. ``among``: (series,) into how many such series the city's posts fall: what is expected of one
    that nothing is known of. ``begun``: the hour from which the city was watched; before, nothing is known.
    """
    seen = np.asarray(counts, float)
    hours = seen.shape[1]
    first = hours - 24 * days
    known = slice(begun, first)
    share = weights(city, when, known)
    shares = share * own(seen, share, when, known)[:, when.hour]
    shares[:, :begun] = 0.0
    by_day, exposure = seen.reshape(len(seen), -1, 24).sum(2), shares.reshape(len(seen), -1, 24).sum(2)
    level, error, usual = levels(by_day, exposure, days, even(city, share, known, among))
    mean = np.repeat(level + DOUBT * error, 24, axis=1) * shares[:, first:]
    return Expected(np.maximum(mean, 1e-6), *dispersions(seen[:, :first], shares[:, :first], by_day, usual))


def young(counts: Any, city: Any, when: Calendar, begun: int, until: int, among: Any) -> Expected:
    """Hours [begun, until) tell what the hours from ``until`` on should be, in a city watched for less than a fortnight.

    What was read of the time before ``begun`` may have holes in it; it can only make more be expected, never less.
    """
    seen, total = np.asarray(counts, float), np.asarray(city, float)
    share = weights(total, when, slice(begun, until))
    found = np.zeros((len(seen), 1))
    for first in {begun, int(np.argmax(total > 0)) if total.any() else begun}:
        worth = float(share[first:until].sum())
        guess = UNEVEN * total[first:until].sum() / max(worth, 1e-9) / np.asarray(among, float)[:, None]
        prior = PRIOR / np.maximum(guess, 1e-6)
        before = seen[:, first:until].sum(1, keepdims=True) + PRIOR
        found = np.maximum(found, (before + DOUBT * np.sqrt(before)) / (worth + prior))
    mean = np.maximum(found * share[until:], 1e-6)
    return Expected(mean, np.full(len(seen), HOURLY), np.full(len(seen), DAILY))


def even(city: Any, share: Numbers, known: slice, among: Any) -> Any:
    """Posts a working day of each of ``among`` series, were the city's spread evenly."""
    return np.asarray(city, float)[known].sum() / max(share[known].sum(), 1e-9) / np.asarray(among, float)


def levels(by_day: Numbers, exposure: Numbers, days: int, guess: Any) -> tuple[Numbers, Numbers, Numbers]:
    """Posts a working day of each series on each of the last ``days`` days, its standard error, and the baseline means."""
    mean = by_day.sum(1, keepdims=True) / np.maximum(exposure.sum(1, keepdims=True), 1e-9)
    usual = mean * exposure
    # Twice: a day far above the others first makes itself look usual.
    for _ in range(2):
        cut = np.minimum(by_day, usual + SPREAD * np.sqrt(usual + 0.03 * usual**2) + 1)
        usual = cut.sum(1, keepdims=True) / np.maximum(exposure.sum(1, keepdims=True), 1e-9) * exposure
    before = _windows(cut, days)
    worth = _windows(exposure, days)
    guessed = np.maximum(np.broadcast_to(np.asarray(guess, float), (len(by_day),)), 1e-6)[:, None]
    own = before / np.maximum(worth, 1e-9)
    prior = np.minimum(PRIOR / np.maximum(guessed, own), KNOWN)  # what is said every day needs no guess
    posts = before + prior * guessed
    return posts / (worth + prior), np.sqrt(posts) / (worth + prior), usual


def _windows(values: Numbers, days: int) -> Numbers:
    """Sums over the baseline of each of the last ``days`` days, as far back as the window goes."""
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    ends = np.maximum(np.arange(values.shape[1] - days, values.shape[1]) - GUARD, 0)
    sums: Numbers = total[:, ends] - total[:, np.maximum(ends - BASELINE, 0)]
    return sums


def dispersions(seen: Numbers, shares: Numbers, by_day: Numbers, usual: Numbers) -> tuple[Numbers, Numbers]:
    """(series,) of an hour's counts and of a day's: variance is mean + dispersion * mean². Each is pulled to the city's."""
    full = seen.shape[1] // 24
    day = usual[:, :full]
    days = np.minimum(by_day[:, :full], day + 6 * np.sqrt(day + 0.05 * day**2) + 2)
    level = day.sum(1, keepdims=True) / np.maximum(shares.sum(1, keepdims=True), 1e-9)
    hour = level * shares
    hours = np.minimum(seen, hour + 8 * np.sqrt(hour) + 2)
    return _shrunk((hours - hour) ** 2 - hour, hour**2, HOURLY), _shrunk((days - day) ** 2 - day, day**2, DAILY)


def _shrunk(surplus: Numbers, square: Numbers, before: float) -> Numbers:
    """Moment estimate for each series, weighed with the city's by how much it has to say; ``before`` the city has told."""
    mine, weight = surplus.sum(1), square.sum(1)
    pooled = (max(float(surplus.sum()), 0.0) + FIRM * before) / (float(square.sum()) + FIRM)
    firm = float(np.median(weight))
    found: Numbers = np.clip((np.maximum(mine, 0) + (firm + 1e-9) * pooled) / (weight + firm + 1e-9), 0.005, 2.0)
    return found
