"""The schemes along the Brownian motions of exact solutions: strong orders, and weak ones of nonlinear equations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from equations import T, scheme

from sdeopt.certificate import fit

# name -> (b, σ, x0, solution of W(T)); Kloeden & Platen (1992), section 4.4. A circle: in the sense of Stratonovich
EQUATIONS: dict[str, tuple[Any, Any, float, Any]] = {
    "gbm": (lambda t, x: 0.5 * x, lambda t, x, dw: 0.6 * x * dw, 1.0, lambda W: np.exp((0.5 - 0.18) * T + 0.6 * W)),
    "sinh": (
        lambda t, x: 0.5 * x + np.sqrt(x * x + 1.0),
        lambda t, x, dw: np.sqrt(x * x + 1.0) * dw,
        0.0,
        lambda W: np.sinh(T + W),
    ),
    "gbm∘": (lambda t, x: 0.5 * x, lambda t, x, dw: 0.6 * x * dw, 1.0, lambda W: np.exp(0.5 * T + 0.6 * W)),
    "sinh∘": (
        lambda t, x: np.sqrt(x * x + 1.0),
        lambda t, x, dw: np.sqrt(x * x + 1.0) * dw,
        0.0,
        lambda W: np.sinh(T + W),
    ),
}
ITO, STRATONOVICH = ("gbm", "sinh"), ("gbm∘", "sinh∘")


def ends(name: str, equation: str, dW: Any, levels: Any) -> list[Any]:
    """X(T) of the scheme for each number of steps along the same motions; the paths are entries of one vector."""
    b, s, x0, _ = EQUATIONS[equation]
    step, found = scheme(name, b, s), []
    for n in levels:
        x = np.full(dW.shape[1], x0)
        for j, dw in enumerate(dW.reshape(n, -1, dW.shape[1]).sum(axis=1)):
            x = step(j, x, dw / math.sqrt(T / n), T / n)
        found.append(x)
    return found


def slope(levels: Any, errors: list[Any]) -> fit.Slope:
    """The slope of the means of the two finest, with its interval."""
    paths = np.full(len(errors), float(len(errors[0])))
    gap, spread = np.array([e.mean() for e in errors]), np.array([e.std() for e in errors])
    return fit.pair(fit.Curve(T / np.array(levels, dtype=float), gap, spread / np.sqrt(paths), paths))


STRONG = [
    *((name, order, e) for name, order in (("euler", 0.5), ("milstein", 1.0), ("weak2_diagonal", 1.0)) for e in ITO),
    *(("stratonovich", 1.0, e) for e in STRATONOVICH),
]


@pytest.mark.parametrize(("name", "order", "equation"), STRONG)
def test_strong_order(name: str, order: float, equation: str) -> None:
    """E|X_h(T) - X(T)|. Errors of two steps move together, so that the interval is wide: |slope - order| is small."""
    levels, random = (64, 256), np.random.default_rng(0)
    dW = random.normal(0.0, math.sqrt(T / 256), (256, 4000))
    exact = EQUATIONS[equation][3](dW.sum(axis=0))
    found = slope(levels, [np.abs(x - exact) for x in ends(name, equation, dW, levels)])
    assert found.half < 0.1
    assert abs(found.value - order) < 0.08


@pytest.mark.parametrize(("name", "equation"), [("euler", "gbm∘"), ("stratonovich", "gbm")])
def test_the_other_calculus_is_another_solution(name: str, equation: str) -> None:
    """E|X_h - X| of the wrong limit is E X |e^{σ²/2} - 1|, 0.3 to 0.4, however small the step."""
    dW = np.random.default_rng(0).normal(0.0, math.sqrt(T / 256), (256, 2000))
    (x,) = ends(name, equation, dW, (256,))
    assert np.abs(x - EQUATIONS[equation][3](dW.sum(axis=0))).mean() > 0.2


def test_noise_that_does_not_commute_has_strong_order_one_half_in_the_sense_of_stratonovich() -> None:
    """dX₁ = dW₁, dX₂ = X₁ ∘ dW₂: a step misses the Lévy area, of variance h²/4, so E error² = Th/4 at T = 1.

    Against 64 times finer steps, which take away 1/64 of it; 20,000 paths leave a relative error of 1 %, 5.2 times
    which is allowed.
    """
    n, k, paths = 8, 64, 20_000
    dW = np.random.default_rng(3).normal(0.0, math.sqrt(T / (n * k)), (n * k, 2, paths))
    step = scheme("stratonovich", lambda t, y: 0.0 * y, lambda t, y, dw: np.array([dw[0], y[0] * dw[1]]))

    def end(increments: Any) -> Any:
        y, h = np.zeros((2, paths)), T / len(increments)
        for j, dw in enumerate(increments):
            y = step(j, y, dw / math.sqrt(h), h)
        return y[1]

    error = end(dW) - end(dW.reshape(n, k, 2, paths).sum(axis=1))
    assert (error**2).mean() == pytest.approx(T / n / 4.0 * (1.0 - 1.0 / k), rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "order", "levels"),
    [("euler", 1.0, (16, 32)), ("milstein", 1.0, (8, 16)), ("weak2_diagonal", 2.0, (6, 12))],
)
def test_weak_order_with_intervals(name: str, order: float, levels: tuple[int, int]) -> None:
    """E p(arsinh X(T)), p(z) = z³ - 6z² + 8z, against the exact solution on the same motions (Rößler's test)."""
    random = np.random.default_rng(1)
    errors: list[Any] = [[], []]
    for _ in range(40):
        dW = random.normal(0.0, math.sqrt(T / levels[1]), (levels[1], 50_000))
        exact = payoff(T + dW.sum(axis=0))
        for found, x in zip(errors, ends(name, "sinh", dW, levels), strict=True):
            found.append(payoff(np.arcsinh(x)) - exact)
    found = slope(levels, [np.concatenate(e) for e in errors])
    assert found.half < 0.15
    assert abs(found.value - order) < found.half + 0.15  # 0.15: the bend at these steps


def payoff(z: Any) -> Any:
    return z * z * z - 6.0 * z * z + 8.0 * z


def test_the_exact_solution_is_one() -> None:
    """E p(arsinh X(T)) = T³ - 3T² + 2T, which a sample of solutions must meet (4.9 standard errors: 1e-6)."""
    sample = payoff(np.arcsinh(EQUATIONS["sinh"][3](np.random.default_rng(2).normal(0.0, math.sqrt(T), 100_000))))
    assert abs(sample.mean() - (T**3 - 3.0 * T**2 + 2.0 * T)) < 4.9 * sample.std() / math.sqrt(100_000)
