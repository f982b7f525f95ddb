"""DCSGDNormalised: compressed SGD with shorter steps where the gradient is larger, for curvature that grows with it.

Discrete
    x' = x - η ψ(x) (1/N) Σ_i C_i(∇f_i(x) + ξ_i),    ψ(x) = 1/(L₀ + L₁ |∇f(x)|)

    C_i is rand-k, see `DCSGDRandK`. ψ is of the whole gradient, which whoever sums up does not know: a page for theory.

SDE
    order1      dX = -ψ ∇f dt - √η ψ A^{1/2} dW                                     A as of `DCSGDRandK`
    curvature   dX = -ψ (I - η/2 ψ H) ∇f dt - √η ψ A^{1/2} dW                       H = ∇²f(X)

    One step is η units of time, so that with L₀ = 1 and L₁ = 0 it is `DCSGDRandK`.

Regime
    η → 0, t = kη fixed; L₀, L₁, N, k and the laws of the ξ_i fixed.

Claim
    Weak order 1 in η. Equal agents without noise send u with E|u|² = (1 + ω/N)|∇f|², ω = d/k - 1, so that to second
    order in η E f falls in a step by ηψ|∇f|² (1 - ηψ|H|(1 + ω/N)/2) or more: wherever |H| <= L₀ + L₁ |∇f|, if
    η(1 + ω/N) < 2, however far off it begins. Noise of affine variance, E|ξ_i|² = σ² + a|∇f|², asks for
    η(1 + (ω + a(1 + ω))/N) < 2. No fixed learning rate of `DCSGDRandK` is small enough for all starts on f = cosh x.

Heavy tails
    Refused where one ξ_i has no variance: what is sent of it has none either. The discrete column runs.

Sources
    That DCSGD needs a normalisation that goes with the smoothness, the noise and the compression is from the abstract
    of Monzio Compagnoni, Islamov, Orvieto & Gorbunov (2025), arXiv:2506.00181, whose formulas were not seen: ψ, the
    SDEs and the limits are derived here. (L₀, L₁)-smoothness: Zhang, He, Sra & Jadbabaie (2020), arXiv:1905.11881.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Count,
    Draws,
    Law,
    NonNegative,
    Objective,
    Oracle,
    Positive,
    Vector,
    agent_grads,
    average,
    each,
    grad,
    hvp,
    method,
    norm,
    pieces,
    rival,
)
from sdeopt.core.compressors import check_sent, rand_k
from sdeopt.optimizers.dcsgdrandk import sent_noise

__all__ = ["DCSGDNormalised", "DCSGDNormalisedCurvature"]


def caution(self: Any, g: Vector) -> Any:
    """ψ where the gradient is g."""
    return 1.0 / (self.l0 + self.l1 * norm(g))


@method(order=1, brownian=("gradient", "own", "state"), family="distributed", noise="agents:2,gaussian:0.5")
class DCSGDNormalised(NamedTuple):
    """Distributed SGD, compressed by rand-k, with steps in inverse proportion to L₀ + L₁ |∇f|.

    Discrete
        x' = x - η ψ(x) (1/N) Σ_i C_i(∇f_i(x) + ξ_i),  ψ = 1/(L₀ + L₁ |∇f|)
    SDE
        dX = -ψ ∇f dt - √η ψ A^{1/2} dW,  A as of `DCSGDRandK`, default "order1"; rival "curvature"
    Regime
        η → 0, t = kη, L₀, L₁, N and k fixed
    Claim
        weak order 1; with equal agents f falls in mean if η (1 + ω/N) < 2 where |H| <= L₀ + L₁ |∇f|
    Sources
        Monzio Compagnoni et al., arXiv:2506.00181 (the abstract); Zhang et al., arXiv:1905.11881

    Parameters
    ----------
    lr : float
        Learning rate η > 0, in units of 1/L₀; also the time of one step.
    k : float
        Entries that an agent sends, a whole number from 1 to d; default 1.
    l0 : float
        L₀ > 0, the curvature where the gradient is 0; default 1.
    l1 : float
        L₁ >= 0, curvature gained with each unit of |∇f|; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle  # the gradient (3, -4) is of length 5
    >>> own = np.array([0.3, -1.0])  # the first entry is sent
    >>> so.DCSGDNormalised(lr=0.6).step(0, np.array([1.0, -1.0]), o, ((), (own,)))  # 1 - 0.6 · 2 · 3/6
    array([ 0.4, -1. ])
    """

    lr: Positive
    k: Count = 1.0
    l0: Positive = 1.0
    l1: NonNegative = 1.0

    def check(self, objective: Objective) -> None:
        check_sent(self.k, objective.dim)

    def own(self, objective: Objective, noise: Law) -> Any:
        """Normals whose order chooses the entries."""
        return (("normal", noise.agents * objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (w,) = z
        g = agent_grads(o, x, seen)
        return x - self.lr * caution(self, grad(o, x)) * average(each(rand_k, g, pieces(w, g), self.k))

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -caution(self, g) * g

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * caution(self, grad(o, x)) * sent_noise(o, x, self.k, dw)


@rival(DCSGDNormalised, "curvature", order=1, brownian=("gradient", "own", "state"))
class DCSGDNormalisedCurvature:
    """dX = -ψ (I - η/2 ψ H) ∇f dt - √η ψ A^{1/2} dW: E f changes as in the step where f is quadratic.

    Source: derived here, see `SGD`; the idea is that of arXiv:2506.00181.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        psi = caution(self, g)
        return -psi * (g - 0.5 * self.lr * psi * hvp(o, x, g))

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * caution(self, grad(o, x)) * sent_noise(o, x, self.k, dw)
