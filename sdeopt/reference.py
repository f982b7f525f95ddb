"""An independent integrator: the SDE of a page, run by sdeint on the increments that the engine draws.

sdeint (Matthew J. Aburn, https://github.com/mattja/sdeint) is under the GPL, version 3 or later; it is imported here
only, when `crosscheck` is called.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks
from sdeopt.core.contracts import Method
from sdeopt.core.problem import Problem
from sdeopt.engine import states
from sdeopt.engine.beginnings import initial_states
from sdeopt.engine.kernels import Kernel
from sdeopt.engine.run import Run
from sdeopt.engine.simulate import plan

__all__ = ["Crosscheck", "crosscheck"]

Array = NDArray[np.float64]
LARGEST = 10  # dimension of x, and number of Brownian motions
ROUND_OFF = 1e-10


@dataclass(frozen=True)
class Crosscheck:
    """What `crosscheck` measured.

    Attributes
    ----------
    method, sde : str
        What was integrated.
    euler : float
        Largest difference between the engine's Euler–Maruyama and ``sdeint.itoEuler`` on the same increments, over
        both step sizes, all paths and optimizer steps, relative to the largest |x|: round-off, if both are right.
    gaps : tuple of float
        Root mean square distance, over paths and optimizer steps, of the engine's Euler–Maruyama from
        ``sdeint.itoSRI2``, at dt and at dt/refine.
    order : float
        log(gaps[0]/gaps[1]) / log(refine), the strong order of Euler–Maruyama as measured; NaN if there is no gap.
    expected : float
        What theory says as dt → 0: 1 for additive noise, else 1/2 (at a finite dt small noise measures more).
    commutative : bool
        Whether G'_j G_k = G'_k G_j, so that itoSRI2 got the exact iterated integrals; else it drew them.
    """

    method: str
    sde: str
    euler: float
    gaps: tuple[float, float]
    order: float
    expected: float
    commutative: bool

    @property
    def agrees(self) -> bool:
        """itoEuler to round-off, and a gap to itoSRI2 that shrinks under refinement."""
        return self.euler <= ROUND_OFF and (self.gaps[1] < self.gaps[0] or max(self.gaps) == 0.0)

    def __str__(self) -> str:
        return (
            f"{self.method}, SDE {self.sde}: itoEuler to {self.euler:.1e}; "
            f"itoSRI2 to {self.gaps[0]:.2e}, refined {self.gaps[1]:.2e}: "
            f"strong order {self.order:.2f} (expected {self.expected:g}); {'agrees' if self.agrees else 'DISAGREES'}"
        )


def crosscheck(
    method: Method,
    problem: Problem,
    *,
    steps: int = 10,
    paths: int = 3,
    substeps: int = 16,
    sde: str | None = None,
    rng: Any = 0,
    refine: int = 8,
) -> Crosscheck:
    """Integrate the SDE of a method with sdeint, on the engine's own increments, and compare.

    Agreement shows that the SDE on the page is integrated right. It does not show that this SDE models the optimizer:
    that is the business of `compare`. sdeint calls the page's own drift and diffusion, so it does not check these.

    Two checks: ``sdeint.itoEuler`` is the engine's scheme "euler" by another hand and must agree to round-off;
    ``sdeint.itoSRI2`` (Rößler 2010, doi:10.1137/09076636X, strong order 1) is another scheme, from which
    Euler–Maruyama is a distance O(dt) away for additive noise and O(√dt) else, so that the gap must shrink when dt is
    divided by ``refine`` along the same Brownian paths. The engine runs interpreted: few paths are not worth a
    compilation, and a compiled run has the same bits.

    Parameters
    ----------
    method, problem, sde
        As in `simulate`; constant learning rate, d <= 10 and at most 10 Brownian motions.
    steps : int
        Optimizer steps; default 10.
    paths : int
        Paths; default 3.
    substeps : int
        Integrator steps per optimizer step; default 16, and ``refine`` times as many for the refined run.
    rng : int, SeedSequence, Generator or None
        As in `simulate`; default 0.
    refine : int
        Factor by which dt is refined, at least 2; default 8.

    Returns
    -------
    Crosscheck

    Raises
    ------
    ValueError, TypeError
        As `simulate`; for a schedule, more than 10 dimensions or Brownian motions, or a diffusion that is not linear in
        its increment (sdeint knows only G(y, t) dW).

    Examples
    --------
    >>> import sdeopt as so
    >>> from sdeopt.reference import crosscheck
    >>> problem = so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0])
    >>> check = crosscheck(so.SGD(lr=0.1), problem, steps=4)
    >>> check.agrees, check.expected
    (True, 1.0)
    """
    paths = checks.integer("paths", paths, low=1)
    refine = checks.integer("refine", refine, low=2)
    total = checks.integer("steps", steps, low=1)
    coarse = plan(
        method, problem, "sde", steps=total, substeps=substeps, scheme="euler", sde=sde, save_at=total, observables=[],
        rng=rng,
    )  # fmt: skip
    resolution = refine * coarse.substeps
    coarse = replace(coarse, resolution=resolution, interpreted=True)
    runs = (coarse, replace(coarse, substeps=resolution))
    equation = _Equation(coarse)
    kernels = [Kernel(run) for run in runs]
    random = np.random.default_rng(coarse.entropy)
    euler, squares, size = 0.0, np.zeros(2), 0.0
    for path in range(paths):
        for i, (run, kernel) in enumerate(zip(runs, kernels, strict=True)):
            ours = kernel(path, 1)[0, equation.first :]
            theirs, second = equation.integrated(run, kernel.increments(path), random)
            euler = max(euler, float(np.abs(ours - theirs).max()))
            size = max(size, float(np.abs(ours).max()))
            squares[i] += float(((ours - second) ** 2).sum(axis=1).mean()) / paths
    gaps = (math.sqrt(squares[0]), math.sqrt(squares[1]))
    return Crosscheck(
        method=repr(method),
        sde=coarse.sde,
        euler=euler / size if size else euler,
        gaps=gaps,
        order=math.log(gaps[0] / gaps[1]) / math.log(refine) if min(gaps) > 0.0 else math.nan,
        expected=1.0 if equation.additive else 0.5,
        commutative=equation.commutative,
    )


class _Equation:
    """dy = f(y, t) dt + G(y, t) dW of a run on the stacked parts of its state, as sdeint wants it."""

    def __init__(self, run: Run) -> None:
        run.problem.alone("crosscheck")
        if run.method.schedules:
            raise ValueError(f"crosscheck needs constant hyperparameters, got {run.method!r}")
        kernel = Kernel(run)
        motions = kernel.increments(0).shape[1]
        if run.problem.dim > LARGEST or motions > LARGEST:
            raise ValueError(
                f"crosscheck is for d <= {LARGEST} and as many Brownian motions (sdeint needs the matrix G), got "
                f"d = {run.problem.dim} and {motions}"
            )
        self.method, self.oracle, self.model = run.method, run.problem.oracle, run.model
        self.dim, self.units = run.problem.dim, np.eye(motions)
        self.unpack = states.slicer(kernel.shape)
        _, y1, self.first = initial_states(run)
        self.parts = isinstance(y1, tuple)
        self.start = self._stacked(y1)
        self._refuse_nonlinear()
        self.additive, self.commutative = self._kind()

    def _stacked(self, y: Any) -> Array:
        return np.concatenate(y) if self.parts else np.array(y, dtype=float)

    def _state(self, y: Array) -> Any:
        return tuple(y.reshape(-1, self.dim)) if self.parts else y

    def f(self, y: Array, t: float) -> Array:
        """Drift of the stacked state."""
        return self._stacked(self.model.drift(self.method, t, self._state(y), self.oracle))

    def action(self, y: Array, t: float, dw: Array) -> Array:
        """G(y, t) dw."""
        return self._stacked(self.model.diffusion(self.method, t, self._state(y), self.oracle, self.unpack(dw, 0)))

    def G(self, y: Array, t: float) -> Array:
        """The matrix whose columns are the actions on unit vectors."""
        return np.array([self.action(y, t, unit) for unit in self.units]).T.reshape(len(y), len(self.units))

    @property
    def columns(self) -> list[Any]:
        """The columns of G as functions of (y, t): itoSRI2 wants them one at a time."""
        return [lambda y, t, unit=unit: self.action(y, t, unit) for unit in self.units]

    def _probes(self) -> list[tuple[Array, float]]:
        """States and times about the start, where properties of G are looked at."""
        random, t = np.random.default_rng(0), self.first * self.method.clock
        size = 0.1 * (1.0 + np.abs(self.start))
        return [(self.start + s * size * random.standard_normal(len(self.start)), t) for s in (0.0, 1.0, 1.0)]

    def _refuse_nonlinear(self) -> None:
        random = np.random.default_rng(1)
        for y, t in self._probes():
            matrix = self.G(y, t)
            for dw in random.standard_normal((3, len(self.units))):
                if np.abs(self.action(y, t, dw) - matrix @ dw).max(initial=0.0) > 1e-9 * (1.0 + np.abs(matrix).sum()):
                    raise ValueError(
                        f"the diffusion of {self.method!r} is not linear in its increment, so it is no matrix G(y, t) "
                        "times dW, which is all that sdeint integrates"
                    )

    def _kind(self) -> tuple[bool, bool]:
        """Whether G is constant, and whether its columns commute: derivatives of column k along column j."""
        step, additive, commutative = 1e-5, True, True
        for y, t in self._probes():
            matrix = self.G(y, t)
            ahead = np.array([self.G(y + step * column, t) for column in matrix.T])
            behind = np.array([self.G(y - step * column, t) for column in matrix.T])
            slopes = (ahead - behind).transpose(0, 2, 1) / (2.0 * step)  # (j, k, component)
            size, steepest = np.abs(matrix).max(initial=0.0), np.abs(slopes).max(initial=0.0)
            additive &= bool(steepest <= 1e-7 * size)
            skew = np.abs(slopes - slopes.transpose(1, 0, 2)).max(initial=0.0)
            commutative &= bool(skew <= 1e-5 * steepest + 1e-9 * size)
        return additive, commutative

    def integrated(self, run: Run, normals: Array, random: np.random.Generator) -> tuple[Array, Array]:
        """Positions at the optimizer's steps by itoEuler and itoSRI2, from unit increments of all fine steps."""
        import sdeint

        clock, fine = run.method.clock, run.substeps
        h = clock / fine
        dW = math.sqrt(h) * normals[self.first * fine :]
        tspan = self.first * clock + h * np.arange(len(dW) + 1)
        integrals = (np.einsum("ni,nj->nij", dW, dW) - h * np.eye(len(self.units))) / 2.0
        known: dict[str, Any] = {"I": integrals} if self.commutative else {"generator": random}
        euler = sdeint.itoEuler(self.f, self.G, self.start, tspan, dW=dW)
        second = sdeint.itoSRI2(self.f, self.columns, self.start, tspan, dW=dW, **known)
        return euler[::fine, : self.dim], second[::fine, : self.dim]
