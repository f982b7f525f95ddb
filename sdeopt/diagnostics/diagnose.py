"""``diagnose``: the constants, along a path, of the conditions under which convergence is proved."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.problem import Problem
from sdeopt.diagnostics.report import Constant, Diagnosis
from sdeopt.results.ensemble import Ensemble

__all__ = ["diagnose"]

Array = NDArray[np.float64]
ROUNDING = 1e-12  # loss gaps below this times 1 + |f*| are rounding: such a position counts as a minimiser
NAMES = ("PL mu", "KL theta", "KL mu", "beta")


def diagnose(
    problem: Problem, xs: Any, *, alpha: float = 1.0, sample_minimum: float = 0.0, level: float = 0.95
) -> Diagnosis:
    """Estimate the constants of the PL, Kurdyka-Łojasiewicz and α-β conditions along paths.

    - PL: |∇f|² >= 2μ (f - f*).
    - KL: |∇f| >= √(2μ) (f - f*)^θ, with the exponent θ fitted to log |∇f| against log(f - f*); PL is θ = 1/2.
    - α-β: ⟨∇f_i(x), x - x_p⟩ >= α (f_i(x) - f_i(x_p)) - β (f_i(x) - f_i*) for every example i, α > β >= 0: the smallest
      β at the given α. Without examples f itself is the only f_i; then α - β is the constant of the aiming condition.

    Parameters
    ----------
    problem : Problem
        Its objective must know ``minimum`` (f*) and ``optimum`` (x_p, the projection onto the set of minimisers if
        there is one minimiser only, else one of them).
    xs : array_like, shape (n, d) or (paths, n, d), or Ensemble, or Trajectory
        Positions: those of ``ensemble.paths`` (simulate with ``keep_paths=True``), of ``ensemble.replay(i)``, or yours.
        Positions that are not finite are left out; minimisers say nothing and are left out too.
    alpha : float
        α > 0. Default 1, for which β = 0 suffices if every f_i is convex.
    sample_minimum : float
        f_i*, or a lower bound of all of them. Default 0. Of a finite sum only.
    level : float
        Wanted coverage of the intervals, in (0, 1). Default 0.95, which 39 paths reach.

    Returns
    -------
    Diagnosis
        The constants with their intervals. It costs one loss and one gradient for each position, and one for each
        position and example.

    Raises
    ------
    ValueError, TypeError
        If the objective has no known minimum, or the positions do not fit or are all minimisers.

    References
    ----------
    Karimi, Nutini & Schmidt, arXiv:1608.04636 (PL); Bolte et al., arXiv:1510.08234 (KL); Islamov et al.,
    arXiv:2410.12455 (α-β).

    Examples
    --------
    >>> import sdeopt as so
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]))
    >>> print(so.diagnose(problem, [[0.0, 2.0], [0.0, 1.0], [0.0, 0.5]], alpha=3.0))  # along the second axis
    objective  Quadratic(H=[1.0, 2.0], center=[0.0, 0.0])
    along      3 positions on 1 path
    <BLANKLINE>
    constant  value  condition
    ─────────────────────────────────────────
    PL mu         2  |∇f|² >= 2μ (f - f*)
    KL theta    0.5  |∇f| >= √(2μ) (f - f*)^θ
    KL mu         2  |∇f| >= √(2μ) (f - f*)^θ
    beta          1  α-β with α = 3
    """
    if not isinstance(problem, Problem):
        raise TypeError(f"problem must be a sdeopt.Problem, got {checks.short(problem)}")
    f = problem.oracle.objective
    if f.lacks("value") is not None or f.minimum is None or f.optimum is None:
        raise ValueError(f"the conditions compare with a known minimum, and {f!r} has none")
    alpha = checks.positive("alpha", alpha)
    level = checks.number("level", level, low=0.0, high=1.0, open_low=True, open_high=True)
    x = _positions(xs, problem.dim)
    samples = _Samples(f, checks.number("sample_minimum", sample_minimum))
    gap, slope, beta = (np.full(x.shape[:2], np.nan) for _ in range(3))
    for at in np.argwhere(np.isfinite(x).all(axis=2)):
        p, i = at
        loss = float(f.value(x[p, i])) - f.minimum
        if loss > ROUNDING * (1.0 + abs(f.minimum)):
            gap[p, i], slope[p, i] = loss, np.linalg.norm(f.grad(x[p, i]))
            beta[p, i] = samples.beta(x[p, i], alpha)
    if not np.isfinite(gap).any():
        raise ValueError(f"xs must hold a finite position that is no minimiser, got {x[..., 0].size} without one")
    theta = _exponent(gap, slope)
    paths, j, coverage = _ranks(len(x), level)
    of_paths = (
        _least(slope**2 / (2.0 * gap)),
        np.array([_exponent(g, s) for g, s in zip(gap, slope, strict=True)]),
        _least(0.5 * (slope / gap**theta) ** 2),
        -_least(-beta),
    )
    kl = "|∇f| >= √(2μ) (f - f*)^θ"
    texts = ("|∇f|² >= 2μ (f - f*)", kl, kl, f"α-β with α = {alpha:g}")
    values = np.array([_least(of_paths[0]), theta, _least(of_paths[2]), -_least(-of_paths[3])])
    constants = []
    for name, text, value, each in zip(NAMES, texts, values, of_paths, strict=True):
        ordered = np.sort(each)  # NaN last: a path that says nothing bounds nothing
        constants.append(Constant(name, text, float(value), float(ordered[j - 1]), float(ordered[paths - j]), each))
    return Diagnosis(tuple(constants), alpha, coverage, gap, slope, int(np.isfinite(gap).sum()), repr(f))


class _Samples:
    """The f_i of the α-β condition: those of a finite sum, else f itself."""

    def __init__(self, f: Any, lowest: float) -> None:
        self.f, self.optimum = f, np.array(f.optimum)
        self.sum = f.lacks("batch_value") is None and f.lacks("batch_grad") is None
        self.index = [np.array([float(i)]) for i in range(f.examples())] if self.sum else [None]
        self.lowest = lowest if self.sum else f.minimum
        self.best = [self.value(self.optimum, i) for i in self.index]

    def value(self, x: Array, i: Any) -> float:
        return float(self.f.batch_value(x, i) if self.sum else self.f.value(x))

    def beta(self, x: Array, alpha: float) -> float:
        """The smallest β >= 0 with which the condition holds at x for every example."""
        least = 0.0
        for i, best in zip(self.index, self.best, strict=True):
            g = self.f.batch_grad(x, i) if self.sum else self.f.grad(x)
            value = self.value(x, i)
            excess = value - self.lowest
            if excess < -ROUNDING * (1.0 + abs(self.lowest)):
                raise ValueError(f"sample_minimum must be at most every loss, got {self.lowest:g} and a loss {value:g}")
            missing = alpha * (value - best) - float(g @ (x - self.optimum))
            if excess > ROUNDING * (1.0 + abs(self.lowest)):  # else x minimises f_i, and any β will do
                least = max(least, missing / excess)
        return least


def _positions(xs: Any, d: int) -> Array:
    """Positions as an array of shape (paths, n, d)."""
    if isinstance(xs, Ensemble):
        if xs.paths is None:
            raise ValueError("the ensemble keeps no paths: simulate with keep_paths=True, or pass ensemble.replay(i)")
        xs = xs.paths
    with np.errstate(over="ignore"):  # of long doubles
        x = np.array(checks.real("xs", getattr(xs, "states", xs)), dtype=float)
    if x.ndim not in (2, 3) or x.shape[-1] != d or x.size == 0:
        raise ValueError(f"xs must have shape (n, {d}) or (paths, n, {d}), got {x.shape}")
    return x if x.ndim == 3 else x[None]


def _ranks(paths: int, level: float) -> tuple[int, int, float]:
    """Number of paths, rank j of the ends of the intervals, and their coverage."""
    j = max(1, math.floor((paths + 1) * (1.0 - level) / 2.0 + 1e-9))
    return paths, j, max(0.0, (paths + 1 - 2 * j) / (paths + 1))


def _least(ratio: Array) -> Array:
    """The smallest number along the last axis, NaN where there is none."""
    least = np.where(np.isnan(ratio), np.inf, ratio).min(axis=-1)
    return np.where(np.isnan(ratio).all(axis=-1), np.nan, least)


def _exponent(gap: Array, slope: Array) -> float:
    """Least-squares slope of log |∇f| on log(f - f*); NaN where that does not vary, or at a saddle, ∇f = 0."""
    known = np.isfinite(gap)
    if known.sum() < 2 or (slope[known] == 0.0).any():
        return math.nan
    u, v = np.log(gap[known]), np.log(slope[known])
    u = u - u.mean()
    return float(u @ v / (u @ u)) if u @ u > 1e-18 else math.nan
