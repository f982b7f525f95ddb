"""Quadrature over one standard normal: nodes for smooth functions and for pieces between kinks.

Smooth functions: the trapezoidal rule on [-8.5, 8.5], whose error is e^(-2πa/h) for a function that is analytic within
a of the line (Trefethen & Weideman, SIAM Review 56 (2014) 385-458, doi:10.1137/130932132); the step is h = 1/8. Between
kinks: Gauss-Legendre points on [0, 1]; the density is put in where they are used. Beyond 8.5 lies a mass of 2e-17.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdeopt.core import exp
from sdeopt.core.checks import Array
from sdeopt.core.contracts import Draws

__all__ = ["NODES", "PIECE", "REACH", "SHARES", "WEIGHTS", "density"]

REACH, STEP = 8.5, 0.125


def _line() -> tuple[Array, Array]:
    nodes = STEP * np.arange(-round(REACH / STEP), round(REACH / STEP) + 1)
    weights = np.exp(-0.5 * nodes * nodes)
    return nodes.astype(float), np.asarray(weights / weights.sum(), dtype=float)


def _piece() -> tuple[Array, Array]:
    points, weights = np.polynomial.legendre.leggauss(48)
    return 0.5 * (points + 1.0), 0.5 * weights


NODES, WEIGHTS = _line()
PIECE, SHARES = _piece()


def density(z: Draws) -> Any:
    """The density of a standard normal."""
    return exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
