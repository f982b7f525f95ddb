"""The level m = E(x² + y²)/2 of a linear process in the plane, in continuous time and step by step.

Methods for games of two numbers (``sdeopt.theory.games``) act on x + iy as multiplication by a complex number A. With
the learning rates ηψ the level obeys

    SDE     dm/dt = -k ψ(t) m + c ψ(t)²                             k = 2 Re A,  c the variance that enters
    steps   m' = (1 - kηψ + |A|² η²ψ²) m + c ηψ²

Source: for the SDE Compagnoni et al. (2024), arXiv:2402.12508, where the schedules are solved; the steps are computed
here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks

__all__ = ["Level", "Rates"]

Array = NDArray[np.float64]
POWERS = (0.0, 0.5, 1.0)
FAR = 50.0  # beyond it, on both sides, the divergent series of Ei is exact to rounding


class Level(NamedTuple):
    """How m = E(x² + y²)/2 moves: the constants η, k, c and |A|² at the head of this file.

    Examples
    --------
    SEG on f = 2xy, theory and steps at rest, for a long extrapolation and for the classical one, ρ = η:

    >>> from sdeopt.theory import games
    >>> for rho in (0.5, 0.01):
    ...     level = games.seg(a=0.0, coupling=2.0, lr=0.01, sigma=1.0, rho=rho)
    ...     print(round(level.stationary(), 5), round(level.stationary_steps(), 7))
    0.005 0.005102
    0.12505 0.2502001
    """

    lr: float
    decay: float
    noise: float
    square: float

    def at(self, t: Any, start: float, power: float = 0.0) -> Any:
        """m(t) of the SDE from m(0) = ``start`` under the schedule ψ = (1 + t)^-power, power 0, 1/2 or 1.

        With k the decay and c the noise, Ei the exponential integral and u = √(1 + t):

            0     m₀ e^{-kt} + c/k (1 - e^{-kt})
            1/2   e^{-2ku} [m₀ e^{2k} + 2c (Ei(2ku) - Ei(2k))]
            1     (1 + t)^{-k} [m₀ + c ((1 + t)^{k-1} - 1)/(k - 1)]

        Examples
        --------
        >>> from sdeopt.theory import games
        >>> level = games.seg(a=0.0, coupling=2.0, lr=1e-3, sigma=1e-3, rho=1.0)
        >>> [f"{level.at(1.0, 0.01, power):.6g}" for power in (0, 0.5, 1)]
        ['3.35525e-06', '1.32362e-05', '3.90629e-05']
        """
        if power not in POWERS:
            raise ValueError(f"power must be one of {POWERS}, got {checks.short(power)}")
        t = np.asarray(checks.real("t", t), dtype=float)
        k, c = self.decay, self.noise
        if power == 0.0:
            fade, gain = np.exp(-k * t), _mean(k, t)
        elif power == 1.0:
            log = np.log1p(t)
            fade, gain = np.exp(-k * log), np.exp(-k * log) * _mean(1.0 - k, log)
        else:
            u = np.sqrt(1.0 + t)
            fade = np.exp(-2.0 * k * (u - 1.0))
            # e^{-2ku} (Ei(2ku) - Ei(2k)) without the large factors
            gain = 2.0 * np.log(u) if k == 0.0 else 2.0 * (_faded(2.0 * k * u) - fade * _faded(2.0 * k))
        return start * fade + c * gain

    def after(self, count: int, start: float, power: float = 0.0) -> float:
        """m after ``count`` steps with the learning rates η (1 + kη)^-power: the recursion itself."""
        m = start
        for k in range(count):
            psi = (1.0 + k * self.lr) ** -power
            m = (
                1.0 - self.decay * self.lr * psi + self.square * (self.lr * psi) ** 2
            ) * m + self.noise * self.lr * psi**2
        return m

    def stationary(self) -> float:
        """c/k, the level of the SDE at rest; a ``ValueError`` if k <= 0."""
        return self._rest(self.decay)

    def stationary_steps(self) -> float:
        """c/(k - η|A|²), the level of the steps at rest; a ``ValueError`` if they diverge."""
        return self._rest(self.decay - self.lr * self.square)

    def _rest(self, rate: float) -> float:
        if rate <= 0.0:
            raise ValueError(f"there is no stationary level: the rate of decay is {rate:.3g}")
        return self.noise / rate


class Rates(NamedTuple):
    """Exponential rates of decay of m = E(x² + y²)/2: of the SDE, and of the steps, -log(m'/m)/η."""

    sde: float
    steps: float


def _mean(k: float, t: Array) -> Any:
    """(1 - e^{-kt})/k, and t for k = 0."""
    return t if k == 0.0 else -np.expm1(-k * t) / k


def _faded(x: Any) -> Any:
    """e^{-x} Ei(x)."""
    from scipy.special import expi

    x = np.asarray(x, dtype=float)
    inside = np.clip(x, -FAR, FAR)
    outside = np.where(np.abs(x) < FAR, FAR, x)
    far, term = np.zeros_like(x), 1.0 / outside
    for n in range(1, 26):  # Σ n!/x^{n+1}; its terms shrink until n ~ |x|
        far, term = far + term, term * n / outside
    return np.where(np.abs(x) < FAR, np.exp(-inside) * expi(inside), far)
