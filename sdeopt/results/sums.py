"""Sums over the paths of a chunk that two runs share, some saves at a time.

What is made of the records of some saves stays in a processor's cache, and takes the memory that those before took.
There the paths lie side by side, as in the records that lanes write, so that sums run along memory.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FULL", "Sums", "coarse", "entries", "sums"]

Array = NDArray[np.float64]
Valid = NDArray[np.bool_] | None  # which records are, (paths, saves); None for all
FULL = 8  # above this dimension only variances are compared
NUMBERS = 2**15  # of the records of a run that are taken at a time
SIDE_BY_SIDE = 64  # paths; of fewer the columns lie side by side


class Sums(NamedTuple):
    """What the records of two runs come to; the second axis of each array is the saves.

    Means and centred squares are of the first run, the second and their difference; those of the influences ψ, see
    `paired`, likewise. ``product`` has the centred products of coordinates of either run, ``peak`` the largest squares
    of the difference, of records and influences, and ``total`` its sums over groups of paths, where asked for.
    """

    mean: Array
    square: Array
    product: Array
    influence: Array
    influence_square: Array
    peak: Array
    total: Array


@functools.cache
def entries(d: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the covariance entries that are compared: the diagonal, then the rest if d <= 8."""
    diagonal = np.arange(d)
    i, j = np.triu_indices(d, 1) if d <= FULL else (diagonal[:0], diagonal[:0])
    return np.concatenate([diagonal, i]), np.concatenate([diagonal, j])


def coarse(x: Array, groups: int) -> Array:
    """Sums of neighbours along the first axis, a last one alone, until at most ``groups`` are left."""
    while len(x) > groups:
        even = len(x) // 2 * 2
        pairs = x[:even:2] + x[1:even:2]  # a tenth of the time of ``np.add.reduceat``
        x = pairs if even == len(x) else np.concatenate([pairs, x[even:]])
    return x


def sums(first: Array, second: Array, valid: Valid, count: Array, d: int, groups: int, traced: bool) -> Sums:
    """`Sums` of records (paths, saves, columns), of which ``count`` are valid at each save.

    ``groups`` is how many groups of paths there are, 0 for none; ``traced`` is that of `paired.reduce`.
    """
    (paths, saves, columns), moments = first.shape, len(entries(d)[0])
    width, side = columns - traced, d if d <= FULL else 0
    shapes = [(3, width), (3, width), (2, side, side), (3, moments + 1), (3, moments + 1), (1, width + moments + 1)]
    found = Sums(*(np.empty((of, saves, *each)) for of, *each in (*shapes, (groups, d + moments))))
    if valid is not None:
        first, second = (np.where(valid[:, :, None], records, 0.0) for records in (first, second))
    few = min(max(NUMBERS // (paths * columns), 1), saves)
    room = _room(paths, few, width - d + moments + 1)
    for s in (slice(i, i + few) for i in range(0, saves, few)):
        some = first[:, s], second[:, s], None if valid is None else valid[:, s], count[s], d
        _fill(Sums(*(a[:, s] for a in found)), *some, room[:, :, : len(count[s])])
    return found


def _room(paths: int, saves: int, columns: int) -> Array:
    """Memory for records of both runs and their difference, (3, paths, saves, columns)."""
    if paths < SIDE_BY_SIDE:
        return np.empty((3, paths, saves, columns))
    return np.empty((3, saves, columns, paths)).transpose(0, 3, 1, 2)


def _fill(out: Sums, first: Array, second: Array, valid: Valid, count: Array, d: int, room: Array) -> None:
    """In ``room`` are the observables, the coordinates, of which the squares are influences, and the other influences.

    Their factor n/(n - 1) is the same for all paths, so they are summed without it.
    """
    n, factor = np.maximum(count, 1.0)[:, None], (count / np.maximum(count - 1.0, 1.0))[:, None]
    width, groups = out.mean.shape[2], len(out.total)
    extra, most = width - d, out.peak[0]
    x, psi = room[:, :, :, :width], room[:, :, :, extra:]
    np.subtract(second[:, :, d:width], first[:, :, d:width], out=x[2, :, :, :extra])
    np.subtract(second[:, :, :d], first[:, :, :d], out=x[2, :, :, extra:])
    if groups:
        out.total[:, :, :d] = coarse(x[2, :, :, extra:], groups)
    _in_order(out.mean[2], _centre(x[2:], n, valid)[0], d)
    for run, records, mean in zip(x, (first, second), out.mean, strict=False):
        np.divide(records[:, :, :width].sum(axis=0), n, out=mean)
        np.subtract(records[:, :, d:width], mean[:, d:], out=run[:, :, :extra])
        np.subtract(records[:, :, :d], mean[:, :d], out=run[:, :, extra:])
    _blank(x[:2], valid)
    _products(psi, d)
    x *= x
    psi[:2, :, :, -1] = psi[:2, :, :, :d].sum(axis=3)
    if first.shape[2] > width:  # traced
        for run, records in zip(psi, (first, second), strict=False):
            run[:, :, -1] = np.where(count > 1.0, records[:, :, -1] / factor[:, 0], 0.0)
    _in_order(out.square, x.sum(axis=1), d)
    _in_order(most[:, :width], x[2].max(axis=0), d)
    np.subtract(psi[1], psi[0], out=psi[2])
    if groups:
        np.multiply(coarse(psi[2, :, :, :-1], groups), factor, out=out.total[:, :, d:])
    out.influence[...] = _centre(psi, n, valid)
    _matrices(out.influence[:2] * n, out.product)
    psi *= psi
    out.influence[...] *= factor
    np.multiply(psi.sum(axis=1), factor * factor, out=out.influence_square)
    np.multiply(psi[2].max(axis=0), factor * factor, out=most[:, width:])


def _in_order(out: Array, values: Array, d: int) -> None:
    """Write values of observables and coordinates, the last d, into columns that begin with coordinates."""
    out[..., :d], out[..., d:] = values[..., -d:], values[..., :-d]


def _blank(x: Array, valid: Valid) -> None:
    """Put 0 in the place of records that are not valid."""
    if valid is not None:
        np.copyto(x, 0.0, where=~valid[:, :, None])


def _centre(x: Array, n: Array, valid: Valid) -> Array:
    """The means over n paths, which are taken away from ``x``."""
    mean: Array = x.sum(axis=1) / n
    x -= mean[:, None]
    _blank(x, valid)
    return mean


def _products(psi: Array, d: int) -> None:
    """Products of two of the d coordinates, as in `entries`, of both runs."""
    first = d
    for i in range(d - 1 if psi.shape[3] > d + 1 else 0):
        end = first + d - 1 - i
        np.multiply(psi[:2, :, :, i : i + 1], psi[:2, :, :, i + 1 : d], out=psi[:2, :, :, first:end])
        first = end


def _matrices(values: Array, out: Array) -> None:
    """Write symmetric matrices (2, saves, d, d) whose entries are given; none above d = 8."""
    if d := out.shape[3]:
        i, j = entries(d)
        out[:, :, i, j] = out[:, :, j, i] = values[:, :, :-1]
