"""Nesterov's method on quadratics: numbers of the theory, local errors of its SDEs, the stationary law."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from columns import flat, parted
from tilted import BENT, SIGMA, START, H

import sdeopt as so
from sdeopt.core.oracle import Oracle
from sdeopt.theory import moments, transition


def recursion(page: Any, hessian: Any, sigma: Any) -> tuple[Any, Any]:
    """y' = F y + noise of covariance Q: what a page's step is on a quadratic, read off its own code."""
    d = len(hessian)
    o, m = Oracle(so.Quadratic(hessian), so.Gaussian(cov=sigma)), len(page.parts) * d
    F = np.array([flat(page.step(0, parted(page, e), o, (np.zeros(d),))) for e in np.eye(m)]).T
    B = np.array([flat(page.step(0, parted(page, np.zeros(m)), o, (e,))) for e in np.eye(d)]).T
    return F, B @ B.T


def original(page: Any) -> Any:
    """x̃ = x + μηv, the position of the form that takes its gradient ahead of x̃."""
    return np.hstack([np.eye(2), page.momentum * page.lr * np.eye(2)])


def test_twenty_steps_of_nesterov() -> None:
    """Theory A, section 7: ε = 0.1, μ̂ = 1, whose position is the original one."""
    page = so.Nesterov(0.01, 0.9)
    F, Q = recursion(page, H, SIGMA)
    mean, cov = np.concatenate([START, np.zeros(2)]), np.zeros((4, 4))
    for _ in range(20):
        mean, cov = F @ mean, F @ cov @ F.T + Q
    view = original(page)
    found = view @ cov @ view.T
    assert view @ mean == pytest.approx([0.15027122, 0.15568571], abs=6e-9)
    assert [found[0, 0], found[0, 1], found[1, 1]] == pytest.approx([0.01943156, 0.00539403, 0.00604217], abs=6e-9)


def test_order1_of_nesterov_is_that_of_the_heavy_ball() -> None:
    page = so.Nesterov(0.01, 0.9)
    A, D = page.linear(H, SIGMA)
    means, covs = moments(A, D, np.concatenate([START, np.zeros(2)]), np.zeros((4, 4)), [2.0])
    assert means[0, :2] == pytest.approx([0.15057437, 0.20593711], abs=6e-9)
    cov = covs[0]
    assert [cov[0, 0], cov[0, 1], cov[1, 1]] == pytest.approx([0.02003830, 0.00582558, 0.00674043], abs=6e-9)


def theory_order2(page: Any, hessian: Any) -> Any:
    """A of theory A, 1.3, in (x̃, v̂ = -√η v): the heavy ball's with the sign of H v̂ turned."""
    h, one = math.sqrt(page.lr), np.eye(2)
    rub = (1.0 - page.momentum) / h
    return np.block(
        [
            [0.5 * h * hessian, -(1.0 - 0.5 * h * rub) * one],
            [(1.0 + 0.5 * h * rub) * hessian, (rub + 0.5 * h * rub**2) * one + 0.5 * h * hessian],
        ]
    )


def test_order2_of_nesterov_is_that_of_the_theory_seen_from_pytorchs_point() -> None:
    """theory_order2 has the mean of section 7, and the page's coefficients are its own, transformed, up to O(η)."""
    page = so.Nesterov(0.01, 0.9)
    phi, _ = transition(theory_order2(page, H), np.zeros((4, 4)), 2.0)
    assert phi[:2, :2] @ START == pytest.approx([0.15347612, 0.15348461], abs=6e-9)

    def gap(h: float) -> Any:
        page = so.Nesterov(h * h, 1.0 - 0.7 * h)
        to = np.block([[np.eye(2), page.momentum * page.lr * np.eye(2)], [np.zeros((2, 2)), -h * np.eye(2)]])
        A = to @ page.sdes["order2"].linear(page, BENT, SIGMA)[0] @ np.linalg.inv(to)
        return np.linalg.norm(A - theory_order2(page, BENT))

    assert math.log2(gap(0.02) / gap(0.01)) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("sde", "order"), [("order1", 1), ("order2", 2)])
def test_local_errors_of_the_sdes_of_nesterov(sde: str, order: int) -> None:
    """In h = √η, with the velocity √η v and 1 - μ = 0.7 √η: O(h^{order + 1}) over one step."""

    def error(h: float) -> Any:
        page, scale = so.Nesterov(h * h, 1.0 - 0.7 * h), np.array([1.0, 1.0, h, h])
        phi, _ = transition(*page.sdes[sde].linear(page, BENT, SIGMA), page.clock)
        return np.linalg.norm(scale[:, None] * (phi - recursion(page, BENT, SIGMA)[0]) / scale)

    assert math.log2(error(0.02) / error(0.01)) == pytest.approx(order + 1, abs=0.05)


@pytest.mark.parametrize("sde", ["order1", "order2"])
def test_linear_is_the_sde_of_nesterov_on_a_quadratic(sde: str) -> None:
    page, o = so.Nesterov(0.04, 0.7), Oracle(so.Quadratic(BENT), so.Gaussian(cov=SIGMA))
    law = page.sdes[sde]
    A, D = law.linear(page, BENT, SIGMA)
    drift = np.array([flat(law.drift(page, 0.0, parted(page, e), o)) for e in np.eye(4)]).T
    kicks = np.array([flat(law.diffusion(page, 0.0, parted(page, np.ones(4)), o, e)) for e in np.eye(2)])
    assert np.allclose(drift, -A, rtol=1e-13, atol=1e-13)
    assert np.allclose(kicks.T @ kicks, D, rtol=1e-13, atol=1e-15)


def test_stationary_variance_of_nesterov() -> None:
    """Theory A, item 2: η = 0.1, μ = 0.9, h = 2, s² = 1/2, of x̃; and the AR(2) formula of the page."""
    page = so.Nesterov(0.1, 0.9)
    F, Q = recursion(page, 2.0 * np.eye(2), 0.5 * np.eye(2))
    cov = np.zeros((4, 4))
    for _ in range(3000):
        cov = F @ cov @ F.T + Q
    view = original(page)
    found = (view @ cov @ view.T)[0, 0]
    q, p = 1.9 * 0.8, -0.9 * 0.8
    assert found == pytest.approx(0.0473985891, abs=1e-10)
    assert found == pytest.approx(0.01 * 0.5 * (1 - p) / ((1 + p) * ((1 - p) ** 2 - q**2)), rel=1e-12)
