"""Quantiles of waiting times with some still waiting, against published figures and a count by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.survival import NONE, Quantile, quantiles

# Remission of leukaemia under 6-MP in weeks (Freireich et al. 1963; Kalbfleisch and Prentice, table 1.1).
REMISSION_ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
STILL_IN_REMISSION = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def test_a_published_example_with_its_interval() -> None:
    # R: survfit(Surv(time, status) ~ 1, conf.type = "log-log") gives the median 23 (13, NA).
    [median] = quantiles(REMISSION_ENDED, STILL_IN_REMISSION, [0.5])
    assert median == Quantile(23.0, 13.0, None)


def test_nobody_waiting_is_the_plain_median() -> None:
    assert quantiles([5, 1, 3, 2, 4], [], [0.5])[0].value == 3
    assert quantiles([7], [], [0.5])[0].value == 7


def test_nobody_answered_is_unknown_and_not_nought() -> None:
    assert quantiles([], [3600, 7200], [0.5, 0.9]) == (NONE, NONE)
    assert quantiles([], [], [0.5]) == (NONE,)


def test_the_silent_count_as_silent() -> None:
    # Four answered within the hour and six that never did: half were not answered at all.
    assert quantiles([600] * 4, [86400] * 6, [0.5]) == (Quantile(None, 600.0, None),)
    assert quantiles([600] * 6, [86400] * 4, [0.5])[0].value == 600
    assert quantiles([600] * 6, [86400] * 4, [0.9])[0].value is None


def test_those_who_have_waited_less_than_the_others_took_say_little() -> None:
    without = quantiles([100, 200, 300], [], [0.5])
    assert quantiles([100, 200, 300], [10] * 50, [0.5])[0].value == without[0].value


def test_an_answer_before_the_filing_took_no_time() -> None:
    assert quantiles([0, 0, 0], [100], [0.5])[0].value == 0


def by_hand(answered: list[int], waiting: list[int], share: float) -> float | None:
    """Kaplan–Meier straight from its definition."""
    left = 1.0
    for time in sorted(set(answered)):
        at_risk = sum(t >= time for t in [*answered, *waiting])
        left *= 1 - answered.count(time) / at_risk
        if left <= 1 - share + 1e-9:
            return float(time)
    return None


times = st.lists(st.integers(0, 30), max_size=12)


@given(times, times, st.sampled_from([0.1, 0.5, 0.9]))
def test_any_history_is_as_counted_by_hand_and_lies_in_its_interval(
    answered: list[int], waiting: list[int], share: float
) -> None:
    [found] = quantiles(answered, waiting, [share])
    assert found.value == (by_hand(answered, waiting, share) if answered else None)
    if found.value is not None:
        assert found.low is None or found.low <= found.value
        assert found.high is None or found.high >= found.value


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_answers_give_no_false_certainty(n: int) -> None:
    assert quantiles([60] * n, [], [0.5])[0].high is None
