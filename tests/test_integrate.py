"""``so.SDE`` and ``so.integrate``: any Itô equation, end to end. The orders of the schemes are in test_schemes.py."""

from __future__ import annotations

import functools
import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from equations import GBM, MU, SIGMA, growth, noise, slow

import sdeopt as so
from sdeopt.core import dot, matvec
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.ito.plan import plan as plan_integration

pytestmark = pytest.mark.filterwarnings("ignore::sdeopt.InterpretedWarning")  # functions made `slow` on purpose
OFFSET = np.array([0.2, -0.1])
A, B1, B2 = (
    np.array([[-0.5, 0.3], [0.1, -0.8]]),
    np.array([[0.3, 0.0], [0.4, 0.1]]),
    np.array([[0.0, -0.5], [0.2, 0.0]]),
)


def matrix_drift(t: Any, x: Any) -> Any:
    return np.concatenate((x[0:1] * -0.5 + x[1:2] * 0.3, x[0:1] * 0.1 + x[1:2] * -0.8))


def matrix_noise(t: Any, x: Any, dw: Any) -> Any:
    first = np.concatenate((x[0:1] * 0.3, x[0:1] * 0.4 + x[1:2] * 0.1))
    return dw[0] * first + dw[1] * np.concatenate((x[1:2] * -0.5, x[0:1] * 0.2))


LINEAR = so.SDE(matrix_drift, matrix_noise, dim=2)  # B1 B2 ≠ B2 B1
EULER = functools.partial(so.integrate, GBM, [1.0], horizon=1.0, dt=0.1, rng=0)


def same(a: Any, b: Any) -> bool:
    return all((getattr(a, n) == getattr(b, n)).all() for n in ("mean", "cov", "final", "counts", "stderr"))


def increments(paths: int, steps: int, m: int, horizon: float = 1.0) -> Any:
    return np.random.default_rng(0).normal(0.0, math.sqrt(horizon / steps), (paths, steps, m))


# ---- the engine


@pytest.mark.parametrize(
    ("sde", "scheme"), [(GBM, "milstein"), (GBM, "weak2"), pytest.param(LINEAR, "weak2", marks=pytest.mark.slow)]
)
def test_lanes_and_interpreted_have_the_same_bits(sde: so.SDE, scheme: str) -> None:
    run, *_ = plan_integration(sde, np.ones(sde.dim), 1.0, 0.1, None, 40, scheme, None, 4, None, 0)
    kernel, plain = Kernel(run), Kernel(replace(run, interpreted=True))
    assert (kernel.mode, plain.mode) == ("lanes", "interpreted")
    assert (kernel(0, 40) == plain(0, 40)).all()


def test_arrays_and_lists_of_entries_in_lanes() -> None:
    """A matrix from outside, in a closure or global, and a vector written entry by entry."""
    spin = np.array([[0.0, -0.7], [0.7, 0.0]])
    sde = so.SDE(
        lambda t, x: matvec(spin, x) - OFFSET, lambda t, x, dw: np.array([0.0, x[0] * dw[0]]), dim=2, noise_dim=1
    )
    run, *_ = plan_integration(sde, np.ones(2), 1.0, 0.1, None, 40, "euler", None, 4, None, 0)
    kernel, plain = Kernel(run), Kernel(replace(run, interpreted=True))
    assert kernel.mode == "lanes"
    assert (kernel(0, 40) == plain(0, 40)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("sde", "scheme"), [(GBM, "milstein"), (GBM, "weak2"), (LINEAR, "euler"), (LINEAR, "weak2")])
def test_vectors_too(sde: so.SDE, scheme: str) -> None:
    run, *_ = plan_integration(sde, np.ones(sde.dim), 1.0, 0.1, None, 40, scheme, None, 4, None, 0)
    kernel = Kernel(replace(run, lanes=False))
    assert kernel.mode == "vectors"
    assert (kernel(0, 40) == Kernel(run)(0, 40)).all()


def test_functions_that_numba_does_not_know_run_interpreted() -> None:
    sde = so.SDE(slow(growth), slow(noise), dim=1)
    run, *_ = plan_integration(sde, [1.0], 1.0, 0.1, None, 5, "euler", None, None, None, 0)
    assert Kernel(run).mode == "interpreted"
    assert same(so.integrate(sde, [1.0], horizon=1.0, dt=0.1, paths=20, rng=0), EULER(paths=20))


def test_bitwise_the_same_for_any_executor_and_any_number_of_paths() -> None:
    base = EULER(paths=600)
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2) as processes:
        assert all(same(base, EULER(paths=600, executor=e)) for e in (threads, processes))
    assert (EULER(paths=300).final == base.final[:300]).all()


def test_the_sde_of_an_optimizer_by_hand() -> None:
    """SGD's dX = -∇f dt - √η σ dW on a quadratic: the page and the generic door run the same paths."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[1.0, -1.0])
    options: dict[str, Any] = {"steps": 20, "scheme": "euler", "substeps": 1, "observables": [], "rng": 3}
    page = Kernel(replace(plan(so.SGD(lr=0.1), problem, "sde", **options), interpreted=True))(0, 10)[:, -1]
    root = math.sqrt(0.1)
    sde = so.SDE(slow(lambda t, x: -np.array([1.0, 2.0]) * x), slow(lambda t, x: -root * 0.5), dim=2)
    assert np.abs(so.integrate(sde, [1.0, -1.0], horizon=2.0, steps=20, paths=10, rng=3).final - page).max() < 1e-14


# ---- results


@pytest.mark.usefixtures("interpreted")
def test_the_ensemble(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    e = EULER(
        paths=300, keep_paths=True, save_at=[0.0, 0.5, 1.0], observables={"x2": lambda x: dot(x, x)},
        progress=lambda done, total: calls.append((done, total)),
    )  # fmt: skip
    assert repr(e) == "Ensemble(SDE(dim=1, diagonal noise), sde, paths=300, horizon=1, d=1)"
    assert e.paths is not None and e.paths.shape == (300, 3, 1)
    assert (e.paths[:, -1] == e.final).all() and (e.paths[:, 0] == 1.0).all()
    assert e.mean[-1, 0] == pytest.approx(e.final.mean())
    assert e.observables["x2"][0][-1] == pytest.approx((e.final**2).mean())
    assert calls[-1] == (300, 300)
    replayed = e.replay(7)
    assert replayed.states.shape == (11, 1) and (replayed.states[[0, 5, 10]] == e.paths[7]).all()
    e.save(tmp_path / "e.npz")
    assert same(so.Ensemble.load(tmp_path / "e.npz"), e)
    assert e.meta["scheme"] == "euler" and e.meta["dt"] == 0.1


def test_steps_and_dt_are_one_grid() -> None:
    assert same(EULER(paths=20), so.integrate(GBM, [1.0], horizon=1.0, steps=10, paths=20, rng=0))


@pytest.mark.filterwarnings("ignore::sdeopt.DivergedWarning")
def test_paths_that_leave_are_counted() -> None:
    """Euler on dX = -X³ dt + dW with x0² dt > 2 leaves for infinity at once."""
    cubic = so.SDE(slow(lambda t, x: -x * x * x), slow(lambda t, x: 1.0), dim=1)
    e = so.integrate(cubic, [6.0], horizon=4.0, dt=0.2, paths=5, rng=0)
    assert e.diverged.count == 5 and e.counts[-1] == 0


# ---- increments of the user's own


@pytest.mark.usefixtures("interpreted")
def test_given_increments_reproduce_sdeint() -> None:
    sdeint = pytest.importorskip("sdeint")
    dW = increments(6, 40, 2)
    e = so.integrate(LINEAR, [1.0, -0.5], horizon=1.0, dW=dW, save_at=40, keep_paths=True)
    assert e.paths is not None
    for path in range(6):
        theirs = sdeint.itoEuler(
            lambda y, t: A @ y, lambda y, t: np.array([B1 @ y, B2 @ y]).T, np.array([1.0, -0.5]),
            np.linspace(0.0, 1.0, 41), dW=dW[path],
        )  # fmt: skip
        assert np.abs(e.paths[path] - theirs).max() < 1e-14


@pytest.mark.usefixtures("interpreted")
def test_given_increments_are_the_drawn_ones_where_they_are() -> None:
    run, *_ = plan_integration(GBM, [1.0], 1.0, 0.1, None, 3, "euler", None, None, None, 0)
    kernel = Kernel(replace(run, interpreted=True))
    dW = math.sqrt(0.1) * np.array([kernel.increments(path) for path in range(3)])
    assert np.abs(so.integrate(GBM, [1.0], horizon=1.0, dW=dW).final - EULER(paths=3).final).max() < 1e-14


@pytest.mark.usefixtures("interpreted")
def test_weak2_takes_increments_and_draws_its_signs() -> None:
    dW = increments(4, 10, 2)
    ends = [so.integrate(LINEAR, [1.0, 1.0], horizon=1.0, dW=dW, scheme="weak2", rng=r).final for r in (0, 0, 1)]
    assert (ends[0] == ends[1]).all() and not (ends[0] == ends[2]).any()


# ---- exact laws


def test_moments_of_geometric_brownian_motion() -> None:
    """E X = e^μ, Var X = e^{2μ}(e^{σ²} - 1). 5.2 standard errors (2e-7); weak2's bias at dt = 0.05 is 1e-4."""
    n = 200_000
    e = EULER(dt=0.05, paths=n, scheme="weak2", save_at=1)
    assert abs(e.mean[-1, 0] - math.exp(MU)) < 5.2 * e.stderr[-1, 0] + 2e-4
    x2, error = e.observables["norm2"][0][-1], e.observables["norm2"][1][-1]
    assert abs(x2 - math.exp(2.0 * MU + SIGMA**2)) < 5.2 * error + 2e-3


def test_stationary_law_of_the_double_well() -> None:
    """dX = (X - X³) dt + s dW has density ∝ exp(2(x²/2 - x⁴/4)/s²); moments and distribution function, 5.2 errors."""
    s, n = 0.8, 40_000
    well = so.SDE(lambda t, x: x - x * x * x, lambda t, x: 0.8, dim=1)
    observables = {"x2": lambda x: dot(x, x), "x4": lambda x: dot(x, x) * dot(x, x)}
    e = so.integrate(
        well, [0.0], horizon=10.0, dt=0.05, paths=n, scheme="weak2", observables=observables, save_at=1, rng=0
    )
    grid = np.linspace(-4.0, 4.0, 4001)
    density = np.exp(2.0 * (grid**2 / 2.0 - grid**4 / 4.0) / s**2)
    density /= density.sum()
    for name, power in (("x2", 2), ("x4", 4)):
        mean, error = (v[-1] for v in e.observables[name])
        assert abs(mean - density @ grid**power) < 5.2 * error + 2e-3  # 2e-3: bias of the scheme, O(dt²)
    for at in (-1.2, -0.5, 0.3, 1.0):
        p = density[grid < at].sum()
        assert abs((e.final < at).mean() - p) < 5.2 * math.sqrt(p * (1.0 - p) / n) + 2e-3
    assert e.diverged.count == 0


# ---- extrapolation


def test_extrapolated_means_and_covariances() -> None:
    """Euler at dt = 1/5 misses E X = 1.6487 by 0.04, 40 standard errors; extrapolated it is within its own."""
    n = 100_000
    plain, better = EULER(dt=0.2, paths=n, save_at=1), EULER(dt=0.2, paths=n, save_at=1, extrapolate=True)
    exact_mean, exact_cov = math.exp(MU), math.exp(2.0 * MU) * (math.exp(SIGMA**2) - 1.0)
    h = 0.2
    coarse, fine = ((1.0 + MU * s) ** round(1.0 / s) for s in (h, h / 2))
    assert abs(plain.mean[-1, 0] - coarse) < 5.2 * plain.stderr[-1, 0]
    assert abs(better.mean[-1, 0] - (2.0 * fine - coarse)) < 5.2 * better.stderr[-1, 0]
    assert abs(plain.mean[-1, 0] - exact_mean) > 10.0 * plain.stderr[-1, 0]
    assert abs(better.mean[-1, 0] - exact_mean) < 5.2 * better.stderr[-1, 0] + 0.003
    assert abs(better.cov[-1, 0, 0] - exact_cov) < 0.5 * abs(plain.cov[-1, 0, 0] - exact_cov)
    assert better.meta["weak_order"] == 2 and better.meta["dt"] == [0.2, 0.1]


def test_common_random_numbers_keep_the_error_bars_small() -> None:
    """Independent runs would have √5 times the standard error of one; along the same motions it hardly grows."""
    plain, better = EULER(paths=2000), EULER(paths=2000, extrapolate=True)
    assert better.stderr[-1, 0] < 1.3 * plain.stderr[-1, 0]
    fine = EULER(paths=2000, dt=0.05)
    assert better.final.shape == fine.final.shape and better.mean[-1, 0] != better.final.mean()


@pytest.mark.usefixtures("interpreted")
def test_extrapolation_keeps_the_fine_paths() -> None:
    e = EULER(paths=300, extrapolate=True, keep_paths=True)
    assert e.paths is not None and e.paths.shape == (300, 11, 1)
    assert (e.replay(3).states == e.paths[3]).all()
    assert (e.paths[:, -1] == e.final).all()


@pytest.mark.slow
def test_error_bars_of_the_extrapolation_cover() -> None:
    """400 seeds, exact value within 1.96 standard errors 95 % of the time; 5 standard deviations of a binomial: 6e-7.

    The additive equation dX = -X dt + dW: normal means, and a bias of order dt³ far below the bars of 200 paths.
    """
    ou = so.SDE(lambda t, x: -x, lambda t, x: 1.0, dim=1)
    hits = 0
    for seed in range(400):
        e = so.integrate(
            ou, [1.0], horizon=1.0, dt=0.1, paths=200, extrapolate=True, scheme="weak2", save_at=1, rng=seed
        )
        hits += abs(e.mean[-1, 0] - math.exp(-1.0)) < 1.96 * e.stderr[-1, 0]
    assert abs(hits / 400 - 0.95) < 5.0 * math.sqrt(0.95 * 0.05 / 400)
