"""The walk over what a plain function refers to, which both the engine and ``sdeopt.derivation`` take.

A page is ordinary Python: it calls ``grad(o, x)``, ``erf(x)``, perhaps a helper of its own module, by global name or by
closure. `rebound` copies such a function with other things behind those names, the function itself left as it is.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType
from typing import Any

__all__ = ["names", "rebound", "references"]


def names(code: CodeType, loaded_by: tuple[str, ...] = ("LOAD_GLOBAL", "LOAD_NAME")) -> set[str]:
    """Names that a function loads by these instructions: of globals, or of attributes (LOAD_ATTR, LOAD_METHOD)."""
    nested = (c for c in code.co_consts if isinstance(c, CodeType))
    used = {i.argval for i in dis.get_instructions(code) if i.opname in loaded_by}
    return used.union(*(names(c, loaded_by) for c in nested))


def references(f: FunctionType) -> Iterator[FunctionType]:
    """Plain functions that ``f`` may call, by global name or by closure."""
    cells = [c.cell_contents for c in f.__closure__ or ()]
    for value in (*(f.__globals__.get(n) for n in names(f.__code__)), *cells):
        if isinstance(value, FunctionType):
            yield value


def rebound(f: FunctionType, bind: Callable[[Any], Any], code: CodeType | None = None) -> FunctionType:
    """A copy of ``f`` that refers to ``bind(thing)`` wherever ``f`` refers to ``thing``."""
    namespace = dict(f.__globals__)
    for name in names(f.__code__) & namespace.keys():
        namespace[name] = bind(namespace[name])
    closure = tuple(CellType(bind(c.cell_contents)) for c in f.__closure__ or ())
    copy = FunctionType(code or f.__code__, namespace, f.__name__, f.__defaults__, closure)
    copy.__kwdefaults__ = f.__kwdefaults__
    return copy
