"""States of one part or several, draws cut into vectors, observables in a row: the small functions that loops are fed.

Numba compiles tuples of vectors but cannot loop over tuples of mixed shape, so functions over parts are built by
prepending one part at a time, or by halves where there may be many; compiled, they inline to straight-line code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sdeopt.core.halves import fold_halves
from sdeopt.core.math import each

__all__ = [
    "beginner",
    "by_parts",
    "flat_sizes",
    "lend",
    "lift",
    "moment",
    "nothing",
    "observer",
    "positioner",
    "row",
    "same",
    "save_number",
    "save_vector",
    "slicer",
    "store_number",
    "store_vector",
    "unpacker",
]

Shape = int | tuple["Shape", ...]


def by_parts(g: Any, S: Any, q: Any) -> Any:
    """``g`` of the first parts of the states S, of the second ones, and so on."""
    return tuple(g(alike, q) for alike in zip(*S, strict=True))


def lift(g: Any, parts: int) -> Any:
    """A function of states from ``g``, the same function of vectors.

    Both are called as f(S, q) with a tuple S of states (vectors) and a tuple q of numbers. A state of one part is a
    vector, of several a tuple of vectors, to which ``g`` is applied one part at a time.
    """
    return g if parts == 1 else lambda S, q: by_parts(g, S, q)


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


def beginner(takes: Sequence[Any]) -> Any:
    """A function (y, p) that finds the state of the paths from p on in ``y``, each part by its ``take(v, p)``."""
    first = takes[0]
    if len(takes) == 1:
        return first
    if all(take is first for take in takes):
        return lambda y, p: each(first, y, p)

    def member(i: int, take: Any, rest: Any) -> Any:
        return lambda y, p: (take(y[i], p), *rest(y, p))

    return _fold(lambda i, rest: member(i, takes[i], rest), range(len(takes)), lambda y, p: ())


def same(v: Any, p: int) -> Any:
    """The one vector with which all paths begin."""
    return v


def row(v: Any, p: int) -> Any:
    """The vector with which path p begins."""
    return v[p]


def flat_sizes(shape: Shape) -> list[int]:
    """Sizes of the vectors in a nested shape, in order."""
    if isinstance(shape, int):
        return [shape]
    return [size for child in shape for size in flat_sizes(child)]


def slicer(shape: Shape) -> Any:
    """A function (buffer, at) that cuts the flat draws at ``at`` into nested tuples of slices, as `unpacker` does.

    It is one expression, written out: Numba takes some 30 ms for every function.
    """

    def written(node: Shape, first: int) -> str:
        if isinstance(node, int):
            return f"buffer[at + {first} : at + {first + node}]"
        members = []
        for child in node:
            members.append(written(child, first))
            first += sum(flat_sizes(child))
        return f"({''.join(f'{member}, ' for member in members)})"

    return eval(f"lambda buffer, at: {written(shape, 0)}", {"__name__": __name__})


def unpacker(shape: Shape, cut: Callable[[int, int], Any]) -> Any:
    """A function (buffer, at) that cuts flat draws into nested tuples of vectors, each by ``cut(first, end)``.

    In ``shape`` an integer is a vector of that size and a tuple a tuple of its members.
    """
    offset = 0

    def alone(f: Any) -> Any:
        return lambda buffer, at: (f(buffer, at),)

    def both(left: Any, right: Any) -> Any:
        return lambda buffer, at: (*left(buffer, at), *right(buffer, at))

    def build(node: Shape) -> Any:
        nonlocal offset
        if isinstance(node, int):
            offset += node
            return cut(offset - node, offset)
        return fold_halves(both, [alone(build(child)) for child in node]) if node else lambda buffer, at: ()

    return build(shape)


def store_vector(scratch: Any, at: int, x: Any) -> None:
    """Write a vector into flat memory."""
    for i in range(x.size):
        scratch[at + i] = x[i]


def store_number(scratch: Any, at: int, x: Any) -> None:
    """Write a number into flat memory."""
    scratch[at] = x


def save_vector(records: Any, p: int, s: int, i: int, x: Any, alive: Any) -> None:
    """Write a vector into the columns from i on of save s of path p, NaN for one that is not ``alive``."""
    for j in range(x.size):
        records[p, s, i + j] = x[j] + alive


def save_number(records: Any, p: int, s: int, i: int, x: Any, alive: Any) -> None:
    """Write a number likewise."""
    records[p, s, i] = x + alive


def observer(passes: Sequence[tuple[Any, Any]], save: Any) -> Any:
    """A function (o, x, records, p, s, alive) that saves the values of observables, `observables.passes`, behind x."""

    def nothing(o: Any, x: Any, records: Any, p: int, s: int, alive: Any) -> None:
        return None

    def prepend(one: tuple[Any, Any], rest: Any) -> Any:
        f, (first, *others) = one
        second = others[0] if others else first

        def write(o: Any, x: Any, records: Any, p: int, s: int, alive: Any) -> None:
            save(records, p, s, x.size + first, f(o, x), alive)
            rest(o, x, records, p, s, alive)

        def write_two(o: Any, x: Any, records: Any, p: int, s: int, alive: Any) -> None:
            a, b = f(o, x)
            save(records, p, s, x.size + first, a, alive)
            save(records, p, s, x.size + second, b, alive)
            rest(o, x, records, p, s, alive)

        return write_two if others else write

    return _fold(prepend, passes, nothing)


def moment(make: Any, fields: Sequence[str], factors: Mapping[str, Any]) -> Any:
    """A function (m, s) that returns the method at k or t = s; ``make`` is its class.

    m holds the method at its peaks, its schedules, and for each of them (a, b): it is asked at s a/b. ``factors`` has
    the function (schedule, s) of each field that is scheduled.
    """
    places = {name: i for i, name in enumerate(factors)}

    def follow(n: int, i: int, factor: Any, rest: Any) -> Any:
        return lambda m, s: (m[0][n] * factor(m[1][i], s * m[2][i][0] / m[2][i][1]), *rest(m, s))

    def keep(n: int, rest: Any) -> Any:
        return lambda m, s: (m[0][n], *rest(m, s))

    def prepend(n: int, rest: Any) -> Any:
        name = fields[n]
        return follow(n, places[name], factors[name], rest) if name in places else keep(n, rest)

    values = _fold(prepend, range(len(fields)), lambda m, s: ())
    return lambda m, s: make(*values(m, s))


def _fold(prepend: Any, items: Sequence[Any], last: Any) -> Any:
    f = last
    for item in reversed(items):
        f = prepend(item, f)
    return f
