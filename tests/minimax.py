"""Games, the pages of the minimax family, and what their tests share: exact moments of a step, the noise-free SDE."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import sdeopt as so
from sdeopt.core.oracle import Oracle

SIGMA = np.array([[0.5, 0.2], [0.2, 0.3]])
START = np.array([1.0, -0.8])
QUADRATIC = so.QuadraticGame(a=0.5, coupling=1.0, b=1.0)
POINT = np.random.default_rng(5)
BLOCKS = POINT.standard_normal((2, 2)), POINT.standard_normal((2, 3))
WIDE = so.QuadraticGame(BLOCKS[0] + BLOCKS[0].T, BLOCKS[1], [1.0, 2.0, 0.5], center=[0.3, -0.2, 0.5, 1.0, -1.0])
USER = so.Game(
    value=lambda z: z[0] * z[0] * z[1],
    grad=lambda z: np.array([2.0 * z[0] * z[1], -z[0] * z[0]]),
    hvp=lambda z, v: np.array([2.0 * z[1] * v[0] + 2.0 * z[0] * v[1], -2.0 * z[0] * v[0]]),
    vjp=lambda z, v: np.array([2.0 * z[1] * v[0] - 2.0 * z[0] * v[1], 2.0 * z[0] * v[0]]),
    minimisers=1,
    dim=2,
)
EXAMPLES = so.FiniteSumGame(
    POINT.standard_normal((4, 2, 3)),
    [root + root.T for root in POINT.standard_normal((4, 2, 2))],
    [0.5, 1.0, -0.3, 0.8],
    POINT.standard_normal((4, 5)),
)
GAMES = {
    "bilinear": so.BilinearGame(2.0),
    "matrix": so.BilinearGame(BLOCKS[1]),
    "quadratic": QUADRATIC,
    "wide": WIDE,
    "nonlinear": so.NonlinearGame(),
    "gan": so.DiracGAN(),
    "penalised gan": so.DiracGAN(2, penalty=0.5),
    "examples": EXAMPLES,
    "user": USER,
}
PAGES = [
    so.SGDA,
    so.AltGDA,
    so.AltGDAIndependent,
    so.SmoothedGDA,
    so.SmoothedGDAIndependent,
    so.SEG,
    so.SEGIndependent,
    so.SHGD,
    so.SHGD2,
]
SDES = [(cls, name) for cls in PAGES for name in cls.sdes]


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else np.asarray(y)


def parts(page: Any, y: Any) -> Any:
    return tuple(np.split(y, len(page.parts))) if len(page.parts) > 1 else y


def nest(page: Any, draws: Any) -> Any:
    """Standard normals as the step of the page takes them."""
    return tuple((z,) for z in np.split(draws, 2)) if page.samples == 2 else (draws,)


def increments(page: Any, dw: Any) -> Any:
    return tuple(np.split(dw, 2)) if page.samples == 2 else dw


def recursion(page: Any, f: Any, Sigma: Any) -> tuple[Any, Any]:
    """y' = A y + noise of covariance Q: a step on an affine game around 0, read off the page's own code."""
    o = Oracle(f, so.Gaussian(cov=Sigma))
    m, n = len(page.parts) * f.dim, page.samples * f.dim
    A = np.array([flat(page.step(0, parts(page, e), o, nest(page, np.zeros(n)))) for e in np.eye(m)]).T
    B = np.array([flat(page.step(0, parts(page, np.zeros(m)), o, nest(page, e))) for e in np.eye(n)]).T
    return A, B @ B.T


def hermite(d: int, n: int) -> list[tuple[Any, float]]:
    points, weights = np.polynomial.hermite_e.hermegauss(n)
    nodes = itertools.product(zip(points, weights / weights.sum(), strict=True), repeat=d)
    return [(np.array([z for z, _ in node]), float(np.prod([w for _, w in node]))) for node in nodes]


def flow(page: Any, name: str, o: Any, y: Any, t: float, n: int = 200) -> Any:
    """The noise-free SDE at time t, by Runge-Kutta of order 4."""

    def slope(v: Any) -> Any:
        return flat(page.sdes[name].drift(page, 0.0, parts(page, v), o))

    v, h = flat(y), t / n
    for _ in range(n):
        a = slope(v)
        b = slope(v + h / 2 * a)
        c = slope(v + h / 2 * b)
        v = v + h / 6 * (a + 2 * b + 2 * c + slope(v + h * c))
    return v
