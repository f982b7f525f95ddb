"""Compressors against all their outcomes, and the closed forms of compression against the theory's exact numbers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import sdeopt as so
from sdeopt import theory
from sdeopt.core import average, compressors, each, pieces
from sdeopt.core.oracle import mean_agent_sign, root_agent_sign_cov

GRADIENT = np.array([0.8, -1.5, 0.3, -0.05])
Outcomes = list[tuple[Any, float]]


def moments(outcomes: Outcomes) -> tuple[Any, Any]:
    values, weights = np.array([c for c, _ in outcomes]), np.array([p for _, p in outcomes])
    mean = weights @ values
    return mean, (values - mean).T * weights @ (values - mean)


def masked(g: Any, k: int) -> Outcomes:
    """What rand-k sends, for every order of the normals."""
    orders = list(itertools.permutations(np.linspace(-1.0, 1.0, len(g))))
    return [(compressors.rand_k(g, np.array(w), float(k)), 1.0 / len(orders)) for w in orders]


def rounded(compress: Any, up: Any) -> Outcomes:
    """What a rounding sends, for uniforms next to their thresholds: up[j] is the probability to round up."""
    near = 1e-9
    sides = [((p - near * p, p), (p + near * (1.0 - p), 1.0 - p)) for p in up]
    return [
        (compress(np.array([u for u, _ in node])), float(np.prod([p for _, p in node])))
        for node in itertools.product(*sides)
    ]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
def test_rand_k_over_all_masks(k: int) -> None:
    sent = masked(GRADIENT, k)
    mean, cov = moments(sent)
    assert {int((c != 0).sum()) for c, _ in sent} == {min(k, 4)}
    assert np.allclose(mean, GRADIENT, rtol=0, atol=1e-15)
    assert np.allclose(cov, theory.rand_k_covariance(GRADIENT, k), rtol=0, atol=1e-14)
    assert np.trace(cov) == pytest.approx(theory.rand_k_omega(4, k) * GRADIENT @ GRADIENT, abs=1e-14)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_weights_of_rand_k(d: int) -> None:
    """W = a off the diagonal and a + c on it; c/d = 1 - a is what makes the mask noise of the page a root."""
    g, Sigma = np.linspace(1.0, 2.0, d), np.eye(d) + 0.3
    for k in range(1, d + 1):
        a, c = compressors.rand_k_weights(d, float(k))
        cov = c * (np.diag(g * g) - np.outer(g, g) / d) + a * Sigma + c * np.diag(np.diag(Sigma))
        assert np.allclose(cov, theory.rand_k_covariance(g, k, Sigma), rtol=0, atol=1e-13)


@pytest.mark.parametrize("levels", [1, 2, 7])
def test_dithering_over_all_roundings(levels: int) -> None:
    size = np.linalg.norm(GRADIENT)
    r = levels * np.abs(GRADIENT) / size
    # a uniform rounds up if it is at least 1 - {r}: the sides of `rounded` are mirrored
    sent = rounded(lambda u: compressors.dither(GRADIENT, 1.0 - u, float(levels)), r % 1.0)
    mean, cov = moments(sent)
    assert np.allclose(mean, GRADIENT, rtol=0, atol=1e-14)
    assert np.allclose(cov, np.diag(theory.dithering_covariance(GRADIENT, levels)), rtol=0, atol=1e-14)
    for c, _ in sent:
        multiples = np.abs(c) * levels / size
        assert np.allclose(multiples, np.round(multiples), rtol=0, atol=1e-13)


def test_dithering_stays_below_its_constant() -> None:
    point = np.random.default_rng(0)
    for d, levels in itertools.product((1, 3, 40), (1, 2, 5)):
        worst = max(
            theory.dithering_covariance(g / np.linalg.norm(g), levels).sum() for g in point.normal(size=(200, d))
        )
        assert worst <= theory.dithering_omega(d, levels) * (1 + 1e-12)


def test_natural_compression_over_all_roundings() -> None:
    low = np.exp2(np.floor(np.log2(np.abs(GRADIENT))))
    sent = rounded(lambda u: compressors.natural(GRADIENT, u), np.abs(GRADIENT) / low - 1.0)
    mean, cov = moments(sent)
    assert np.allclose(mean, GRADIENT, rtol=0, atol=1e-15)
    assert np.allclose(cov, np.diag(theory.natural_covariance(GRADIENT)), rtol=0, atol=1e-15)
    assert all((np.frexp(c)[0] == np.sign(GRADIENT) * 0.5).all() for c, _ in sent)


def test_natural_compression_at_its_constant_and_at_powers_of_two() -> None:
    a = np.linspace(1.0, 2.0, 10_001)
    ratio = theory.natural_covariance(a) / a**2
    assert ratio.max() == pytest.approx(theory.NATURAL_OMEGA, rel=1e-7)
    assert a[ratio.argmax()] == pytest.approx(4.0 / 3.0, abs=1e-4)
    exact = np.array([1.0, -0.25, 2.0**40, 0.0, -(2.0**-1000)])
    for u in (0.0, 1.0 - 2.0**-53):
        assert np.array_equal(compressors.natural(exact, np.full(5, u)), exact)


@pytest.mark.parametrize("compress", [compressors.dither, compressors.natural, compressors.rand_k])
def test_nothing_is_made_of_nothing(compress: Any) -> None:
    rest = () if compress is compressors.natural else (1.0,)
    assert np.array_equal(compress(np.zeros(3), np.full(3, 0.9), *rest), np.zeros(3))


def test_top_k_takes_the_first_of_equals() -> None:
    g = np.array([1.0, -2.0, 2.0, 0.0, -1.0])
    for k, kept in ((1, [1]), (2, [1, 2]), (3, [0, 1, 2]), (4, [0, 1, 2, 4]), (9, range(5))):
        assert np.array_equal(compressors.top_k(g, float(k)), np.where(np.isin(np.arange(5), list(kept)), g, 0.0))


def test_tuples_of_the_vocabulary() -> None:
    parts = pieces(np.arange(6.0), (0.0, 0.0, 0.0))
    assert [p.tolist() for p in parts] == [[0, 1], [2, 3], [4, 5]]
    assert [v.tolist() for v in each(lambda a, b, c: a * b + c, parts, (1.0, 2.0, 3.0), 1.0)] == [
        [1, 2],
        [5, 7],
        [13, 16],
    ]
    assert average(parts).tolist() == [2.0, 3.0]


def level(lr: float, B: float, N: float, k: int) -> float:
    """Stationary E f of the optimizer, f = ½ Σ λ_j x_j² with λ from 1 to 2 in ten dimensions, σ² = 1."""
    omega = theory.rand_k_omega(10, k)
    return sum(
        0.5 * h * theory.rand_k_stationary(lr, h, 1.0 / B, N, omega, discrete=True) for h in np.linspace(1.0, 2.0, 10)
    )


@pytest.mark.parametrize(
    ("lr", "k", "same", "rate", "agents", "batch"),
    [(0.01, 5, 2.0019, 0.9967, 1.0005, 1.0009), (0.01, 2, 5.0190, 0.9947, 1.0008, 1.0038),
     (0.01, 1, 10.0858, 0.9941, 1.0009, 1.0086), (0.1, 1, None, None, 1.0093, None)],
)  # fmt: skip
def test_scaling_rules_at_finite_lr(
    lr: float, k: int, same: float | None, rate: float | None, agents: float, batch: float | None
) -> None:
    """Theory B, section 3: the level of DCSGD over that of DSGD, B = 4, N = 8; to the digits given there."""
    w = 1.0 + theory.rand_k_omega(10, k)
    base = level(lr, 4, 8, 10)
    assert theory.dcsgd_rule(w - 1.0, agents=w) == theory.dcsgd_rule(w - 1.0, batch=w) == 1.0
    kappa = theory.dcsgd_rule(w - 1.0)
    found = (level(lr, 4, 8, k), level(kappa * lr, 4, 8, k), level(lr, 4, 8 * w, k), level(lr, 4 * w, 8, k))
    for value, expected in zip(found, (same, rate, agents, batch), strict=True):
        assert expected is None or abs(value / base - expected) < 5.1e-5


def test_the_rule_of_signs_keeps_the_linearised_level() -> None:
    """Noise over twice the slope of the drift at 0, for 2 agents with σ = 1 and for 6 with batches of 4."""

    def at_rest(lr: float, agents: int, batch: float) -> float:
        o = so.Problem(so.Quadratic([1.0]), so.Agents(so.Gaussian(1.0 / np.sqrt(batch)), agents)).oracle
        slope = mean_agent_sign(o, np.array([1e-6]))[0] / 1e-6
        kicks = [root_agent_sign_cov(o, np.zeros(1), e)[0] for e in np.eye(agents)]
        return float(lr * np.dot(kicks, kicks) / (2.0 * slope))

    kappa = theory.dsignsgd_rule(agents=3.0, batch=4.0)
    assert kappa == 6.0
    assert at_rest(0.01 * kappa, 6, 4.0) == pytest.approx(at_rest(0.01, 2, 1.0), rel=1e-9)
    assert at_rest(0.01, 2, 1.0) == pytest.approx(0.01 * np.sqrt(np.pi / 2) / 4.0, rel=1e-9)


def test_the_bound_is_attained_on_a_round_bowl() -> None:
    """There |∇f|² = 2λf and tr(HA) = λ tr A: E f is the bound itself, at the end and on the way."""
    lr, h, d, v, N, w, gap = 0.05, 1.5, 3, 0.7, 4.0, 2.0, 0.9
    end = 0.5 * h * d * theory.rand_k_stationary(lr, h, v, N, w)
    bound = lambda t: theory.dcsgd_bound(t, lr, h, h, d, v, N, w, gap)  # noqa: E731
    assert bound(1e3) == pytest.approx(end, rel=1e-12)
    source = lr * h * d * (1 + w) * v / (2 * N)  # E f' = -r E f + source
    growth = quad(lambda t: -h * (2 - lr * h * w / N) * bound(t) + source, 0.0, 0.8)[0]
    assert bound(0.8) - gap == pytest.approx(growth, rel=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [(lambda: theory.rand_k_stationary(1.0, 1.0, 1.0, 1.0, 3.0), "lr must be below 0.666667 .* got 1"),
     (lambda: theory.dcsgd_bound(1.0, 1.0, 1.0, 2.0, 2, 1.0, 1.0, 1.0, 1.0), r"lr must be below 2N/\(Lω\) = 1, got 1"),
     (lambda: theory.dcsgd_rule(-1.0), "omega must be in"),
     (lambda: theory.rand_k_covariance([1.0, 2.0], 1, np.eye(3)), r"Sigma must have shape \(2, 2\), got \(3, 3\)"),
     (lambda: so.DCSGDRandK(0.1, k=1.5), "k must be a whole number, got 1.5"),
     (lambda: so.DCSGDDithering(0.1, levels=0), "levels must be in"),
     (lambda: so.Clip21SGD2M(0.1, clip=0.0), "clip must be in")],
)  # fmt: skip
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("page", [so.DCSGDRandK(0.1, k=3), so.TopKEF(0.1, k=3)], ids=lambda page: type(page).__name__)
@pytest.mark.parametrize("verb", ["simulate", "compare", "sweep"])
def test_more_entries_than_there_are_cannot_be_sent(page: Any, verb: str) -> None:
    """k > d would act as k = d in silence."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Agents(so.Gaussian(0.5), agents=2))
    words = {"steps": 2, "paths": 16, "rng": 0}
    with pytest.raises(ValueError, match="k must be at most the dimension 2, the number of entries of a gradient, got"):
        so.sweep(page, problem, {}, **words) if verb == "sweep" else getattr(so, verb)(page, problem, **words)
    so.simulate(page._replace(k=2.0), problem, steps=2, paths=2)
