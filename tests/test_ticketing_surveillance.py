"""The control charts give what the R package ``surveillance`` gives, and false alarms no oftener than they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ticketing.charts import RISES, bound, threshold
from ticketing.surveillance import c3, cusum, ears, evidence, glr, starts

# tests/testthat/test-algo.glrnb.R of surveillance has these 120 values of the chart (to seven digits) for counts drawn by
# set.seed(42); rnbinom. It does not print the counts; COUNTS are the only whole numbers that give all of its values.
COUNTS = [
    *(11, 0, 10, 16, 19, 25, 7, 11, 11, 2, 13, 8, 13, 12, 6, 11, 10, 4, 2, 0, 3, 3, 1, 0, 2, 2, 1, 2, 0, 3, 0, 1, 2, 1),
    *(3, 4, 0, 1, 0, 7, 1, 5, 1, 2, 4, 0, 0, 7, 8, 9, 13, 8, 1, 10, 11, 14, 9, 6, 10, 15, 5, 0, 0, 0, 26, 3, 1, 8, 7),
    *(2, 5, 8, 2, 2, 7, 0, 3, 0, 1, 0, 0, 0, 0, 0, 2, 2, 5, 5, 3, 1, 0, 2, 5, 1, 4, 2, 9, 4, 5, 2, 5, 10, 21, 6, 13),
    *(14, 19, 22, 17, 7, 11, 13, 17, 22, 12, 13, 12, 10, 4, 3),
]
CHART = [
    *(0.0933664, 0, 0.001387989, 0.4392282, 1.239898, 2.983766, 1.954988, 1.722341, 1.586777, 0.7331938, 0.9337575),
    *(0.7903225, 1.104522, 1.425098, 1.24129, 1.633672, 2.033343, 1.788079, 1.397671, 0.9081794, 0.797097, 0.7270934),
    *(0.5248943, 0.3093548, 0.2622768, 0.2301054, 0.1595651, 0.1484989, 0.06889605, 0.1504776, 0.04138495, 0.02219845),
    *(0.0231524, 0.009575689, 0.1504776, 0.5827537, 0.0357062, 0.005011513, 0, 1.390972, 0.3167743, 0.5717088),
    *(0.1053871, 0.003442552, 0.0005934715, 0, 0, 0.05509335, 0.1375619, 0.2449853, 0.6840703, 0.5427538, 0.05675776),
    *(0.06656547, 0.09036596, 0.209314, 0.1392091, 0.03494786, 0.026216, 0.277202, 0.01762547, 0, 0, 0, 3.564077),
    *(1.41019, 0.290548, 0.3740241, 0.4269062, 0.1296794, 0.1298662, 0.6322042, 0.2115204, 0.107457, 0.9366399),
    *(0.1379007, 0.1509654, 0.03392803, 0.005775552, 0, 0, 0, 0, 0, 0.001143512, 0.001637927, 1.021689, 1.965804),
    *(1.83044, 1.017412, 0.3033473, 0.1689957, 0.4051742, 0.1247774, 0.1460143, 0.03590031, 0.9459381, 0.4189531),
    *(0.2637725, 0.03925406, 0.01374443, 0.2283519, 2.535301, 1.406133, 1.692899, 2.021258, 2.951635, 4.25683, 4.77543),
    *(
        3.90064,
        3.646361,
        3.680106,
        4.236502,
        5.522696,
        0.1221651,
        0.4054735,
        0.6761779,
        0.8039129,
        0.3913383,
        0.1261521,
    ),
]
WEEKS = np.arange(1, 121)
MEAN = np.exp(1.5 + 0.6 * np.cos(2 * np.pi / 52 * WEEKS) + 0.6 * np.sin(2 * np.pi / 52 * WEEKS))
DISPERSION = 0.2

# tests/testthat/test-earsC.R has the first four C1 bounds (alpha 0.05) of salmonella Newport in Germany in 2011, a
# series the file does not print either; these whole numbers give them.
NEWPORT = [3, 1, 1, 3, 2, 1, 1, 3, 0, 3]
BOUNDS = [3.278854, 3.278854, 3.436517, 3.855617]
Z = 1.6448536269514722


def test_the_generalised_chart_is_that_of_surveillance() -> None:
    assert glr(COUNTS, MEAN, DISPERSION, threshold=5) == pytest.approx(CHART, abs=2e-6)


def test_the_charts_kept_for_every_series_come_near_to_it() -> None:
    best = np.max([cusum(evidence(COUNTS, MEAN, DISPERSION, rise)) for rise in RISES], axis=0)
    full = glr(COUNTS, MEAN, DISPERSION)
    assert np.all(best <= full + 1e-9), "the likeliest rise is never less likely than one of ours"
    alarm = int(np.argmax(full > 5))
    assert best[alarm] > 0.9 * full[alarm]


def test_ears_bounds_are_those_of_surveillance() -> None:
    for day, limit in enumerate(BOUNDS):
        assert ears([*NEWPORT[: day + 7], limit], lag=0)[-1] == pytest.approx(Z, abs=2e-6)


def test_c2_leaves_two_days_between_the_baseline_and_the_day() -> None:
    assert ears([*NEWPORT[:7], 50, 60, BOUNDS[0]], lag=2)[-1] == pytest.approx(Z, abs=2e-6)
    assert np.isnan(ears([1.0] * 9, lag=2)).all()


def test_c3_adds_three_days_of_what_c2_has_above_one() -> None:
    counts = [3, 1, 1, 3, 2, 1, 1, 3, 0, 9, 1, 7]
    c2 = ears(counts)
    assert c3(counts)[-1] == pytest.approx(sum(max(0.0, v - 1) for v in c2[-3:]))
    assert c3(counts)[-1] > c2[-1] - 1 > 0


def test_without_dispersion_the_evidence_is_that_of_poisson() -> None:
    assert float(evidence(7, 2.5, 0, 3.0)) == pytest.approx(7 * math.log(3) - 2.5 * (3 - 1), abs=1e-6)


def test_evidence_is_the_ratio_of_the_negative_binomial_probabilities() -> None:
    from scipy.stats import nbinom

    def log_p(x: int, mean: float) -> float:
        return float(nbinom.logpmf(x, 1 / 0.3, 1 / (1 + 0.3 * mean)))

    assert float(evidence(9, 4.0, 0.3, 2.0)) == pytest.approx(log_p(9, 8.0) - log_p(9, 4.0))


def test_a_chart_never_goes_below_nothing_and_says_where_its_run_began() -> None:
    steps = np.array([-1.0, 2.0, -3.0, 1.0, 1.0, -0.5, 2.0])
    assert cusum(steps).tolist() == [0, 2, 0, 1, 2, 1.5, 3.5]
    assert starts(steps)[-1] == 3
    assert steps[starts(steps)[-1] :].sum() == cusum(steps)[-1]


@pytest.mark.parametrize("dispersion", [0.0, 0.3])
def test_false_alarms_are_no_oftener_than_lorden_allows(dispersion: float) -> None:
    chance, limit, hours = np.random.default_rng(3), 4.0, 60_000
    mean = np.full(hours, 1.7)
    noise = chance.gamma(1 / dispersion, dispersion, hours) if dispersion else 1.0
    steps, state, alarms = evidence(chance.poisson(mean * noise), mean, dispersion, 2.0), 0.0, 0
    for step in steps:
        state = max(0.0, state + float(step))
        if state > limit:
            state, alarms = 0.0, alarms + 1
    assert 0 < alarms <= hours / math.exp(limit)


def test_more_posts_more_series_or_fewer_alarms_ask_for_more_evidence() -> None:
    assert threshold(90_000, 2) - threshold(9_000, 2) == pytest.approx(math.log(10))
    assert bound(300, 2) - bound(30, 2) == pytest.approx(math.log(10))
    assert bound(300, 0.2) - bound(300, 2) == pytest.approx(math.log(10))


def test_a_small_city_is_told_at_less_evidence_than_the_bound_asks_for() -> None:
    assert threshold(30 * 390, 2) < bound(217, 2) - 3
    assert threshold(30 * 3500, 2) < bound(217, 2)
