"""Anti-PGD: gradient descent whose injected noise is taken back in the next step.

Discrete
    y' = y - η γ(y + σ w),    w ~ N(0, I) fresh in every step                   γ(x) = ∇f(x) + ξ,  Cov ξ = Σ(x)

    With x = y + σ w this is x' = x - η γ(x) + σ (w' - w): increments of white noise are added, so what one step adds
    the next one takes away. y = x - σ w is the state here; the iterate x of the literature is y plus noise of
    covariance σ² I that is independent of y, and begins as x₀ = y₀ + σ w₀.

SDE
    sampled   dY = -∇f_σ dt + √η Cov(γ(Y + σw))^{1/2} dW, by draws of the step itself            f_σ = E f(Y + σw)
    hessian   dY = -∇f_σ dt - √η Σ^{1/2} dW - √η σ H dW'                                         H = ∇²f(Y)

    One step is η units of time. f_σ = f + σ²/2 tr ∇²f + O(σ⁴): the flow descends the trace of the Hessian as well.

Regime
    η → 0, t = kη fixed, σ and the law of ξ fixed: unlike in PGD the injected noise does not shrink with η.

Claim
    Weak order 1 in η. On f = h x²/2 Var y = (ηh σ² + η s²/h)/(2 - ηh), and without ξ Var x = 2σ²/(2 - ηh), which is
    2ηh times that of the same noise never taken back. The flow of f itself, without σ, is wrong at order 0.

Heavy tails
    Refused where ξ has no variance: a sampled SDE has the second moments of the step, and there are none. The discrete
    column runs.

Sources
    Anti-PGD: Orvieto et al. (2022), arXiv:2202.02831, where f + σ²/2 tr ∇²f is the modified loss. sampled and hessian
    are moment-matched by us, in the variable y.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Law,
    NonNegative,
    Objective,
    Oracle,
    Positive,
    State,
    Vector,
    basis,
    grad,
    hvp,
    method,
    noisy_grad,
    rival,
    root_cov,
)

__all__ = ["AntiPGD", "AntiPGDHessian"]


@method(order=1, family="injection")
class AntiPGD(NamedTuple):
    """Gradient descent with anticorrelated noise, in the variable y = x - σ w.

    Discrete
        y' = y - η (∇f(y + σ w) + ξ),  w ~ N(0, I)
    SDE
        dY = -∇f_σ dt + √η Cov(∇f(Y + σw) + ξ)^{1/2} dW, default "sampled"; rival "hessian"
    Regime
        η → 0, t = kη and σ fixed
    Claim
        weak order 1; descends f + σ²/2 tr ∇²f
    Sources
        Orvieto et al., arXiv:2202.02831; the SDEs are moment-matched by us

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    sigma : float
        Standard deviation σ >= 0 of each injected vector; default 0.1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> so.AntiPGD(lr=0.1, sigma=0.5).step(0, np.array([1.0, -1.0]), o, ((), (np.array([2.0, 0.0]),)))
    array([ 0.8, -0.8])
    """

    lr: Positive
    sigma: NonNegative = 0.1

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("normal", objective.dim),)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        seen, (w,) = z
        return y - self.lr * noisy_grad(o, y + self.sigma * w, seen)


@rival(AntiPGD, "hessian", order=1, brownian=("gradient", "own"))
class AntiPGDHessian:
    """dY = -∇f_σ dt - √η Σ^{1/2} dW - √η σ H dW': the covariance of the step to leading order in σ.

    The drift is the mean of 2d gradients at Y ± σ√d e_i, a cubature of degree 3: exact for polynomials f of degree at
    most 4, as the widening valley is, else off by O(σ⁴). The covariance Σ + σ² H² of the gradient is exact on
    quadratics, else off by O(σ⁴) and by the change of Σ over a length σ: an error in the law of relative order η,
    which for the covariance of Y is not small against that covariance itself.

    Source: moment-matched by us; H σ² H: Orvieto et al., arXiv:2202.02831.
    """

    def drift(self: Any, t: float, y: State, o: Oracle) -> Any:
        reach = self.sigma * np.sqrt(float(y.size))
        mean = 0.0 * y
        for i in range(y.size):
            e = reach * basis(y, i)
            mean = mean + grad(o, y + e) + grad(o, y - e)
        return -mean / (2.0 * y.size)

    def diffusion(self: Any, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * (root_cov(o, y, dw[0]) + self.sigma * hvp(o, y, dw[1]))

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        return H, self.lr * (Sigma + self.sigma * self.sigma * H @ H)
