"""Scaling of what stands around methods: averages, by the exact law of the average of SGD, and two methods together.

False alarms: bounds in standard errors are 5.2 (2e-7) for each of some hundred numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tilted import ALMOST_NEVER

import sdeopt as so

H, LR, DECAY, KAPPA, NOISE = 1.0, 0.005, 0.97, 4, 1.0
EMA = so.EMA(so.SGD(LR), DECAY)


def law(lr: float, decay: float, scale: float, k: Any) -> Any:
    """Mean and variance of the average after k steps from x = a = 1, by the answer w to one gradient's noise.

    x_k = r^k, and a_k = δ^k + (1 - δ) r (r^k - δ^k)/(r - δ); noise that entered n steps ago moves a by -ηξ w_n with
    w_n = (1 - δ)(r^{n+1} - δ^{n+1})/(r - δ), r = 1 - ηh.
    """
    r = 1.0 - lr * H
    n = np.arange(1, k.max() + 1)
    w = (1.0 - decay) * (r**n - decay**n) / (r - decay)
    var = np.concatenate([[0.0], np.cumsum((lr * scale * w) ** 2)])
    return decay**k + (1.0 - decay) * r * (r**k - decay**k) / (r - decay), var[k]


@pytest.fixture(scope="module")
def evidence() -> Any:
    problem = so.Problem(so.Quadratic([H]), so.Gaussian(NOISE), x0=[1.0])
    return so.scale(EMA, batch=(1, KAPPA), problem=problem).evidence(steps=400, paths=40_000, rng=0)


def test_the_average_forgets_as_many_examples() -> None:
    """δ' = δ^κ: after a step as much is left of a position as after κ steps before."""
    s = so.scale(EMA, batch=(1, KAPPA))
    assert s.after == so.EMA(so.SGD(KAPPA * LR), 0.88529281)  # 0.97^4
    assert s.naive == so.EMA(so.SGD(KAPPA * LR), DECAY)
    assert "arXiv:2307.13813" in s.rule.source and s.conditions[-1].name == "ema"
    assert so.scale(so.EMA(so.DCSGDRandK(0.1, 8), 0.5), new_k=4).after.decay == pytest.approx(0.5**0.5)


def test_the_average_has_its_exact_law(evidence: Any) -> None:
    factor = KAPPA**-0.5
    sides = {
        "before": law(LR, DECAY, NOISE, evidence.steps[0]),
        "after": law(KAPPA * LR, DECAY**KAPPA, factor * NOISE, evidence.steps[1]),
        "naive": law(KAPPA * LR, DECAY, factor * NOISE, evidence.steps[2]),
    }
    columns = [evidence.column("mean x₁"), evidence.column("var x₁")]
    for side, exact in sides.items():
        off = getattr(evidence, side)[:, columns] - np.transpose(exact)
        assert (np.abs(off) <= ALMOST_NEVER * getattr(evidence, f"{side}_stderr")[:, columns] + 1e-12).all()
    before, after, naive = (np.array(of) for of in sides.values())
    assert np.abs(after[0] - before[0]).max() < 0.02 < 0.2 < np.abs(naive[0] - before[0]).max()
    assert abs(after[1, -1] / before[1, -1] - 1.0) < 0.05 < 0.3 < abs(naive[1, -1] / before[1, -1] - 1.0)


def test_the_rule_of_the_average_keeps_its_law(evidence: Any) -> None:
    assert (evidence.verdict, evidence.naive_verdict) == ("coincide", "differ"), str(evidence)


def test_the_mean_of_all_positions_is_scaled_as_they_are() -> None:
    s = so.scale(so.Averaged(so.SignSGD(0.1)), batch=(1, 4))
    assert s.after == so.Averaged(so.SignSGD(0.2)) and s.speed == 4


def test_both_methods_of_a_network_are_scaled() -> None:
    s = so.scale(so.Layered(so.Scion(0.1, 0.9), so.AdamW(0.1, 0.9, 0.99, 1e-6, 0.3)), batch=(1, 4))
    assert s.after == so.Layered(so.Scion(0.4, 0.6), so.AdamW(0.2, 0.6, 0.96, 5e-7, 0.6))
    assert s.naive == so.Layered(so.Scion(0.4, 0.9), so.AdamW(0.4, 0.9, 0.99, 1e-6, 0.3))
    assert s.valid is None and "each method sees its own part" in s.conditions[0].reason
    around = so.scale(so.EMA(so.Layered(so.Scion(0.1, 0.9), so.SGD(0.1)), 0.5), batch=(1, 2)).after
    assert around == so.EMA(so.Layered(so.Scion(0.2, 0.8), so.SGD(0.2)), 0.25)
    with pytest.raises(ValueError, match="examples has no part in the rule"):
        so.scale(so.Layered(so.Scion(0.1), so.SGD(0.1)), batch=4, examples=(1, 8))
    with pytest.warns(UserWarning, match=r"rest_beta1 = -0\.6"):
        so.scale(so.Layered(so.Scion(0.01, 0.99), so.AdamW(0.1)), batch=(1, 16))


def test_no_file_keeps_a_wrapper(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="a file keeps no method around another"):
        so.scale(EMA, batch=(1, 4)).save(tmp_path / "s.npz")


@pytest.mark.slow
def test_the_rule_of_conditional_gradient_keeps_the_law() -> None:
    problem = so.Problem(so.Quadratic([1.0, 2.0], center=[0.5, -0.5]), so.Gaussian(1.0), x0=[-0.9, 0.9])
    e = so.scale(so.Scion(0.002, 0.996), batch=(1, 4), problem=problem).evidence(steps=1000, rng=0)
    assert (e.verdict, e.naive_verdict) == ("coincide", "differ"), str(e)


def test_other_examples_are_no_matter_of_evidence() -> None:
    problem = so.Problem(so.Quadratic([1.0]), so.Gaussian(1.0))
    with pytest.raises(ValueError, match="evidence compares laws"):
        so.scale(so.Scion(0.01), batch=1, examples=(1, 8), problem=problem).evidence(steps=8)
