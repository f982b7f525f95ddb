"""RMSprop at the edge of stability, on average: its central flow, for any number of unstable directions."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core import checks
from sdeopt.core.checks import Array
from sdeopt.theory.manifold import expect_point

__all__ = ["RMSpropFlow", "rmsprop_central_flow"]

PARTS = 10  # steps of the flow in one of the optimizer
LONGEST = 100_000  # of them
STEP = 1e-4  # of second differences of the gradient, which are exact where ∇²f is linear
NEAR = 0.8  # of 2/η: a direction below it does not come to the edge within a step of the flow
ROUNDS, SWEEPS, SETTLED = 100, 2000, 1e-9
SENTENCE = "lr, beta and times must be such that the flow can be followed"


class RMSpropFlow(NamedTuple):
    """What `rmsprop_central_flow` returns, at each of the times asked for.

    Attributes
    ----------
    positions, squares : ndarray, shape (m, d)
        X and V: what x and v of RMSprop oscillate about.
    sharpness : ndarray, shape (m,)
        S, the largest eigenvalue of P⁻¹∇²f(X).
    covariance : ndarray, shape (m, d, d)
        Σ of the oscillation of x: 0 below the edge.

    Examples
    --------
    >>> import sdeopt as so
    >>> flow = so.theory.rmsprop_central_flow(so.Quadratic([1.0]), [1.0], [1.0], lr=0.1, beta=0.9, times=[0.0])
    >>> flow.sharpness.tolist(), flow.covariance.tolist()
    ([1.0], [[[0.0]]])
    """

    positions: Array
    squares: Array
    sharpness: Array
    covariance: Array


class Edge(NamedTuple):
    """The learning rate, the rate ρ of V, and ε."""

    lr: float
    rho: float
    eps: float


def rmsprop_central_flow(
    objective: Any, x: Any, squares: Any, lr: float, beta: float, times: Any, eps: float = 0.0
) -> RMSpropFlow:
    """The path that `RMSprop` without noise oscillates about, at times t = kη.

    With P = diag(√V + ε), RMSprop is unstable where S, the largest eigenvalue of P⁻¹∇²f(X), is above 2/η. Oscillations
    x = X + δ, E δδᵀ = Σ, keep it from rising further, by both of its parts: they push X to where f is flatter, and they
    raise V:

        dX = -P⁻¹ m dt,   dV = ρ (m² + diag(∇²f Σ ∇²f) - V) dt,   m = ∇f + ½∇³f[Σ],   ρ = (1 - β)/(βη)

    Σ lies in the span of the eigenvectors w of P⁻¹∇²f with eigenvalue 2/η, where ∇²f w = (2/η) P w. It is the one for
    which S <= 2/η and only directions that stay at the edge oscillate: with A = (2/η) P - ∇²f on that span, 0 ⪯ Σ,
    0 ⪯ dA, tr(Σ dA) = 0. For one direction with wᵀPw = 1, c = ∇³f[w, w] and q = w²/(2√V) it is Σ = s² w wᵀ, where

        c·P⁻¹m + (2ρ/η) q·(m² + s² (∇²f w)² - V) = 0,   m = ∇f + ½s²c,   or s² = 0 if that is > 0 at s² = 0.

    On a quadratic x ends at η/2 and -η/2 in turn in every coordinate: with diagonal ∇²f = diag(h) at √V = ηh/2.

    Two directions that oscillate do so with one phase or the opposite one, and where ∇³f[w₁, w₂] is not 0 that moves X.
    The flow has no phases; it takes Σ between them to be what keeps both at the edge, 0 there. Then V is off, in the
    claim rmsprop_edge by a fifth in one coordinate.

    V is the v by which the step *from* X divides, of the state after it; a mean of squares so far has the lag β/(1 - β)
    steps, hence ρ. Followed by Euler steps of η/10, with errors of that order.

    Parameters
    ----------
    objective : objective
        With ``grad`` and ``hvp``, in a few dimensions: ∇²f is formed.
    x : array_like, shape (d,)
        The start.
    squares : array_like, shape (d,)
        V > 0 there, in units of ∇f²; such that S <= 2/η. (From v₀ = 0 it is (1 - β)∇f² at first, where S may be above.)
    lr : float
        η > 0.
    beta : float
        β in (0, 1).
    times : array_like, shape (m,)
        Increasing times t >= 0.
    eps : float
        ε >= 0, outside the root; default 0.

    Returns
    -------
    RMSpropFlow
        ``positions`` X (m, d), ``squares`` V (m, d), ``sharpness`` S (m,) and ``covariance`` Σ (m, d, d). The mean loss
        is f(X) + ½ tr(∇²f(X) Σ) to second order.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, S > 2/η at the start, or the flow cannot be followed.

    References
    ----------
    Cohen, Damian, Talwalkar, Kolter & Lee (2025), arXiv:2410.24206, of which the authors' companion pages
    (centralflows.github.io, part 3) and code were read, not the paper: the ansatz, the rate (1 - β)/β in steps and the
    complementarity are theirs. In dV they have ∇f² in the place of m², the square of the mean gradient; the difference
    ∇f ∇³f[Σ] is of the order of diag(∇²f Σ ∇²f), and RMSprop has it (claim rmsprop_edge). The case of one direction is
    derived here.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.Quadratic([1.0, 4.0])
    >>> flow = so.theory.rmsprop_central_flow(f, [1.0, 1.0], [1.0, 16.0], lr=0.1, beta=0.9, times=[0.5, 30.0])
    >>> flow.sharpness.round(2).tolist()  # 2/η = 20
    [1.1, 20.0]
    >>> (flow.covariance[-1].diagonal() / (0.1**2 / 4)).round(3).tolist()
    [1.0, 1.0]
    """
    lr, eps = checks.number("lr", lr, low=0.0, open_low=True), checks.number("eps", eps, low=0.0)
    times = checks.array("times", times)
    beta = checks.number("beta", beta, low=0.0, high=1.0, open_low=True, open_high=True)
    if times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise ValueError(f"times must increase from 0 or later, got {times.tolist()}")
    y, v = expect_point(objective, x), checks.array("squares", squares)
    if v.shape != y.shape or not (v > 0.0).all():
        raise ValueError(f"squares must be {y.size} numbers > 0, got {checks.short(v)}")
    if not float(times[-1]) / lr <= LONGEST / PARTS or beta * lr == 0.0:
        got = f"{float(times[-1]) / lr:.6g} and {beta * lr:.3g}"
        raise ValueError(f"{SENTENCE}: at most {LONGEST // PARTS} steps and beta lr > 0, got {got}")
    edge = Edge(lr, (1.0 - beta) / (beta * lr), eps)
    try:
        with np.errstate(all="ignore"):
            most = float(effective(objective, y, v, edge)[0][-1])
            if not most * lr <= 2.0 * (1.0 + 1e-9):
                text = f"the sharpness is at most 2/lr = {2.0 / lr:g}, got {most:g}"
                raise ValueError(f"squares must be such that {text}")
            return along(objective, y, v, edge, times)
    except np.linalg.LinAlgError:
        raise ValueError(SENTENCE) from None


def along(objective: Any, y: Array, v: Array, edge: Edge, times: Array) -> RMSpropFlow:
    """The flow from time 0 on."""
    t, found, usual = 0.0, [], edge.lr / PARTS
    for end in times:
        parts = math.ceil((end - t) / usual - 1e-9)
        for _ in range(parts):
            h = (end - t) / parts
            dy, dv, _, _ = velocity(objective, y, v, edge, h)
            y, v = y + h * dy, v + h * dv
            if not (np.isfinite(y).all() and (v > 0.0).all()):
                raise ValueError(SENTENCE)
        t = float(end)
        found.append((y, v, *velocity(objective, y, v, edge, usual)[2:]))
    return RMSpropFlow(*(np.array(part) for part in zip(*found, strict=True)))


def effective(objective: Any, y: Array, v: Array, edge: Edge) -> tuple[Array, Array, Array]:
    """Eigenvalues of P⁻¹∇²f, rising, its eigenvectors with wᵀPw = 1 as columns, and the diagonal of P."""
    p = np.sqrt(v) + edge.eps
    values, axes = np.linalg.eigh(objective.hessian(y) / np.sqrt(np.outer(p, p)))
    return values, axes / np.sqrt(p)[:, None], p


def velocity(objective: Any, y: Array, v: Array, edge: Edge, h: float) -> tuple[Array, Array, float, Array]:
    """dX/dt, dV/dt, S and Σ, for which A stays positive over a step h of the flow."""
    values, axes, p = effective(objective, y, v, edge)
    limit, slope = 2.0 / edge.lr, objective.grad(y)
    w = axes[:, values > NEAR * limit]
    count, bent = w.shape[1], thirds(objective, y, w)  # ∇³f[w_a, w_b], shape (count, count, d)
    raised = limit * p[:, None] * w  # ∇²f w at the edge
    share = limit * edge.rho * np.einsum("ia,ib->abi", w, w) / (2.0 * np.sqrt(v))  # of dV in (2/η) dP
    response = np.einsum("abi,ic,id->abcd", share, raised, raised)
    response = h * (response + 0.5 * np.einsum("abi,cdi->abcd", bent / p, bent)).reshape(count**2, count**2)
    alpha = np.diag(limit - values[values > NEAR * limit]) + h * (bent @ (slope / p) - share @ v)
    mean = slope
    for _ in range(ROUNDS):
        X = complementary(alpha + h * share @ (mean * mean), response)
        before, mean = mean, slope + 0.5 * np.einsum("cd,cdi->i", X, bent)
        if np.abs(mean - before).max() <= SETTLED * np.abs(mean).max():
            dv = edge.rho * (mean * mean - v + np.einsum("ic,cd,id->i", raised, X, raised))
            return -mean / p, dv, float(values[-1]), w @ X @ w.T
    raise ValueError(SENTENCE)


def thirds(objective: Any, y: Array, w: Array) -> Array:
    """∇³f[w_a, w_b] for all pairs of columns, by second differences of the gradient along their sums."""
    slope, count = objective.grad(y), w.shape[1]

    def along_both(u: Array) -> Array:
        size = STEP / max(float(np.linalg.norm(u)), 1e-300)
        return np.asarray(objective.grad(y + size * u) - 2.0 * slope + objective.grad(y - size * u)) / size**2

    out = np.zeros((count, count, y.size))
    for a in range(count):
        out[a, a] = along_both(w[:, a])
    for a in range(count):
        for b in range(a):
            out[a, b] = out[b, a] = 0.5 * (along_both(w[:, a] + w[:, b]) - out[a, a] - out[b, b])
    return out


def complementary(alpha: Array, response: Array) -> Array:
    """The matrix 0 ⪯ X with F = α + response[X] ⪰ 0 and tr(XF) = 0: where ½X·response[X] + α·X is least.

    First on the face of the directions that need it, dropping those that would get less than 0; else step by step.
    """
    count = len(alpha)
    values, V = np.linalg.eigh(alpha)
    small = SETTLED * float(np.abs(values).max(initial=0.0))
    V, X = V[:, values < -small], np.zeros((count, count))
    while V.shape[1]:
        inside = np.kron(V, V)
        Y = np.linalg.lstsq(inside.T @ response @ inside, -inside.T @ alpha.ravel(), rcond=1e-12)[0]
        sizes, turned = np.linalg.eigh(Y.reshape(2 * (V.shape[1],)))
        if (sizes >= 0.0).all():
            X = V @ Y.reshape(2 * (V.shape[1],)) @ V.T
            break
        V = V @ turned[:, sizes >= 0.0]
    F = alpha + (response @ X.ravel()).reshape(alpha.shape)
    return X if np.linalg.eigvalsh(F).min(initial=0.0) >= -small else by_steps(alpha, response, X)


def by_steps(alpha: Array, response: Array, X: Array) -> Array:
    """The same by accelerated steps along the gradient, projected onto the positive matrices."""
    rate, ahead, momentum = 1.0 / max(float(np.linalg.norm(response, 2)), 1e-300), X, 1.0
    for _ in range(SWEEPS):
        values, axes = np.linalg.eigh(ahead - rate * (alpha + (response @ ahead.ravel()).reshape(alpha.shape)))
        new = (axes * np.maximum(values, 0.0)) @ axes.T
        later = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * momentum**2))
        ahead, change = new + (momentum - 1.0) / later * (new - X), float(np.abs(new - X).max())
        X, momentum = new, later
        if change <= SETTLED * float(np.abs(X).max()):
            break
    return X
