"""The compiled twins of ``sdeopt.core.math``: the same operations in the same order, hence the same bits.

Elementwise functions take scalars and vectors; sums run from the first entry to the last (LLVM may not reorder them,
since no fast-math flag is set). `matvec` runs over columns, which is the sequential sum for every row and vectorises
along the rows of a Fortran-ordered matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable

from sdeopt.core import math as core

__all__ = ["TWINS"]


def _elementwise(scalar: Any) -> Any:
    """A compiled function of a scalar or a vector from the compiled function of a scalar."""

    def stub(x: Any) -> Any: ...

    @overload(stub, strict=False)
    def _(x: Any) -> Any:
        if not isinstance(x, types.Array):
            return lambda x: scalar(x)

        def loop(x: Any) -> Any:
            out = np.empty(x.size)
            for i in range(x.size):
                out[i] = scalar(x[i])
            return out

        return loop

    return njit(lambda x: stub(x), error_model="numpy", nogil=True)


def _scalar(f: Callable[..., Any]) -> Any:
    return register_jitable(lambda v: f(v))


@njit(error_model="numpy", nogil=True)
def total(x: Any) -> Any:
    s = x[0]
    for i in range(1, x.size):
        s += x[i]
    return s


@njit(error_model="numpy", nogil=True)
def dot(a: Any, b: Any) -> Any:
    s = a[0] * b[0]
    for i in range(1, a.size):
        s += a[i] * b[i]
    return s


@njit(error_model="numpy", nogil=True)
def norm(x: Any) -> Any:
    return math.sqrt(dot(x, x))


def _matvec(a: Any, x: Any) -> Any: ...


@overload(_matvec, strict=False)
def _matvec_by_dimension(a: Any, x: Any) -> Any:
    if a.ndim == 1:
        return lambda a, x: a * x

    def columns(a: Any, x: Any) -> Any:
        rows, n = a.shape
        out = np.empty(rows)
        for i in range(rows):
            out[i] = a[i, 0] * x[0]
        for j in range(1, n):
            for i in range(rows):
                out[i] += a[i, j] * x[j]
        return out

    return columns


@njit(error_model="numpy", nogil=True)
def matvec(a: Any, x: Any) -> Any:
    return _matvec(a, x)


def _power(x: Any, exponent: float) -> Any: ...


@overload(_power, strict=False)
def _power_by_shape(x: Any, exponent: float) -> Any:
    if not isinstance(x, types.Array):
        return lambda x, exponent: math.pow(x, exponent)

    def loop(x: Any, exponent: float) -> Any:
        out = np.empty(x.size)
        for i in range(x.size):
            out[i] = math.pow(x[i], exponent)
        return out

    return loop


@njit(error_model="numpy", nogil=True)
def power(x: Any, exponent: float) -> Any:
    return _power(x, exponent)


def _where(condition: Any, a: Any, b: Any) -> Any: ...


@overload(_where, strict=False)
def _where_by_shape(condition: Any, a: Any, b: Any) -> Any:
    if isinstance(condition, types.Array):
        return lambda condition, a, b: np.where(condition, a, b)
    return lambda condition, a, b: a if condition else b


@njit(error_model="numpy", nogil=True)
def where(condition: Any, a: Any, b: Any) -> Any:
    return _where(condition, a, b)


TWINS: dict[FunctionType, Any] = {
    core.exp: _elementwise(_scalar(math.exp)),
    core.log: _elementwise(_scalar(math.log)),
    core.erf: _elementwise(_scalar(math.erf)),
    core.tanh: _elementwise(_scalar(math.tanh)),
    core.sin: _elementwise(_scalar(math.sin)),
    core.cos: _elementwise(_scalar(math.cos)),
    core.power: power,
    core.total: total,
    core.dot: dot,
    core.norm: norm,
    core.matvec: matvec,
    core.where: where,
}
