"""``diagnose``: the constants, along a path, of the conditions under which convergence is proved."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.problem import Problem, expect_problem
from sdeopt.diagnostics.report import Constant, Diagnosis
from sdeopt.results.ensemble import Ensemble

__all__ = ["diagnose"]

Array = NDArray[np.float64]
ROUNDING = 1e-12  # loss gaps below this times 1 + |f*| are rounding: such a position counts as a minimiser
NAMES = ("PL mu", "KL theta", "KL mu", "beta")


def diagnose(
    problem: Problem,
    xs: Any,
    *,
    alpha: float = 1.0,
    minimum: float | None = None,
    optimum: Any = None,
    sample_minimum: float = 0.0,
    level: float = 0.95,
) -> Diagnosis:
    """Estimate the constants of the PL, Kurdyka-Łojasiewicz and α-β conditions along paths.

    - PL: |∇f|² >= 2μ (f - f*).
    - KL: |∇f| >= √(2μ) (f - f*)^θ, with the exponent θ fitted to log |∇f| against log(f - f*); PL is θ = 1/2.
    - α-β: ⟨∇f_i(x), x - x_p⟩ >= α (f_i(x) - f_i(x_p)) - β (f_i(x) - f_i*) for every example i, α > β >= 0: the smallest
      β at the given α. Without examples f itself is the only f_i; then α - β is the constant of the aiming condition.

    Parameters
    ----------
    problem : Problem
        Where its objective knows an ``optimum``, that is x_p, the projection onto the set of minimisers if there is one
        minimiser only, else one of them.
    xs : array_like, shape (n, d) or (paths, n, d), or Ensemble, or Trajectory
        Positions: those of ``ensemble.paths`` (simulate with ``keep_paths=True``), of ``ensemble.replay(i)``, or yours.
        Positions that are not finite are left out; minimisers say nothing and are left out too.
    alpha : float
        α > 0. Default 1, for which β = 0 suffices if every f_i is convex.
    minimum : float, optional
        f*, or a lower bound of f; default: the objective's own. Networks know none: 0 for a cross-entropy or a mean
        square.
    optimum : array_like, shape (d,), or "last", optional
        x_p; default: the objective's own. "last", the default where that knows none, as of a network, is the last
        finite position of each path, which should then have come close to a minimiser: of many minimisers, that of
        the path.
    sample_minimum : float
        f_i*, or a lower bound of all of them. Default 0. Of a finite sum only.
    level : float
        Wanted coverage of the intervals, in (0, 1). Default 0.95, which 39 paths reach.

    Returns
    -------
    Diagnosis
        The constants with their intervals. It costs one loss and one gradient for each position, and one for each
        position and example; of networks some passes over all examples for each position.

    Raises
    ------
    ValueError, TypeError
        If the objective knows no minimum and none is given, a loss is below it, or the positions do not fit or are all
        minimisers.

    References
    ----------
    Karimi, Nutini & Schmidt, arXiv:1608.04636 (PL); Bolte et al., arXiv:1510.08234 (KL); Islamov et al.,
    arXiv:2410.12455 (α-β, and the last iterate in the place of the projection).

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
    expect_problem(problem)
    f = problem.oracle.objective
    if f.lacks("value") is not None:
        raise ValueError(f"the conditions compare losses: {f.lacks('value')}")
    lowest = f.minimum if minimum is None else checks.number("minimum", minimum)
    if lowest is None:
        raise ValueError(
            f"the conditions compare with a known minimum, and {f!r} has none: give minimum=, a lower bound"
        )
    alpha = checks.positive("alpha", alpha)
    level = checks.number("level", level, low=0.0, high=1.0, open_low=True, open_high=True)
    x = _positions(xs, problem.dim)
    best = _projection(optimum, f)
    gap, slope, beta = _measure(f, x, best, alpha, lowest, checks.number("sample_minimum", sample_minimum))
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
    count, last = int(np.isfinite(gap).sum()), best is None
    return Diagnosis(tuple(constants), alpha, coverage, gap, slope, count, repr(f), last)


def _projection(given: Any, f: Any) -> Array | None:
    """x_p; None for the last position of each path."""
    if given is None:
        return None if f.optimum is None else np.array(f.optimum)
    if isinstance(given, str):
        if given != "last":
            raise ValueError(f"optimum must be a position or 'last', got {given!r}")
        return None
    return checks.array("optimum", given, shape=(f.dim,))


def _measure(
    f: Any, x: Array, best: Array | None, alpha: float, lowest: float, sample_minimum: float
) -> tuple[Array, Array, Array]:
    """f - f*, |∇f| and the smallest β at every position that is finite and no minimiser."""
    gap, slope, beta = (np.full(x.shape[:2], np.nan) for _ in range(3))
    for p, path in enumerate(np.asarray(np.isfinite(x).all(axis=2))):
        there = np.flatnonzero(path)
        if not len(there):
            continue
        samples = _Samples(f, x[p, there[-1]] if best is None else best, lowest, sample_minimum)
        for i in there:
            loss = float(f.value(x[p, i])) - lowest
            if loss < -ROUNDING * (1.0 + abs(lowest)):
                raise ValueError(f"minimum must be at most every loss, got {lowest:g} and a loss {lowest + loss:g}")
            if loss > ROUNDING * (1.0 + abs(lowest)):
                gap[p, i], slope[p, i] = loss, np.linalg.norm(f.grad(x[p, i]))
                beta[p, i] = samples.beta(x[p, i], alpha)
    return gap, slope, beta


class _Samples:
    """The f_i of the α-β condition: those of a finite sum, else f itself; ``optimum`` is x_p."""

    def __init__(self, f: Any, optimum: Array, lowest: float, sample_minimum: float) -> None:
        self.f, self.optimum = f, optimum
        self.sum = f.lacks("batch_value") is None and f.lacks("batch_grad") is None
        self.lowest = sample_minimum if self.sum else lowest
        self.best = self.values(optimum)

    def values(self, x: Array) -> Array:
        """f_i(x)."""
        if not self.sum:
            return np.array([self.f.value(x)])
        if hasattr(self.f, "example_values"):
            return np.asarray(self.f.example_values(x))
        return np.array([float(self.f.batch_value(x, i)) for i in self.numbers()])

    def slopes(self, x: Array, v: Array) -> Array:
        """∇f_i(x)·v."""
        if not self.sum:
            return np.array([self.f.grad(x) @ v])
        if hasattr(self.f, "example_slopes"):
            return np.asarray(self.f.example_slopes(x, v))
        return np.array([float(self.f.batch_grad(x, i) @ v) for i in self.numbers()])

    def numbers(self) -> list[Array]:
        return [np.array([float(i)]) for i in range(self.f.examples())]

    def beta(self, x: Array, alpha: float) -> float:
        """The smallest β >= 0 with which the condition holds at x for every example."""
        values, rounding = self.values(x), ROUNDING * (1.0 + abs(self.lowest))
        excess = values - self.lowest
        if excess.min() < -rounding:
            raise ValueError(
                f"sample_minimum must be at most every loss, got {self.lowest:g} and a loss {values.min():g}"
            )
        missing = alpha * (values - self.best) - self.slopes(x, x - self.optimum)
        short = excess > rounding  # else x minimises f_i, and any β will do
        return float(np.max(missing[short] / excess[short], initial=0.0))


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
