"""SGD: step against a noisy gradient.

Discrete
    x' = x - η (g + ξ),    g = ∇f(x),  E ξ = 0,  Cov ξ = Σ(x)

SDE
    order1             dX = -g dt - √η Σ^{1/2} dW
    order2             dX = -(I + η/2 H) g dt - √η Σ^{1/2} dW                                 H = ∇²f(X)
    order2-corrected   dX = -[(I + η/2 H) g - η²/4 ∇tr(ΣH)] dt - √η (I + η/2 H) Σ^{1/2} dW
    curvature          dX = -(I - η/2 H) g dt - √η Σ^{1/2} dW
    epoched            dX = -g dt - √η Σ^{1/2} dB̂                         B̂ a bridge in every epoch, for `Reshuffled`
    levy               dX = -g dt - η^{1 - 1/α} s dL^α          for α-stable noise ξ of scale s, E e^{iuξ} = e^{-|su|^α}

    One step is η units of time. The drift of order2 is -∇(f + η/4 |∇f|²): discretisation adds a force down the slope
    of the gradient's length. curvature has the opposite sign, and of a quadratic f the mean change of one step, η units
    of time at the rate -|g|² + η/2 (gᵀHg + tr ΣH): what a step too long does is in it, which a flow never shows. levy
    is order1 with the motion L^α to which sums of heavy tails tend in the place of W; at α = 2 the two are the same.

Regime
    η → 0 on a fixed horizon t = kη with the law of ξ fixed. order2-corrected keeps its order also where the noise
    dominates, Σ ~ 1/η.

Claim
    Weak order 1, 2 and 2 in η, curvature 1. The order of the mean does not judge the diffusion; of the first three only
    order2-corrected has a covariance whose relative error is O(η²). The stationary variance of order2 is further from
    the truth than that of order1: on f = h x²/2 the ratios to the discrete one are 1 - ηh/2 (order1), 1 - ηh (order2),
    1 + O(η²).
    curvature: on f = h x²/2 with affine variance Σ = σ² + a g² it is stable in mean square if ηh(1 + a) < 2, and E x²
    is ησ²/(2h - ηh²(1 + a)) at rest, both exactly as of the step. order1 puts the limit at ηha = 2 and order2, on the
    wrong side of it, at ηh(a - 1) = 2: neither knows that steps beyond 2/h diverge.
    levy: weak order 1 in η for bounded functions. Stationary on f = h x²/2 both columns are α-stable again, of scales
    s (η^{α-1}/(αh))^{1/α} and, discrete, η s (1 - |1 - ηh|^α)^{-1/α}.
    epoched: weak order 1, also where an epoch lasts a fixed time T = ηN. On f = h x²/2 the variance at rest, at the end
    of an epoch, is that of order1 times N/(N - 1) [1 - (2/hT) tanh(hT/2)], for short epochs N/(N - 1) (hT)²/12, for
    additive noise (`theory.reshuffled_variance`).

Heavy tails
    Refused where ξ has no variance: Σ does not exist, and a sum of such steps tends to a stable law, not to a normal
    one. The discrete column runs, and for α-stable noise (`AlphaStable`) so does levy. Then means of f or |x|² are
    infinite in both columns, whatever a finite number of paths shows: compare bounded functions of x.

Sources
    order1, order2: Li, Tai & E (2017), arXiv:1511.06251, and (2019), arXiv:1811.01558. order2-corrected is
    derived here: the drift and diffusion whose own one-step expansion returns the first two moments of the step.
    curvature: that SDEs of first order need a curvature in the drift for the limits of the step size is from the
    abstract of Monzio Compagnoni, Islamov, Orvieto & Gorbunov (2025), arXiv:2506.00181, whose formulas were not seen;
    this one is derived here.
    epoched: Perko (2025), arXiv:2512.04703, of which the abstract was read; the variance is derived here.
    levy: Simsekli, Sagun & Gürbüzbalaban (2019), arXiv:1901.06053.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Oracle,
    Positive,
    Vector,
    basis,
    grad,
    hvp,
    method,
    noisy_grad,
    rival,
    root_additive_cov,
    root_cov,
    root_levy,
)

__all__ = ["SGD", "SGDCurvature", "SGDEpoched", "SGDLevy", "SGDOrder2", "SGDOrder2Corrected"]


@method(order=1)
class SGD(NamedTuple):
    """Stochastic gradient descent, as torch.optim.SGD without momentum.

    Discrete
        x' = x - η (∇f(x) + ξ)
    SDE
        dX = -∇f dt - √η Σ^{1/2} dW, default "order1"; rivals "order2", "order2-corrected", "curvature", "epoched",
        "levy"
    Regime
        η → 0, t = kη fixed
    Claim
        weak order 1
    Sources
        Li, Tai & E, arXiv:1511.06251, arXiv:1811.01558

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0])).oracle
    >>> so.SGD(lr=0.1).step(0, np.array([1.0, -1.0]), o, (np.array([2.0, 0.0]),))  # the gradient seen is (2, -2)
    array([ 0.8, -0.8])
    """

    lr: Positive

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * noisy_grad(o, x, z)

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)

    def linear(self, H: Any, Sigma: Any) -> Any:
        return H, self.lr * Sigma


@rival(SGD, "order2", order=2)
class SGDOrder2:
    """dX = -(I + η/2 H) ∇f dt - √η Σ^{1/2} dW: weak order 2 for smooth f and any Σ(x), Σ fixed as η → 0.

    Source: Li, Tai & E, arXiv:1811.01558.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -g - 0.5 * self.lr * hvp(o, x, g)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        return H + 0.5 * self.lr * H @ H, self.lr * Sigma


@rival(SGD, "order2-corrected", order=2)
class SGDOrder2Corrected:
    """dX = -[(I + η/2 H) ∇f - η²/4 ∇tr(ΣH)] dt - √η (I + η/2 H) Σ^{1/2} dW: order 2 also for the covariance.

    Valid for Gaussian noise whose Σ does not depend on x (other laws are refused), Σ up to the size 1/η. With the
    columns s_i of Σ^{1/2}, ∇tr(ΣH) = Σ_i D³f[s_i, s_i], and D³f[s, s] is the central difference of Hessian-vector
    products at x ± η s_i, the displacement by the noise of one step: exact for polynomials f of degree at most 4, and
    zero for quadratics. It costs 2d Hessian-vector products.

    Source: derived here, see the head of this file.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        slope = 0.0 * x
        for i in range(x.size):
            s = root_additive_cov(o, x, basis(x, i))
            slope = slope + hvp(o, x + self.lr * s, s) - hvp(o, x - self.lr * s, s)
        return -g - 0.5 * self.lr * hvp(o, x, g) + 0.125 * self.lr * slope

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        w = root_additive_cov(o, x, dw)
        return -np.sqrt(self.lr) * (w + 0.5 * self.lr * hvp(o, x, w))

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        response = np.eye(len(H)) + 0.5 * self.lr * H
        return response @ H, self.lr * response @ Sigma @ response


@rival(SGD, "curvature", order=1)
class SGDCurvature:
    """dX = -(I - η/2 H) ∇f dt - √η Σ^{1/2} dW: where SGD diverges and how far from a minimum it rests.

    E f changes as in the step, -η|∇f|² + η²/2 (∇fᵀH∇f + tr ΣH) on quadratics, whatever Σ(x). To first order in η
    it is the SDE "order1"; the means at a fixed time have twice its error, since -η/2 H∇f stands for +η/2 H∇f.

    Source: derived here; the idea is that of arXiv:2506.00181, see the head of this file.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        return -g + 0.5 * self.lr * hvp(o, x, g)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)

    def linear(self: Any, H: Any, Sigma: Any) -> Any:
        return H - 0.5 * self.lr * H @ H, self.lr * Sigma


@rival(SGD, "epoched", order=1, brownian="epoched")
class SGDEpoched:
    """dX = -∇f dt - √η Σ^{1/2} dB̂: batches of `Reshuffled`, whose noise nearly cancels over an epoch.

    B̂ is √(N/(N - 1)) times a new Brownian bridge in each epoch of N = ⌊n/B⌋ steps, 0 at its ends. Its increments over
    steps of one epoch have the variance 1 and the correlation -1/(N - 1) of batches without replacement. X is not
    Markov. Under any other law, whose batches are independent, this is order1. A path keeps the increments of all its
    steps.

    Source: Perko (2025), arXiv:2512.04703, of which the abstract was read (a Young equation driven by an epoched
    Brownian motion); the normalisation is derived here.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_cov(o, x, dw)


@rival(SGD, "levy", order=1, brownian="levy")
class SGDLevy:
    """dX = -∇f dt - η^{1 - 1/α} s dL^α: the jumps of α-stable noise (`AlphaStable`; other laws are refused).

    L^α is the symmetric Lévy motion with E exp(iu L_t) = exp(-t |u|^α), one in each coordinate; a step of the optimizer
    sums η^{1/α} of it. Its increments are independent of the draws of the discrete column.

    Source: Simsekli, Sagun & Gürbüzbalaban, arXiv:1901.06053.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        return -grad(o, x)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -root_levy(o, x, self.lr, dw)
