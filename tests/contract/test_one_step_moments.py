"""The two columns of every page against each other, by quadrature: no simulation, no random numbers.

One step from the state y has the mean y + τ b(y) and the covariance τ σσᵀ(y), up to a relative O(τ), τ being the time
of a step. Both are compared at two learning rates, each part of the state on its own scale; what is left must shrink
like τ. The page says what else its regime scales with the learning rate (``scaled``; else nothing).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import Oracle

Rule = list[tuple[Any, float]]  # values of a standard normal vector, and their weights

SCALE = np.array([0.7, 0.5])
PROBLEM = so.Problem(so.EmbeddedSaddle(), so.Gaussian(SCALE), x0=[1.1, -0.9])
TIME = 1.0
ACCURACY = 1e-6  # of the quadratures, relative to what is compared


def scaled(page: Any, lr: float) -> Any:
    """The page at another learning rate, with what its regime ties to it."""
    return page.scaled(lr) if hasattr(page, "scaled") else page._replace(lr=lr)


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else np.asarray(y)


def line(kink: float, n: int) -> list[tuple[float, float]]:
    """One standard normal: n points of Gauss-Legendre on either side of a kink, denser towards it."""
    points, weights = np.polynomial.legendre.leggauss(n)
    s = (points + 1.0) / 2.0
    nodes = []
    for length in (-9.0 - kink, 9.0 - kink):
        z = kink + length * s * s
        mass = np.abs(length) * s * weights * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        nodes += list(zip(z.tolist(), mass.tolist(), strict=True))
    return nodes


def product(coordinates: list[list[tuple[float, float]]]) -> Rule:
    nodes = itertools.product(*coordinates)
    return [(np.array([z for z, _ in node]), float(np.prod([w for _, w in node]))) for node in nodes]


def gradient_rule(x: Any, n: int) -> Rule:
    """The noise of the gradient at x. Functions may jump or bend where the gradient seen, or an entry of it, is 0."""
    return product([line(k, n) for k in -PROBLEM.objective.grad(x) / SCALE])


def step_moments(page: Any, k: int, y: Any, o: Oracle) -> tuple[Any, Any]:
    rule = gradient_rule(y[0] if isinstance(y, tuple) else y, 24)
    moves = np.array([flat(page.step(k, y, o, (z,))) - flat(y) for z, _ in rule])
    weights = np.array([w for _, w in rule])
    mean = weights @ moves
    return mean, (moves - mean).T * weights @ (moves - mean)


def increments(sde: Any) -> list[list[int]]:
    """For each Brownian motion that the SDE names, the sizes of its vectors."""
    f, law = PROBLEM.objective, PROBLEM.noise
    return [[f.dim] if name == "state" else list(law.brownian(name, f)) for name in sde.brownian]


def nested(vectors: list[list[Any]]) -> Any:
    names = [v[0] if len(v) == 1 else tuple(v) for v in vectors]
    return names[0] if len(names) == 1 else tuple(names)


def noise_covariance(page: Any, sde: Any, t: float, y: Any, o: Oracle) -> Any:
    """Cov σ dw, one Brownian motion after the other: independent motions must enter additively, and this is checked."""
    sizes = increments(sde)
    silent = [[np.zeros(n) for n in s] for s in sizes]
    point = np.random.default_rng(0)
    some = [[point.standard_normal(n) for n in s] for s in sizes]

    def act(vectors: list[list[Any]]) -> Any:
        return flat(sde.diffusion(page, t, y, o, nested(vectors)))

    def alone(i: int, vectors: list[Any]) -> Any:
        return act([vectors if j == i else s for j, s in enumerate(silent)])

    assert np.allclose(sum(alone(i, some[i]) for i in range(len(sizes))), act(some), rtol=1e-12, atol=1e-13)
    cov = 0.0
    for i, vectors in enumerate(some):
        rules = []
        for j, v in enumerate(vectors):
            other = point.standard_normal(len(v))
            kicks = [alone(i, [u if m == j else w for m, w in enumerate(vectors)]) for u in (v, other, v + other)]
            linear = np.allclose(kicks[0] + kicks[1], kicks[2], rtol=1e-9, atol=1e-13)
            x = y[0] if isinstance(y, tuple) else y
            rules.append([(e, 1.0) for e in np.eye(len(v))] if linear else gradient_rule(x, 10))
        for node in itertools.product(*rules):
            kick = alone(i, [z for z, _ in node])
            cov = cov + np.prod([w for _, w in node]) * np.outer(kick, kick)
    return cov


def state(page: Any, k: int, o: Oracle) -> Any:
    """Where k steps lead, every entry stretched by a factor of its own; noise of the right size that averages out."""
    y = page.init(np.array(PROBLEM.x0), o) if hasattr(page, "init") else np.array(PROBLEM.x0)
    for i in range(k):
        y = page.step(i, y, o, ((-1.0) ** i * np.array([1.0, -1.0]),))
    stretch = np.random.default_rng(1).uniform(0.8, 1.25, flat(y).size)
    moved = stretch * flat(y)
    return tuple(np.split(moved, len(page.parts))) if isinstance(y, tuple) else moved


def errors(page: Any) -> Any:
    """Errors of the drift, by parts, and of the covariance, by pairs of parts, each relative to its own scale."""
    o, sde, tau, n = PROBLEM.oracle, page.sdes[page.default_sde], page.clock, len(page.parts)
    k = round(TIME / tau)
    y = state(page, k, o)
    mean, cov = step_moments(page, k, y, o)
    mean, cov = mean.reshape(n, 2), cov.reshape(n, 2, n, 2)
    drift = tau * flat(sde.drift(page, k * tau, y, o)).reshape(n, 2)
    noise = tau * noise_covariance(page, sde, k * tau, y, o).reshape(cov.shape)
    # a part without noise of its own is measured by its motion
    size = [np.linalg.norm(noise[p, :, p]) or drift[p] @ drift[p] for p in range(n)]
    means = [np.linalg.norm(mean[p] - drift[p]) / np.linalg.norm(drift[p]) for p in range(n)]
    pairs = itertools.combinations_with_replacement(range(n), 2)
    covs = [np.linalg.norm(cov[p, :, q] - noise[p, :, q]) / np.sqrt(size[p] * size[q]) for p, q in pairs]
    return np.array([*means, *covs])


@pytest.mark.parametrize("name", so.methods())
def test_one_step_has_the_moments_of_the_sde(name: str) -> None:
    pages = [scaled(so.methods()[name](lr=0.1), lr) for lr in (1.6e-3, 1e-4)]
    coarse, fine = (errors(page) for page in pages)
    shrinkage = pages[1].clock / pages[0].clock
    assert (fine < 1.4 * shrinkage * coarse + ACCURACY).all(), (coarse, fine)
