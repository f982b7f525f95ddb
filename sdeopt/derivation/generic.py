"""Gradients of functions of vectors by one symbol for the generic entry, for any dimension (see ``objectives``)."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from sdeopt.derivation.moments import flat
from sdeopt.derivation.namespace import ELEMENTWISE, reductions
from sdeopt.derivation.operand import Traced, plain, traced
from sdeopt.derivation.vocabulary import Total
from sdeopt.derivation.words import HandOver, Vec, Word, vector

__all__ = ["Generic", "MatVec", "V", "X"]

X, V = Vec("x", real=True), Vec("v", real=True)


class MatVec(Word):
    """A u, of the symbol of a matrix and of a vector."""

    linear, asks, code, tex = True, False, "matvec", "@0 @1"

    @classmethod
    def eval(cls, *args: Any) -> Any:
        """Nothing is multiplied out: a product is taken once."""
        return sp.S.Zero if args[1] == 0 else None


class Generic:
    """A trace in which arrays of numbers are symbols, and the derivatives of what comes out of it."""

    subject = "the value"

    def __init__(self, dim: int) -> None:
        self.x, self.dim = Traced(X, self), dim
        self.values: dict[Any, float] = {}
        self.constants: dict[str, Any] = {}  # name in the source -> array
        self.sizes: dict[Any, int] = {X: dim, V: dim}  # of vectors, and of a product with a matrix
        self.names = {X: "x", V: "v"}
        self.words = {name: self.spoken(f) for name, f in self.table().items()}

    def assume(self, what: str, relation: Any = None) -> None:
        """A function of numbers has nothing to assume."""

    def table(self) -> dict[str, Any]:
        """Words on expressions; a matrix is an array."""
        more = {
            "total": self.total,
            "dot": self.dot,
            "matvec": self.dot,
            "matmul": self.dot,
            "norm": lambda a: sp.sqrt(self.total(a * a)),
            "size": self.length,
            "filled": lambda a, like: a,
        }
        more |= reductions(self.total, lambda a: self.total(a) / self.length(a), more["norm"])
        return ELEMENTWISE | more

    def spoken(self, f: Any) -> Any:
        """A word as traced code calls it."""
        return lambda *args, **more: traced(f(*map(self.expression, args), **more), self)

    def expression(self, a: Any) -> Any:
        """An argument as a word takes it."""
        if isinstance(a, np.ndarray) and a.ndim == 2:
            return a
        return self.constant(a) if isinstance(a, (np.ndarray, list)) else plain(traced(a, self))

    def with_array(self, f: Any, a: Any, b: Any) -> Any:
        """``f`` of two operands of which one is an array of numbers."""
        return traced(f(self.expression(a), self.expression(b)), self)

    def constant(self, a: Any) -> Any:
        """The symbol of an array of numbers."""
        a = np.asarray(a, dtype=float)
        if a.ndim != 1:
            raise HandOver(f"it calculates with an array of shape {a.shape}, entry by entry")
        symbol = Vec(self._named("c", a), real=True)
        self.sizes[symbol] = len(a)
        return symbol

    def _named(self, stem: str, a: Any) -> str:
        for name, known in self.constants.items():
            if name[0] == stem and known.shape == a.shape and np.array_equal(known, a):
                return name
        name = f"{stem}{len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(a, dtype=float)
        return name

    def product(self, a: Any, u: Any) -> Any:
        """A u with an array A."""
        if self.length(u) != a.shape[1]:
            raise HandOver(f"it multiplies a matrix of shape {a.shape} with a vector of {self.length(u)} entries")
        symbol = sp.Symbol(self._named("A", a))
        self.sizes[symbol] = len(a)
        return MatVec(symbol, u if vector(u) else u * self.constant(np.ones(a.shape[1])))

    def dot(self, a: Any, b: Any) -> Any:
        """a·b, A b, or Aᵀ a."""
        if isinstance(a, np.ndarray):
            return self.product(a, b)
        return self.product(b.T, a) if isinstance(b, np.ndarray) else self.total(a * b)

    def length(self, e: Any) -> int:
        """The number of entries of ``e``; that of x if it holds no vector."""
        found = self._lengths(sp.sympify(e))
        if len(found) > 1:
            raise HandOver(f"it combines vectors of {' and '.join(map(str, sorted(found)))} entries")
        return found.pop() if found else self.dim

    def _lengths(self, e: Any) -> set[int]:
        if isinstance(e, MatVec):
            return {self.sizes[e.args[0]]}
        if isinstance(e, (Total, Vec)):
            return {self.sizes[e]} if isinstance(e, Vec) else set()
        return set().union(*(self._lengths(a) for a in e.args))

    def total(self, e: Any) -> Any:
        """The sum of the entries."""
        n = self.length(e)
        return Total(e) if vector(e) else n * e

    def derivatives(self, e: Any) -> tuple[list[Any], list[Any]]:
        """∇f and ∇²f v of a number, a generic entry each."""
        if vector(e):
            raise HandOver("it returns a vector where a number is expected")
        g = flat(self.gradient(e))
        h = sp.Dummy(real=True)
        hv = sp.sympify(g.xreplace({X: X + h * V}).diff(h)).xreplace({h: sp.S.Zero}).doit()
        return [g], [flat(hv)]

    def gradient(self, e: Any) -> Any:
        """The generic entry of the gradient of a number."""
        names = {w: sp.Dummy(f"T{i}", real=True) for i, w in enumerate(_outermost(e))}
        outer, back = e.xreplace(names), {name: w for w, name in names.items()}
        return sp.Add(
            *(outer.diff(name).xreplace(back) * self.pulled(w.args[0], sp.S.One) for w, name in names.items())
        )

    def pulled(self, e: Any, weight: Any) -> Any:
        """The gradient of Σ_j w_j e_j, the weights w held."""
        found = _outermost(e)
        names = {
            w: Vec(f"_{i}", real=True) if isinstance(w, MatVec) else sp.Dummy(real=True) for i, w in enumerate(found)
        }
        inner, back = sp.sympify(e).xreplace(names), {name: w for w, name in names.items()}
        out = weight * inner.diff(X).xreplace(back)
        for w, name in names.items():
            rate = weight * inner.diff(name).xreplace(back)
            if isinstance(w, Total):
                out += (self.total(rate) if vector(rate) else self.length(e) * rate) * self.pulled(w.args[0], sp.S.One)
            else:
                turned = self.constants[w.args[0].name].T
                out += self.pulled(w.args[1], self.product(turned, rate if vector(rate) else rate * self._ones(w)))
        return out

    def _ones(self, w: Any) -> Any:
        return self.constant(np.ones(self.sizes[w.args[0]]))


def _outermost(e: Any) -> list[Any]:
    """Sums and products with matrices in ``e`` that are in no other."""
    e = sp.sympify(e)
    if isinstance(e, (Total, MatVec)):
        return [e]
    found = {w for a in e.args for w in _outermost(a)}
    return sorted(found, key=sp.default_sort_key)
