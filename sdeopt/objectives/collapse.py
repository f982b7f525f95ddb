"""``nc0``: whether the rows of a classifier add up to 0, as they must where neural collapse is to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sdeopt.core import checks

__all__ = ["nc0"]


def nc0(classes: int, columns: int, first: int = 0) -> Callable[[Any], Any]:
    """NC0 of a matrix W with a row for each class, for ``observables=``: the function |1ᵀW|²/|W|² of the position.

    It is from 0, where the rows add up to 0, as those of a simplex do, to K, where all rows are the same; random rows
    have about 1. At W = 0 it is not a number. Of a network ask `TorchObjective.observables`.

    Parameters
    ----------
    classes : int
        K >= 2, the number of rows.
    columns : int
        Their length, without a bias.
    first : int
        Where W begins in x, row by row; default 0.

    Returns
    -------
    callable
        x -> NC0.

    Raises
    ------
    ValueError, TypeError
        If a number is no integer or out of its range; of a run, if its position has fewer entries than W needs.

    References
    ----------
    Zhao et al. (2026), arXiv:2602.16642, of which the abstract was read: NC0 goes to 0 where there is neural collapse.
    Their definition could not be seen; this one is |1ᵀW|² over the size of W, so that shrinking alone does not bring it
    to 0.

    Examples
    --------
    >>> import numpy as np
    >>> import sdeopt as so
    >>> watched = so.nc0(classes=3, columns=1)
    >>> watched(np.array([1.0, 1.0, -2.0])), watched(np.array([1.0, 1.0, 1.0])).round(12)
    (np.float64(0.0), np.float64(3.0))
    """
    rows = checks.integer("classes", classes, low=2)
    width, begin = checks.integer("columns", columns, low=1), checks.integer("first", first)

    def observed(x: Any) -> Any:
        sums, squares = 0.0, 0.0
        for j in range(width):
            column = 0.0
            for k in range(rows):
                entry = x[begin + width * k + j]
                column = column + entry
                squares = squares + entry * entry
            sums = sums + column * column
        return sums / squares

    observed.entries = begin + rows * width  # type: ignore[attr-defined]  # that it reads
    return observed
