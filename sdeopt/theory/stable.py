"""SGD under symmetric α-stable noise on a quadratic f = h x²/2: the scales of its laws, which are stable again."""

from __future__ import annotations

import math
from collections.abc import Callable

from sdeopt.core import checks
from sdeopt.theory.linear import contraction

__all__ = ["levy_ou_scale", "stable_sgd_scale"]


def _law(alpha: float, scale: float) -> tuple[float, float]:
    """α and s, checked."""
    return checks.number("alpha", alpha, low=0.0, high=2.0, open_low=True), checks.number("scale", scale, low=0.0)


def levy_ou_scale(h: float, lr: float, alpha: float, scale: float, t: float = math.inf) -> float:
    """Scale c of dX = -h X dt - η^{1 - 1/α} s dL^α from a fixed point x₀: E exp(iuX) = exp(iu e^{-ht} x₀ - |c u|^α).

    c^α = η^{α-1} s^α ∫₀ᵗ e^{-αhs} ds = η^{α-1} s^α (1 - e^{-αht})/(αh). At α = 2 the variance is 2c².

    Parameters
    ----------
    h, lr, alpha, scale : float
        Curvature, η > 0, α in (0, 2], and the scale s >= 0 of `AlphaStable`.
    t : float
        Time >= 0; default ∞, the stationary law, for h > 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    Samorodnitsky & Taqqu (1994), Stable Non-Gaussian Random Processes; the SDE: Simsekli et al. (2019),
    arXiv:1901.06053.

    Examples
    --------
    >>> from sdeopt.theory import levy_ou_scale
    >>> levy_ou_scale(1.0, 0.1, alpha=1.0, scale=0.5), round(levy_ou_scale(1.0, 0.1, alpha=2.0, scale=0.5) ** 2, 12)
    (0.5, 0.0125)
    """
    h, lr = checks.number("h", h), checks.positive("lr", lr)
    alpha, scale = _law(alpha, scale)
    if checks.single(t) and t == math.inf:
        h = checks.positive("h", h)
        age = _power(alpha, lambda: 1.0 / (alpha * h))
    else:
        t = checks.number("t", t, low=0.0)
        age = t if h == 0.0 else _power(alpha, lambda: -math.expm1(-alpha * h * t) / (alpha * h))
    return _power(alpha, lambda: scale * lr ** (1.0 - 1.0 / alpha) * age ** (1.0 / alpha))


def stable_sgd_scale(h: float, lr: float, alpha: float, scale: float, steps: int | None = None) -> float:
    """Scale c of the iterate of SGD, x' = a x - η s S with a = 1 - ηh, from a fixed point.

    c^α = (η s)^α Σ_{k<K} |a|^{αk}, and (η s)^α/(1 - |a|^α) as K → ∞.

    Parameters
    ----------
    h, lr, alpha, scale : float
        As for `levy_ou_scale`.
    steps : int, optional
        K >= 0; default the stationary law, for 0 < ηh < 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range.

    References
    ----------
    Ours: scales of independent stable terms add as c^α.

    Examples
    --------
    >>> from sdeopt.theory import stable_sgd_scale
    >>> round(stable_sgd_scale(1.0, 0.1, alpha=1.0, scale=0.5), 12), stable_sgd_scale(1.0, 0.1, 1.5, 0.5, steps=1)
    (0.5, 0.05)
    """
    alpha, scale = _law(alpha, scale)
    ratio = abs(contraction(h, lr, stationary=steps is None)) ** alpha
    if steps is None:
        terms = _power(alpha, lambda: 1.0 / (1.0 - ratio))
    else:
        steps = checks.integer("steps", steps)
        terms = float(steps) if ratio == 1.0 else (1.0 - ratio**steps) / (1.0 - ratio)
    return _power(alpha, lambda: lr * scale * terms ** (1.0 / alpha))


def _power(alpha: float, number: Callable[[], float]) -> float:
    """A number with α in its exponents, refused where no float holds it."""
    try:
        return float(number())
    except ArithmeticError as error:
        raise ValueError(f"alpha must be large enough for a scale that a float holds, got {alpha}") from error
