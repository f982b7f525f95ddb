"""Laws at the end: distances between the two columns' distributions, with the level that chance reaches.

Per coordinate, from the empirical distribution functions F and G of n paths each,

    W1 = ∫ |F - G| dx          Kolmogorov-Smirnov = max |F - G|

and for the vector the energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| (the squared one of Székely & Rizzo, 2013,
doi:10.1016/j.jspi.2013.03.018), all by their sample averages. The two positions of a path are a pair; if the columns
have the same law, swapping the members of random pairs changes nothing, so the 95 % quantile over such swaps is the
floor below which a distance says nothing. They describe; they carry no verdict.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["PATHS", "Laws", "distances"]

Array = NDArray[np.float64]
PATHS = 2000  # pairs that enter W1 and KS
PATHS_ENERGY = 500  # pairs that enter the energy distance, which is quadratic in their number
COORDINATES = 8  # of more, those with the largest variance
SWAPS = 200
LEVEL = 0.95


class Laws(NamedTuple):
    """Distances of the laws at the last save; arrays have one entry per coordinate in ``coordinates`` (from 0)."""

    pairs: int
    coordinates: Array
    w1: Array
    w1_floor: Array
    ks: Array
    ks_floor: Array
    energy: float
    energy_floor: float


def _swaps(rng: np.random.Generator, n: int) -> Array:
    """Signs (SWAPS + 1, n): -1 swaps a pair; the first row swaps none."""
    signs = np.where(rng.random((SWAPS + 1, n)) < 0.5, -1.0, 1.0)
    signs[0] = 1.0
    return signs


def _of_coordinate(x: Array, y: Array, signs: Array) -> tuple[float, float, float, float]:
    """W1, its floor, KS, its floor, of two samples of one coordinate."""
    pooled = np.concatenate([x, y])
    order = np.argsort(pooled, kind="stable")
    widths = np.diff(pooled[order])
    gap = np.cumsum(np.hstack([signs, -signs])[:, order], axis=1)[:, :-1] / len(x)
    np.abs(gap, out=gap)
    w1 = gap @ widths
    ks = (gap * (widths > 0)).max(axis=1)  # F - G means something between distinct values only
    return float(w1[0]), float(np.quantile(w1[1:], LEVEL)), float(ks[0]), float(np.quantile(ks[1:], LEVEL))


def _energy(x: Array, y: Array, signs: Array) -> tuple[float, float]:
    """-(1/n²) Σ a_i a_j |z_i - z_j| over the pooled sample z with a = 1 on x and -1 on y; and its floor."""
    from scipy.spatial.distance import cdist

    cross = cdist(x, y)
    pairs = cdist(x, x) + cdist(y, y) - cross - cross.T
    values = -np.einsum("si,si->s", signs @ pairs, signs) / len(x) ** 2
    return max(0.0, float(values[0])), float(np.quantile(values[1:], LEVEL))


def distances(x: Array, y: Array, rng: np.random.Generator) -> Laws | None:
    """Distances between the laws of paired samples (n, d) each; None for fewer than two pairs."""
    n = len(x)
    if n < 2:
        return None
    chosen = np.sort(np.argsort(-x.var(axis=0), kind="stable")[:COORDINATES])
    signs = _swaps(rng, n)
    w1, w1_floor, ks, ks_floor = np.array([_of_coordinate(x[:, i], y[:, i], signs) for i in chosen]).T
    few = min(n, PATHS_ENERGY)
    return Laws(n, chosen.astype(float), w1, w1_floor, ks, ks_floor, *_energy(x[:few], y[:few], signs[:, :few]))
