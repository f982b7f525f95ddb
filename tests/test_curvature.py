"""SDEs with curvature in the drift: on a quadratic, E f changes in their time of a step as it does in the step."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import sdeopt as so
from sdeopt.core.oracle import Oracle, mean_agent_sign

H = np.array([[1.2, 0.4], [0.4, 0.9]])
BOWL = so.Quadratic(H, center=[0.3, -0.2])
X = np.array([1.0, -0.8])
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(3)  # exact for the fourth power of a normal
WEIGHTS = WEIGHTS / WEIGHTS.sum()
PAGES = [so.DCSGDRandK(0.7), so.DCSGDNormalised(0.7, 1, 0.8, 0.5)]
NORMALS = list(zip(NODES.tolist(), WEIGHTS.tolist(), strict=True))


def rate(page: Any, o: Oracle, sizes: tuple[int, ...]) -> float:
    """What the generator makes of f: ∇fᵀb + ½ tr(H σσᵀ)."""
    sde, total = page.sdes["curvature"], sum(sizes)
    kicks = []
    for unit in np.eye(total):
        dw = tuple(np.split(unit, np.cumsum(sizes)[:-1]))
        kicks.append(sde.diffusion(page, 0.0, X, o, dw if len(sizes) > 1 else unit))
    slope = o.objective.grad(X) @ sde.drift(page, 0.0, X, o)
    return float(slope + 0.5 * np.trace(H @ np.transpose(kicks) @ np.array(kicks)))


def change(page: Any, o: Oracle, draws: list[tuple[Any, float]]) -> float:
    """E f(x') - f(x) per unit of time, over draws and their weights."""
    return float(sum(w * o.objective.value(page.step(0, X, o, z)) for z, w in draws) - o.objective.value(X)) / page.lr


def normals(n: int) -> list[tuple[Any, float]]:
    """Vectors of n normals whose moments are right to the fifth."""
    nodes = itertools.product(NORMALS, repeat=n)
    return [(np.array([z for z, _ in node]), float(np.prod([w for _, w in node]))) for node in nodes]


@pytest.mark.parametrize("law", [so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]), so.AffineGaussian([0.5, 0.2], 1.5)])
def test_the_loss_changes_as_in_a_step_of_sgd(law: Any) -> None:
    o, page = Oracle(BOWL, law), so.SGD(0.7)
    assert rate(page, o, (2,)) == pytest.approx(change(page, o, [((z,), w) for z, w in normals(2)]), rel=1e-12)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: type(p).__name__)
def test_the_loss_changes_as_in_a_step_of_compressed_agents(page: Any) -> None:
    law = so.Agents([so.Gaussian(0.5), so.AffineGaussian(0.3, 0.6)], shifts=[[0.4, -0.7], [-0.4, 0.7]])
    masks = [np.concatenate(pair) for pair in itertools.product(np.eye(2), repeat=2)]  # each entry of each agent
    draws = [(((z,), (m,)), 0.25 * w) for z, w in normals(4) for m in masks]
    o = Oracle(BOWL, law)
    assert rate(page, o, (4, 4, 2)) == pytest.approx(change(page, o, draws), rel=1e-12)


def test_the_loss_changes_as_in_a_step_of_signs() -> None:
    o, page = Oracle(BOWL, so.Agents([so.Gaussian(0.5), so.Gaussian([0.9, 1.4])])), so.DSignSGD(0.7)
    up = norm.cdf(np.tile(BOWL.grad(X), 2) / [0.5, 0.5, 0.9, 1.4])  # of a positive sign
    draws = []
    for signs in itertools.product((-1.0, 1.0), repeat=4):
        weight = np.prod(np.where(np.array(signs) > 0.0, up, 1.0 - up))
        draws.append(((20.0 * np.array(signs),), float(weight)))
    assert rate(page, o, (4,)) == pytest.approx(change(page, o, draws), rel=1e-12)


def test_signs_at_a_minimum_have_no_pole() -> None:
    o, page = Oracle(BOWL, so.Agents(so.Gaussian(0.5), agents=2)), so.DSignSGD(0.7)
    drift = page.sdes["curvature"].drift
    assert drift(page, 0.0, np.array(BOWL.center), o).tolist() == [0.0, 0.0]
    near = np.array(BOWL.center) + [1e-9, 2e-9]
    assert (mean_agent_sign(o, near) @ drift(page, 0.0, near, o)) < 0.0


def test_normalised_steps_by_hand() -> None:
    o = Oracle(so.Quadratic([3.0, 4.0]), so.Agents(so.NoNoise(), agents=2))
    own = np.array([0.3, -1.0, -1.0, 0.3])  # one sends 2 (3, 0), the other 2 (0, -4); ψ = 1/(1 + 0.2 · 5)
    after = so.DCSGDNormalised(0.1, 1, 1.0, 0.2).step(0, np.array([1.0, -1.0]), o, ((), (own,)))
    assert after == pytest.approx([0.85, -0.8], rel=1e-14)


def test_limits_of_stability_in_mean_square() -> None:
    """On f = h x²/2 with variance a g², rates of E x²: 0 at ηh(1 + a) = 2 for SGD and curvature, not for the others."""
    h, a = 2.0, 0.5
    o, x = Oracle(so.Quadratic([h]), so.AffineGaussian(0.0, a)), np.ones(1)

    def growth(lr: float, sde: str) -> float:
        page = so.SGD(lr)
        model = page.sdes[sde]
        kick = model.diffusion(page, 0.0, x, o, np.ones(1))
        return float((2.0 * model.drift(page, 0.0, x, o) + kick * kick)[0])

    assert growth(2.0 / (h * (1.0 + a)), "curvature") == pytest.approx(0.0, abs=1e-14)
    assert growth(2.0 / (h * a), "order1") == pytest.approx(0.0, abs=1e-14)
    assert growth(2.0 / (h * a), "order2") < -1.0
