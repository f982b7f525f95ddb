"""Gradients of functions that take entries, one symbol for each (see ``objectives``)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from sdeopt.derivation.namespace import ELEMENTWISE, reductions
from sdeopt.derivation.operand import Traced, plain, traced
from sdeopt.derivation.words import HandOver

__all__ = ["MOST", "Entries"]

MOST = 32  # entries of a gradient that is written entry by entry


class Operands(np.ndarray[Any, Any]):
    """An array of operands, of which a comparison is one as well."""

    def _compared(self, f: Any, other: Any) -> Any:
        other = np.broadcast_to(np.asarray(other, dtype=object), self.shape)
        out = np.empty(self.shape, dtype=object).view(Operands)
        for i in np.ndindex(self.shape):
            out[i] = f(self[i], other[i])
        return out

    def __gt__(self, other: Any) -> Any:
        return self._compared(operator.gt, other)

    def __lt__(self, other: Any) -> Any:
        return self._compared(operator.lt, other)

    def __ge__(self, other: Any) -> Any:
        return self._compared(operator.ge, other)

    def __le__(self, other: Any) -> Any:
        return self._compared(operator.le, other)


class Entries:
    """A trace on an array of operands, one per entry."""

    subject = "the value"

    def __init__(self, dim: int) -> None:
        if dim > MOST:
            raise HandOver(f"it takes single entries of {dim}, and a gradient is written entry by entry up to {MOST}")
        self.xs, self.vs = ([sp.Symbol(f"{letter}{i}", real=True) for i in range(dim)] for letter in "xv")
        self.x = _array([Traced(x, self) for x in self.xs])
        self.values: dict[Any, float] = {}
        self.constants: dict[str, Any] = {}
        self.names = {x: f"x[{i}]" for i, x in enumerate(self.xs)} | {v: f"v[{i}]" for i, v in enumerate(self.vs)}
        self.words = {name: self.mapped(f) for name, f in ELEMENTWISE.items()} | self.sums()

    def assume(self, what: str, relation: Any = None) -> None:
        """A function of numbers has nothing to assume."""

    def sums(self) -> dict[str, Callable[..., Any]]:
        """Words on arrays of operands."""
        root = self.words_of("sqrt")

        def total(a: Any) -> Any:
            return np.sum(_vector(a))

        def norm(a: Any) -> Any:
            return root(np.sum(_vector(a) * _vector(a)))

        return {
            "total": total,
            "dot": lambda a, b: _vector(a) @ _vector(b),
            "matmul": lambda a, b: _vector(a) @ _vector(b),
            "matvec": lambda a, b: a * b if a.ndim == 1 else a @ b,
            "norm": norm,
            "filled": lambda a, like: a + 0 * like,
            "array": lambda a: _array(list(a)),
            **reductions(total, lambda a: total(a) / len(_vector(a)), norm),
        }

    def words_of(self, name: str) -> Any:
        """An elementwise word."""
        return self.mapped(ELEMENTWISE[name])

    def mapped(self, f: Any) -> Any:
        """A function of expressions on arrays of operands, entry by entry."""

        def g(*args: Any) -> Any:
            arrays = [a for a in args if isinstance(a, np.ndarray)]
            if not arrays:
                return traced(f(*(plain(traced(a, self)) for a in args)), self)
            shape = np.broadcast_shapes(*(a.shape for a in arrays))
            spread = [np.broadcast_to(a, shape) if isinstance(a, np.ndarray) else a for a in args]
            out = np.empty(shape, dtype=object).view(Operands)
            for i in np.ndindex(shape):
                out[i] = g(*(a[i] if isinstance(a, np.ndarray) else a for a in spread))
            return out

        return g

    def with_array(self, f: Any, a: Any, b: Any) -> Any:
        """``f`` of an operand and an array, entry by entry."""
        return self.mapped(f)(a, b)

    def length(self, a: Any) -> int:
        """The number of entries."""
        return len(a)

    def derivatives(self, e: Any) -> tuple[list[Any], list[Any]]:
        """∇f and ∇²f v of a number, entry by entry."""
        gradient = [e.diff(x) for x in self.xs]
        product = [sp.Add(*(g.diff(x) * v for x, v in zip(self.xs, self.vs, strict=True))) for g in gradient]
        return gradient, product


def _vector(a: Any) -> Any:
    return a if isinstance(a, np.ndarray) else _array(list(a))


def _array(items: list[Any]) -> Any:
    out = np.empty(len(items), dtype=object).view(Operands)
    out[:] = items
    return out
