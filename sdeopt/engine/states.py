"""States of one part or several, draws cut into vectors, observables in a row: the small functions that loops are fed.

Numba compiles tuples of vectors but cannot loop over tuples of mixed shape, so functions over parts are built by
prepending one part at a time; compiled, they inline to straight-line code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["advancer", "observer", "positioner", "scaler", "standstill", "unpacker"]

Shape = int | tuple["Shape", ...]


def _advance(y: Any, dt: float, a: Any, b: Any, root: float, w: Any) -> Any:
    return y + (0.5 * dt) * (a + b) + root * w


def advancer(parts: int) -> Any:
    """y + dt (a + b)/2 + √dt w for a state of ``parts`` vectors."""

    def nothing(y: Any, dt: float, a: Any, b: Any, root: float, w: Any) -> Any:
        return ()

    def prepend(i: int, rest: Any) -> Any:
        def f(y: Any, dt: float, a: Any, b: Any, root: float, w: Any) -> Any:
            return (_advance(y[i], dt, a[i], b[i], root, w[i]), *rest(y, dt, a, b, root, w))

        return f

    return _fold(prepend, range(parts), nothing) if parts > 1 else _advance


def _scale(r: float, b: Any) -> Any:
    return r * b


def scaler(parts: int) -> Any:
    """r b for a state of ``parts`` vectors."""

    def nothing(r: float, b: Any) -> Any:
        return ()

    def prepend(i: int, rest: Any) -> Any:
        return lambda r, b: (_scale(r, b[i]), *rest(r, b))

    return _fold(prepend, range(parts), nothing) if parts > 1 else _scale


def standstill(parts: int) -> Any:
    """A diffusion that is zero."""
    scale = scaler(parts)
    return lambda m, t, y, o, dw: scale(0.0, y)


def _whole(y: Any) -> Any:
    return y


def _first(y: Any) -> Any:
    return y[0]


def positioner(parts: int) -> Any:
    """The position x of a state."""
    return _first if parts > 1 else _whole


def unpacker(shape: Shape) -> tuple[Callable[[Any], Any], list[int]]:
    """A function that cuts a flat row into nested tuples of vectors, and the flat list of their sizes.

    In ``shape`` an integer is a vector of that size and a tuple a tuple of its members.
    """
    sizes: list[int] = []

    def vector(a: int, b: int) -> Any:
        return lambda row: row[a:b]

    def prepend(first: Any, rest: Any) -> Any:
        return lambda row: (first(row), *rest(row))

    def build(node: Shape) -> Any:
        if isinstance(node, int):
            sizes.append(node)
            return vector(sum(sizes) - node, sum(sizes))
        return _fold(prepend, [build(child) for child in node], lambda row: ())

    return build(shape), sizes


def observer(functions: Sequence[Any]) -> Any:
    """A function (o, x, row, i) that writes the values of observables into a row from column i on."""

    def nothing(o: Any, x: Any, row: Any, i: int) -> None:
        return None

    def prepend(f: Any, rest: Any) -> Any:
        def write(o: Any, x: Any, row: Any, i: int) -> None:
            row[i] = f(o, x)
            rest(o, x, row, i + 1)

        return write

    return _fold(prepend, functions, nothing)


def _fold(prepend: Any, items: Sequence[Any], last: Any) -> Any:
    f = last
    for item in reversed(items):
        f = prepend(item, f)
    return f
