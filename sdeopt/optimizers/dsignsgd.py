"""DSignSGD: distributed SignSGD, whose agents send the signs of their gradients.

Discrete
    x' = x - (η/N) Σ_i sign(∇f_i(x) + ξ_i)

SDE
    order1      dX = -s dt - √(η/N) ((1/N) Σ_i C_i(X))^{1/2} dW,    s = (1/N) Σ_i s_i(X)
    curvature   dX = -(I - η/2 D H) s dt - √(η/N) ((1/N) Σ_i C_i)^{1/2} dW        s = D ∇f, D diagonal;  H = ∇²f(X)

    with s_i and C_i the mean and covariance of sign(∇f_i + ξ_i). One step is η units of time. Normal noise with
    Σ_i = diag(σ_i²): s_i = erf(∇f_i/(√2 σ_i)) and C_i = I - diag(s_i)². s_i exists for any law of ξ_i.

Regime
    η → 0, t = kη fixed; N and the laws of the ξ_i fixed.

Claim
    Weak order 1 in η, for s_i smooth. Where the gradients are small, with equal f_i, agent i enters the drift by
    1/σ_i: an agent with much noise is hardly heard. Stationary on f = h x²/2, equal agents: η √(π/2) σ/(2hN) to leading
    order. Heterogeneous f_i bias it, since the mean of signs is not the sign of the mean.
    curvature: of a quadratic f the mean change of one step, η units of time at the rate -∇fᵀs + η/2 (sᵀHs + tr HC/N);
    on f = h x²/2 one agent rests where 2 E[x s] = η in both, where order1 has 2 E[x s] + η E s² = η.

Heavy tails
    Runs for any laws of the ξ_i, also where a single agent has noise of infinite variance: a sign is bounded, and s_i
    needs the distribution function of ξ_i only.

Sources
    SDE: Monzio Compagnoni, Islamov, Proske & Lucchi (2025), arXiv:2502.17009. SignSGD: Bernstein et al. (2018),
    arXiv:1802.04434. curvature: derived here; the idea is that of arXiv:2506.00181, see `SGD`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Draws,
    Oracle,
    Positive,
    Vector,
    agent_grads,
    average,
    each,
    grad,
    hvp,
    mean_agent_sign,
    method,
    rival,
    root_agent_sign_cov,
    where,
)

__all__ = ["DSignSGD", "DSignSGDCurvature"]


def sent(g: Vector) -> Any:
    """What an agent sends."""
    return np.sign(g)


@method(order=1, brownian="sign", family="distributed", bounded=True, noise="agents:2,gaussian:0.5")
class DSignSGD(NamedTuple):
    """Distributed SignSGD.

    Discrete
        x' = x - (η/N) Σ_i sign(∇f_i(x) + ξ_i)
    SDE
        dX = -(1/N) Σ_i s_i dt - √(η/N) ((1/N) Σ_i C_i)^{1/2} dW,  s_i, C_i the moments of the signs, default "order1";
        rival "curvature"
    Regime
        η → 0, t = kη, N and the laws of the ξ_i fixed
    Claim
        weak order 1; stationary variance η √(π/2) σ/(2hN) (Gaussian, equal agents)
    Sources
        Monzio Compagnoni et al., arXiv:2502.17009; Bernstein et al., arXiv:1802.04434

    Parameters
    ----------
    lr : float
        Learning rate η > 0, the length of a step on which all agents agree; also the time of one step.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> law = so.Agents(so.NoNoise(), agents=2, shifts=[[2.0, 0.0], [-2.0, 0.0]])
    >>> o = so.Problem(so.Quadratic([1.0, 2.0]), law).oracle
    >>> so.DSignSGD(lr=0.1).step(0, np.array([1.0, -1.0]), o, ())  # the agents see (3, -2) and (-1, -2)
    array([ 1. , -0.9])
    """

    lr: Positive

    def step(self, k: int, x: Vector, o: Oracle, z: Draws) -> Any:
        return x - self.lr * average(each(sent, agent_grads(o, x, z)))

    def drift(self, t: float, x: Vector, o: Oracle) -> Any:
        return -mean_agent_sign(o, x)

    def diffusion(self, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_agent_sign_cov(o, x, dw)


@rival(DSignSGD, "curvature", order=1, brownian="sign")
class DSignSGDCurvature:
    """dX = -(I - η/2 D H) s dt - √(η/N) ((1/N) Σ_i C_i)^{1/2} dW, s = D ∇f: E f changes as in the step.

    For agents whose mean sign is 0 where ∇f is: equal gradients and noise with a symmetric density. Elsewhere
    D_j = s_j/∂_j f has a pole at a minimum.

    Source: derived here; the idea is that of arXiv:2506.00181, see `SGD`.
    """

    def drift(self: Any, t: float, x: Vector, o: Oracle) -> Any:
        g, s = grad(o, x), mean_agent_sign(o, x)
        response = where(g == 0.0, 0.0, s / where(g == 0.0, 1.0, g))
        return -s + 0.5 * self.lr * response * hvp(o, x, s)

    def diffusion(self: Any, t: float, x: Vector, o: Oracle, dw: Vector) -> Any:
        return -np.sqrt(self.lr) * root_agent_sign_cov(o, x, dw)
