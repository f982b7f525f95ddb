"""Methods around methods: coupled decay, clipping by norm, averages; every claim by an exact law or by PyTorch."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.simulate import plan
from sdeopt.wrappers.l2 import KNOWN
from sdeopt.wrappers.wrap import questions

L2, H = 0.3, np.array([1.0, 2.0])
NOISE = so.Gaussian([0.5, 0.8])
BOWL = so.Problem(so.Quadratic(H), NOISE, x0=[1.0, -1.0])
BENT = so.Problem(so.Quadratic(H + L2), NOISE, x0=[1.0, -1.0])  # f + λ|x|²/2
FITTING = [
    name for name, cls in so.methods().items()
    if cls.example == so.SGD.example and questions(cls.step) <= KNOWN and "l2" not in cls._fields
]  # fmt: skip
CLIP = 0.7


@pytest.mark.parametrize("name", FITTING)
def test_coupled_decay_is_the_method_on_the_decayed_objective(name: str) -> None:
    """Both columns of every page, at the state that a step leads to: f + λ|x|²/2 is a quadratic again."""
    inner = so.methods()[name](lr=0.1)
    page, x = so.L2(inner, L2), np.array([0.7, -0.4])
    z = drawn(plan(inner, BOWL, steps=1, substeps=1, rng=0))
    y = page.init(x, BOWL.oracle) if hasattr(page, "init") else x
    assert same(y, inner.init(x, BENT.oracle) if hasattr(inner, "init") else x)
    after = page.step(1, y, BOWL.oracle, z)
    assert same(after, inner.step(1, y, BENT.oracle, z))
    alike = ("SignSGD", "DirectSearch")  # no sign changes here, and the same point wins
    assert name in alike or not same(after, inner.step(1, y, BOWL.oracle, z))
    assert page.clock == inner.clock
    for sde in inner.sdes.values():
        if sde.drift is None or "levy" in sde.brownian:
            continue
        mine, dw = page.sdes[sde.name], drawn(plan(inner, BOWL, "sde", sde=sde.name, steps=1, substeps=1, rng=0))
        assert same(mine.drift(page, 0.4, after, BOWL.oracle), sde.drift(inner, 0.4, after, BENT.oracle))
        mine, theirs = (s.diffusion(p, 0.4, after, o, dw) for s, p, o in
                        ((mine, page, BOWL.oracle), (sde, inner, BENT.oracle)))  # fmt: skip
        assert same(mine, theirs)


def test_the_loss_that_a_step_sees_has_the_decay() -> None:
    """NGN divides by it: f + λ|x|²/2, of the sample."""
    x, z = np.array([0.7, -0.4]), (np.array([0.2, 0.3]),)
    after = so.L2(so.NGN(0.2), L2).step(0, x, BOWL.oracle, z)
    np.testing.assert_allclose(after, so.NGN(0.2).step(0, x, BENT.oracle, z), rtol=1e-13)


def drawn(run: Any) -> Any:
    """Draws of a step, nested as it takes them."""
    from sdeopt.engine import draws, states

    shape, vectors = draws.draws(run)
    values = np.random.default_rng(3).random(sum(v.size for v in vectors))
    return states.slicer(shape)(values, 0)


def same(a: Any, b: Any) -> bool:
    flat = [np.concatenate(v) if isinstance(v, tuple) else v for v in (a, b)]
    return bool(np.allclose(*flat, rtol=1e-10, atol=1e-13))


def test_coupled_decay_of_sgd_is_decoupled_and_that_of_signs_is_not() -> None:
    z, o, x = (np.array([0.3, -0.2]),), BOWL.oracle, np.array([1.0, -1.0])
    np.testing.assert_allclose(so.L2(so.SGD(0.1), L2).step(0, x, o, z), so.SGD(0.1).step(0, x, o, z) - 0.1 * L2 * x)
    coupled = so.L2(so.SignSGD(0.1), L2).step(0, x, o, z)
    assert not np.allclose(coupled, so.SignSGDW(0.1, L2).step(0, x, o, z))
    assert np.array_equal(coupled, so.SignSGDW(0.1, 0.0, L2).step(0, x, o, z))  # which has a field for either


LANES = [
    (so.Clipped(so.L2(so.SGD(0.1), L2), CLIP), "discrete"),
    (so.EMA(so.Clipped(so.L2(so.SGD(0.1), L2), CLIP), 0.9), "sde"),
    (so.L2(so.Adam(0.02), L2), "sde"),
    (so.Clipped(so.L2(so.HeavyBall(0.02), L2), CLIP), "sde"),
    (so.Averaged(so.Adam(0.05)), "sde"),
]


@pytest.mark.parametrize(
    ("method", "kind"), [LANES[0], *(pytest.param(*case, marks=pytest.mark.slow) for case in LANES[1:])],
    ids=[type(method).__name__ for method, _ in LANES],
)  # fmt: skip
def test_wrapped_pages_run_on_lanes_with_the_bits_of_python(method: Any, kind: str) -> None:
    assert pickle.loads(pickle.dumps(method)) == method
    run = plan(method, BOWL, kind, steps=6, substeps=2, save_at=3, rng=0)
    kernel = Kernel(run)
    assert kernel.mode == "lanes"
    assert np.array_equal(kernel(0, 3), Kernel(replace(run, interpreted=True))(0, 3))


def test_the_level_at_rest_is_that_of_the_decayed_objective() -> None:
    page = so.L2(so.SGD(0.1), L2)
    level = page.sdes["order1"].stationary(page, np.diag(H), np.diag([0.25, 0.64]))
    np.testing.assert_allclose(level, np.diag(0.1 * np.array([0.25, 0.64]) / (2 * (H + L2))))
    adam = so.L2(so.Adam(0.1), L2)
    wanted = so.Adam.sdes["full"].stationary(so.Adam(0.1), np.diag(H + L2), np.diag([0.25, 0.64]))
    np.testing.assert_allclose(adam.sdes["full"].stationary(adam, np.diag(H), np.diag([0.25, 0.64])), wanted)


def clip_means(m: float, c: float, dof: float, power: int) -> float:
    """E min(1, c/R)^power of R², noncentral chi-squared with so many degrees of freedom at m²."""
    stats, integrate = pytest.importorskip("scipy.stats"), pytest.importorskip("scipy.integrate")
    law = stats.ncx2(dof, m * m)
    return float(law.cdf(c * c) + integrate.quad(lambda r: (c / r) ** power * 2 * r * law.pdf(r * r), c, c + 30)[0])


@pytest.mark.parametrize("kind", [pytest.param("discrete", marks=pytest.mark.slow), "sde"])
def test_one_clipped_step_has_the_moments_of_a_clipped_normal(kind: str) -> None:
    """Mean K g and covariance s²P I + (Q - K²) g gᵀ, as the page states; false alarm below 1e-7 in all."""
    g, s, c, paths, lr = np.array([1.2, -0.9]), 0.8, 1.1, 200_000, 0.1
    m, d = float(np.linalg.norm(g)) / s, 2
    K, P, Q = (clip_means(m, c / s, d + more, p) for more, p in ((2, 1), (2, 2), (4, 2)))
    cov = lr**2 * (s * s * P * np.eye(2) + (Q - K * K) * np.outer(g, g))
    problem = so.Problem(so.Quadratic([1.0, 1.0]), so.Gaussian(s), x0=g)
    e = so.simulate(so.Clipped(so.SGD(lr), c), problem, kind, steps=1, substeps=1, scheme="euler", paths=paths,
                    save_at=1, rng=1)  # fmt: skip
    assert np.abs(e.mean[-1] - (1.0 - lr * K) * g).max() < 6 * math.sqrt(cov.max() / paths)
    assert np.abs(e.cov[-1] - cov).max() < 6 * cov.max() * math.sqrt(2 / paths)


def test_clipping_bounds_a_step_under_noise_without_a_mean() -> None:
    wild = so.Problem(so.Quadratic(H), so.StudentT(1.0, 5.0), x0=[1.0, -1.0])
    run = plan(so.Clipped(so.SGD(0.1), CLIP), wild, "sde", steps=4, substeps=1, save_at=4, observables=[], rng=0)
    moved = np.linalg.norm(np.diff(Kernel(replace(run, interpreted=True))(0, 50), axis=1), axis=-1)
    assert 0.0 < moved.max() < 4 * 0.1 * CLIP


def test_the_outer_wrapper_comes_first_to_the_gradient() -> None:
    """Clipped(L2(...)) clips, then decays, as PyTorch does; L2's own noise-free sum is clipped the other way round."""
    x, o = np.array([3.0, 4.0]), so.Problem(so.Quadratic([1.0, 1.0])).oracle
    unit = np.array([0.6, 0.8])
    np.testing.assert_allclose(so.Clipped(so.L2(so.SGD(1.0), 0.1), 1.0).step(0, x, o, ()), x - unit - 0.1 * x)
    np.testing.assert_allclose(so.L2(so.Clipped(so.SGD(1.0), 1.0), 0.1).step(0, x, o, ()), x - unit)


@pytest.mark.parametrize("kind", [pytest.param("discrete", marks=pytest.mark.slow), "sde"])
def test_the_mean_of_the_positions_has_its_exact_law(kind: str) -> None:
    """On f = 1.5 x²/2 from x₀ = 1; false alarm below 1e-8 each, and 2 % for the integrator's ends of the integral."""
    line = so.Problem(so.Quadratic([1.5]), so.Gaussian(0.4), x0=[1.0])
    e = so.simulate(so.Averaged(so.SGD(0.05)), line, kind, steps=80, substeps=8, paths=20_000, save_at=1, rng=2)
    law = so.theory.averaged_sgd if kind == "discrete" else so.theory.averaged_ou
    mean, variance = law(0.05, 1.5, 0.4, 80 if kind == "discrete" else 4.0, start=1.0)  # type: ignore[arg-type]
    assert abs(e.mean[-1, 0] - mean) < 6 * e.stderr[-1, 0] + (0.0 if kind == "discrete" else 0.001)
    assert abs(e.cov[-1, 0, 0] / variance - 1.0) < 6 * math.sqrt(2 / 20_000)


def test_the_sums_of_averages_by_a_recursion_of_moments() -> None:
    """(x, Σx) of SGD step by step, and of the equation at a fine step."""
    assert so.theory.averaged_ou(0.1, 1.0, 1.0, 0.0101)[1] == pytest.approx(0.1 * 0.0101 / 3, rel=0.01)  # either branch
    assert so.theory.averaged_ou(0.1, 1.0, 1.0, 0.0099)[1] == pytest.approx(0.1 * 0.0099 / 3, rel=0.01)
    for lr, steps, law in ((0.1, 30, so.theory.averaged_sgd), (0.1, 3.0, so.theory.averaged_ou)):
        h, s, x0 = 1.3, 0.7, -0.8
        n, tau = (steps, lr) if law is so.theory.averaged_sgd else (30_000, 1e-4)
        move = np.array([[1.0 - tau * h, 0.0], [1.0 - tau * h, 1.0]])
        kick = (lr if n == 30 else math.sqrt(lr * tau)) * s * np.ones(2)
        mean, cov = np.array([x0, 0.0]), np.zeros((2, 2))
        for _ in range(int(n)):
            mean, cov = move @ mean, move @ cov @ move.T + np.outer(kick, kick)
        wanted = mean[1] / n, cov[1, 1] / n**2
        np.testing.assert_allclose(law(lr, h, s, steps, x0), wanted, rtol=1e-9 if n == 30 else 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["discrete", "sde"])
def test_a_moving_average_has_its_exact_law(kind: str) -> None:
    """The linear system (a, x) in the steps, and (A, X) by its closed form; false alarm below 1e-8 each."""
    lr, h, s, delta, steps = 0.1, 1.5, 0.4, 0.9, 40
    page = so.EMA(so.SGD(lr), delta)
    line = so.Problem(so.Quadratic([h]), so.Gaussian(s), x0=[1.0])
    e = so.simulate(page, line, kind, steps=steps, substeps=8, paths=20_000, save_at=1, rng=2)
    rho = 1.0 - lr * h
    if kind == "discrete":
        move, mean, cov = np.array([[delta, (1 - delta) * rho], [0.0, rho]]), np.ones(2), np.zeros((2, 2))
        kick = lr * s * np.array([1 - delta, 1.0])
        for _ in range(steps):
            mean, cov = move @ mean, move @ cov @ move.T + np.outer(kick, kick)
    else:
        A, D = page.sdes["order1"].linear(page, np.array([[h]]), np.array([[s * s]]))
        np.testing.assert_allclose(A, [[1.0, -1.0], [0.0, h]])  # κ = (1 - δ)/η = 1
        np.testing.assert_allclose(D, [[0.0, 0.0], [0.0, lr * s * s]])
        phi, cov = so.theory.transition(A, D, steps * lr)
        mean = phi @ np.ones(2)
    assert abs(e.mean[-1, 0] - mean[0]) < 6 * e.stderr[-1, 0] + 1e-3 * abs(mean[0])
    assert abs(e.cov[-1, 0, 0] / cov[0, 0] - 1.0) < 6 * math.sqrt(2 / 20_000) + 2e-3


def test_averages_beside_pages_with_several_parts() -> None:
    """The method itself moves as without the average; a' = δ a + (1 - δ) x', and the mean of what was visited."""
    inner, o = so.Adam(0.1, 0.5, 0.8), BOWL.oracle
    y, mine = inner.init(np.array([1.0, -1.0]), o), so.EMA(inner, 0.75).init(np.array([1.0, -1.0]), o)
    mean, a, seen = so.Averaged(inner).init(np.array([1.0, -1.0]), o), np.array([1.0, -1.0]), []
    for k in range(5):
        z = (np.array([np.sin(k), np.cos(3 * k)]),)
        y = inner.step(k, y, o, z)
        mine, mean = so.EMA(inner, 0.75).step(k, mine, o, z), so.Averaged(inner).step(k, mean, o, z)
        a, seen = 0.75 * a + 0.25 * y[0], [*seen, y[0]]
        np.testing.assert_allclose(mine[0], a, rtol=1e-14)
        assert all(np.array_equal(p, q) for p, q in zip(mine[1:], y, strict=True))
        np.testing.assert_allclose(mean[0], np.mean(seen, axis=0), rtol=1e-14)
    ema = so.EMA(so.SGD(0.1), 0.9)
    assert ema.scaled(0.05).decay == pytest.approx(0.95)
    pull = ema.sdes["order1"].drift(ema, 3.0, (np.array([0.3, 0.2]), np.array([1.0, -1.0])), o)
    np.testing.assert_allclose(pull, [[0.7, -1.2], [-1.0, 2.0]])  # κ = (1 - δ)/η = 1, and -∇f
    assert hasattr(so.EMA(inner, 0.9), "warm")
    assert not hasattr(so.Averaged(inner), "warm")


def test_schedules_go_through_wrappers() -> None:
    lr = so.Piecewise(0.1, [so.ramp(0.5)], unit="run")
    for method in (so.L2(so.SGD(lr), L2), so.EMA(so.SGD(lr), 0.9), so.Clipped(so.SGD(lr), CLIP)):
        assert method.clock == 0.1
        assert method.schedules == {"lr": lr}
        run = replace(plan(method, BOWL, "discrete", steps=4, observables=[], rng=0), interpreted=True)
        found = Kernel(run)(0, 1)[0]
        assert np.abs(found[1] - found[0]).max() < 1e-9  # the first step has the rate 0
        assert np.abs(found[-1] - found[0]).max() > 0.01


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: so.L2(so.DSignSGD(0.1), 0.1), ValueError, "L2 does not fit DSignSGD, whose step asks agent_grads"),
        (lambda: so.Clipped(so.DPSGD(0.1), 1.0), ValueError, "Clipped does not fit DPSGD, .* clipped_grad"),
        (lambda: so.Clipped(so.SGD(0.1), 0.0), ValueError, r"max_norm must be in \(0, inf\)"),
        (lambda: so.L2(so.SGD(0.1), -1.0), ValueError, r"l2 must be in \[0, inf\)"),
        (lambda: so.L2(so.L2(so.SGD(0.1), 0.1), 0.1), ValueError, "hyperparameter l2, which L2SGD has already"),
        (lambda: so.EMA(so.SGD(0.1), 1.0), ValueError, r"decay must be in \[0, 1\)"),
        (lambda: so.EMA(so.SGD, 0.9), TypeError, "pass an instance, SGD"),
        (lambda: so.Averaged(0.1), TypeError, "method must be an optimizer"),
    ],
)
def test_what_cannot_be_wrapped_is_refused(make: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        make()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "words"),
    [
        (so.L2(so.Adam(0.1, 0.8, 0.85, 0.0), 0.5), {"warm": True}),
        (so.L2(so.SignSGD(0.2), 0.5), {"lrs": [0.2, 0.1, 0.05], "max_paths": 2**22}),
        (so.EMA(so.SGD(0.1), 0.8), {}),
        (so.Averaged(so.SGD(0.1)), {}),
    ],
    ids=["L2 of Adam", "L2 of SignSGD", "EMA of SGD", "mean of SGD"],
)
def test_certificates_of_wrapped_pages(method: Any, words: Any) -> None:
    noise = so.Gaussian([0.5, 0.8] if "lrs" in words else [0.3, 0.4])
    problem = so.Problem(so.Quadratic([1.0, 2.0]), noise, x0=[1.0, -0.7])
    ladder = {"lrs": [0.1, 0.05, 0.025], "horizon": 1.0, "rng": 0, "max_paths": 2**20, "progress": False}
    found = so.certify(method, problem, **ladder | words)
    assert (found.means, found.covariance) == ("certified", "right"), str(found)


@pytest.mark.parametrize("h", [1e-300, 1e-13, 1e-7])
def test_averages_on_flat_ground_lose_no_digit(h: float) -> None:
    """For h → 0 x_j = x_0 - η Σξ: variance (ηs)² Σ i²/k² of k = 10 steps, η s² t/3 of the process, both to O(ηh)."""
    assert so.theory.averaged_sgd(0.1, h, 0.5, 10, start=1.0) == pytest.approx((1.0, 0.05**2 * 385 / 100), rel=1e-6)
    assert so.theory.averaged_ou(0.1, h, 0.5, 1.0, start=1.0) == pytest.approx((1.0, 0.1 * 0.25 / 3), rel=1e-6)
