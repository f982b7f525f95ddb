"""SPS_max: Polyak's step size from the loss of the sample, never longer than a bound.

Discrete
    x' = x - γ ĝ,    γ = min((F - ℓ)/(c |ĝ|²), γ_b),    ĝ = ∇f(x) + ξ,  F >= ℓ the loss of the same sample;  γ_b = η

SDE
    order1   dX = -g dt - √η Σ^{1/2} dW                                                    g = ∇f(X),  Cov ξ = Σ(X)

    One step is η = γ_b units of time. F is the loss of the drawn minibatch; additive noise disturbs the gradient only,
    then F = f(x). ℓ = ``minimum`` is a lower bound of the loss of every sample, in the paper its own minimum f_S*.
    Where F = ℓ no step is taken; |γ ĝ| is never above √(γ_b (F - ℓ)/c).

Regime
    η → 0 on a fixed horizon t = kη with F - ℓ bounded away from 0: then Polyak's quotient is above η but for samples of
    |ĝ|² > (F - ℓ)/(cη), which under normal noise are rarer than any power of η. For a finite γ_b, or near F = ℓ, take
    the SDE "sampled".

Claim
    Weak order 1 in η: it is the SDE of SGD, with which SPS_max agrees step by step but for those samples. For a large
    γ_b nothing of η is left: with samples h(a·x - b)²/2 and ℓ = 0 a step is x' = x - (a·x - b) a/(2c|a|²), Kaczmarz's
    projection at c = ½, whatever h. Where one x* solves all of them |x - x*|² falls in the mean by the factor
    1 - λ(2ω - ω²), ω = 1/(2c), in directions where Σ aaᵀ/|a|² has the mean λ. Where the α-β condition holds along the
    path, c > 1/(2(α - β)) and samples are L-smooth, the least E f(x_k) - f* is at most
    c₁ (D₀/K + 2αγ_b σ²), σ² = E f* - f_S*, c₁ = c/(γ_min (2(α - β)c - 1)), γ_min = min(1/(2cL), γ_b),
    D₀ = |x₀ - x_p|²: γ_b does not make it small without interpolation, σ = 0.

Heavy tails
    Refused where ξ has no variance: order1 needs Σ. The SDE "sampled" stands in for it, for any law of ξ:
    a step is at most √(η(F - ℓ)/c) long. So does the discrete column.

Sources
    Loizou et al. (2021), arXiv:2002.10542, recalled; the bound is theorem 2 of Islamov et al. (2024), arXiv:2410.12455,
    read there, whose α = 1, β = 0 is that of Loizou et al. ℓ below f_S*: Orvieto, Lacoste-Julien & Loizou (2022),
    arXiv:2205.04583. The SDE is that of Li, Tai & E, arXiv:1811.01558, of which the regime is derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Oracle,
    Positive,
    Real,
    Vector,
    dot,
    grad,
    method,
    noisy_grad,
    noisy_value,
    root_cov,
    where,
)

__all__ = ["SPSMax"]


@method(order=1, family="normalised", bounded=True, objective="linear-regression:small")
class SPSMax(NamedTuple):
    """Stochastic gradient descent with the bounded stochastic Polyak step size.

    Discrete
        x' = x - γ (∇f(x) + ξ),  γ = min((F - ℓ)/(c|∇f + ξ|²), γ_b),  F the loss of the sample
    SDE
        dX = -∇f dt - √η Σ^{1/2} dW, default "order1"
    Regime
        η = γ_b → 0, t = kη fixed, F - ℓ bounded away from 0
    Claim
        weak order 1
    Sources
        Loizou et al., arXiv:2002.10542, recalled; Islamov et al., arXiv:2410.12455; SDE of arXiv:1811.01558

    Parameters
    ----------
    lr : float
        γ_b > 0, the longest step size; also the time of one step.
    c : float
        c > 0, which divides Polyak's step size; default 0.5, as for strongly convex functions in the paper.
    minimum : float
        ℓ, a lower bound of the loss of every sample; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([2.0])).oracle
    >>> so.SPSMax(lr=10.0, c=1.0).step(0, np.array([1.0]), o, ())  # f = 1, f' = 2: half way to the minimum
    array([0.5])
    """

    lr: Positive
    c: Positive = 0.5
    minimum: Real = 0.0

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        g = noisy_grad(o, x, z)
        gap = np.maximum(noisy_value(o, x, z) - self.minimum, 0.0)
        square = self.c * dot(g, g)
        return x - np.minimum(gap / where(square > 0.0, square, 1.0), self.lr) * g

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)
