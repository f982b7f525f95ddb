"""Accounting for privacy, and privacy against utility: exact recursions and chains against the closed forms."""

import math
import sys

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr

import sdeopt as so
from sdeopt.theory.private import (
    abadi_sigma,
    dpsgd_loss,
    dpsgd_lr,
    dpsignsgd_loss,
    dpsignsgd_lr,
    private_scale,
)


def gaussian_delta(z, epsilon, steps):
    """Exact δ(ε) of T normal mechanisms without sampling, one of multiplier z/√T. Balle & Wang (2018), theorem 8."""
    s = z / math.sqrt(steps)
    return ndtr(0.5 / s - epsilon * s) - math.exp(epsilon) * ndtr(-0.5 / s - epsilon * s)


@pytest.mark.extras("dp_accounting")
def test_the_accountant_is_exact_where_nothing_is_sampled():
    """q = 1: the smallest z with δ(ε) <= δ, and never below it."""
    for budget, delta, steps in ((1.0, 1e-5, 100), (2.0, 1e-6, 300), (0.1, 1e-6, 10)):
        exact = brentq(lambda z, e=budget, d=delta, t=steps: gaussian_delta(z, e, t) - d, 0.1, 1e4, xtol=1e-12)
        assert 0.0 <= so.privacy.sigma(budget, delta, steps, 1.0) / exact - 1.0 < 1e-3


@pytest.mark.extras("dp_accounting")
def test_small_budgets_do_not_ask_for_a_thousand_times_the_noise():
    """Rényi divergences give 1,001,960 and 347.3 here, since orders up to 1024 are too few for so small an ε."""
    assert so.privacy.sigma(0.005, 1e-6, 100, 0.1) == pytest.approx(593.13, abs=0.01)
    assert so.privacy.sigma(0.01, 1e-6, 100, 0.1) == pytest.approx(308.89, abs=0.01)


@pytest.mark.extras("dp_accounting")
def test_the_accountant_gives_the_known_numbers():
    """dp-accounting's own privacy loss distributions, q = 0.01, δ = 1e-5; Rényi divergences give 1.0355 and 1.7118."""
    assert so.privacy.epsilon(4.0, 1e-5, 10_000, 0.01) == pytest.approx(0.94700, abs=1e-5)
    assert so.privacy.epsilon(1.1, 1e-5, 1000, 0.01) == pytest.approx(1.51537, abs=1e-5)
    assert so.privacy.sigma(0.25, 1e-5, 1000, 0.01) / abadi_sigma(0.25, 1e-5, 1000, 0.01) == pytest.approx(
        0.710, abs=1e-3
    )


@pytest.mark.extras("dp_accounting")
def test_sigma_is_the_smallest_that_epsilon_allows():
    for epsilon, rate in ((0.5, 0.02), (2.0, 1.0)):
        z = so.privacy.sigma(epsilon, 1e-6, 300, rate)
        assert so.privacy.epsilon(z, 1e-6, 300, rate) <= epsilon < so.privacy.epsilon(z - 2e-6, 1e-6, 300, rate)


def test_batches_of_fixed_size_are_refused_by_name():
    for law in (so.Minibatch(16), so.PoissonBatch(16)):
        with pytest.raises(TypeError, match="batches of fixed size, Minibatch, are not accounted for, got"):
            so.privacy.epsilon(1.0, 1e-5, 100, law)


def test_accounting_checks_its_arguments():
    for arguments, says in (
        ((0.0, 1e-5, 10, 0.1), "epsilon must be in"),
        ((1.0, 1.0, 10, 0.1), "delta must be in"),
        ((1.0, 1e-5, 0, 0.1), "steps must be at least 1"),
        ((1.0, 1e-5, 10, 1.5), "sample_rate must be in"),
    ):
        with pytest.raises(ValueError, match=says):
            so.privacy.sigma(*arguments)
    with pytest.raises(ValueError, match="sigma must be in"):
        so.privacy.epsilon(0.0, 1e-5, 10, 0.1)


def test_without_the_package_accounting_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(ImportError, match=r"sdeopt\[dp\]"):
        so.privacy.epsilon(1.0, 1e-5, 10, 0.1)


def test_privacy_is_loaded_when_it_is_asked_for(fresh):
    script = """
import sys
import sdeopt as so
assert "sdeopt.privacy" not in sys.modules and "privacy" in dir(so)
so.privacy
assert "sdeopt.privacy" in sys.modules and "dp_accounting" not in sys.modules
"""
    fresh(script)


# ---- privacy against utility

EPSILONS = 2.0 ** np.arange(-4, 1)
BUDGET = {"delta": 1e-5, "steps": 2000, "sample_rate": 0.01}


def scales(sigma):
    return np.array([private_scale(sigma, 64, 1.0, abadi_sigma(e, **BUDGET)) for e in EPSILONS])


def slopes(values):
    return np.diff(np.log(values)) / np.diff(np.log(EPSILONS))


def sgd_at_rest(h, lr, s):
    """Exact: x' = (1 - ηh) x - η s w."""
    return 0.5 * h * lr * s**2 / (h * (2.0 - lr * h))


def sign_at_rest(h, lr, s):
    """Exact: x' = x - η sign(h x + s w) is a birth and death chain on ηZ, which detailed balance solves."""
    x = lr * np.arange(2000)
    up = ndtr(-h * x / s)  # from x to x + η; from x + η down with 1 - up there
    weights = np.concatenate([[0.0], np.cumsum(np.log(up[:-1]) - np.log1p(-up[1:]))])
    p = np.exp(weights - weights.max())
    p[0] *= 0.5  # the other half of the line
    return 0.5 * h * (p @ x**2) / p.sum()


def test_the_loss_at_rest_falls_as_the_square_and_as_the_first_power_of_epsilon():
    """Theory: -2.00 and -1.00 where the private noise dominates; the closed forms hold to O(η)."""
    s, lr = scales(0.0), {"sgd": 0.01, "sign": 2e-4}
    sgd = np.array([sgd_at_rest(1.0, lr["sgd"], v) for v in s])
    sign = np.array([sign_at_rest(1.0, lr["sign"], v) for v in s])
    np.testing.assert_allclose(slopes(sgd), -2.0, atol=1e-9)
    np.testing.assert_allclose(slopes(sign), -1.0, atol=5e-3)
    np.testing.assert_allclose([dpsgd_loss(lr["sgd"], v, 1) for v in s], sgd, rtol=0.01)
    np.testing.assert_allclose([dpsignsgd_loss(lr["sign"], v, 1) for v in s], sign, rtol=0.01)


def test_batch_noise_flattens_the_curves():
    """Theory: exponents slide to 0 once the noise of the batch dominates; the sign's are half of the others."""
    s = scales(16.0)
    sgd, sign = (slopes([loss(0.01, v, 3) for v in s]) for loss in (dpsgd_loss, dpsignsgd_loss))
    assert (np.diff(sgd) > 0.0).all() and sgd[0] > -2.0 and sgd[-1] > -0.3
    np.testing.assert_allclose(sign, sgd / 2, rtol=1e-12)


def test_the_rates_of_the_curves():
    """DP-SGD against its exact second moment, DP-SignSGD against the linear SDE; f = |x|², from f₀."""
    lr, s, t = 1e-4, 0.5, 0.7
    k = round(t / lr)
    factor = (1.0 - 2.0 * lr) ** (2 * k)
    exact = 1.0 * factor + 0.5 * 2.0 * 2 * lr * s**2 / (2.0 * (2.0 - lr * 2.0)) * (1.0 - factor)
    assert dpsgd_loss(lr, s, 2, mu=2.0, L=2.0, initial=1.0, time=t) == pytest.approx(exact, rel=1e-3)
    A = 2.0 * math.sqrt(2.0 / math.pi) / s
    factor = math.exp(-2.0 * A * t)
    exact = factor + 0.5 * 2.0 * 2 * lr / (2.0 * A) * (1.0 - factor)
    assert dpsignsgd_loss(lr, s, 2, mu=2.0, L=2.0, initial=1.0, time=t) == pytest.approx(exact, rel=1e-12)
    with pytest.raises(ValueError, match="L must be at least mu"):
        dpsgd_loss(lr, s, 2, mu=2.0, L=1.0)


def best(lrs, losses):
    """Minimum over a geometric grid, by a parabola through the lowest three."""
    i = int(np.argmin(losses))
    assert 0 < i < len(lrs) - 1
    c = np.polyfit(np.log(lrs[i - 1 : i + 2]), losses[i - 1 : i + 2], 2)
    return math.exp(-c[1] / (2.0 * c[0]))


def test_the_best_learning_rate_of_dp_sgd_is_proportional_to_epsilon():
    """Exact loss after T = 2000 steps, spectrum i/d, d = 400; theory measured the powers 0.96, 0.88, 0.74, 0.57."""
    h, T = np.arange(1, 401) / 400, BUDGET["steps"]
    lrs, x2 = np.geomspace(1e-3, 1.9, 300)[:, None], 1.0 / h
    kept = (1.0 - lrs * h) ** (2 * T)
    tuned = []
    for s in scales(0.0):
        losses = 0.5 * (h * (x2 * kept + lrs**2 * s**2 * (1.0 - kept) / (1.0 - (1.0 - lrs * h) ** 2))).sum(axis=1)
        tuned.append(best(lrs[:, 0], losses))
    np.testing.assert_allclose(slopes(tuned), [0.96, 0.88, 0.74, 0.57], atol=0.02)
    formula = [dpsgd_lr(T, s, 400, 200.0) for s in scales(0.0)]
    np.testing.assert_allclose(slopes(formula), 1.0, rtol=1e-12)
    assert 0.3 < formula[0] / tuned[0] < 3.0


def test_the_best_learning_rates_minimise_their_bounds():
    """f₀/(ηT) + η L d s²/2 and √(π/2) s [f₀/(ηT) + η L d/2], on a fine grid; the second is free of s."""
    T, d, f0, L = 500, 7, 3.0, 1.7
    lrs = np.geomspace(1e-4, 1.0, 20_001)
    for s in (0.5, 4.0):
        sgd = lrs[np.argmin(f0 / (lrs * T) + lrs * L * d * s**2 / 2)]
        sign = lrs[np.argmin(math.sqrt(math.pi / 2) * s * (f0 / (lrs * T) + lrs * L * d / 2))]
        assert dpsgd_lr(T, s, d, f0, L=L) == pytest.approx(sgd, rel=1e-3)
        assert dpsignsgd_lr(T, d, f0, L=L) == pytest.approx(sign, rel=1e-3)
