"""The two columns of a page over one step: the moments of the step, by quadrature, and those of its SDE."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from tilted import SIGMA

import sdeopt as so
from sdeopt.core.oracle import Oracle

Rule = list[tuple[Any, float]]  # draws of the standard normal and their weights

LANDSCAPE = so.EmbeddedSaddle()
CORRELATED = so.Gaussian(cov=SIGMA)
LINE = so.Quadratic([1.5])
ROUND = so.Gaussian(0.6)

# ---- rules


def hermite(d: int, n: int = 24) -> Rule:
    """Gauss-Hermite: exact for polynomials of degree 2n - 1 in each coordinate."""
    points, weights = np.polynomial.hermite_e.hermegauss(n)
    weights = weights / weights.sum()
    grid = itertools.product(range(n), repeat=d)
    return [(points[list(i)], float(np.prod(weights[list(i)]))) for i in grid]


def legendre(low: float, high: float, n: int = 48) -> Iterator[tuple[float, float]]:
    points, weights = np.polynomial.legendre.leggauss(n)
    for x, w in zip(points, weights, strict=True):
        yield (low + high) / 2 + (high - low) / 2 * x, (high - low) / 2 * w


def density(z: Any) -> float:
    return float(np.exp(-0.5 * (z @ z)) / np.sqrt(2.0 * np.pi) ** len(z))


def split(kinks: Any) -> Rule:
    """A product rule for functions that jump where a coordinate passes its kink."""
    sides = [[*legendre(-9.0, k, 24), *legendre(k, 9.0, 24)] for k in kinks]
    nodes = [(np.array([z for z, _ in pairs]), np.prod([w for _, w in pairs])) for pairs in itertools.product(*sides)]
    return [(z, float(w) * density(z)) for z, w in nodes]


def polar(center: Any) -> Rule:
    """A rule for functions of the direction of z - center; on the line, of its sign."""
    if len(center) == 1:
        return split(center)
    angles = 2.0 * np.pi * np.arange(48) / 48
    rings = legendre(0.0, 9.0 + float(np.linalg.norm(center)))
    nodes = [(center + r * np.array([np.cos(a), np.sin(a)]), r * w) for r, w in rings for a in angles]
    return [(z, 2.0 * np.pi / 48 * w * density(z)) for z, w in nodes]


def line(kink: float, n: int = 64) -> list[tuple[float, float]]:
    """One standard normal: Gauss-Legendre on either side of a kink, denser towards it."""
    points, weights = np.polynomial.legendre.leggauss(n)
    s, nodes = (points + 1.0) / 2.0, []
    for length in (-9.0 - kink, 9.0 - kink):
        z = kink + length * s * s
        mass = np.abs(length) * s * weights * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        nodes += list(zip(z.tolist(), mass.tolist(), strict=True))
    return nodes


def rule(kinks: Any) -> Rule:
    """Like split, to more digits: the points are denser towards the kinks."""
    nodes = itertools.product(*(line(float(k)) for k in kinks))
    return [(np.array([z for z, _ in node]), float(np.prod([w for _, w in node]))) for node in nodes]


def pair(d: int) -> Rule:
    """Three points in each coordinate for diffusions linear in two increments: exact."""
    return [((z[:d], z[d:]), w) for z, w in hermite(2 * d, 3)]


# ---- moments


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else np.asarray(y)


def parted(page: Any, y: Any) -> Any:
    return tuple(np.split(y, len(page.parts))) if len(page.parts) > 1 else y


def step_moments(page: Any, k: float, y: Any, o: Oracle, rule: Rule) -> tuple[Any, Any]:
    moves = np.array([flat(page.step(k, y, o, (z,))) - flat(y) for z, _ in rule])
    weights = np.array([w for _, w in rule])
    mean = weights @ moves
    return mean, (moves - mean).T * weights @ (moves - mean)


def noise_covariance(sde: Any, page: Any, t: float, y: Any, o: Oracle, rule: Rule) -> Any:
    kicks = np.array([flat(sde.diffusion(page, t, y, o, dw)) for dw, _ in rule])
    return kicks.T * np.array([w for _, w in rule]) @ kicks


def relative(page: Any, y: Any, o: Oracle, t: float, rule: Rule, increments: Rule) -> Any:
    """Errors of the drift, by parts, and of the covariance, by pairs of parts, each on its own scale."""
    sde, tau, d = page.sdes[page.default_sde], page.clock, o.objective.dim
    drift = tau * flat(sde.drift(page, t, y, o)).reshape(-1, d)
    noise = tau * noise_covariance(sde, page, t, y, o, increments).reshape(len(drift), d, -1, d)
    mean, cov = step_moments(page, t / tau, y, o, rule)
    mean, cov = mean.reshape(-1, d), cov.reshape(noise.shape)
    # a part without noise of its own is measured by its motion
    kick = [np.linalg.norm(noise[p, :, p]) or drift[p] @ drift[p] for p in range(len(drift))]
    means = [np.linalg.norm(mean[p] - drift[p]) / np.linalg.norm(drift[p]) for p in range(len(drift))]
    covs = [
        np.linalg.norm(cov[p, :, q] - noise[p, :, q]) / np.sqrt(kick[p] * kick[q])
        for p, q in itertools.combinations_with_replacement(range(len(drift)), 2)
    ]
    return np.array([*means, *covs])


def sde_moments(page: Any, y: Any, o: Oracle, t: float = 0.0) -> tuple[Any, Any]:
    """Mean and covariance that the SDE gives one step; the diffusion is linear in its increments."""
    sde, d = page.sdes[page.default_sde], o.objective.dim
    m = len(sde.brownian)
    kicks = []
    for e in np.eye(m * d):
        dw = tuple(np.split(e, m))
        kicks.append(flat(sde.diffusion(page, t, y, o, dw if m > 1 else dw[0])))
    return page.clock * flat(sde.drift(page, t, y, o)), page.clock * np.array(kicks).T @ np.array(kicks)


def assert_halves(errors: Any) -> None:
    coarse, fine = errors
    assert (fine < 0.02).all(), errors
    assert (fine < 0.55 * coarse + 1e-12).all(), errors
