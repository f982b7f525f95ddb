"""The slow SDE of SGD on a manifold of minimisers, with its noise, and the slow flow of Adam under label noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core import checks
from sdeopt.core.checks import Array
from sdeopt.core.problem import Problem, expect_problem
from sdeopt.theory.manifold import FLAT, expect_point, fitted, flow_limit, follow

__all__ = ["adam_label_noise_flow", "slow_coefficients", "slow_sde"]

STEP = 1e-4  # of second differences of the gradient, which are exact where ∇²f is linear
CENTRAL = 1e-4  # of the central differences of diag ∇²f, which are exact where it is quadratic
NEWTON, REST = 8, 1e-9
WORK = 10_000_000


def slow_coefficients(problem: Problem, x: Any) -> tuple[Array, Array]:
    """Drift and covariance of dY = P Σ^{1/2} dW + ½ ∂²Φ(Y)[Σ] dT, SGD among the minimisers at times T = kη².

    Φ(x) is where the gradient flow from x ends (`flow_limit`), P the projection onto the kernel of H = ∇²f(Y), Σ the
    covariance of the gradient's noise. In the eigenbasis of H, with eigenvalues λ_i, 0 along the manifold,

        ½ ∂²Φ[Σ] = -½ P ∂²(∇f)[M] - ½ H⁺ ∂²(∇f)[PΣP],   M_ij = Σ_ij/(λ_i + λ_j), 0 where both directions are in it

    Derivation: ∂Φ(x) ∇f(x) = 0 for all x. Its second derivative at a minimiser is ∂²Φ[Hu, v] + ∂²Φ[u, Hv] +
    P ∂²(∇f)[u, v] = 0, which gives the part of M; along a curve y in the manifold Φ(y) = y and ∇f(y) = 0, which gives
    the last term, the curvature of the manifold. The first lowers tr(M ∇²f), M held: where the noise along the manifold
    and across it is uncorrelated, the curvature that the noise sees. Correlated noise may push to sharper minimisers.

    Parameters
    ----------
    problem : Problem
        Objective with ``grad`` and ``hvp``, in a few dimensions: ∇²f is formed; noise with a covariance.
    x : array_like, shape (d,)
        A minimiser.

    Returns
    -------
    drift : ndarray, shape (d,)
        Per unit of T.
    covariance : ndarray, shape (d, d)
        PΣP.

    Raises
    ------
    ValueError, TypeError
        If ``x`` does not fit or is no minimiser, or the noise has no covariance.

    References
    ----------
    Katzenberger (1991) for the limit, recalled; Li, Wang & Arora (2022), arXiv:2110.06914, of which the abstract was
    read, for SGD. Formulas and their form with M are derived here.

    Examples
    --------
    >>> import sdeopt as so
    >>> ring = so.Objective(value=lambda x: 0.125 * (x[0] ** 2 + x[1] ** 2 - 1.0) ** 2, dim=2)
    >>> drift, cov = so.theory.slow_coefficients(so.Problem(ring, so.Gaussian(0.6)), [1.0, 0.0])
    >>> (drift.round(6) + 0.0).tolist(), (cov.round(6) + 0.0).tolist()  # on a circle: -½σ²Y, σ² along it
    ([-0.18, 0.0], [[0.0, 0.0], [0.0, 0.36]])
    """
    expect_noise(problem)
    point = expect_point(problem.objective, x)
    expect_minimiser(problem.objective, point, "x")
    drift, root = coefficients(problem, point, flat_count(problem.objective, point))
    return drift, np.asarray(root @ root.T)


def slow_sde(problem: Problem, times: Any, dt: float = 0.01, paths: int = 100, rng: int = 0) -> Array:
    """Paths of the slow SDE of SGD on the manifold of minimisers, from `flow_limit` of ``problem.x0``.

    The equation is that of `slow_coefficients`: dY = P Σ^{1/2} dW + ½ ∂²Φ(Y)[Σ] dT. Steps are those of Euler and
    Maruyama, each put back onto the manifold by Newton's steps across it; weak order 1 in ``dt``. Valid for SGD as
    η → 0 at fixed T = kη².

    Parameters
    ----------
    problem : Problem
        As for `slow_coefficients`, with one start.
    times : array_like, shape (m,)
        Increasing times T >= 0.
    dt : float
        Longest step > 0; default 0.01.
    paths : int
        Default 100.
    rng : int
        Seed; the draws of a path depend on it and on the path's number alone. Default 0.

    Returns
    -------
    ndarray, shape (m, paths, d)
        Y at the times.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, the flow from the start does not end at a minimiser, the paths would take
        more than 10⁷ steps in all, or a path leaves where the manifold can be followed.

    References
    ----------
    As for `slow_coefficients`.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> ring = so.Objective(value=lambda x: 0.125 * (x[0] ** 2 + x[1] ** 2 - 1.0) ** 2, dim=2)
    >>> Y = so.theory.slow_sde(so.Problem(ring, so.Gaussian(0.6), x0=[1.5, 0.0]), [0.0, 0.1], paths=3)
    >>> Y.shape, np.linalg.norm(Y, axis=2).round(6).tolist()
    ((2, 3, 2), [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    """
    expect_noise(problem)
    problem.alone("slow_sde")
    times, dt = checks.array("times", times), checks.positive("dt", dt)
    if times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise ValueError(f"times must increase from 0 or later, got {times.tolist()}")
    paths, seed = checks.integer("paths", paths, low=1), checks.integer("rng", rng)
    gaps = np.diff(times, prepend=0.0)
    counts = np.ceil(np.round(gaps / dt, 9))
    if not paths * counts.sum() <= WORK:
        raise ValueError(f"dt must be such that all paths take at most {WORK:g} steps, got {dt:g} and {paths} paths")
    start = flow_limit(problem.objective, problem.x0)
    expect_minimiser(problem.objective, start, "problem.x0")
    flat, found = flat_count(problem.objective, start), np.empty((len(times), paths, start.size))
    for path in range(paths):
        random, y = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(path,))), start
        for i, (gap, count) in enumerate(zip(gaps, counts, strict=True)):
            for _ in range(int(count)):
                y = advance(problem, y, flat, gap / count, random)
            found[i, path] = y
    return found


def adam_label_noise_flow(objective: Any, x: Any, rate: float, times: Any) -> tuple[Array, Array]:
    """The slow flow of Adam under `LabelNoise` at T = kη², with 1 - β₂ = κη²; it lowers tr D, D = diag(∇²f)^{1/2}.

        dY/dT = -¼ T (Tᵀ W^{1/2} T)⁻¹ Tᵀ Σ_i w_i^{-1/2} ∇(∇²f)_ii,    dw/dT = κ/(1 - e^{-κT}) (diag ∇²f - w)

    where W = diag w, and the columns of T span the kernel of ∇²f(Y), within the minimisers. For large κ, w is diag ∇²f
    and dY/dT = -½ T (Tᵀ D T)⁻¹ Tᵀ ∇tr D, where SGD lowers tr ∇²f (`label_noise_flow`). The flow does not depend on δ.
    Derivation: v = (δ²/n) w is the mean of squared gradients, after the correction for its start. With it Adam is SGD
    whose gradient is multiplied by p = v^{-1/2}. Its covariance S about Y has PHS + SHP = η(δ²/n) PHP, P = diag p, so
    that S = (ηδ²/2n) P, and its second-order force -(ηδ²/4n) Σ p_i ∇(∇²f)_ii, times P, is projected along the range of
    P ∇²f. Valid as η → 0 with κ and β₁ fixed and ε = 0; where 1 - β₂ is not ≪ η, v moves with the steps across the
    manifold, and Adam along it is slower. Coordinates where (∇²f)_ii is 0 see no gradient and stay.

    Parameters
    ----------
    objective : objective
        A regression, as for `label_noise_flow`.
    x : array_like, shape (d,)
        The start; Y(0) is `flow_limit` of it.
    rate : float
        κ = (1 - β₂)/η² > 0; meant for at most some hundreds.
    times : array_like, shape (m,)
        Increasing times T >= 0, before a coordinate of D comes to 0.

    Returns
    -------
    positions : ndarray, shape (m, d)
    traces : ndarray, shape (m,)
        tr D there.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range, the objective is no regression, or the data are not fitted at Y(0).

    References
    ----------
    Li, Wen & Lyu (2025), arXiv:2511.02773, of which the abstract was read: that Adam lowers tr diag(∇²f)^{1/2}. The
    flow is derived here.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.DiagonalLinearNetwork([[1.0, 1.0]], [1.0])  # with v = 0 the circle |u| = 1, where tr ∇²f is 4
    >>> Y, traces = so.theory.adam_label_noise_flow(f, [0.8, 0.6, 0.0, 0.0], rate=100.0, times=[0.0, 1.0])
    >>> traces.round(4).tolist()  # 2(|u₁| + |u₂|): to a sparse point
    [2.8, 2.52]
    """
    rate, times = checks.positive("rate", rate), checks.array("times", times)
    if times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise ValueError(f"times must increase from 0 or later, got {times.tolist()}")
    start = fitted(objective, x)
    first = np.diag(objective.hessian(start))
    curved = first > FLAT * first.max()
    sentence = "rate and times must be such that the flow can be followed, before a curvature comes to 0"

    def slope(state: Array) -> Array:
        y, w, time = state[: start.size], state[start.size : -1], state[-1]
        h = np.diag(objective.hessian(y))
        if (h[curved] < FLAT * h.max()).any():
            raise ValueError(sentence)
        gain = rate / -np.expm1(-rate * max(float(time), 1e-9))
        return np.concatenate([adam_drift(objective, y, w), gain * (h - w), [1.0]])

    end = float(times[-1]) or 1.0  # an interval of length 0 cannot be integrated over
    begin = np.concatenate([start, first, [0.0]])
    found = follow(slope, end, begin, sentence, "LSODA", t_eval=times, rtol=1e-8, atol=1e-10).y[: start.size].T
    curvatures = [np.diag(objective.hessian(y)) for y in found]
    return found, np.array([np.sqrt(h[h > FLAT * h.max()]).sum() for h in curvatures])


def adam_drift(objective: Any, y: Array, w: Array) -> Array:
    """dY/dT of Adam with v in the proportions of w."""
    seen = w > FLAT * w.max()
    curved, axes = np.linalg.eigh(objective.hessian(y)[np.ix_(seen, seen)])
    within, moves = axes[:, curved < FLAT * curved[-1]], CENTRAL * np.eye(y.size)[seen]
    root, move = np.sqrt(w[seen]), np.zeros(y.size)
    rises = [np.diag(objective.hessian(y + e) - objective.hessian(y - e))[seen] @ (1.0 / root) for e in moves]
    push = within.T @ np.array(rises) / (2.0 * CENTRAL)
    move[seen] = -0.25 * within @ np.linalg.solve(within.T * root @ within, push)
    return move


def expect_noise(problem: Any) -> None:
    """Raise unless it is a problem whose noise has a root of its covariance."""
    expect_problem(problem)
    reason = problem.lacks("root_cov")
    if reason is not None:
        raise ValueError(reason)


def expect_minimiser(objective: Any, y: Array, name: str) -> None:
    """Raise unless the gradient is 0 at y and the Hessian is not negative there."""
    curved, slope = np.linalg.eigvalsh(objective.hessian(y)), float(np.abs(objective.grad(y)).max())
    if slope > 1e-6 or curved[0] < -1e-6 * curved[-1] or not curved[-1] > 0.0:
        raise ValueError(
            f"{name} must lead to a minimiser with curvature, got the gradient {slope:g} and eigenvalues from "
            f"{curved[0]:g} to {curved[-1]:g}"
        )


def flat_count(objective: Any, y: Array) -> int:
    """The dimension of the manifold of minimisers."""
    curved = np.linalg.eigvalsh(objective.hessian(y))
    return int((curved < FLAT * curved[-1]).sum())


def third(objective: Any, y: Array, M: Array) -> Array:
    """∂²(∇f)[M] of a symmetric M, by second differences along its eigenvectors."""
    sizes, axes = np.linalg.eigh(M)
    found, slope = np.zeros(y.size), objective.grad(y)
    for size, u in zip(sizes, axes.T, strict=True):
        if size != 0.0:
            e = STEP * u
            found += size * (objective.grad(y + e) - 2.0 * slope + objective.grad(y - e)) / STEP**2
    return found


def coefficients(problem: Any, y: Array, flat: int) -> tuple[Array, Array]:
    """The drift, and PΣ^{1/2}, one column for each Brownian motion."""
    curved, axes = np.linalg.eigh(problem.objective.hessian(y))
    curved[:flat] = 0.0
    root = noise_root(problem, y)
    S, within = axes.T @ root @ root.T @ axes, axes[:, :flat]
    sums = curved[:, None] + curved
    M = np.divide(S, sums, out=np.zeros_like(S), where=sums > 0.0)
    across, along = axes[:, flat:] / curved[flat:] @ axes[:, flat:].T, within @ S[:flat, :flat] @ within.T
    bend = across @ third(problem.objective, y, along)
    push = within @ (within.T @ third(problem.objective, y, axes @ M @ axes.T))
    return -0.5 * (push + bend), within @ (within.T @ root)


def noise_root(problem: Any, y: Array) -> Array:
    """Σ^{1/2}, of as many columns as the law has normals."""
    (size,) = problem.noise.brownian("root_cov", problem.objective)
    return np.array([problem.noise.root_cov(problem.oracle, y, e) for e in np.eye(size)]).T


def advance(problem: Any, y: Array, flat: int, dt: float, random: np.random.Generator) -> Array:
    """One step, and back onto the manifold."""
    drift, root = coefficients(problem, y, flat)
    y = y + dt * drift + np.sqrt(dt) * root @ random.standard_normal(root.shape[1])
    for _ in range(NEWTON):
        slope = problem.objective.grad(y)
        if np.abs(slope).max() <= REST:
            return y
        curved, axes = np.linalg.eigh(problem.objective.hessian(y))
        y = y - axes[:, flat:] / curved[flat:] @ (axes[:, flat:].T @ slope)
    raise ValueError("dt must be small enough for the paths to be put back onto the manifold of minimisers")
