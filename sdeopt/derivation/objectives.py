"""Gradient and Hessian-vector product of a user's function, derived and written as code that is compiled.

The function runs on symbols. In the vocabulary of pages (elementwise words, total, dot, norm) one symbol stands for the
generic entry, for any dimension: a sum T = Σ_j φ(x_j) has ∂T/∂x_j = φ'(x_j). A function that takes entries, x[0], runs
on an array of d symbols, one for each; then the gradient is written entry by entry, for d up to 32.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import sympy as sp

from sdeopt.core import elementary
from sdeopt.core import math as sums
from sdeopt.core.references import Module, rebound
from sdeopt.derivation.code import Code
from sdeopt.derivation.moments import flat
from sdeopt.derivation.shown import shown
from sdeopt.derivation.source import LENGTHS, WIDTH
from sdeopt.derivation.twins import entries, paired
from sdeopt.derivation.vocabulary import Total
from sdeopt.derivation.words import HandOver, Vec, rational, vector

__all__ = ["derivatives"]

ENTRIES = 32  # of a gradient that is written entry by entry
X, V = Vec("x", real=True), Vec("v", real=True)
DIM = sp.Symbol("len(x)", positive=True)  # which is its name in the source too
NAMES = ("exp", "log", "erf", "tanh", "sin", "cos")
LACKING = "it calls {}, which has no derivative in the vocabulary"
HEAD = "import numpy as np\n\nfrom sdeopt.core import {names}\n\n\n"


def derivatives(value: Any, dim: int) -> tuple[Callable[..., Any], Callable[..., Any], str]:
    """∇f, (x, v) -> ∇²f v and their source, of ``value``; a ``ValueError`` says what cannot be differentiated."""
    try:
        text = _by_entry_rule(value)
    except (HandOver, TypeError, AttributeError, IndexError, ValueError) as generic:
        try:
            text = _entry_by_entry(value, dim)
        except (HandOver, TypeError, AttributeError, IndexError, ValueError) as reason:
            why = generic if dim > ENTRIES else reason
            raise ValueError(f"value cannot be differentiated, so give grad= as well: {why}") from None
    space = ModuleType("derived_objective")
    exec(compile(text, "<derived objective>", "exec"), vars(space))
    grad, hvp = vars(space)["grad"], vars(space)["hvp"]
    return grad, hvp, text


def _traced(value: Any, x: Any, twins: dict[Any, Any]) -> Any:
    done = dict(twins)

    def bind(thing: Any) -> Any:
        if isinstance(thing, ModuleType):
            return _Numpy() if thing.__name__ == "numpy" else Module(thing, bind)
        if not isinstance(thing, FunctionType):
            return thing
        if thing not in done:
            done[thing] = copy = rebound(thing, bind)
            copy.__globals__["len"] = lambda a: DIM if a is X else len(a)
        return done[thing]

    if not isinstance(value, FunctionType):
        raise HandOver(f"{value!r} is no plain function of Python")
    e = bind(value)(x)
    if isinstance(e, np.ndarray) and e.ndim == 0:
        e = e.item()
    if not isinstance(e, (sp.Expr, int, float)):
        raise HandOver(f"it returns {type(e).__name__} where a number is expected")
    return rational(e)


def _by_entry_rule(value: Any) -> str:
    """Of a function in the vocabulary, for any dimension."""
    twins = _twins(
        lambda a: Total(entries(a)), lambda a, b: Total(entries(a * b)), lambda a: sp.sqrt(Total(entries(a * a)))
    )
    e = _traced(value, X, twins)
    if vector(e):
        raise HandOver("it returns a vector")
    g = _gradient(e)
    h = sp.Dummy()
    hv = sp.sympify(g.xreplace({X: X + h * V}).diff(h)).xreplace({h: sp.S.Zero}).doit()
    _smooth(g, hv)
    return _written([[g], [flat(hv)]], {}, generic=True)


def _gradient(e: Any) -> Any:
    """The generic entry of the gradient of a number: of every sum in it by the derivative of its generic term."""
    words = sorted((w for w in e.atoms(Total) if not any(w in u.args[0].atoms(Total) for u in e.atoms(Total))), key=str)
    names = {w: sp.Dummy(f"T{i}") for i, w in enumerate(words)}
    outer = e.xreplace(names)
    out = sp.S.Zero
    for w, name in names.items():
        share = outer.diff(name).xreplace({n: a for a, n in names.items()})
        (inner,) = w.args
        held = {u: sp.Dummy(f"S{i}") for i, u in enumerate(sorted(inner.atoms(Total), key=str))}
        plain = inner.xreplace(held)
        back = {n: u for u, n in held.items()}
        out += share * plain.diff(X).xreplace(back)
        for u, n in held.items():
            out += share * Total(plain.diff(n).xreplace(back)) * _gradient(u)
    return out


def _entry_by_entry(value: Any, dim: int) -> str:
    """Of a function of d entries, each a symbol."""
    if dim > ENTRIES:
        raise HandOver(f"it takes single entries of {dim}, and a gradient is written entry by entry up to {ENTRIES}")
    xs = [sp.Symbol(f"x{i}", real=True) for i in range(dim)]
    vs = [sp.Symbol(f"v{i}", real=True) for i in range(dim)]
    twins = _twins(lambda a: a.sum(), lambda a, b: (a * b).sum(), lambda a: sp.sqrt((a * a).sum()))
    twins[sums.matvec] = lambda a, x: np.diag(a) @ x if a.ndim == 1 else a @ x
    e = _traced(value, np.array(xs, dtype=object), twins)
    gradient = [e.diff(x) for x in xs]
    product = [sp.Add(*(g.diff(x) * v for x, v in zip(xs, vs, strict=True))) for g in gradient]
    _smooth(*gradient, *product)
    names = {x: f"x[{i}]" for i, x in enumerate(xs)} | {v: f"v[{i}]" for i, v in enumerate(vs)}
    return _written([gradient, product], names, generic=False)


def _smooth(*formulas: Any) -> None:
    for e in formulas:
        odd = sp.sympify(e).atoms(sp.Derivative, sp.DiracDelta, sp.Subs, sp.Integral)
        if odd:
            raise HandOver(f"its derivative holds {shown(min(odd, key=str))}, which has no formula")


def _written(functions: list[list[Any]], names: dict[Any, str], generic: bool) -> str:
    """The source of ``grad`` and ``hvp``."""
    imports: set[tuple[str, str]] = set()
    bodies = []
    for es, head in zip(functions, ("def grad(x):", "def hvp(x, v):"), strict=True):
        for long in LENGTHS:
            code = Code({**names, X: "x", V: "v"} if generic else names, X, long)
            texts = [code.text(e) for e in es]
            lines = [*code.lines, _returned(texts, es, generic)]
            if all(len(line) <= WIDTH - 8 for line in lines):
                break
        imports |= code.imports
        bodies.append("\n".join([head, *(f"    {line}" for line in lines)]))
    needed = ", ".join(sorted({name for _, name in imports} | {"filled"}))
    return HEAD.format(names=needed) + "\n\n\n".join(bodies) + "\n"


def _returned(texts: list[str], es: list[Any], generic: bool) -> str:
    if not generic:
        return f"return np.array([{', '.join(texts)}])"
    return f"return {texts[0]}" if vector(es[0]) else f"return filled({texts[0]}, x)"


def _twins(total: Any, dot: Any, norm: Any) -> dict[Any, Any]:
    """Plain function of the vocabulary -> its twin."""
    table: dict[str, Any] = {name: _elementwise(getattr(sp, name)) for name in NAMES}
    table |= {"total": total, "dot": dot, "norm": norm, "power": lambda x, e: x**e}
    found: dict[Any, Any] = {}
    for module in (sums, elementary):
        found |= paired(module, table, LACKING)
    return found


def _elementwise(f: Any) -> Any:
    """A function of SymPy on one symbol or on an array of them."""
    return lambda a: np.array([f(x) for x in a], dtype=object) if isinstance(a, np.ndarray) else f(a)


class _Numpy:
    """What a function may call of NumPy."""

    pi = np.pi
    float64 = staticmethod(lambda a: a)
    array = staticmethod(np.array)

    def __getattr__(self, name: str) -> Any:
        known = {"absolute": sp.Abs, "abs": sp.Abs, "sqrt": sp.sqrt, "square": lambda a: a * a}
        known |= {n: getattr(sp, n) for n in ("exp", "log", "sin", "cos", "tanh", "cosh", "sinh")}
        if name not in known:
            raise HandOver(LACKING.format(f"np.{name}"))
        return _elementwise(known[name])
