"""``so.integrate``: equations in the sense of Stratonovich, stiff drifts, increments, what is looked at on the way."""

from __future__ import annotations

import functools
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from equations import GBM, growth, noise, slow

import sdeopt as so
from sdeopt.core import matvec
from sdeopt.engine.kernels import Kernel
from sdeopt.ito.plan import plan

pytestmark = pytest.mark.filterwarnings("ignore::sdeopt.InterpretedWarning")  # functions made `slow` on purpose
SPIN = np.array([[-0.5, 0.3], [0.1, -0.8]])
B1, B2 = np.array([[0.3, 0.0], [0.4, 0.1]]), np.array([[0.0, -0.5], [0.2, 0.0]])


def plane(t: Any, x: Any) -> Any:
    return matvec(SPIN, x)


def swirl(t: Any, x: Any, dw: Any) -> Any:
    return dw[0] * matvec(B1, x) + dw[1] * matvec(B2, x)


CIRCLED = so.SDE(growth, noise, dim=1, calculus="stratonovich")  # dX = X/2 dt + 0.6 X ∘ dW
PLANE = so.SDE(plane, swirl, dim=2, calculus="stratonovich")


# ---- Stratonovich


def test_moments_of_geometric_brownian_motion_in_the_sense_of_stratonovich() -> None:
    """E X(1) = e^{μ + σ²/2}: 1.974, where Itô's equation has 1.649. 5.2 standard errors; extrapolated, bias O(dt²)."""
    e = so.integrate(CIRCLED, [1.0], horizon=1.0, dt=0.05, paths=100_000, save_at=1, extrapolate=True, rng=0)
    assert abs(e.mean[-1, 0] - math.exp(0.5 + 0.18)) < 5.2 * e.stderr[-1, 0] + 2e-3
    assert e.meta["scheme"] == "heun" and e.meta["calculus"] == "stratonovich"
    assert "Stratonovich" in repr(e)


@pytest.mark.usefixtures("interpreted")
def test_given_increments_reproduce_stratonovich_heun_of_sdeint() -> None:
    sdeint = pytest.importorskip("sdeint")
    dW = np.random.default_rng(0).normal(0.0, math.sqrt(1.0 / 40), (6, 40, 2))
    e = so.integrate(PLANE, [1.0, -0.5], horizon=1.0, dW=dW, save_at=40, keep_paths=True)
    assert e.paths is not None
    for path in range(6):
        theirs = sdeint.stratHeun(
            lambda y, t: SPIN @ y, lambda y, t: np.array([B1 @ y, B2 @ y]).T, np.array([1.0, -0.5]),
            np.linspace(0.0, 1.0, 41), dW=dW[path],
        )  # fmt: skip
        assert np.abs(e.paths[path] - theirs).max() < 1e-14


@pytest.mark.parametrize("sde", [CIRCLED, PLANE], ids=repr)
def test_lanes_and_interpreted_have_the_same_bits(sde: so.SDE) -> None:
    run, *_ = plan(sde, np.ones(sde.dim), 1.0, 0.1, None, 40, None, None, 4, None, 0)
    kernel, plain = Kernel(run), Kernel(replace(run, interpreted=True))
    assert (kernel.mode, plain.mode) == ("lanes", "interpreted")
    assert (kernel(0, 40) == plain(0, 40)).all()


@pytest.mark.parametrize(
    ("sde", "scheme", "reason"),
    [
        (CIRCLED, "euler", "'euler' converges to solutions in the sense of Itô.*that of Stratonovich: take 'heun'"),
        (CIRCLED, "weak2", "'weak2' converges to solutions in the sense of Itô"),
        (GBM, "heun", "'heun' converges to solutions in the sense of Stratonovich.*that of Itô: take 'euler' or"),
        (GBM, "adaptive", "there is no scheme 'adaptive': steps are constant.*'implicit' for a stiff drift"),
        (GBM, "SRI", "there is no scheme 'SRI': strong order 1.*iterated integrals"),
        (so.SDE(plane, swirl, dim=2), "milstein", "needs diagonal noise.*strong order 1.*iterated integrals"),
    ],
)
def test_schemes_that_do_not_suit_are_refused(sde: so.SDE, scheme: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        so.integrate(sde, np.ones(sde.dim), horizon=1.0, dt=0.1, scheme=scheme)


def test_the_calculus_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="unknown calculus 'stratanovich'; did you mean 'stratonovich'"):
        so.SDE(growth, noise, dim=1, calculus="stratanovich")


# ---- stiff drifts


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_a_stiff_drift_is_stable_with_its_known_variance() -> None:
    """dX = -λX dt + dW with λ dt = 100: variance 1/(2λ + λ²dt), 51 times too small; Euler grows 99-fold a step.

    The sample variance of n normals has the relative error √(2/n); 5.2 of them: 2e-7.
    """
    n, rate, dt = 300, 1000.0, 0.1
    stiff = so.SDE(slow(lambda t, x: -1000.0 * x), slow(lambda t, x: 1.0), dim=1)
    options: dict[str, Any] = {"horizon": 3.0, "dt": dt, "paths": n, "save_at": 1, "rng": 0}
    e = so.integrate(stiff, [1.0], scheme="implicit", **options)
    assert e.cov[-1, 0, 0] * (2.0 * rate + rate**2 * dt) == pytest.approx(1.0, abs=5.2 * math.sqrt(2.0 / n))
    assert e.diverged.count == 0
    assert so.integrate(stiff, [1.0], **options).diverged.count == n


@pytest.mark.slow
def test_slow_beside_fast() -> None:
    """dX = -AX dt + dW, rates 1 and 10⁴ along (1, 1) and (1, -1): moments of y' = (1 + hA)⁻¹(y + √h ξ)."""
    A, n, h = np.array([[5000.5, -4999.5], [-4999.5, 5000.5]]), 20_000, 0.05
    sde = so.SDE(lambda t, x: -matvec(A, x), lambda t, x: 1.0, dim=2)
    e = so.integrate(sde, [1.0, 0.0], horizon=1.0, dt=h, paths=n, scheme="implicit", save_at=1, rng=0)
    inverse, mean, cov = np.linalg.inv(np.eye(2) + h * A), np.array([1.0, 0.0]), np.zeros((2, 2))
    for _ in range(20):
        mean, cov = inverse @ mean, inverse @ (cov + h * np.eye(2)) @ inverse.T
    assert np.abs(e.mean[-1] - mean).max() < 5.2 * math.sqrt(cov[0, 0] / n)
    assert np.abs(e.cov[-1] - cov).max() < 5.2 * math.sqrt(2.0 / n) * cov[0, 0]


@pytest.mark.slow
def test_strong_order_of_the_implicit_scheme() -> None:
    """E|X_h(1) - X(1)| over four times smaller steps: 2 for geometric Brownian motion, 4 for additive noise.

    The exact solution of the latter, ∫ e^{s-1} dW, is a sum over 256 steps, which errs by 1/20 of the smaller error.
    4000 paths: standard errors of 1.5 %, and the errors of both steps move together.
    """
    dW = np.random.default_rng(0).normal(0.0, 1.0 / 16.0, (4000, 256, 1))
    ou = so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1)
    weights = np.exp((np.arange(256) + 0.5) / 256.0 - 1.0)
    cases = [
        (GBM, np.exp(0.32 + 0.6 * dW.sum(axis=1)), (64, 256), 2.0),
        (ou, math.exp(-1.0) + np.einsum("k,pki->pi", weights, dW), (8, 32), 4.0),
    ]
    for sde, exact, levels, factor in cases:
        errors = []
        for n in levels:
            e = so.integrate(sde, [1.0], horizon=1.0, dW=dW.reshape(4000, n, -1, 1).sum(axis=2), scheme="implicit")
            errors.append(np.abs(e.final - exact).mean())
        assert errors[0] / errors[1] == pytest.approx(factor, rel=0.1)


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_a_cubic_drift_stays() -> None:
    """Euler leaves for infinity from x0² dt > 2; the implicit step has one solution, which Newton finds."""
    cubic = so.SDE(slow(lambda t, x: -x * x * x), slow(lambda t, x: 1.0), dim=1)
    options: dict[str, Any] = {"horizon": 4.0, "dt": 0.2, "paths": 60, "rng": 0}
    assert so.integrate(cubic, [60.0], **options).diverged.count == 60
    e = so.integrate(cubic, [60.0], scheme="implicit", **options)
    assert e.diverged.count == 0 and np.abs(e.final).max() < 3.0
    with np.errstate(all="ignore"):
        first = so.integrate(cubic, [60.0], horizon=0.2, dW=np.zeros((1, 1, 1)), scheme="implicit").final[0, 0]
    assert first + 0.2 * first**3 == pytest.approx(60.0, rel=1e-12)


@pytest.mark.slow
def test_implicit_vectors_and_interpreted_have_the_same_bits() -> None:
    sde = so.SDE(plane, swirl, dim=2)
    run, *_ = plan(sde, np.ones(2), 1.0, 0.1, None, 20, "implicit", None, 4, None, 0)
    kernel, plain = Kernel(run), Kernel(replace(run, interpreted=True))
    assert (kernel.mode, plain.mode) == ("vectors", "interpreted")
    assert (kernel(0, 20) == plain(0, 20)).all()


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_paths_on_which_newton_finds_nothing_are_counted() -> None:
    """x = y + h (1 + x²) has no real solution for h > 1/2."""
    sde = so.SDE(slow(lambda t, x: 1.0 + x * x), slow(lambda t, x: 1e-3), dim=1)
    e = so.integrate(sde, [0.0], horizon=2.0, dt=1.0, paths=10, scheme="implicit", rng=0)
    assert e.diverged.count == 10


# ---- increments


WEAK = pytest.param(so.SDE(plane, swirl, dim=2), "weak2", marks=pytest.mark.slow)


@pytest.mark.parametrize(("sde", "scheme"), [(GBM, "milstein"), WEAK])
@pytest.mark.usefixtures("interpreted")
def test_increments_are_those_that_were_used(sde: so.SDE, scheme: str, tmp_path: Path) -> None:
    run = functools.partial(so.integrate, sde, np.ones(sde.dim), horizon=2.0, scheme=scheme, rng=1)
    e = run(dt=0.1, paths=300, increments=True)
    assert e.increments is not None and e.increments.shape == (300, 20, sde.dim)
    again = run(dW=e.increments)
    if scheme == "weak2":  # whose signs are drawn too, with the same rng
        assert np.abs(again.final - e.final).max() < 1e-13
    assert np.abs(again.final - e.final).max() < 1e-13
    n = e.increments.size
    assert (e.increments**2).mean() == pytest.approx(0.1, rel=5.2 * math.sqrt(2.0 / n))
    e.save(tmp_path / "e.npz")
    assert (so.Ensemble.load(tmp_path / "e.npz").increments == e.increments).all()
    assert run(dt=0.1, paths=3).increments is None


def test_the_same_brownian_path_at_another_dt() -> None:
    """Milstein's strong error, 0.03 at dt = 0.1, is what is left; independent paths are apart by 1."""
    run = functools.partial(so.integrate, GBM, [1.0], horizon=1.0, scheme="milstein", save_at=1)
    fine = run(steps=640, paths=500, increments=True, rng=0)
    assert fine.increments is not None
    gaps = []
    for steps in (10, 40):
        coarse = run(dW=fine.increments.reshape(500, steps, -1, 1).sum(axis=2))
        gaps.append(np.abs(coarse.final - fine.final).mean())
    assert gaps[0] < 0.06 and gaps[0] / gaps[1] == pytest.approx(4.0, rel=0.3)


@pytest.mark.usefixtures("interpreted")
def test_increments_of_an_extrapolation_are_those_of_half_the_step() -> None:
    run = functools.partial(so.integrate, GBM, [1.0], horizon=1.0, scheme="milstein")
    e = run(dt=0.1, paths=5, extrapolate=True, increments=True, rng=0)
    assert e.increments is not None and e.increments.shape == (5, 20, 1)
    assert np.abs(run(dW=e.increments).final - e.final).max() < 1e-13


# ---- what is looked at on the way


def hidden_at_start(t: Any, x: Any) -> Any:
    """Diagonal where x₁ = 0, as at the start; elsewhere not."""
    return np.array([1.0 + 0.0 * x[0], 0.5 * x[0] * x[1]])


def later(t: Any, x: Any) -> Any:
    return np.array([x[0], x[1] * (1.0 + (t > 0.5) * x[0])])


def bent_later(t: Any, x: Any, dw: Any) -> Any:
    return dw + (t > 0.5) * dw * dw


@pytest.mark.parametrize(
    ("diffusion", "reason"),
    [
        (hidden_at_start, r"entry 1 a function of t and x\[1\] alone, but at t = .* it depends on x\[0\]"),
        (slow(later), r"entry 1 a function of t and x\[1\] alone, but at t = .* it depends on x\[0\]"),
        (slow(bent_later), "must be linear in dw.*but at t = .* it is not"),
    ],
)
@pytest.mark.usefixtures("interpreted")
def test_noise_is_looked_at_along_the_run(diffusion: Any, reason: str) -> None:
    sde = so.SDE(lambda t, x: 1.0 - x, diffusion, dim=2)
    with pytest.raises(ValueError, match=reason):
        so.integrate(sde, [0.0, 0.0], horizon=1.0, dt=0.05, paths=64, rng=0)


@pytest.mark.usefixtures("interpreted")
def test_diagonal_noise_in_many_dimensions() -> None:
    """Above 16 dimensions random halves are moved: one entry that depends on one other is found."""

    def mixed(t: Any, x: Any) -> Any:
        return np.where(np.arange(40) == 7, 1.0 + x[23] * x[23], 1.0)

    with pytest.raises(ValueError, match=r"entry 7 a function of t and x\[7\] alone"):
        so.integrate(so.SDE(lambda t, x: -x, slow(mixed), dim=40), np.zeros(40), horizon=1.0, dt=0.1, paths=8, rng=0)
    square_root = so.SDE(lambda t, x: 1.0 - x, lambda t, x: np.sqrt(np.abs(x)), dim=40)
    so.integrate(square_root, np.ones(40), horizon=1.0, dt=0.1, paths=8, rng=0)


def test_memory_is_looked_at_before_anything_runs() -> None:
    begun = time.perf_counter()
    with pytest.raises(ValueError, match="the run would take about .* of memory"):
        so.integrate(GBM, [1.0], horizon=1.0, dt=0.1, paths=10**12)
    with pytest.raises(ValueError, match="the run would take about .* of memory"):
        so.integrate(GBM, [1.0], horizon=1.0, steps=10**9, paths=10**4, increments=True)
    assert time.perf_counter() - begun < 30.0
