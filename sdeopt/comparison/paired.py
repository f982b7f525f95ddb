"""What is kept of a chunk of paths that two runs share: the moments of either run and of their difference.

The two runs use common random numbers, so the difference of a path's two records varies far less than the records.
The mean of a coordinate or an observable is compared through that difference. A covariance is no mean over paths;
its influence values

    ψ_p = n/(n - 1) (x_p - x̄)(x_p - x̄)ᵀ            x̄ the mean over the n paths of the chunk

are: their average is the unbiased covariance, so the spread of ψ(second) - ψ(first) over the paths gives the standard
error of the difference of the two covariances. A path leaves all of it as soon as either of its runs has diverged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.moments import Moments, valid_paths
from sdeopt.core.packing import packable
from sdeopt.engine.loops import ESCAPE

__all__ = ["FULL", "ROUNDING", "Estimates", "Paired", "entries", "estimates", "merge", "reduce"]

Array = NDArray[np.float64]
FULL = 8  # above this dimension only variances are compared
ROUNDING = 1e-13  # of the size of a value: what round-off may contribute to a mean or a standard deviation


@packable
class Paired(NamedTuple):
    """Streamed moments, all over the same paths except ``lost``, which is over all.

    ``first``, ``second``, ``difference`` have the columns of the records; the three influences ψ one per entry of the
    covariance (`entries`) and a last one for its trace; ``lost`` has the shares of diverged paths of the first run, of
    the second, and their difference. ``finals`` are last positions, two arrays per chunk.
    """

    first: Moments
    second: Moments
    difference: Moments
    first_influence: Moments
    second_influence: Moments
    influence_difference: Moments
    lost: Moments
    finals: tuple[Array, ...]


class Estimates(NamedTuple):
    """All quantities in time, shape (n, Q): coordinate means, observables, covariance entries, trace, lost."""

    first: Array
    second: Array
    first_stderr: Array
    second_stderr: Array
    gap: Array
    gap_stderr: Array
    first_sd: Array
    second_sd: Array
    paths: Array


def entries(d: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the covariance entries that are compared: the diagonal, then the rest if d <= 8."""
    diagonal = np.arange(d)
    i, j = np.triu_indices(d, 1) if d <= FULL else (diagonal[:0], diagonal[:0])
    return np.concatenate([diagonal, i]), np.concatenate([diagonal, j])


def _influence(x: Array, valid: NDArray[np.bool_]) -> Array:
    """ψ of the entries and of the trace, (paths, saves, entries + 1), for positions (paths, saves, d)."""
    count = valid.sum(axis=0)
    weight = valid[:, :, None]
    mean = x.sum(axis=0, where=weight) / np.maximum(count, 1)[:, None]
    deviation = np.where(weight, x - mean, 0.0)
    i, j = entries(x.shape[2])
    psi = np.concatenate([deviation[:, :, i] * deviation[:, :, j], (deviation**2).sum(axis=2, keepdims=True)], axis=2)
    unbiased: Array = psi * (count / np.maximum(count - 1, 1))[None, :, None]
    return unbiased


def reduce(first_path: int, first: Array, second: Array, *, d: int, keep: int) -> Paired:
    """Reduce the records (paths, saves, d + observables) of two runs; ``keep`` paths leave their last positions."""
    survived = [valid_paths(records, ESCAPE) for records in (first, second)]
    valid = survived[0] & survived[1]
    first, second = (np.where(valid[:, :, None], records, 0.0) for records in (first, second))
    products = d if d <= FULL else 0
    enough = valid & (valid.sum(axis=0) > 1)
    with np.errstate(over="ignore", invalid="ignore"):  # squares just below the radius of divergence
        psi = [_influence(records[:, :, :d], enough) for records in (first, second)]
        lost = np.stack([~survived[0], ~survived[1]], axis=2).astype(float)
        lost = np.concatenate([lost, lost[:, :, 1:] - lost[:, :, :1]], axis=2)
        kept = valid[:, -1] & (first_path + np.arange(len(first)) < keep)
        return Paired(
            Moments.of(first, valid, products),
            Moments.of(second, valid, products),
            Moments.of(second - first, valid, 0),
            Moments.of(psi[0], enough, 0),
            Moments.of(psi[1], enough, 0),
            Moments.of(psi[1] - psi[0], enough, 0),
            Moments.of(lost, np.ones_like(valid), 0),
            (first[kept, -1, :d], second[kept, -1, :d]),
        )


def merge(a: Paired, b: Paired) -> Paired:
    """Both sets of paths together, ``a`` before ``b``."""
    with np.errstate(over="ignore", invalid="ignore"):
        moments = [x.merge(y) for x, y in zip(a[:-1], b[:-1], strict=True)]
    return Paired._make([*moments, (*a.finals, *b.finals)])


def _covariances(m: Moments, d: int) -> Array:
    """Covariance entries and trace, (n, entries + 1)."""
    i, j = entries(d)
    values = m.covariance[:, i, j] if d <= FULL else m.variance[:, :d]
    return np.concatenate([values, values[:, :d].sum(axis=1, keepdims=True)], axis=1)


def _round_off(m: Moments, d: int) -> Array:
    """What round-off may leave of the covariances of identical paths, (n, entries + 1)."""
    i, j = entries(d)
    size = ROUNDING * np.abs(m.mean[:, :d])
    return np.concatenate([size[:, i] * size[:, j], (size * size).sum(axis=1, keepdims=True)], axis=1)


def estimates(p: Paired, d: int) -> Estimates:
    """Values, gaps second - first, and standard errors; NaN where fewer than two paths are left in both runs."""
    few = np.where(p.first.count > 1, 0.0, np.nan)[:, None]
    tiny = np.maximum(_round_off(p.first, d), _round_off(p.second, d))

    def cleaned(a: Array) -> Array:
        return np.where(np.abs(a) <= tiny, 0.0, a)

    cov = [cleaned(_covariances(m, d)) for m in (p.first, p.second)]
    blank = np.full((len(tiny), tiny.shape[1] + 1), np.nan)
    return Estimates(
        first=np.hstack([p.first.mean + few, cov[0], p.lost.mean[:, :1]]),
        second=np.hstack([p.second.mean + few, cov[1], p.lost.mean[:, 1:2]]),
        first_stderr=np.hstack([p.first.stderr, cleaned(p.first_influence.stderr), p.lost.stderr[:, :1]]),
        second_stderr=np.hstack([p.second.stderr, cleaned(p.second_influence.stderr), p.lost.stderr[:, 1:2]]),
        gap=np.hstack([p.difference.mean + few, cov[1] - cov[0], p.lost.mean[:, 2:]]),
        gap_stderr=np.hstack([p.difference.stderr, cleaned(p.influence_difference.stderr), p.lost.stderr[:, 2:]]),
        first_sd=np.hstack([np.sqrt(p.first.variance), blank]),
        second_sd=np.hstack([np.sqrt(p.second.variance), blank]),
        paths=p.first.count,
    )
