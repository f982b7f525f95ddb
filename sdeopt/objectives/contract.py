"""What every objective answers, and how it says what it cannot.

An objective is a frozen dataclass whose array and number fields are the data. Its functions are written like pages
(they are compiled by the engine): ``value(self, x)``, ``grad(self, x)``, ``hvp(self, x, v)``; a finite sum
f = (1/n) Σ f_i adds ``examples(self)``, ``weighted_grad(self, x, w)``, ``batch_grad(self, x, index)`` and
``square_grad(self, x)``. Around them, in plain Python: ``dim``, ``start``, and where they exist ``optimum`` (a
minimiser), ``minimum`` (its value) and ``curvature`` (smallest and largest Hessian eigenvalue: mu, L).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Smooth"]

FINITE_SUM = ("examples", "weighted_grad", "batch_grad", "square_grad")


class Smooth:
    """Base of the objectives: a smooth function of d variables."""

    @property
    def dim(self) -> int:
        """Dimension d."""
        raise AttributeError("dim")

    @property
    def start(self) -> NDArray[np.float64]:
        """A reasonable starting point, shape (d,)."""
        return np.ones(self.dim)

    @property
    def optimum(self) -> NDArray[np.float64] | None:
        """A minimiser, or None where none is known in closed form."""
        return None

    @property
    def minimum(self) -> float | None:
        """The smallest value, or None where it is not known."""
        return None

    @property
    def curvature(self) -> tuple[float, float] | None:
        """(mu, L): bounds of the Hessian's spectrum over all x, or None where there are none."""
        return None

    def lacks(self, question: str) -> str | None:
        """Why the objective cannot answer ``question``, or None."""
        if question in ("value", "grad", "hvp", *FINITE_SUM) and getattr(self, question, None) is None:
            kind = "is not a finite sum, so it has no" if question in FINITE_SUM else "has no"
            return f"{type(self).__name__} {kind} {question}"
        return None

    def hessian(self, x: Any) -> NDArray[np.float64]:
        """∇²f(x), shape (d, d), from d Hessian-vector products."""
        hvp = self.hvp  # type: ignore[attr-defined]
        return np.array([hvp(np.asarray(x, float), e) for e in np.eye(self.dim)]).T
