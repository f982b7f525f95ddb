"""What a step computes, counted: the page's own functions run once, on arrays that note every operation.

An elementwise operation counts its entries, a product of matrices its multiplications, a decomposition the cube of its
dimension. Functions are copied, so that arrays which they make, to fill them entry by entry, note it too. What is
counted depends on the page and the problem only, never on the machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from sdeopt.core.references import Module, rebound
from sdeopt.engine.values import is_installed

__all__ = ["Tally", "noting", "tallied"]

MAKERS = ("array", "asarray", "zeros", "ones", "empty", "full", "eye")
FUNCTIONS = ("exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt")  # math's are NumPy's
COMPUTED = 200  # entries in the time that one of them takes, but for roots
DEAR = {np.divide, np.true_divide, np.sqrt, np.floor_divide, np.remainder, np.power}
LONG = {getattr(np, name) for name in FUNCTIONS} - DEAR | {np.log2, np.log10, np.exp2, np.arctan, np.arctan2}


@dataclass
class Tally:
    """Operations, those on numbers alone, the entries made, and of these those of a division or root, of a product."""

    calls: int = 0
    numbers: int = 0
    entries: int = 0
    dear: int = 0
    products: int = 0

    def add(self, entries: int, dear: bool = False, product: bool = False) -> None:
        """Note one operation."""
        self.calls += 1
        self.numbers += entries == 1
        self.entries += entries
        self.dear += entries * dear
        self.products += entries * product


class Noting(np.ndarray[Any, Any]):
    """An array that notes what is done with it, and whose results do, numbers too."""

    tally: Tally

    def __array_finalize__(self, obj: Any) -> None:
        self.tally = getattr(obj, "tally", None)  # type: ignore[assignment]

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(_plain(key))
        return found if isinstance(found, np.ndarray) else noting(found, self.tally)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **more: Any) -> Any:
        tally = next(a.tally for a in (*inputs, *(out or ())) if isinstance(a, Noting))
        into = out is not None and np.ndim(out[0]) > 0  # a number is not changed: += makes a new one
        given = {"out": _plain(out)} if into else {}
        plain = _plain(inputs)  # of which asking for the size is no operation
        found = getattr(ufunc, method)(*plain, **_plain(more), **given)
        size = max(np.size(a) for a in (found, *plain) if not isinstance(a, tuple))
        if ufunc is np.matmul:
            size = np.size(found) * np.shape(plain[0])[-1]
        if ufunc in LONG:
            size *= COMPUTED
        tally.add(size, ufunc in DEAR, ufunc is np.matmul)
        return found if found is None else noting(found, tally)

    def __array_function__(self, f: Any, types: Any, args: Any, kwargs: Any) -> Any:
        found = f(*_plain(args), **_plain(kwargs))
        size = np.size(found) if isinstance(found, np.ndarray) else 1
        if f in (np.shape, np.size, np.ndim):
            return found
        if f.__module__ == "numpy.linalg":
            first = np.shape(_plain(args[0]))
            size = first[-1] ** 3 if first else 1
        self.tally.add(size)
        return noting(found, self.tally) if isinstance(found, np.ndarray | np.floating) else found


def noting(a: Any, tally: Tally) -> Any:
    """The array, or number, that notes in ``tally``; a tuple of them."""
    if isinstance(a, tuple):
        return tuple(noting(part, tally) for part in a)
    array = np.asarray(a).view(Noting)
    array.tally = tally
    return array


def _plain(a: Any) -> Any:
    if isinstance(a, Noting):
        return a.view(np.ndarray)[()] if a.ndim == 0 else a.view(np.ndarray)
    if isinstance(a, tuple) and not hasattr(a, "_fields"):
        return tuple(map(_plain, a))
    if isinstance(a, list):
        return [_plain(part) for part in a]
    return {key: _plain(value) for key, value in a.items()} if isinstance(a, dict) else a


def tallied(f: FunctionType, *given: Any) -> Tally:
    """What ``f`` computes with these arrays."""
    tally = Tally()
    _Copies(tally)(f)(*(noting(a, tally) for a in given))
    return tally


def _log(x: Any, *base: Any) -> Any:
    return np.log(x) / np.log(base[0]) if base else np.log(x)


MATH: dict[Any, Any] = {getattr(math, name): getattr(np, name) for name in FUNCTIONS} | {math.log: _log}


class _Copies:
    """Copies of plain functions, and of those that they call, for which ``np`` is this object: its new arrays note."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._done: dict[FunctionType, Callable[..., Any]] = {}

    def __call__(self, f: FunctionType) -> Callable[..., Any]:
        if f not in self._done:
            self._done[f] = lambda *given, **more: self._done[f](*given, **more)  # for what refers to itself
            self._done[f] = rebound(f, self._bound)
        return self._done[f]

    def _bound(self, thing: Any) -> Any:
        if thing is np:
            return self
        if isinstance(thing, BuiltinFunctionType):
            return MATH.get(thing, thing)
        if isinstance(thing, FunctionType) and not is_installed(thing.__module__):
            return self(thing)
        if type(thing) is tuple:
            return tuple(map(self._bound, thing))
        followed = isinstance(thing, ModuleType) and (thing is math or thing.__name__.startswith("sdeopt."))
        return Module(thing, self._bound) if followed else thing

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if name not in MAKERS:
            return found
        return lambda *given, **more: noting(found(*_plain(given), **_plain(more)), self._tally)
