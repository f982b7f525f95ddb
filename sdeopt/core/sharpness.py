"""The sharpness: the largest eigenvalue of ∇²f(x), written for the engine.

∇²f is formed by d products, made tridiagonal by Householder reflections, and its largest eigenvalue found by bisection
with Sturm's count: of the order of d³ operations, without a guess, and good to 1e-13 of the largest entry for d up to
some dozens however close the eigenvalues are. An interpreted run has the bits of a compiled one, which LAPACK would not
promise.

Source: Golub & Van Loan, Matrix Computations, sections 8.3 and 8.4, recalled; tests/test_sharpest.py has LAPACK beside.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core.math import basis, dot, matvec, total
from sdeopt.core.oracle import Oracle, hvp

__all__ = ["largest_eigenvalue", "sharpness"]

HALVINGS = 64  # of an interval that holds all eigenvalues: to the last bit of its ends


def sharpness(o: Oracle, x: Any) -> Any:
    """λ_max(∇²f(x)), of the Hessian itself: a method's preconditioner is not in it."""
    d = x.size
    a = np.zeros((d, d))
    for i in range(d):
        a[:, i] = hvp(o, x, basis(x, i))
    return largest_eigenvalue(a)


sharpness.lanes = False  # type: ignore[attr-defined]  # it decides by values, one path at a time


def largest_eigenvalue(matrix: Any) -> Any:
    """The largest eigenvalue of a symmetric matrix; not a number where an entry is none."""
    a, d, unknown, size = 0.5 * (matrix + matrix.T), len(matrix), 0.0, 0.0
    for i in range(d):
        unknown += 0.0 * total(a[:, i])
        for j in range(d):
            size = max(size, abs(a[i, j]))
    unit = size if size > 0.0 else 1.0
    for j in range(d):
        a[:, j] /= unit  # so that squares of the entries neither vanish nor overflow
    for k in range(d - 2):
        v = 1.0 * a[:, k]
        v[: k + 1] = 0.0
        length = np.sqrt(dot(v, v))
        if length > 0.0:
            v[k + 1] += length if v[k + 1] > 0.0 else -length
            square = dot(v, v)
            p = matvec(a, v)
            w = 2.0 / square * (p - dot(v, p) / square * v)
            for j in range(d):
                a[:, j] -= v * w[j] + w * v[j]
    low, high = -np.inf, -np.inf
    for i in range(d):
        left = abs(a[i, i - 1]) if i > 0 else 0.0
        right = abs(a[i + 1, i]) if i < d - 1 else 0.0
        low, high = max(low, a[i, i]), max(high, a[i, i] + left + right)  # by Gershgorin's discs
    for _ in range(HALVINGS):
        middle = low + 0.5 * (high - low)
        if exceeds(a, middle):
            low = middle
        else:
            high = middle
    return unit * (low + 0.5 * (high - low)) + unknown


def exceeds(a: Any, level: Any) -> Any:
    """Whether the tridiagonal part of ``a`` has an eigenvalue above: not all pivots of a - level are negative."""
    pivot = a[0, 0] - level
    for i in range(1, len(a)):
        if not pivot < 0.0:
            return True
        pivot = a[i, i] - level - a[i, i - 1] * a[i, i - 1] / pivot
    return pivot > 0.0
