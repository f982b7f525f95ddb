"""Numbers of the theory that simulations must reproduce within their own intervals.

The numbers are exact (recursions, matrix exponentials, lattice laws, spectral solutions) to the digits given, or
measured with the error stated. Every simulated number is held to five of its own standard errors. Seeds are fixed; a
new seed would raise a false alarm in one of the comparisons, fewer than 200 with the slow ones, with a probability
below 200 times the two-sided tail 6e-7 of the normal law, 1.2e-4. A bias of the integrator is part of what is tested:
its steps are chosen so that theory puts it far below the bounds.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
import pytest

import sdeopt as so

SIGMAS = 5.0
PATHS = 100_000


class Estimate(NamedTuple):
    """Means and covariances of x at the end, the mean loss, and their standard errors."""

    mean: Any
    mean_error: Any
    cov: Any
    cov_error: Any
    loss: float
    loss_error: float
    final: Any


@functools.cache
def run(page: Any, problem: so.Problem, column: str, horizon: float, dt: float, paths: int = PATHS) -> Estimate:
    """Simulate one column, "discrete" or the name of an SDE, whose integrator takes steps of ``dt``."""
    kind = "discrete" if column == "discrete" else "sde"
    grid = {"substeps": 1} if kind == "discrete" else {"dt": dt, "sde": column}
    ensemble = so.simulate(
        page, problem, kind, horizon=horizon, paths=paths, save_at=[horizon], observables=["loss"], rng=20, **grid
    )
    assert ensemble.diverged.count == 0
    deviation = ensemble.final - ensemble.final.mean(axis=0)
    products = np.einsum("pi,pj->pij", deviation, deviation)
    loss, loss_error = (float(part[-1]) for part in ensemble.observables["loss"])
    cov_error = products.std(axis=0) / np.sqrt(paths)
    return Estimate(
        ensemble.mean[-1], ensemble.stderr[-1], ensemble.cov[-1], cov_error, loss, loss_error, ensemble.final
    )


def assert_within(found: Any, error: Any, expected: Any, known: Any = 0.0) -> None:
    """Five standard errors, with the theory's own error ``known`` where it was measured, and its rounding."""
    found, expected = np.asarray(found), np.asarray(expected)
    bound = SIGMAS * np.hypot(error, known) + 1e-8
    assert (np.abs(found - expected) <= bound).all(), f"{found} is not {expected} within {bound}"


def upper(cov: Any) -> Any:
    return np.array([cov[0, 0], cov[0, 1], cov[1, 1]])


# ---- theory A, section 7: f = (x₁² + 2x₂²)/2 with correlated noise, 20 steps of 0.1 from (1, -0.8)

TILTED = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian(cov=[[0.5, 0.2], [0.2, 0.3]]), x0=[1.0, -0.8])
SGD, USAM1, USAM5, BALL = so.SGD(0.1), so.USAM(0.1, 0.1), so.USAM(0.1, 0.5), so.HeavyBall(0.01, 0.9)
slow = pytest.mark.slow
TABLE = [
    (SGD, "discrete", (0.12157665, -0.00922337), (0.02592682, 0.00713285, 0.00833223)),
    (SGD, "order1", (0.13533528, -0.01465251), (0.02454211, 0.00665014, 0.00749748)),
    (SGD, "order2", (0.12245643, -0.00982187), (0.02345249, 0.00614459, 0.00681715)),
    (SGD, "order2-corrected", (0.12245643, -0.00982187), (0.02585637, 0.00709701, 0.00824876)),
    (USAM1, "discrete", (0.09722997, -0.00330645), (0.02882542, 0.00815494, 0.01022710)),
    (USAM1, "order1", (0.11080316, -0.00658380), (0.02716237, 0.00753598, 0.00899939)),
    (USAM5, "discrete", (0.03875953, -0.00002925), (0.04047964, 0.01224488, 0.01875000)),
    (USAM5, "order1", (0.04978707, -0.00026837), (0.03740705, 0.01090891, 0.01500000)),
    (BALL, "discrete", (0.11782218, 0.21653707), (0.02101400, 0.00597632, 0.00686333)),
    (BALL, "order1", (0.15057437, 0.20593711), (0.02003830, 0.00582558, 0.00674043)),
    (BALL, "order2", (0.12109270, 0.21413894), (0.01681576, 0.00485215, 0.00560018)),
]
SLOW = {"order2-corrected", "HeavyBall order2"}
CASES = [
    pytest.param(
        *row, id=f"{row[0]}-{row[1]}", marks=slow if SLOW & {row[1], f"{type(row[0]).__name__} {row[1]}"} else ()
    )
    for row in TABLE
]


@pytest.mark.parametrize(("page", "column", "mean", "cov"), CASES)
def test_means_and_covariances_on_the_quadratic(page: Any, column: str, mean: Any, cov: Any) -> None:
    """Theory A, section 7, the table; in the state of PyTorch its heavy ball has lr = ε² and momentum = 1 - ε μ̂."""
    found = run(page, TILTED, column, 2.0, 0.1 / 16)
    assert_within(found.mean, found.mean_error, mean)
    assert_within(upper(found.cov), upper(found.cov_error), cov)


STATIONARY = [
    (so.SGD(0.2), "discrete", 10.0, (0.05555556, 0.01538462, 0.01875)),
    (so.SGD(0.2), "order1", 10.0, (0.05, 0.01333333, 0.015)),
    (so.SGD(0.2), "order2", 10.0, (0.04545455, 0.01142857, 0.0125)),
    (USAM5, "discrete", 8.0, (0.04054054, 0.01224490, 0.01875)),
    (USAM5, "order1", 8.0, (0.0375, 0.01090909, 0.015)),
]


@pytest.mark.parametrize(("page", "column", "horizon", "cov"), STATIONARY)
def test_stationary_covariances(page: Any, column: str, horizon: float, cov: Any) -> None:
    """Theory A, item 1."""
    found = run(page, TILTED, column, horizon, page.clock / 16)
    assert_within(upper(found.cov), upper(found.cov_error), cov)


@pytest.mark.parametrize(("column", "variance"), [("discrete", 0.131944444), ("order1", 0.125)])
def test_stationary_variance_of_the_heavy_ball(column: str, variance: float) -> None:
    """Theory A, item 2: η = 0.1, μ = 0.9, h = 2, s² = 1/2."""
    problem = so.Problem(so.Quadratic([2.0, 2.0]), so.Gaussian(cov=0.5 * np.eye(2)), x0=[0.0, 0.0])
    page = so.HeavyBall(0.1, 0.9)
    found = run(page, problem, column, 160 * page.clock, page.clock / 16)
    assert_within(np.diag(found.cov), np.diag(found.cov_error), [variance, variance])


@pytest.mark.slow
@pytest.mark.parametrize("column", ["discrete", "order1"])
def test_stationary_variance_of_noisy_sam(column: str) -> None:
    """Theory A, item 7: Var/η -> (0.158049, 0.096692) as η -> 0, with an error O(η) that extrapolation removes."""
    problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 0.5]), x0=[0.0, 0.0])
    paths = 2 * PATHS if column == "discrete" else PATHS // 10
    ratio, error = np.zeros(2), np.zeros(2)
    for lr, weight in ((0.04, -1.0), (0.02, 2.0)):
        found = run(so.SAM(lr, 0.2), problem, column, 4.0, lr / 4, paths)
        ratio += weight * np.diag(found.cov) / lr / (0.158049, 0.096692)
        error = np.hypot(error, weight * np.diag(found.cov_error) / lr / (0.158049, 0.096692))
    assert_within(ratio, error, [1.0, 1.0], known=1e-3)


# ---- theory B, section 7: f = (x₁² + 2x₂²)/2, noise of scales (0.5, 0.8), one unit of time from (1, -0.7)

SCALES = [0.5, 0.8]
FINE = 1.0 / 320.0  # Itô-Euler noise trails a diffusion that changes along the path: at 1/80 Var x₁ is 0.7 % too small


def signs(noise: Any, f: Any = None, x0: Any = (1.0, -0.7)) -> so.Problem:
    return so.Problem(so.Quadratic([1.0, 2.0]) if f is None else f, noise, x0=x0)


NORMAL = signs(so.Gaussian(SCALES))
COUPLED = signs(so.Gaussian(cov=[[0.25, 0.32], [0.32, 0.64]]))  # correlation 0.8
DISCRETE = {
    0.2: (0.12276988, 0.25177419, 0.26974311),
    0.1: (0.08506975, 0.26541934, 0.24679066),
    0.05: (0.06846816, 0.27141689, 0.23749324),
    0.025: (0.06072423, 0.27424400, 0.23308172),
}
FLOW = {
    0.2: (0.12363132, 0.28861860, 0.21799837),
    0.1: (0.08962816, 0.28312857, 0.22308855),
    0.05: (0.07179549, 0.28014089, 0.22584933),
    0.025: (0.06264670, 0.27857806, 0.22729809),
}


@pytest.mark.parametrize("lr", DISCRETE)
@pytest.mark.parametrize(("column", "numbers"), [("discrete", DISCRETE), ("order1", FLOW)], ids=["discrete", "order1"])
def test_signsgd_with_normal_noise(column: str, numbers: Any, lr: float) -> None:
    """Theory B, items 1 and 2: E f, E x₁ and Var x₁/η, exact on the lattice and spectral."""
    found = run(so.SignSGD(lr), NORMAL, column, 1.0, FINE)
    loss, x1, variance = numbers[lr]
    assert_within(found.loss, found.loss_error, loss)
    assert_within(found.mean[0], found.mean_error[0], x1)
    assert_within(found.cov[0, 0] / lr, found.cov_error[0, 0] / lr, variance)


TAILS = [
    (3.0, "discrete", 0.11540772, 0.30476611),
    (2.0, "discrete", 0.13246119, 0.33586524),
    (1.0, "discrete", 0.18644796, None),
    pytest.param(3.0, "order1", 0.12017178, 0.27673211, marks=slow),
    pytest.param(2.0, "order1", 0.13718913, 0.30615036, marks=slow),
    pytest.param(1.0, "order1", 0.19082423, None, marks=slow),
]


@pytest.mark.parametrize(("nu", "column", "loss", "variance"), TAILS)
def test_signsgd_with_heavy_tails(nu: float, column: str, loss: float, variance: float | None) -> None:
    """Theory B, item 3: Student-t noise at η = 0.1, down to noise without a mean."""
    found = run(so.SignSGD(0.1), signs(so.StudentT(nu, SCALES)), column, 1.0, FINE)
    assert_within(found.loss, found.loss_error, loss)
    if variance is not None:
        assert_within(found.cov[0, 0] / 0.1, found.cov_error[0, 0] / 0.1, variance)


@pytest.mark.parametrize(("lr", "covariance"), [(0.1, 0.08206836), (0.05, 0.07969907)])
def test_signsgd_with_correlated_noise(lr: float, covariance: float) -> None:
    """Theory B, item 4: Cov(x₁, x₂)/η. A coordinate at a time, correlated noise is like any other."""
    found = run(so.SignSGD(lr), COUPLED, "discrete", 1.0, lr)
    assert_within(found.cov[0, 1] / lr, found.cov_error[0, 1] / lr, covariance)
    assert_within(found.loss, found.loss_error, DISCRETE[lr][0])


@pytest.mark.slow
def test_the_sde_of_signsgd_with_correlated_noise() -> None:
    """Theory B, section 6.3: at η = 0.05 the SDE's Cov/η is 0.00389(10) below; a diagonal diffusion would leave 0."""
    found = run(so.SignSGD(0.05), COUPLED, "order1", 1.0, 0.0125, PATHS // 5)
    assert_within(found.cov[0, 1] / 0.05, found.cov_error[0, 1] / 0.05, 0.07969907 - 0.00389, known=1e-4)
    assert_within(found.loss, found.loss_error, FLOW[0.05][0])


VALLEY = [
    (so.Gaussian(cov=np.diag([0.25, 0.64])), 0.1, 0.22675948, 0.00700633),
    (so.Gaussian(cov=np.diag([0.25, 0.64])), 0.05, 0.21268083, 0.01636034),
    (so.Gaussian(cov=[[0.25, 0.32], [0.32, 0.64]]), 0.1, 0.22440907, 0.03181628),
    (so.Gaussian(cov=[[0.25, 0.32], [0.32, 0.64]]), 0.05, 0.21147281, 0.03964568),
    (so.StudentT(3.0, SCALES), 0.1, 0.32708466, None),
    (so.StudentT(3.0, SCALES), 0.05, 0.30880676, None),
]


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "lr", "loss", "covariance"), VALLEY)
def test_signsgd_in_the_valley(noise: Any, lr: float, loss: float, covariance: float | None) -> None:
    """Theory B, item 4: the mild Rosenbrock valley from (-0.5, 1)."""
    found = run(so.SignSGD(lr), signs(noise, so.Rosenbrock(), (-0.5, 1.0)), "discrete", 1.0, lr)
    assert_within(found.loss, found.loss_error, loss)
    if covariance is not None:
        assert_within(found.cov[0, 1] / lr, found.cov_error[0, 1] / lr, covariance)


def at_rest(noise: Any) -> so.Problem:
    """f = |x|²/2 from its minimum: two copies of one coordinate, and E f is the E x² of one."""
    return so.Problem(so.Quadratic([1.0, 1.0]), noise, x0=[0.0, 0.0])


RESTING = at_rest(so.Gaussian([1.0, 1.0]))
LEVELS = [
    (0.2, "discrete", 0.13333377),
    (0.2, "order1", 0.12285154),
    (0.1, "discrete", 0.06464824),
    (0.1, "order1", 0.06207853),
    (0.05, "discrete", 0.03182614),
]


@pytest.mark.parametrize(("lr", "column", "level"), LEVELS)
def test_stationary_signsgd(lr: float, column: str, level: float) -> None:
    """Theory B, item 5: E x² of table 6.1, and the identities E xμ = η/2 (chain), 2 E xμ = η E(1 - μ²) (SDE)."""
    found = run(so.SignSGD(lr), RESTING, column, 8.0, lr / 8)
    assert_within(found.loss, found.loss_error, level)
    x = found.final
    mu = RESTING.noise.mean_sign(RESTING.oracle, x, x)
    balance = x * mu - lr / 2.0 if column == "discrete" else 2.0 * x * mu - lr * (1.0 - mu * mu)
    assert_within(balance.mean(), balance.std() / np.sqrt(x.size), 0.0)


HEAVY_LEVELS = [
    (3.0, "discrete", 0.07108532),
    (3.0, "order1", 0.06844612),
    (2.0, "discrete", 0.07441045),
    (2.0, "order1", 0.07173650),
]


@pytest.mark.slow
@pytest.mark.parametrize(("nu", "column", "level"), HEAVY_LEVELS)
def test_stationary_signsgd_with_heavy_tails(nu: float, column: str, level: float) -> None:
    """Theory B, item 5, at η = 0.1."""
    found = run(so.SignSGD(0.1), at_rest(so.StudentT(nu, [1.0, 1.0])), column, 10.0, 0.0125)
    assert_within(found.loss, found.loss_error, level)


def resting(sigma: float) -> so.Problem:
    return at_rest(so.Gaussian([sigma, sigma]))


ADAPTIVE = [  # page, σ, measured E x²/η and its error (theory B, table 6.7)
    (so.RMSprop(0.02, 0.98), 1.0, 0.502, 0.004),
    (so.RMSpropW(0.02, 0.98, weight_decay=1.0), 1.0, 0.2512, 0.0012),
    (so.Adam(0.01, 0.99, 0.99), 1.0, 0.500, 0.005),
    (so.Adam(0.01, 0.96, 0.99), 1.0, 0.501, 0.005),
    (so.AdamW(0.01, 0.99, 0.99, weight_decay=1.0), 1.0, 0.1247, 0.0011),
    (so.AdamW(0.01, 0.96, 0.99, weight_decay=1.0), 1.0, 0.2026, 0.0013),
    (so.AdamW(0.01, 0.84, 0.99, weight_decay=1.0), 1.0, 0.2333, 0.0012),
    (so.AdamW(0.01, 0.96, 0.99, weight_decay=1.0), 4.0, 0.321, 0.003),
    (so.AdamW(0.01, 0.96, 0.99, weight_decay=1.0), 16.0, 0.375, 0.003),
]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "sigma", "level", "known"), ADAPTIVE)
def test_stationary_adaptive_methods(page: Any, sigma: float, level: float, known: float) -> None:
    """Theory B, item 10: the chain has the measured level, and both columns have the page's, which is right to O(η)."""
    columns = [run(page, resting(sigma), column, 12.0, page.lr / 2, PATHS // 2) for column in ("discrete", "full")]
    assert_within(columns[0].loss / page.lr, columns[0].loss_error / page.lr, level, known)
    formula = page.stationary(np.eye(1), np.array([[sigma**2]]))[0, 0]
    for found in columns:
        assert abs(found.loss - formula) < SIGMAS * found.loss_error + page.lr * formula
