"""The two columns of every page against each other, by quadrature: no simulation, no random numbers.

One step from the state y must have the mean τ b(y) and the covariance τ σσᵀ(y) up to a relative O(τ), τ being the time
of a step. Each moment is measured on its own scale at τ and τ/2; what is left must halve.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import Oracle

Rule = list[tuple[Any, float]]  # draws of the standard normal and their weights

LANDSCAPE = so.EmbeddedSaddle()
TILTED = so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]])
LINE = so.Quadratic([1.5])
ROUND = so.Gaussian(0.6)


def hermite(d: int, n: int = 24) -> Rule:
    """Gauss-Hermite: exact for polynomials of degree 2n - 1 in each coordinate."""
    points, weights = np.polynomial.hermite_e.hermegauss(n)
    weights = weights / weights.sum()
    grid = itertools.product(range(n), repeat=d)
    return [(points[list(i)], float(np.prod(weights[list(i)]))) for i in grid]


def legendre(low: float, high: float, n: int = 48) -> Iterator[tuple[float, float]]:
    points, weights = np.polynomial.legendre.leggauss(n)
    for x, w in zip(points, weights, strict=True):
        yield (low + high) / 2 + (high - low) / 2 * x, (high - low) / 2 * w


def density(z: Any) -> float:
    return float(np.exp(-0.5 * (z @ z)) / np.sqrt(2.0 * np.pi) ** len(z))


def split(kinks: Any) -> Rule:
    """A product rule for functions that jump where a coordinate passes its kink."""
    sides = [[*legendre(-9.0, k, 24), *legendre(k, 9.0, 24)] for k in kinks]
    nodes = [(np.array([z for z, _ in pairs]), np.prod([w for _, w in pairs])) for pairs in itertools.product(*sides)]
    return [(z, float(w) * density(z)) for z, w in nodes]


def polar(center: Any) -> Rule:
    """A rule for functions of the direction of z - center; on the line, of its sign."""
    if len(center) == 1:
        return split(center)
    angles = 2.0 * np.pi * np.arange(48) / 48
    rings = legendre(0.0, 9.0 + float(np.linalg.norm(center)))
    nodes = [(center + r * np.array([np.cos(a), np.sin(a)]), r * w) for r, w in rings for a in angles]
    return [(z, 2.0 * np.pi / 48 * w * density(z)) for z, w in nodes]


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else np.asarray(y)


def step_moments(page: Any, k: float, y: Any, o: Oracle, rule: Rule) -> tuple[Any, Any]:
    moves = np.array([flat(page.step(k, y, o, (z,))) - flat(y) for z, _ in rule])
    weights = np.array([w for _, w in rule])
    mean = weights @ moves
    return mean, (moves - mean).T * weights @ (moves - mean)


def noise_covariance(sde: Any, page: Any, t: float, y: Any, o: Oracle, rule: list[tuple[Any, float]]) -> Any:
    kicks = np.array([flat(sde.diffusion(page, t, y, o, dw)) for dw, _ in rule])
    return kicks.T * np.array([w for _, w in rule]) @ kicks


def relative(page: Any, y: Any, o: Oracle, t: float, rule: Rule, increments: list[tuple[Any, float]]) -> Any:
    """Errors of the drift, by parts, and of the covariance, by pairs of parts, each on its own scale."""
    sde, tau, d = page.sdes[page.default_sde], page.clock, o.objective.dim
    drift = tau * flat(sde.drift(page, t, y, o)).reshape(-1, d)
    noise = tau * noise_covariance(sde, page, t, y, o, increments).reshape(len(drift), d, -1, d)
    mean, cov = step_moments(page, t / tau, y, o, rule)
    mean, cov = mean.reshape(-1, d), cov.reshape(noise.shape)
    # a part without noise of its own is measured by its motion
    kick = [np.linalg.norm(noise[p, :, p]) or drift[p] @ drift[p] for p in range(len(drift))]
    means = [np.linalg.norm(mean[p] - drift[p]) / np.linalg.norm(drift[p]) for p in range(len(drift))]
    covs = [
        np.linalg.norm(cov[p, :, q] - noise[p, :, q]) / np.sqrt(kick[p] * kick[q])
        for p, q in itertools.combinations_with_replacement(range(len(drift)), 2)
    ]
    return np.array([*means, *covs])


def pair(d: int) -> list[tuple[Any, float]]:
    """Three points in each coordinate for diffusions linear in two increments: exact."""
    return [((z[:d], z[d:]), w) for z, w in hermite(2 * d, 3)]


def position(d: int, *parts: Any) -> Any:
    x = np.array([0.8, -0.5])[:d]
    return (x, *(np.asarray(p)[:d] for p in parts)) if parts else x


MEAN, SQUARE = (0.9, -0.4), (0.7, 1.1)
PAGES: dict[str, tuple[Callable[[float], Any], Callable[[float, int], Any], Callable[..., Any]]] = {
    # a page whose step takes the time τ, a state, the rule for its increments
    "SGD": (so.SGD, lambda tau, d: position(d), lambda d: hermite(d, 3)),
    "USAM": (lambda tau: so.USAM(tau, 0.2 * tau), lambda tau, d: position(d), lambda d: hermite(d, 3)),
    "DNSAM": (lambda tau: so.DNSAM(tau, 0.2 * tau), lambda tau, d: position(d), lambda d: hermite(d, 3)),
    "HeavyBall": (
        lambda tau: so.HeavyBall(tau * tau, 1.0 - 0.7 * tau),
        lambda tau, d: position(d, np.array(MEAN) / tau),
        lambda d: hermite(d, 3),
    ),
    "RMSprop": (lambda tau: so.RMSprop(tau, 1.0 - 1.5 * tau), lambda tau, d: position(d, SQUARE), pair),
    "RMSpropW": (
        lambda tau: so.RMSpropW(tau, 1.0 - 1.5 * tau, weight_decay=0.8),
        lambda tau, d: position(d, SQUARE),
        pair,
    ),
    "Adam": (
        lambda tau: so.Adam(tau, 1.0 - 2.0 * tau, 1.0 - 1.5 * tau),
        lambda tau, d: position(d, MEAN, SQUARE),
        pair,
    ),
    "AdamW": (
        lambda tau: so.AdamW(tau, 1.0 - 2.0 * tau, 1.0 - 1.5 * tau, weight_decay=0.8),
        lambda tau, d: position(d, MEAN, SQUARE),
        pair,
    ),
}


def assert_halves(errors: Any) -> None:
    coarse, fine = errors
    assert (fine < 0.02).all(), errors
    assert (fine < 0.55 * coarse + 1e-12).all(), errors


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("name", PAGES)
def test_one_step_has_the_moments_of_the_sde(name: str, d: int) -> None:
    make, state, increments = PAGES[name]
    o = Oracle(LINE, ROUND) if d == 1 else Oracle(LANDSCAPE, TILTED)
    taus = (2e-3, 1e-3)
    assert_halves([relative(make(tau), state(tau, d), o, 0.7, hermite(d), increments(d)) for tau in taus])


@pytest.mark.parametrize("make", [so.SGD, lambda lr: so.USAM(lr, 2.0), lambda lr: so.DNSAM(lr, 2.0)])
def test_one_step_on_a_quadratic_has_exactly_the_moments_of_the_sde(make: Any) -> None:
    """The step is affine in ξ: for any ρ, one step of the SDE by Euler's rule is the step."""
    o = Oracle(so.Quadratic([[1.2, 0.4], [0.4, 0.9]]), TILTED)
    assert relative(make(1e-2), position(2), o, 0.0, hermite(2, 3), hermite(2, 3)).max() < 1e-13


def test_every_page_has_a_test_of_its_own() -> None:
    """Beside the contract, which finds pages through the registry."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in so.methods() if f"so.{name}(" not in tests] == []


@pytest.mark.parametrize("x", [[0.3], [-0.02], [0.3, -0.4], [1.2, 0.1]])
def test_one_step_of_signsgd_has_the_moments_of_the_sde(x: list[float]) -> None:
    """No O(τ) here: the step is τ times a sign, so its moments are those of the sign."""
    d = len(x)
    o = Oracle(so.Quadratic([1.5, 0.7][:d]), so.Gaussian([0.6, 0.9][:d]))
    y = np.array(x)
    rule = split(-o.objective.grad(y) / o.noise.scale)
    assert relative(so.SignSGD(1e-2), y, o, 0.0, rule, hermite(d, 3)).max() < 1e-10


class Round:
    """Noise N(0, σ²I) whose direction moments at one gradient come from a rule here, not from the package."""

    def __init__(self, sigma: float, g: Any) -> None:
        self.sigma = sigma
        rule = polar(-g / sigma)
        noise, weights = sigma * np.array([z for z, _ in rule]), np.array([w for _, w in rule])
        u = (g + noise) / np.linalg.norm(g + noise, axis=1)[:, None]
        self.mean = weights @ u
        self.slope = u.T * weights @ noise / sigma**2  # Stein: E[u ξᵀ] = M Σ
        rest = u - self.mean - noise @ self.slope.T
        values, axes = np.linalg.eigh(rest.T * weights @ rest)
        self.root = axes * np.sqrt(np.maximum(values, 0.0))
        self.cov = (u - self.mean).T * weights @ (u - self.mean)

    def noisy_grad(self, o: Oracle, x: Any, z: Any) -> Any:
        return o.objective.grad(x) + self.sigma * z[0]

    def root_cov(self, o: Oracle, x: Any, dw: Any) -> Any:
        return self.sigma * dw

    def expect_direction(self, o: Oracle, x: Any, g: Any) -> Any:
        return self.mean

    def direction_jacobian(self, o: Oracle, x: Any, g: Any, v: Any) -> Any:
        return self.slope @ v

    def direction_residual(self, o: Oracle, x: Any, g: Any, dw: Any) -> Any:
        return self.root @ dw


@pytest.mark.parametrize("x", [[0.4], [0.05], [0.8, -0.5], [0.1, 0.05]])
@pytest.mark.parametrize("rho", [0.3, 2.0])
def test_one_step_of_sam_has_the_moments_of_the_sde(x: list[float], rho: float) -> None:
    """On quadratics the gradient at x + ρu is linear in u, so the SDE has the moments of the step for any ρ."""
    d, y, f = len(x), np.array(x), so.Quadratic([1.5, 0.7][: len(x)])
    o = Oracle(f, Round(0.6, f.grad(y)))
    assert relative(so.SAM(1e-2, rho), y, o, 0.0, polar(-f.grad(y) / 0.6), pair(d)).max() < 1e-10


def test_one_step_of_sam_off_quadratics() -> None:
    """The gradient at x + ρu is H(x) u to first order in ρ: with ρ = O(τ) what is left is O(τ)."""
    y = np.array([0.8, -0.5])
    g = LANDSCAPE.grad(y)
    o = Oracle(LANDSCAPE, Round(0.6, g))
    assert_halves([relative(so.SAM(tau, tau), y, o, 0.0, polar(-g / 0.6), pair(2)) for tau in (2e-3, 1e-3)])


def test_sam_understands_the_answers_of_the_package() -> None:
    o, y = Oracle(LINE, ROUND), np.array([0.4])
    draws = [((w, (np.zeros(1), w)), v) for w, v in hermite(1, 3)]
    draws += [((np.zeros(1), (np.ones(1), z)), v) for z, v in split([-1.0])]  # the two parts are independent
    assert relative(so.SAM(1e-2, 0.5), y, o, 0.0, split([-1.0]), draws).max() < 1e-8


def test_moments_of_usam_are_those_of_the_step_for_any_radius() -> None:
    o, y, page = Oracle(LANDSCAPE, TILTED), np.array([0.4, 1.0]), so.USAM(0.1, 0.3)
    mean, cov = step_moments(page, 0, y, o, hermite(2, 8))
    sde = page.sdes["moments"]
    triple = [((z[:2], z[2:4], z[4:]), w) for z, w in hermite(6, 3)]
    assert np.allclose(0.1 * sde.drift(page, 0.0, y, o), mean, rtol=1e-12)
    assert np.allclose(0.1 * noise_covariance(sde, page, 0.0, y, o, triple), cov, rtol=1e-11)
    # the test has power: the SDE of order 1 misses both
    order1 = page.sdes["order1"]
    assert np.abs(0.1 * order1.drift(page, 0.0, y, o) / mean - 1.0).max() > 0.03
    assert np.abs(0.1 * noise_covariance(order1, page, 0.0, y, o, hermite(2, 3)) / cov - 1.0).max() > 0.03


def test_usam_moments_have_no_third_moments() -> None:
    o, y, page = Oracle(LANDSCAPE, TILTED), np.array([0.4, 1.0]), so.USAM(1.0, 0.5)
    draws = [((z[:2], z[2:4], z[4:]), w) for z, w in hermite(6, 3)]
    kicks = np.array([page.sdes["moments"].diffusion(page, 0.0, y, o, dw) for dw, _ in draws])
    weights = np.array([w for _, w in draws])
    assert np.abs(weights @ kicks).max() < 1e-13
    assert np.abs(np.einsum("n,ni,nj,nk->ijk", weights, kicks, kicks, kicks)).max() < 1e-12


@pytest.mark.parametrize("name", ["RMSprop", "RMSpropW", "Adam", "AdamW"])
def test_rivals_of_the_adaptive_methods_leave_out_what_they_say(name: str) -> None:
    make, state, _ = PAGES[name]
    page, y, o, d = make(0.1), state(0.1, 2), Oracle(LANDSCAPE, TILTED), 2
    full, c, m = (page.sdes[s] for s in ("full", "compagnoni", "malladi"))
    g, rate = o.objective.grad(y[0]), 15.0 * 0.1
    drift = {s.name: flat(s.drift(page, 0.7, y, o)) for s in (full, c, m)}
    assert np.allclose(drift["full"][-d:], drift["compagnoni"][-d:], rtol=1e-14)
    assert np.allclose(drift["full"] - drift["malladi"], [0.0] * (len(drift["full"]) - d) + list(rate * g * g))
    if name.startswith("Adam"):
        iota1, iota2 = 1.0 - np.exp(-2.0 * 0.7), 1.0 - np.exp(-1.5 * 0.7)
        extra = -np.sqrt(iota2) / iota1 * 0.1 * 2.0 * (g - y[1]) / np.sqrt(y[2])
        assert np.allclose(drift["compagnoni"][:d] - drift["full"][:d], extra, rtol=1e-6)
    else:
        assert np.allclose(drift["compagnoni"], drift["full"], rtol=1e-14)
    dw = (np.array([0.3, -1.0]), np.array([0.7, 0.2]))
    kick = flat(full.diffusion(page, 0.7, y, o, dw))
    for s in (c, m):
        assert np.allclose(flat(s.diffusion(page, 0.7, y, o, dw[0])), [*kick[:-d], 0.0, 0.0], rtol=1e-14)


def test_the_floor_is_a_tenth_of_the_noise() -> None:
    o, page, x = Oracle(LINE, ROUND), so.RMSprop(0.1, 0.85), np.array([0.8])
    full = page.sdes["full"]
    dx, dv = full.drift(page, 50.0, (x, np.array([-0.2])), o)
    assert dx == pytest.approx(-1.2 / np.sqrt(0.036), rel=1e-6)
    assert dv == pytest.approx(1.5 * (1.44 + 0.36 + 0.2), rel=1e-12)
    assert full.drift(page, 50.0, (x, np.array([0.037])), o)[0] == pytest.approx(-1.2 / np.sqrt(0.037), rel=1e-6)


@pytest.mark.parametrize("name", ["RMSprop", "RMSpropW", "Adam", "AdamW"])
def test_start_is_the_state_after_the_first_step(name: str) -> None:
    """Exactly so without noise, but for ι = 1 - e^{-(1 - β)} where the step has 1 - β."""
    page, x, o = PAGES[name][0](1e-3), np.array([0.8, -0.5]), Oracle(LANDSCAPE, so.NoNoise())
    stepped = page.step(0, page.init(x, o), o, ())
    for sde in page.sdes.values():
        started = sde.start(page, x, o)
        assert np.allclose(started[0], stepped[0], rtol=1e-12)
        for part, other in zip(started[1:-1], stepped[1:-1], strict=True):
            assert np.allclose(part, other, rtol=2e-3)
        if sde.name != "malladi":
            assert np.allclose(started[-1], stepped[-1], rtol=2e-3)


@pytest.mark.parametrize("name", PAGES)
def test_without_noise_there_is_none(name: str) -> None:
    page, o = PAGES[name][0](0.1), Oracle(LANDSCAPE, so.NoNoise())
    y = PAGES[name][1](0.1, 2)
    for sde in page.sdes.values():
        if "levy" in sde.brownian:
            continue  # belongs to a law without a variance
        dw = tuple(np.ones(2) for _ in sde.brownian)
        assert not flat(sde.diffusion(page, 0.7, y, o, dw if len(dw) > 1 else dw[0])).any()


def test_without_noise_sam_descends_the_sharpened_loss() -> None:
    o, x, h = Oracle(LANDSCAPE, so.NoNoise()), np.array([0.8, -0.5]), 1e-6
    flows = {
        so.SAM(0.1, 0.3): lambda y: np.linalg.norm(LANDSCAPE.grad(y)),
        so.DNSAM(0.1, 0.3): lambda y: np.linalg.norm(LANDSCAPE.grad(y)),
        so.USAM(0.1, 0.3): lambda y: 0.5 * LANDSCAPE.grad(y) @ LANDSCAPE.grad(y),
    }
    for page, sharpness in flows.items():
        slope = [(sharpness(x + h * e) - sharpness(x - h * e)) / (2.0 * h) for e in np.eye(2)]
        assert np.allclose(page.drift(0.0, x, o), -LANDSCAPE.grad(x) - 0.3 * np.array(slope), rtol=1e-8)


def test_sam_at_a_critical_point_stays() -> None:
    o = Oracle(LANDSCAPE, so.NoNoise())
    assert so.SAM(0.1).step(0, np.zeros(2), o, ()).tolist() == [0.0, 0.0]


def torch_rmsprop(state: dict[str, float], x: float, g: float, lr: float, alpha: float, eps: float) -> float:
    """One parameter of torch.optim.RMSprop, step by step as its documentation has it."""
    state["square_avg"] = alpha * state.get("square_avg", 0.0) + (1.0 - alpha) * g**2
    return x - lr * g / (state["square_avg"] ** 0.5 + eps)


def torch_adamw(
    state: dict[str, float], x: float, g: float, lr: float, betas: tuple[float, float], eps: float, decay: float
) -> float:
    """One parameter of torch.optim.AdamW; Adam is the case without decay."""
    state["step"] = state.get("step", 0) + 1
    x *= 1.0 - lr * decay
    state["exp_avg"] = state.get("exp_avg", 0.0) + (g - state.get("exp_avg", 0.0)) * (1.0 - betas[0])
    state["exp_avg_sq"] = state.get("exp_avg_sq", 0.0) * betas[1] + (1.0 - betas[1]) * g * g
    step_size = lr / (1.0 - betas[0] ** state["step"])
    denom = state["exp_avg_sq"] ** 0.5 / (1.0 - betas[1] ** state["step"]) ** 0.5 + eps
    return x - step_size * state["exp_avg"] / denom


def torch_sgd(state: dict[str, float], x: float, g: float, lr: float, momentum: float) -> float:
    """One parameter of torch.optim.SGD with momentum: the buffer begins as the first gradient."""
    state["momentum_buffer"] = momentum * state["momentum_buffer"] + g if state else g
    return x - lr * state["momentum_buffer"]


@pytest.mark.parametrize(
    ("page", "update"),
    [
        (so.HeavyBall(0.1, 0.8), lambda s, x, g: torch_sgd(s, x, g, 0.1, 0.8)),
        (so.RMSprop(0.1, 0.9, 1e-2), lambda s, x, g: torch_rmsprop(s, x, g, 0.1, 0.9, 1e-2)),
        (so.Adam(0.1, 0.8, 0.9, 1e-2), lambda s, x, g: torch_adamw(s, x, g, 0.1, (0.8, 0.9), 1e-2, 0.0)),
        (so.AdamW(0.1, 0.8, 0.9, 1e-2, 0.3), lambda s, x, g: torch_adamw(s, x, g, 0.1, (0.8, 0.9), 1e-2, 0.3)),
    ],
    ids=["HeavyBall", "RMSprop", "Adam", "AdamW"],
)
def test_ten_steps_of_torch(page: Any, update: Any) -> None:
    o = Oracle(LINE, ROUND)
    y = page.init(np.array([1.0]), o)
    x, state = 1.0, {}
    for k in range(10):
        z = np.array([np.sin(3.0 * k)])
        x = update(state, x, 1.5 * x + 0.6 * z[0])
        y = page.step(k, y, o, (z,))
        assert y[0][0] == pytest.approx(x, rel=1e-13)


def test_decay_of_rmspropw_is_decoupled() -> None:
    o, y, z = Oracle(LINE, ROUND), (np.array([1.0]), np.array([0.5])), (np.array([0.2]),)
    plain, decayed = so.RMSprop(0.1, 0.9, 1e-2).step(0, y, o, z), so.RMSpropW(0.1, 0.9, 1e-2, 0.3).step(0, y, o, z)
    assert decayed[0] == pytest.approx(plain[0] - 0.1 * 0.3, rel=1e-14)
    assert decayed[1] == plain[1]


@pytest.mark.parametrize("name", ["USAM", "DNSAM", "SAM"])
def test_a_noisy_hessian_is_refused(name: str) -> None:
    problem = so.Problem(so.LinearRegression([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], [1.0, 2.0, 0.0]), so.Minibatch(1))
    with pytest.raises(ValueError, match="Minibatch"):
        so.simulate(so.methods()[name](0.1), problem, "sde", sde="order1", steps=1, paths=2)


class RoundEverywhere(Round):
    """The same at any gradient."""

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma
        self.at = functools.cache(lambda *g: Round(sigma, np.array(g)))

    def expect_direction(self, o: Oracle, x: Any, g: Any) -> Any:
        return self.at(*g).mean

    def direction_cov(self, o: Oracle, x: Any, g: Any, v: Any) -> Any:
        return self.at(*g).cov @ v

    def direction_residual(self, o: Oracle, x: Any, g: Any, dw: Any) -> Any:
        return self.at(*g).root @ dw


@pytest.mark.parametrize("x", [[0.8, -0.5], [0.4, 1.0]])
def test_moments_of_sam_are_off_by_the_cube_of_the_radius(x: list[float]) -> None:
    y, o = np.array(x), Oracle(LANDSCAPE, RoundEverywhere(0.6))

    def errors(rho: float) -> Any:
        page, sde = so.SAM(1.0, rho), so.SAM.sdes["moments"]
        mean, cov = step_moments(page, 0, y, o, polar(-LANDSCAPE.grad(y) / 0.6))
        gap = noise_covariance(sde, page, 0.0, y, o, pair(2)) - cov
        return np.array([np.linalg.norm(sde.drift(page, 0.0, y, o) - mean), np.linalg.norm(gap)])

    assert np.log2(errors(0.1) / errors(0.05)) == pytest.approx([3.0, 3.0], abs=0.2)


@pytest.mark.parametrize("cov", [[[0.36, 0.0], [0.0, 0.36]], [[0.5, 0.2], [0.2, 0.3]]])
def test_covariance_of_the_direction(cov: Any) -> None:
    g, law = np.array([0.3, -0.2]), so.Gaussian(cov=cov)
    root = np.linalg.cholesky(cov)
    rule = polar(-np.linalg.solve(root, g))
    noisy, weights = np.array([g + root @ z for z, _ in rule]), np.array([w for _, w in rule])
    u = noisy / np.linalg.norm(noisy, axis=1)[:, None]
    expected = u.T * weights @ u - np.outer(weights @ u, weights @ u)
    o = Oracle(LANDSCAPE, law)
    assert np.allclose([law.direction_cov(o, g, g, e) for e in np.eye(2)], expected, atol=1e-8)
