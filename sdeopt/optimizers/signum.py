"""Signum: SignSGD with momentum, the sign of a running mean of gradients.

Discrete
    m' = β m + (1 - β) γ,   x' = x - η sign m'                          γ = g + ξ,  g = ∇f(x),  Cov ξ = Σ(x);  m₀ = 0
    The buffer v' = βv + γ without the factor has the same signs. It is Lion with β₁ = β₂ and without decay.

SDE
    order1   dX = -s dt - √η (J Σ^{1/2} dW + R^{1/2} dW')                                          κ = (1 - β)/η
             dM = κ (g - M) dt + √η κ Σ^{1/2} dW

    One step is η units of time. sign m' is the sign of G + ξ with G = β/(1 - β) M + g; s, J and R are the mean, the
    regression on ξ and the residual covariance of that sign, as for Lion.

Regime
    A, claimed here: κ fixed, that is 1 - β = κη, t = kη. One sample weighs κη in M, so s is sign M but for |M| of the
    size κησ: in the limit X slides at full speed until M changes sign.
    B: β fixed. M forgets in a few steps, and x alone follows dX = -s̄ dt - √η C̄^{1/2} dW, the SDE of SignSGD for
    the noise of M instead of ξ: Cov = Σ (1 - β)/(1 + β), so s̄ = erf(g/(√2 σ) √((1 + β)/(1 - β))) for normal ξ, with
    the covariances of its signs summed over all lags. At g = 0 and independent coordinates
    C̄ = 1 + (4/π) Σ_{j>=1} arcsin β^j.

Claim
    A: weak order 1 in η while M keeps its sign, and between its changes. The time of a change fluctuates by √η; within
    as much of it X is a kinked function of that time, and a shift of order η shows in the variance as η^{3/2} (σ = 0.3
    at t = 1.6: 1.51 ± 0.04). On f = x²/2 from x = 1, κ = 1, σ = 0.15, half-way between the first and the second change,
    η from 0.05 to 0.0125: means 0.98 ± 0.01, covariance 1.89 ± 0.10 (docs/certificates.md). Stationary on f = h x²/2
    as η → 0: Var X = √(2/3) Γ(5/4)/Γ(3/4) σ√(η/κ)/h, 0.604 σ√(η/κ)/h, by averaging over the oscillations of period
    η^{1/4}: of the size √η, where SignSGD has η.
    The command line's own small problem has κ = 10 at η = 0.01, where M is quicker than x and its noise covers the
    kinks: the gap is 7 %; with κ = 2 it is 18 %, at η = 0.05 24 to 36 %.
    B: Var x = (η/2) √(π/2) (σ/h) √((1 - β)/(1 + β)) C̄, the SignSGD of β = 0 times 3.05 at β = 0.9.

Heavy tails
    Refused where ξ has no variance: the signs have moments, but M is a mean of gradients, and its noise is Σ. The
    discrete column runs.

Sources
    Bernstein et al. (2018), arXiv:1802.04434. The SDE is the mean and covariance of a step, matched here; so are
    regime B and both stationary variances. Moments of signs: arXiv:2411.15958.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Decay, Draws, Oracle, Positive, State, Vector, grad, mean_sign, method, noisy_grad, root_cov
from sdeopt.optimizers.lion import shifted, sign_noise

__all__ = ["Signum"]


@method(
    order=1, parts=("x", "m"), brownian=("gradient", "sign"), family="sign", limited=True,
    at={"lr": 0.01, "momentum": 0.9},  # κ = 10: M is quicker than x, and the kinks are in its noise; at κ = 2 20 % off
)  # fmt: skip
class Signum(NamedTuple):
    """SignSGD with momentum.

    Discrete
        m' = β m + (1 - β) (∇f(x) + ξ),  x' = x - η sign m',  m₀ = 0
    SDE
        dX = -s dt - √η (J Σ^{1/2} dW + R^{1/2} dW'),  dM = κ (∇f - M) dt + √η κ Σ^{1/2} dW,  s the mean, J the
        regression on ξ and R the residual covariance of sign(β/(1 - β) M + ∇f + ξ), default "order1"
    Regime
        η → 0, t = kη, κ = (1 - β)/η fixed
    Claim
        weak order 1 between changes of sign of M; stationary variance 0.604 σ√(η/κ)/h
    Sources
        Bernstein et al., arXiv:1802.04434; moment-matched by us

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the length of a step in each coordinate; also the time of one step.
    momentum : float
        Decay β in [0, 1) of the running mean; default 0.9. At 0 it is SignSGD.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> x, m = so.Signum(lr=0.1, momentum=0.5).step(0, (np.array([1.0, -1.0]), np.array([-2.0, 0.0])), o, ())
    >>> x, m  # γ = (1, -2)
    (array([ 1.1, -0.9]), array([-0.5, -1. ]))
    """

    lr: Positive
    momentum: Decay = 0.9

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, momentum=1.0 - (1.0 - self.momentum) * lr / self.lr)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        return x, grad(o, x)

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m = y
        m1 = self.momentum * m + (1.0 - self.momentum) * noisy_grad(o, x, z)
        return x - self.lr * np.sign(m1), m1

    def drift(self, t: float, y: State, o: Oracle) -> Any:
        x, m = y
        s = mean_sign(o, x, shifted(o, x, m, self.momentum))
        return -s, (1.0 - self.momentum) / self.lr * (grad(o, x) - m)

    def diffusion(self, t: float, y: State, o: Oracle, dw: Vector) -> Any:
        x, m = y
        w = root_cov(o, x, dw[0])
        kick = sign_noise(o, x, shifted(o, x, m, self.momentum), w, dw[1])
        return -np.sqrt(self.lr) * kick, (1.0 - self.momentum) / np.sqrt(self.lr) * w
