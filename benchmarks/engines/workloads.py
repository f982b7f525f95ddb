"""The four equations that all peers integrate, by Euler–Maruyama at dt = 0.01 from x = (1, ..., 1).

W1   OU, d = 2: the SDE of SGD. dX = -diag(1, 2) X dt + 0.1 diag(1, √½) dW
W2   SignSGD, d = 2: dX = -erf(s X) dt + 0.1 √(1 - erf²(s X)) dW, s = (1, 3/2): an error function and a root
W3   Adam, d = 10: state (X, M, V) of 30 numbers, roots and divisions; the SDE "compagnoni"
W4   dense, d = 10: dX = -A X dt + G dW with full 10 x 10 matrices, G lower triangular

A peer gets drift and diffusion of arrays whose last axis is the coordinate, in the array library of its choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import sdeopt as so

__all__ = ["DT", "WORKLOADS", "Workload"]

DT = 0.01
ADAM_LR = 1e-3
H3 = 10.0 ** np.linspace(-1.0, 1.0, 10)
A4 = np.array([[2.0 + i if i == j else 1.0 / (1 + i + j) for j in range(10)] for i in range(10)])
SPREAD4 = np.array([[1.0 if i == j else 0.1 / (1 + abs(i - j)) for j in range(10)] for i in range(10)])
COV4 = SPREAD4 @ SPREAD4.T
G4 = 0.1 * np.linalg.cholesky(COV4)
S2 = np.array([1.0, 1.5])
SIGMA1 = 0.1 * np.array([1.0, np.sqrt(0.5)])


@dataclass(frozen=True)
class Workload:
    """One equation: for sdeopt a method and a problem, for the peers plain coefficients and a start."""

    name: str
    method: Any
    sde: str
    problem: so.Problem
    start: np.ndarray
    dt: float
    diagonal: bool = True

    def drift(self, t: Any, x: Any, lib: Any) -> Any:
        """b(t, x) by the array library ``lib`` (with ``erf``, ``sqrt``, ``exp``, ``concatenate``)."""
        return DRIFTS[self.name](t, x, lib)

    def diffusion(self, t: Any, x: Any, lib: Any) -> Any:
        """σ(t, x): one number per coordinate, or for W4 the matrix G."""
        return DIFFUSIONS[self.name](t, x, lib)


def _adam(t: Any, x: Any, lib: Any) -> Any:
    r1, r2, sigma = 0.1 / ADAM_LR, 0.01 / ADAM_LR, 0.1
    position, m, v = x[..., :10], x[..., 10:20], x[..., 20:]
    i1, i2 = 1.0 - lib.exp(-r1 * (t + ADAM_LR)), 1.0 - lib.exp(-r2 * (t + ADAM_LR))
    g = lib.asarray(H3) * position
    move = -(m + ADAM_LR * r1 * (g - m)) / i1 / (lib.sqrt(v / i2) + 1e-8)
    return lib.concatenate([move, r1 * (g - m), r2 * (g * g + sigma * sigma - v)], -1)


def _adam_noise(t: Any, x: Any, lib: Any) -> Any:
    kick = np.sqrt(ADAM_LR) * 0.1 / ADAM_LR * 0.1
    return lib.asarray(np.concatenate([np.zeros(10), np.full(10, kick), np.zeros(10)])) + 0.0 * x


DRIFTS = {
    "W1": lambda t, x, lib: -lib.asarray(np.array([1.0, 2.0])) * x,
    "W2": lambda t, x, lib: -lib.erf(lib.asarray(S2) * x),
    "W3": _adam,
    "W4": lambda t, x, lib: -(x @ lib.asarray(A4)),
}
DIFFUSIONS = {
    "W1": lambda t, x, lib: lib.asarray(SIGMA1) + 0.0 * x,
    "W2": lambda t, x, lib: 0.1 * lib.sqrt(1.0 - lib.erf(lib.asarray(S2) * x) ** 2),
    "W3": _adam_noise,
    "W4": lambda t, x, lib: lib.asarray(G4),
}


def _workload(name: str, method: Any, sde: str, H: Any, noise: Any, start: Any, **more: Any) -> Workload:
    problem = so.Problem(so.Quadratic(H), noise, x0=np.ones(len(H)))
    return Workload(name, method, sde, problem, np.asarray(start), method.lr, **more)


WORKLOADS = (
    _workload("W1", so.SGD(DT), "order1", [1.0, 2.0], so.Gaussian([1.0, np.sqrt(0.5)]), np.ones(2)),
    _workload("W2", so.SignSGD(DT), "order1", np.sqrt(2.0) * S2, so.Gaussian(1.0), np.ones(2)),
    _workload(
        "W3", so.Adam(ADAM_LR, 0.9, 0.99), "compagnoni", H3, so.Gaussian(0.1),
        np.concatenate([np.ones(10), np.zeros(10), np.full(10, 0.01)]),
    ),
    _workload("W4", so.SGD(DT), "order1", A4, so.Gaussian(cov=COV4), np.ones(10), diagonal=False),
)  # fmt: skip
