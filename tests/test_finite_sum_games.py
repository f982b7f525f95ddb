"""Finite sums of games against each example alone, and the minimax family under minibatches of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from minimax import EXAMPLES, PAGES, flat

import sdeopt as so

N, D = EXAMPLES.examples(), EXAMPLES.dim
Z = np.random.default_rng(7).standard_normal(D)


def alone(i: int) -> Any:
    """The game of one example."""
    f = EXAMPLES
    return so.FiniteSumGame(f.coupling[i : i + 1], f.a[i : i + 1], f.b[i : i + 1], f.linear[i : i + 1])


SINGLES = np.array([alone(i).grad(Z) for i in range(N)])


def test_an_example_is_a_quadratic_game() -> None:
    """F_i = J_i z + S l_i, with the Jacobian of `QuadraticGame`."""
    f = EXAMPLES
    for i in range(N):
        game = so.QuadraticGame(f.a[i], f.coupling[i], f.b[i] * np.eye(3))
        assert SINGLES[i] == pytest.approx(game.grad(Z) + (2.0 * f.minimising - 1.0) * f.linear[i], abs=1e-13)
        assert alone(i).value(Z) == pytest.approx(game.value(Z) + f.linear[i] @ Z, abs=1e-13)


def test_answers_about_examples_are_those_of_each_alone() -> None:
    w, index = np.linspace(-1.0, 2.0, N), np.array([0, 3, 3, 1])
    assert EXAMPLES.grad(Z) == pytest.approx(SINGLES.mean(0), abs=1e-13)
    assert EXAMPLES.batch_grad(Z, np.arange(N)) == pytest.approx(EXAMPLES.grad(Z), abs=1e-13)
    assert EXAMPLES.batch_grad(Z, index) == pytest.approx(SINGLES[index].mean(0), abs=1e-13)
    assert EXAMPLES.weighted_grad(Z, w) == pytest.approx(w @ SINGLES, abs=1e-13)
    assert EXAMPLES.grad_var(Z) == pytest.approx(SINGLES.var(0), abs=1e-12)
    values = np.array([alone(i).value(Z) for i in range(N)])
    assert EXAMPLES.batch_value(Z, index) == pytest.approx(values[index].mean(), abs=1e-13)


def batches(page: Any) -> list[Any]:
    """Every batch of one example, or every pair of them, as the step takes it."""
    one = [(np.array([(i + 0.5) / N]),) for i in range(N)]
    return list(itertools.product(one, one)) if page.samples == 2 else one


@pytest.mark.parametrize("cls", [page for page in PAGES if page is not so.SEG])
def test_one_step_of_a_minibatch_has_the_moments_of_the_sde(cls: Any) -> None:
    """Over all batches of one example, exactly; what is left goes with η, or √η where ρ does."""
    o, errors = so.Problem(EXAMPLES, so.Minibatch(1)).oracle, []
    for lr in (1e-4, 1e-6):
        page = cls(0.1).scaled(lr) if hasattr(cls, "scaled") else cls(lr)
        y = (Z, Z - 0.3) if len(page.parts) == 2 else Z
        moves = np.array([flat(page.step(0, y, o, z)) - flat(y) for z in batches(page)])
        drift = lr * flat(page.sdes["order1"].drift(page, 0.0, y, o))
        eye = np.eye(N * page.samples)
        kicks = [page.sdes["order1"].diffusion(page, 0.0, y, o, tuple(np.split(e, 2)) if page.samples == 2 else e)
                 for e in eye]  # fmt: skip
        noise, cov = (
            lr * np.array([flat(k) for k in kicks]).T @ np.array([flat(k) for k in kicks]),
            np.cov(moves.T, bias=True),
        )
        errors.append([np.linalg.norm(moves.mean(0) - drift) / np.linalg.norm(drift),
                       np.linalg.norm(cov - noise) / np.linalg.norm(noise)])  # fmt: skip
    coarse, fine = np.array(errors)
    assert (fine < 0.11 * coarse + 1e-9).all() and (coarse < 0.1).all(), errors


@pytest.mark.parametrize(
    ("two", "one"), [(so.AltGDAIndependent, so.AltGDA), (so.SmoothedGDAIndependent, so.SmoothedGDA)]
)
def test_the_same_sample_twice_is_the_page_of_one(two: Any, one: Any) -> None:
    """So that anchor, ratio and the order of the players are those of the other page."""
    o, draw = so.Problem(EXAMPLES, so.Minibatch(1)).oracle, batches(one(0.1))[2]
    y = (Z, Z - 0.3) if len(one.parts) == 2 else Z
    expected = flat(one(0.1, ratio=0.4).step(0, y, o, draw))
    assert flat(two(0.1, ratio=0.4).step(0, y, o, (draw, draw))) == pytest.approx(expected, abs=1e-14)


def test_one_sample_of_extragradient_sees_its_own_jacobian() -> None:
    """Mean of a step: -η(F - ρ E[J_i F_i]), which is not -η(F - ρJF) of additive noise: order1 is refused."""
    problem, page = so.Problem(EXAMPLES, so.Minibatch(1)), so.SEG(0.1, 0.3)
    moves = np.array([page.step(0, Z, problem.oracle, z) - Z for z in batches(page)])
    looked = np.mean([alone(i).hvp(Z, SINGLES[i]) for i in range(N)], axis=0)
    assert moves.mean(0) == pytest.approx(-0.1 * (EXAMPLES.grad(Z) - 0.3 * looked), abs=1e-13)
    assert np.linalg.norm(looked - EXAMPLES.hvp(Z, EXAMPLES.grad(Z))) > 0.5
    with pytest.raises(ValueError, match="not additive noise"):
        so.simulate(page, problem, "sde", sde="order1", steps=2, paths=2)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: so.FiniteSumGame([[1.0]]), "coupling must have 1 or 3"),
        (lambda: so.FiniteSumGame([1.0, 2.0], a=[1.0]), "a must have shape"),
        (lambda: so.FiniteSumGame(np.ones((1, 2, 1)), a=[[[1.0, 2.0], [0.0, 1.0]]]), "a must be"),
        (lambda: so.FiniteSumGame([1.0], linear=[[1.0]]), "linear must have shape"),
        (lambda: so.Problem(so.FiniteSumGame([1.0]), so.Minibatch(2, replace=False)), "at most n = 1"),
    ],
)
def test_bad_input_is_refused(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
