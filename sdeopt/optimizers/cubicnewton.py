"""CubicNewton: the minimum of a quadratic model with a cubic penalty, Newton's method kept where it can be trusted.

Discrete
    x' = x + argmin_s {γ·s + ½ s·Hs + |s|³/(3η²)}                    γ = ∇f(x) + ξ,  H = ∇²f(x),  E ξ = 0,  Cov ξ = Σ(x)

    that is s = -(H + λI)⁻¹ γ with |s| = η²λ and H + λI positive semidefinite. The penalty is (M/6)|s|³ with M = 2/η².
    λ is found by Newton's method, the system solved by Cholesky's factors, both to rounding: for small d. H is seen
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

TRIES, SAME = 64, 1e-9


def damped(h: Any, shift: Any, g: Vector) -> Any:
    """Whether A = H + λI is positive definite, s = -A⁻¹ g, and s·A⁻¹ s; H row by row."""
    d = g.size
    low, s, half = np.zeros(d * d), np.zeros(d), 0.0
    for i in range(d):
        for j in range(i + 1):
            v = h[i * d + j]
            if i == j:
                v = v + shift
            for k in range(j):
                v = v - low[i * d + k] * low[j * d + k]
            if i == j and not v > 0.0:
                return False, s, half
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
    w = np.zeros(d)
    for i in range(d):
        v = s[i]
        for k in range(i):
            v = v - low[i * d + k] * w[k]
        w[i] = v / low[i * d + i]
        half = half + w[i] * w[i]
    return True, s, half


def cubic_step(h: Any, g: Vector, lr: Any) -> Any:
    """The minimiser of g·s + ½ s·Hs + |s|³/(3η²): Newton's method for 1/|s| = 1/(η²λ), between bounds of λ.

    1/|s| - 1/(η²λ) is concave and grows with λ, so that from the first step on Newton's come from below.
    """
    low, high = 0.0, norm(h) + np.sqrt(norm(g)) / lr  # there |s| <= |g|/(λ - |H|) <= η²λ
    at, best, last = high, 0.0 * g, False  # whether one more step is to rounding
    for _ in range(TRIES):
        definite, s, fall = damped(h, at, g)
        length, allowed = norm(s), lr * lr * at
        if definite:
            best = s
        if last or length == allowed:
            break
        if definite and length < allowed:
            high = at
        else:
            low = at
        new, last = 0.5 * (low + high), False
        if definite and length > 0.0:
            rise = fall / (length * length * length) + 1.0 / (allowed * at)
            newton = at - (1.0 / length - 1.0 / allowed) / rise
            if low < newton and newton < high:
                new, last = newton, abs(newton - at) <= SAME * newton
        at = new
    return best


@method(order=1, lanes=False, at={"noise": "gaussian:2"})  # |γ| is rarely small
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
