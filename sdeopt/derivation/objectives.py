"""Gradient and Hessian-vector product of a user's function, derived and written as code that is compiled.

The function runs on symbols. In the vocabulary of pages and the same words of NumPy (elementwise functions, sums, dots,
products of matrices and vectors) one symbol stands for the generic entry, for any dimension; the gradient of a sum is
pulled back through what it sums (reverse mode),

    ∇ Σ_j w_j e_j(x) = w ∂e/∂x + Σ_T (Σ_j w_j ∂e_j/∂T) ∇T + Σ_A ∇ Σ_i (Aᵀ (w ∂e/∂(A u)))_i u_i(x)

for entries e that hold sums T and products A u. A function that takes entries, x[0], runs on an array of d symbols, one
for each; then the gradient is written entry by entry, for d up to 32.

At a kink the gradient is the mean of the slopes on both sides, sign(0) = 0 for |x| and 1/2 for max(x, 0), which is a
subgradient of a convex function; the Hessian is that beside the kink. A value that jumps is refused.
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
from sdeopt.derivation.entries import MOST, Entries
from sdeopt.derivation.generic import Generic, MatVec, X
from sdeopt.derivation.namespace import numpy
from sdeopt.derivation.operand import plain
from sdeopt.derivation.shown import show
from sdeopt.derivation.source import LENGTHS, WIDTH
from sdeopt.derivation.twins import pair
from sdeopt.derivation.words import HandOver, rational, vector

__all__ = ["derivatives"]

LACKING = "it calls {}, which has no derivative in the vocabulary"
HEAD = "import numpy as np\n\nfrom sdeopt.core import {names}\n\n\n"
FAILURES = HandOver, ArithmeticError, AttributeError, LookupError, TypeError, ValueError


def derivatives(value: Any, dim: int) -> tuple[Callable[..., Any], Callable[..., Any], str]:
    """∇f, (x, v) -> ∇²f v and their source, of ``value``; a ``ValueError`` says what cannot be differentiated."""
    generic = Generic(dim)
    try:
        text = _write(*generic.derivatives(_trace(value, generic)), generic.names, generic=True)
    except FAILURES as first:
        try:
            entries = Entries(dim)
            text = _write(*entries.derivatives(_trace(value, entries)), entries.names, generic=False)
        except FAILURES as second:
            why = first if dim > MOST else second
            raise ValueError(f"value cannot be differentiated, so give grad= as well: {why}") from None
    space = ModuleType("derived_objective")
    vars(space).update(generic.constants)
    exec(compile(text, "<derived objective>", "exec"), vars(space))
    return vars(space)["grad"], vars(space)["hvp"], text


def _trace(value: Any, trace: Any) -> Any:
    """What ``value`` returns on the symbols of ``trace``."""
    if not isinstance(value, FunctionType):
        raise HandOver(f"{value!r} is no plain function of Python")
    space = numpy(trace.words, LACKING)
    done: dict[Any, Any] = {len: lambda a: trace.length(plain(a))}
    for module in (sums, elementary):
        done |= pair(module, trace.words, LACKING)

    def bind(thing: Any) -> Any:
        if isinstance(thing, ModuleType):
            return space if thing.__name__ in ("numpy", "math") else Module(thing, bind)
        if not isinstance(thing, FunctionType):
            return thing
        if thing not in done:
            done[thing] = copy = rebound(thing, bind)
            copy.__globals__["len"] = done[len]
        return done[thing]

    e = plain(bind(value)(trace.x))
    if isinstance(e, np.ndarray) and e.ndim == 0:
        e = plain(e.item())
    if not isinstance(e, (sp.Expr, int, float)):
        got = "an array" if isinstance(e, np.ndarray) else type(e).__name__
        raise HandOver(f"it returns {got} where a number is expected")
    return rational(e)


def _beside_kinks(es: list[Any]) -> list[Any]:
    """Derivatives without what stands at a kink alone."""
    return [e.replace(sp.DiracDelta, lambda *u: sp.S.Zero) for e in map(sp.sympify, es)]


def _smooth(es: list[Any], odd: Any) -> None:
    """Refuse what has no formula."""
    for e in es:
        found = sp.sympify(e).atoms(*odd)
        if found:
            what = "the value jumps where" if isinstance(min(found, key=str), sp.DiracDelta) else "a derivative holds"
            raise HandOver(f"{what} {show(min(found, key=str))}")


def _write(gradient: list[Any], product: list[Any], names: dict[Any, str], generic: bool) -> str:
    """The source of ``grad`` and ``hvp``."""
    _smooth(gradient, (sp.DiracDelta,))
    product = _beside_kinks(product)
    _smooth(gradient + product, (sp.Derivative, sp.Subs, sp.Integral))
    imports: set[tuple[str, str]] = set()
    bodies = []
    for es, head in ((gradient, "def grad(x):"), (product, "def hvp(x, v):")):
        for long in LENGTHS:
            code = Code(names, X, long)
            for word in sorted(set().union(*(e.atoms(MatVec) for e in es)), key=sp.count_ops):
                if sum(e.count(word) for e in es) > 1:
                    code.let("a", word)
            texts = [code.text(e) for e in es]
            lines = [*code.lines, _return(texts, es, generic)]
            if all(len(line) <= WIDTH - 8 for line in lines):
                break
        imports |= code.imports
        bodies.append("\n".join([head, *(f"    {line}" for line in lines)]))
    needed = ", ".join(sorted({name for _, name in imports} | {"filled"}))
    return HEAD.format(names=needed) + "\n\n\n".join(bodies) + "\n"


def _return(texts: list[str], es: list[Any], generic: bool) -> str:
    if not generic:
        return f"return np.array([{', '.join(texts)}])"
    return f"return {texts[0]}" if vector(es[0]) else f"return filled({texts[0]}, x)"
