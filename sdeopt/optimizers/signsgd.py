"""SignSGD: keep the sign of each coordinate of the gradient, drop its size.

Discrete
    x' = x - η sign(g + ξ)                                                                 g = ∇f(x)

SDE
    order1   dX = -s(X) dt - √η C(X)^{1/2} dW,    s = E sign(g + ξ),  C = Cov sign(g + ξ)

    One step is η units of time. Gaussian noise with Σ = diag(σ²): s = erf(g/(√2 σ)) and C = diag(1 - s²). Correlated
    noise leaves s alone and gives C off-diagonal entries, at g = 0 the arcsine law 2/π arcsin(ρ_ij). s exists for any
    law of ξ, also one without variance or mean.

Regime
    η → 0, t = kη fixed, the law of ξ fixed (as ξ → 0 the drift becomes discontinuous and the claim is lost).

Claim
    Weak order 1 in η, for s smooth. Stationary on a quadratic with Gaussian noise, to leading order in η:
    dX = -√(2/π) diag(Σ)^{-1/2} H X dt - √η (2/π arcsin R)^{1/2} dW, R the correlation matrix of ξ; for diagonal H and
    Σ the variance is (η/2) √(π/2) σ/h: linear in σ, where that of SGD is quadratic. Under a schedule ψ the mean fades
    as exp(-√(2/π) (h/σ) ∫ψ) and the variance follows ψ: x arrives if ψ → 0 and ∫ψ = ∞ (the claim signsgd_schedules).

Heavy tails
    Runs for any law of ξ, with infinite variance or without a mean: a sign has moments, and s needs only the
    distribution function of ξ.

Sources
    SignSGD: Bernstein et al. (2018), arXiv:1802.04434. SDE: Monzio Compagnoni et al. (2025), arXiv:2411.15958,
    corollary 3.3 for diagonal Gaussian noise; the correlated case is Plackett's identity (1954, doi:10.2307/2332716).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, grad, mean_sign, method, noisy_grad, root_sign_cov
from sdeopt.theory import correlation, stationary

__all__ = ["SignSGD"]


@method(order=1, brownian="sign", family="sign", limited=True)
class SignSGD(NamedTuple):
    """Sign stochastic gradient descent.

    Discrete
        x' = x - η sign(∇f(x) + ξ)
    SDE
        dX = -s dt - √η C^{1/2} dW,  s and C the mean and covariance of sign(∇f + ξ), default "order1"
    Regime
        η → 0, t = kη fixed, the law of ξ fixed
    Claim
        weak order 1; stationary variance (η/2) √(π/2) σ/h (Gaussian, diagonal)
    Sources
        Bernstein et al., arXiv:1802.04434; Monzio Compagnoni et al., arXiv:2411.15958

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the length of a step in each coordinate; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0])).oracle
    >>> so.SignSGD(lr=0.1).step(0, np.array([1.0, -1.0]), o, (np.array([-3.0, 0.0]),))  # the gradient seen: (-0.5, -2)
    array([ 1.1, -0.9])
    """

    lr: Positive

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * np.sign(noisy_grad(o, x, z))

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -mean_sign(o, x, grad(o, x))

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_sign_cov(o, x, grad(o, x), dw)

    def stationary(self, H: Any, Sigma: Any) -> Any:
        scale, R = correlation(Sigma)
        return stationary(np.sqrt(2.0 / np.pi) * H / scale[:, None], self.lr * 2.0 / np.pi * np.arcsin(R))
