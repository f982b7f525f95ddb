"""The noise of one private pass over the data, exactly and without an accountant."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr

from sdeopt.core import checks

__all__ = ["gaussian_sigma"]


def gaussian_sigma(epsilon: float, delta: float) -> float:
    """z with which one pass over the data, each example in one step, is (ε, δ)-private: the least, exactly.

    It solves δ = Φ(1/(2z) - εz) - e^ε Φ(-1/(2z) - εz), Φ the normal distribution function. Steps on examples of their
    own are together as private as one of them, so that the number of steps does not count. Examples that are seen
    again, or sampled, are for `sdeopt.privacy.sigma`.

    Parameters
    ----------
    epsilon : float
        ε > 0; data sets are neighbours if one has one example more.
    delta : float
        δ in (0, 1).

    Returns
    -------
    float
        Standard deviation of the noise on the sum of clipped gradients, in units of the clipping length.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range.

    References
    ----------
    Balle & Wang (2018), arXiv:1805.06530, theorem 8 (the equation, for sensitivity 1).

    Examples
    --------
    >>> from sdeopt.theory.one_pass import gaussian_sigma
    >>> round(gaussian_sigma(epsilon=1.0, delta=1e-5), 3)
    3.731
    """
    eps = checks.positive("epsilon", epsilon)
    target = checks.number("delta", delta, low=0.0, high=1.0, open_low=True, open_high=True)

    def excess(z: float) -> float:
        large, small = log_ndtr(0.5 / z - eps * z), eps + log_ndtr(-0.5 / z - eps * z)
        return float(large + np.log(-np.expm1(small - large)) - math.log(target))

    known = -math.log(target)
    high = (math.sqrt(known + eps) + math.sqrt(known)) / (math.sqrt(2.0) * eps)  # enough: Bun & Steinke, 1605.02065
    low = high
    while excess(low) <= 0.0:
        low *= 0.5
    return float(brentq(excess, low, high, xtol=1e-12 * low))
