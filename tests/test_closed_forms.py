"""The closed forms of the pages: numbers of the theory, and the pages' own coefficients linearised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.core.oracle import Oracle
from sdeopt.theory import moments, stationary, transition

H = np.diag([1.0, 2.0])
SIGMA = np.array([[0.5, 0.2], [0.2, 0.3]])
START = np.array([1.0, -0.8])
BENT = np.array([[1.2, 0.4], [0.4, 0.9]])  # shares no axes with SIGMA


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else np.asarray(y)


def parts(page: Any, y: Any) -> Any:
    return tuple(np.split(y, len(page.parts))) if len(page.parts) > 1 else y


def recursion(page: Any, H: Any, Sigma: Any) -> tuple[Any, Any]:
    """y' = F y + noise of covariance Q: what a page's step is on a quadratic, read off its own code."""
    o = Oracle(so.Quadratic(H), so.Gaussian(cov=Sigma))
    m = len(page.parts) * 2
    quiet = (np.zeros(2),)
    F = np.array([flat(page.step(0, parts(page, e), o, quiet)) for e in np.eye(m)]).T
    B = np.array([flat(page.step(0, parts(page, np.zeros(m)), o, (e,))) for e in np.eye(2)]).T
    return F, B @ B.T


def after(page: Any, steps: int) -> tuple[Any, Any]:
    F, Q = recursion(page, H, SIGMA)
    mean, cov = np.concatenate([START, np.zeros(len(F) - 2)]), np.zeros_like(F)
    for _ in range(steps):
        mean, cov = F @ mean, F @ cov @ F.T + Q
    return mean[:2], cov[:2, :2]


def upper(cov: Any) -> list[float]:
    return [cov[0, 0], cov[0, 1], cov[1, 1]]


STEPS = {  # 20 steps on the quadratic H with noise SIGMA from START: mean and covariance of x
    "SGD": (so.SGD(0.1), [0.12157665, -0.00922337], [0.02592682, 0.00713285, 0.00833223]),
    "USAM 0.1": (so.USAM(0.1, 0.1), [0.09722997, -0.00330645], [0.02882542, 0.00815494, 0.01022710]),
    "USAM 0.5": (so.USAM(0.1, 0.5), [0.03875953, -0.00002925], [0.04047964, 0.01224488, 0.01875000]),
    "HeavyBall": (so.HeavyBall(0.01, 0.9), [0.11782218, 0.21653707], [0.02101400, 0.00597632, 0.00686333]),
}
FLOWS = [  # their SDEs at t = 2
    ("SGD", "order1", [0.13533528, -0.01465251], [0.02454211, 0.00665014, 0.00749748]),
    ("SGD", "order2", [0.12245643, -0.00982187], [0.02345249, 0.00614459, 0.00681715]),
    ("SGD", "order2-corrected", [0.12245643, -0.00982187], [0.02585637, 0.00709701, 0.00824876]),
    ("USAM 0.1", "order1", [0.11080316, -0.00658380], [0.02716237, 0.00753598, 0.00899939]),
    ("USAM 0.5", "order1", [0.04978707, -0.00026837], [0.03740705, 0.01090891, 0.01500000]),
    ("USAM 0.5", "moments", [0.04978707, -0.00026837], [0.03740705, 0.01090891, 0.01500000]),
    ("HeavyBall", "order1", [0.15057437, 0.20593711], [0.02003830, 0.00582558, 0.00674043]),
    ("HeavyBall", "order2", [0.12109270, 0.21413894], [0.01681576, 0.00485215, 0.00560018]),
]


@pytest.mark.parametrize("name", STEPS)
def test_twenty_steps(name: str) -> None:
    page, mean, cov = STEPS[name]
    found = after(page, 20)
    assert found[0] == pytest.approx(mean, abs=6e-9)
    assert upper(found[1]) == pytest.approx(cov, abs=6e-9)


@pytest.mark.parametrize(("name", "sde", "mean", "cov"), FLOWS, ids=[f"{n}-{s}" for n, s, _, _ in FLOWS])
def test_two_units_of_time(name: str, sde: str, mean: list[float], cov: list[float]) -> None:
    page = STEPS[name][0]
    assert page.clock == pytest.approx(0.1, rel=1e-15)
    A, D = page.sdes[sde].linear(page, H, SIGMA)
    first = np.concatenate([START, np.zeros(len(A) - 2)])
    means, covs = moments(A, D, first, np.zeros_like(A), [2.0])
    assert means[0, :2] == pytest.approx(mean, abs=6e-9)
    assert upper(covs[0, :2, :2]) == pytest.approx(cov, abs=6e-9)


LINEAR = [
    (page, sde)
    for page in (so.SGD(0.1), so.USAM(0.1, 0.3), so.HeavyBall(0.04, 0.7))
    for sde in page.sdes
    if page.sdes[sde].linear
]


@pytest.mark.parametrize(("page", "sde"), LINEAR, ids=[f"{type(p).__name__}-{s}" for p, s in LINEAR])
def test_linear_is_the_sde_on_a_quadratic(page: Any, sde: str) -> None:
    o = Oracle(so.Quadratic(BENT, center=[0.3, -0.2]), so.Gaussian(cov=SIGMA))
    law, m = page.sdes[sde], 2 * len(page.parts)
    A, D = law.linear(page, BENT, SIGMA)
    center = np.concatenate([o.objective.center, np.zeros(m - 2)])
    drift = np.array([flat(law.drift(page, 0.0, parts(page, center + e), o)) for e in np.eye(m)]).T
    assert np.allclose(drift, -A, rtol=1e-13, atol=1e-13)
    silent = tuple(np.zeros(2) for _ in law.brownian[1:])
    kicks = [flat(law.diffusion(page, 0.0, parts(page, center), o, (e, *silent) if silent else e)) for e in np.eye(2)]
    assert np.allclose(np.array(kicks).T @ np.array(kicks), D, rtol=1e-13, atol=1e-15)


def ladder(error: Any) -> Any:
    return np.array([error(0.02), error(0.01)])


@pytest.mark.parametrize(("sde", "order", "spread"), [("order1", 1, 1), ("order2", 2, 1), ("order2-corrected", 2, 2)])
def test_local_errors_of_the_sdes_of_sgd(sde: str, order: int, spread: int) -> None:
    """Over one step the mean is off by O(η^{order + 1}), the covariance by a relative O(η^spread)."""

    def errors(lr: float) -> Any:
        page = so.SGD(lr)
        phi, cov = transition(*page.sdes[sde].linear(page, BENT, SIGMA), lr)
        return [np.linalg.norm(phi - np.eye(2) + lr * BENT), np.linalg.norm(cov / lr**2 - SIGMA)]

    coarse, fine = ladder(errors)
    assert np.log2(coarse / fine) == pytest.approx([order + 1, spread], abs=0.05)


@pytest.mark.parametrize(("sde", "order"), [("order1", 1), ("order2", 2)])
def test_local_errors_of_the_sdes_of_the_heavy_ball(sde: str, order: int) -> None:
    """The same in h = √η, with the velocity √η v and 1 - μ = 0.7 √η."""

    def error(h: float) -> Any:
        page, scale = so.HeavyBall(h * h, 1.0 - 0.7 * h), np.array([1.0, 1.0, h, h])
        phi, _ = transition(*page.sdes[sde].linear(page, BENT, SIGMA), page.clock)
        return np.linalg.norm(scale[:, None] * (phi - recursion(page, BENT, SIGMA)[0]) / scale)

    coarse, fine = ladder(error)
    assert np.log2(coarse / fine) == pytest.approx(order + 1, abs=0.05)


def test_noise_correction_is_the_gradient_of_the_trace() -> None:
    """∂_i tr(ΣH) = Σ_ii (6λx_i - 2ξ) on the embedded saddle."""
    f, x, page = so.EmbeddedSaddle(), np.array([0.4, 1.0]), so.SGD(0.3)
    o = Oracle(f, so.Gaussian(cov=SIGMA))
    gap = page.sdes["order2-corrected"].drift(page, 0.0, x, o) - page.sdes["order2"].drift(page, 0.0, x, o)
    assert np.allclose(gap, 0.3**2 / 4 * np.diag(SIGMA) * (6.0 * f.quartic * x - 2.0 * f.cubic), rtol=1e-10)


def test_noise_correction_keeps_order_two_where_noise_dominates() -> None:
    """With Σ = S/η the corrected SDE's first two moments over a step are off by O(η³), those of order2 by O(η²)."""
    f, S, x, h = so.EmbeddedSaddle([-0.5]), 0.4, 0.7, 1e-3

    def errors(sde: str, lr: float) -> Any:
        page, o = so.SGD(lr), Oracle(f, so.Gaussian(cov=[[S / lr]]))
        law = page.sdes[sde]

        def generator(phi: Any) -> Any:
            def image(y: float) -> float:
                b = law.drift(page, 0.0, np.array([y]), o)[0]
                a = law.diffusion(page, 0.0, np.array([y]), o, np.ones(1))[0] ** 2
                up, mid, down = phi(y + h), phi(y), phi(y - h)
                return float(b * (up - down) / (2 * h) + a / 2 * (up - 2 * mid + down) / h**2)

            return image

        mean = x - lr * f.grad(np.array([x]))[0]
        found = []
        for phi, exact in ((lambda y: y, mean), (lambda y: y * y, mean**2 + lr * S)):
            once = generator(phi)
            found.append(abs(x ** (1 + len(found)) + lr * once(x) + lr**2 / 2 * generator(once)(x) - exact))
        return np.array(found)

    orders = {sde: np.log2(errors(sde, 0.02) / errors(sde, 0.01)) for sde in ("order2", "order2-corrected")}
    assert (orders["order2-corrected"] > 2.8).all(), orders
    assert (orders["order2"] < 2.2).all(), orders


def test_stationary_numbers_of_sgd_usam_and_heavy_ball() -> None:
    from scipy.linalg import solve_discrete_lyapunov

    def both(page: Any, sde: str, H: Any, Sigma: Any) -> tuple[Any, Any]:
        return solve_discrete_lyapunov(*recursion(page, H, Sigma)), stationary(*page.sdes[sde].linear(page, H, Sigma))

    step, flow = both(so.SGD(0.2), "order1", H, SIGMA)
    assert upper(step) == pytest.approx([0.05555556, 0.01538462, 0.01875], abs=6e-9)
    assert upper(flow) == pytest.approx([0.05, 0.01333333, 0.015], abs=6e-9)
    assert upper(both(so.SGD(0.2), "order2", H, SIGMA)[1]) == pytest.approx([0.04545455, 0.01142857, 0.0125], abs=6e-9)
    step, flow = both(so.USAM(0.1, 0.5), "order1", H, SIGMA)
    assert upper(step) == pytest.approx([0.04054054, 0.01224490, 0.01875], abs=6e-9)
    assert upper(flow) == pytest.approx([0.0375, 0.01090909, 0.015], abs=6e-9)
    step, flow = both(so.HeavyBall(0.1, 0.9), "order1", np.diag([2.0, 2.0]), 0.5 * np.eye(2))
    assert (step[0, 0], flow[0, 0]) == pytest.approx((0.131944444, 0.125), abs=6e-10)
    assert (step[2, 2], flow[2, 2]) == pytest.approx((2.77777778, 2.5), abs=6e-9)


DIAGONAL = np.diag([0.49, 4.0])
LAWS = {  # page, and its stationary variance on f = h x²/2 with noise s²
    "SignSGD": (so.SignSGD(0.02), lambda h, s: 0.01 * np.sqrt(np.pi / 2.0) * s / h),
    "RMSprop": (so.RMSprop(0.02), lambda h, s: 0.01 * s / h),
    "RMSpropW": (so.RMSpropW(0.02, weight_decay=0.8), lambda h, s: 0.01 / (h / s + 0.8)),
    "Adam": (so.Adam(0.02, 0.97), lambda h, s: 0.01 * s / h),
    "AdamW": (so.AdamW(0.02, 0.97, weight_decay=0.8), lambda h, s: 0.01 * 1.5 / (1.5 + 0.8) / (h / s + 0.8)),
}


@pytest.mark.parametrize("name", LAWS)
def test_stationary_variance_of_one_coordinate(name: str) -> None:
    page, formula = LAWS[name]
    assert np.allclose(page.stationary(H, DIAGONAL), np.diag(formula(np.diag(H), np.array([0.7, 2.0]))), rtol=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_stationary_covariance_is_that_of_the_linearised_page(name: str) -> None:
    """Around x = 0, m = 0, v = diag Σ, at late times, correlated noise and a Hessian with other axes."""
    page, o = LAWS[name][0], Oracle(so.Quadratic(BENT), so.Gaussian(cov=SIGMA))
    page = page._replace(eps=0.0) if "eps" in page._fields else page
    law, m, h = page.sdes[page.default_sde], 2 * len(page.parts), 1e-5
    rest = np.concatenate([np.zeros(m - 2), np.diag(SIGMA)]) if m > 2 else np.zeros(2)

    def drift(y: Any) -> Any:
        return flat(law.drift(page, 1e6, parts(page, y), o))

    A = -np.array([(drift(rest + h * e) - drift(rest - h * e)) / (2.0 * h) for e in np.eye(m)]).T
    increments = np.eye(2 * len(law.brownian))
    split = [(e[:2], e[2:]) if len(e) > 2 else e for e in increments]
    kicks = np.array([flat(law.diffusion(page, 1e6, parts(page, rest), o, dw)) for dw in split])
    assert np.allclose(stationary(A, kicks.T @ kicks)[:2, :2], page.stationary(BENT, SIGMA), rtol=1e-6)


def test_measured_stationary_variances_of_adamw() -> None:
    """Var/η for λ = θ = 1: (ρ₁, σ) -> the refined formula that long ensembles met within their error of 1 %."""
    table = {(1.0, 1.0): 0.1250, (4.0, 1.0): 0.2000, (16.0, 1.0): 0.2353, (4.0, 4.0): 0.320, (4.0, 16.0): 0.3765}
    for (rho, sigma), expected in table.items():
        page = so.AdamW(0.01, 1.0 - 0.01 * rho, weight_decay=1.0)
        found = page.stationary(np.eye(1), np.array([[sigma**2]]))[0, 0] / 0.01
        assert found == pytest.approx(expected, abs=6e-5)


def test_stationary_variance_of_sam() -> None:
    found = so.SAM(0.01, 0.2).stationary(H, 0.25 * np.eye(2)) / 0.01
    assert np.diag(found) == pytest.approx([0.158049, 0.096692], abs=6e-7)
    with pytest.raises(ValueError, match=r"closed form for Sigma = s²I only"):
        so.SAM(0.01).stationary(H, SIGMA)


@pytest.mark.parametrize(("rho", "escapes"), [(0.22, True), (0.25, True), (0.2513, False), (0.3, False)])
def test_noise_decides_whether_sam_leaves_a_saddle(rho: float, escapes: bool) -> None:
    """h = -1, σ = 0.2, d = 1: the threshold is σ/(m₁|h|) = 0.2/√(2/π) = 0.2507."""
    o = Oracle(so.Quadratic([-1.0]), so.Gaussian(0.2))
    assert bool(so.SAM(0.1, rho).drift(0.0, np.array([1e-4]), o)[0] > 0.0) == escapes
