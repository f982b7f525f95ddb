"""Games: the objectives, the pages of the minimax family, their closed forms, and what the two columns share."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import sdeopt as so
from sdeopt.comparison.overlay import theory
from sdeopt.core.oracle import Oracle
from sdeopt.engine.simulate import plan
from sdeopt.objectives.spec import parse
from sdeopt.theory import games, moments, stationary

SIGMA = np.array([[0.5, 0.2], [0.2, 0.3]])
QUADRATIC = so.QuadraticGame(a=0.5, coupling=1.0, b=1.0)
POINT = np.random.default_rng(5)
BLOCKS = POINT.standard_normal((2, 2)), POINT.standard_normal((2, 3))
WIDE = so.QuadraticGame(BLOCKS[0] + BLOCKS[0].T, BLOCKS[1], [1.0, 2.0, 0.5], center=[0.3, -0.2, 0.5, 1.0, -1.0])
USER = so.Game(
    value=lambda z: z[0] * z[0] * z[1],
    grad=lambda z: np.array([2.0 * z[0] * z[1], -z[0] * z[0]]),
    hvp=lambda z, v: np.array([2.0 * z[1] * v[0] + 2.0 * z[0] * v[1], -2.0 * z[0] * v[0]]),
    vjp=lambda z, v: np.array([2.0 * z[1] * v[0] - 2.0 * z[0] * v[1], 2.0 * z[0] * v[0]]),
    minimisers=1,
    dim=2,
)
GAMES = {
    "bilinear": so.BilinearGame(2.0),
    "matrix": so.BilinearGame(BLOCKS[1]),
    "quadratic": QUADRATIC,
    "wide": WIDE,
    "nonlinear": so.NonlinearGame(),
    "gan": so.DiracGAN(),
    "penalised gan": so.DiracGAN(2, penalty=0.5),
    "user": USER,
}
PAGES = [so.SGDA, so.AltGDA, so.SmoothedGDA, so.SEG, so.SEGIndependent, so.SHGD, so.SHGD2]
SDES = [(cls, name) for cls in PAGES for name in cls.sdes]


def flat(y: Any) -> Any:
    return np.concatenate(y) if isinstance(y, tuple) else np.asarray(y)


def parts(page: Any, y: Any) -> Any:
    return tuple(np.split(y, len(page.parts))) if len(page.parts) > 1 else y


def nest(page: Any, draws: Any) -> Any:
    """Standard normals as the step of the page takes them."""
    return tuple((z,) for z in np.split(draws, 2)) if page.samples == 2 else (draws,)


def increments(page: Any, dw: Any) -> Any:
    return tuple(np.split(dw, 2)) if page.samples == 2 else dw


def recursion(page: Any, f: Any, Sigma: Any) -> tuple[Any, Any]:
    """y' = A y + noise of covariance Q: a step on an affine game around 0, read off the page's own code."""
    o = Oracle(f, so.Gaussian(cov=Sigma))
    m, n = len(page.parts) * f.dim, page.samples * f.dim
    A = np.array([flat(page.step(0, parts(page, e), o, nest(page, np.zeros(n)))) for e in np.eye(m)]).T
    B = np.array([flat(page.step(0, parts(page, np.zeros(m)), o, nest(page, e))) for e in np.eye(n)]).T
    return A, B @ B.T


# ---- objectives


@pytest.mark.parametrize("f", GAMES.values(), ids=GAMES)
def test_field_and_jacobians_are_derivatives_of_the_payoff(f: Any) -> None:
    """Central differences: h²/6 times a third derivative of at most 100 and eps/h times the function, below 1e-8."""
    x, h = f.start + np.random.default_rng(f.dim).standard_normal(f.dim), 6e-6
    sign, eye = 2.0 * f.players(x) - 1.0, np.eye(f.dim)
    slope = np.array([(f.value(x + h * e) - f.value(x - h * e)) / (2 * h) for e in eye])
    jacobian = np.array([(f.grad(x + h * e) - f.grad(x - h * e)) / (2 * h) for e in eye]).T
    assert f.grad(x) == pytest.approx(sign * slope, abs=1e-8)
    assert f.hessian(x) == pytest.approx(jacobian, abs=1e-8)
    assert np.array([f.vjp(x, e) for e in eye]) == pytest.approx(f.hessian(x), abs=1e-14)
    assert set(f.players(x)) == {0.0, 1.0}
    assert np.isfinite(f.start).all()
    assert so.Problem(f).dim == f.dim


def test_payoffs_by_hand() -> None:
    z = np.array([1.0, -1.0])
    assert QUADRATIC.value(z) == 0.25 - 1.0 - 0.5
    assert so.NonlinearGame().value(np.array([1.0, 0.0])) == pytest.approx(-0.45 + 1 / 4 - 1 / 2 + 1 / 6, abs=1e-15)
    far = so.DiracGAN(penalty=0.5).value(np.array([40.0, -40.0]))  # ℓ(-1600) = -1600
    assert far == pytest.approx(-1600.0 - np.log(2.0) - 400.0, abs=1e-10)
    assert WIDE.grad(np.array(WIDE.center)).tolist() == [0.0] * 5


def test_specs_name_games() -> None:
    specs = ["bilinear-game:2", "quadratic-game:a=0.5,coupling=1,b=1", "nonlinear-game", "dirac-gan:size=2,penalty=0.5"]
    shown = [repr(parse(spec)) for spec in specs]
    assert shown == [repr(GAMES[name]) for name in ("bilinear", "quadratic", "nonlinear", "penalised gan")]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: so.QuadraticGame([[1.0, 2.0], [0.0, 1.0]], np.ones((2, 1))), "a must be symmetric"),
        (lambda: so.QuadraticGame(1.0, np.ones((2, 3)), b=[1.0, 2.0]), "b must have 3 rows"),
        (lambda: so.BilinearGame([1.0, 2.0]), "coupling"),
        (lambda: so.DiracGAN(0), "size"),
        (lambda: so.DiracGAN(penalty=-1.0), "penalty"),
        (lambda: so.Game(grad=lambda z: z, minimisers=2, dim=2), "minimisers must be below dim = 2"),
        (lambda: so.Game(grad=lambda z: z, hvp=lambda z, v: v, vjp=lambda z, v: -v, minimisers=1, dim=2), "transpose"),
        (lambda: so.SGDA(0.1, ratio=0.0), "SGDA: ratio"),
        (lambda: so.SmoothedGDA(0.1, follow=1.5), "SmoothedGDA: follow"),
        (lambda: so.SEG(0.1, rho=np.nan), "SEG: rho"),
        (lambda: so.USAM(0.1, rho=-0.1), "USAM: rho"),
        (lambda: games.sgda(a=-1.0, coupling=1.0, lr=0.1, sigma=1.0).stationary(), "no stationary level"),
        (lambda: games.matching_rho(a=1.0, coupling=-1.0), "differ in size"),
        (lambda: games.sgda(a=1.0, coupling=1.0, lr=0.1, sigma=1.0).at(1.0, 1.0, power=2.0), "power"),
    ],
)
def test_bad_input_is_refused(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(("page", "question"), [(so.SGDA(0.1), "players"), (so.SHGD(0.1), "vjp")])
def test_an_ordinary_objective_is_no_game(page: Any, question: str) -> None:
    with pytest.raises(ValueError, match=f"Quadratic is not a game, so it has no {question}"):
        so.simulate(page, so.Problem(so.Quadratic([1.0, 2.0])), steps=2, paths=2)


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

START = np.array([1.0, -0.8])
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


def hermite(d: int, n: int) -> list[tuple[Any, float]]:
    points, weights = np.polynomial.hermite_e.hermegauss(n)
    nodes = itertools.product(zip(points, weights / weights.sum(), strict=True), repeat=d)
    return [(np.array([z for z, _ in node]), float(np.prod([w for _, w in node]))) for node in nodes]


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


def flow(page: Any, name: str, o: Any, y: Any, t: float, n: int = 200) -> Any:
    """The noise-free SDE at time t, by Runge-Kutta of order 4."""

    def slope(v: Any) -> Any:
        return flat(page.sdes[name].drift(page, 0.0, parts(page, v), o))

    v, h = flat(y), t / n
    for _ in range(n):
        a = slope(v)
        b = slope(v + h / 2 * a)
        c = slope(v + h / 2 * b)
        v = v + h / 6 * (a + 2 * b + 2 * c + slope(v + h * c))
    return v


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


# ---- closed forms

BOTH = [  # level of theory, page that has it
    (lambda a, c: games.sgda(a=a, coupling=c, lr=0.02, sigma=0.7), so.SGDA(0.02)),
    (lambda a, c: games.seg(a=a, coupling=c, lr=0.02, sigma=0.7, rho=0.3), so.SEG(0.02, 0.3)),
    (lambda a, c: games.seg(a=a, coupling=c, lr=0.02, sigma=0.7, rho=-0.3), so.SEG(0.02, -0.3)),
    (lambda a, c: games.seg(a=a, coupling=c, lr=0.02, sigma=0.7, rho=0.3, samples=2), so.SEGIndependent(0.02, 0.3)),
    (lambda a, c: games.shgd(a=a, coupling=c, lr=0.02, sigma=0.7), so.SHGD(0.02)),
    (lambda a, c: games.shgd(a=a, coupling=c, lr=0.02, sigma=0.7, samples=2), so.SHGD2(0.02)),
]


@pytest.mark.parametrize(("a", "coupling"), [(0.0, 2.0), (0.8, -1.5), (-0.3, 1.0)])
@pytest.mark.parametrize(("level", "page"), BOTH, ids=[str(page) for _, page in BOTH])
def test_levels_are_those_of_the_pages(level: Any, page: Any, a: float, coupling: float) -> None:
    """Against matrix recursions of the step and the moments of the linear SDE, after 15 steps from (1, -0.8)."""
    f, Sigma = so.QuadraticGame(a, coupling), 0.49 * np.eye(2)
    A, Q = recursion(page, f, Sigma)
    second = np.outer(START, START)
    for _ in range(15):
        second = A @ second @ A.T + Q
    form, start = page.sdes["order1"].linear(page, f.J, Sigma, f.minimising), START @ START / 2
    means, covs = moments(*form, START, np.zeros((2, 2)), [0.3])
    found = level(a, coupling)
    assert found.after(15, start) == pytest.approx(np.trace(second) / 2, rel=1e-12)
    assert found.at(0.3, start) == pytest.approx((means[0] @ means[0] + np.trace(covs[0])) / 2, rel=1e-12)
    if found.decay > found.lr * found.square:
        assert found.stationary() == pytest.approx(np.trace(stationary(*form)) / 2, rel=1e-12)
        assert found.stationary_steps() == pytest.approx(found.after(20_000, start), rel=1e-9)


AT_REST = [  # theory A, section 7, item 3: ρ, steps and SDE at λ = 2, σ = 1, η = 0.01
    (0.5, 0.00510204, 0.005),
    (0.1, 0.01371308, 0.013),
    (0.02, 0.0835112, 0.0626),
    (0.01, 0.2502001, 0.12505),
    (0.0055, 2.50333, 0.227300),
]


@pytest.mark.parametrize(("rho", "steps", "sde"), AT_REST)
def test_stationary_levels_of_extragradient(rho: float, steps: float, sde: float) -> None:
    level = games.seg(a=0.0, coupling=2.0, lr=0.01, sigma=1.0, rho=rho)
    assert level.stationary_steps() == pytest.approx(steps, rel=2e-6)
    assert level.stationary() == pytest.approx(sde, rel=3e-6)


def test_the_second_order_sees_extragradient_at_small_rho() -> None:
    """At ρ = η order1 rests at half the level of the steps, order2 within 1 % of it; below η/2 nothing rests."""
    f, one = so.BilinearGame(2.0), np.eye(2)
    page = so.SEG(0.01, 0.01)
    steps = games.seg(a=0.0, coupling=2.0, lr=0.01, sigma=1.0, rho=0.01).stationary_steps()
    levels = [np.trace(stationary(*sde.linear(page, f.J, one, f.minimising))) / 2 for sde in page.sdes.values()]
    assert np.array(levels) / steps == pytest.approx([0.5, 1.0], abs=0.01)
    below = so.SEG(0.01, 0.0049)
    assert np.linalg.eigvals(below.sdes["order1"].linear(below, f.J, one, f.minimising)[0]).real.min() > 0
    assert np.linalg.eigvals(below.sdes["order2"].linear(below, f.J, one, f.minimising)[0]).real.min() < 0
    with pytest.raises(ValueError, match="no stationary level"):
        games.seg(a=0.0, coupling=2.0, lr=0.01, sigma=1.0, rho=0.0049).stationary_steps()


def test_best_extrapolations() -> None:
    """Theory A, section 7, item 3, and a search over ρ."""
    lowest = games.seg(a=3.0, coupling=1.0, lr=0.01, sigma=1.0, rho=games.lowest_rho(a=3.0, coupling=1.0))
    assert (lowest.stationary(), lowest.stationary_steps()) == pytest.approx((0.000625, 0.000628930818), rel=1e-9)
    match = games.seg(a=3.0, coupling=1.0, lr=0.01, sigma=1.0, rho=games.matching_rho(a=3.0, coupling=1.0))
    assert match.decay == pytest.approx(20.0, rel=1e-12)
    assert match.decay == pytest.approx(games.shgd(a=3.0, coupling=1.0, lr=0.01, sigma=1.0).decay, rel=1e-12)
    assert (match.stationary_steps(), match.stationary()) == pytest.approx((0.00747271, 0.00695313), rel=1e-6)
    for a, coupling in ((3.0, 1.0), (0.5, -2.0), (-2.0, 1.0)):
        best = games.lowest_rho(a=a, coupling=coupling)
        near = [games.seg(a=a, coupling=coupling, lr=0.1, sigma=1.0, rho=best + e) for e in (-1e-3, 0.0, 1e-3)]
        assert near[1].stationary() < min(near[0].stationary(), near[2].stationary())
        assert near[1].decay == pytest.approx(2.0 * abs(coupling), rel=1e-12)


SCHEDULED = [  # theory A, section 7, item 4: power, t, steps and SDE at λ = 2, σ = m₀/10 = 10⁻³, η = 10⁻³, ρ = 1
    (0.0, 1.0, 3.31520e-6, 3.35525e-6),
    (0.5, 1.0, 1.31111e-5, 1.32362e-5),
    (1.0, 1.0, 3.87513e-5, 3.90629e-5),
    (1.0, 20.0, 3.42791e-11, 3.42780e-11),
]


@pytest.mark.parametrize(("power", "t", "steps", "sde"), SCHEDULED)
def test_schedules_on_the_bilinear_game(power: float, t: float, steps: float, sde: float) -> None:
    level = games.seg(a=0.0, coupling=2.0, lr=1e-3, sigma=1e-3, rho=1.0)
    assert level.after(round(1000 * t), 0.01, power) == pytest.approx(steps, rel=5e-6)  # six digits are given
    assert level.at(t, 0.01, power) == pytest.approx(sde, rel=5e-6)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("decay", [-0.4, 0.0, 1.0, 3.0, 60.0])
def test_scheduled_levels_solve_their_equation(decay: float, power: float) -> None:
    """dm/dt = -kψm + cψ² by central differences, on both sides of the switch to the divergent series."""
    level, h = games.Level(0.1, decay, 0.3, 0.0), 1e-5
    assert level.at(0.0, 0.7, power) == pytest.approx(0.7, rel=1e-14)
    for t in (0.1, 0.7, 2.0):
        psi = (1.0 + t) ** -power
        slope = (level.at(t + h, 0.7, power) - level.at(t - h, 0.7, power)) / (2 * h)
        expected = -decay * psi * level.at(t, 0.7, power) + 0.3 * psi**2
        assert slope == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("rho", [0.01, 0.5, -0.2])
def test_noise_on_the_matrix(rho: float) -> None:
    """λ + σN at each use: noise σ(|y|, |x|) on F. Both rates from the exact moments of the page's step."""
    lr, sigma, z = 0.01, 0.8, np.array([0.7, -1.3])
    o = Oracle(so.BilinearGame(2.0), so.Gaussian(lambda z: sigma * np.abs(z[::-1])))
    page = so.SEGIndependent(lr, rho)
    rule = hermite(4, 4)
    ends = np.array([page.step(0, z, o, nest(page, draws)) for draws, _ in rule])
    weights = np.array([w for _, w in rule])
    mean, second = weights @ (ends - z), weights @ np.sum(ends * ends, axis=1)
    found = games.seg_matrix_noise(coupling=2.0, lr=lr, sigma=sigma, rho=rho)
    assert found.steps == pytest.approx(-np.log(second / (z @ z)) / lr, abs=1e-10)
    # dE|z|²/dt of the SDE with the mean and covariance of the step
    assert found.sde == pytest.approx(-(second - mean @ mean - z @ z) / lr / (z @ z), abs=1e-10)


def test_noise_on_the_matrix_of_hamiltonian_descent() -> None:
    """x' = x - η (λ + σN)(λ + σN') x."""
    lr, sigma, coupling = 0.01, 0.8, 2.0
    factors = [1.0 - lr * (coupling + sigma * n[0]) * (coupling + sigma * n[1]) for n, _ in hermite(2, 4)]
    weights = np.array([w for _, w in hermite(2, 4)])
    mean, second = weights @ factors, weights @ np.square(factors)
    found = games.shgd_matrix_noise(coupling=coupling, lr=lr, sigma=sigma)
    assert found.steps == pytest.approx(-np.log(second) / lr, abs=1e-10)
    assert found.sde == pytest.approx(-(2.0 * (mean - 1.0) + second - mean**2) / lr, abs=1e-10)


# ---- the overlay and the columns, simulated


def test_the_overlay_measures_every_part_from_its_rest() -> None:
    """SmoothedGDA on a game with its saddle elsewhere, r = 0.4: theory's mean against the noise-free SDE."""
    page = so.SmoothedGDA(0.05, 0.4, 1.5, 0.1)
    problem = so.Problem(WIDE, so.Gaussian(0.3))
    run = plan(page, problem, "sde", steps=20, save_at=2)
    found = theory(run, np.ones(3))
    expected = flow(page, "order1", problem.oracle, (problem.x0, problem.x0), 1.0)[:5]
    assert found.values[-1, :5] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "problem", [so.Problem(QUADRATIC, so.Gaussian(0.5)), so.Problem(so.Quadratic([0.5, 1.0]), so.Gaussian(0.5))]
)
def test_the_overlay_knows_payoffs(problem: so.Problem) -> None:
    """E f, E|z|², E|F|² by quadrature over the Gaussian law of the SDE, of games and of ordinary quadratics."""
    f, page = problem.objective, so.SEG(0.1, 0.3)
    found = theory(plan(page, problem, "sde", steps=20, save_at=1), np.ones(2)).values[-1]
    J, own = (f.J, f.minimising) if f is QUADRATIC else (np.diag(f.H), np.ones(2))
    means, covs = moments(
        *page.sdes["order1"].linear(page, J, 0.25 * np.eye(2), own), problem.x0, np.zeros((2, 2)), [2.0]
    )
    root = np.linalg.cholesky(covs[0])
    points = [(means[0] + root @ z, w) for z, w in hermite(2, 3)]
    expected = [sum(w * g(z) for z, w in points) for g in (f.value, lambda z: z @ z, lambda z: f.grad(z) @ f.grad(z))]
    assert found[2:5] == pytest.approx(expected, abs=1e-12)


def test_extragradient_compared() -> None:
    """Both columns agree on the example, theory stands beside the SDE within its error; false alarm below 1e-6."""
    problem = so.Problem(parse(so.SEG.example[0]), so.Gaussian(0.5), x0=START)
    report = so.compare(so.SEG(0.05), problem, horizon=2.0, paths=4000, rng=0)
    assert report.verdict == "agree", report
    assert np.isfinite(report.theory[:, : report.theory.shape[1] - 1]).all()
    gap = np.abs(report.sde - report.theory)[1:, :-1]
    assert (gap < 6.5 * report.sde_stderr[1:, :-1] + 1e-4 * np.abs(report.theory[1:, :-1])).all()


@pytest.mark.slow
@pytest.mark.parametrize("cls", PAGES)
def test_every_page_is_compared(cls: Any) -> None:
    """On the curved game, where theory has nothing: simulated means and variances of both columns agree.

    At ρ = 0.1 those of SEG do not: the SDE leaves O(ρ²) out.
    """
    problem = so.Problem(so.NonlinearGame(), so.Gaussian(0.1))
    page = cls(0.01, 0.03) if "rho" in cls._fields else cls(0.01)
    report = so.compare(page, problem, horizon=1.0, paths=4000, rng=0)
    assert report.verdict == "agree", report
