"""States of one part or several, draws cut into vectors, observables in a row: the small functions that loops are fed.

Numba compiles tuples of vectors but cannot loop over tuples of mixed shape, so functions over parts are built by
prepending one part at a time; compiled, they inline to straight-line code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = [
    "beginner",
    "flat_sizes",
    "lend",
    "lift",
    "nothing",
    "observer",
    "positioner",
    "slicer",
    "store_number",
    "store_vector",
    "unpacker",
]

Shape = int | tuple["Shape", ...]


def lift(g: Any, parts: int, count: int) -> Any:
    """A function of ``count`` states from ``g``, the same function of vectors.

    Both are called as f(S, q) with a tuple S of states (vectors) and a tuple q of numbers. A state of one part is a
    vector, of several a tuple of vectors, to which ``g`` is applied one part at a time.
    """
    if parts == 1:
        return g

    def member(i: int, n: int, rest: Any) -> Any:
        return lambda S: (S[n][i], *rest(S))

    def prepend(i: int, rest: Any) -> Any:
        pick = _fold(lambda n, others: member(i, n, others), range(count), lambda S: ())
        return lambda S, q: (g(pick(S), q), *rest(S, q))

    return _fold(prepend, range(parts), lambda S, q: ())


def lend(values: Any) -> Any:
    """The same values, of which the caller keeps the arrays: compiled loops do not count references to them."""
    return values


def nothing() -> None:
    """What vectors do where lanes ask for wide registers."""


def _whole(y: Any) -> Any:
    return y


def _first(y: Any) -> Any:
    return y[0]


def positioner(parts: int) -> Any:
    """The position x of a state."""
    return _first if parts > 1 else _whole


def beginner(parts: int, spread: Any) -> Any:
    """A function that applies ``spread`` (or nothing, if None) to every part of an initial state."""
    if spread is None:
        return _whole
    if parts == 1:
        return lambda y: spread(y)

    def prepend(i: int, rest: Any) -> Any:
        return lambda y: (spread(y[i]), *rest(y))

    return _fold(prepend, range(parts), lambda y: ())


def flat_sizes(shape: Shape) -> list[int]:
    """Sizes of the vectors in a nested shape, in order."""
    if isinstance(shape, int):
        return [shape]
    return [size for child in shape for size in flat_sizes(child)]


def slicer(a: int, b: int) -> Any:
    """The vector of the columns a to b of the draws at ``at``."""
    return lambda buffer, at: buffer[at + a : at + b]


def unpacker(shape: Shape, cut: Callable[[int, int], Any]) -> Any:
    """A function (buffer, at) that cuts flat draws into nested tuples of vectors, each by ``cut(first, end)``.

    In ``shape`` an integer is a vector of that size and a tuple a tuple of its members.
    """
    offset = 0

    def prepend(first: Any, rest: Any) -> Any:
        return lambda buffer, at: (first(buffer, at), *rest(buffer, at))

    def build(node: Shape) -> Any:
        nonlocal offset
        if isinstance(node, int):
            offset += node
            return cut(offset - node, offset)
        return _fold(prepend, [build(child) for child in node], lambda buffer, at: ())

    return build(shape)


def store_vector(scratch: Any, at: int, x: Any) -> None:
    """Write a vector into flat memory."""
    for i in range(x.size):
        scratch[at + i] = x[i]


def store_number(scratch: Any, at: int, x: Any) -> None:
    """Write a number into flat memory."""
    scratch[at] = x


def observer(functions: Sequence[Any], store: Any, width: int) -> Any:
    """A function (o, x, scratch, i) that writes the values of observables into the rows from i on."""

    def nothing(o: Any, x: Any, scratch: Any, i: int) -> None:
        return None

    def prepend(f: Any, rest: Any) -> Any:
        def write(o: Any, x: Any, scratch: Any, i: int) -> None:
            store(scratch, i * width, f(o, x))
            rest(o, x, scratch, i + 1)

        return write

    return _fold(prepend, functions, nothing)


def _fold(prepend: Any, items: Sequence[Any], last: Any) -> Any:
    f = last
    for item in reversed(items):
        f = prepend(item, f)
    return f
