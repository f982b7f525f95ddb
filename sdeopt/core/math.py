"""The arithmetic that pages may use beyond NumPy's ``+ - * /``, ``sqrt``, ``sign``, ``abs``, ``minimum``, ``maximum``.

These are the functions whose last bit depends on who computes them: transcendental functions (NumPy has its own SIMD
versions) and sums (NumPy adds pairwise, BLAS in blocks). Here each has one definition, a sequential one, so that an
interpreted run and a compiled run of the same page agree bit for bit. The engine replaces every function of this
module by its compiled twin; the Python bodies below are what "interpreted" means.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["cos", "dot", "erf", "exp", "log", "matvec", "norm", "power", "sin", "tanh", "total", "where"]


def _elementwise(f: Any, x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.ndim:
        return np.array([f(v) for v in x.ravel().tolist()]).reshape(x.shape)
    return f(float(x))


def _exp(v: float) -> float:
    try:
        return math.exp(v)
    except OverflowError:
        return math.inf


def _log(v: float) -> float:
    if v > 0:
        return math.log(v)
    return -math.inf if v == 0 else math.nan


def exp(x: Any) -> Any:
    """e**x, elementwise."""
    return _elementwise(_exp, x)


def log(x: Any) -> Any:
    """Natural logarithm, elementwise; -inf at 0, NaN below."""
    return _elementwise(_log, x)


def erf(x: Any) -> Any:
    """Error function, elementwise."""
    return _elementwise(math.erf, x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent, elementwise."""
    return _elementwise(math.tanh, x)


def sin(x: Any) -> Any:
    """Sine, elementwise."""
    return _elementwise(math.sin, x)


def cos(x: Any) -> Any:
    """Cosine, elementwise."""
    return _elementwise(math.cos, x)


def power(x: Any, exponent: float) -> Any:
    """x**exponent for x >= 0, elementwise."""

    def f(v: float) -> float:
        try:
            return math.pow(v, exponent)
        except OverflowError:
            return math.inf

    return _elementwise(f, x)


def total(x: Any) -> Any:
    """Sum of a vector, from the first entry to the last."""
    return np.cumsum(x)[-1]


def dot(a: Any, b: Any) -> Any:
    """Scalar product of two vectors, summed from the first entry to the last."""
    return np.cumsum(a * b)[-1]


def norm(x: Any) -> Any:
    """Euclidean length of a vector."""
    return np.sqrt(np.cumsum(x * x)[-1])


def matvec(a: Any, x: Any) -> Any:
    """``a @ x``; a one-dimensional ``a`` stands for a diagonal matrix. Columns are added from first to last."""
    if a.ndim == 1:
        return a * x
    return np.cumsum(a * x, axis=1)[:, -1]


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``, elementwise; the branch-free ``if`` of a page."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, a, b)
    return a if condition else b
