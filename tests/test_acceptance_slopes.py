"""How gaps between the columns shrink with the learning rate, by common random numbers.

A right SDE of order p leaves gaps of the mean of order η^p; its covariance is right if its gap falls as η², while a
wrong diffusion leaves a gap of order η (the covariances themselves are O(η)): theory A, facts B and D and section 7;
theory B, section 0 and item 11. Slopes are those of the two smallest learning rates. A slope is held to 0.15 of its
claim, to 0.25 where it costs more to know or theory's own tables are that far from the limit, and five of its standard
errors must fit into that. So a false alarm has a probability of 6e-7 in each of about 40 gaps and slopes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest

import sdeopt as so
from sdeopt.certificate.warm import start_warm
from sdeopt.core import grad, noise_var, root_additive_cov
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

SIGMAS = 5.0


class Gap(NamedTuple):
    """Discrete less SDE at the end: means and covariances of x, with their standard errors."""

    lr: float
    mean: Any
    mean_error: Any
    cov: Any
    cov_error: Any
    size: float  # of the gap of covariances, Frobenius
    size_error: float


def gap(page: Any, problem: so.Problem, sde: str, horizon: float, dt: float, paths: int, factor: float = 1.0) -> Gap:
    """Both columns on the same Brownian paths, the SDE's diffusion times ``factor``.

    The gap of covariances is a mean over paths of centred products.
    """
    grid = {"horizon": horizon, "dt": dt, "save_at": [horizon], "observables": ["loss"], "rng": 8}
    equation = replace(plan(page, problem, "sde", sde=sde, **grid), noise_factor=factor)
    columns = [plan(page, problem, "discrete", **grid), equation]
    ends = [Kernel(column)(0, paths)[:, -1, : problem.dim] for column in columns]
    assert np.isfinite(ends).all()
    moved = ends[0] - ends[1]
    centred = [x - x.mean(axis=0) for x in ends]
    products = np.subtract(*(np.einsum("pi,pj->pij", x, x) for x in centred))
    cov = products.mean(axis=0)
    size = float(np.linalg.norm(cov))
    along = np.einsum("pij,ij->p", products, cov) / size
    root = math.sqrt(paths)
    return Gap(
        page.lr,
        moved.mean(axis=0),
        moved.std(axis=0) / root,
        cov,
        products.std(axis=0) / root,
        size,
        along.std() / root,
    )


def slope(gaps: tuple[Gap, Gap], of: str = "size") -> tuple[float, float]:
    """log-log slope of the gap of covariances, or of the first mean, and its standard error."""
    values = [g.size if of == "size" else abs(g.mean[0]) for g in gaps]
    errors = [g.size_error if of == "size" else g.mean_error[0] for g in gaps]
    span = math.log(gaps[0].lr / gaps[1].lr)
    return math.log(values[0] / values[1]) / span, math.hypot(errors[0] / values[0], errors[1] / values[1]) / span


def assert_slope(gaps: tuple[Gap, Gap], claim: float, of: str = "size", within: float = 0.15) -> None:
    found, error = slope(gaps, of)
    assert SIGMAS * error < within
    assert abs(found - claim) < within, f"slope {found:.3f} ± {error:.3f} is not {claim}"


def assert_gap(found: Any, error: Any, expected: Any, known: Any = 0.0) -> None:
    bound = SIGMAS * np.hypot(error, known)
    assert (np.abs(np.asarray(found) - expected) <= bound).all(), f"{found} is not {expected} within {bound}"


# ---- SGD and USAM on theory A's quadratic, T = 2

TILTED = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]), x0=[1.0, -0.8])


class BlindUSAM(so.USAM):
    """USAM with the diffusion of SGD: the Hessian is forgotten."""

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -np.sqrt(self.lr) * root_additive_cov(o, x, dw)

    sdes = {"order1": replace(so.USAM.sdes["order1"], diffusion=diffusion)}


def on_the_quadratic(page: Any, paths: int, factor: Any = lambda lr: 1.0) -> tuple[Gap, Gap]:
    rungs = [gap(page._replace(lr=lr), TILTED, "order1", 2.0, lr / 8, paths, factor(lr)) for lr in (0.1, 0.05)]
    return rungs[0], rungs[1]


def test_covariance_of_sgd() -> None:
    """Theory A, section 7 (the gap at η = 0.1 is exact) and table 10.1: sizes 1.755e-3 and 4.247e-4."""
    gaps = on_the_quadratic(so.SGD(0.1), 50_000)
    exact = (0.02592682 - 0.02454211, 0.00713285 - 0.00665014, 0.00833223 - 0.00749748)
    upper = np.triu_indices(2)
    assert_gap(gaps[0].cov[upper], gaps[0].cov_error[upper], exact)
    assert_gap(gaps[1].size, gaps[1].size_error, 4.247e-4, known=1e-7)
    assert_slope(gaps, 2.0)


@pytest.mark.parametrize(
    ("factor", "sizes"), [(lambda lr: 0.0, (2.904e-2, 1.408e-2)), (np.sqrt, (2.631e-2, 1.340e-2))], ids=["0", "√η"]
)
def test_covariance_of_sgd_with_a_wrong_diffusion(factor: Any, sizes: Any) -> None:
    """Theory A, table 10.1: without noise, and with η where √η belongs; slopes 1.04 and 0.97."""
    gaps = on_the_quadratic(so.SGD(0.1), 100_000, factor)
    assert_gap([g.size for g in gaps], [g.size_error for g in gaps], sizes, known=1e-5)
    assert_slope(gaps, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "claim", "sizes"), [(so.USAM, 2.0, (5.203e-3, 1.199e-3)), (BlindUSAM, 1.0, (3.070e-2, 1.403e-2))]
)
def test_covariance_of_usam(kind: Any, claim: float, sizes: Any) -> None:
    """Theory A, table 10.1, ρ = 1/2 fixed: slopes 2.15 and 1.16 here, 2.05 and 1.06 one halving later."""
    gaps = on_the_quadratic(kind(0.1, 0.5), 200_000)
    assert_gap([g.size for g in gaps], [g.size_error for g in gaps], sizes, known=1e-6)
    assert_slope(gaps, claim, within=0.25)


# ---- SignSGD on theory B's quadratic, T = 1

NORMAL = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 0.8]), x0=[1.0, -0.7])


class RoundSign(so.SignSGD):
    """SignSGD whose diffusion has the size of its steps: signs without a mean."""

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -np.sqrt(self.lr) * dw

    sdes = {"order1": replace(so.SignSGD.sdes["order1"], diffusion=diffusion)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "paths", "claim", "gaps11"),
    [(so.SignSGD, 320_000, 2.0, (2.370e-2, 1.164e-2)), (RoundSign, 100_000, 1.0, (-0.1820, -0.1804))],
)
def test_covariance_of_signsgd(kind: Any, paths: int, claim: float, gaps11: Any) -> None:
    """Theory B, section 6.2, the gaps of Var x₁/η; known: the integrator's share, 0.1 % of the variance."""
    gaps = [gap(kind(lr), NORMAL, "order1", 1.0, lr / 32, paths) for lr in (0.1, 0.05)]
    for one, expected in zip(gaps, gaps11, strict=True):
        assert_gap(one.cov[0, 0] / one.lr, one.cov_error[0, 0] / one.lr, expected, known=3e-4)
    assert_slope((gaps[0], gaps[1]), claim, within=0.25)


# ---- RMSprop and Adam from a warm start: theory B, section 6.5

LATE = 10**7  # steps after which bias corrections are 1
GENTLE = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.3, 0.4]), x0=[1.0, -0.7])
adam_step: Any = so.Adam.step


def late(function: Any) -> Any:
    return lambda self, t, *rest: function(self, t + LATE, *rest)


class WarmAdam(so.Adam):
    """Adam long after its bias corrections are done, from m = 0 and v = g² + diag Σ."""

    def init(self, x: Any, o: Any) -> Any:
        g = grad(o, x)
        return x, 0.0 * x, g * g + noise_var(o, x)

    def step(self, k: Any, y: Any, o: Any, z: Any) -> Any:
        return adam_step(self, k + LATE, y, o, z)

    sdes = {
        name: replace(sde, start=None, drift=late(sde.drift), diffusion=late(sde.diffusion))
        for name, sde in so.Adam.sdes.items()
    }


WARM = [  # page at η = 1, SDE, claim, learning rates, Var x₁/η of the columns less each other, and its error in theory
    (start_warm(so.RMSprop(1.0, 0.0)), "full", 2.0, (0.1, 0.05), (2.13e-3, 1.01e-3), (1e-4, 9e-5)),
    (start_warm(so.RMSprop(1.0, 0.0)), "compagnoni", 1.0, (0.025, 0.0125), (-1.39e-2, -1.41e-2), (1e-4, 9e-5)),
    (WarmAdam(1.0, 0.0, 0.0), "full", 2.0, (0.1, 0.05), None, None),
    (WarmAdam(1.0, 0.0, 0.0), "compagnoni", 1.0, (0.025, 0.0125), (-1.76e-2, -1.93e-2), (5e-5, 5e-5)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "sde", "claim", "rates", "gaps11", "known"), WARM)
def test_covariance_of_adaptive_methods(page: Any, sde: str, claim: float, rates: Any, gaps11: Any, known: Any) -> None:
    """Theory B, section 6.5: ρ₁ = 2, ρ₂ = 3/2. Its SDE of Adam with noise in V has another term O(η) in the drift."""
    decays = {"beta": 1.5} if isinstance(page, so.RMSprop) else {"beta1": 2.0, "beta2": 1.5}
    pages = [page._replace(lr=lr, **{name: 1.0 - rho * lr for name, rho in decays.items()}) for lr in rates]
    gaps = [gap(page, GENTLE, sde, 1.0, page.lr / 16, 100_000) for page in pages]
    if gaps11 is not None:
        for one, expected, error in zip(gaps, gaps11, known, strict=True):
            assert_gap(one.cov[0, 0] / one.lr, one.cov_error[0, 0] / one.lr, expected, error)
    assert_slope((gaps[0], gaps[1]), claim, within=0.25)


# ---- the embedded saddle, T = 1: theory A, tables 10.3

SADDLE = so.Problem(so.EmbeddedSaddle(), so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]), x0=[0.4, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sde", "claim", "rates", "means", "known"),
    [
        ("order1", 1.0, (0.0125, 0.00625), (-6.34e-4, -3.30e-4), (2e-6, 6e-7)),
        ("order2", 2.0, (0.05, 0.025), (4.50e-4, 1.20e-4), (4e-6, 1e-6)),
    ],
)
def test_weak_orders_of_sgd(sde: str, claim: float, rates: Any, means: Any, known: Any) -> None:
    """The mean of x₁: the integrator's steps are an eighth of the smallest learning rate on both rungs."""
    gaps = [gap(so.SGD(lr), SADDLE, sde, 1.0, rates[1] / 8, 200_000) for lr in rates]
    for one, expected, error in zip(gaps, means, known, strict=True):
        assert_gap(one.mean[0], one.mean_error[0], expected, error)
    assert_slope((gaps[0], gaps[1]), claim, "mean")


@pytest.mark.slow
def test_weak_order_and_covariance_of_sam() -> None:
    """ρ = √η/2, SDE with the full covariance of the direction."""
    gaps = [gap(so.SAM(lr, 0.5 * math.sqrt(lr)), SADDLE, "order1", 1.0, lr / 4, 40_000) for lr in (0.025, 0.0125)]
    for one, expected, error in zip(gaps, (-2.14e-3, -1.15e-3), (3e-5, 1e-5), strict=True):
        assert_gap(one.mean[0], one.mean_error[0], expected, error)
    assert_slope((gaps[0], gaps[1]), 1.0, "mean")
    assert_slope((gaps[0], gaps[1]), 2.0, within=0.25)
