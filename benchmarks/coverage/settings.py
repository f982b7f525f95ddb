"""SGD on a quadratic and on least squares, where first and second moments are exact for any law of the noise.

With z = (x, 1) a step is z' = (I - η M) z + η ξ, M the mean of the M_i of the batch, or of all data. The second moment
S = E zzᵀ follows S' = S - η (M̄S + SM̄ᵀ) + η² [(1/B) mean_i M_i S M_iᵀ + (1 - 1/B) M̄SM̄ᵀ] + η² Σ, and f and |x|² are
linear in it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import sdeopt as so

__all__ = ["LAWS", "SPEEDS", "Exact", "Setting", "exact", "integrated", "quantities", "setting"]

H = np.array([1.0, 2.0])
START = np.array([1.0, -1.0])
ROWS = np.random.default_rng(5).standard_normal((12, 2))
TARGETS = ROWS @ [0.3, -0.2] + np.random.default_rng(6).standard_normal(12)
SQUARES, MIXED = ROWS.T @ ROWS / len(ROWS), ROWS.T @ TARGETS / len(ROWS)
BATCH = 2


class Setting(NamedTuple):
    """A method on a problem for so many steps."""

    method: Any
    problem: so.Problem
    steps: int

    @property
    def clock(self) -> float:
        """Time of a step."""
        return float(self.method.clock)


class Exact(NamedTuple):
    """The truth at the last step: mean (d,), covariance (d, d), E f, E |x|²."""

    mean: Any
    cov: Any
    loss: float
    norm2: float


LAWS: dict[str, Any] = {
    "Gaussian": so.Gaussian(0.5),
    "Laplace": so.Laplace(0.5),
    "t₅": so.StudentT(5, 0.5),
    "t₃": so.StudentT(3, 0.5),
    "t₂.₅": so.StudentT(2.5, 0.5),
    "minibatch": so.Minibatch(BATCH),
}
SPEEDS = {"lr 0.1, 20 steps": (0.1, 20), "lr 0.4, 8 steps": (0.4, 8)}


def setting(law: str, speed: str) -> Setting:
    """The problem of a law at one speed."""
    lr, steps = SPEEDS[speed]
    data = law == "minibatch"
    objective = so.LinearRegression(ROWS, TARGETS) if data else so.Quadratic(H)
    return Setting(so.SGD(lr / 2.0 if data else lr), so.Problem(objective, LAWS[law], x0=START), steps)


def _gradients(s: Setting) -> Any:
    """The M_i with M_i (x, 1) = (∇f_i, 0), (n, 3, 3)."""
    if isinstance(s.problem.objective, so.Quadratic):
        return np.diag([*H, 0.0])[None]
    M = np.zeros((len(ROWS), 3, 3))
    M[:, :2, :2] = ROWS[:, :, None] * ROWS[:, None, :]
    M[:, :2, 2] = -ROWS * TARGETS[:, None]
    return M


def exact(s: Setting) -> Exact:
    """Moments of x after all steps."""
    lr, M, noise = s.clock, _gradients(s), np.zeros((3, 3))
    mean, share = M.mean(axis=0), 1.0
    if len(M) > 1:
        share = 1.0 / s.problem.noise.batch
    else:
        o = s.problem.oracle
        noise[[0, 1], [0, 1]] = o.noise.var(o, START)
    z = np.array([*START, 1.0])
    S = np.outer(z, z)
    for _ in range(s.steps):
        mixed = share * np.einsum("nij,jk,nlk->il", M, S, M) / len(M) + (1.0 - share) * mean @ S @ mean.T
        S = S - lr * (mean @ S + S @ mean.T) + lr**2 * (mixed + noise)
    x = S[:2, 2]
    return Exact(x, S[:2, :2] - np.outer(x, x), float(_loss(s, S)), float(np.trace(S[:2, :2])))


def integrated(s: Setting, substeps: int) -> Exact:
    """Moments of the SDE of SGD as it is integrated, with additive noise: dX = -H X dt + √(η Σ) dW by Heun.

    A step of dt takes X to (1 - h dt + h² dt²/2) X + (1 - h dt/2) √(η Σ dt) ξ, the noise being added in its middle.
    """
    o, dt = s.problem.oracle, s.clock / substeps
    mean, var = START, np.zeros(2)
    pull, push = 1.0 - dt * H + 0.5 * (dt * H) ** 2, (1.0 - 0.5 * dt * H) ** 2 * dt * s.clock * o.noise.var(o, START)
    for _ in range(s.steps * substeps):
        mean, var = pull * mean, pull**2 * var + push
    second = mean**2 + var
    return Exact(mean, np.diag(var), float(0.5 * (H * second).sum()), float(second.sum()))


def _loss(s: Setting, S: Any) -> Any:
    """E f from the second moment of (x, 1)."""
    if isinstance(s.problem.objective, so.Quadratic):
        return 0.5 * np.einsum("ij,ij", np.diag([*H, 0.0]), S)
    rows = np.column_stack([ROWS, -TARGETS])
    return 0.5 * np.einsum("ni,ij,nj", rows, S, rows) / len(rows)


def quantities(s: Setting, x: Any) -> Any:
    """Records of positions (..., 2) as the engine keeps them: x₁, x₂, f, |x|², |∇f|²."""
    if isinstance(s.problem.objective, so.Quadratic):
        f, g = 0.5 * (x * x * H).sum(axis=-1), x * H
    else:
        g = x @ SQUARES - MIXED  # f = |Rx - y|²/2n, multiplied out: there are millions of x
        f = 0.5 * ((x * (g - MIXED)).sum(axis=-1) + TARGETS @ TARGETS / len(ROWS))
    return np.concatenate([x, np.stack([f, (x * x).sum(axis=-1), (g * g).sum(axis=-1)], axis=-1)], axis=-1)
