"""The mean of a clipped normal gradient: by its formula, by integrals over the plane, and at the ends of its phases."""

from __future__ import annotations

from math import erf, exp, pi, sqrt
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core import mean_clipped
from sdeopt.noise.clipping import mean_clip, shrinkage
from sdeopt.noise.spec import parse as law

CASES = ((0.0, 0.97), (2.5, 0.05), (2.5, 1.1), (7.0, 0.9), (60.0, 4.0))  # |g|/s, and C/s in units of √(|g|²/s² + d)


@pytest.mark.parametrize("sd", [0.3, 2.0])
def test_one_coordinate_has_a_closed_form(sd: float) -> None:
    """E min(max(g + sz, -C), C) by the distribution function, at both signs of g, near the kinks and far from them."""

    def below(a: float) -> float:  # E min(z, a)
        return -exp(-a * a / 2) / sqrt(2 * pi) + a * (1 - 0.5 * (1 + erf(a / sqrt(2))))

    for g, c in ((-3.0, 1.0), (-0.9, 0.1), (0.1, 1.0), (5.0, 4.0)):
        a, b = (-c - g) / sd, (c - g) / sd
        closed = -c + sd * (below(b) - below(a))
        assert mean_clip(np.array([g]), sd, c)[0] == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize(("g", "c"), [((0.0, 1e-3), 1.0), ((-0.6, 0.8), 0.2), ((3.0, -2.0), 5.0)])
def test_two_coordinates_by_an_integral_over_the_plane(g: Any, c: float) -> None:
    """Of the vector itself, with its density, on both sides of the circle |y| = C."""
    sd, points = 0.9, np.polynomial.legendre.leggauss(80)
    angles = np.linspace(0.0, 2.0 * np.pi, 128, endpoint=False)
    total = np.zeros(2)
    for low, high in ((0.0, c), (c, c + 15.0)):
        r = 0.5 * (high - low) * (points[0] + 1.0) + low
        y = r[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        mass = np.exp(-0.5 * ((y - np.array(g)) ** 2).sum(-1) / sd**2) / angles.size / sd**2
        total += np.einsum("i,ij,ijk->k", 0.5 * (high - low) * points[1] * r * np.minimum(1.0, c / r), mass, y)
    assert mean_clip(np.array(g), sd, c) == pytest.approx(total, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("d", [1, 200])
def test_any_dimension_by_the_density_of_chi_squared(d: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    points, weights = np.polynomial.legendre.leggauss(20)
    for m, share in CASES:
        peak, c = sqrt(m * m + d + 1), share * sqrt(m * m + d)
        low, high = max(0.0, peak - 12.0), peak + 12.0
        ends = np.unique(np.append(np.linspace(low, high, 16), np.clip(c, low, high)))
        half = 0.5 * np.diff(ends)[:, None]
        r = ends[:-1, None] + half * (points + 1.0)
        k = (half * weights * np.minimum(1.0, c / r) * 2.0 * r * stats.ncx2.pdf(r * r, d + 2, m * m)).sum()
        assert shrinkage(m, c, float(d)) == pytest.approx(k, rel=1e-9)


def test_its_ends() -> None:
    g = np.array([3.0, -4.0, 0.0])
    assert mean_clip(g, 0.0, 1.0) == pytest.approx(g / 5.0, rel=1e-9)
    assert mean_clip(g, 0.0, 6.0) == pytest.approx(g, rel=1e-9)
    assert mean_clip(g, 1.0, 1e3) == pytest.approx(g, rel=1e-12)
    assert mean_clip(0.0 * g, 0.0, 1.0).tolist() == [0.0, 0.0, 0.0]
    assert mean_clip(0.0 * g, 2.0, 1.0).tolist() == [0.0, 0.0, 0.0]
    wide = np.full(3000, 0.1)
    assert mean_clip(wide, 1.0, 10.0) == pytest.approx(wide * 10.0 / sqrt(3030.0), rel=1e-3)


def test_its_phases() -> None:
    """No example clipped, and all of them: the direction of one example, by another rule."""
    x = np.array([0.9, -0.4])
    problem = so.Problem(so.Quadratic([1.0, 2.0]), law("gaussian:0.6,batch=4"))
    o, g = problem.oracle, problem.objective.grad(x)
    assert mean_clipped(o, x, 50.0) == pytest.approx(g, rel=1e-12)
    small = 1e-5
    assert mean_clipped(o, x, small) / small == pytest.approx(so.core.expect_direction(o, x, 0.5 * g), rel=1e-8)
    assert mean_clipped(so.Problem(so.Quadratic([1.0, 2.0])).oracle, x, 1.0) == pytest.approx(g / np.linalg.norm(g))


@pytest.mark.parametrize(
    "noise",
    [
        so.Gaussian([0.6, 0.5]),
        so.StudentT(nu=5.0, scale=0.6),
        so.Gaussian(cov=[[1.0, 0.2], [0.2, 1.0]]),
        so.Batch(so.Gaussian([0.6, 0.5]), 4),
    ],
)
def test_other_laws_are_refused(noise: Any) -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0]), noise)
    assert "has no closed form for the mean of a clipped gradient" in str(problem.lacks("mean_clipped"))
