"""Scaling rules by simulation, of methods whose laws are not known exactly: long, so they run with ``--slow``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sdeopt as so

pytestmark = pytest.mark.slow
H = np.array([1.0, 2.0])
BOWL = so.Quadratic(H)
G = so.Gaussian
AGENTS = so.Agents(G(2.0), agents=2)
EXAMPLE = G(0.6)  # the noise of one


@pytest.mark.parametrize(
    ("page", "noise", "x0", "change", "run"),
    [
        (so.DCSGDRandK(0.01, 2), AGENTS, [0.3, -0.3], {"new_k": 1}, {"steps": 300}),
        # 16 agents' worth of compressed gradients are slow: a wider margin, which the naive rule leaves by far
        (so.DCSGDDithering(0.005), AGENTS, [0.3, -0.3], {"batch": (1, 2), "agents": (2, 4)},
         {"steps": 600, "paths": 2500, "tolerance": 0.3}),
        (so.DPSGD(0.005, 0.7, 1.0), EXAMPLE, [1.0, -1.0], {"batch": (1, 2)}, {"steps": 600}),
        (so.DPSignSGD(0.01, 0.7, 3.0), EXAMPLE, [0.2, -0.2], {"batch": (1, 2)}, {"steps": 800}),
        (so.AMSGrad(0.001, 0.98, 0.9995), G(4.0), [0.25, -0.25], {"batch": (1, 4)},
         {"steps": 2000, "paths": 12_000, "tolerance": 0.15}),
        (so.Signum(0.001, 0.98), G(4.0), [0.25, -0.25], {"batch": (1, 4)},
         {"steps": 1000, "paths": 12_000, "tolerance": 0.15}),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "sdes") else "",
)  # fmt: skip
def test_the_rule_keeps_the_law(page: Any, noise: Any, x0: Any, change: Any, run: Any) -> None:
    found = so.scale(page, problem=so.Problem(BOWL, noise, x0), **change)
    e = found.evidence(rng=0, **run)
    assert (e.verdict, e.naive_verdict) == ("coincide", "differ"), str(e)


def test_the_square_root_rule_of_rmspropw_keeps_the_law() -> None:
    """At rest (η/2)/(h/σ + θ), before and after, to leading order."""
    page = so.RMSpropW(0.001, 0.975, 1e-8, 0.5)
    found = so.scale(page, batch=(1, 2), problem=so.Problem(BOWL, G(4.0), [0.25, -0.25]))
    assert found.valid
    e = found.evidence(steps=4000, rng=0)
    assert (e.verdict, e.naive_verdict) == ("coincide", "differ"), str(e)
    level = 0.0005 / (H / 4.0 + 0.5)
    for side in (e.before, e.after):
        np.testing.assert_allclose(side[-1, [e.column("var x₁"), e.column("var x₂")]], level, rtol=0.06)


def test_rmspropw_does_not_scale_while_v_fills() -> None:
    """The condition "cold" fails, and so does the rule."""
    page = so.RMSpropW(0.01, 0.99, 1e-8, 0.5)
    found = so.scale(page, batch=(8, 32), problem=so.Problem(BOWL, G(16.0), [1.0, -1.0]))
    assert {c.name: c.holds for c in found.conditions} == {"ratio": True, "noise": True, "memory": True, "cold": False}
    assert found.evidence(steps=800, paths=20_000, rng=0).verdict == "differ"
