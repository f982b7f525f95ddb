"""The widening valley: its derivatives, the smoothed flow, and where injected noise walks and plain descent stops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt import theory
from sdeopt.core.oracle import Oracle
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan


def test_derivatives_of_the_widening_valley() -> None:
    f, rng, h = so.WideningValley(3), np.random.default_rng(1), 1e-5
    x, v = rng.standard_normal(4), rng.standard_normal(4)
    assert f.value(x) == pytest.approx(0.5 * x[3] ** 2 * (x[:3] @ x[:3]), rel=1e-14)
    slopes = [(f.value(x + h * e) - f.value(x - h * e)) / (2.0 * h) for e in np.eye(4)]
    assert f.grad(x) == pytest.approx(slopes, rel=1e-8)
    assert f.hvp(x, v) == pytest.approx((f.grad(x + h * v) - f.grad(x - h * v)) / (2.0 * h), rel=1e-8)
    assert np.trace(f.hessian(x)) == pytest.approx(3 * x[3] ** 2 + x[:3] @ x[:3], rel=1e-13)
    assert np.linalg.norm(f.start[:-1]) == pytest.approx(0.5)
    assert f.start[-1] == 1.5


@pytest.mark.parametrize("d", [0, 2.5, -1])
def test_dimensions_of_the_widening_valley(d: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="d must be"):
        so.WideningValley(d)


def test_smoothing_the_widening_valley_widens_it() -> None:
    """∇f_σ by the cubature of the page, against ½ (v² + σ²)(|u|² + dσ²)."""
    f, page = so.WideningValley(5), so.AntiPGD(0.01, 0.3)
    x = np.array([0.3, -0.2, 0.5, 0.1, 0.4, 1.2])
    drift = so.AntiPGD.sdes["hessian"].drift(page, 0.0, x, Oracle(f, so.NoNoise()))
    u, v = x[:5], x[5]
    assert drift == pytest.approx(-np.append((v**2 + 0.09) * u, (u @ u + 5 * 0.09) * v), rel=1e-12)


def descended(page: Any, saves: Any, paths: int = 1) -> Any:
    """Positions at the steps ``saves`` on the valley with d = 100."""
    run = plan(page, so.Problem(so.WideningValley(100)), steps=saves[-1], observables=[], rng=3)
    return Kernel(replace(run, interpreted=True, saves=tuple(saves)))(0, paths)


def test_antipgd_walks_along_the_widening_valley() -> None:
    """Theory A, section 4: η = 0.01, σ = 0.05; measured .847, .398, .114, .0094, flow .850, .401, .115, .0094.

    With r = d σ², a step takes v to v - η r (1 + √(2/d) n)(v + σ n'): the mean of 16 paths has a quarter of the spread
    η r v √(2k/d) and of the stationary σ √(η r/2), and is held to five of these and to η.
    """
    saves = (200, 500, 1000, 2000)
    v = descended(so.AntiPGD(0.01, 0.05), saves, paths=16)[:, :, -1].mean(axis=0)
    flow = theory.widening_flow(0.5, 1.5, 100, 0.05, [0.01 * k for k in saves])[1]
    assert flow == pytest.approx([0.850, 0.401, 0.115, 0.0094], abs=6e-4)
    rate = 0.01 * 100 * 0.05**2
    spread = np.hypot(rate * flow * np.sqrt(np.array(saves) / 50.0), 0.05 * np.sqrt(0.5 * rate))
    for expected in (flow, [0.847, 0.398, 0.114, 0.0094]):
        assert (np.abs(v - expected) < 5.0 * spread / 4.0 + 0.01 * flow).all()


def test_gradient_descent_stops_on_the_floor() -> None:
    """Theory A, section 4: tr H stays at 199.75 (v² - |u|² = 2 is conserved up to O(η))."""
    x = descended(so.SGD(0.01), (1000, 2000))[0]
    traces = 100 * x[:, -1] ** 2 + (x[:, :-1] ** 2).sum(axis=1)
    assert traces == pytest.approx([199.75, 199.75], abs=0.01)


def test_the_smoothed_flow_conserves_what_it_should() -> None:
    """d/dt of p - q + dσ² ln p - σ² ln q is 0 for p = |u|², q = v²."""
    times = np.linspace(0.0, 20.0, 11)
    for sigma in (0.0, 0.1):
        radius, v = theory.widening_flow(0.5, 1.5, 10, sigma, times[:4] if sigma == 0.0 else times)
        p, q = radius**2, v**2
        kept = p - q + sigma**2 * (10 * np.log(p) - np.log(q))
        assert kept == pytest.approx(np.full(len(p), kept[0]), rel=1e-9)
    assert [part.tolist() for part in theory.widening_flow(0.5, 1.5, 10, 0.1, [0.0])] == [[0.5], [1.5]]
    with pytest.raises(ValueError, match="times must increase"):
        theory.widening_flow(0.5, 1.5, 10, 0.1, [1.0, 0.5])
