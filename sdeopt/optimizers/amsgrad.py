"""AMSGrad: Adam that divides by the root of the largest mean of squares so far, so that no step grows again.

Discrete
    m' = β₁ m + (1 - β₁) γ,   v' = β₂ v + (1 - β₂) γ²,   u' = max(u, v')        γ = g + ξ,  m₀ = v₀ = u₀ = 0
    x' = x - η m̂/(√û + ε),   m̂ = m'/(1 - β₁^{k+1}),   û = u'/(1 - β₂^{k+1})
    as torch.optim.Adam(amsgrad=True): the maximum is taken before the bias correction, ε stands outside the root.

SDE
    sampled   dY = E[Δ]/η dt + (Cov Δ/η)^{1/2} dW for Y = (X, M, V, U), Δ the step itself by fresh draws; U >= V

    X, M and V have the equations of Adam with U under the root, U = max_{s ≤ t} V_s. No drift and diffusion make a
    maximum: U moves only while V is at it, by what a step passes it, which is of the size of a step. The sampled SDE
    has the mean and covariance of a step there too; where it leaves U < V, U is put back to V. One step is η units of
    time.

Regime
    η → 0 with ρᵢ = (1 - βᵢ)/η and t = kη fixed; ξ with fourth moments.

Claim
    Weak order 1 in η away from t = 0, where the bias correction is singular: what passes the maximum is known to within
    a step of V, of size η. Measured from V = U = g² + diag Σ: slopes 0.98 ± 0.01 of a mean, 1.88 ± 0.10 of a variance.
    Where V rises throughout, as from v₀ = 0, U is V but for that, and the law is Adam's; where ∇f falls, U remembers
    its square: steps stay short. At rest U is the largest of V so far, and grows like the root of the logarithm of time
    above diag Σ; X then has the variance of Adam times √(diag Σ/U), to leading order.

Heavy tails
    Refused where ξ has no variance: E γ² does not exist. The discrete column runs.

Sources
    Reddi, Kale & Kumar (2018), arXiv:1904.09237, recalled, not read here; the step is that of PyTorch's Adam, to
    round-off. The SDE is that of every method, see "sampled"; the claim is derived here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import (
    Decay,
    Draws,
    NonNegative,
    Oracle,
    Positive,
    State,
    Vector,
    grad,
    method,
    noise_var,
    noisy_grad,
    power,
)
from sdeopt.optimizers.adam import reachable

__all__ = ["AMSGrad"]


@method(
    order=1, parts=("x", "m", "v", "u"), family="adaptive", limited=True,
    at={"lr": 0.025, "beta1": 0.95, "beta2": 0.9995},
)  # fmt: skip
class AMSGrad(NamedTuple):
    """AMSGrad, as torch.optim.Adam(amsgrad=True) without weight decay, which `L2` adds.

    Discrete
        m' = β₁ m + (1 - β₁) γ,  v' = β₂ v + (1 - β₂) γ²,  u' = max(u, v'),  x' = x - η m̂/(√û + ε),  γ = ∇f(x) + ξ
    SDE
        "sampled": the moments of the step of (x, m, v, u), with u >= v
    Regime
        η → 0, t = kη and ρᵢ = (1 - βᵢ)/η fixed
    Claim
        weak order 1 away from t = 0
    Sources
        Reddi, Kale & Kumar, arXiv:1904.09237, recalled; torch.optim.Adam

    Parameters
    ----------
    lr : float
        Learning rate η > 0; also the time of one step.
    beta1, beta2 : float
        Decays in [0, 1) of the running means of the gradient and of its square; defaults 0.9 and 0.999.
    eps : float
        ε >= 0, added outside the root after bias correction, in units of the gradient; default 1e-8.

    Examples
    --------
    A gradient half as large as before is divided by the root of what was before:

    >>> import numpy as np
    >>> import sdeopt as so
    >>> o = so.Problem(so.Quadratic([1.0, 2.0])).oracle
    >>> page = so.AMSGrad(lr=0.1, beta1=0.0, beta2=0.0, eps=0.0)
    >>> x, m, v, u = page.step(1, (np.array([1.0, -1.0]), np.zeros(2), np.zeros(2), np.array([4.0, 16.0])), o, ())
    >>> x, v, u
    (array([ 0.95, -0.95]), array([1., 4.]), array([ 4., 16.]))
    """

    lr: Positive
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: NonNegative = 1e-8

    def scaled(self, lr: Any) -> Any:
        beta1, beta2 = (1.0 - (1.0 - beta) * lr / self.lr for beta in (self.beta1, self.beta2))
        return self._replace(lr=lr, beta1=beta1, beta2=beta2)

    def init(self, x: Vector, o: Oracle) -> Any:
        return x, 0.0 * x, 0.0 * x, 0.0 * x

    def warm(self, x: Vector, o: Oracle) -> Any:
        g = grad(o, x)
        square = g * g + noise_var(o, x)
        return x, g, square, square

    def step(self, k: int, y: State, o: Oracle, z: Draws) -> Any:
        x, m, v, u = y
        g = noisy_grad(o, x, z)
        m1 = self.beta1 * m + (1.0 - self.beta1) * g
        v1 = self.beta2 * v + (1.0 - self.beta2) * g * g
        u1 = np.maximum(u, v1)
        rate, share = self.lr / (1.0 - power(self.beta1, k + 1.0)), 1.0 / (1.0 - power(self.beta2, k + 1.0))
        return x - rate * m1 / (np.sqrt(share * u1) + self.eps), m1, v1, u1

    def domain(self, y: State) -> Any:
        x, m, v, u = y
        _, _, above = reachable(self, (x, m, v))
        return x, m, above, np.maximum(u, above)
