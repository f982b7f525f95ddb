"""The formulas of the scaling rules: new hyperparameters from those before and from what changes.

All follow from one observation: an SDE without η in front of it fixes what one step does, and κα steps of the one
method must do what one step of the other does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from sdeopt.theory import dcsgd_rule, dsignsgd_rule, rand_k_omega

__all__ = [
    "Change",
    "Fields",
    "accumulated",
    "believing",
    "compressed",
    "examples",
    "inertial",
    "linear",
    "looking_ahead",
    "matched",
    "outer",
    "private",
    "shares",
    "signs",
    "slow_signs",
    "smoothed",
    "square_root",
    "towards_corners",
    "unhurried",
]


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


def slower(beta: float, c: Change) -> float:
    """β' with 1 - β' = κα (1 - β): an average lasts as many examples."""
    return round(1.0 - float(c.kappa * c.alpha) * (1.0 - beta), 14)  # 0, not 2e-16


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
    """η' = α√κ η: a step moves x by -ℓη√B ∇f/σ on average, ℓ > 0, with variance η²/N: both grow κα-fold.

    A decay moves it by -ηθx, so that θ' = √κ θ.
    """
    decay = {"weight_decay": m.weight_decay * math.sqrt(c.kappa)} if "weight_decay" in m._fields else {}
    return {"lr": m.lr * dsignsgd_rule(agents=float(c.alpha), batch=float(c.kappa))} | decay


def slow_signs(m: Any, c: Change) -> Fields:
    """η' = κη, 1 - β' = κ (1 - β): dX = -sign(M) dt, dM = (1 - β)/η (∇f - M) dt + (1 - β)/√η Σ^{1/2} dW stays."""
    return linear(m, c) | {"momentum": slower(m.momentum, c)}


def smoothed(m: Any, c: Change) -> Fields:
    """η' = κη, β' = κβ: what follows x does so with b = β/η a time."""
    return linear(m, c) | {"follow": m.follow * float(c.kappa)}


def inertial(m: Any, c: Change) -> Fields:
    """η' = κ²η, 1 - μ' = κ (1 - μ): a step takes √η of time, and the friction (1 - μ)/√η stays, and √η Σ."""
    return {"lr": m.lr * float(c.kappa) ** 2, "momentum": slower(m.momentum, c)}


def accumulated(m: Any, c: Change) -> Fields:
    """η' = η, ε' = ε/κ, v₀' = v₀/κ²: the sum of k/κ squares of the size σ²/κ is 1/κ² of that of k of the size σ²."""
    kappa = float(c.kappa)
    values = {"lr": m.lr, "initial": m.initial / kappa**2}
    return values | ({"eps": m.eps / kappa} if "eps" in m._fields else {})


def looking_ahead(m: Any, c: Change) -> Fields:
    """As of Adam, and ψ' = κψ: the warm-up of the momentum lasts as many examples."""
    return square_root(m, c) | {"psi": m.psi * float(c.kappa)}


def believing(m: Any, c: Change) -> Fields:
    """As of Adam, but ε' = ε: v gains ε in every step, (1 - β₂)⁻¹ ε in all, which falls as 1/κ, as Σ does."""
    return square_root(m, c) | {"eps": m.eps}


def unhurried(m: Any, c: Change) -> Fields:
    """As of AdamW, but β₁' = β₁: it is a share of two points, not a memory."""
    return square_root(m, c, kept=("beta1",))


def square_root(m: Any, c: Change, kept: tuple[str, ...] = ()) -> Fields:
    """η' = √κ η, 1 - β' = κ (1 - β), ε' = ε/√κ, θ' = √κ θ: √v falls as 1/√κ, averages last as many examples.

    Lemma 3.13 of arXiv:2411.15958 is about the level at rest, for which η' and θ' are enough; with its fixed
    ρ = (1 - β)/η, that is 1 - β' = √κ (1 - β), the path on the way there changes. What is ``kept`` stays as it is.
    """
    root = math.sqrt(c.kappa)
    values = {"lr": m.lr * root, "eps": m.eps / root}
    betas = [name for name in m._fields if name.startswith("beta") and name not in kept]
    values |= {name: slower(getattr(m, name), c) for name in betas}
    return values | ({"weight_decay": m.weight_decay * root} if "weight_decay" in m._fields else {})


def outer(m: Any, c: Change) -> Fields:
    """As of AdamW with η' = α√κ η, and α' = κα times the outer rate, 1 - μ' = κα (1 - μ): a round is so many rounds.

    It moves b by κα times what one did, for √v falls as 1/√κ, and x by κα times αb; the noise of the mean of all
    agents' running means is η Σ/(N v) in a time η, and stays.
    """
    return square_root(m, c) | {
        "lr": signs(m, c)["lr"],
        "outer_lr": m.outer_lr * float(c.kappa * c.alpha),
        "momentum": slower(m.momentum, c),
    }


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


def examples(c: Change) -> Fraction:
    """κα: a step sees so many times the examples."""
    return c.kappa * c.alpha


def shares(c: Change) -> Fraction:
    """κ/τ: steps at the same share of the run."""
    return c.kappa / c.tau


def matched(c: Change) -> Fraction:
    """κα (1 + ω)/(1 + ω'): the learning rate's factor, so that t = kη is matched."""
    return c.kappa * c.alpha * c.sent
