"""The theory that stands beside the two columns of a report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.comparison import diagonal, overlay
from sdeopt.comparison.overlay import theory
from sdeopt.engine.simulate import plan
from sdeopt.theory import moments


def test_own_observables_have_no_theory() -> None:
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0))
    run = plan(so.SGD(lr=0.1), problem, "sde", steps=2, observables={"mine": lambda x: x[0] + 1.0})
    values = theory(run, np.zeros(3)).values
    assert np.isnan(values[:, 1]).all()
    assert np.isfinite(values[:, [0, 2, 3]]).all()


def test_theory_of_a_stacked_state_around_a_centre() -> None:
    f, page = so.Quadratic([1.0, 2.0], center=[0.5, -0.5]), so.HeavyBall(lr=0.04, momentum=0.5)
    run = plan(page, so.Problem(f, so.Gaussian(0.3), x0=[1.0, 1.0]), "sde", steps=30, save_at=[0.0, 0.4, 3.0, 6.0])
    A, D = page.linear(np.diag(f.H), 0.09 * np.eye(2))
    means, covs = moments(A, D, [0.5, 1.5, 0.0, 0.0], np.zeros((4, 4)), np.array(run.saves) * page.clock)
    found = theory(run, np.ones(4)).values
    np.testing.assert_allclose(found[:, :2], means[:, :2] + f.center, rtol=1e-12)
    np.testing.assert_allclose(found[:, 5:7], covs[:, [0, 1], [0, 1]], rtol=1e-12, atol=1e-15)
    r = means[:, :2]
    loss = 0.5 * (r * r * f.H).sum(axis=1) + 0.5 * (covs[:, [0, 1], [0, 1]] * f.H).sum(axis=1)
    np.testing.assert_allclose(found[:, 2], loss, rtol=1e-12)


@pytest.mark.parametrize("page", [so.SGD(0.1), so.HeavyBall(0.01, momentum=0.9), so.SignSGD(0.1)], ids=repr)
def test_coordinates_apart_have_the_theory_of_all_together(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    d = 40
    f = so.Quadratic(np.linspace(0.5, 3.0, d), center=np.linspace(-1.0, 1.0, d))
    run = plan(page, so.Problem(f, so.Gaussian(np.linspace(0.3, 1.0, d))), "sde", horizon=5.0, save_at=10)
    fast = theory(run, np.ones(11))
    monkeypatch.setattr(diagonal, "LARGE", d)
    dense = theory(run, np.ones(11))
    assert np.isfinite(dense.stationary[-3])
    for a, b in zip(fast, dense, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_a_page_that_mixes_coordinates_is_not_taken_apart() -> None:
    """rand-k sends k of d entries: its noise depends on d, so that one coordinate alone has another system."""
    a = diagonal.Apart(np.ones(40), np.zeros(40), np.ones(40))

    def system(H: Any, Sigma: Any) -> tuple[Any, Any]:
        return H, Sigma * len(H)

    assert diagonal.each(system, a) is None
    assert diagonal.each(lambda H, Sigma: (H, H @ Sigma), a) is not None


def test_noise_that_mixes_coordinates_is_not_taken_apart() -> None:
    f, d = so.Quadratic(np.ones(40)), 40
    assert diagonal.apart(so.Problem(f, so.Gaussian(np.linspace(1.0, 2.0, d)))) is not None
    mixed = np.eye(d) + 0.1
    assert diagonal.apart(so.Problem(f, so.Gaussian(cov=mixed))) is None
    assert diagonal.apart(so.Problem(so.Quadratic(mixed), so.Gaussian(1.0))) is None


def test_a_page_without_a_closed_form_for_this_noise_has_none() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]))
    run = plan(so.SAM(lr=0.1, rho=0.1), problem, "sde", steps=2)
    assert np.isnan(theory(run, np.ones(3)).stationary).all()


def test_a_closed_form_that_is_too_much_work_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = so.Problem(so.Quadratic([[2.0, 1.0], [1.0, 2.0]]), so.Gaussian(0.5))
    run = plan(so.SGD(0.1), mixed, "sde", steps=2)
    assert not theory(run, np.ones(3)).omitted
    monkeypatch.setattr(overlay, "DENSE", 1)
    left = theory(run, np.ones(3))
    assert left.omitted and np.isnan(left.values).all()
    other = plan(so.SGD(0.1), so.Problem(so.Rosenbrock(), so.Gaussian(0.5)), "sde", steps=2)
    assert not theory(other, np.ones(3)).omitted  # has none anyway
