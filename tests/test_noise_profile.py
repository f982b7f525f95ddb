"""``noise_profile`` against dense linear algebra, its intervals, what it refuses, and what it keeps."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import Oracle, root_cov
from sdeopt.noise.law import Law
from sdeopt.profile.products import Here
from sdeopt.profile.tail import hill

RNG = np.random.default_rng(7)
SUM = so.LinearRegression(RNG.standard_normal((6, 3)), RNG.standard_normal(6), l2=0.1)
X = np.array([0.3, -0.7, 1.1])
COV = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 0.5]])
LAWS = [
    so.Gaussian([0.2, 0.5, 1.0]),
    so.Gaussian(cov=COV),
    so.Gaussian(lambda x: 1.0 + x * x),
    so.StudentT(5, [0.2, 0.5, 1.0]),
    so.Laplace(0.5),
    so.Rademacher(0.5),
    so.AlphaStable(2.0, 0.5),
    so.Minibatch(2),
    so.Minibatch(2, replace=False),
    so.Reshuffled(2),
    so.PoissonBatch(2),
    so.Batch(so.Gaussian(cov=COV), 4),
    so.Agents([so.Gaussian(0.5), so.Gaussian(cov=COV)]),
    so.Agents(so.Minibatch(2, replace=False), agents=2),
]


def here(problem: so.Problem, x: Any) -> Oracle:
    return Oracle(Here(problem, x), problem.noise)


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_products_are_those_of_the_root(law: Any) -> None:
    """Σ v against R Rᵀ v, R made column by column of the action that the SDE uses."""
    problem = so.Problem(SUM, law)
    R = np.array([root_cov(problem.oracle, X, e) for e in np.eye(sum(law.brownian("gradient", SUM)))]).T
    cov = np.array([law.noise_cov(here(problem, X), X, e) for e in np.eye(3)])
    assert np.abs(R).max() > 1e-3
    np.testing.assert_allclose(cov, R @ R.T, rtol=1e-12, atol=1e-15)


def test_the_diagonal_closure_is_profiled_as_the_batches_that_it_draws() -> None:
    laws = (so.DiagonalMinibatch(2), so.Minibatch(2))
    a, b = (so.noise_profile(so.Problem(SUM, law, X), samples=32, rng=0) for law in laws)
    assert a.estimates == b.estimates and np.array_equal(a.spectrum, b.spectrum)


# a network y = X (u² - v²) of 80 parameters, and everything about it as matrices
NET = so.DiagonalLinearNetwork(RNG.standard_normal((20, 40)), RNG.standard_normal(20))
PROBLEM = so.Problem(NET, so.Minibatch(4), 0.5 + 0.3 * RNG.standard_normal(80))
SIGMA = np.cov([NET.batch_grad(PROBLEM.x0, np.array([float(i)])) for i in range(20)], rowvar=False, bias=True) / 4
H, G = NET.hessian(PROBLEM.x0), NET.grad(PROBLEM.x0)
K = 5
(NOISY, U), (BENT, V) = ((a[..., ::-1][..., :K] for a in np.linalg.eigh(matrix)) for matrix in (SIGMA, H))
EXACT = {
    "trace": np.trace(SIGMA),
    "effective rank": np.trace(SIGMA) / NOISY[0],
    "participation": np.trace(SIGMA) ** 2 / np.sum(SIGMA**2),
    "alignment": np.sum(SIGMA * H) / np.sqrt(np.sum(SIGMA**2) * np.sum(H**2)),
    "overlap": np.sum((U.T @ V) ** 2) / K,
    "B_simple": 4 * np.trace(SIGMA) / (G @ G),
    "B_noise": 4 * np.sum(SIGMA * H) / (G @ H @ G),
}
RANDOM = ("participation", "alignment", "B_noise")


def test_a_profile_is_that_of_dense_matrices() -> None:
    """Estimates within ten of their own standard errors, by Student's t of 15 degrees of freedom: 5e-8 each."""
    found = so.noise_profile(PROBLEM, largest=K, samples=16, rng=0)
    np.testing.assert_allclose(found.spectrum, NOISY, rtol=1e-9)
    np.testing.assert_allclose(found.hessian, BENT, rtol=1e-9)
    for name, exact in EXACT.items():
        e = found[name]
        if name not in RANDOM:
            assert e.low == e.value == e.high == pytest.approx(exact, rel=1e-7), name
        else:
            half = 0.5 * (e.high - e.low)
            assert 0.0 < half < 0.2 * abs(exact)
            assert abs(e.value - exact) < 10.0 / 2.13 * half, name


def test_intervals_cover_what_is_estimated() -> None:
    """Of 100 intervals of 95 % fewer than 80 cover with probability 1e-8."""
    found = [so.noise_profile(PROBLEM, largest=2, probes=16, samples=16, rng=seed) for seed in range(100)]
    for name in RANDOM:
        assert sum(p[name].low <= EXACT[name] <= p[name].high for p in found) >= 80, name


def test_in_few_dimensions_everything_is_exact() -> None:
    problem = so.Problem(so.Quadratic([4.0, 1.0, 0.5]), so.Gaussian(cov=COV), x0=[1.0, 2.0, -2.0])
    found, hessian = so.noise_profile(problem, rng=0), np.diag([4.0, 1.0, 0.5])
    g = hessian @ problem.x0
    exact = {
        "participation": np.trace(COV) ** 2 / np.sum(COV**2),
        "alignment": np.sum(COV * hessian) / np.sqrt(np.sum(COV**2) * np.sum(hessian**2)),
        "B_simple": 3.5 / (g @ g),
        "B_noise": np.sum(COV * hessian) / (g @ hessian @ g),
    }
    for name, value in exact.items():
        assert found[name].low == found[name].high == pytest.approx(value, rel=1e-12)


def test_equal_eigenvalues_are_found_by_lanczos_too() -> None:
    problem = so.Problem(so.Quadratic(np.linspace(0.1, 10.0, 100)), so.Gaussian(0.5))
    found = so.noise_profile(problem, largest=3, samples=16, rng=0)
    np.testing.assert_allclose(found.spectrum, np.full(3, 0.25), rtol=1e-10)
    assert found["effective rank"].value == pytest.approx(100.0)
    assert found["participation"].value == pytest.approx(100.0)  # all directions are alike: nothing is left to chance


def test_batch_sizes_count_examples() -> None:
    """tr Σ₁/|∇f|² is a property of one example, whatever the batch."""
    laws = [so.Minibatch(1), so.Minibatch(3), so.Reshuffled(3), so.PoissonBatch(2)]
    sizes = [so.noise_profile(so.Problem(SUM, law, X), samples=16, rng=0)["B_simple"].value for law in laws]
    np.testing.assert_allclose(sizes, np.sum(SUM.grad_var(X)) / np.sum(SUM.grad(X) ** 2), rtol=1e-12)
    of_batch = so.noise_profile(so.Problem(SUM, so.Batch(so.Gaussian(0.5), 4), X), samples=16, rng=0)
    assert of_batch["B_simple"].value == pytest.approx(0.75 / np.sum(SUM.grad(X) ** 2), rel=1e-12)


def test_at_a_minimum_no_batch_is_large_enough() -> None:
    found = so.noise_profile(so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(0.5), x0=[0.0, 0.0]), samples=16, rng=0)
    assert found["B_simple"].value == math.inf
    assert "B_noise" not in json.loads(found.to_json())["estimates"]


# the tail


def test_the_interval_of_hill_is_exact_for_power_laws() -> None:
    """Of 400 intervals of 95 % a number outside [356, 399] cover with probability 1e-6, by the binomial law."""
    rng, alpha = np.random.default_rng(0), 1.7
    found = [hill(rng.random(200) ** (-1.0 / alpha)) for _ in range(400)]
    assert 356 <= sum(e.low <= alpha <= e.high for e in found) <= 399
    np.testing.assert_allclose(np.mean([1.0 / e.value for e in found]), 1.0 / alpha, rtol=0.07)  # 5 errors of 14


@pytest.mark.parametrize("law, alpha", [(so.StudentT(3), 3.0), (so.AlphaStable(1.5), 1.5)])
def test_heavy_tails_are_told_by_their_index(law: Any, alpha: float) -> None:
    """64 largest of 4096: the logarithm has a standard error of 1/8; five of them."""
    found = so.noise_profile(so.Problem(so.Quadratic([1.0]), law), samples=4096, rng=0)
    assert abs(math.log(found["tail index"].value / alpha)) < 5.0 / 8.0


def test_normal_noise_is_its_own_yardstick() -> None:
    """Both are Hill's estimates of the same law, with logarithms that err by 1/√64 each; normal tails are light."""
    found = so.noise_profile(so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([1.0, 0.3])), samples=4096, rng=0)
    a, b = found["tail index"].value, found["normal tail"].value
    assert a != b and abs(math.log(a / b)) < 5.0 * math.sqrt(2.0 / 64.0)
    assert found["tail index"].low > 4.0


# what is missing, and what is refused


def test_noise_without_a_variance_has_a_tail_only() -> None:
    found = so.noise_profile(so.Problem(so.Quadratic([1.0, 2.0]), so.StudentT(1.5)), samples=64, rng=0)
    assert list(found.estimates) == ["tail index"]
    assert "has no covariance (it needs nu > 2)" in str(found)
    with pytest.raises(ValueError, match="has no spectrum: StudentT"):
        found.plot()


@pytest.mark.parametrize(
    "objective, says",
    [(so.Objective(grad=lambda x: x, dim=2), "Objective has no hvp"), (so.QuadraticGame(), "a game has no Hessian")],
)
def test_without_a_hessian_the_rest_is_measured(objective: Any, says: str) -> None:
    found = so.noise_profile(so.Problem(objective, so.Gaussian(0.5)), samples=64, rng=0)
    names = list(found.estimates)
    assert "alignment" not in names and "participation" in names and found.hessian.size == 0
    assert says in str(found)
    assert len(found.plot().lines) == 1


@dataclass(frozen=True, eq=False, repr=False)
class Mixed(Law):
    """A law of one's own, of coordinates that are all the same; it does not say what Σ v is."""

    def sample(self, o: Any, x: Any, z: Any) -> Any:
        return 0.0 * x + z[0][0]

    def root_cov(self, o: Any, x: Any, dw: Any) -> Any:
        return 0.0 * x + dw[0]

    def var(self, o: Any, x: Any) -> Any:
        return 0.0 * x + 1.0


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: so.noise_profile(SUM), TypeError, "problem must be a sdeopt.Problem"),
        (lambda: so.noise_profile(so.Problem(SUM)), ValueError, "there is no noise at x"),
        (lambda: so.noise_profile(so.Problem(SUM, so.Minibatch(6, False))), ValueError, "there is no noise at x"),
        (lambda: so.noise_profile(PROBLEM, [1.0]), ValueError, "x must have shape"),
        (lambda: so.noise_profile(PROBLEM, largest=0), ValueError, "largest must be at least 1"),
        (lambda: so.noise_profile(PROBLEM, probes=1), ValueError, "probes must be at least 2"),
        (lambda: so.noise_profile(PROBLEM, samples=3), ValueError, "samples must be at least 16"),
        (lambda: so.noise_profile(PROBLEM, samples=16, rng=0)["rank"], ValueError, "unknown number of the prof"),
    ],
)
def test_bad_input_is_refused_at_once(make: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        make()


def test_a_law_with_correlated_coordinates_must_say_how() -> None:
    with pytest.raises(ValueError, match="give it noise_cov"):
        so.noise_profile(so.Problem(SUM, Mixed()), rng=0)


def test_data_that_do_not_fit_ask_for_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdeopt.profile.products.ROWS", 10)
    with pytest.raises(ValueError, match="give the objective a function example_slopes"):
        so.noise_profile(so.Problem(SUM, so.Minibatch(2)), rng=0)


# what is kept


def test_a_profile_is_kept_and_repeats(tmp_path: Path) -> None:
    found, again = (so.noise_profile(PROBLEM, largest=3, samples=64, rng=2) for _ in range(2))
    assert found.to_json() == again.to_json()
    found.save(tmp_path / "profile.npz")
    assert so.NoiseProfile.load(tmp_path / "profile.npz").to_json() == found.to_json()
    assert json.loads(found.to_json())["estimates"]["trace"]["value"] == found["trace"].value
    assert str(found) == str(so.NoiseProfile.load(tmp_path / "profile.npz"))
    assert len(found.plot().lines) == 2
