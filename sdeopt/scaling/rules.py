"""The scaling rules: which hyperparameters keep the law of x when batch, agents or compression change.

Every rule is one function of the method and of a `Change` (κ times the batch, α times the agents, other compression),
which returns the new hyperparameters, of ``sdeopt.scaling.formulas``. What stands around a method, an average or a
second method, has its rule in ``sdeopt.scaling.around``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sdeopt import optimizers as pages
from sdeopt.core import checks
from sdeopt.core.contracts import Method
from sdeopt.core.traits import expect_method
from sdeopt.scaling import formulas
from sdeopt.scaling.formulas import Change, Fields, examples, linear, private, signs, square_root

__all__ = ["RULES", "Rule", "find"]


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
              formulas.compressed, formulas.matched, ("step", "sent"), ("batch", "agents", "k"))  # fmt: skip
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
               formulas.towards_corners, formulas.shares, ("shrink", "forget"), ("batch", "examples"))  # fmt: skip
HERE = "derived here from the SDE of the page, which it keeps"
PLAIN = replace(SGD, source=f"{HERE}; SGD: {GOYAL}", conditions=("step",))
LATE = replace(PLAIN, conditions=("late",))
FIELD = replace(PLAIN, conditions=("turn",))
SMOOTHED = Rule("linear", "η' = κη, β' = κβ", HERE, formulas.smoothed, examples, ("turn",))
ROUNDS = Rule("linear", "η' = κα η, H and the outer learning rate as they are", HERE, linear, examples, ("round",),
              ("batch", "agents"))  # fmt: skip
CAUTIOUS = replace(RAND_K, source=f"{HERE}; of DCSGD: {COMPAGNONI}", conditions=("turn", "sent"))
OUTER = replace(ROUNDS, statement=f"{ROUNDS.statement}, μ too", conditions=("outer",))
DECAYING = Rule("square root", f"{SIGNS.statement}, θ' = √κ θ", HERE, signs, examples, ("sign", "noise"))
SLOW_SIGNS = Rule("linear", "η' = κη, 1 - β' = κ (1 - β)", HERE, formulas.slow_signs, examples, ("forget", "sign"))
INERTIAL = Rule("friction", "η' = κ²η, 1 - μ' = κ (1 - μ)", HERE, formulas.inertial, examples, ("swing",))
ADAGRAD = Rule("none needed", "η' = η, ε' = ε/κ, v₀' = v₀/κ²", HERE, formulas.accumulated, examples,
               ("ratio", "noise", "first"))  # fmt: skip
ADAGRAD_NORM = replace(ADAGRAD, statement="η' = η, v₀' = v₀/κ²", conditions=("ratio", "sent", "first"))
SHAMPOO = replace(ADAGRAD_NORM, statement="η' = η, ε' = ε/κ²", source="derived here: both sums fall to 1/κ²")
NADAM = replace(ADAM, statement=f"{ADAM.statement}, ψ' = κψ", source=HERE, fields=formulas.looking_ahead)
AMSGRAD = replace(ADAM, source=HERE, conditions=(*ADAM.conditions, "peak"))
ADABELIEF = Rule("square root", "η' = √κ η, 1 - β' = κ (1 - β), ε' = ε", HERE, formulas.believing, examples,
                 (*ADAM.conditions, "belief"))  # fmt: skip
SCHEDULE_FREE = Rule("square root", "η' = √κ η, 1 - β₂' = κ (1 - β₂), β₁' = β₁, ε' = ε/√κ, θ' = √κ θ", HERE,
                     formulas.unhurried, examples, ADAM.conditions)  # fmt: skip
AXES = replace(ADAMW, source=HERE)
OUTER_ADAM = Rule("square root", "η' = α√κ η, 1 - β' = κα (1 - β), 1 - μ' = κα (1 - μ), κα times the outer learning "
                  "rate, H' = H, ε' = ε/√κ, θ' = √κ θ", HERE, formulas.outer, examples,
                  (*ADAM.conditions, "forget"), ("batch", "agents"))  # fmt: skip

RULES: dict[type, Rule] = {
    pages.SGD: SGD,
    pages.HeavyBall: MOMENTUM,
    pages.Nesterov: MOMENTUM,
    pages.DSGD: AGENTS,
    pages.DCSGDRandK: RAND_K,
    pages.DCSGDNormalised: CAUTIOUS,
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
    pages.SGLD: PLAIN,
    pages.PGD: PLAIN,
    pages.FPGD: PLAIN,
    pages.ScheduleFreeSGD: PLAIN,
    pages.DelayedSGD: LATE,
    pages.WarmupSGD: FIELD,
    pages.SGDA: FIELD,
    pages.AltGDA: FIELD,
    pages.AltGDAIndependent: FIELD,
    pages.SEG: FIELD,
    pages.SEGIndependent: FIELD,
    pages.SHGD: FIELD,
    pages.SHGD2: FIELD,
    pages.SmoothedGDA: SMOOTHED,
    pages.SmoothedGDAIndependent: SMOOTHED,
    pages.LocalSGD: ROUNDS,
    pages.FedAvgM: OUTER,
    pages.SignSGDW: DECAYING,
    pages.Signum: SLOW_SIGNS,
    pages.SGHMC: INERTIAL,
    pages.Adagrad: ADAGRAD,
    pages.AdaGradNorm: ADAGRAD_NORM,
    pages.Shampoo: SHAMPOO,
    pages.NAdam: NADAM,
    pages.AMSGrad: AMSGRAD,
    pages.AdaBelief: ADABELIEF,
    pages.ScheduleFreeAdamW: SCHEDULE_FREE,
    pages.SOAP: AXES,
    pages.DiLoCo: OUTER_ADAM,
}
REASONS = {  # of one method, or of its family
    "Lion": "much of the noise that its sign sees is that of one step, which a shorter memory does not make up for",
    "Adafactor": "its memory grows with the number of steps, so that it is another one after fewer of them",
    "TopKEF": "its compressor is biased, and the error that it feeds back does not shrink with the batch",
    "ByzClip21SGD2M": "what it clips does not shrink with the batch",
    "Clip21SGD2M": "what it clips does not shrink with the batch",
    "AntiPGD": "the noise that it injects itself does not shrink with the batch",
    "ZOSGD": "the noise of its directions does not shrink with the batch",
    "DirectSearch": "the noise of its directions does not shrink with the batch",
    "CubicNewton": "its step is not linear in the gradient that it sees",
    "PCNSGD": "it divides the gradient of each class by its length, which the noise lengthens",
    "NGN": "its step divides by the square of the gradient that it sees, which the noise lengthens",
    "SPSMax": "its step divides by the square of the gradient that it sees, which the noise lengthens",
    "NGNM": "its step divides by the square of the gradient that it sees, which the noise lengthens",
    "NGND": "its step divides by the squares of the gradient that it sees, which the noise lengthens",
    "NGNMD": "its step divides by the squares of the gradient that it sees, which the noise lengthens",
    "sharpness": "the noise also enters through the radius rho, which the linear rule does not cover",
}


def find(method: Method) -> Rule:
    """The rule of ``method``, no wrapper; a ``ValueError`` says why there is none."""
    expect_method(method)
    rule = RULES.get(type(method))
    if rule is None:
        name = type(method).__name__
        reason = REASONS.get(name, REASONS.get(method.family, "none is known here"))
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
