"""What is kept of a chunk of paths that two runs share: the moments of either run and of their difference.

The two runs use common random numbers, so the difference of a path's two records varies far less than the records.
The mean of a coordinate or an observable is compared through that difference. A covariance is no mean over paths;
its influence values

    ψ_p = n/(n - 1) (x_p - x̄)(x_p - x̄)ᵀ            x̄ the mean over the n paths of the chunk

are: their average is the unbiased covariance, so the spread of ψ(second) - ψ(first) over the paths gives the standard
error of the difference of the two covariances. A path leaves all of it as soon as either of its runs has diverged.

The error of a vector of such differences along a direction that is known only at the end needs more than standard
errors: sums over groups of paths that follow one another, of which the spread in any direction can be had later.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.moments import ESCAPE, Moments, valid_paths
from sdeopt.core.packing import packable
from sdeopt.results.sums import FULL, coarse, entries, sums

__all__ = ["FULL", "GROUPS", "ROUNDING", "Estimates", "Groups", "Paired", "entries", "estimates", "merge", "reduce"]

Array = NDArray[np.float64]
GROUPS = 64  # of paths, at most, and over half as many once there are that many paths
ROUNDING = 1e-13  # of the size of a value: what round-off may contribute to a mean or a standard deviation


@packable
class Groups(NamedTuple):
    """Sums over groups of ``size`` paths that follow one another, (groups, saves, c), and how many paths are in them.

    The columns are the differences of the coordinates, then those of the influences ψ of the covariance entries.
    """

    size: int
    number: Array
    total: Array

    def coarser(self) -> Groups:
        """Neighbours together; a last one alone."""
        half = -(-len(self.number) // 2)
        return Groups(2 * self.size, coarse(self.number, half), coarse(self.total, half))

    def merge(self, other: Groups) -> Groups:
        """The groups of both sets of paths, of one size, at most ``GROUPS``."""
        a, b = self, other
        while a.size != b.size:
            a, b = (a.coarser(), b) if a.size < b.size else (a, b.coarser())
        both = Groups(a.size, np.concatenate([a.number, b.number]), np.concatenate([a.total, b.total]))
        while len(both.number) > GROUPS:
            both = both.coarser()
        return both


@packable
class Paired(NamedTuple):
    """Streamed moments, all over the same paths except ``lost``, which is over all.

    ``first``, ``second``, ``difference`` have the columns of the records; the three influences ψ one per entry of the
    covariance (`entries`) and a last one for its trace; ``lost`` has the shares of diverged paths of the first run, of
    the second, and their difference. ``peak`` is the largest square over paths of the difference less its mean in the
    chunk, of the records and of the influences. ``groups`` are none where not asked for. ``finals`` are last positions,
    two arrays per chunk.
    """

    first: Moments
    second: Moments
    difference: Moments
    first_influence: Moments
    second_influence: Moments
    influence_difference: Moments
    lost: Moments
    peak: Array
    groups: Groups | None
    finals: tuple[Array, ...]


class Estimates(NamedTuple):
    """All quantities in time, shape (n, Q): coordinate means, observables, covariance entries, trace, lost.

    ``share`` is the largest part that one path has of the sum of the squared influences on the gap.
    """

    first: Array
    second: Array
    first_stderr: Array
    second_stderr: Array
    gap: Array
    gap_stderr: Array
    first_sd: Array
    second_sd: Array
    share: Array
    paths: Array


def _size(paths: int) -> int:
    """The least power of two of which ``GROUPS`` hold so many paths."""
    return 1 << (-(-paths // GROUPS) - 1).bit_length()


def _lost(survived: list[NDArray[np.bool_]]) -> Moments:
    """Shares of diverged paths of either run, and their difference."""
    first, second = (~one for one in survived)
    if not (first.any() or second.any()):
        paths, saves = first.shape
        zero = np.zeros((saves, 3))
        return Moments(np.full(saves, float(paths)), zero, zero, np.empty((saves, 0, 0)))
    lost = np.stack([first, second, second.astype(float) - first], axis=2)
    return Moments.of(lost, np.ones_like(first), 0)


def reduce(
    first_path: int, first: Array, second: Array, *, d: int, keep: int, vectors: bool = False, traced: bool = False
) -> Paired:  # fmt: skip
    """Reduce the records (paths, saves, d + observables) of two runs; ``keep`` paths leave their last positions.

    With ``vectors`` the groups are kept that the error of a vector needs. With ``traced`` the d numbers are projections
    of a position, and the last one of a record is the path's part of tr Cov x, |x - x̄|² n/(n - 1).
    """
    survived = [valid_paths(records, ESCAPE) for records in (first, second)]
    valid = survived[0] & survived[1]
    count = valid.sum(axis=0).astype(float)
    with np.errstate(over="ignore", invalid="ignore"):  # squares just below the radius of divergence
        number = coarse(valid.astype(float), GROUPS)
        some = sums(first, second, None if valid.all() else valid, count, d, len(number) if vectors else 0, traced)
    kept = valid[:, -1] & (first_path + np.arange(len(first)) < keep)
    none, enough = np.empty((len(count), 0, 0)), np.where(count > 1.0, count, 0.0)
    products = (*some.product, none)
    moments = [Moments(count, *one) for one in zip(some.mean, some.square, products, strict=True)]
    moments += [Moments(enough, *one, none) for one in zip(some.influence, some.influence_square, strict=True)]
    groups = Groups(_size(len(first)), number, some.total) if vectors else None
    return Paired._make([*moments, _lost(survived), some.peak[0], groups, (first[kept, -1, :d], second[kept, -1, :d])])


def merge(a: Paired, b: Paired) -> Paired:
    """Both sets of paths together, ``a`` before ``b``."""
    with np.errstate(over="ignore", invalid="ignore"):
        moments = [x.merge(y) for x, y in zip(a[:7], b[:7], strict=True)]
        groups = None if a.groups is None or b.groups is None else a.groups.merge(b.groups)
    return Paired._make([*moments, np.maximum(a.peak, b.peak), groups, (*a.finals, *b.finals)])


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


def estimates(p: Paired, d: int, traced: bool = False) -> Estimates:
    """Values, gaps second - first, and standard errors; NaN where fewer than two paths are left in both runs.

    ``traced`` is that of `reduce`.
    """
    few = np.where(p.first.count > 1, 0.0, np.nan)[:, None]
    tiny = np.maximum(_round_off(p.first, d), _round_off(p.second, d))

    def cleaned(a: Array) -> Array:
        return np.where(np.abs(a) <= tiny, 0.0, a)

    cov = [cleaned(_covariances(m, d)) for m in (p.first, p.second)]
    for values, influence in zip(cov, (p.first_influence, p.second_influence), strict=True) if traced else ():
        values[:, -1] = influence.mean[:, -1]
    blank = np.full((len(tiny), tiny.shape[1] + 1), np.nan)
    squares = np.hstack([p.difference.square, p.influence_difference.square])
    share = np.where(squares > 0.0, p.peak / np.where(squares > 0.0, squares, 1.0), 0.0)
    return Estimates(
        first=np.hstack([p.first.mean + few, cov[0], p.lost.mean[:, :1]]),
        second=np.hstack([p.second.mean + few, cov[1], p.lost.mean[:, 1:2]]),
        first_stderr=np.hstack([p.first.stderr, cleaned(p.first_influence.stderr), p.lost.stderr[:, :1]]),
        second_stderr=np.hstack([p.second.stderr, cleaned(p.second_influence.stderr), p.lost.stderr[:, 1:2]]),
        gap=np.hstack([p.difference.mean + few, cov[1] - cov[0], p.lost.mean[:, 2:]]),
        gap_stderr=np.hstack([p.difference.stderr, cleaned(p.influence_difference.stderr), p.lost.stderr[:, 2:]]),
        first_sd=np.hstack([np.sqrt(p.first.variance), blank]),
        second_sd=np.hstack([np.sqrt(p.second.variance), blank]),
        share=np.hstack([share, np.zeros((len(share), 1))]),  # that a path is lost is bounded
        paths=p.first.count,
    )
