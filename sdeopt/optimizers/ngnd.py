"""NGN-D: a step size from the Gauss-Newton model of the square root of the loss, for every coordinate by itself.

Discrete
    x_j' = x_j - γ_j ĝ_j,    γ_j = c / (1 + c ĝ_j²/(2F)),    ĝ = ∇f(x) + ξ,  F >= 0 the loss of the same sample;  c = η

SDE
    order1   dX = -g dt - √η Σ^{1/2} dW                                                    g = ∇f(X),  Cov ξ = Σ(X)

    One step is η = c units of time. F is the loss of the drawn minibatch, with additive noise f(x), as for `NGN`, which
    this is in one dimension.

Regime
    η → 0 on a fixed horizon t = kη with F bounded away from 0. For a finite c, or near F = 0, take the SDE "sampled".

Claim
    Weak order 1 in η. No coordinate moves by more than √(cF/2). The theorems ask for c <= 1/(2L_j), and there is such a
    bound: a coordinate with a small share of the loss is moved by plain gradient descent with the step c. On
    f = h|x|²/2 without noise a step from d equal entries is x' = (1 - chd/(ch + d)) x, which diverges for
    c > 2d/((d - 2)h), where NGN comes to x/(1 + ch) for every c. (In two dimensions and for c → ∞ it is
    (x₁, x₂) → -(x₂²/x₁, x₁²/x₂): x₁x₂ stays, x₁/x₂ becomes its inverse cube.)

Heavy tails
    Refused where ξ has no variance: order1 needs Σ. The SDE "sampled" stands in for it, for any law of ξ:
    |γ_j ĝ_j| is at most √(cF/2). So does the discrete column.

Sources
    NGN-D: Islamov et al. (2025), arXiv:2508.15071, algorithm 3 and theorems C.1 and C.2, read; its step size of Orvieto
    & Xiao, arXiv:2407.04358. The SDE is moment-matched by us, as that of `NGN`, from Li, Tai & E, arXiv:1811.01558;
    what happens beyond the theorems is derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, grad, method, noisy_grad, noisy_value, root_cov
from sdeopt.optimizers.ngn import gauss_newton

__all__ = ["NGND"]


@method(
    order=1, family="normalised", bounded=True, objective="linear-regression:small",
    at={"lr": 0.04},
)  # fmt: skip
class NGND(NamedTuple):
    """NGN with a step size for every coordinate.

    Discrete
        x_j' = x_j - γ_j ĝ_j,  γ_j = c/(1 + c ĝ_j²/(2F)),  ĝ = ∇f(x) + ξ,  F the loss of the sample
    SDE
        dX = -∇f dt - √η Σ^{1/2} dW, default "order1"
    Regime
        η = c → 0, t = kη fixed, F bounded away from 0
    Claim
        weak order 1
    Sources
        Islamov et al., arXiv:2508.15071; Orvieto & Xiao, arXiv:2407.04358; SDE moment-matched by us

    Parameters
    ----------
    lr : float
        c > 0, the largest step size; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([2.0, 2.0])).oracle  # at (1, 1) the loss is 2, either slope 2
    >>> so.NGND(lr=1.0).step(0, np.array([1.0, 1.0]), o, ())  # γ = 1/(1 + 4/4)
    array([0., 0.])
    """

    lr: Positive

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        g = noisy_grad(o, x, z)
        return x - gauss_newton(self.lr, g * g, noisy_value(o, x, z)) * g

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)
