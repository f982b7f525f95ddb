"""What must be small for a rule to hold, measured: against numbers by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sdeopt as so

H = [1.0, 2.0]
G = so.Gaussian
FOUR = {"batch": (8, 32)}


def problem(noise: Any, x0: Any = (1.0, -0.5)) -> so.Problem:
    return so.Problem(so.Quadratic(H), noise, x0)


def values(method: Any, noise: Any, **change: Any) -> dict[str, float]:
    found = so.scale(method, problem=problem(noise), **change)
    return {c.name: c.value for c in found.conditions}


def test_step_against_curvature() -> None:
    assert values(so.SGD(0.01), G(0.5), **FOUR) == {"step": pytest.approx(0.04 * 2.0)}
    assert values(so.HeavyBall(0.001, 0.8), G(0.5), **FOUR) == {"buffer": pytest.approx(0.004 * 2.0 / 0.2**2)}


ANGLE = so.Objective(value=lambda x: x[0] * x[0] / (x[0] * x[0] + x[1] * x[1]), dim=2)  # of x alone, not its length


def test_where_f_ignores_the_length_of_x_signal_makes_it_grow() -> None:
    """By both columns of the page: a step of SGD adds η²(|∇f|² + tr Σ) to |x|², its SDE η tr Σ per unit of time."""
    lr, s, x = 0.01, 1.5, np.array([1.0, 2.0])
    start = so.Problem(ANGLE, G(s), x)
    found = so.scale(so.SGD(lr), problem=start, **FOUR)
    o, page = found.problem_after.oracle, found.after
    signs = np.array([(a, b) for a in (-1.0, 1.0) for b in (-1.0, 1.0)])  # of mean 0 and covariance 1
    squares = [np.sum(page.step(0, x, o, (z,)) ** 2) - x @ x for z in signs]
    roots = [so.SGD.sdes["order1"].diffusion(page, 0.0, x, o, e) for e in np.eye(2)]
    grown = 2.0 * x @ so.SGD.sdes["order1"].drift(page, 0.0, x, o) + sum(r @ r for r in roots)
    wanted = np.mean(squares) / (grown * page.lr) - 1.0
    condition = next(c for c in found.conditions if c.name == "growth")
    assert condition.value == pytest.approx(wanted, rel=1e-9) and 0.05 < wanted < 0.3
    assert condition.value == pytest.approx(4.0 * np.sum(ANGLE.grad(x) ** 2) / (2.0 * s * s))


@pytest.mark.parametrize("x0", [[1.0, 0.0], [1e-9, -1.0]])
def test_a_slope_of_zero_grows_nothing(x0: Any) -> None:
    names = {c.name for c in so.scale(so.SGD(0.01), problem=so.Problem(ANGLE, G(1.0), x0), **FOUR).conditions}
    assert names == ({"step"} if x0[1] == 0.0 else {"step", "growth"})


def test_signs_divide_by_the_noise() -> None:
    found = values(so.SignSGD(0.01), G([2.0, 8.0]), **FOUR)  # after: σ = (1, 4), ∂f = (1, -1)
    assert found["sign"] == pytest.approx(0.02 * math.sqrt(2.0 / math.pi))  # of λ/σ = (1, 1/2)
    assert found["noise"] == pytest.approx(1.0)


def test_adaptive_steps_divide_by_the_root_of_v() -> None:
    found = values(so.AdamW(0.01, 0.9, 0.99, 0.0, 0.5), G(8.0), **FOUR)  # after: σ = 4, v = 17, θ = 1
    assert found == {
        "ratio": pytest.approx(0.02 * (2.0 / math.sqrt(17.0) + 1.0)),
        "noise": pytest.approx(1.0 / 16.0),
        "memory": pytest.approx(0.04),
    }
    cold = values(so.RMSpropW(0.01, 0.99, 0.0, 0.5), G(8.0), **FOUR)["cold"]
    assert cold == pytest.approx(2.0 * math.log(4.0) * 0.02 * 2.0 / math.sqrt(17.0) / 0.04)


def test_what_agents_see() -> None:
    noise = so.Agents(G([1.0, 2.0]), shifts=[[1.0, 0.0], [-1.0, 0.0]], agents=2)
    found = values(so.DCSGDRandK(0.01, 2), noise, new_k=1)  # ∇f_i = (1 ± 1, -1): mean square (2, 1); Σ_i = (1, 4)
    assert found["sent"] == pytest.approx(3.0 / 5.0)
    assert values(so.DSignSGD(0.01), noise, batch=(1, 4))["noise"] == pytest.approx(2.0 / 0.25)


def test_agents_alone_need_no_noise() -> None:
    noise = so.Agents(G(1.0), agents=2)
    assert set(values(so.DSignSGD(0.01), noise, agents=(2, 4))) == {"sign"}
    assert set(values(so.DCSGDRandK(0.01), noise, agents=(2, 4))) == {"step"}


def test_private_gradients_are_drawn() -> None:
    """Clipping out of reach, so that the seen noise is known: Var = σ²/B + C²z²/B². 1000 draws: 4.5 % of Var."""
    found = values(so.DPSignSGD(0.01, clip=100.0, sigma_dp=0.02), G(4.0), batch=(1, 4))
    var = 16.0 / 4 + (100.0 * 0.04 / 4) ** 2
    assert found["sign"] == pytest.approx(
        0.02 * 2.0 / math.sqrt(math.pi / 2.0 * var), rel=0.12
    )  # half the error of Var, 5 sd
    assert found["noise"] == pytest.approx(1.0 / var, rel=0.9)  # ± 2√(Var/1000) of 1, and Var; 5 sd


def test_noise_without_a_variance_fails() -> None:
    heavy = so.StudentT(nu=1.5, scale=0.5)
    found = so.scale(so.SGD(0.01), batch=(1, 4), problem=problem(heavy))
    assert found.valid is False
    assert "has no covariance" in str(found)
    signs = so.scale(so.DSignSGD(0.01), agents=(2, 4), problem=problem(so.Agents(heavy, agents=2)))
    assert [c.name for c in signs.conditions] == ["sign"]  # not measured: there is no σ


def test_batches_that_exhaust_the_data() -> None:
    data = so.LinearRegression(np.eye(8), np.ones(8))
    for replace, names in ((False, ["step", "share"]), (True, ["step"])):
        p = so.Problem(data, so.Minibatch(2, replace=replace))
        found = so.scale(so.SGD(0.01), batch=(2, 4), problem=p)
        assert [c.name for c in found.conditions] == names
    once = so.Problem(data, so.Minibatch(2, replace=False))
    assert so.scale(so.SGD(0.01), batch=(2, 4), problem=once).conditions[1].value == 0.5


def test_what_cannot_be_measured_says_why() -> None:
    blind = so.Problem(so.Objective(grad=lambda x: x, dim=2), G(0.5))
    found = so.scale(so.SGD(0.01), problem=blind, **FOUR)
    assert found.valid is None
    assert "Objective has no hvp" in str(found)
    assert so.scale(so.SignSGD(0.01), problem=problem(so.NoNoise()), **FOUR).valid is False


def test_large_dimensions_take_the_largest_eigenvalue_only() -> None:
    h = np.linspace(-3.0, 2.0, 40)
    wide = so.Problem(so.Quadratic(h), G(np.linspace(1.0, 2.0, 40)), x0=np.full(40, 0.01))
    step = so.scale(so.SGD(0.01), problem=wide, **FOUR).conditions[0].value
    assert step == pytest.approx(0.04 * 3.0, rel=1e-6)


def test_what_rounds_delays_and_fields_add_to_a_step() -> None:
    """η' = 0.04 after, λ = 2."""
    assert values(so.DelayedSGD(0.01, 3), G(0.5), **FOUR) == {"late": pytest.approx(0.08 * 3.5)}
    assert values(so.LocalSGD(0.01, 3, 0.5), G(0.5), **FOUR) == {"round": pytest.approx(0.08 * 1.5)}
    assert values(so.FedAvgM(0.01, 3, 0.5, 0.8), G(0.5), **FOUR) == {"outer": pytest.approx(0.08 * 1.5 / 0.04)}
    # ψ = 1/(1/2 + f), f = 3/4; ∂(ψ∇f) = ψH - ψ² ∇f ∇fᵀ, ∇f = (1, -1)
    psi = 1.0 / (0.5 + 0.75)
    cautious = np.linalg.norm(psi * np.diag(H) - psi**2 * np.array([[1.0, -1.0], [-1.0, 1.0]]), 2)
    assert values(so.WarmupSGD(0.01, 0.5, 1.0), G(0.5), **FOUR) == {"turn": pytest.approx(0.04 * cautious, rel=1e-6)}


def test_the_field_of_a_game_turns() -> None:
    start = so.Problem(so.QuadraticGame(a=0.0, coupling=3.0, b=0.0), G(0.5), [1.0, 1.0])
    for page, rate in ((so.SGDA(0.01), 3.0), (so.SHGD(0.01), 9.0), (so.SEG(0.01, 0.1), 3.0 * math.sqrt(1.09))):
        found = so.scale(page, problem=start, **FOUR).conditions  # (I - ρJ)J, J = 3i
        assert [c.value for c in found] == [pytest.approx(0.04 * rate, rel=1e-6)]
    many = so.Problem(so.QuadraticGame(a=np.eye(20), coupling=np.eye(20), b=np.eye(20)), G(0.5))
    assert "up to dimension 32" in so.scale(so.SGDA(0.01), problem=many, **FOUR).conditions[0].reason


def test_memories_of_averages_sums_and_maxima() -> None:
    slow = values(so.Signum(0.001, 0.99), G(4.0), **FOUR)  # after: η = 0.004, β = 0.96, σ = 2
    assert slow["forget"] == pytest.approx(0.04)
    assert slow["sign"] == pytest.approx(0.004 / math.sqrt(math.pi / 2.0) * math.sqrt(1.96 / 0.04))
    decay = values(so.SignSGDW(0.01, 0.3, 0.2), G(4.0), **FOUR)["sign"]  # η = 0.02, θ = 0.6, P = 2 √(π/2)
    assert decay == pytest.approx(0.02 * (2.2 / (2.0 * math.sqrt(math.pi / 2.0)) + 0.6))
    assert values(so.SGHMC(0.001, 0.99), G(0.5), **FOUR) == {"swing": pytest.approx(0.04)}  # η'λ = 0.032
    assert values(so.SGHMC(0.002, 0.99), G(0.5), **FOUR) == {"swing": pytest.approx(0.064)}
    assert values(so.AMSGrad(0.001, 0.9, 0.999), G(8.0), **FOUR)["peak"] == pytest.approx(math.sqrt(0.004))
    assert values(so.AdaBelief(0.001, 0.98, 0.999), G(8.0), **FOUR)["belief"] == pytest.approx(0.08)
    grown = values(so.Adagrad(0.1, 0.0, 800.0), G(4.0), **FOUR)  # after: v₀ = 50, σ² = 4, (∂f)² = 1
    assert grown["first"] == pytest.approx(0.1)
    assert values(so.Adagrad(0.1), G(4.0), **FOUR)["first"] == math.inf
