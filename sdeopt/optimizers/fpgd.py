"""fPGD: gradient descent with injected noise that remembers, increments of fractional Brownian motion.

Discrete
    x' = x - η (g + ξ) + σ̂ η^H G_k                                        g = ∇f(x),  E ξ = 0,  Cov ξ = Σ(x)

    G is fractional Gaussian noise, independent in the coordinates, with unit variance and E G_j G_{j+k} = γ(k) =
    ½ (|k + 1|^{2H} - 2|k|^{2H} + |k - 1|^{2H}): H = ½ is PGD, H < ½ anticorrelated, H > ½ persistent.

SDE
    order1   dX = -g dt - √η Σ^{1/2} dW + σ̂ dB^H             B^H fractional Brownian motion, independent of W

    One step is η units of time, and B^H over it has the standard deviation η^H. X is not Markov: its future depends on
    its past, so that no SDE with Brownian noise has its law, the sampled one included, which is refused.

Regime
    η → 0, t = kη fixed, σ̂, H and the law of ξ fixed.

Claim
    Weak order 1 in η, measured for H from 0.05 to 0.9. Stationary on f = h x²/2, without ξ: Var X = σ̂² H Γ(2H) h^{-2H}
    (`sdeopt.theory.fractional`). As H → 0, G is the increment of white noise of variance ½: Anti-PGD with
    σ = σ̂/√2, whose variance does not depend on h.

Heavy tails
    Refused where ξ has no variance: Σ does not exist, and a sampled SDE would forget the past. The discrete column
    runs.

Sources
    Lucchi et al. (2022), arXiv:2209.09162. Fractional Brownian motion: Mandelbrot & Van Ness (1968),
    doi:10.1137/1010093. The order is our measurement.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Bounds,
    Draws,
    Law,
    NonNegative,
    Objective,
    Oracle,
    Positive,
    Vector,
    grad,
    method,
    noisy_grad,
    power,
    root_cov,
)

__all__ = ["FPGD"]


@method(order=1, brownian=("gradient", "own"), family="injection", lasting=True)
class FPGD(NamedTuple):
    """Fractional perturbed gradient descent.

    Discrete
        x' = x - η (∇f(x) + ξ) + σ̂ η^H G_k,  G fractional Gaussian noise
    SDE
        dX = -∇f dt - √η Σ^{1/2} dW + σ̂ dB^H, default "order1"
    Regime
        η → 0, t = kη, σ̂ and H fixed
    Claim
        weak order 1; stationary variance σ̂² H Γ(2H) h^{-2H}
    Sources
        Lucchi et al., arXiv:2209.09162; Mandelbrot & Van Ness, doi:10.1137/1010093

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    sigma : float
        σ̂ >= 0, standard deviation of the injected noise in a unit of time; default 0.5.
    hurst : float
        Hurst parameter H in (0, 1); default 0.25.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page = so.FPGD(lr=0.0625, sigma=0.5, hurst=0.25)  # 0.0625^H = 0.5
    >>> page.step(0, np.array([1.0, -1.0]), o, ((), (np.array([1.0, -2.0]),))).round(12)
    array([ 1.1875, -1.375 ])
    """

    lr: Positive
    sigma: NonNegative = 0.5
    hurst: Annotated[float, Bounds(low=0.0, high=1.0, open_low=True, open_high=True)] = 0.25

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("fractional", objective.dim, self.hurst),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        seen, (w,) = z
        return x - self.lr * noisy_grad(o, x, seen) + self.sigma * power(self.lr, self.hurst) * w

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return self.sigma * dw[1] - np.sqrt(self.lr) * root_cov(o, x, dw[0])
