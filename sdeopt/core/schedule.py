"""Learning-rate schedules: η_k = η ψ(kη) with ψ(0) = 1.

A schedule stands where a page has ``lr``. Pages know nothing of it: at time t the engine runs the page of the
constant learning rate η' = ψη at the page's own time t' = kη' and rescales, drift by clock(η')/clock(η) and diffusion
by the root of that ratio. For SGD this is dX = -ψ∇f dt + ψ√η Σ^{1/2}dW; averages with a fixed beta keep their rate
(1 - beta)/η, as in the discrete loop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sdeopt.core import checks
from sdeopt.core.chance import refuse_random, steady
from sdeopt.core.elementary import cos, power

__all__ = ["Cosine", "Power", "Schedule"]

SMALLEST = 1e-12  # a factor of exactly 0 would divide by zero in pages that use (1 - beta)/lr


@dataclass(frozen=True)
class Schedule:
    """Any schedule: base learning rate ``lr`` times ``shape(t)``.

    Parameters
    ----------
    lr : float
        Learning rate at t = 0; it also sets the clock, t = k lr.
    shape : callable
        ψ(t) of continuous time, with ψ(0) = 1 and ψ > 0.

    Raises
    ------
    ValueError
        If ``lr`` is not positive or ψ(0) is not 1.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.Schedule(0.1, lambda t: 1.0 / (1.0 + t)).factor(1.0)
    0.5
    """

    lr: float
    shape: Callable[[float], float] = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", checks.positive("lr", self.lr))
        if not callable(self.shape):
            raise TypeError(f"shape must be a function of time, got {self.shape!r}")
        refuse_random("shape", self.shape)
        first = checks.number("shape(0)", steady("shape", self.shape, 0.0))
        if abs(first - 1.0) > 1e-9:
            raise ValueError(f"shape(0) must be 1 (lr is the learning rate at t = 0), got {first}")

    def factor(self, t: float) -> Any:
        """ψ(t)."""
        return max(self.shape(t), SMALLEST)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from ``lr`` at t = 0 down to ``final`` lr at t = ``horizon``, constant after.

    ψ(t) = final + (1 - final)(1 + cos(π min(t/horizon, 1)))/2  (Loshchilov & Hutter, arXiv:1608.03983, eq. 5).

    Parameters
    ----------
    lr : float
        Learning rate at t = 0.
    horizon : float
        Continuous time, t = k lr, at which the decay ends.
    final : float
        Fraction of ``lr`` that is left, in [0, 1]; default 0.

    Examples
    --------
    >>> import sdeopt as so
    >>> print(round(so.Cosine(0.1, horizon=2.0).factor(1.0), 12))
    0.5
    """

    lr: float
    horizon: float
    final: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", checks.positive("lr", self.lr))
        object.__setattr__(self, "horizon", checks.positive("horizon", self.horizon))
        object.__setattr__(self, "final", checks.number("final", self.final, low=0.0, high=1.0))

    def factor(self, t: float) -> Any:
        """ψ(t)."""
        s = min(t / self.horizon, 1.0)
        return max(self.final + (1.0 - self.final) * 0.5 * (1.0 + cos(math.pi * s)), SMALLEST)


@dataclass(frozen=True)
class Power:
    """ψ(t) = (1 + t)^(-exponent), the schedules 1/t^a of stochastic approximation (Robbins & Monro 1951).

    Parameters
    ----------
    lr : float
        Learning rate at t = 0.
    exponent : float
        a >= 0; default 1/2.

    Examples
    --------
    >>> import sdeopt as so
    >>> round(float(so.Power(0.1, exponent=1.0).factor(3.0)), 12)
    0.25
    """

    lr: float
    exponent: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", checks.positive("lr", self.lr))
        object.__setattr__(self, "exponent", checks.number("exponent", self.exponent, low=0.0))

    def factor(self, t: float) -> Any:
        """ψ(t)."""
        return power(1.0 + t, -self.exponent)
