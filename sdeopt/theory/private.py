"""Privacy against utility: what DP-SGD and DP-SignSGD lose for a budget ε, and how their best learning rates move.

Notation: clipping length C, noise multiplier z, batch size B, T steps, sampling rate q, dimension d; f is L-smooth with
|∇f|² >= 2μ f (on a quadratic the largest and smallest eigenvalue). All is for the phase in which nothing is clipped,
where the private gradient is ∇f plus noise of variance s² = σ²/B + C²z²/B² in each coordinate, and, for the signs, for
gradients small against s. With z ~ 1/ε (`abadi_sigma`) s ~ 1/ε as long as the private noise dominates: DP-SGD comes
to rest at a loss of order 1/ε² at a rate free of ε, DP-SignSGD at one of order 1/ε at a rate of order ε.

Source: Monzio Compagnoni et al. (2026), arXiv:2603.03226, for the orders in ε; the constants are derived here from
d E f <= -rate E f dt + (η/2) L tr(A) dt with the drift and covariance A of each SDE.
"""

from __future__ import annotations

import math

from sdeopt.core import checks

__all__ = ["abadi_sigma", "dpsgd_loss", "dpsgd_lr", "dpsignsgd_loss", "dpsignsgd_lr", "private_scale"]


def private_scale(scale: float, batch: int, clip: float, sigma_dp: float) -> float:
    """s = √(σ²/B + (C z/B)²), the standard deviation of a coordinate of the private gradient, unclipped.

    Parameters
    ----------
    scale : float
        Standard deviation σ >= 0 of a coordinate of one example's gradient.
    batch : int
        Batch size B >= 1.
    clip, sigma_dp : float
        Clipping length C > 0 and noise multiplier z >= 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    Abadi et al. (2016), arXiv:1607.00133, algorithm 1: noise C z on the sum, divided by B.

    Examples
    --------
    >>> from sdeopt.theory.private import private_scale
    >>> private_scale(scale=0.6, batch=4, clip=1.0, sigma_dp=1.6)
    0.5
    """
    B = checks.integer("batch", batch, low=1)
    example = checks.number("scale", scale, low=0.0)
    added = checks.positive("clip", clip) * checks.number("sigma_dp", sigma_dp, low=0.0)
    return math.sqrt(example**2 / B + (added / B) ** 2)


def abadi_sigma(epsilon: float, delta: float, steps: int, sample_rate: float) -> float:
    """z = q √(2 T log(1/δ))/ε: the closed form of the noise multiplier, exactly proportional to 1/ε.

    The leading order for small q and large z. Against accounting (`sdeopt.privacy.sigma`) it is right where z is large
    and ε of order 1, and too small for large ε: at q = 0.01, T = 1000, δ = 1e-5 the ratio of that z to this one is 0.71
    at ε = 1/4, 0.93 at 1, 1.26 at 2 and 3.09 at 8. Use it where powers of ε are the object,
    not to protect data.

    Parameters
    ----------
    epsilon : float
        ε > 0.
    delta : float
        δ in (0, 1).
    steps : int
        T >= 1.
    sample_rate : float
        q in (0, 1].

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    Abadi et al. (2016), arXiv:1607.00133, theorem 1, up to its constant; the constant √2 is derived here.

    Examples
    --------
    >>> from sdeopt.theory.private import abadi_sigma
    >>> round(abadi_sigma(epsilon=1.0, delta=1e-5, steps=1000, sample_rate=0.01), 6)
    1.517427
    """
    q = checks.number("sample_rate", sample_rate, low=0.0, high=1.0, open_low=True)
    d = checks.number("delta", delta, low=0.0, high=1.0, open_low=True, open_high=True)
    T = checks.integer("steps", steps, low=1)
    return q * math.sqrt(2.0 * T * math.log(1.0 / d)) / checks.positive("epsilon", epsilon)


def dpsgd_loss(
    lr: float, s: float, dim: int, *, mu: float = 1.0, L: float = 1.0, initial: float = 0.0, time: float | None = None
) -> float:
    """Bound on E f of DP-SGD: f₀ e^{-2μt} + (1 - e^{-2μt}) η L d s²/(4μ), to leading order in η.

    At rest a multiple of s², hence of 1/ε², while the rate 2μ is free of ε. Equality if all eigenvalues are equal.

    Parameters
    ----------
    lr : float
        η > 0.
    s : float
        `private_scale`, > 0.
    dim : int
        d >= 1.
    mu, L : float
        Constants of f, 0 < μ <= L; default 1.
    initial : float
        f₀ >= 0; default 0.
    time : float, optional
        t = kη >= 0; default at rest.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    Monzio Compagnoni et al. (2026), arXiv:2603.03226, for the order in ε; constants as at the head of this module.

    Examples
    --------
    >>> from sdeopt.theory.private import dpsgd_loss
    >>> dpsgd_loss(lr=0.1, s=1.0, dim=2), dpsgd_loss(lr=0.1, s=2.0, dim=2)
    (0.05, 0.2)
    """
    return _relaxed(2.0 * checks.positive("mu", mu), checks.positive("s", s) ** 2, lr, dim, mu, L, initial, time)


def dpsignsgd_loss(
    lr: float, s: float, dim: int, *, mu: float = 1.0, L: float = 1.0, initial: float = 0.0, time: float | None = None
) -> float:
    """Bound on E f of DP-SignSGD near a minimum: f₀ e^{-rt} + (1 - e^{-rt}) √(π/2) η L d s/(4μ), r = √(2/π) 2μ/s.

    At rest a multiple of s, hence of 1/ε, reached at a rate of order 1/s, hence ε. Valid while |∇f| is small against
    s, to leading order in η. Equality if all eigenvalues are equal.

    Parameters
    ----------
    lr, s, dim, mu, L, initial, time
        As for `dpsgd_loss`.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    Monzio Compagnoni et al. (2026), arXiv:2603.03226, for the order in ε; constants as at the head of this module.

    Examples
    --------
    >>> from sdeopt.theory.private import dpsignsgd_loss
    >>> round(dpsignsgd_loss(lr=0.1, s=1.0, dim=2), 6), round(dpsignsgd_loss(lr=0.1, s=2.0, dim=2), 6)
    (0.062666, 0.125331)
    """
    slope = math.sqrt(math.pi / 2.0) * checks.positive("s", s)
    return _relaxed(2.0 * checks.positive("mu", mu) / slope, slope, lr, dim, mu, L, initial, time)


def _relaxed(
    rate: float, noise: float, lr: float, dim: int, mu: float, L: float, initial: float, time: float | None
) -> float:
    """f₀ e^{-rate t} + (1 - e^{-rate t}) η L d noise/(4μ)."""
    if checks.positive("L", L) < mu:
        raise ValueError(f"L must be at least mu = {mu:g}, got {L:g}")
    level = checks.positive("lr", lr) * L * checks.integer("dim", dim, low=1) * noise / (4.0 * mu)
    start = checks.number("initial", initial, low=0.0)
    kept = 0.0 if time is None else math.exp(-rate * checks.number("time", time, low=0.0))
    return float(checks.finite("s, mu, L, initial, time", start * kept + level * (1.0 - kept)))


def dpsgd_lr(steps: int, s: float, dim: int, initial: float, *, L: float = 1.0) -> float:
    """η = √(2 f₀/(L T d s²)), the best learning rate of DP-SGD for T steps: proportional to ε.

    It minimises f₀/(ηT) + η L d s²/2, which bounds the mean of E|∇f|² over the path; the minimum is s √(2 f₀ L d/T).
    The proportionality needs a transient that lasts all T steps: once every direction has converged, η depends on ε
    only by a logarithm (measured on a quadratic with spectrum i/d, d = 400, T = 2000: powers of ε from 0.96 to 0.57
    for ε from 1/16 to 1).

    Parameters
    ----------
    steps : int
        T >= 1.
    s : float
        `private_scale`, > 0.
    dim : int
        d >= 1.
    initial : float
        f₀ > 0, loss at the start over its minimum.
    L : float
        Smoothness > 0; default 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    Monzio Compagnoni et al. (2026), arXiv:2603.03226, for the order in ε; the constant is derived here.

    Examples
    --------
    >>> from sdeopt.theory.private import dpsgd_lr
    >>> dpsgd_lr(steps=100, s=1.0, dim=2, initial=1.0), dpsgd_lr(steps=100, s=2.0, dim=2, initial=1.0)
    (0.1, 0.05)
    """
    return dpsignsgd_lr(steps, dim, initial, L=L) / checks.positive("s", s)


def dpsignsgd_lr(steps: int, dim: int, initial: float, *, L: float = 1.0) -> float:
    """η = √(2 f₀/(L T d)), the best learning rate of DP-SignSGD for T steps: free of ε.

    It minimises √(π/2) s [f₀/(ηT) + η L d/2], which bounds the mean of E|∇f|² over the path; the minimum is √(π/2)
    times that of DP-SGD, √(π/2) s √(2 f₀ L d/T): tuned, both lose in proportion to 1/ε.

    Parameters
    ----------
    steps, dim, initial, L
        As for `dpsgd_lr`.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    Monzio Compagnoni et al. (2026), arXiv:2603.03226, for the order in ε; the constant is derived here.

    Examples
    --------
    >>> from sdeopt.theory.private import dpsignsgd_lr
    >>> dpsignsgd_lr(steps=100, dim=2, initial=1.0)
    0.1
    """
    T, d = checks.integer("steps", steps, low=1), checks.integer("dim", dim, low=1)
    return math.sqrt(2.0 * checks.positive("initial", initial) / (checks.positive("L", L) * T * d))
