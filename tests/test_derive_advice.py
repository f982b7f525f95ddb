"""Advice in a refusal leads to an SDE when it is followed; where nothing does, none is given."""

from __future__ import annotations

import ast
import functools
import re
from typing import Any

import numpy as np
import other_pages
import pytest
from bare_pages import PAGES

import sdeopt as so
from sdeopt.core import Decay, Positive, noisy_grad

pytest.importorskip("sympy")

SHELF: dict[str, Any] = {}
page = functools.partial(other_pages.page, shelf=SHELF)
SADDLE = so.Problem(so.EmbeddedSaddle(), so.Gaussian([0.7, 0.5]), x0=[1.1, -0.9])


@page(parts=("x", "m"), beta=(Decay, 0.9))
def Cautious(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Liang et al., arXiv:2411.16085: no step against the gradient that is seen."""
    (x, m), g = y, noisy_grad(o, y[0], z)
    m = self.beta * m + (1 - self.beta) * g
    return x - self.lr * m * (m * g > 0), m


@page(parts=("x", "m", "v", "n", "g"), b1=(Decay, 0.98), b2=(Decay, 0.92), b3=(Decay, 0.99), eps=(Positive, 1e-8))
def Adan(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Xie et al., arXiv:2208.06677, recalled; its last gradient is a part of the state."""
    x, m, v, n, last = y
    g = noisy_grad(o, x, z)
    d = g - last
    m = self.b1 * m + (1 - self.b1) * g
    v = self.b2 * v + (1 - self.b2) * d
    n = self.b3 * n + (1 - self.b3) * (g + self.b2 * d) ** 2
    return x - self.lr * (m + self.b2 * v) / (np.sqrt(n) + self.eps), m, v, n, g


@page(parts=("x", "d", "p"), a=(Decay, 0.1))
def Storm(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """Cutkosky & Orabona, arXiv:1905.10018, recalled, with a fixed rate; the last position is a part of the state."""
    x, d, p = y
    d = noisy_grad(o, x, z) + (1 - self.a) * (d - noisy_grad(o, p, z))
    return x - self.lr * d, d, x


@page(parts=("x", "d"), a=(Decay, 0.1))
def StormByItsStep(self: Any, k: Any, y: Any, o: Any, z: Any) -> Any:
    """The same, where the last position is what the step says that it was."""
    x, d = y
    d = noisy_grad(o, x, z) + (1 - self.a) * (d - noisy_grad(o, x + self.lr * d, z))
    return x - self.lr * d, d


FIXED = [
    (cls, {name: "fixed"})
    for cls in (so.Signum, so.HeavyBall, so.Nesterov, so.Lion, so.RMSprop, so.FedAvgM, so.NGNM, so.SGHMC)
    for name in cls._fields
    if cls.bounds[name].high == 1.0
]
ASKED = [*((cls, None) for cls in (*SHELF.values(), *other_pages.OTHERS.values(), *PAGES.values())), *FIXED]


QUICK = ("Storm", "StormByItsStep", "ErrorFeedback", "LookaheadSoft", "HeavyBall", "Signum")
CASES = [
    pytest.param(cls, limit, id=f"{cls.__name__}-{limit}", marks=() if cls.__name__ in QUICK else pytest.mark.slow)
    for cls, limit in ASKED
]


@pytest.mark.parametrize(("cls", "limit"), CASES)
def test_advice_leads_to_an_sde(cls: Any, limit: Any) -> None:
    d = so.derive(cls, limit=limit)
    found = {name: re.search(rf"{name}=(\(.*?\)|\{{.*?\}})", d.refused or "") for name in ("eliminate", "limit")}
    how = {name: ast.literal_eval(match[1]) for name, match in found.items() if match}
    if how:
        followed = so.derive(cls, **({} if "limit" in how or limit is None else {"limit": limit}), **how)
        assert followed.refused is None, (d.refused, followed.refused)


def test_what_cautious_momentum_lacks_is_a_rule_where_it_is_slow() -> None:
    said = str(so.derive(SHELF["Cautious"]).refused)
    assert "m moves by O(η^0) in one step" in said
    assert "where t = k η; beta ~ 1 - η: where(" in said and "SDE 'sampled'" in said


@pytest.mark.slow
def test_nothing_averages_out_the_last_gradient() -> None:
    said = str(so.derive(SHELF["Adan"]).refused)
    assert said.startswith("g moves by O(η^0) in one step, by -g + ξ + ∇f(x)")
    assert said.endswith("it relaxes within steps, and no rule averages it out")


def test_the_last_position_is_what_the_step_says() -> None:
    """STORM's d' = d - a (d - g) + (1 - a) (∇f(x) - ∇f(p)), x - p = -η d: with a ~ η its noise is that of a g."""
    said = str(so.derive(SHELF["Storm"]).refused)
    assert said.endswith("it is the last x, which is η*d + x: write that in its place, and leave it out")
    d = so.derive(SHELF["StormByItsStep"])
    assert d.regime == "t = k η; a ~ η"
    assert d.equations == (
        r"dX &= - D\,dt",
        r"dD &= \left(- \frac{a}{\eta} D - \nabla^2\! f(X)\,D + \frac{a}{\eta} \nabla f(X)\right)\,dt"
        r" + \frac{a}{\sqrt{\eta}} \Sigma^{1/2}dW",
    )


@pytest.mark.slow
def test_the_sde_of_storm_has_the_moments_of_its_step() -> None:
    check = so.derive(SHELF["StormByItsStep"]).check(SADDLE)
    assert check.agrees, str(check)
