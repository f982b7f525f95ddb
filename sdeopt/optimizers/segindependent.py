"""SEG with independent samples: extragradient that draws a fresh sample for the second of its two evaluations.

Discrete
    z' = z - η γ¹(z - ρ γ²(z)),    γⁱ = F + ξⁱ with ξ¹, ξ² independent            z = (x, y),  F = (∇_x f, -∇_y f)

    ξ is the noise of F, Cov ξ = Σ(z). ρ may be of any sign.

SDE
    order1   dZ = -(I - ρJ) F dt - √η (Σ^{1/2} dW¹ - ρ J Σ^{1/2} dW²)                            J = ∇F(Z)

    One step is η units of time. The covariance per unit of time is η (Σ + ρ² JΣJᵀ), where the same sample at both
    points has η (I - ρJ) Σ (I - ρJ)ᵀ.

Regime
    η → 0, t = kη fixed, ρ = O(√η), or any fixed ρ if F is affine and the noise additive; with ρ fixed and F curved the
    errors stay at O(ρ²). The noise may depend on z: its derivative enters the covariance only, at a relative O(ρ);
    so with minibatches of a finite sum of games, whose two samples have independent Jacobians.
    As with `SEG`, ρ ~ η is of order 1 on a fixed horizon only: at ρ = η the stationary level is half of that of the
    steps, and for ρ <= η/2 on a bilinear game the steps diverge where the SDE converges.

Claim
    Weak order 1 in η. On f = a x²/2 + λxy - a y²/2 with noise variance s², to leading order in η: m = E|z|²/2 decays at
    the rate 2κ, κ = a + ρ(λ² - a²), to ηs² [1 + ρ²(a² + λ²)]/(2κ) if κ > 0; on bilinear games as with one sample.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Independent samples: Gorbunov, Berard, Gidel & Loizou (2022), arXiv:2111.08611. order1: the drift is that of
    Compagnoni et al. (2024), arXiv:2402.12508; the covariance is derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Real, Vector, grad, hvp, method, noisy_grad, root_cov

__all__ = ["SEGIndependent"]


@method(
    order=1,
    family="minimax",
    samples=2,
    brownian=("gradient", "gradient2"),
    objective="quadratic-game:a=0.5,coupling=1,b=1",
)
class SEGIndependent(NamedTuple):
    """Stochastic extragradient, independent samples.

    Discrete
        z' = z - η γ¹(z - ρ γ²(z)),  γⁱ = F + ξⁱ
    SDE
        dZ = -(I - ρJ) F dt - √η (Σ^{1/2} dW¹ - ρ J Σ^{1/2} dW²), default "order1"
    Regime
        η → 0, t = kη fixed, ρ = O(√η)
    Claim
        weak order 1
    Sources
        Gorbunov et al., arXiv:2111.08611; Compagnoni et al., arXiv:2402.12508

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    rho : float
        Extrapolation ρ of any sign, in units of length per field; default 0.1.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.BilinearGame(2.0), so.Gaussian(1.0)).oracle
    >>> draws = (np.array([0.0, 1.0]),), (np.array([2.0, 0.0]),)  # ξ¹ and ξ²
    >>> so.SEGIndependent(lr=0.1, rho=0.5).step(0, np.array([1.0, 3.0]), o, draws)  # looks at (-3, 4), sees (8, 6 + 1)
    array([0.2, 2.3])
    """

    lr: Positive
    rho: Real = 0.1

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, rho=self.rho * np.sqrt(lr / self.lr))

    def step(self, k: int, z: Draws, o: Oracle, draws: Any) -> Any:
        second, first = draws
        return z - self.lr * noisy_grad(o, z - self.rho * noisy_grad(o, z, first), second)

    def drift(self, t: float, z: Draws, o: Oracle) -> Any:
        g = grad(o, z)
        return self.rho * hvp(o, z, g) - g

    def diffusion(self, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        second, first = dw
        return np.sqrt(self.lr) * (self.rho * hvp(o, z, root_cov(o, z, first)) - root_cov(o, z, second))

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        return J - self.rho * J @ J, self.lr * (Sigma + self.rho * self.rho * J @ Sigma @ J.T)
