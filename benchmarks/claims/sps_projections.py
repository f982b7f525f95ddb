"""Where one x solves all examples SPS_max needs no curvature: it projects on one example after the other.

Source: Loizou et al. (2021), arXiv:2002.10542, recalled: under interpolation SPS converges linearly without knowing L.
That a step on ½(a·x - b)² is Kaczmarz's projection at c = ½, and the rate, are derived here: in d dimensions and where
the directions of the rows are a tight frame, E|x - x*|² falls by 1 - (2ω - ω²)/d in a step, ω = 1/(2c). Without a
common solution it cannot know where to stop: Orvieto, Lacoste-Julien & Loizou (2022), arXiv:2205.04583, recalled.
Measured: E|x - x*|² after 8 steps on batches of one over the formula, for c = ½ and 1, γ_b = 10⁹, rows in 8 directions
of the plane and of lengths from 0.01 to 100; the same of SGD with the step 1/L of the longest row, and with 4 times
this the share of paths that end farther than they began; with targets moved by ±1 the mean of f - f* at rest, γ_b = 10⁹
over γ_b = 0.01. (At first 30 steps, after which a few paths carry the means, and 2.1/L, which grows along the longest
row only.)
Refuted by: a quotient other than 1 for SPS_max; SGD at 1/L at half of its squared distance or nearer; at 4/L most paths
nearer than they began; a level at rest with 10⁹ less than ten times that with 0.01.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths, run, share

STEPS, BEST = 8, np.array([1.0, -2.0])
ANGLES = np.pi * np.arange(8) / 8.0
LENGTHS = np.array([1.0, 0.01, 10.0, 0.1, 100.0, 0.03, 30.0, 0.3])
FRAME = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])  # Σ aaᵀ = 4 I
MOST = float(LENGTHS.max() ** 2)  # L of an example
AWAY = np.array([4.0, 2.0])
ROWS = so.Problem(so.LinearRegression(LENGTHS[:, None] * FRAME, np.zeros(8)), so.Minibatch(1), x0=AWAY)


def left(page: Any, number: int) -> Estimate:
    """E|x - x*|² at the end over the start: x is moved so that x* = 0."""
    return mean("norm2", page, ROWS, number, steps=STEPS) / float(AWAY @ AWAY)


def level(page: Any, number: int) -> Estimate:
    """E f - f* at rest, targets ±1 off the common solution, rows of length 1."""
    f = so.LinearRegression(FRAME, FRAME @ BEST + np.tile([1.0, -1.0], 4))
    value, error = mean("loss", page, so.Problem(f, so.Minibatch(1), x0=BEST), number, steps=1000)
    return Estimate(value - f.minimum, error)


def measure(size: float = 1.0) -> list[Finding]:
    number = paths(20_000, size)
    found = []
    for c in (0.5, 1.0):
        omega = 1.0 / (2.0 * c)
        own = left(so.SPSMax(1e9, c), number) / (1.0 - (2.0 * omega - omega * omega) / 2.0) ** STEPS
        found.append(finding(f"SPS_max, c = {c:g}: E|x - x*|² over the formula", (0.8, 1.25), own))
    slow = left(so.SGD(1.0 / MOST), number)
    found.append(finding("SGD with the step 1/L: E|x - x*|² over the start", (0.5, 1.0), slow))
    ends = run(so.SGD(4.0 / MOST), ROWS, number // 4, steps=STEPS).final
    farther = (ends * ends).sum(axis=1) > AWAY @ AWAY
    found.append(share("SGD with the step 4/L: farther from x* than at the start", (0.5, 1.0), farther))
    rest = level(so.SPSMax(1e9), number // 4) / level(so.SPSMax(0.01), number // 4)
    return [*found, finding("no common solution: level at rest, γ_b = 10⁹ over 0.01", (10.0, math.inf), rest)]
