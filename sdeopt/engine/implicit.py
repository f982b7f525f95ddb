"""The drift-implicit Euler scheme: Newton's method with differences for the drift's Jacobian, and elimination.

It indexes vectors and matrices, so it runs on vectors, one path at a time, and interpreted; not on lanes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["implicit"]

ITERATIONS = 50
CLOSE = 1e-9  # relative change with which the last iteration may end; the error after it is of its square
STEP = 2.0**-26  # of the differences: √ε, relative to 1 + |x_i|


def solve(A: Any, b: Any) -> Any:
    """A⁻¹b by elimination with pivots, both overwritten; NaN or infinite where A is singular."""
    n = b.size
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[pivot, k]):
                pivot = i
        for j in range(k, n):
            A[k, j], A[pivot, j] = A[pivot, j], A[k, j]
        b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            for j in range(k + 1, n):
                A[i, j] = A[i, j] - factor * A[k, j]
            b[i] = b[i] - factor * b[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            b[k] = b[k] - A[k, j] * b[j]
        b[k] = b[k] / A[k, k]
    return b


def implicit(drift: Any, diffusion: Any, lift: Any) -> Any:
    """x = y + h b(t + h, x) + √h σ(t, y)ξ, solved for x by Newton's method from y.

    Strong order 1/2, 1 for additive noise, and weak order 1, as Euler–Maruyama; on dX = -λX dt + s dW it is stable for
    every h, with stationary variance s²/(2λ + λ²h). A path on which Newton's method does not converge becomes NaN.
    Source: Kloeden & Platen (1992), section 12.2, with the family's parameter 1.
    """

    def move(m: Any, o: Any, j: int, y: Any, dw: Any, clock: float, substeps: int, noise_factor: float) -> Any:
        dt = clock / substeps
        t = (j + 1) * dt
        known = y + (noise_factor * math.sqrt(dt)) * diffusion(m, j * dt, y, o, dw)
        x, d = y + 0.0, y.size
        for _ in range(ITERATIONS):
            b = drift(m, t, x, o)
            A = np.empty((d, d))
            for k in range(d):
                moved = x + 0.0
                moved[k] = moved[k] + STEP * (1.0 + abs(x[k]))
                column = (drift(m, t, moved, o) - b) / (moved[k] - x[k])
                for i in range(d):
                    A[i, k] = -dt * column[i]
                A[k, k] = 1.0 + A[k, k]
            change = solve(A, x - dt * b - known)
            x = x - change
            size, scale = np.abs(change).max(), 1.0 + np.abs(x).max()
            if size <= CLOSE * scale:
                return x
            if not size < math.inf:
                break
        return x + math.nan

    return move
