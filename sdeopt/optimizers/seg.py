"""SEG: stochastic extragradient. Look a step of length ρ ahead, then move along the field found there.

Discrete
    z' = z - η γ(z - ρ γ(z)),    γ = F + ξ: the same sample ξ at both points      z = (x, y),  F = (∇_x f, -∇_y f)

    ξ is the noise of F, Cov ξ = Σ. ρ may be of any sign.

SDE
    order1   dZ = -(I - ρJ) F dt - √η (I - ρJ) Σ^{1/2} dW                                        J = ∇F(Z)
    order2   dZ = -(I - ρJ) [F + η/2 J (I - ρJ) F] dt - √η (I - ρJ) Σ^{1/2} dW

    One step is η units of time.

Regime
    η → 0, t = kη fixed, additive noise. order1: ρ = O(√η), or any fixed ρ if F is affine. order2: ρ = O(η), or any
    fixed ρ if F is affine. With ρ fixed and F curved the errors stay at O(ρ²).

    Both SDEs are the special case of additive noise. Where the sample has a Jacobian J_γ of its own, as a minibatch
    of a finite sum of games has, the drift is -F + ρ E[J_γ F_γ] and the covariance is that of F_γ - ρ J_γ F_γ: order1
    is refused, and "sampled" is the SDE.

    Do not read order1 at ρ ~ η, the classical extragradient. It is of order 1 there on a fixed horizon, but its long
    run is another: on f = λxy it contracts at the rate 2ρλ² and the steps at 2ρλ² - ηλ², so that at ρ = η its
    stationary level is half of theirs, and for ρ <= η/2 the steps diverge where it converges. order2 has the rate.

Claim
    Weak order 1 and 2 in η. On f = a x²/2 + λxy - a y²/2 with noise variance s², to leading order in η: the level
    m = E|z|²/2 decays at the rate 2κ, κ = a + ρ(λ² - a²), to ηs² [(1 - ρa)² + ρ²λ²]/(2κ) if κ > 0.
    `sdeopt.theory.games` has the exact forms of both columns, and the ρ of the fastest decay and the lowest level.

Heavy tails
    Refused: noise of infinite variance has no covariance Σ, and order1 is driven by it. The discrete column runs.

Sources
    Extragradient: Korpelevich (1976). The same sample at both points: Gorbunov, Berard, Gidel & Loizou (2022),
    arXiv:2111.08611. order1: Compagnoni et al. (2024), arXiv:2402.12508, whose SDE for any sample is recalled. order2
    is derived here by the recipe of Li, Tai & E (2019), arXiv:1811.01558.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import Draws, Oracle, Positive, Real, Vector, grad, hvp, method, noisy_grad, rival, root_additive_cov

__all__ = ["SEG", "SEGOrder2"]


@method(order=1, family="minimax", objective="quadratic-game:a=0.5,coupling=1,b=1")
class SEG(NamedTuple):
    """Stochastic extragradient, one sample at both points.

    Discrete
        z' = z - η γ(z - ρ γ(z)),  γ = F + ξ, one sample ξ
    SDE
        dZ = -(I - ρJ) F dt - √η (I - ρJ) Σ^{1/2} dW, default "order1"; rival "order2", for ρ ~ η
    Regime
        η → 0, t = kη fixed, ρ = O(√η), additive noise
    Claim
        weak order 1
    Sources
        Gorbunov et al., arXiv:2111.08611; Compagnoni et al., arXiv:2402.12508

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    rho : float
        Extrapolation ρ of any sign, in units of length per field; default 0.1. At ρ ~ η compare with "order2".

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.BilinearGame(2.0)).oracle
    >>> so.SEG(lr=0.1, rho=0.5).step(0, np.array([1.0, 3.0]), o, ())  # looks at (-2, 4), where F = (8, 4)
    array([0.2, 2.6])
    """

    lr: Positive
    rho: Real = 0.1

    def scaled(self, lr: Any) -> Any:
        return self._replace(lr=lr, rho=self.rho * np.sqrt(lr / self.lr))

    def step(self, k: int, z: Draws, o: Oracle, draws: Any) -> Any:
        return z - self.lr * noisy_grad(o, z - self.rho * noisy_grad(o, z, draws), draws)

    def drift(self, t: float, z: Draws, o: Oracle) -> Any:
        g = grad(o, z)
        return self.rho * hvp(o, z, g) - g

    def diffusion(self, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        w = root_additive_cov(o, z, dw)
        return np.sqrt(self.lr) * (self.rho * hvp(o, z, w) - w)

    def linear(self, J: Any, Sigma: Any, own: Any) -> Any:
        look = np.eye(len(J)) - self.rho * J
        return look @ J, self.lr * look @ Sigma @ look.T


@rival(SEG, "order2", order=2)
class SEGOrder2:
    """dZ = -(I - ρJ) [F + η/2 J (I - ρJ) F] dt - √η (I - ρJ) Σ^{1/2} dW: weak order 2 if ρ = O(η) or F is affine.

    With A = (I - ρJ) F its drift is -A - η/2 (I - ρJ) J A, the second-order correction of -A in which derivatives of J,
    which come with ρη, are left out.

    Source: derived here by the recipe of Li, Tai & E, arXiv:1811.01558.
    """

    def drift(self: Any, t: float, z: Draws, o: Oracle) -> Any:
        g = grad(o, z)
        g = g - self.rho * hvp(o, z, g)
        bend = hvp(o, z, g)
        return -g - 0.5 * self.lr * (bend - self.rho * hvp(o, z, bend))

    def diffusion(self: Any, t: float, z: Draws, o: Oracle, dw: Vector) -> Any:
        w = root_additive_cov(o, z, dw)
        return np.sqrt(self.lr) * (self.rho * hvp(o, z, w) - w)

    def linear(self: Any, J: Any, Sigma: Any, own: Any) -> Any:
        look = np.eye(len(J)) - self.rho * J
        A = look @ J
        return A + 0.5 * self.lr * A @ A, self.lr * look @ Sigma @ look.T
