"""What traced functions may call of NumPy and of Python's math, made of the twins of the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from sdeopt.derivation.operand import chosen
from sdeopt.derivation.words import HandOver, rational

__all__ = ["ELEMENTWISE", "Namespace", "numpy", "reductions"]


def _clip(a: Any, low: Any = None, high: Any = None) -> Any:
    a = a if low is None else sp.Max(a, low)
    return a if high is None else sp.Min(a, high)


ELEMENTWISE: dict[str, Any] = {
    "sign": sp.sign, "abs": sp.Abs, "absolute": sp.Abs, "fabs": sp.Abs, "minimum": sp.Min, "maximum": sp.Max,
    "exp": sp.exp, "log": sp.log, "sin": sp.sin, "cos": sp.cos, "tanh": sp.tanh, "clip": _clip, "where": chosen,
    "tan": lambda a: sp.sin(a) / sp.cos(a), "expm1": lambda a: sp.exp(a) - 1, "log1p": lambda a: sp.log(1 + a),
    "sinh": lambda a: (sp.exp(a) - sp.exp(-a)) / 2, "cosh": lambda a: (sp.exp(a) + sp.exp(-a)) / 2,
    "sqrt": lambda a: sp.sqrt(rational(a)), "square": lambda a: a * a, "power": lambda a, b: sp.Pow(a, rational(b)),
    "hypot": lambda a, b: sp.sqrt(a * a + b * b), "negative": lambda a: -a, "reciprocal": lambda a: 1 / a,
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b, "float64": lambda a: a, "zeros_like": lambda a: 0 * a,
    "ones_like": lambda a: 0 * a + 1, "copy": lambda a: a,
}  # fmt: skip


class Namespace:
    """A module of which what ``table`` does not hold is refused by name, in a sentence with a gap for it."""

    def __init__(self, name: str, table: Mapping[str, Any], lacking: str) -> None:
        self._name, self._table, self._lacking = name, table, lacking

    def __getattr__(self, name: str) -> Any:
        if name not in self._table:
            raise HandOver(self._lacking.format(f"{self._name}.{name}"))
        return self._table[name]


def numpy(words: Mapping[str, Any], lacking: str) -> Namespace:
    """NumPy, of ``words`` as traced code calls them: elementwise ones, total, dot, norm and others of NumPy's name."""
    table = {**words, "pi": sp.pi, "e": sp.E, "inner": words["dot"], "vdot": words["dot"]}
    table["linalg"] = Namespace("np.linalg", {"norm": words["length"]}, lacking)
    return Namespace("np", table, lacking)


def reductions(total: Any, mean: Any, norm: Any) -> dict[str, Any]:
    """Sum, mean and length with the arguments that NumPy's have; vectors have one axis."""

    def along(f: Any) -> Any:
        def over(a: Any, axis: Any = None) -> Any:
            if axis not in (None, 0, -1):
                raise HandOver(f"it sums along axis {axis}, and vectors have one axis")
            return f(a)

        return over

    def length(a: Any, ord: Any = None, axis: Any = None) -> Any:
        if ord not in (None, 1, 2):
            raise HandOver(f"it takes the norm of order {ord}, and the rules know those of order 1 and 2")
        return along((lambda b: total(abs(b))) if ord == 1 else norm)(a, axis)

    return {"sum": along(total), "mean": along(mean), "length": length}
