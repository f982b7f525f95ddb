"""Streaming least squares under schedules: the recursion by quadrature, the convolution as an integral, power laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so

H, START, SCALE = np.array([0.5, 1.5]), np.array([1.0, -0.5]), 0.3
COSINE = so.Cosine(0.2, horizon=2.0, final=0.1)
RISING = so.Schedule(0.1, lambda s: 1.0 + s)


def test_a_constant_schedule_is_a_constant_rate() -> None:
    level = so.Piecewise(0.2, [so.hold(1.0)], unit="run")
    known = so.theory.streaming_sgd(H, 0.2, START, SCALE, 20)
    np.testing.assert_allclose(so.theory.scheduled_sgd(H, level, START, SCALE, 20), known, rtol=1e-13)
    times = np.linspace(0.0, 3.0, 7)
    known = so.theory.homogenized_sgd(H, 0.2, START, SCALE, times)
    np.testing.assert_allclose(so.theory.scheduled_limit(H, level, START, SCALE, times), known, rtol=1e-7)


@pytest.mark.parametrize("unit", ["time", "steps", "run"])
def test_the_recursion_is_the_mean_over_all_examples(unit: str) -> None:
    """Three steps of unlike rates; five nodes of Gauss and Hermite are exact. Step k has the rate at its beginning."""
    lengths = {"time": 0.2, "steps": 1.0, "run": 1.0 / 3.0}[unit]
    lr = so.Piecewise(0.2, [so.hold(lengths, level) for level in (0.25, 1.0, 0.5)], unit=unit)
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    weights = weights / weights.sum()
    M = np.outer(START, START)
    found = [0.5 * np.trace(np.diag(H) @ M)]
    for rate in (0.05, 0.2, 0.1):
        mean = rate**2 * SCALE**2 * np.diag(H)
        for (i, u), (j, v) in ((p, q) for p in enumerate(nodes) for q in enumerate(nodes)):
            a = np.sqrt(H) * [u, v]
            shrink = np.eye(2) - rate * np.outer(a, a)
            mean = mean + weights[i] * weights[j] * shrink @ M @ shrink
        M = mean
        found.append(0.5 * np.trace(np.diag(H) @ M))
    np.testing.assert_allclose(so.theory.scheduled_sgd(H, lr, START, SCALE, 3), found, rtol=1e-13)


def test_the_limit_is_a_convolution_in_intrinsic_time() -> None:
    """R(τ) = σ²/2 + Σ e_i(0) e^{-2h_i τ} + η ∫ K(τ - s) ψ R ds, by Simpson's rule in t, ds = ψ dt."""
    from scipy.integrate import cumulative_simpson, simpson

    times = np.linspace(0.0, 2.0, 801)
    psi = np.array([COSINE.factor(t) for t in times])
    tau = cumulative_simpson(psi, x=times, initial=0.0)
    R = so.theory.scheduled_limit(H, COSINE, START, SCALE, times) + 0.5 * SCALE**2
    for k in (200, 400, 800):
        kernel = (H**2 * np.exp(-2.0 * np.outer(tau[k] - tau[: k + 1], H))).sum(axis=1)
        free = 0.5 * SCALE**2 + (0.5 * H * START**2 * np.exp(-2.0 * tau[k] * H)).sum()
        memory = 0.2 * simpson(kernel * psi[: k + 1] ** 2 * R[: k + 1], x=times[: k + 1])
        assert R[k] == pytest.approx(free + memory, rel=1e-7)


def test_the_recursion_tends_to_the_limit() -> None:
    """Per halving of η, and η d fixed, the gap halves."""
    gaps = []
    for d in (50, 100):
        h, start = np.linspace(0.5, 1.5, d), np.full(d, d**-0.5)
        lr = so.Piecewise(0.5 / d, [so.hold(0.5), so.ramp(0.5, 1.0, 0.0)], unit="run")
        steps = 4 * d
        limit = so.theory.scheduled_limit(h, lr, start, SCALE, [2.0])[0]
        gaps.append(so.theory.scheduled_sgd(h, lr, start, SCALE, steps)[-1] - limit)
    assert gaps[0] / gaps[1] == pytest.approx(2.0, abs=0.1)


def test_where_a_constant_rate_is_unstable() -> None:
    """At Σ ηh_i/(1 - ηh_i) = 2, below 2/tr H: one percent under it the risk falls, one percent above it grows."""
    h = np.arange(1.0, 21.0) ** -2.0
    low, edge = 0.1, 0.9
    for _ in range(60):
        middle = 0.5 * (low + edge)
        low, edge = (middle, edge) if (middle * h / (1.0 - middle * h)).sum() < 2.0 else (low, middle)
    assert edge * h.sum() < 1.1
    ends = []
    for rate in (0.99 * edge, 1.01 * edge):
        risk = so.theory.scheduled_sgd(h, so.Piecewise(rate, [so.hold(1.0)], unit="run"), np.ones(20), 0.0, 4000)
        ends.append(risk[4000] / risk[3000])
    assert ends[0] < 0.5 and ends[1] > 2.0, ends


def test_power_laws() -> None:
    h, start = so.theory.power_law(50, beta=1.5, source=0.4)
    i = np.arange(1.0, 51.0)
    np.testing.assert_allclose(h, i**-1.5, rtol=1e-14)
    np.testing.assert_allclose(0.5 * h * start**2, 0.5 * i ** -(1.0 + 0.4 * 1.5), rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: so.theory.power_law(3, 1.0, 0.5), ValueError, "beta must be above 1"),
        (lambda: so.theory.scheduled_sgd(H, 0.1, START, SCALE, 3), TypeError, "lr must be a schedule"),
        (lambda: so.theory.scheduled_limit(H, COSINE, START, SCALE, [0.0]), ValueError, "times must increase"),
        (lambda: so.theory.scheduled_sgd(H, COSINE, START, SCALE, 0), ValueError, "steps"),
        (lambda: so.theory.scheduled_sgd(H, RISING, START, SCALE, 9), ValueError, r"must be in \[0, 1\]"),
        (lambda: so.theory.scheduled_limit(H, RISING, START, SCALE, [1.0]), ValueError, r"must be in \[0, 1\]"),
    ],
)
def test_bad_input_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
