"""SignSGDW: SignSGD with weight decay, inside the sign (coupled) or outside it (decoupled).

Discrete
    x' = x - η sign(g + λx + ξ) - ηθ x                                                                  g = ∇f(x)
    λ is the weight decay of SGD, a term λ|x|²/2 of the loss; θ that of AdamW, which shrinks x by itself.

SDE
    order1   dX = -(s + θX) dt - √η C^{1/2} dW,    s = E sign(g + λX + ξ),  C = Cov sign(g + λX + ξ)

    One step is η units of time. Gaussian noise with Σ = diag(σ²): s = erf((g + λX)/(√2 σ)) and C = diag(1 - s²).

Regime
    η → 0, t = kη, λ, θ and the law of ξ fixed.

Claim
    Weak order 1 in η. Without noise f = (x - a)²/2 ends at a/(1 + λ) with the coupled decay, at the nearest point to a
    of the box |x| <= 1/θ with the decoupled one: decay outside the sign is not felt before it outweighs a whole sign.
    Stationary on a quadratic with Gaussian noise, minimum at 0, to leading order in η:
    dX = -[√(2/π) diag(Σ)^{-1/2} (H + λI) + θI] X dt - √η (2/π arcsin R)^{1/2} dW, R the correlation matrix of ξ; for
    diagonal H and Σ the variance is (η/2)/(√(2/π) (h + λ)/σ + θ), below η/(2θ) however large the noise.

Heavy tails
    Runs for any law of ξ, as SignSGD does: decay changes the argument of the sign, or does not pass through it.

Sources
    SignSGD: Bernstein et al. (2018), arXiv:1802.04434. Decoupled decay: Loshchilov & Hutter (2019), arXiv:1711.05101.
    Moments of signs: Monzio Compagnoni et al. (2025), arXiv:2411.15958; with decay derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, NonNegative, Oracle, Positive, Vector, grad, mean_sign, method, noisy_grad, root_sign_cov
from sdeopt.theory import correlation, stationary

__all__ = ["SignSGDW"]


@method(order=1, brownian="sign", family="sign", limited=True)
class SignSGDW(NamedTuple):
    """Sign stochastic gradient descent with decoupled and with coupled weight decay.

    Discrete
        x' = x - η sign(∇f(x) + λx + ξ) - ηθ x
    SDE
        dX = -(s + θX) dt - √η C^{1/2} dW,  s and C the mean and covariance of sign(∇f + λX + ξ), default "order1"
    Regime
        η → 0, t = kη, λ, θ and the law of ξ fixed
    Claim
        weak order 1; stationary variance (η/2)/(√(2/π) (h + λ)/σ + θ) (Gaussian, diagonal)
    Sources
        Bernstein et al., arXiv:1802.04434; Loshchilov & Hutter, arXiv:1711.05101; derived here

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the length of a step in each coordinate; also the time of one step.
    weight_decay : float
        θ >= 0, decoupled, a rate: one step shrinks x by ηθ x; default 0.01.
    l2 : float
        λ >= 0, coupled: λx is added to the gradient before the sign; default 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> so.SignSGDW(lr=0.1, weight_decay=0.5).step(0, np.array([1.0, -1.0]), o, ())  # (0.9, -0.9), less 0.05 x
    array([ 0.85, -0.85])
    """

    lr: Positive
    weight_decay: NonNegative = 0.01
    l2: NonNegative = 0.0

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * (np.sign(noisy_grad(o, x, z) + self.l2 * x) + self.weight_decay * x)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -mean_sign(o, x, grad(o, x) + self.l2 * x) - self.weight_decay * x

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_sign_cov(o, x, grad(o, x) + self.l2 * x, dw)

    def stationary(self, H: Any, Sigma: Any) -> Any:
        scale, R = correlation(Sigma)
        one = np.eye(len(H))
        A = np.sqrt(2.0 / np.pi) * (H + self.l2 * one) / scale[:, None] + self.weight_decay * one
        return stationary(A, self.lr * 2.0 / np.pi * np.arcsin(R))
