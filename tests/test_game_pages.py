"""The two columns of the minimax family: steps by hand, moments on affine games, one step, orders, simulations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from minimax import (
    GAMES,
    PAGES,
    QUADRATIC,
    SDES,
    SIGMA,
    START,
    WIDE,
    flat,
    flow,
    hermite,
    increments,
    nest,
    parts,
    recursion,
)

import sdeopt as so
from sdeopt.core.oracle import Oracle
from sdeopt.theory import moments

# ---- the discrete column


@pytest.mark.parametrize("ratio", [1.0, 0.4])
@pytest.mark.parametrize("cls", [so.SGDA, so.AltGDA])
def test_descent_ascent_is_that_of_torch(cls: Any, ratio: float) -> None:
    """torch.optim.SGD on each player, ``maximize`` for the second, on the same noise."""
    torch = pytest.importorskip("torch")

    def phi(z: Any) -> Any:
        return z**2 / 4 - z**4 / 2 + z**6 / 6

    problem = so.Problem(so.NonlinearGame(), so.Gaussian(0.3))
    page, z = cls(0.05, ratio), np.array([0.6, 0.9])
    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in z)
    first, second = torch.optim.SGD([x], lr=0.05), torch.optim.SGD([y], lr=0.05 * ratio, maximize=True)
    for draw in np.random.default_rng(0).standard_normal((20, 2)):
        z = page.step(0, z, problem.oracle, (draw,))
        noise = 0.3 * draw
        for player in ([first, second],) if cls is so.SGDA else ([first], [second]):
            x.grad = y.grad = None
            (x * (y - 0.45) + phi(x) - phi(y) + noise[0] * x - noise[1] * y).backward()
            for optimizer in player:
                optimizer.step()
        assert [x.item(), y.item()] == pytest.approx(z, abs=1e-13)


def test_alternating_play_keeps_its_invariant() -> None:
    """Theory A, section 7, item 9: x² - ηλxy + y² = 1.88 for ηλ = 0.3 from (1, -0.8), forever."""
    o, z = so.Problem(so.BilinearGame(1.5)).oracle, np.array([1.0, -0.8])
    for _ in range(500):
        z = so.AltGDA(0.2).step(0, z, o, ())
        assert z[0] ** 2 - 0.3 * z[0] * z[1] + z[1] ** 2 == pytest.approx(1.88, abs=1e-12)


def test_smoothed_play_by_hand() -> None:
    """f = x²/2 + 3xy/2 - y²: the first player is pulled to its anchor, the second answers, both anchors follow."""
    problem = so.Problem(so.QuadraticGame([[1.0]], [[1.5]], [[2.0]]), so.Gaussian(0.3))
    page = so.SmoothedGDA(0.1, ratio=0.5, pull=0.7, follow=0.2)
    x, y, p, q = 1.0, -0.8, 0.4, 0.1
    state = np.array([x, y]), np.array([p, q])
    for draw in np.random.default_rng(1).standard_normal((3, 2)):
        x = x - 0.1 * (x + 1.5 * y + 0.3 * draw[0] + 0.7 * (x - p))
        y = y - 0.05 * (2.0 * y - 1.5 * x + 0.3 * draw[1])
        p, q = 0.8 * p + 0.2 * x, 0.8 * q + 0.2 * y
        state = page.step(0, state, problem.oracle, (draw,))
        assert np.concatenate(state) == pytest.approx([x, y, p, q], abs=1e-14)


def test_hamiltonian_descent_transposes_an_asymmetric_coupling() -> None:
    """Jᵀ F = ∇|F|²/2, where the published code has ∇²f without the transpose in the row of y."""
    f, z = GAMES["matrix"], np.linspace(-1.0, 1.0, 5)
    h, eye = 1e-4, np.eye(5)
    slope = [(np.sum(f.grad(z + h * e) ** 2) - np.sum(f.grad(z - h * e) ** 2)) / (4 * h) for e in eye]
    assert z - so.SHGD(1.0).step(0, z, so.Problem(f).oracle, ()) == pytest.approx(slope, abs=1e-9)


# ---- moments of both columns on affine games

TABLE = [  # page, game, SDE; after 20 steps of 0.1 and at t = 2: mean and (C11, C12, C22)
    (so.SGDA(0.1), so.BilinearGame(1.0), "order1", (0.35294478, 1.36986921), (0.06546724, 0.00105122, 0.11068479),
     (0.31129110, 1.24221490), (0.05967955, 0.00070019, 0.10032045)),
    (so.SGDA(0.1), so.BilinearGame(1.0), "order2", (0.35294478, 1.36986921), (0.06546724, 0.00105122, 0.11068479),
     (0.34402988, 1.37285978), (0.06602461, -0.00137862, 0.11109760)),
    (so.SEG(0.1, 0.1), QUADRATIC, "order1", (0.17858933, 0.28960190), (0.02155097, 0.01129089, 0.02414397),
     (0.20829474, 0.26827569), (0.01962362, 0.01059570, 0.02247125)),
    (so.SEG(0.1, 0.5), QUADRATIC, "order1", (0.19866821, -0.00811406), (0.01037166, 0.00678072, 0.01709440),
     (0.21313499, -0.02012495), (0.00976431, 0.00639355, 0.01621705)),
    (so.SEGIndependent(0.1, 0.5), QUADRATIC, "order1", (0.19866821, -0.00811406), (0.03544306, 0.01172627, 0.02338663),
     (0.21313499, -0.02012495), (0.03353537, 0.01117455, 0.02217799)),
    (so.SHGD(0.1), QUADRATIC, "order1", (0.06153394, 0.02282410), (0.01015047, 0.00090124, 0.03357358),
     (0.07073761, 0.02092711), (0.00940608, 0.00142148, 0.03031610)),
]  # fmt: skip


def upper(cov: Any) -> list[float]:
    return [cov[0, 0], cov[0, 1], cov[1, 1]]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}-{row[2]}")
def test_twenty_steps_and_two_units_of_time(row: Any) -> None:
    """Theory A, section 7, the table."""
    page, f, sde, mean, cov, flow, spread = row
    A, Q = recursion(page, f, SIGMA)
    m, C = START, np.zeros((2, 2))
    for _ in range(20):
        m, C = A @ m, A @ C @ A.T + Q
    assert m == pytest.approx(mean, abs=6e-9)
    assert upper(C) == pytest.approx(cov, abs=6e-9)
    form = page.sdes[sde].linear(page, f.J, SIGMA, f.minimising)
    means, covs = moments(*form, START, np.zeros((2, 2)), [2.0])
    assert means[0] == pytest.approx(flow, abs=6e-9)
    assert upper(covs[0]) == pytest.approx(spread, abs=6e-9)


def test_two_samples_halve_the_noise_of_hamiltonian_descent() -> None:
    one, two = (recursion(page, QUADRATIC, SIGMA) for page in (so.SHGD(0.1), so.SHGD2(0.1)))
    assert two[0] == pytest.approx(one[0], abs=1e-15)
    assert two[1] == pytest.approx(one[1] / 2.0, abs=1e-15)


@pytest.mark.parametrize(("cls", "name"), SDES, ids=[f"{c.__name__}-{n}" for c, n in SDES])
def test_linear_forms_are_the_coefficients_of_the_page(cls: Any, name: str) -> None:
    """On a game of 2 + 3 numbers with correlated noise and unlike hyperparameters."""
    f, d = WIDE, 5
    root = np.random.default_rng(2).standard_normal((d, d))
    Sigma = root @ root.T
    page = cls(*np.array([0.1, 0.4, 0.7, 0.2])[: len(cls._fields)])
    o, m = Oracle(f, so.Gaussian(cov=Sigma)), len(page.parts) * d
    rest = np.tile(f.center, len(page.parts))
    sde = page.sdes[name]
    drift = np.array([flat(sde.drift(page, 0.0, parts(page, rest + e), o)) for e in np.eye(m)]).T
    kicks = [flat(sde.diffusion(page, 0.0, parts(page, rest + 1.0), o, increments(page, e)))
             for e in np.eye(page.samples * d)]  # fmt: skip
    A, D = sde.linear(page, f.J, Sigma, f.minimising)
    assert drift == pytest.approx(-A, abs=1e-12)
    assert np.array(kicks).T @ np.array(kicks) == pytest.approx(D, abs=1e-12)


@pytest.mark.parametrize("cls", PAGES)
def test_a_step_on_an_affine_game_has_the_covariance_of_the_sde(cls: Any) -> None:
    """Exactly, to leading order: alternation is felt at a relative O(η). With Σ in the place of JᵀΣJ the error is 1."""
    page = cls(1e-7) if cls not in (so.SEG, so.SEGIndependent) else cls(1e-7, -0.6)
    _, Q = recursion(page, QUADRATIC, SIGMA)
    _, D = page.sdes[page.default_sde].linear(page, QUADRATIC.J, SIGMA, QUADRATIC.minimising)
    assert Q[:2, :2] / 1e-7 == pytest.approx(D[:2, :2], rel=1e-6)


# ---- orders


@pytest.mark.parametrize("cls", PAGES)
def test_one_step_on_a_curved_game(cls: Any) -> None:
    """Mean and covariance of a step, exact by quadrature (F has degree 5), against the SDE: what is left is O(η).

    Σ in the place of JᵀΣJ, or J in that of Jᵀ, would leave an error of order 1, and Σ in the place of
    (I - ρJ)Σ(I - ρJ)ᵀ one of order ρ ~ √η.
    """
    o, x = Oracle(so.NonlinearGame(), so.Gaussian(cov=SIGMA)), np.array([0.6, 0.9])
    rule = hermite(2 * cls.samples, 8 if cls.samples == 1 else 6)
    errors = []
    for lr in (1e-3, 1e-5):
        page = cls(0.1).scaled(lr) if hasattr(cls, "scaled") else cls(lr)
        y = (x, x - 0.3) if len(page.parts) == 2 else x
        moves = np.array([flat(page.step(0, y, o, nest(page, z))) - flat(y) for z, _ in rule])
        weights = np.array([w for _, w in rule])
        mean = weights @ moves
        cov = (moves - mean).T * weights @ (moves - mean)
        sde = page.sdes[page.default_sde]
        drift = lr * flat(sde.drift(page, 0.0, y, o))
        kicks = [flat(sde.diffusion(page, 0.0, y, o, increments(page, e))) for e in np.eye(2 * page.samples)]
        noise = lr * np.array(kicks).T @ np.array(kicks)
        errors.append(
            [np.linalg.norm(mean - drift) / np.linalg.norm(drift), np.linalg.norm(cov - noise) / np.linalg.norm(noise)]
        )
    coarse, fine = np.array(errors)
    assert (fine < 0.013 * coarse + 1e-9).all(), errors
    assert (coarse < 0.1).all(), errors


@pytest.mark.parametrize(("cls", "name"), SDES, ids=[f"{c.__name__}-{n}" for c, n in SDES])
def test_orders_without_noise(cls: Any, name: str) -> None:
    """Slopes of the error of both numbers at t = 1 on the curved game, in the regime of each SDE, ratio 0.4."""
    o, x = so.Problem(so.NonlinearGame()).oracle, np.array([0.6, 0.9])
    order, gaps = cls.sdes[name].order, []
    for lr in (1 / 200, 1 / 400):
        page = cls(lr)
        if "ratio" in cls._fields:
            page = page._replace(ratio=0.4)
        if "follow" in cls._fields:
            page = page._replace(follow=2.0 * lr)
        if "rho" in cls._fields:
            page = page._replace(rho=1.5 * lr if order == 2 else 0.4 * np.sqrt(lr))
        y = page.init(x, o) if hasattr(page, "init") else x
        start = y
        for _ in range(round(1 / lr)):
            y = page.step(0, y, o, ((), ()) if page.samples == 2 else ())
        gaps.append(np.abs(flat(y) - flow(page, name, o, start, 1.0))[:2])
    slopes = np.log2(gaps[0] / gaps[1])
    assert slopes == pytest.approx([order] * 2, abs=0.12), gaps


@pytest.mark.parametrize(("cls", "name"), SDES, ids=[f"{c.__name__}-{n}" for c, n in SDES])
def test_orders_with_noise(cls: Any, name: str) -> None:
    """Exact moments on the quadratic game at t = 2: the mean's gap has the slope claimed, the covariance's slope 2.

    A wrong diffusion has 1 there. ρ is fixed at 0.4, as it may be on an affine field; the ratio is 0.4 too.
    """
    gaps, n = [], len(cls.parts)
    for lr in (1 / 200, 1 / 400):
        page = cls(*np.array([lr, 0.4, 0.7, 2.0 * lr])[: len(cls._fields)])
        A, Q = recursion(page, QUADRATIC, SIGMA)
        m, C = np.tile(START, n), np.zeros_like(A)
        for _ in range(round(2 / lr)):
            m, C = A @ m, A @ C @ A.T + Q
        form = page.sdes[name].linear(page, QUADRATIC.J, SIGMA, QUADRATIC.minimising)
        means, covs = moments(*form, np.tile(START, n), np.zeros_like(A), [2.0])
        gaps.append([np.linalg.norm((m - means[0])[:2]), np.linalg.norm((C - covs[0])[:2, :2])])
    slopes = np.log2(np.divide(*gaps))
    assert slopes == pytest.approx([cls.sdes[name].order, 2.0], abs=0.05)


# ---- simulated


@pytest.mark.slow
@pytest.mark.parametrize("cls", PAGES)
def test_every_page_is_compared(cls: Any) -> None:
    """On the curved game, where theory has nothing: simulated means and variances of both columns agree.

    At ρ = 0.03 those of SEG do not (|x|² late is 12.6 % off): the SDE leaves O(ρ²) out.
    """
    problem = so.Problem(so.NonlinearGame(), so.Gaussian(0.1))
    page = cls(0.01, 0.01) if "rho" in cls._fields else cls(0.01)
    report = so.compare(page, problem, horizon=1.0, paths=4000, rng=0)
    assert report.verdict == "agree", report
