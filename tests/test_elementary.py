"""exp, log, ... against 40 digits, and the sums against their definition."""

import mpmath
import numpy as np
import pytest

from sdeopt.core import cos, dot, elementary, erf, exp, log, matvec, norm, power, sin, tanh, total, where

mpmath.mp.dps = 40
RNG = np.random.default_rng(0)
N = 1500


def spread(low, high):
    """Points over the whole range, near zero, and near one."""
    tiny = RNG.normal(size=N) * 1e-3
    return np.concatenate((RNG.uniform(low, high, N), RNG.uniform(max(low, -2), min(high, 2), N), tiny[tiny > low]))


CASES = {
    "exp": (exp, mpmath.exp, spread(-708, 709)),
    "log": (log, mpmath.log, np.concatenate((np.exp(spread(-700, 700)), 1 + spread(-0.5, 0.5)))),
    "erf": (erf, mpmath.erf, spread(-7, 7)),
    "tanh": (tanh, mpmath.tanh, spread(-22, 22)),
    "sin": (sin, mpmath.sin, spread(-1e5, 1e5)),
    "cos": (cos, mpmath.cos, spread(-1e5, 1e5)),
}


@pytest.mark.parametrize("name", CASES)
def test_within_two_units_in_the_last_place(name):
    f, reference, x = CASES[name]
    exact = np.array([float(reference(mpmath.mpf(v))) for v in x])
    assert (np.abs(f(x) - exact) <= 2 * np.spacing(np.abs(exact))).all()


def test_erf_near_one_is_good_for_its_complement():
    """√(1 - erf²) is the deviation of a sign: where erf is 1 - 10⁻¹⁰, an error of one unit would be 10⁻⁶ of it."""
    x = RNG.uniform(1.5, 7, N)
    exact = np.array([float(mpmath.erf(mpmath.mpf(v))) for v in x])
    assert (np.abs(erf(x) - exact) <= 2.0**-53).all()
    assert (erf(x) <= 1.0).all()
    assert np.signbit(erf(np.array([-0.0, 0.0]))).tolist() == [True, False]


def test_numbers_and_vectors_give_the_same_bits():
    for f, _, x in CASES.values():
        assert [float(f(v)) for v in x[:50]] == f(x[:50]).tolist()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_limits():
    assert exp(np.array([-np.inf, -800.0, 0.0, 710.0, np.inf])).tolist() == [0.0, 0.0, 1.0, np.inf, np.inf]
    assert log(np.array([0.0, 1.0, np.inf])).tolist() == [-np.inf, 0.0, np.inf]
    assert np.isnan(log(-1.0))
    assert log(1e-310) == np.log(1e-310)
    assert erf(np.array([-np.inf, 0.0, np.inf])).tolist() == [-1.0, 0.0, 1.0]
    assert tanh(np.array([-np.inf, np.inf])).tolist() == [-1.0, 1.0]
    assert np.isnan([exp(np.nan), log(np.nan), erf(np.nan), tanh(np.nan)]).all()


def test_power():
    x = RNG.uniform(0.01, 100, 200)
    np.testing.assert_allclose(power(x, 0.37), x**0.37, rtol=1e-14)
    assert (power(0.0, 0.5), power(0.0, 0.0), power(np.inf, 0.0)) == (0.0, 1.0, 1.0)


def test_powers_of_two_and_exponents():
    k = np.arange(-1022.0, 1024.0)
    assert (elementary.two_to(k) == np.ldexp(1.0, k.astype(int))).all()
    x = np.exp(RNG.uniform(-600, 600, 1000))
    e = elementary.exponent(x)
    m = x / np.ldexp(1.0, e.astype(int))
    assert ((m >= np.sqrt(0.5) * (1 - 1e-15)) & (m < np.sqrt(2.0))).all()


def test_sums_run_from_first_to_last():
    x = np.array([1e16, 1.0, -1e16, 1.0])
    s = 0.0
    for v in x:
        s += v
    assert total(x) == dot(x, np.ones(4)) == s
    assert norm(np.array([3.0, 4.0])) == 5.0


def test_matvec():
    a, x = RNG.normal(size=(5, 3)), RNG.normal(size=3)
    np.testing.assert_allclose(matvec(a, x), a @ x, rtol=1e-14)
    assert (matvec(x, x) == x * x).all()


def test_where_chooses_numbers_and_entries():
    assert where(True, 1.0, 2.0) == 1.0
    assert where(np.array([True, False]), 1.0, np.array([5.0, 6.0])).tolist() == [1.0, 6.0]
