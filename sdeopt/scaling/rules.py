"""The scaling rules: which hyperparameters keep the law of x when batch, agents or compression change.

Every rule is one function of the method and of a `Change` (κ times the batch, α times the agents, other compression),
which returns the new hyperparameters. They all follow from one observation: an SDE without η in front of it fixes what
one step does, and κα steps of the one method must do what one step of the other does. What stands around a method,
an average or a second method, has its rule in ``sdeopt.scaling.around``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

from sdeopt import optimizers as pages
from sdeopt.core import checks
from sdeopt.core.contracts import Method
from sdeopt.core.traits import expect_method
from sdeopt.theory import dcsgd_rule, dsignsgd_rule, rand_k_omega

__all__ = ["RULES", "Change", "Rule", "find"]


class Change(NamedTuple):
    """What changes, each as (before, after): batch of one agent, agents, entries sent by rand-k, examples of a run."""

    batch: tuple[int, int] = (1, 1)
    agents: tuple[int, int] = (1, 1)
    k: tuple[int, int] = (1, 1)
    examples: tuple[int, int] = (1, 1)

    @property
    def kappa(self) -> Fraction:
        """κ, times the batch."""
        return Fraction(self.batch[1], self.batch[0])

    @property
    def alpha(self) -> Fraction:
        """α, times the agents."""
        return Fraction(self.agents[1], self.agents[0])

    @property
    def sent(self) -> Fraction:
        """Times the entries sent, which is (1 + ω)/(1 + ω') for the constants ω = d/k - 1 of rand-k."""
        return Fraction(self.k[1], self.k[0])

    @property
    def tau(self) -> Fraction:
        """τ, times the examples that the whole run sees."""
        return Fraction(self.examples[1], self.examples[0])


Fields = dict[str, float]


def linear(m: Any, c: Change) -> Fields:
    """η' = κα η: in dX = -∇f dt + √(η/(NB)) Σ^{1/2} dW nothing else depends on η."""
    return {"lr": m.lr * dcsgd_rule(0.0, agents=float(c.alpha), batch=float(c.kappa))}


def compressed(m: Any, c: Change) -> Fields:
    """η' = κα (1 + ω)/(1 + ω') η: the noise of what is sent is (1 + ω) Σ/(NB), with 1 + ω = d/k for rand-k."""
    d = max(c.k)  # any dimension: it cancels
    before = dcsgd_rule(rand_k_omega(d, c.k[0]))
    after = dcsgd_rule(rand_k_omega(d, c.k[1]), agents=float(c.alpha), batch=float(c.kappa))
    return {"lr": m.lr * after / before} | ({"k": float(c.k[1])} if c.k[0] != c.k[1] else {})


def signs(m: Any, c: Change) -> Fields:
    """η' = α√κ η: a step moves x by -ℓη√B ∇f/σ on average, ℓ > 0, with variance η²/N: both grow κα-fold."""
    return {"lr": m.lr * dsignsgd_rule(agents=float(c.alpha), batch=float(c.kappa))}


def square_root(m: Any, c: Change) -> Fields:
    """η' = √κ η, 1 - β' = κ (1 - β), ε' = ε/√κ, θ' = √κ θ: √v falls as 1/√κ, averages last as many examples.

    Lemma 3.13 of arXiv:2411.15958 is about the level at rest, for which η' and θ' are enough; with its fixed
    ρ = (1 - β)/η, that is 1 - β' = √κ (1 - β), the path on the way there changes.
    """
    kappa, root = float(c.kappa), math.sqrt(c.kappa)
    values = {"lr": m.lr * root, "eps": m.eps / root}
    betas = [name for name in m._fields if name.startswith("beta")]
    values |= {name: round(1.0 - kappa * (1.0 - getattr(m, name)), 14) for name in betas}  # 0, not 2e-16
    return values | ({"weight_decay": m.weight_decay * root} if "weight_decay" in m._fields else {})


def towards_corners(m: Any, c: Change) -> Fields:
    """η' = (κ/τ) η, 1 - β' = κ τ^{-2/3} (1 - β): the step is one over the number of steps, and β as in theorem 4.1.

    That has η ~ 1/K and 1 - β ~ B ε²/σ² for an error ε; where ε does not depend on B it falls as T^{-1/3}. With τ = 1
    the SDE dX = -[X + s lmo(D)] dt, dD = (1 - β)/η (∇f - D) dt + (1 - β)/√η Σ^{1/2} dW stays what it is, Σ falling as
    1/κ; with κ = τ^{2/3} β stays.
    """
    kappa, tau = float(c.kappa), float(c.tau)
    return {"lr": m.lr * kappa / tau, "beta": round(1.0 - kappa * tau ** (-2.0 / 3.0) * (1.0 - m.beta), 14)}


def private(base: Callable[[Any, Change], Fields]) -> Callable[[Any, Change], Fields]:
    """z' = √κ z beside another rule: clipping and private noise, C²z²/B², then shrink with the batch as Σ/B does."""

    def rule(m: Any, c: Change) -> Fields:
        return base(m, c) | {"sigma_dp": m.sigma_dp * math.sqrt(c.kappa)}

    return rule


@dataclass(frozen=True)
class Rule:
    """A rule in words and as a function.

    Attributes
    ----------
    name, statement, source : str
        What it is called, what it changes, where it is from.
    fields : callable
        (method, change) -> the new hyperparameters, as the formula gives them.
    speed : callable
        change -> how many steps of the method before one step of the method after makes up for.
    conditions : tuple of str
        What must be small for the rule to hold, names of ``sdeopt.scaling.conditions``.
    takes : tuple of str
        What may change.
    """

    name: str
    statement: str
    source: str
    fields: Callable[[Any, Change], Fields]
    speed: Callable[[Change], Fraction]
    conditions: tuple[str, ...]
    takes: tuple[str, ...] = ("batch",)


def examples(c: Change) -> Fraction:
    """κα: a step sees so many times the examples."""
    return c.kappa * c.alpha


def shares(c: Change) -> Fraction:
    """κ/τ: steps at the same share of the run."""
    return c.kappa / c.tau


def matched(c: Change) -> Fraction:
    """κα (1 + ω)/(1 + ω'): the learning rate's factor, so that t = kη is matched."""
    return c.kappa * c.alpha * c.sent


GOYAL = "Goyal et al. (2017), arXiv:1706.02677"
COMPAGNONI = "Monzio Compagnoni et al. (2025), arXiv:2502.17009"
MALLADI = "Malladi et al. (2022), arXiv:2205.10287"
DERIVED = "derived from the SDE of Monzio Compagnoni et al. (2026), arXiv:2603.03226, which it keeps"
DECAY = "; decay: Monzio Compagnoni et al. (2025), arXiv:2411.15958, lemma 3.13"

SGD = Rule("linear", "η' = κη", f"{GOYAL}; by the SDE: Jastrzębski et al. (2017), arXiv:1711.04623",
           linear, examples, ("step", "growth"))  # fmt: skip
MOMENTUM = Rule("linear", "η' = κη, μ' = μ", GOYAL, linear, examples, ("buffer",))
AGENTS = Rule("linear", "η' = κα η", COMPAGNONI, linear, examples, ("step",), ("batch", "agents"))
COMPRESSED = Rule("linear", "η' = κα η", COMPAGNONI, linear, examples, ("step", "sent"), ("batch", "agents"))
RAND_K = Rule("level of DCSGD", "η' = κα (1 + ω)/(1 + ω') η, 1 + ω = d/k", COMPAGNONI,
              compressed, matched, ("step", "sent"), ("batch", "agents", "k"))  # fmt: skip
SIGNS = Rule("square root", "η' = √κ η", f"that of DSignSGD for one agent, derived from the SDE of {COMPAGNONI}",
             signs, examples, ("sign", "noise"))  # fmt: skip
VOTES = Rule("level of DSignSGD", "η' = α√κ η", f"derived from the SDE of {COMPAGNONI}",
             signs, examples, ("sign", "noise"), ("batch", "agents"))  # fmt: skip
RMSPROP = Rule("square root", "η' = √κ η, 1 - β' = κ (1 - β), ε' = ε/√κ", MALLADI,
               square_root, examples, ("ratio", "noise", "memory", "cold"))  # fmt: skip
RMSPROPW = replace(RMSPROP, statement=f"{RMSPROP.statement}, θ' = √κ θ", source=MALLADI + DECAY)
ADAM, ADAMW = (replace(rule, conditions=("ratio", "noise", "memory")) for rule in (RMSPROP, RMSPROPW))
PRIVATE = Rule("linear", "η' = κη, z' = √κ z", DERIVED, private(linear), examples, ("step",))
PRIVATE_SIGNS = Rule("square root", "η' = √κ η, z' = √κ z", DERIVED, private(signs), examples, ("sign", "noise"))
PRIVATE_ADAM = replace(ADAM, statement=f"{ADAM.statement}, z' = √κ z", source=f"{MALLADI}; z: {DERIVED}",
                       fields=private(square_root))  # fmt: skip
CORNERS = Rule("conditional gradient", "η' = κη/τ, 1 - β' = κ (1 - β)/τ^{2/3}, best κ = τ^{2/3}",
               "Islamov et al. (2026), arXiv:2603.21191, theorem 4.1 and rule (6); by the SDE: derived here",
               towards_corners, shares, ("shrink", "forget"), ("batch", "examples"))  # fmt: skip

RULES: dict[type, Rule] = {
    pages.SGD: SGD,
    pages.HeavyBall: MOMENTUM,
    pages.Nesterov: MOMENTUM,
    pages.DSGD: AGENTS,
    pages.DCSGDRandK: RAND_K,
    pages.DCSGDDithering: COMPRESSED,
    pages.DCSGDNatural: COMPRESSED,
    pages.SignSGD: SIGNS,
    pages.DSignSGD: VOTES,
    pages.RMSprop: RMSPROP,
    pages.Adam: ADAM,
    pages.RMSpropW: RMSPROPW,
    pages.AdamW: ADAMW,
    pages.DPSGD: PRIVATE,
    pages.DPSignSGD: PRIVATE_SIGNS,
    pages.DPAdam: PRIVATE_ADAM,
    pages.Scion: CORNERS,
    pages.ScionSpectral: CORNERS,
    pages.Muon: CORNERS,
}
REASONS = {  # of one method, or of its family
    "Lion": "it takes the sign of an average, whose noise depends on the momentum as well as on the batch",
    "Signum": "it takes the sign of an average, whose noise depends on the momentum as well as on the batch",
    "SignSGDW": "the published rule for signs says nothing of their decay",
    "Adagrad": "its step sizes fall with the number of steps, so that no constant factor repairs them",
    "TopKEF": "its compressor is biased, and the error that it feeds back does not shrink with the batch",
    "Clip21SGD2M": "what it clips does not shrink with the batch",
    "sharpness": "the noise also enters through the radius rho, which the linear rule does not cover",
    "injection": "the noise that it injects itself does not shrink with the batch",
}


def find(method: Method) -> Rule:
    """The rule of ``method``, no wrapper; a ``ValueError`` says why there is none."""
    expect_method(method)
    rule = RULES.get(type(method))
    if rule is None:
        name = type(method).__name__
        reason = REASONS.get(name, REASONS.get(method.family, "no published one is known here"))
        known = ", ".join(sorted(cls.__name__ for cls in RULES))
        raise ValueError(f"there is no scaling rule for {name}: {reason} (there are rules for {known})")
    return rule


def pair(name: str, value: Any) -> tuple[int, int]:
    """(before, after), two whole numbers >= 1."""
    try:
        before, after = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a pair (before, after), got {checks.short(value)}") from None
    return checks.integer(f"{name} before", before, low=1), checks.integer(f"{name} after", after, low=1)
