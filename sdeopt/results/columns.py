"""What the columns of a report are: their kinds, and what people call them.

A column is known by its kind and its number among those of that kind; names are made of these, and never read.
"""

from __future__ import annotations

from sdeopt.results.paired import entries

__all__ = ["coordinate", "labels", "mean_of", "symbol"]

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def coordinate(i: int) -> str:
    """The name of a coordinate of x, which is numbered from 0 here and from 1 there."""
    return f"x{i + 1}".translate(SUBSCRIPTS)


def labels(d: int, observables: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Kind and name of every column of a report: means, observables, variances, covariances, trace, diverged."""
    x = [coordinate(i) for i in range(d)]
    i, j = (index[d:] for index in entries(d))
    pairs = [f"cov {x[a]},{x[b]}" for a, b in zip(i, j, strict=True)]
    names = [f"mean {c}" for c in x] + [*observables] + [f"var {c}" for c in x] + pairs + ["tr Cov x", "diverged"]
    kinds = ["mean"] * d + ["observable"] * len(observables) + ["variance"] * d + ["covariance"] * len(pairs)
    return (*kinds, "trace", "diverged"), tuple(names)


def symbol(kinds: tuple[str, ...], names: tuple[str, ...], column: int) -> str:
    """What a column is about: x₁ of a mean or a variance, x₁,x₂ of a covariance, else its name."""
    kind, number = kinds[column], column - kinds.index(kinds[column])
    if kind in ("mean", "variance"):
        return coordinate(number)
    if kind == "covariance":
        d = kinds.count("mean")
        i, j = (int(index[d + number]) for index in entries(d))
        return f"{coordinate(i)},{coordinate(j)}"
    return names[column]


def mean_of(kinds: tuple[str, ...], names: tuple[str, ...], column: int) -> str:
    """A column as a formula: E of what is averaged, else its name."""
    averaged = kinds[column] in ("mean", "observable")
    return f"E {symbol(kinds, names, column)}" if averaged else names[column]
