"""A battery for the normals of the engine: moments, tails, the whole law, and correlations of all that lies close.

The bits behind them go to dieharder or PractRand by ``python -m benchmarks.rawbits``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sdeopt.engine.machine.draws import NOTHING, fill
from sdeopt.engine.streams import normalise, stream_key

CHUNKS, STEPS, SIZE, PATHS = 50, 64, 10, 3200  # 10^8 draws
LEVELS = (1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 5.5)
POWERS = 8
NEVER = 5.6  # standard errors, two-sided 2e-8
pytestmark = pytest.mark.slow


def draws(first_path: int, key: tuple[int, int], paths: int = PATHS, width: int = 32) -> Any:
    """Draws (groups, steps, components, lanes), as the engine has them made."""
    layout, keys = np.array([[0, SIZE, 0, 1]]), np.array([key], dtype=np.uint64)
    out = np.empty((paths // width, STEPS, SIZE, width))
    for g, group in enumerate(out):
        fill(group.reshape(-1), STEPS, SIZE, width, layout, keys, NOTHING, first_path + g * width, 0, 0)
    return out


def chunks() -> Iterator[Any]:
    key = stream_key(normalise(0), "gradient", 1)
    return (draws(c * PATHS, key) for c in range(CHUNKS))


def double_factorial(n: int) -> int:
    return math.prod(range(n, 0, -2))


def test_moments_and_tails() -> None:
    """Moments 1 to 8 and how many lie beyond 1 to 5.5 standard deviations, on either side; false alarm below 1e-6."""
    sums, beyond, n = np.zeros(POWERS), np.zeros((2, len(LEVELS))), 0
    for z in map(np.ravel, chunks()):
        n += z.size
        beyond += [[(side * z > level).sum() for level in LEVELS] for side in (1, -1)]
        product = np.ones_like(z)
        for p in range(POWERS):
            product *= z
            sums[p] += product.sum()
    for p, total in enumerate(sums, 1):
        moment = double_factorial(p - 1) if p % 2 == 0 else 0
        stderr = math.sqrt((double_factorial(2 * p - 1) - moment**2) / n)
        assert abs(total / n - moment) < NEVER * stderr
    expected = stats.norm.sf(LEVELS)
    assert n * expected[-1] > 1.5  # something is expected beyond 5.5
    for counts in beyond:
        assert (stats.binom.cdf(counts, n, expected) > 2e-8).all()
        assert (stats.binom.sf(counts - 1, n, expected) > 2e-8).all()


def test_the_law_as_a_whole() -> None:
    """Kolmogorov-Smirnov of 5 chunks of 2 million, and 1000 equally likely cells of all; false alarm below 1e-6."""
    counts = np.zeros(1000)
    edges = stats.norm.ppf(np.arange(1, 1000) / 1000)
    for c, z in enumerate(map(np.ravel, chunks())):
        counts += np.bincount(np.searchsorted(edges, z), minlength=1000)
        assert c >= 5 or stats.kstest(z, "norm").pvalue > 1e-7
    assert 5e-7 < stats.chisquare(counts).pvalue < 1 - 5e-7


def test_what_lies_close_is_uncorrelated() -> None:
    """Lanes, components, steps, the two draws of a pair, squares and signs; 18 correlations, false alarm below 1e-6."""
    key = stream_key(normalise(0), "gradient", 1)
    z = draws(0, key)
    near = {
        "paths": (z[..., :-1], z[..., 1:]),
        "groups": (z[:-1], z[1:]),
        "components": (z[:, :, :-1], z[:, :, 1:]),
        "the two of a pair": (z[:, 0::2], z[:, 1::2]),
        "pairs": (z[:, 1:-1:2], z[:, 2::2]),
        "steps and components": (z[:, :-1, :-1], z[:, 1:, 1:]),
    }
    for what, (a, b) in near.items():
        for f in (np.copy, np.square, np.sign):
            assert abs(correlation(f(a), f(b))) < NEVER, what


def test_streams_are_uncorrelated() -> None:
    """Seeds, streams, resolutions and keys one bit apart at the same addresses; false alarm below 1e-6."""
    zero = stream_key(normalise(0), "gradient", 1)
    keys = [zero, (zero[0] ^ 1, zero[1]), (zero[0], zero[1] ^ 1), (zero[1], zero[0])]
    keys += [stream_key(normalise(seed), "gradient", 1) for seed in (1, 2, 2**32, 2**64)]
    keys += [stream_key(normalise(0), name, r) for name, r in (("gradient", 2), ("gradient2", 1), ("noise", 1))]
    streams = [draws(0, key, paths=320).ravel() for key in keys]
    for a, b in itertools.combinations(streams, 2):  # 55 pairs
        assert abs(correlation(a, b)) < NEVER
        assert abs(correlation(a * a, b * b)) < NEVER


def correlation(a: Any, b: Any) -> float:
    """In standard errors."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1] * math.sqrt(a.size))
