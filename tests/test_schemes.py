"""The schemes, one step at a time: their orders, exactly where expectations can be, else with intervals."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from equations import T, scheme
from scipy.linalg import expm

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(4)  # exact for polynomials of degree 7
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def draws(name: str, m: int) -> Any:
    """(probability, draws) of a quadrature over all that a step draws."""
    for i in itertools.product(range(len(NODES)), repeat=m):
        p, dw = math.prod(WEIGHTS[list(i)]), NODES[list(i)]
        if name != "weak2":
            yield p, dw
            continue
        for u in itertools.product((0.25, 0.75), repeat=m):
            yield p * 0.5**m, (dw, np.array(u))


def slopes(h: Any, errors: Any) -> Any:
    return np.diff(np.log(np.abs(errors))) / np.diff(np.log(h))


# ---- expectations by quadrature


def nonlinear(m: int) -> tuple[Any, Any]:
    """Quadratic coefficients that depend on time; the noises of m = 2 or 3 do not commute."""
    rows = np.random.default_rng(0).normal(0.0, 0.5, (m, 2, 3))

    def drift(t: float, x: Any) -> Any:
        return np.array([x[1] * x[1] - 0.5 * x[0] + t, 0.3 * x[0] * x[1] - (1.0 + t) * x[1]])

    def diffusion(t: float, x: Any, dw: Any) -> Any:
        columns = rows @ np.array([1.0 + t, x[0], x[0] * x[1] + t * x[1]])
        return dw @ columns

    return drift, diffusion


def generator(f: Any, drift: Any, diffusion: Any, m: int) -> Any:
    """∂_t f + b·∇f + ½ Σ_r g_rᵀ∇²f g_r by central differences, exact for polynomials of degree 6 along a line."""
    first, second = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60, np.array([2, -27, 270, -490, 270, -27, 2]) / 180
    line = np.arange(-3, 4)

    def action(t: float, x: Any) -> float:
        b, g = drift(t, x), [diffusion(t, x, e) for e in np.eye(m)]
        along = sum(c * f(t + 0.5 * s, x + 0.5 * s * b) for c, s in zip(first, line, strict=True)) / 0.5
        across = sum(c * f(t, x + 0.5 * s * v) for v in g for c, s in zip(second, line, strict=True)) / 0.25
        return float(along + 0.5 * across)

    return action


@pytest.mark.parametrize(("name", "m", "order"), [("euler", 2, 1), ("weak2", 1, 2), ("weak2", 2, 2), ("weak2", 3, 2)])
def test_one_step_matches_the_expansion_of_the_semigroup(name: str, m: int, order: int) -> None:
    """E f(step) = f + h L f + (h²/2) L² f + O(h³) with weak order 2; O(h²) with order 1. No randomness."""
    drift, diffusion = nonlinear(m)
    step, x, h = scheme(name, drift, diffusion), np.array([0.7, -0.4]), np.array([0.04, 0.02, 0.01])
    functions: tuple[Any, ...] = (lambda t, x: x[0] * x[0] * x[1], lambda t, x: x[1] * x[1], lambda t, x: x[0])
    for f in functions:
        Lf = generator(f, drift, diffusion, m)
        LLf = generator(Lf, drift, diffusion, m)
        errors = [
            sum(p * f(0.0, step(0, x, z, s)) for p, z in draws(name, m))
            - (f(0.0, x) + s * Lf(0.0, x) + 0.5 * s * s * LLf(0.0, x))
            for s in h
        ]
        assert slopes(h, errors)[-1] == pytest.approx(order + 1, abs=0.15)


def linear(m: int, d: int) -> tuple[Any, Any]:
    random = np.random.default_rng(m)
    return random.normal(0.0, 0.7, (d, d)), random.normal(0.0, 0.5, (m, d, d))


def second_moments(name: str, A: Any, B: Any, h: float) -> Any:
    """E X(h)⊗X(h) as a matrix on x0⊗x0, of one step of the scheme on dX = A X dt + Σ B_r X dW_r."""
    d = len(A)
    step = scheme(name, lambda t, y: A @ y, lambda t, y, dw: np.einsum("r,rij,j->i", dw, B, y))
    once = np.zeros((d * d, d * d))
    for p, z in draws(name, len(B)):
        F = np.array([step(0, e, z, h) for e in np.eye(d)]).T
        once += p * np.kron(F, F)
    return once


def weak_errors(name: str, m: int, levels: tuple[int, ...], time: float | None = T) -> tuple[Any, list[Any]]:
    """Steps h = T/levels and the errors of second moments at ``time``, by default T, with None after one step."""
    A, B = linear(m, 2)
    eye = np.eye(2)
    drift = A + 0.5 * sum(b @ b for b in B) if name == "stratonovich" else A  # of the equation in the sense of Itô
    L = np.kron(drift, eye) + np.kron(eye, drift) + sum(np.kron(b, b) for b in B)
    h, errors = T / np.array(levels), []
    for s in h:
        n = 1 if time is None else round(time / s)
        errors.append(np.linalg.matrix_power(second_moments(name, A, B, s), n) - expm(n * s * L))
    return h, errors


@pytest.mark.parametrize(
    ("name", "m", "order"),
    [("euler", 2, 1), ("implicit", 2, 1), ("stratonovich", 2, 1), ("weak2", 1, 2), ("weak2", 2, 2), ("weak2", 3, 2)],
)
def test_weak_order_of_second_moments_on_noise_that_does_not_commute(name: str, m: int, order: int) -> None:
    """Matrices B_r without common structure; exact moments by expm, so slopes have no noise."""
    h, errors = weak_errors(name, m, (32, 64, 128))
    assert slopes(h, [np.linalg.norm(e) for e in errors])[-1] == pytest.approx(order, abs=0.06)


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("weak2", 2)])
def test_extrapolation_gains_an_order(name: str, order: int) -> None:
    """(2^p E_{h/2} - E_h)/(2^p - 1), Talay and Tubaro."""
    h, errors = weak_errors(name, 2, (16, 32, 64, 128))
    better = [(2**order * b - a) / (2**order - 1) for a, b in itertools.pairwise(errors)]
    assert slopes(h[:-1], [np.linalg.norm(e) for e in better])[-1] == pytest.approx(order + 1, abs=0.1)


def test_one_sign_per_noise_would_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """J_qr with ±χ_max(q,r) in the place of ±χ_q χ_r: J_13 and J_23 are correlated, and order 2 is lost at m = 3."""

    def iterated(diffusion: Any) -> Any:
        def total(mm: Any, t: Any, y: Any, o: Any, dw: Any, chi: Any, half: float) -> Any:
            n, change = len(dw), 0.0 * y
            for r in range(n):
                sign = [chi[max(q, r)] * np.sign(r - q) for q in range(n)]
                shift = diffusion(mm, t, y, o, half * (dw[r] * dw + sign - np.eye(n)[r]))
                e = np.eye(n)[r]
                change = change + 0.5 * (diffusion(mm, t, y + shift, o, e) - diffusion(mm, t, y - shift, o, e))
            return change

        return total

    monkeypatch.setattr("sdeopt.engine.schemes._iterated", iterated)
    for m, order in ((2, 2), (3, 1)):
        h, errors = weak_errors("weak2", m, (1024, 2048), time=None)
        assert slopes(h, [np.linalg.norm(e) for e in errors])[-1] == pytest.approx(order + 1, abs=0.05)


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("milstein", 1), ("weak2_diagonal", 2)])
@pytest.mark.parametrize("power", [1, 2])
def test_weak_order_with_coefficients_that_depend_on_time(name: str, order: int, power: int) -> None:
    """dX = a X dt + b X dW with a = cos 2t, b = 1/(1 + t): E X(T)^p, step by step, is a product of expectations."""
    step = scheme(name, lambda t, y: math.cos(2.0 * t) * y, lambda t, y, dw: y / (1.0 + t) * dw)
    exact = math.exp(power * 0.5 * math.sin(2.0 * T) + 0.5 * power * (power - 1) * (1.0 - 1.0 / (1.0 + T)))
    levels, errors = np.array([16, 32, 64]), []
    for n in levels:
        factors = [WEIGHTS @ step(j, np.ones(len(NODES)), NODES, T / n) ** power for j in range(n)]
        errors.append(math.prod(factors) - exact)
    assert slopes(T / levels, errors)[-1] == pytest.approx(order, abs=0.06)


def test_diagonal_and_general_form_are_one_scheme() -> None:
    """One Brownian motion: the general form does, sign for sign, what the diagonal one does."""
    equation: tuple[Any, Any] = (lambda t, y: 0.3 * y * y - t, lambda t, y, dw: (0.5 + 0.2 * t + 0.1 * y * y) * dw)
    general, diagonal = scheme("weak2", *equation), scheme("weak2_diagonal", *equation)
    y, dw = np.array([0.8]), np.array([1.3])
    for u in (0.25, 0.75):
        assert general(3, y, (dw, np.array([u])), 0.1) == pytest.approx(diagonal(3, y, dw, 0.1), rel=1e-14)


# ---- by hand


def test_milstein_on_geometric_brownian_motion() -> None:
    """y (1 + μh + σ ΔW + ½σ²(ΔW² - h)): the difference is exact where σ is linear."""
    mu, sigma, h, dw = 0.7, 0.9, 0.04, np.array([1.3, -0.4])
    step = scheme("milstein", lambda t, y: mu * y, lambda t, y, z: sigma * y * z)
    W = math.sqrt(h) * dw
    expected = 2.0 * (1.0 + mu * h + sigma * W + 0.5 * sigma**2 * (W * W - h))
    assert step(0, np.full(2, 2.0), dw, h) == pytest.approx(expected, rel=1e-13)


def test_the_noise_of_heun_is_that_of_mid_step() -> None:
    """Second moments of dX = -X dt + √η s X dW over one step, e^{(η s² - 2) h}: missed by O(h³ + η h³ + η² h²).

    Noise of the start of the step, as in the second line, would miss them by η s² h².
    """
    eta, s, h = 1e-3, 0.8, 1e-3
    found = sum(
        p * scheme("heun", lambda t, y: -y, lambda t, y, z: math.sqrt(eta) * s * y * z)(0, np.ones(1), dw, h)[0] ** 2
        for p, dw in draws("heun", 1)
    )
    assert abs(found - math.exp((eta * s**2 - 2.0) * h)) < 2.0 * h**3
    assert abs((1.0 - h + 0.5 * h * h) ** 2 + eta * s**2 * h * (1.0 - 0.5 * h) ** 2 - found) > 0.9 * eta * s**2 * h**2


def test_heun_looks_at_the_clock_of_mid_step() -> None:
    step = scheme("heun", lambda t, y: 0.0 * y, lambda t, y, z: (1.0 + t) * z)
    assert step(2, np.zeros(1), np.ones(1), 0.04) == pytest.approx(0.2 * (1.0 + 2.5 * 0.04), rel=1e-15)


def test_weak2_on_additive_noise_is_heuns_scheme() -> None:
    def b(y: Any) -> Any:
        return np.array([y[1], -(y[0] ** 3)])

    s, h, y, dw = np.diag([0.5, 2.0]), 0.1, np.array([1.0, 0.5]), np.array([0.3, -1.2])
    step = scheme("weak2", lambda t, y: b(y), lambda t, y, z: s @ z)
    noise = math.sqrt(h) * s @ dw
    expected = y + 0.5 * h * (b(y) + b(y + h * b(y) + noise)) + noise
    assert step(0, y, (dw, np.array([0.1, 0.9])), h) == pytest.approx(expected, rel=1e-14)
