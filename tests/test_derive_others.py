"""Optimizers as researchers write them: derived as by hand, or refused in a sentence that names the term."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from other_pages import OTHERS

import sdeopt as so

pytest.importorskip("sympy")

SADDLE = so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=[1.1, -0.9])
GRADIENT, NOISE = r"\nabla f(X)", r"\sqrt{\eta} \Sigma^{1/2}dW"
SGD = rf"dX = - {GRADIENT}\,dt - {NOISE}"
DERIVED = {  # the equation of x, and what is assumed; "..." where its noise is that of two copies
    "OwnNoiseTanh": (
        r"dX = - \mathbb{E}_{\zeta\sim\mathcal{N}(0,s^{2} + \sigma^2)}"
        r"\left[\tanh{\left(\zeta + \nabla f(X) \right)}\right]\,dt...",
        ["normal ξ"],
    ),
    "GradNoiseSign": (
        r"dX = - \mathrm{erf}\left(\frac{\nabla f(X)}{\sqrt{2 \left(s^{2} + \sigma^2\right)}}\right)\,dt...",
        ["normal ξ"],
    ),
    "BranchHyper": (rf"dX = - \left(\beta X + {GRADIENT}\right)\,dt - {NOISE}", ["beta > 0, as with these"]),
    "BranchHyper2": (
        r"dX = - \mathbb{E}\,\mathrm{sign}(\nabla f(X)+\xi)\,dt...",
        ["p = 1, as with these hyperparameters"],
    ),
    "HyperMax": (rf"dX = - b {GRADIENT}\,dt - b {NOISE}", ["b > a, as with these hyperparameters"]),
    "LoopHyper": (rf"dX = - 3 {GRADIENT}\,dt - 3 {NOISE}", ["inner = 3"]),
    "CubeX": (rf"dX = - \left(X^{{2}} \left|{{X}}\right| + {GRADIENT}\right)\,dt - {NOISE}", []),
    "ClippedAdam": (r"dX = - \frac{M}{\varepsilon + \sqrt{V}}\,dt", ["normal ξ"]),
    "ClippedUpdateAdam": (
        r"dX = - \min\left(C, \max\left(- C, \frac{M}{\varepsilon + \sqrt{V}}\right)\right)\,dt",
        ["ξ with third moments 0"],
    ),
    "Sophia": (
        r"dX = - \min\left(1, \max\left(-1, \frac{M}{\max\left(10^{-12}, \gamma H\right)}\right)\right)\,dt",
        ["ξ with third moments 0"],
    ),
    "LAMB": (
        r"dX = - \frac{\|X\|}{\|\mathrm{wd} \,X + \frac{M}{\varepsilon + \sqrt{V}}\|}"
        r" \left(\mathrm{wd} \,X + \frac{M}{\varepsilon + \sqrt{V}}\right)\,dt",
        ["ξ with third moments 0"],
    ),
    "Langevin": (rf"dX = - {GRADIENT}\,dt + \sqrt{{2 \,\mathrm{{temp}}}} dW'' - {NOISE}", []),
    "SAMsign": (
        r"dX = - \left(\nabla f(X) + \rho \nabla^2\! f(X)\,\mathbb{E}\,\mathrm{sign}(\nabla f(X)+\xi)\right)\,dt...",
        ["additive noise"],
    ),
    "Centralised": (
        r"dX = \left(- \nabla f(X) + \frac{\mathbf{1}^{\top}(\nabla f(X))}{d}\right)\,dt"
        r" + \sqrt{\eta} \left(- \Sigma^{1/2}dW + \frac{\mathbf{1}^{\top}(\Sigma^{1/2}dW)}{d}\right)",
        [],
    ),
    "NumpyCalls": (r"dX = - \mathbb{E}\,u(\nabla f(X))\,dt...", []),
    "AdaNorm": (r"dX = - \frac{\nabla f(X)}{\sqrt{N}}\,dt - \frac{\sqrt{\eta} \Sigma^{1/2}dW}{\sqrt{N}}", ["normal ξ"]),
    "ValueTimesGrad": (
        rf"dX = - f(X) {GRADIENT}\,dt - \sqrt{{\eta}} f(X) \Sigma^{{1/2}}dW",
        ["the sample's loss is f(x), free of noise"],
    ),
    "BoolTimes": ("...", ["normal ξ"]),
    "IfElseArr": ("...", ["normal ξ"]),
}  # fmt: skip
REFUSED = {
    "ErrorFeedback": ["e moves by O(η^0) in one step", "eliminate=('e',) with limit={'e': 'lr'}"],
    "ErrorFeedbackLinear": ["e moves by O(η^0) in one step", "eliminate=('e',) with limit={'e': 'lr'}"],
    "ErrorFeedbackSign": ["e enters sign(ξ + ∇f(x) + e/η)", "e relaxes within steps, and not linearly"],
    "L1Prox": ["x enters sign(ξ + ∇f(x) - x/η)", "x relaxes within steps"],
    "Projected": ["minimum(1, maximum(-1, x)) where it jumps or bends"],
    "LookaheadSoft": ["s moves by O(η^0) in one step, by -s + x"],
    "Lookahead": ["asks whether k % 5 equals 4", "steps differ by their number"],
    "SignCosine": ["the argument of cos(", "counts steps", "let lr be a schedule"],
    "LARS": ["m moves by O(η^0) in one step"],
    "ASAM": ["the length |(ξ + ∇f(x))*|x|| of a noisy vector"],
    "NumpySum": ["it holds total(ξ**2), which depends on the noise in all coordinates"],
    "Adamax": ["u moves by O(η^0)", "a running maximum or minimum reflects"],
    "BranchData": ["the step branches on |ξ + ∇f(x)| > 1", "write where(condition, a, b)"],
    "MutatesEntry": ["the step writes into single entries of x"],
    "Loops": ["the step counts up to d"],
    "WrongShape": ["step returns the number total(", "in the place of the vector x"],
    "WrongParts": ["step returns 1 part(s), but the page names x, m"],
    "ReturnsNone": ["step returns None"],
}


LONG = {"ASAM", "Adamax", "ClippedUpdateAdam", "LARS", "Sophia"}  # seconds each, like others that are shorter


def quick(names: Iterable[str]) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in names]


def test_all_are_told() -> None:
    assert DERIVED.keys() | REFUSED.keys() == OTHERS.keys()


@pytest.mark.parametrize("name", quick(DERIVED))
def test_an_sde_is_that_by_hand(name: str) -> None:
    equation, assumed = DERIVED[name]
    d = so.derive(OTHERS[name])
    assert d.refused is None, d.refused
    found = d.latex("x")
    assert found.startswith(equation.removesuffix("...")) if equation.endswith("...") else found == equation
    assert len(d.assumed) == len(assumed)
    assert all(a.startswith(b) for a, b in zip(d.assumed, assumed, strict=True))
    assert d.unwritten is None


@pytest.mark.parametrize("name", quick(REFUSED))
def test_a_refusal_names_the_term(name: str) -> None:
    d = so.derive(OTHERS[name])
    assert d.refused is not None
    assert [words for words in REFUSED[name] if words not in d.refused] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", DERIVED)
def test_every_check_agrees(name: str) -> None:
    check = so.derive(OTHERS[name]).check(SADDLE)
    assert check.agrees, str(check)


def test_hyperparameters_that_are_given_decide() -> None:
    """With p = 2 the other branch is taken; a field without a default must be given."""
    assert so.derive(OTHERS["BranchHyper2"](lr=0.1, p=2.0)).latex("x") == SGD
    assert so.derive(OTHERS["HyperMax"](lr=0.1, a=3.0)).latex("x") == rf"dX = - a {GRADIENT}\,dt - a {NOISE}"


@pytest.mark.parametrize("name", ["ErrorFeedback", "ErrorFeedbackLinear"])
def test_error_feedback_in_its_own_size_is_descent(name: str) -> None:
    """What is held back is given back within steps: x - e moves by -η g."""
    d = so.derive(OTHERS[name], limit={"e": "lr"}, eliminate=("e",))
    assert d.latex("x") == SGD


def test_what_takes_x_along_is_not_averaged_out() -> None:
    """x' = s' = α(x - ηg) + (1 - α)s is descent at α η, and not at η as with s at its fixed point x - ηg."""
    d = so.derive(OTHERS["LookaheadSoft"], limit={"alpha": "fixed"}, eliminate=("s",))
    assert "x moves with s within one step" in str(d.refused)


def test_a_cube_has_derivatives() -> None:
    found = so.derive(OTHERS["CubeX"], order=2).latex("x")
    assert r"X^{2} \left|{X}\right|" in found  # |x|³ has a second derivative, and no Dirac delta
    assert "Dirac" not in found


def test_other_losses_than_the_assumed_are_told() -> None:
    """Of a minibatch the loss shares its draws with the gradient."""
    from sdeopt.engine.simulate import plan

    page = OTHERS["ValueTimesGrad"]
    so.derive(page).model  # noqa: B018  (registers it)
    f = so.LinearRegression(np.eye(4)[:, :2] + 0.1, np.arange(4.0))
    with pytest.warns(UserWarning, match=r"assumes that the sample's loss is f\(x\), and that of .*Minibatch"):
        plan(page(lr=0.1), so.Problem(f, so.Minibatch(2)), "sde", sde="derived", steps=2)
    plan(page(lr=0.1), so.Problem(f, so.Gaussian(0.5)), "sde", sde="derived", steps=2)


@pytest.mark.parametrize(
    "wrapped", [so.L2(so.SGD(lr=0.1), 0.2), so.EMA(so.HeavyBall(lr=0.1), 0.9), so.L2(so.SignSGD(lr=0.1), 0.2)]
)
def test_a_wrapped_method_has_the_sde_of_its_wrapper(wrapped: Any) -> None:
    assert so.derive(wrapped).equations == so.derive(wrapped, sde="order1").equations


def test_clipping_by_norm_of_a_noisy_gradient_is_refused() -> None:
    assert "the length |ξ + ∇f(x)| of a noisy vector" in str(so.derive(so.Clipped(so.SGD(lr=0.1), 1.0)).refused)


def test_a_branch_that_a_hyperparameter_decided_is_not_run_with_another() -> None:
    """Step max(a, b) η: dx = -max(a, b) x dt, of which b > a was met; then a run with a > b would be b's."""
    page = OTHERS["HyperMax"]
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(0.1), x0=[1.0])
    for near, far in (({"a": 0.5, "b": 1.0}, {"a": 2.0, "b": 1.0}), ({"a": 2.0, "b": 1.0}, {"a": 0.5, "b": 1.0})):
        given: dict[str, Any] = {"kind": "sde", "sde": "derived", "horizon": 1.0, "paths": 100, "rng": 0}
        assert so.derive(page(lr=0.01, **near)).model.unmet is not None
        end = so.simulate(page(lr=0.01, **near), problem, **given).mean[-1]
        assert end == pytest.approx(np.exp(-max(near.values())), abs=0.01)
        with pytest.raises(ValueError, match=r"'derived' was derived where .* a, as with .*: not so with .*HyperMax"):
            so.simulate(page(lr=0.01, **far), problem, **given)
