"""``DiracGAN``: the smallest generative adversarial network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, dot, exp, log, matvec, tanh
from sdeopt.core.contracts import Vector
from sdeopt.objectives.contract import Array, derived_field, fortran
from sdeopt.objectives.minimax import Minimax, first

__all__ = ["DiracGAN"]


def reach(swap: Any, x: Any) -> Any:
    """The discriminator's answer s = ψᵀθ on the generated point."""
    return 0.5 * dot(x, matvec(swap, x))


@dataclass(frozen=True, eq=False, repr=False)
class DiracGAN(Minimax):
    """The Dirac-GAN: f(θ, ψ) = ℓ(ψᵀθ) + ℓ(0) - γ|ψ|²/2 with ℓ(s) = -log(1 + e^{-s}).

    The data are the point 0, the generator makes the point θ, the discriminator is linear, x -> ψᵀx. The generator
    minimises f over θ, the discriminator maximises it over ψ; z = (θ, ψ) and F = (ℓ'(s) ψ, -ℓ'(s) θ + γψ), s = ψᵀθ,
    ℓ'(s) = 1/(1 + eˢ).

    Parameters
    ----------
    size : int
        Length of θ and of ψ, half the dimension of z; default 1.
    penalty : float
        γ >= 0, the gradient penalty R₁ on the data; default 0: then both players circle the equilibrium 0, with it
        they reach it.

    Raises
    ------
    ValueError
        If ``size`` is below 1 or ``penalty`` negative.

    Notes
    -----
    Source: Mescheder, Geiger & Nowozin (2018), arXiv:1801.04406. ``start`` = (1, 1, ...).

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> f = so.DiracGAN(penalty=0.5)
    >>> f.grad(np.array([0.0, 2.0])).tolist()  # ℓ'(0) = 1/2
    [1.0, 1.0]
    """

    size: int = 1
    penalty: float = 0.0
    swap: Array = derived_field()  # exchanges θ and ψ
    minimising: Array = derived_field()

    def __post_init__(self) -> None:
        n = checks.dimension("size", self.size)
        object.__setattr__(self, "penalty", checks.number("penalty", self.penalty, low=0.0))
        object.__setattr__(self, "swap", fortran(np.roll(np.eye(2 * n), n, axis=0)))
        object.__setattr__(self, "minimising", first(n, 2 * n))

    def value(self, x: Vector) -> Any:
        s = reach(self.swap, x)
        y = (1.0 - self.minimising) * x
        # log(1 + e^{-s}) without overflow
        return np.minimum(s, 0.0) - log(1.0 + exp(-np.abs(s))) - log(2.0) - 0.5 * self.penalty * dot(y, y)

    def grad(self, x: Vector) -> Any:
        other = matvec(self.swap, x)
        rate = 0.5 - 0.5 * tanh(0.25 * dot(x, other))
        return (2.0 * self.minimising - 1.0) * rate * other + self.penalty * (1.0 - self.minimising) * x

    def hvp(self, x: Vector, v: Vector) -> Any:
        return (2.0 * self.minimising - 1.0) * bend(self.swap, x, v) + self.penalty * (1.0 - self.minimising) * v

    def vjp(self, x: Vector, v: Vector) -> Any:
        S = 2.0 * self.minimising - 1.0
        return bend(self.swap, x, S * v) + self.penalty * (1.0 - self.minimising) * v

    @property
    def dim(self) -> int:
        return 2 * self.size


def bend(swap: Any, x: Any, v: Any) -> Any:
    """∇²ℓ(ψᵀθ) v."""
    other = matvec(swap, x)
    slow = tanh(0.25 * dot(x, other))
    return (0.25 * (slow * slow - 1.0)) * dot(other, v) * other + (0.5 - 0.5 * slow) * matvec(swap, v)
