"""DP-SignSGD: the signs of the private gradient.

Discrete
    x' = x - η sign(G),   G = (1/B) Σ_j clip(g_j) + (C z/B) w               as in DPSGD: g_j = ∇f(x) + ξ_j,  Cov ξ_j = Σ

SDE
    sampled     dX = -E sign(G) dt - √η Cov(sign G)^{1/2} dW, by fresh draws of G
    unclipped   dX = -erf(g_i/√(2 A_ii)) dt - √η Cov(sign N(g, A))^{1/2} dW              A = Σ/B + (C z/B)² I,  g = ∇f
    clipped     the same for m and A in units of C: m = E u, A = Cov(u)/B + (z/B)² I     u = (g + ξ)/|g + ξ|

    One step is η units of time. The rivals take G for normal. Their diffusion is [sign(m + a) - sign(m + b)]/√2 with
    independent a, b ~ N(0, A): mean 0, exactly the covariance of the signs, and no third moments.

Regime
    η → 0, t = kη fixed, with C, z, B and the law of ξ fixed: sampled. unclipped: no example is clipped, and ξ is
    normal. clipped: all are, and G is nearly normal, by a large B or a large z.

Claim
    Weak order 1 in η for "sampled" where E sign(G) is smooth, as z > 0 makes it. "unclipped" is exact for normal ξ.
    "clipped" does not depend on C, and has an error that does not fall with η, since a sum of B directions is not
    normal: at B = 4, d = 2 its drift is off by up to 2 % for z = 1 and 0.6 % for z = 4 (|g| from σ/6 to 2σ).
    Near a minimum, unclipped, with s² = Σ/B + C²z²/B²: rate √(2/π) h/s and variance (η/2) √(π/2) s/h, which the
    privacy enters as ε and 1/ε.

Heavy tails
    Runs: signs are bounded and so are clipped examples; the rivals are refused where their moments do not exist.

Sources
    Monzio Compagnoni et al. (2026), arXiv:2603.03226; the clipping and the noise: Abadi et al. (2016),
    arXiv:1607.00133. The moments of "clipped" are derived here.
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
    Vector,
    basis,
    batch_size,
    direction_cov,
    expect_direction,
    firsts,
    grad,
    method,
    noise_var,
    rival,
    root_cov,
    seconds,
)
from sdeopt.noise.signs import gaussian_sign, root_times
from sdeopt.optimizers.dpsgd import private_grad

__all__ = ["DPSignSGD", "DPSignSGDClipped", "DPSignSGDUnclipped"]


@method(
    order=1, family="private", bounded=True, objective="quadratic:1,2", noise="gaussian:0.6,batch=4", at={"lr": 0.02}
)
class DPSignSGD(NamedTuple):
    """Differentially private sign descent.

    Discrete
        x' = x - η sign(G),  G = (1/B) Σ_j clip(g_j) + (C z/B) N(0, I),  clip(g) = g min(1, C/|g|)
    SDE
        dX = -E sign(G) dt - √η Cov(sign G)^{1/2} dW, default "sampled"; rivals "unclipped" and "clipped", its two
        phases with G taken for normal
    Regime
        η → 0, t = kη fixed, with C, z, B and the law of the noise fixed
    Claim
        weak order 1
    Sources
        Monzio Compagnoni et al., arXiv:2603.03226; Abadi et al., arXiv:1607.00133

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the length of a step in each coordinate; also the time of one step.
    clip : float
        C > 0, the length to which the gradient of an example is clipped; default 1.
    sigma_dp : float
        Noise multiplier z >= 0 of the sum of clipped gradients, see `sdeopt.privacy.sigma`; default 1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([3.0, 4.0])).oracle
    >>> page = so.DPSignSGD(lr=0.1, clip=1.0, sigma_dp=0.5)
    >>> page.step(0, np.ones(2), o, ((), (np.array([-2.0, 0.0]),)))  # (3, 4) is clipped to (0.6, 0.8); noise (-1, 0)
    array([1.1, 0.9])
    """

    lr: Positive
    clip: Positive = 1.0
    sigma_dp: NonNegative = 1.0

    def own(self, objective: Objective, noise: Law) -> Any:
        return (("normal", objective.dim),)

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * np.sign(private_grad(self, o, x, z))


@rival(DPSignSGD, "unclipped", order=1, brownian=("gradient", "own", "gradient", "state"))
class DPSignSGDUnclipped:
    """dX = -E sign(Y) dt - √η Cov(sign Y)^{1/2} dW, Y ~ N(∇f, Σ/B + (C z/B)² I): phase 2.

    Valid for normal noise where no example is clipped; for other laws with a covariance, where B or z is large.

    Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226; the covariance between coordinates is added here.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        private = self.clip * self.sigma_dp / batch_size(o)
        return -gaussian_sign(grad(o, x), np.sqrt(noise_var(o, x) + private * private))

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        g, private = grad(o, x), self.clip * self.sigma_dp / batch_size(o)
        a = root_cov(o, x, dw[0]) + private * dw[1]
        b = root_cov(o, x, dw[2]) + private * dw[3]
        return -np.sqrt(self.lr) * difference(g, a, b)


@rival(DPSignSGD, "clipped", order=1, brownian=("gradient", "own", "gradient", "state"))
class DPSignSGDClipped:
    """dX = -E sign(Y) dt - √η Cov(sign Y)^{1/2} dW, Y ~ N(E u, Cov(u)/B + (z/B)² I), u of one example: phase 1.

    Valid for normal noise where every example is clipped, and B or z is large: then G = C Y is nearly normal.

    Sources: Monzio Compagnoni et al. (2026), arXiv:2603.03226, to first order in ∇f; exact moments here, see the head.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        B = batch_size(o)
        g = grad(o, x) / np.sqrt(B)
        variance, _ = direction_moments(o, x, g)
        return -gaussian_sign(
            expect_direction(o, x, g), np.sqrt(variance / B + self.sigma_dp * self.sigma_dp / (B * B))
        )

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        B = batch_size(o)
        g = grad(o, x) / np.sqrt(B)
        variance, below = direction_moments(o, x, g)
        a = root_times(variance, below, dw[0]) / np.sqrt(B) + self.sigma_dp / B * dw[1]
        b = root_times(variance, below, dw[2]) / np.sqrt(B) + self.sigma_dp / B * dw[3]
        return -np.sqrt(self.lr) * difference(expect_direction(o, x, g), a, b)


def direction_moments(o: Oracle, x: Vector, g: Vector) -> Any:
    """Cov u: its diagonal, and its pairs in the order of `firsts`."""
    variance, below = 0.0 * x, 0.0 * firsts(x)
    for i in range(len(x)):
        e = basis(x, i)
        covariances = direction_cov(o, x, g, e)
        variance = variance + e * covariances
        below = below + firsts(covariances) * seconds(e)
    return variance, below


def difference(m: Any, a: Any, b: Any) -> Any:
    """[sign(m + a') - sign(m + b')]/√2 with a', b' = (b ± a)/√2, which moves with a."""
    half = np.sqrt(0.5)
    return half * (np.sign(m + half * (b + a)) - np.sign(m + half * (b - a)))
