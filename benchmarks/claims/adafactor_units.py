"""Adafactor has no units: weights, target and noise a times as large give a path a times as large, unlike Adam's.

Source: Shazeer & Stern (2018), arXiv:1804.04235, recalled: steps relative to the size of the weights. γ/√V is free of
the unit of the gradient, and rms(x) has that of x.
Measured: E|x - T|²/a² after 200 steps on ½|x - T|² with noise σ = a/2, from x₀ = a (1, ..., 1), at a = 10 over that at
a = 1; of Adam the length of the mean path of 20 steps, over a.
Refuted by: a quotient other than 1 for Adafactor (its least size of x is 10⁻³), or for Adam one other than 1/10, since
its steps have one length.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, mean, paths, run

TARGET = np.array([[4.0, 0.0, 3.0], [0.0, -4.0, 2.0]])


def at(a: float) -> so.Problem:
    return so.Problem(so.MatrixQuadratic(a * TARGET), so.Gaussian(0.5 * a), x0=np.full(6, a))


def went(page: Any, a: float, number: int) -> Estimate:
    """How far the mean position went, over a, with an error that all coordinates have part in."""
    e = run(page, at(a), number, steps=20)
    error = np.sqrt(np.trace(e.cov[-1]) / number)
    return Estimate(float(np.linalg.norm(e.mean[-1] - a)) / a, float(error) / a)


def measure(size: float = 1.0) -> list[Finding]:
    number = paths(2_000, size)
    left = [mean("loss", so.Adafactor(0.01), at(a), number, steps=200) for a in (1.0, 10.0)]
    lengths = [went(so.Adam(0.01), a, number) for a in (1.0, 10.0)]
    return [
        finding("Adafactor: loss left at a = 10 over that at a = 1, over a²", (0.95, 1.05), left[1] / left[0] / 100.0),
        finding(
            "Adam: length of the mean path at a = 10 over that at a = 1, over a", (0.09, 0.11), lengths[1] / lengths[0]
        ),
    ]
