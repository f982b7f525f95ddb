"""Roots of SIMD lanes that begin with an estimate: correctly rounded, whatever the estimate; and signs."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numba import njit

import sdeopt.engine.compiler.linker  # noqa: F401  (gives lanes their roots)
from sdeopt.engine.compiler import roots
from sdeopt.engine.compiler.lanes import loader, storer
from sdeopt.engine.compiler.roots import refined
from sdeopt.engine.machine.fused import fused

REACH = 1024


def near_middles() -> np.ndarray[Any, Any]:
    """All a in [1, 4) with 2^106 |a - m²| <= REACH for a middle m = M/2^53 between two float64, M odd.

    2^106 a = M² - c is a multiple of 2^k, k = 54 below 2 and 55 from 2 on. So c = M² mod 2^k; such c are 1 mod 8, and
    their four roots are found bit by bit. Relative to m the others are farther away than REACH/2^109.
    """
    found = []
    for c in range(-REACH + 1, REACH, 8):
        for k in (54, 55):
            root = 1
            for j in range(3, k):
                root += (root * root - c >> j & 1) << (j - 1)
            half = 1 << (k - 1)
            for M in {s % (1 << k) for s in (root, -root, root + half, -root + half)}:
                a = Fraction(M * M - c, 1 << 106)
                if 1 << 53 < M < 1 << 54 and (a < 2) == (k == 54):
                    found.append(float(a))
                    assert Fraction(found[-1]) == a
    return np.array(found)


def test_every_estimate_gives_the_correctly_rounded_root() -> None:
    """Of the roots that are hardest to round, and of others; estimates as wrong as they may be, and less."""
    hard = near_middles()
    assert hard.size > 300
    random = np.random.default_rng(0)
    a = np.concatenate([hard, random.uniform(1.0, 4.0, 1000)])
    errors = 2.0**-14 * np.concatenate([[-1.0, 1.0], random.uniform(-1.0, 1.0, 200)])
    for error in errors:
        y = (1.0 + error) / np.sqrt(a)
        assert np.array_equal(refined(operator.mul, operator.neg, fused, a, y, 0.5), np.sqrt(a))


@pytest.mark.parametrize("name", ["znver4", "another"])
@pytest.mark.parametrize("width", [8, 16, 32])
def test_roots_and_signs_of_lanes_have_the_bits_of_others(
    width: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of what has no root, of subnormal numbers and of the largest; as each processor makes them."""
    monkeypatch.setattr(roots, "processor", lambda: name)
    load, store = loader(1, width), storer(width)

    @njit
    def both(x: Any, out: Any, signs: Any) -> None:
        for i in range(0, x.size, width):
            store(out, i, np.sqrt(load(x, i)))
            store(signs, i, np.sign(load(x, i)))

    random = np.random.default_rng(width)
    edges = np.array(
        [0.0, 5e-324, 2.0**-1022, 2.0**-900, np.nextafter(2.0**-900, 0.0), 1.0, np.finfo(float).max, np.inf]
    )
    any_bits = random.integers(0, 2**64, 32768, dtype=np.uint64).view(np.float64)
    hard = near_middles()
    x = np.concatenate(
        [edges, -edges, np.full(16, np.nan), any_bits, np.resize(np.ldexp(hard, 200), 1024), np.resize(hard, 1024)]
    )
    out, signs = np.full_like(x, -1.0), np.full_like(x, 7.0)
    both(x, out, signs)
    with np.errstate(invalid="ignore"):
        expected = np.sqrt(x)
    assert np.array_equal(out, expected, equal_nan=True)
    assert np.array_equal(np.signbit(out[: 2 * edges.size : 8]), np.signbit(expected[: 2 * edges.size : 8]))
    known = np.sign(x)
    assert np.array_equal(signs, known, equal_nan=True)
    assert np.array_equal(np.signbit(signs[known == 0.0]), np.signbit(known[known == 0.0]))
