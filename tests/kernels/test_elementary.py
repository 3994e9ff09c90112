"""Logarithm, exponential and digamma written out as arithmetic, against correctly rounded ones."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.oracle import digamma as slow_digamma

from actinf.kernels import elementary

TINY, HUGE = 2.2250738585072014e-308, 1.7976931348623157e308


@numba.njit
def logarithms(x: np.ndarray) -> np.ndarray:
    return np.array([elementary.logarithm(value) for value in x])


@numba.njit
def exponentials(x: np.ndarray) -> np.ndarray:
    return np.array([elementary.exponential(value) for value in x])


@numba.njit
def digammas(x: np.ndarray) -> np.ndarray:
    return np.array([elementary.digamma(value) for value in x])


@numba.njit
def single_logarithms(x: np.ndarray) -> np.ndarray:
    return np.array([elementary.single_logarithm(value) for value in x])


@numba.njit
def floored(x: np.ndarray, floor: float) -> np.ndarray:
    out = np.empty_like(x)
    elementary.logarithms_into(x, out, floor)
    return out


def ulps(got: np.ndarray, wanted: np.ndarray) -> float:
    """The largest distance in units in the last place."""
    return float(np.max(np.abs(got - wanted) / np.spacing(np.abs(wanted))))


def precise(function: object, x: np.ndarray) -> np.ndarray:
    return np.array([function(value) for value in x])  # type: ignore[operator]


def test_the_logarithm_is_within_two_units_in_the_last_place_over_the_whole_range() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [
            np.exp(rng.uniform(math.log(TINY), math.log(HUGE), 100_000)),
            rng.uniform(0.5, 2.0, 100_000),
            1.0 + rng.normal(size=20_000) * 1e-9,
            [TINY, HUGE, 0.5, 2.0, math.sqrt(0.5), np.nextafter(1.0, 0.0), np.nextafter(1.0, 2.0), math.pi],
        ]
    )
    x = x[x != 1.0]
    assert ulps(logarithms(x), precise(math.log, x)) <= 2.0


def test_the_exponential_is_within_two_units_in_the_last_place_over_the_whole_range() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(-707.9, 709.0, 200_000), rng.normal(size=50_000) * 1e-3, [0.0, 1.0, -1.0, -36.8]])
    assert ulps(exponentials(x), precise(math.exp, x)) <= 2.0


@given(st.floats(TINY, HUGE))
def test_the_logarithm_of_any_number(x: float) -> None:
    assert logarithms(np.array([x]))[0] == pytest.approx(math.log(x), rel=5e-16, abs=3e-16)


def test_the_ends_of_the_range() -> None:
    np.testing.assert_array_equal(logarithms(np.array([1.0, 0.0, 5e-324])), [0.0, -np.inf, -np.inf])
    np.testing.assert_array_equal(exponentials(np.array([0.0, -np.inf, -1000.0, -708.5])), [1.0, 0.0, 0.0, 0.0])
    assert exponentials(np.array([709.0]))[0] == pytest.approx(math.exp(709.0), rel=1e-14)


def test_the_logarithm_grows_and_so_does_the_exponential() -> None:
    """Maxima are decided on these numbers: rounding may not turn an order around by more than its last places."""
    x = np.sort(np.random.default_rng(2).uniform(0.1, 10.0, 100_000))
    for values in (logarithms(x), exponentials(x)):
        assert np.min(np.diff(values) / np.spacing(np.abs(values[1:]))) >= -2


def test_logarithms_of_an_array_are_floored() -> None:
    x = np.array([0.0, 1e-20, 0.5, 1.0])
    np.testing.assert_allclose(floored(x, 1e-16), np.log(np.maximum(x, 1e-16)), rtol=1e-15)
    np.testing.assert_array_equal(floored(x[:1], 0.0), [-np.inf])
    single = floored(x.astype(np.float32), np.float32(1e-16))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, np.log(np.maximum(x, 1e-16)), rtol=1e-6)


def test_the_logarithm_of_single_precision_is_within_two_of_its_last_places_over_the_whole_range() -> None:
    """Of all normal numbers: what rounding leaves near one as well, where the logarithm is next to nothing."""
    rng = np.random.default_rng(4)
    limits = np.finfo(np.float32)
    spread = np.exp(rng.uniform(math.log(limits.smallest_normal), math.log(limits.max), 200_000))
    x = np.concatenate([spread, rng.uniform(0.5, 2.0, 200_000), [limits.smallest_normal, limits.max, 0.5, 2.0]])
    x = x.astype(np.float32)
    x = x[(x != 1.0) & (x >= limits.smallest_normal)]
    got = single_logarithms(x)
    assert got.dtype == np.float32
    assert ulps(got, np.log(x.astype(np.float64)).astype(np.float32)) <= 2.0
    np.testing.assert_array_equal(single_logarithms(np.ones(1, np.float32)), [0.0])


def test_digamma_satisfies_its_recurrence_and_known_values() -> None:
    x = np.concatenate([np.linspace(0.01, 30.0, 500), np.logspace(0, 8, 50)])
    np.testing.assert_allclose(digammas(x + 1.0) - digammas(x), 1.0 / x, rtol=2e-8, atol=2e-13)
    known = {1.0: -0.5772156649015329, 0.5: -1.9635100260214235, 2.0: 0.4227843350984671, 10.0: 2.2517525890667211}
    np.testing.assert_allclose(digammas(np.array(list(known))), list(known.values()), rtol=1e-14)


def test_digamma_is_the_slope_of_the_logarithm_of_gamma() -> None:
    x = np.random.default_rng(3).uniform(1.0, 50.0, 200)
    np.testing.assert_allclose(digammas(x), precise(slow_digamma, x), atol=1e-10)


def test_strict_arithmetic_is_not_loosened_by_a_caller_that_is() -> None:
    """Numba hands a caller's leave to re-associate on to functions that say nothing; it once cost the last 11 bits."""
    from actinf.kernels.compile import inner, strict

    assert strict(lambda x: x).targetoptions["fastmath"] is False
    assert inner(lambda x: x).targetoptions["fastmath"]
