"""Games: payoffs, fields and Jacobians, their specs, and what is refused of them and of the minimax family."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from minimax import GAMES, QUADRATIC, WIDE

import sdeopt as so
from sdeopt.objectives.spec import parse
from sdeopt.theory import games


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
