"""Schedules: the factor of every phase, the clock of the peak, and how they enter the two columns."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.schedule import units
from sdeopt.engine.assembly import _scheduled as scheduled_functions
from sdeopt.engine.compiler.compile import grid
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan

BOWL = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
WSD = [so.ramp(0.1), so.hold(0.6), so.ramp(0.3, 1.0, 0.2, "cosine")]


def by_hand(s: float) -> float:
    """Warm-up, stable, half a cosine down to 0.2, in fractions of the run."""
    if s < 0.1:
        return s / 0.1
    if s < 0.7:
        return 1.0
    return 0.2 + 0.8 * 0.5 * (1.0 + math.cos(math.pi * (s - 0.7) / 0.3))


def rates(method: Any, steps: int) -> Any:
    """The learning rates of SGD's steps, from f = x1: x falls by lr in each."""
    line = so.Problem(so.Objective(value=lambda x: x[0], grad=lambda x: 0.0 * x + 1.0, dim=1), x0=[0.0])
    run = replace(plan(method, line, steps=steps, save_at=steps, observables=[], rng=0), interpreted=True)
    return -np.diff(Kernel(run)(0, 1)[0, :, 0])


def test_a_schedule_in_fractions_of_the_run() -> None:
    found = rates(so.SGD(so.Piecewise(0.1, WSD, unit="run")), 20)
    np.testing.assert_allclose(found, [0.1 * by_hand(k / 20) for k in range(20)], rtol=1e-9, atol=1e-12)
    assert found[0] < 1e-12  # it begins at 0
    assert found[2] == pytest.approx(0.1)  # and is at its peak after a tenth of the steps, not later


def test_schedules_by_step_number_switch_at_the_step() -> None:
    """As torch.optim.lr_scheduler.StepLR(step_size=3, gamma=0.1), and a warm-up of LinearLR."""
    steps = so.Piecewise(0.3, [so.hold(3), so.hold(3, 0.1), so.hold(3, 0.01)], unit="steps")
    np.testing.assert_allclose(rates(so.SGD(steps), 10), [0.3] * 3 + [0.03] * 3 + [0.003] * 4, rtol=1e-9)
    user = so.Schedule(0.3, lambda k: 1.0 if k < 3 else 0.1, unit="steps")
    np.testing.assert_allclose(rates(so.SGD(user), 5), [0.3] * 3 + [0.03] * 2, rtol=1e-9)


def test_the_inverse_root_of_transformers() -> None:
    """min(k/w, √(w/k)) of Vaswani et al. (2017), arXiv:1706.03762, section 5.3."""
    found = rates(so.SGD(so.Piecewise(0.1, [so.ramp(4), so.decay(100, scale=4)], unit="steps")), 40)
    wanted = [0.1 * min(k / 4, math.sqrt(4 / k) if k else 1.0) for k in range(40)]
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_the_last_value_stays() -> None:
    found = rates(so.SGD(so.Piecewise(0.1, [so.ramp(0.2, 0.0, 0.5)], unit="time")), 6)
    np.testing.assert_allclose(found, [0.0, 0.025, 0.05, 0.05, 0.05, 0.05], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("unit", ["time", "run", "steps"])
def test_the_clock_is_that_of_the_peak(unit: str) -> None:
    """Warm-up from 0 takes no more time than a constant rate: 10 steps of 0.1 are one unit."""
    whole = {"time": 1.0, "run": 1.0, "steps": 10.0}[unit]
    method = so.SGD(so.Piecewise(0.1, [so.ramp(0.5 * whole)], unit=unit))
    assert method.clock == 0.1
    for kind in ("discrete", "sde"):
        assert plan(method, BOWL, kind, horizon=1.0, rng=0).steps == 10


def test_both_columns_in_every_unit_are_one_schedule() -> None:
    """ψ in time, in steps and in fractions of the run: the same numbers, on lanes and interpreted."""
    phases = {"time": 2.0, "steps": 20.0, "run": 1.0}
    for kind in ("discrete", "sde"):
        found = []
        for unit, whole in phases.items():
            shape = [so.ramp(0.25 * whole), so.ramp(0.75 * whole, 1.0, 0.1)]
            run = plan(so.SGD(so.Piecewise(0.1, shape, unit)), BOWL, kind, steps=20, substeps=2, save_at=4, rng=0)
            compiled = Kernel(run)
            assert compiled.mode == "lanes"
            found.append(compiled(0, 5))
            assert np.array_equal(found[-1], Kernel(replace(run, interpreted=True))(0, 5))
        np.testing.assert_allclose(found[1], found[0], rtol=1e-10)
        np.testing.assert_allclose(found[2], found[0], rtol=1e-10)


# pages with every clock, and what a step does to x at factor ψ of the learning rate and φ of the decay, by hand; where
# the state has means, they are 0 before the step. Quadratic, Gaussian noise; g and ξ at x
PSI, PHI = 0.3, 0.6
X = np.array([1.0, -1.0])
G, SD = np.array([1.0, -2.0]), np.array([0.5, 1.0])


def held(peak: float, level: float) -> Any:
    return so.Piecewise(peak, [so.hold(1.0, level)], unit="time")


def moments(method: Any, y: Any) -> tuple[Any, Any]:
    """Drift and diffusion · (1, 1) of x times the clock and its root, at t = 0.2."""
    run = plan(method, BOWL, "sde", steps=4, substeps=1, rng=0)
    drift, diffusion = scheduled_functions(run)
    m = (method.constant(), tuple(method.schedules.values()), grid(run))
    dw = np.ones(2) if len(run.model.brownian) == 1 else (np.ones(2), np.zeros(2))
    b, w = drift(m, 0.2, y, run.oracle), diffusion(m, 0.2, y, run.oracle, dw)
    x = (lambda v: v[0]) if isinstance(y, tuple) else (lambda v: v)
    return x(b) * method.clock, x(w) * math.sqrt(method.clock)


@pytest.mark.parametrize(
    ("method", "state", "mean", "noise"),
    [
        (so.SGD(held(0.1, PSI)), X, -0.1 * PSI * G, -0.1 * PSI * SD),
        (
            so.SignSGDW(held(0.1, PSI), held(0.5, PHI)),
            X,
            -0.1 * PSI * (np.array([math.erf(1 / (0.5 * 2**0.5)), -math.erf(2 / 2**0.5)]) + 0.5 * PHI * X),
            -0.1 * PSI * np.sqrt(1 - np.array([math.erf(1 / (0.5 * 2**0.5)), math.erf(2 / 2**0.5)]) ** 2),
        ),
        (so.HeavyBall(held(0.01, PSI)), (X, G), -0.01 * PSI * G, 0.0 * X),  # x' = x - η ψ v, v kept here
        (so.Adagrad(held(0.1, PSI), eps=0.0), (X, 4.0 + 0.0 * X), -0.1 * PSI * G / 2.0, -0.1 * PSI * SD / 2.0),
    ],
    ids=["SGD", "SignSGDW", "HeavyBall", "Adagrad"],
)
def test_one_step_under_a_schedule(method: Any, state: Any, mean: Any, noise: Any) -> None:
    """Clock η, √η and α²: r b(t'; ψη) clock(η) and √r σ √clock are the moments of the step at ψη, decay at φθ."""
    found = moments(method, state)
    np.testing.assert_allclose(found[0], mean, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found[1], noise, rtol=1e-12, atol=1e-15)


def test_velocity_and_averages_under_a_schedule() -> None:
    """v' = μ v + γ and m' = β m + (1 - β) γ know no learning rate, so neither do their SDEs in steps."""
    for method, rate, noise in (
        (so.HeavyBall(held(0.01, PSI), 0.9), -0.1 * X + G, SD),
        (so.Signum(held(0.1, PSI), 0.9), 0.1 * (G - X), 0.1 * SD),
    ):
        run = plan(method, BOWL, "sde", steps=4, substeps=1, rng=0)
        drift, diffusion = scheduled_functions(run)
        m = (method.constant(), tuple(method.schedules.values()), grid(run))
        b, w = drift(m, 0.2, (X, X), run.oracle), diffusion(m, 0.2, (X, X), run.oracle, np.ones(2))
        np.testing.assert_allclose(b[1] * method.clock, rate, rtol=1e-12)
        np.testing.assert_allclose(w[1] * math.sqrt(method.clock), noise, rtol=1e-12)


@pytest.mark.extras("torch")
def test_warm_up_and_a_decay_of_its_own_are_those_of_torch() -> None:
    """AdamW whose lr and weight_decay are set by hand in every step."""
    torch = pytest.importorskip("torch")
    lr = so.Piecewise(0.1, [so.ramp(5.0), so.ramp(10.0, 1.0, 0.1, "cosine")], unit="steps")
    decay = so.Schedule(0.5, lambda k: 1.0 / (1.0 + k), unit="steps")
    page = so.AdamW(lr, beta2=0.9, weight_decay=decay)
    run = plan(page, BOWL, steps=15, save_at=15, observables=[], rng=3)
    kernel = Kernel(replace(run, interpreted=True))
    x = torch.tensor([1.0, -1.0], dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.AdamW([x], lr=0.1, betas=(0.9, 0.9))
    path = [x.tolist()]
    for k, z in enumerate(kernel.increments(0)):
        share = k / 5 if k < 5 else 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (k - 5) / 10))
        theirs.param_groups[0].update(lr=0.1 * max(share, 1e-12), weight_decay=0.5 / (1.0 + k))
        x.grad = x.detach() * torch.tensor([1.0, 2.0]) + torch.tensor(SD * z)
        theirs.step()
        path.append(x.tolist())
    assert np.abs(kernel(0, 1)[0] - np.array(path)).max() < 1e-12


def test_the_sde_under_warm_up_has_the_exact_mean_and_variance() -> None:
    """E x = e^{-hΨ}, Var x = η s² ∫ψ² e^{-2h(Ψ(T) - Ψ)} dt, here by quadrature; false alarm below 1e-8 each."""
    line = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.3), x0=[1.0])
    lr = so.Piecewise(0.02, [so.ramp(1.0), so.ramp(1.0, 1.0, 0.25)], unit="time")
    e = so.simulate(so.SGD(lr), line, "sde", horizon=2.0, paths=20_000, save_at=1, rng=0)
    t = np.linspace(0.0, 2.0, 200_001)
    psi = np.where(t < 1.0, t, 1.0 - 0.75 * (t - 1.0))
    whole = 0.5 + 1.0 - 0.375
    left = whole - np.concatenate([[0.0], np.cumsum(0.5 * (psi[1:] + psi[:-1]) * np.diff(t))])
    variance = 0.02 * 0.09 * np.trapezoid(psi**2 * np.exp(-3.0 * left), t)
    assert abs(e.mean[-1, 0] - math.exp(-1.5 * whole)) < 6 * e.stderr[-1, 0]
    assert abs(e.cov[-1, 0, 0] / variance - 1.0) < 6 * math.sqrt(2 / 20_000)


def test_the_optimizer_under_warm_up_has_the_exact_mean_and_variance() -> None:
    """E x' = (1 - η_k h) E x, Var x' = (1 - η_k h)² Var x + η_k² s²; false alarm below 1e-8 each."""
    line = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.3), x0=[1.0])
    lr = so.Piecewise(0.2, [so.ramp(5), so.hold(3), so.decay(20, scale=5)], unit="steps")
    e = so.simulate(so.SGD(lr), line, steps=20, paths=20_000, save_at=1, rng=0)
    mean, variance = 1.0, 0.0
    for k in range(20):
        eta = 0.2 * (k / 5 if k < 5 else 1.0 if k < 8 else (1.0 + (k - 8) / 5) ** -0.5)
        mean, variance = (1.0 - 1.5 * eta) * mean, (1.0 - 1.5 * eta) ** 2 * variance + eta**2 * 0.09
    assert abs(e.mean[-1, 0] - mean) < 6 * e.stderr[-1, 0]
    assert abs(e.cov[-1, 0, 0] / variance - 1.0) < 6 * math.sqrt(2 / 20_000)


def test_the_first_state_of_an_sde_has_the_rate_of_time_0() -> None:
    """Adam's SDE begins after the first step; under warm-up from 0 that step does not move x."""
    lr = so.Piecewise(0.1, [so.ramp(0.5)], unit="time")
    run = plan(so.Adam(lr), BOWL, "sde", steps=1, save_at=1, observables=[], rng=0)
    paths = Kernel(replace(run, interpreted=True))(0, 4)
    assert np.abs(paths[:, 1] - BOWL.x0).max() < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("kind", [so.SGD, so.SignSGD])
def test_a_certificate_under_warm_up(kind: Any) -> None:
    lr = so.Piecewise(0.2, [so.ramp(0.3), so.hold(0.3), so.ramp(0.4, 1.0, 0.1)], unit="run")
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(1.0), x0=[0.5, -0.5])
    found = so.certify(kind(lr), problem, lrs=[0.2, 0.1, 0.05], horizon=1.0, rng=0, max_paths=2**19, progress=False)
    assert found.verdict.startswith("certified"), str(found)
    assert {row.verdict for row in found.rows if row.kind == "covariance"} == {"right", "wrong"}


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: so.SGD(lambda t: 0.1 * t), ValueError, r"lr\(0\) must be positive.*so\.Schedule\(peak, shape\)"),
        (lambda: so.SGD([0.1, 0.01]), TypeError, "parameter groups are not supported"),
        (lambda: so.SGD([{"params": [0], "lr": 0.1}]), TypeError, "parameter groups are not supported"),
        (lambda: so.AdamW(0.1, beta1=held(0.9, 1.0)), TypeError, "AdamW: beta1 must be a number"),
        (lambda: so.Schedule(0.1, lambda t: -0.1), ValueError, r"shape\(0\) must be in \[0, 1\], got -0.1"),
        (lambda: so.Schedule(0.1, 0.5), TypeError, "shape must be a function"),
        (lambda: so.Schedule(0.1, lambda t: 1.0, unit="step"), ValueError, "did you mean 'steps'"),
        (lambda: so.Piecewise(0.1, [], unit="run"), ValueError, "phases must be some"),
        (lambda: so.Piecewise(0.1, [so.hold(0.6), so.hold(0.6)], unit="run"), ValueError, "up to 1, got 2 of 1.2"),
        (lambda: so.Piecewise(0.1, [0.5], unit="run"), TypeError, "ramp, hold and decay"),
        (lambda: so.ramp(0.5, 0.0, 1.5), ValueError, r"end must be in \[0, 1\]"),
        (lambda: so.ramp(0.0), ValueError, "length must be in"),
        (lambda: so.ramp(0.5, curve="cosin"), ValueError, "did you mean 'cosine'"),
        (lambda: so.decay(1.0, scale=0.0), ValueError, "scale must be in"),
    ],
)
def test_bad_schedules_are_refused(make: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        make()


@pytest.mark.parametrize(
    ("lr", "says"),
    [
        (lambda t: 0.1 - 0.3 * t, r"shape\(0\.4\) must be in \[0, 1\], got -0\.2"),  # it was floored in silence
        (lambda t: 0.001 * (1.0 + t), r"shape\(0\.001\) must be in \[0, 1\], got 1\.001: a schedule is its peak"),
        (lambda t: 0.1 if t < 0.5 else math.nan, r"shape\(0\.5\) must be in"),
    ],
)
def test_a_shape_that_leaves_its_range_is_refused_when_a_run_begins(lr: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        so.simulate(so.SGD(lr), BOWL, steps=10, paths=2, rng=0)


def test_steps_and_certificates_do_not_go_together() -> None:
    method = so.SGD(so.Piecewise(0.1, [so.ramp(5)], unit="steps"))
    with pytest.raises(ValueError, match="a schedule in steps changes with lr"):
        so.certify(method, BOWL, horizon=1.0)


def test_scale_scales_the_peak_and_shortens_the_run() -> None:
    """At matched steps, κ before to one after, ψ is the same: in steps, in time on two clocks, and in fractions."""
    decay = so.Schedule(0.5, lambda t: 1.0 / (1.0 + t))
    shapes: list[Any] = [
        so.Piecewise(0.01, [so.ramp(100), so.ramp(300, 1.0, 0.1, "cosine"), so.decay(200, scale=40)], "steps"),
        so.Piecewise(0.01, [so.ramp(1.0), so.hold(2.0)], "time"), so.Cosine(0.01, 3.0), so.Power(0.01),
        so.Schedule(0.01, lambda k: 1.0 / (1.0 + k), unit="steps"), so.Piecewise(0.01, WSD, "run"),
    ]  # fmt: skip
    for lr in shapes:
        for method in (so.SGD(lr), so.AdamW(lr, weight_decay=decay)):
            found = so.scale(method, batch=(64, 256))
            after, speed = found.after, 4
            assert after.constant() == so.scale(method.constant(), batch=(64, 256)).after
            for name, before in method.schedules.items():
                (a, b), _ = units(before, method.clock, 800)
                (c, d), _ = units(after.schedules[name], after.clock, 200)
                for j in (0, 10, 33, 100, 170):
                    want, late = before.factor(speed * j * a / b), j * c / d
                    assert after.schedules[name].factor(late) == pytest.approx(want, rel=1e-9), (lr, name, j)


def test_scale_shows_schedules_and_keeps_none_in_files(tmp_path: Any) -> None:
    found = so.scale(so.SGD(so.Piecewise(0.1, [so.ramp(8.0)], "steps")), batch=(1, 4))
    assert "lr, peak" in str(found)
    assert "new lr  Piecewise(peak=0.4, phases=(ramp(2, 0, 1, 'linear'),)" in str(found)
    with pytest.raises(ValueError, match="a file keeps no schedule"):
        found.save(tmp_path / "scaling")


def test_schedules_are_values() -> None:
    lr = so.Piecewise(0.1, WSD, unit="run")
    assert lr == so.Piecewise(0.1, tuple(WSD), "run") != so.Piecewise(0.1, WSD, "time")
    assert repr(lr) == "Piecewise(peak=0.1, phases=(" + (
        "ramp(0.1, 0, 1, 'linear'), hold(0.6, 1), ramp(0.3, 1, 0.2, 'cosine')), unit='run')"
    )
    assert pickle.loads(pickle.dumps(so.SGD(lr))) == so.SGD(lr)
    assert len({so.SGD(lr), so.SGD(so.Piecewise(0.1, WSD, "run"))}) == 1
