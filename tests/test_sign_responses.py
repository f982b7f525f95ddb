"""The regression of a sign on its noise, what it leaves of the variance, and its mean."""

from __future__ import annotations

import numpy as np
import pytest
from columns import rule

import sdeopt as so
from sdeopt.core.oracle import Oracle, mean_sign, root_sign_cov, root_sign_residual, sign_response


@pytest.mark.parametrize("a", [0.0, 0.4, -1.7, 3.0])
def test_the_response_of_a_sign_is_its_regression_on_the_noise(a: float) -> None:
    """E[sign(g + ξ) ξ]/σ², by quadrature, and what is left of the variance."""
    sd = 0.6
    o, g = so.Problem(so.Quadratic([1.0]), so.Gaussian(sd)).oracle, np.array([a * sd])
    points = rule([-a])
    signs = [(np.sign(g + sd * z), sd * z, w) for z, w in points]
    mean = sum(s * w for s, _, w in signs)
    slope = sum(s * xi * w for s, xi, w in signs) / sd**2
    rest = sum(s * s * w for s, _, w in signs) - mean**2 - slope**2 * sd**2
    one = np.ones(1)
    assert sign_response(o, one, g, one) == pytest.approx(slope, rel=1e-10, abs=1e-12)
    assert root_sign_residual(o, one, g, one) ** 2 == pytest.approx(rest, rel=1e-9, abs=1e-12)


def test_response_and_residual_make_up_the_covariance_of_correlated_signs() -> None:
    """M Σ M + R = C. M is diagonal and that of each coordinate alone, since E[ξ_j | ξ_i] = Σ_ij/Σ_ii ξ_i."""
    x, g = np.ones(3), np.array([0.3, -0.6, 0.0])
    cov = np.array([[0.5, 0.2, 0.1], [0.2, 0.3, -0.1], [0.1, -0.1, 0.4]])
    full = so.Problem(so.Quadratic(np.ones(3)), so.Gaussian(cov=cov)).oracle
    alone = so.Problem(so.Quadratic(np.ones(3)), so.Gaussian(np.sqrt(np.diag(cov)))).oracle
    M = np.array([sign_response(full, x, g, e) for e in np.eye(3)]).T
    assert np.allclose(M, np.diag(sign_response(alone, x, g, np.ones(3))), rtol=1e-14)
    R, C = (
        np.array([question(full, x, g, e) for e in np.eye(3)]).T for question in (root_sign_residual, root_sign_cov)
    )
    assert np.allclose(M @ cov @ M + R @ R.T, C @ C.T, rtol=1e-12, atol=1e-12)
    assert np.allclose(np.diag(R @ R.T), root_sign_residual(alone, x, g, np.ones(3)) ** 2, rtol=1e-12)


def test_a_sign_without_noise_has_no_response() -> None:
    o = so.Problem(so.Quadratic([1.0, 1.0]), so.Gaussian([0.0, 0.5])).oracle
    x, g = np.ones(2), np.array([0.3, 0.3])
    assert sign_response(o, x, g, np.ones(2))[0] == 0.0
    assert root_sign_residual(o, x, g, np.ones(2))[0] == 0.0
    quiet = so.Problem(so.Quadratic([1.0, 1.0]), so.NoNoise()).oracle
    assert not sign_response(quiet, x, g, np.ones(2)).any()
    assert not root_sign_residual(quiet, x, g, np.ones(2)).any()


def test_other_laws_take_the_sampled_sde() -> None:
    problem = so.Problem(so.Quadratic([1.0]), so.Laplace(0.5))
    with pytest.raises(ValueError, match=r"needs root_sign_residual: Laplace.* use Gaussian or NoNoise"):
        so.simulate(so.Lion(0.1), problem, "sde", sde="order1", steps=1, paths=1)


def test_signs_of_the_means_follow_the_gradient() -> None:
    """The drift points down the slope of a steep valley."""
    o, x = Oracle(so.Quadratic([1.0, 1.0]), so.Gaussian(0.5)), np.array([0.8, -0.5])
    for page in (so.SGLD(0.1), so.Adagrad(0.1), so.SignSGDW(0.1)):
        y = page.init(x, o) if hasattr(page, "init") else x
        move = page.drift(0.1, y, o)
        assert (np.sign(move[0] if isinstance(move, tuple) else move) == -np.sign(x)).all()
    assert (mean_sign(o, x, x) * x > 0.0).all()
