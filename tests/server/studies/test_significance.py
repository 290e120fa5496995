"""Intervals and tests against scipy's own, and their error rates on simulated studies."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from server.studies.significance import (
    bca_interval,
    holm,
    p_t,
    paired,
    seeds_needed,
    t_interval,
)

CELL = {0: 0.9088, 1: 0.9087, 2: 0.9059, 3: 0.9102, 4: 0.9071}
OTHER = {0: 0.9054, 1: 0.9078, 2: 0.9046, 3: 0.9060, 4: 0.9055}

finite = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 6))


def test_the_t_interval_is_scipys() -> None:
    values = list(CELL.values())
    found = t_interval(values)
    expected = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)


def test_the_bootstrap_interval_is_scipys_and_repeats() -> None:
    values = list(CELL.values())
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    found = bca_interval(values)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert bca_interval(values) == found


@pytest.mark.parametrize("values", [[], [0.5], [0.5, 0.6], [0.5, 0.5, 0.5]])
def test_too_little_to_resample_has_no_bootstrap_interval(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bca_interval(values) is None


def test_the_paired_tests_are_scipys() -> None:
    found = paired(CELL, OTHER)
    assert found is not None
    cell, other = list(CELL.values()), list(OTHER.values())
    differences = np.subtract(cell, other)
    assert found.n == 5
    assert found.mean == pytest.approx(differences.mean(), abs=1e-12)
    assert found.effect_size == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert found.p_t == pytest.approx(stats.ttest_rel(cell, other).pvalue, abs=1e-12)
    assert found.p_wilcoxon == pytest.approx(stats.wilcoxon(differences).pvalue, abs=1e-12)
    permuted = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert found.p_permutation == pytest.approx(permuted.pvalue, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=8))
def test_any_pairs_give_scipys_p(pairs: list[tuple[float, float]]) -> None:
    cell = {seed: pair[0] for seed, pair in enumerate(pairs)}
    other = {seed: pair[1] for seed, pair in enumerate(pairs)}
    found = paired(cell, other)
    assert found is not None
    if found.std and found.std > 1e-9 * max(map(abs, [*cell.values(), *other.values()])):
        expected = stats.ttest_rel(list(cell.values()), list(other.values())).pvalue
        assert found.p_t == pytest.approx(expected, abs=1e-9)
    assert found.p_permutation is not None
    assert 2 ** -(len(pairs) - 1) <= found.p_permutation <= 1


def test_only_seeds_that_both_have_are_compared() -> None:
    found = paired({0: 1.0, 1: 2.0, 7: 9.0}, {0: 0.5, 1: 1.0, 3: 0.0})
    assert found is not None
    assert (found.n, found.mean) == (2, 0.75)
    assert paired({0: 1.0}, {1: 1.0}) is None


def test_one_seed_gives_a_difference_and_no_test() -> None:
    found = paired({0: 1.0}, {0: 0.5})
    assert found is not None
    assert (found.mean, found.std, found.p_t, found.interval) == (0.5, None, None, None)


def test_equal_cells_have_p_one() -> None:
    found = paired({0: 1.0, 1: 2.0}, {0: 1.0, 1: 2.0})
    assert found is not None
    assert (found.p_t, found.p_wilcoxon, found.p_permutation) == (1.0, 1.0, 1.0)
    assert found.effect_size is None


def test_holm_steps_down() -> None:
    # By hand: 3 * 0.01, 2 * 0.02, and 0.04 may not fall below the one before it.
    assert holm([0.04, 0.01, None, 0.02]) == [0.04, 0.03, None, 0.04]
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_seeds_needed_have_the_power_that_they_promise() -> None:
    rng = np.random.default_rng(1)
    needed = seeds_needed(0.5, 0.5)
    assert needed == 10  # of the tables for d = 1, 80 %, two-sided 5 %
    trials = rng.normal(0.5, 0.5, size=(20_000, needed))
    share = np.mean(stats.ttest_1samp(trials, 0, axis=1).pvalue < 0.05)
    assert share == pytest.approx(0.8, abs=0.02)


def test_no_number_of_seeds_shows_nothing() -> None:
    assert seeds_needed(0.0, 1.0) is None
    assert seeds_needed(1.0, 0.0) is None
    assert seeds_needed(1e-6, 1.0) is None
    assert seeds_needed(100.0, 1e-3) == 2


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_a_null_study_is_called_significant_once_in_twenty(seeds: int) -> None:
    differences = np.random.default_rng(seeds).normal(0.0, 0.01, size=(10_000, seeds))
    called = [p_t(row) < 0.05 for row in differences.tolist()]  # type: ignore[operator]
    assert np.mean(called) == pytest.approx(0.05, abs=0.005)
