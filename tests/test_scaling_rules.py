"""Scaling rules: the numbers that they give, what they refuse, and what they do to the problem."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from bare_pages import Tanh

import sdeopt as so
from sdeopt.scaling.rules import RULES

BOWL = so.Quadratic([1.0, 2.0])
G = so.Gaussian


@pytest.mark.parametrize(
    ("before", "change", "after", "speed"),
    [
        (so.SGD(0.1), {"batch": (64, 256)}, so.SGD(0.4), 4),
        (so.SGD(0.1), {"batch": (64, 96)}, so.SGD(0.15), Fraction(3, 2)),
        (so.SGD(0.1), {"batch": (64, 16)}, so.SGD(0.025), Fraction(1, 4)),
        (so.HeavyBall(0.1, 0.9), {"batch": (1, 4)}, so.HeavyBall(0.4, 0.9), 4),
        (so.Nesterov(0.1, 0.9), {"batch": (1, 4)}, so.Nesterov(0.4, 0.9), 4),
        (so.DSGD(0.1), {"batch": (1, 2), "agents": (4, 12)}, so.DSGD(0.6), 6),
        (so.SignSGD(0.1), {"batch": (1, 9)}, so.SignSGD(0.3), 9),
        (so.DSignSGD(0.1), {"agents": (2, 6)}, so.DSignSGD(0.3), 3),
        (so.DSignSGD(0.1), {"batch": (1, 4), "agents": (2, 6)}, so.DSignSGD(0.6), 12),
        # 1 + ω = d/k: from k = 8 to 2 it grows fourfold, and four steps make up for one
        (so.DCSGDRandK(0.1, 8), {"new_k": 2}, so.DCSGDRandK(0.025, 2), Fraction(1, 4)),
        (so.DCSGDRandK(0.1, 2), {"new_k": 8, "agents": (2, 1)}, so.DCSGDRandK(0.2, 8), 2),
        (so.DCSGDNormalised(0.1, 8, 0.7, 0.4), {"new_k": 2, "batch": (1, 2)},
         so.DCSGDNormalised(0.05, 2, 0.7, 0.4), Fraction(1, 2)),
        (so.DCSGDDithering(0.1, 3), {"batch": (2, 4)}, so.DCSGDDithering(0.2, 3), 2),
        (so.DCSGDNatural(0.1), {"agents": (2, 4)}, so.DCSGDNatural(0.2), 2),
        (so.RMSprop(0.1, 0.99, 1e-6), {"batch": (1, 4)}, so.RMSprop(0.2, 0.96, 5e-7), 4),
        (so.RMSpropW(0.1, 0.99, 1e-6, 0.3), {"batch": (1, 4)}, so.RMSpropW(0.2, 0.96, 5e-7, 0.6), 4),
        (so.Adam(0.1, 0.9, 0.99, 1e-6), {"batch": (1, 4)}, so.Adam(0.2, 0.6, 0.96, 5e-7), 4),
        (so.AdamW(0.1, 0.9, 0.99, 1e-6, 0.3), {"batch": (1, 4)}, so.AdamW(0.2, 0.6, 0.96, 5e-7, 0.6), 4),
        (so.DPSGD(0.1, 0.7, 1.5), {"batch": (2, 8)}, so.DPSGD(0.4, 0.7, 3.0), 4),
        (so.DPSignSGD(0.1, 0.7, 1.5), {"batch": (2, 8)}, so.DPSignSGD(0.2, 0.7, 3.0), 4),
        (so.DPAdam(0.1, 0.9, 0.99, 1e-6, 0.7, 1.5), {"batch": (2, 8)},
         so.DPAdam(0.2, 0.6, 0.96, 5e-7, 0.7, 3.0), 4),
        (so.Scion(0.1, 0.9, 2.0), {"batch": (1, 4)}, so.Scion(0.4, 0.6, 2.0), 4),
        (so.Scion(0.1, 0.9), {"batch": (2, 8), "examples": (5, 40)}, so.Scion(0.05, 0.9), Fraction(1, 2)),
        (so.ScionSpectral(0.1, 0.9), {"batch": 2, "examples": (5, 40)}, so.ScionSpectral(0.05, 0.9), Fraction(1, 2)),
        (so.Muon(0.1, 0.9, 0.5), {"batch": (1, 2), "examples": (1, 8)}, so.Muon(0.025, 0.95, 0.5), Fraction(1, 4)),
        *((cls(0.1), {"batch": (2, 8)}, cls(0.4), 4) for cls in (
            so.SGLD, so.PGD, so.FPGD, so.ScheduleFreeSGD, so.DelayedSGD, so.WarmupSGD, so.SGDA, so.AltGDA, so.SEG,
            so.SEGIndependent, so.SHGD, so.SHGD2, so.AltGDAIndependent)),
        (so.SmoothedGDA(0.1, 0.5, 2.0, 0.1), {"batch": (2, 8)}, so.SmoothedGDA(0.4, 0.5, 2.0, 0.4), 4),
        (so.SmoothedGDAIndependent(0.1, 0.5, 2.0, 0.1), {"batch": (2, 8)},
         so.SmoothedGDAIndependent(0.4, 0.5, 2.0, 0.4), 4),
        (so.LocalSGD(0.1, 3, 0.5), {"agents": (2, 6), "batch": (1, 2)}, so.LocalSGD(0.6, 3, 0.5), 6),
        (so.FedAvgM(0.1, 3, 0.5, 0.8), {"agents": (2, 6)}, so.FedAvgM(0.3, 3, 0.5, 0.8), 3),
        (so.SignSGDW(0.1, 0.3, 0.2), {"batch": (1, 4)}, so.SignSGDW(0.2, 0.6, 0.2), 4),
        (so.Signum(0.1, 0.9), {"batch": (1, 4)}, so.Signum(0.4, 0.6), 4),
        (so.SGHMC(0.1, 0.9, 0.3), {"batch": (1, 4)}, so.SGHMC(1.6, 0.6, 0.3), 4),
        (so.Adagrad(0.1, 1e-6, 8.0), {"batch": (1, 4)}, so.Adagrad(0.1, 2.5e-7, 0.5), 4),
        (so.AdaGradNorm(0.1, 8.0), {"batch": (1, 4)}, so.AdaGradNorm(0.1, 0.5), 4),
        (so.Shampoo(0.1, 8.0), {"batch": (1, 4)}, so.Shampoo(0.1, 0.5), 4),
        (so.NAdam(0.1, 0.9, 0.99, 0.01, 1e-6), {"batch": (1, 4)}, so.NAdam(0.2, 0.6, 0.96, 0.04, 5e-7), 4),
        (so.AMSGrad(0.1, 0.9, 0.99, 1e-6), {"batch": (1, 4)}, so.AMSGrad(0.2, 0.6, 0.96, 5e-7), 4),
        (so.AdaBelief(0.1, 0.9, 0.99, 1e-6), {"batch": (1, 4)}, so.AdaBelief(0.2, 0.6, 0.96, 1e-6), 4),
        (so.ScheduleFreeAdamW(0.1, 0.9, 0.99, 1e-6, 0.3), {"batch": (1, 4)},
         so.ScheduleFreeAdamW(0.2, 0.9, 0.96, 5e-7, 0.6), 4),
        (so.SOAP(0.1, 0.9, 0.99, 1e-6, 0.3), {"batch": (1, 4)}, so.SOAP(0.2, 0.6, 0.96, 5e-7, 0.6), 4),
        (so.DiLoCo(0.1, 3, 0.01, 0.95, 0.94, 0.99, 1e-6, 0.3), {"batch": (1, 4), "agents": (2, 4)},
         so.DiLoCo(0.4, 3, 0.08, 0.6, 0.52, 0.92, 5e-7, 0.6), 8),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "sdes") else "",
)  # fmt: skip
def test_rules_by_hand(before: Any, change: dict[str, Any], after: Any, speed: Any) -> None:
    s = so.scale(before, **change)
    assert s.after == after
    assert s.speed == speed


def test_every_rule_is_tried_by_hand() -> None:
    tried = {type(case[0]) for case in test_rules_by_hand.pytestmark[0].args[1]}
    assert tried == set(RULES)


def test_there_and_back_again() -> None:
    page = so.AdamW(1e-3, 0.95, 0.999, 1e-8, 0.1)
    there = so.scale(page, batch=(100, 300)).after
    np.testing.assert_allclose(so.scale(there, batch=(300, 100)).after, page, rtol=1e-12)


def test_the_naive_rule_is_the_linear_one_unless_the_rule_is() -> None:
    assert so.scale(so.SGD(0.1), batch=(1, 4)).naive == so.SGD(0.1)
    assert so.scale(so.SignSGD(0.1), batch=(1, 4)).naive == so.SignSGD(0.4)
    assert so.scale(so.DSignSGD(0.1), agents=(1, 4)).naive == so.DSignSGD(0.1)
    assert so.scale(so.DPSGD(0.1, 1.0, 2.0), batch=(1, 4)).naive == so.DPSGD(0.4, 1.0, 2.0)
    assert so.scale(so.DCSGDRandK(0.1, 8), new_k=2).naive == so.DCSGDRandK(0.1, 2)  # it is compressed all the same


def test_a_beta_below_zero_is_cut_and_said() -> None:
    with pytest.warns(UserWarning, match=r"beta1 = -0\.6, outside \[0, 1\).*up to a batch of 2560"):
        s = so.scale(so.AdamW(1e-3), batch=(256, 4096))
    assert s.after == so.AdamW(4e-3, 0.0, 0.984, 2.5e-9, 0.04)
    assert s.formula["beta1"] == -0.6
    assert s.valid is False
    assert "the rule asks for -0.6" in str(s)
    assert so.scale(so.AdamW(1e-3), batch=(256, 2560)).after.beta1 == 0.0  # exactly reachable: no warning


@pytest.mark.parametrize(
    ("method", "change", "error", "text"),
    [
        (so.Lion(0.1), {"batch": (1, 2)}, ValueError, "no scaling rule for Lion: much of the noise that its sign sees"),
        (so.SAM(0.1), {"batch": (1, 2)}, ValueError, "no scaling rule for SAM: the noise also enters through"),
        (so.NGN(0.1), {"batch": (1, 2)}, ValueError, "no scaling rule for NGN: its step divides by the square"),
        (Tanh(0.1), {"batch": (1, 2)}, ValueError, "for Tanh: none is known here"),
        (so.PGD(0.1), {"agents": (1, 2)}, ValueError, "agents has no part in the rule of PGD"),
        (so.SGD(0.1), {"batch": (1, 2), "examples": (1, 2)}, ValueError, "examples has no part in the rule of SGD"),
        (so.Scion(0.1), {"batch": 2}, TypeError, "batch must be a pair"),
        (so.Scion(0.1), {"batch": 0, "examples": (1, 8)}, ValueError, "batch before must be at least 1"),
        (so.L2(so.SGD(0.1), 0.2), {"batch": (1, 2)}, ValueError, "no scaling rule for L2 around a method: scale"),
        (so.Clipped(so.SGD(0.1), 1.0), {"batch": (1, 2)}, ValueError, "for Clipped around a method: scale the method"),
        (so.SGD(0.1), {}, ValueError, "give what changes"),
        (so.SGD(0.1), {"agents": (1, 2)}, ValueError, "agents has no part in the rule of SGD, which takes batch"),
        (so.DSGD(0.1), {"new_k": 2}, ValueError, "new_k has no part in the rule of DSGD, which takes batch, agents"),
        (so.SGD(0.1), {"batch": 4}, TypeError, "batch must be a pair"),
        (so.SGD(0.1), {"batch": (1, 2, 3)}, TypeError, "batch must be a pair"),
        (so.SGD(0.1), {"batch": (0, 2)}, ValueError, "batch before must be at least 1, got 0"),
        (so.SGD(0.1), {"batch": (1, 2.5)}, TypeError, "batch after must be an integer"),
        (so.DCSGDRandK(0.1, 2), {"new_k": 0}, ValueError, "new_k must be at least 1"),
        ("sgd", {"batch": (1, 2)}, TypeError, "method must be an optimizer"),
    ],
)
def test_what_is_refused(method: Any, change: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        so.scale(method, **change)


def test_a_beta_is_kept_up_to_the_batch_that_is_named() -> None:
    with pytest.warns(UserWarning, match="up to a batch of 40"):  # 1 - β' = B'/B τ^{-2/3} (1 - β) is 1 there
        assert so.scale(so.Scion(0.01, 0.9), batch=(1, 80), examples=(1, 8)).after.beta == 0.0
    assert so.scale(so.Scion(0.01, 0.9), batch=(1, 40), examples=(1, 8)).after.beta == 0.0


@pytest.mark.parametrize(
    ("noise", "change", "after"),
    [
        (G([0.5, 1.0]), {"batch": (8, 32)}, "Gaussian(scale=[0.25, 0.5])"),
        (G(cov=[[2.0, 1.0], [1.0, 2.0]]), {"batch": (8, 16)}, "Gaussian(cov=[[1.0, 0.5], [0.5, 1.0]])"),
        (so.AffineGaussian([0.5, 1.0], 2.0), {"batch": (8, 32)}, "AffineGaussian(scale=[0.25, 0.5], growth=0.5)"),
        (so.NoNoise(), {"batch": (8, 32)}, "NoNoise()"),
        (so.Batch(so.Laplace(0.5), 4), {"batch": (4, 6)}, "Batch(law=Laplace(scale=0.5), batch=6)"),
        (so.Laplace(0.5), {"batch": (4, 12)}, "Batch(law=Laplace(scale=0.5), batch=3)"),
        (so.Agents(G(0.5), agents=4), {"batch": (1, 4)}, "Agents(Gaussian(scale=0.25), agents=4)"),
        (so.Agents(G(0.5), agents=4), {"agents": (4, 2)}, "Agents(Gaussian(scale=0.5), agents=2)"),
        (G(0.5), {"agents": (1, 3)}, "Agents(Gaussian(scale=0.5), agents=3)"),
        (so.Agents([G(0.5), so.Laplace(0.5)]), {"agents": (2, 4)},
         "Agents([Gaussian(scale=0.5), Laplace(scale=0.5), Gaussian(scale=0.5), Laplace(scale=0.5)])"),
        (so.Agents(G(0.5), shifts=[[1.0, 0.0], [-1.0, 0.0]], agents=2), {"agents": (2, 4)},
         "Agents(Gaussian(scale=0.5), agents=4, shifts=[[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])"),
    ],
)  # fmt: skip
def test_the_noise_after(noise: Any, change: dict[str, Any], after: str) -> None:
    found = so.scale(so.DSGD(0.01), problem=so.Problem(BOWL, noise), **change)
    assert repr(found.problem_after.noise) == after


def test_the_noise_of_data_after() -> None:
    data = so.LinearRegression(np.eye(8), np.ones(8))
    for noise, after in ((so.Minibatch(2, replace=False), "Minibatch(batch=4, replace=False)"),
                         (so.DiagonalMinibatch(2), "DiagonalMinibatch(batch=4, replace=True)"),
                         (so.PoissonBatch(2), "PoissonBatch(batch=4)"),
                         (so.Reshuffled(2), "Reshuffled(batch=4)")):  # fmt: skip
        found = so.scale(so.SGD(0.01), batch=(2, 4), problem=so.Problem(data, noise))
        assert repr(found.problem_after.noise) == after
    shares = so.Agents(so.Minibatch(2), agents=4)
    for agents, batch in ((8, 2), (2, 1)):
        found = so.scale(so.DSGD(0.01), agents=(4, agents), batch=(2, batch), problem=so.Problem(data, shares))
        dealt = [(law.batch, law.agent, law.agents) for law in found.problem_after.noise.laws]
        assert dealt == [(batch, i, agents) for i in range(agents)]


@pytest.mark.parametrize(
    ("method", "noise", "change", "text"),
    [
        (so.SGD(0.1), so.Batch(G(0.5), 4), {"batch": (8, 16)}, "batch before must be that of the problem, 4 in"),
        (so.DPSGD(0.1), G(0.5), {"batch": (8, 16)}, "batch before must be that of the problem, 1 in"),
        (so.DSGD(0.1), so.Agents(G(0.5), agents=4), {"agents": (2, 4)}, "agents before must be that of the problem, 4"),
        (so.DSGD(0.1), G(0.5), {"agents": (2, 4)}, "agents before must be that of the problem, 1 in"),
        (so.SGD(0.1), so.Laplace(0.5), {"batch": (2, 3)}, "batch after must be a multiple of the batch before"),
        (so.DSGD(0.1), so.Agents([G(0.5), G(1.0)]), {"agents": (2, 3)}, "multiplied by a whole number only"),
        (so.DCSGDRandK(0.1, 4), G(0.5), {"new_k": 1}, "k must be at most the dimension 2"),
    ],
)
def test_a_problem_that_does_not_fit(method: Any, noise: Any, change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        so.scale(method, problem=so.Problem(BOWL, noise), **change)


def test_a_scaling_as_text_and_json() -> None:
    s = so.scale(so.SGD(lr=0.005), batch=(8, 32), problem=so.Problem(BOWL, G(0.5)))
    text = str(s)
    for words in ("SGD, κ = 4", "η' = κη", "arXiv:1706.02677", "lr          0.005   0.02", "0.04    0.1  holds"):
        assert words in text
    content = json.loads(s.to_json())
    assert content["after"] == {"lr": 0.02}
    assert content["valid"] is True
    assert json.loads(so.scale(so.SGD(0.1), batch=(1, 2)).to_json())["conditions"][0]["value"] is None
    assert repr(s) == "Scaling(SGD(lr=0.005) -> SGD(lr=0.02), linear)"
