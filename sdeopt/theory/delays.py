"""SGD with gradients of τ steps ago, x' = x - η(h x_{-τ} + ξ): where it is stable, and its level at rest."""

from __future__ import annotations

import math

import numpy as np

from sdeopt.core import checks

__all__ = ["delay_limit", "delayed_variance"]

LONGEST = 1000  # delays of which the system of equations is solved


def delay_limit(h: float, delay: int) -> float:
    """The learning rate from which on SGD with a delay of τ steps diverges, 2 sin(π/(2(2τ + 1)))/h.

    A root ρ = e^{iθ} of ρ^{τ+1} - ρ^τ + ηh = 0 has 2 sin(θ/2) = ηh and θ(2τ + 1) = π. Without a delay it is 2/h, and
    π/(2τh) for a long one.

    Parameters
    ----------
    h : float
        Curvature > 0, the largest one in several dimensions.
    delay : int
        τ >= 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is no number in its range.

    References
    ----------
    Levin & May (1976), doi:10.1016/0040-5809(76)90043-5, recalled; re-derived here.

    Examples
    --------
    >>> import sdeopt as so
    >>> [round(so.theory.delay_limit(1.0, tau), 6) for tau in (0, 1, 10)]
    [2.0, 1.0, 0.14946]
    """
    h, delay = checks.positive("h", h), checks.integer("delay", delay)
    return float(checks.finite("h", 2.0 * math.sin(0.5 * math.pi / (2.0 * delay + 1.0)) / h))


def delayed_variance(lr: float, h: float, scale: float, delay: int) -> float:
    """Var x at rest of SGD with a delay of τ steps, for additive noise of variance s².

    The covariances γ_j of positions j steps apart solve γ_{j+1} = γ_j - ηh γ_{|j-τ|}, j = 0, ..., τ - 1, and
    2ηh γ_τ - (ηh)² γ_0 = η²s². At τ = 1 that is η s²(1 + ηh)/(h (1 - ηh)(2 + ηh)).

    Parameters
    ----------
    lr, h, scale : float
        η > 0 below `delay_limit`, curvature h > 0, standard deviation s of the noise.
    delay : int
        τ from 0 to 1000.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    Yule and Walker's equations of this autoregression, written down here.

    Examples
    --------
    >>> import sdeopt as so
    >>> [round(so.theory.delayed_variance(0.5, 1.0, 1.0, tau), 12) for tau in (0, 1)]  # 1/3 and 3/5
    [0.333333333333, 0.6]
    """
    lr, scale = checks.positive("lr", lr), checks.number("scale", scale, low=0.0)
    tau = checks.integer("delay", delay, high=LONGEST)
    limit = delay_limit(h, tau)
    if not lr < limit:
        raise ValueError(f"lr must be below {limit:g}, where SGD with a delay of {tau} is stable, got {lr:g}")
    v, equations = lr * h, np.zeros((tau + 1, tau + 1))
    for j in range(tau):  # in units of η s²/h
        equations[j, j] += 1.0
        equations[j, j + 1] -= 1.0
        equations[j, tau - j] -= v
    equations[tau, tau] += 2.0
    equations[tau, 0] -= v
    level = np.linalg.solve(equations, np.append(np.zeros(tau), 1.0))[0]
    return float(checks.finite("lr, h, scale", lr * scale * scale / h * float(level)))
