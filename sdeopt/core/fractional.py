"""The covariance of fractional Gaussian noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["autocovariance"]


def autocovariance(k: Any, hurst: float) -> NDArray[np.float64]:
    """γ(k) = ½ (|k + 1|^{2H} - 2|k|^{2H} + |k - 1|^{2H}), the covariance of unit increments of B^H that are k apart.

    Evaluated as k^p [(1 - k⁻²)^{p/2} cosh pt - 1] with p = 2H and tanh t = 1/k, which does not lose the digits of a
    small γ(k) at large k.

    Parameters
    ----------
    k : array_like
        Lags >= 0, whole numbers.
    hurst : float
        Hurst parameter H in (0, 1).

    Returns
    -------
    ndarray
        Of the shape of ``k``.

    References
    ----------
    Mandelbrot & Van Ness (1968), SIAM Review 10, 422-437, doi:10.1137/1010093.

    Examples
    --------
    >>> from sdeopt.core.fractional import autocovariance
    >>> autocovariance([0, 1, 2], hurst=0.25).round(6).tolist()  # 1, 1/√2 - 1, (√3 - 2√2 + 1)/2
    [1.0, -0.292893, -0.048188]
    """
    p = 2.0 * hurst
    k = np.asarray(k, dtype=float)
    far = np.maximum(k, 2.0)
    t = np.arctanh(1.0 / far)
    small = np.expm1(0.5 * p * np.log1p(-1.0 / far**2)) * np.cosh(p * t) + 2.0 * np.sinh(0.5 * p * t) ** 2
    value: NDArray[np.float64] = np.where(k > 1.5, far**p * small, np.where(k > 0.5, 2.0 ** (p - 1.0) - 1.0, 1.0))
    return value
