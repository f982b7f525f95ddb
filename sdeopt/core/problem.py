"""``Problem``: what is minimised, how its gradient is disturbed, and where the run begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdeopt.core import checks, foreign
from sdeopt.core.contracts import Law, Objective
from sdeopt.core.oracle import Oracle
from sdeopt.noise import NoNoise

__all__ = ["Problem", "expect_problem"]


@dataclass(frozen=True, eq=False)
class Problem:
    """An objective, the law of its gradient noise and a starting point.

    Parameters
    ----------
    objective : objective
        One of ``sdeopt.objectives``, or `Objective` around your own functions; d is its ``dim``.
    noise : noise, optional
        One of ``sdeopt.noise``; default `NoNoise`.
    x0 : array_like, shape (d,) or (paths, d), optional
        Start, or one for each path of `simulate`; default the objective's own ``start``.

    Raises
    ------
    ValueError, TypeError
        If the shapes disagree, ``x0`` is not finite, or the gradient at ``x0``, of several the first, is not a finite
        vector of length d.

    Examples
    --------
    >>> import sdeopt as so
    >>> so.Problem(so.Quadratic([1.0, 2.0]), so.Gaussian([0.5, 1.0]), x0=[1.0, -1.0]).dim
    2
    """

    objective: Objective
    noise: Law = NoNoise()
    x0: Any = None

    def __post_init__(self) -> None:
        for name, part in (("objective", self.objective), ("noise", self.noise)):
            if isinstance(part, type) and hasattr(part, "lacks"):
                raise TypeError(f"{name} must be an instance, {part.__name__}(...), got the class itself")
        if not all(hasattr(self.objective, name) for name in ("grad", "dim", "lacks")):
            raise TypeError(
                "objective must be one of sdeopt.objectives, or sdeopt.Objective around your own functions, got "
                f"{foreign.told(self.objective)}"
            )
        if not hasattr(self.noise, "check"):
            got = foreign.told(self.noise, "so.Minibatch(batch) draws examples, so.Gaussian(scale) adds noise")
            raise TypeError(f"noise must be one of sdeopt.noise, got {got}")
        own = getattr(self.objective, "law", None)
        if own is not None:
            if type(self.noise) is not NoNoise:
                raise ValueError(f"noise must be left out, for {self.objective!r} draws its own, got {self.noise!r}")
            object.__setattr__(self, "noise", own)
        d = self.objective.dim
        start = self.objective.start if self.x0 is None else self.x0
        if isinstance(start, (Iterator, Mapping)):
            raise TypeError(
                f"x0 must be an array of numbers, got {checks.short(start)}: a network begins at its module's own "
                "parameters if x0 is left out; torch.nn.utils.parameters_to_vector makes x of others"
            )
        x0 = checks.array("x0", start, ndim=(1, 2))
        if x0.shape[-1] != d:
            raise ValueError(f"x0 must have shape ({d},), or (paths, {d}) for a start per path, got {x0.shape}")
        object.__setattr__(self, "x0", x0)
        self.noise.check(self.objective)
        if self.objective.lacks("grad") is not None:
            return
        g = np.asarray(self.objective.grad(np.array(self.start())))
        if g.shape != (d,):
            raise ValueError(f"objective.grad must return shape ({d},), got {g.shape}")
        if not np.isfinite(g).all():
            raise ValueError(f"objective.grad at x0 must be finite, got {checks.short(g)}")

    @property
    def dim(self) -> int:
        """Dimension d of x."""
        return int(self.objective.dim)

    @property
    def several(self) -> bool:
        """Whether every path has a start of its own."""
        return bool(self.x0.ndim == 2)

    def start(self, path: int = 0) -> Any:
        """Where this path begins, shape (d,)."""
        return self.x0[path] if self.several else self.x0

    def alone(self, verb: str) -> None:
        """Refuse a start per path in the name of a ``verb`` that looks at one point.

        A comparison too: gaps are measured in the spread over paths, and that of the starts would hide the noise's.
        """
        if self.several:
            raise ValueError(
                f"{verb} needs one start, x0 of shape ({self.dim},), got {self.x0.shape}: call it for one row after "
                "the other; simulate takes a start per path, of either column, and one rng gives both the same noise"
            )

    @property
    def oracle(self) -> Oracle:
        """The pair (objective, noise) that pages question."""
        return Oracle(self.objective, self.noise)

    def lacks(self, question: str) -> str | None:
        """Why this problem cannot answer ``question`` (a name of ``sdeopt.core.oracle``), or None if it can."""
        reason: str | None = self.objective.lacks(question)
        return reason if reason is not None else self.noise.lacks(question, self.objective)


def expect_problem(problem: Any) -> None:
    """Raise a ``TypeError`` unless ``problem`` is one."""
    if not isinstance(problem, Problem):
        raise TypeError(f"problem must be a sdeopt.Problem, got {foreign.told(problem)}")
