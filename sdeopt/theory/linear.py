"""Linear SDEs: the Ornstein-Uhlenbeck process dY = -A Y dt + D^{1/2} dW, solved exactly.

On a quadratic most SDEs of this package are linear, so that their mean and covariance need no simulation:

    E Y_t   = Φ(t) E Y_0                          Φ(t) = exp(-A t)
    Cov Y_t = Φ(t) Cov Y_0 Φ(t)ᵀ + C(t)           C(t) = ∫₀ᵗ Φ(s) D Φ(s)ᵀ ds
    Cov Y_∞ = C,  A C + C Aᵀ = D                  if every eigenvalue of A has a positive real part
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks

__all__ = ["correlation", "moments", "stationary", "transition"]

Array = NDArray[np.float64]


def _system(A: Any, D: Any) -> tuple[Array, Array]:
    D = checks.covariance("D", D)
    return checks.array("A", A, ndim=2, shape=D.shape), D


def contraction(h: float, lr: float, *, stationary: bool = True) -> float:
    """a = 1 - ηh, by which a step of gradient descent on f = h x²/2 multiplies x; |a| < 1 for a stationary law."""
    h, lr = checks.number("h", h), checks.positive("lr", lr)
    a = 1.0 - lr * h
    if stationary and not abs(a) < 1.0:
        raise ValueError(f"lr * h must be in (0, 2) for a stationary law, got lr={lr:g}, h={h:g}")
    return a


def transition(A: Any, D: Any, t: float) -> tuple[Array, Array]:
    """Φ(t) and C(t) of dY = -A Y dt + D^{1/2} dW: Y_t = Φ(t) Y_0 + N(0, C(t)).

    One matrix exponential of twice the size gives both over a time h with |A| h <= 1; doubling,
    Φ(2h) = Φ(h)², C(2h) = Φ(h) C(h) Φ(h)ᵀ + C(h), reaches t. (The exponential over a long time would hold exp(A t)
    beside exp(-A t) and lose the digits of the smaller one.)

    Parameters
    ----------
    A : array_like, shape (m, m)
        Linear drift, any spectrum.
    D : array_like, shape (m, m)
        Covariance per unit of time, symmetric positive semidefinite.
    t : float
        Time >= 0.

    Returns
    -------
    phi, cov : ndarray, shape (m, m)

    Raises
    ------
    ValueError, TypeError
        If the shapes disagree, D is not a covariance, or t is negative or not finite.

    References
    ----------
    C. F. Van Loan (1978), Computing integrals involving the matrix exponential, doi:10.1109/TAC.1978.1101743, thm 1.

    Examples
    --------
    >>> from sdeopt.theory import transition
    >>> phi, cov = transition([[1.0]], [[2.0]], t=0.5)  # exp(-t) and 1 - exp(-2t)
    >>> round(float(phi[0, 0]), 12), round(float(cov[0, 0]), 12)
    (0.606530659713, 0.632120558829)
    """
    return transitions(*_system(A, D), checks.number("t", t, low=0.0))


def transitions(A: Array, D: Array, t: float) -> tuple[Array, Array]:
    """Φ(t) and C(t) of one system, or of a stack of them, (..., m, m)."""
    from scipy.linalg import expm

    largest = float(np.linalg.norm(A, axis=(-2, -1)).max())
    doublings = max(0, math.ceil(math.log2(max(largest * t, 1.0))))
    m, At = A.shape[-1], A.swapaxes(-1, -2)
    block = expm(np.block([[A, D], [np.zeros_like(A), -At]]) * (t / 2.0**doublings))
    phi = block[..., m:, m:].swapaxes(-1, -2)
    cov = phi @ block[..., :m, m:]
    for _ in range(doublings):
        cov = phi @ cov @ phi.swapaxes(-1, -2) + cov
        phi = phi @ phi
    return phi, (cov + cov.swapaxes(-1, -2)) / 2.0


def moments(A: Any, D: Any, mean: Any, cov: Any, times: Any) -> tuple[Array, Array]:
    """Mean and covariance of dY = -A Y dt + D^{1/2} dW at the times given.

    Parameters
    ----------
    A, D : array_like, shape (m, m)
        Linear drift and covariance per unit of time.
    mean : array_like, shape (m,)
        E Y_0.
    cov : array_like, shape (m, m)
        Cov Y_0; zeros for a fixed start.
    times : array_like, shape (n,)
        Times >= 0, in any order.

    Returns
    -------
    means : ndarray, shape (n, m)
    covs : ndarray, shape (n, m, m)

    Raises
    ------
    ValueError, TypeError
        As `transition`, or if the start does not fit A.

    Examples
    --------
    SGD with lr = 0.1 on f = x²/2, unit noise, from x = 1, after ten steps (t = 1):

    >>> from sdeopt.theory import moments
    >>> means, covs = moments([[1.0]], [[0.1]], mean=[1.0], cov=[[0.0]], times=[1.0])
    >>> round(float(means[0, 0]), 12), round(float(covs[0, 0, 0]), 12)
    (0.367879441171, 0.043233235838)
    """
    A, D = _system(A, D)
    mean = checks.array("mean", mean, shape=(len(A),))
    cov = checks.covariance("cov", cov, shape=A.shape)
    flows = [transition(A, D, t) for t in checks.array("times", times).tolist()]
    return np.array([phi @ mean for phi, _ in flows]), np.array([phi @ cov @ phi.T + added for phi, added in flows])


def stationary(A: Any, D: Any) -> Array:
    """Stationary covariance of dY = -A Y dt + D^{1/2} dW, the solution of A C + C Aᵀ = D.

    Parameters
    ----------
    A, D : array_like, shape (m, m)
        Linear drift and covariance per unit of time.

    Returns
    -------
    ndarray, shape (m, m)

    Raises
    ------
    ValueError, TypeError
        If the shapes disagree, D is not a covariance, or an eigenvalue of A has no positive real part: then the
        process has no stationary law.

    References
    ----------
    C. W. Gardiner (2009), Stochastic Methods, 4th ed., section 4.4.6.

    Examples
    --------
    >>> from sdeopt.theory import stationary
    >>> stationary([[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.3], [0.3, 1.0]]).round(12).tolist()
    [[0.5, 0.1], [0.1, 0.25]]
    """
    from scipy.linalg import solve_continuous_lyapunov

    A, D = _system(A, D)
    slowest = float(np.linalg.eigvals(A).real.min())
    if slowest <= 0.0:
        raise ValueError(f"A must have eigenvalues with positive real parts, got one with real part {slowest:.3g}")
    cov: Array = solve_continuous_lyapunov(A, D)
    return (cov + cov.T) / 2.0


def correlation(Sigma: Any) -> tuple[Array, Array]:
    """Standard deviations s and correlation matrix R of a covariance, Σ = diag(s) R diag(s).

    Parameters
    ----------
    Sigma : array_like, shape (d, d)
        Covariance with a positive diagonal.

    Returns
    -------
    scale : ndarray, shape (d,)
    correlation : ndarray, shape (d, d)
        Entries in [-1, 1], ones on the diagonal.

    Raises
    ------
    ValueError, TypeError
        If Sigma is not a covariance or a coordinate has no noise.

    Examples
    --------
    >>> from sdeopt.theory import correlation
    >>> scale, R = correlation([[4.0, 1.0], [1.0, 1.0]])
    >>> scale.tolist(), R.tolist()
    ([2.0, 1.0], [[1.0, 0.5], [0.5, 1.0]])
    """
    Sigma = checks.covariance("Sigma", Sigma)
    scale: Array = np.sqrt(np.diag(Sigma))
    if scale.min() == 0.0:
        raise ValueError(f"Sigma must have a positive diagonal, got {np.diag(Sigma).tolist()}")
    R = np.clip(Sigma / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(R, 1.0)
    return scale, R
