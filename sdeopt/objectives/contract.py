"""What every objective answers, and how it says what it cannot.

An objective is a frozen dataclass whose array and number fields are the data. Its functions are written like pages
(they are compiled by the engine): ``value(self, x)``, ``grad(self, x)``, ``hvp(self, x, v)``. One that passes over its
data for both value and gradient may add ``value_and_grad(self, x)``, the pair. A finite sum f = (1/n) Σ f_i adds
``examples(self)``, ``weighted_grad(self, x, w)``, ``batch_grad(self, x, index)``, ``batch_value(self, x, index)`` and
``grad_var(self, x)``, and may add ``example_slopes(self, x, v)``, the products ∇f_i·v, and ``example_values(self, x)``,
the f_i; a regression f_i = ½(m_i - y_i)² ``label_grad(self, x, w)``, Σ w_i ∇m_i; a classification ``labels(self)``,
``batch_class_grads(self, x, index)`` and ``class_draws(self, u)``, with the number of its ``classes``; a function of a
matrix ``matrix_rows(self)``, a network ``blocks(self)``. An objective that is not compiled may say ``batched = True``
and take x, weights and example numbers with a column per path beside single ones (`sdeopt.engine.batched`). One whose
passes are dear may say ``costly = True``, so that runs save less often and take SDEs that need no pass over all data,
and name its ``usual_observables(self)``.

Around them, in plain Python: ``dim``, ``start``, and where they exist ``optimum`` (a minimiser), ``minimum`` (its
value) and ``curvature`` (smallest and largest Hessian eigenvalue: mu, L).
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdeopt.core import checks

__all__ = ["Array", "Smooth", "derived_field", "fortran", "frozen", "spectrum", "symmetric"]

Array = NDArray[np.float64]

FINITE_SUM = ("examples", "weighted_grad", "batch_grad", "batch_value", "grad_var")
GAME = ("vjp", "players")
LACKING = (  # what some objectives do not have -> how the refusal begins
    dict.fromkeys(("value", "grad", "value_and_grad", "hvp"), "has no")
    | dict.fromkeys(FINITE_SUM, "is not a finite sum, so it has no")
    | dict.fromkeys(GAME, "is not a game, so it has no")
    | {"label_grad": "is no least-squares regression, so it has no"}
    | {"labels": "is no classification, so it has no", "matrix_rows": "is no function of a matrix, so it has no"}
    | dict.fromkeys(("batch_class_grads", "class_draws"), "is no classification, so it has no")
    | {"blocks": "is no module of PyTorch, so it has no"}
)
LAYERED = (
    "its matrices alone are given to such a page by so.Layered(matrices=so.Muon(...), rest=so.AdamW(...)), or --rest"
)
LARGEST_PRINTED = 9  # entries of an array that is printed in full


class Smooth(ABC):
    """Base of the objectives: a smooth function of d variables."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Dimension d."""

    @property
    def start(self) -> Array:
        """A reasonable starting point, shape (d,)."""
        return np.ones(self.dim)

    @property
    def optimum(self) -> Array | None:
        """A minimiser, shape (d,), or None where none exists or none is known."""
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
        if question == "matrix_rows" and getattr(self, "blocks", None) is not None:
            return f"{type(self).__name__} has many parameters, not one matrix: {LAYERED}"
        if question in LACKING and getattr(self, question, None) is None:
            return f"{type(self).__name__} {LACKING[question]} {question}"
        return None

    def hessian(self, x: Any) -> Array:
        """∇²f(x), shape (d, d), from d Hessian-vector products."""
        hvp = self.hvp  # type: ignore[attr-defined]
        return np.array([hvp(np.array(x, dtype=float), e) for e in np.eye(self.dim)]).T

    def __repr__(self) -> str:
        given = [f for f in dataclasses.fields(self) if f.init]  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{f.name}={_short(getattr(self, f.name))}' for f in given)})"


def _short(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return repr(value)
    if value.size <= LARGEST_PRINTED:
        return repr(value.tolist())
    return f"<{'x'.join(map(str, value.shape))} array>"


def derived_field() -> Any:
    """A field that the objective computes for itself."""
    return dataclasses.field(init=False, repr=False)


def frozen(a: Array) -> Array:
    """``a`` itself, made read-only."""
    a.flags.writeable = False
    return a


def fortran(a: Array) -> Array:
    """A read-only copy of ``a`` in column order, the order in which ``matvec`` walks."""
    return frozen(np.array(a, order="F"))


def symmetric(name: str, value: Any) -> Array:
    """Return ``value`` as a symmetric matrix, or as a vector that stands for a diagonal one; indefinite is allowed."""
    a = checks.array(name, value, ndim=(1, 2))
    if a.ndim == 1:
        return a
    a = checks.square(name, a)
    return fortran(a / 2 + a.T / 2)


def spectrum(a: Array) -> tuple[float, float]:
    """Smallest and largest eigenvalue of a matrix in the form of `symmetric`."""
    eigenvalues = a if a.ndim == 1 else np.linalg.eigvalsh(a)
    return float(eigenvalues.min()), float(eigenvalues.max())
