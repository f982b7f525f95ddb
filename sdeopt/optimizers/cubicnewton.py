"""CubicNewton: the minimum of a quadratic model with a cubic penalty, Newton's method kept where it can be trusted.

Discrete
    x' = x + argmin_s {γ·s + ½ s·Hs + |s|³/(3η²)}                    γ = ∇f(x) + ξ,  H = ∇²f(x),  E ξ = 0,  Cov ξ = Σ(x)

    that is s = -(H + λI)⁻¹ γ with |s| = η²λ and H + λI positive semidefinite. The penalty is (M/6)|s|³ with M = 2/η².
    λ is found by bisection, the system solved by Cholesky's factors, both to rounding: meant for small d. H is seen
    without noise. (Where γ has no part along the direction of the lowest curvature, and that is negative, s lacks the
    step along it by which a minimiser leaves the plane of the others.)

SDE
    sampled   dX = E[s]/η dt + (Cov s/η)^{1/2} dW, by draws of the step itself

    One step is η units of time. Without noise s = -η g/√|g| + O(η²), so that the flow is dX = -g/√|g| dt, of speed
    √|g|: faster than gradient descent where |g| < 1, slower where |g| > 1, and it ends in finite time.

Regime
    η → 0, t = kη fixed, the law of ξ fixed, away from points where γ may vanish.

Claim
    Weak order 1 in η. f falls at every step if ∇²f is (2/η²)-Lipschitz and there is no noise; steps leave saddles at
    once, where gradient descent takes log(1/distance)/(η|h|) of them, and converge quadratically to a minimum with
    ∇²f > 0.

Heavy tails
    Refused where ξ has no variance: a sampled SDE asks for it. The discrete column runs; its steps grow like √|ξ|.

Sources
    Nesterov & Polyak (2006), doi:10.1007/s10107-006-0706-8, and with noisy gradients Tripuraneni et al. (2018),
    arXiv:1711.02838, both recalled. The clock and the flow are derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Vector, basis, hvp, method, noisy_grad, norm

__all__ = ["CubicNewton"]

HALVINGS = 64


def damped(h: Any, shift: Any, g: Vector) -> Any:
    """Whether H + λI is positive definite, and -(H + λI)⁻¹ g; H row by row."""
    d = g.size
    low, s = np.zeros(d * d), np.zeros(d)
    for i in range(d):
        for j in range(i + 1):
            v = h[i * d + j]
            if i == j:
                v = v + shift
            for k in range(j):
                v = v - low[i * d + k] * low[j * d + k]
            if i == j and not v > 0.0:
                return False, s
            low[i * d + j] = np.sqrt(v) if i == j else v / low[j * d + j]
    for i in range(d):
        v = -g[i]
        for k in range(i):
            v = v - low[i * d + k] * s[k]
        s[i] = v / low[i * d + i]
    for n in range(d):
        i = d - 1 - n
        v = s[i]
        for k in range(i + 1, d):
            v = v - low[k * d + i] * s[k]
        s[i] = v / low[i * d + i]
    return True, s


def cubic_step(h: Any, g: Vector, lr: Any) -> Any:
    """The minimiser of g·s + ½ s·Hs + |s|³/(3η²)."""
    low, high = 0.0, norm(h) + np.sqrt(norm(g)) / lr  # there |s| <= |g|/(λ - |H|) <= η²λ
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        definite, s = damped(h, middle, g)
        if definite and norm(s) <= lr * lr * middle:
            high = middle
        else:
            low = middle
    return damped(h, high, g)[1]


@method(order=1, lanes=False)
class CubicNewton(NamedTuple):
    """Newton's method with cubic regularisation.

    Discrete
        x' = x + argmin_s {γ·s + ½ s·Hs + |s|³/(3η²)},  γ = ∇f(x) + ξ,  H = ∇²f(x)
    SDE
        dX = E[s]/η dt + (Cov s/η)^{1/2} dW, default "sampled"
    Regime
        η → 0, t = kη fixed
    Claim
        weak order 1; without noise the flow is dX = -g/√|g| dt
    Sources
        Nesterov & Polyak, doi:10.1007/s10107-006-0706-8; Tripuraneni et al., arXiv:1711.02838

    Parameters
    ----------
    lr : float
        η > 0, √(2/M) for the penalty (M/6)|s|³; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0])).oracle
    >>> so.CubicNewton(lr=1.0).step(0, np.array([2.0]), o, ())  # s + |s| s = -2
    array([1.])
    """

    lr: Positive

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        d = x.size
        h = np.zeros(d * d)
        for i in range(d):
            row = hvp(o, x, basis(x, i))
            for j in range(d):
                h[i * d + j] = row[j]
        return x + cubic_step(h, noisy_grad(o, x, z), self.lr)
