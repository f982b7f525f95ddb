"""Numbers read off a network: functions of x, (d,) or (d, paths), for ``observables=``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sdeopt.core.math import dot, norm

__all__ = ["ClassSums", "Distance", "GradientSquare", "HessianTrace", "Mean", "hits", "usual"]

MANY, SUBSET = 2000, 1000  # examples above which a default observable takes some of them only, and how many


def usual(objective: Any, loss: Callable[[Any, Any], Any], X: Any, y: Any) -> Any:
    """The default for ``observables=``: the loss of all examples, or of ``SUBSET`` of them, the same in every run."""
    if len(X) <= MANY:
        return ("loss",)
    some = np.sort(np.random.default_rng(0).choice(len(X), SUBSET, replace=False))
    return {f"loss of {SUBSET} examples": Mean(objective, loss, X[some], y[some])}


class Mean:
    """The mean of ``function(output, y)`` over the examples (X, y)."""

    batched = tensors = True

    def __init__(self, objective: Any, function: Callable[[Any, Any], Any], X: Any, y: Any) -> None:
        self._objective, self._function, self._X, self._y = objective, function, X, y

    def __call__(self, x: Any) -> Any:
        """The mean, or one for each path."""
        return self._objective.mean(x, self._X, self._y, self._function)


def hits(output: Any, y: Any) -> Any:
    """1 where the largest entry of the output is that of the class, else 0."""
    return (output.argmax(1) == y).to(output.dtype)


class Distance:
    """|x - x0| from the objective's own start x0."""

    batched = True

    def __init__(self, objective: Any) -> None:
        self._start = objective.start

    def __call__(self, x: Any) -> Any:
        """The distance, or one for each path."""
        return norm((x.T - self._start).T)


class GradientSquare:
    """|∇f(x)|²."""

    batched = True

    def __init__(self, objective: Any) -> None:
        self._objective = objective

    def __call__(self, x: Any) -> Any:
        """The square, or one for each path."""
        g = self._objective.grad(x)
        return dot(g, g)


class ClassSums:
    """NC0 of the last matrix W, with a row for each class: |1ᵀW|²/|W|², see `sdeopt.nc0`."""

    batched = True

    def __init__(self, objective: Any) -> None:
        matrices = [(first, end, rows) for _, first, end, rows in objective.blocks() if rows]
        if not matrices:
            raise ValueError("collapse must be False for a module without a matrix, got True")
        self._first, self._end, self._rows = matrices[-1]

    def __call__(self, x: Any) -> Any:
        """NC0, or one for each path."""
        W = x[self._first : self._end].reshape(self._rows, -1, *x.shape[1:])
        return (W.sum(0) ** 2).sum(0) / (W * W).sum((0, 1))


class HessianTrace:
    """Hutchinson's estimate of tr ∇²f: the mean of vᵀ ∇²f v over fixed random signs v, the same for every x.

    Unbiased over the signs, with variance 2/probes Σ_{i≠j} (∇²f)²_ij. Hutchinson (1990), Comm. Stat. Sim. 19: 433-450.
    """

    batched = True

    def __init__(self, objective: Any, probes: int, seed: int = 0) -> None:
        self._objective = objective
        self._signs = np.random.default_rng(seed).choice([-1.0, 1.0], (probes, objective.dim))

    def __call__(self, x: Any) -> Any:
        """The estimate, or one for each path."""
        total = 0.0
        for sign in self._signs:
            v = np.broadcast_to(sign, x.T.shape).T
            total = total + dot(v, self._objective.hvp(x, v))
        return total / len(self._signs)
