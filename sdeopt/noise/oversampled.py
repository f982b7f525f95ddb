"""``Oversampled``: as many examples of every class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sdeopt.core import checks
from sdeopt.core.contracts import Draws, Vector
from sdeopt.core.oracle import Oracle, batch_class_grads, class_draws
from sdeopt.core.sides import OF_OBJECTIVE
from sdeopt.noise.law import Law

__all__ = ["Oversampled"]

ASKED, OF_DATA = "noisy_class_grads", {question.__name__ for question in OF_OBJECTIVE}


@dataclass(frozen=True, eq=False, repr=False)
class Oversampled(Law):
    """PCNSGD+O: a step sees B examples of every class, however rare it is, drawn with replacement.

    Batches of equal size give every class a direction of equal noise. For `PCNSGD` and `Rescaled` alone: the mean of
    such a batch is not the gradient of f, so other methods are refused. The SDE is "sampled".

    Parameters
    ----------
    batch : int
        Examples B >= 1 of each class in a step; the step sees B times the number of classes.

    Raises
    ------
    ValueError, TypeError
        If ``batch`` is not a positive integer; in a `Problem`, if the objective is no classification or has examples of
        one class only.

    References
    ----------
    Francazi, Baity-Jesi & Lucchi (2023), arXiv:2207.00391, PCNSGD+O; there each class walks its examples in
    permutations.

    Examples
    --------
    >>> import sdeopt as so
    >>> f = so.Logistic([[3.0, 4.0], [0.0, 1.0], [0.0, 1.0]], [1, 0, 0], l2=0.0)
    >>> problem = so.Problem(f, so.Oversampled(1), x0=[0.0, 0.0])
    >>> so.simulate(so.PCNSGD(lr=0.1), problem, steps=1, paths=2, rng=0).mean[-1].round(2)
    array([ 0.06, -0.02])
    """

    picks: ClassVar[bool] = True
    batch: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch", checks.integer("batch", self.batch, low=1))

    def check(self, objective: Any) -> None:
        reason = self.lacks(ASKED, objective)
        if reason is not None or objective.classes < 2:
            raise ValueError(f"Oversampled draws examples of two classes at least: {reason or 'there is one'}")

    def draws(self, objective: Any) -> tuple[tuple[str, int], ...]:
        """One uniform per example."""
        return (("uniform", self.batch * objective.classes),)

    def lacks(self, question: str, objective: Any) -> str | None:
        if question == ASKED:
            return objective.lacks("batch_class_grads") or objective.lacks("class_draws") or None
        if question in OF_DATA:
            return None
        return f"{self!r} draws as many of every class, so its batches are not those of f: use it with PCNSGD"

    def unbounded(self, objective: Any) -> str | None:
        """Data are finite."""
        return None

    def noisy_class_grads(self, o: Oracle, x: Vector, z: Draws) -> Any:
        """Of the two samples the first alone is used."""
        return batch_class_grads(o, x, class_draws(o, z[0][0]))
