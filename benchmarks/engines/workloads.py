"""The equations that all peers integrate, by Euler–Maruyama at the same dt from the same start, and one recursion.

W1     OU, d = 2: the SDE of SGD. dX = -diag(1, 2) X dt + 0.1 diag(1, √½) dW
W2     SignSGD, d = 2: dX = -erf(s X) dt + 0.1 √(1 - erf²(s X)) dW, s = (1, 3/2): an error function and a root
W3     Adam, d = 10: state (X, M, V) of 30 numbers, 10 normals, roots and divisions; the SDE "compagnoni" of the page,
       which begins after the first step of the optimizer; there the peers have t = 0
W4     dense, d = 10: dX = -A X dt + G dW with full 10 x 10 matrices, G lower triangular
AdamW  the discrete optimizer, d = 10, with Gaussian noise in the gradient

Integrators get drift and diffusion of arrays whose last axis is the coordinate. Whoever writes a loop by hand gets
``step``, written as one would for speed: constants outside the loop, each function evaluated once, no normal too many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import sdeopt as so
from sdeopt.engine.planning import plan
from sdeopt.engine.run import Run

__all__ = [
    "A4", "ADAM", "DT", "G4", "GRID", "H1", "H10", "KICK3", "RATE1", "RATE2", "S2", "SIGMA1", "STEPS", "WORKLOADS",
    "Workload",
]  # fmt: skip

STEPS = 500  # of every peer
GRID: dict[str, Any] = {"substeps": 1, "scheme": "euler", "observables": [], "save_at": 10, "rng": 0}
DT = 0.01
H10 = 10.0 ** np.linspace(-1.0, 1.0, 10)
A4 = np.array([[2.0 + i if i == j else 1.0 / (1 + i + j) for j in range(10)] for i in range(10)])
SPREAD4 = np.array([[1.0 if i == j else 0.1 / (1 + abs(i - j)) for j in range(10)] for i in range(10)])
COV4 = SPREAD4 @ SPREAD4.T
G4 = 0.1 * np.linalg.cholesky(COV4)
H1, S2 = np.array([1.0, 2.0]), np.array([1.0, 1.5])
SIGMA1 = 0.1 * np.array([1.0, np.sqrt(0.5)])
ADAM = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.01, "sigma": 0.1}
RATE1, RATE2 = (1.0 - ADAM["beta1"]) / ADAM["lr"], (1.0 - ADAM["beta2"]) / ADAM["lr"]
KICK3 = np.sqrt(ADAM["lr"]) * RATE1 * ADAM["sigma"]
State = tuple[Any, ...]


@dataclass(frozen=True)
class Workload:
    """One equation: for sdeopt a method and a problem, for the peers plain functions and a start.

    ``drift(t, x, lib)``, ``diffusion(t, x, lib)`` (a number per coordinate, or a matrix) and ``step(t, state, z, lib)``
    use the array library ``lib``: ``asarray``, ``erf``, ``sqrt``, ``exp``, ``concatenate``. The recursion has no drift.
    """

    name: str
    method: Any
    sde: str
    problem: so.Problem
    state: tuple[np.ndarray, ...]
    dt: float
    step: Callable[..., State]
    drift: Callable[..., Any] | None = None
    diffusion: Callable[..., Any] | None = None
    diagonal: bool = True

    @property
    def start(self) -> np.ndarray:
        """The parts of the state in one vector."""
        return np.concatenate(self.state)

    @property
    def normals(self) -> int:
        """Normals of one step."""
        return self.problem.dim

    def run(self, **other: Any) -> Run:
        """What sdeopt runs; ``other`` is what differs from the peers' grid."""
        kind = "sde" if self.drift else "discrete"
        return plan(self.method, self.problem, kind, **{"steps": STEPS, **GRID, "sde": self.sde or None} | other)


def _w1(t: Any, state: State, z: Any, lib: Any) -> State:
    (x,) = state
    return (x - DT * H1 * x + np.sqrt(DT) * SIGMA1 * z,)


def _w2(t: Any, state: State, z: Any, lib: Any) -> State:
    (x,) = state
    e = lib.erf(S2 * x)
    return (x - DT * e + (0.1 * np.sqrt(DT)) * lib.sqrt(1.0 - e * e) * z,)


def _w3(t: Any, state: State, z: Any, lib: Any) -> State:
    x, m, v = state
    lr = dt = ADAM["lr"]
    i1, i2 = 1.0 - lib.exp(-RATE1 * (t + lr)), 1.0 - lib.exp(-RATE2 * (t + lr))
    g = H10 * x
    pull = RATE1 * (g - m)
    return (
        x - (dt / i1) * (m + lr * pull) / (lib.sqrt(v / i2) + ADAM["eps"]),
        m + dt * pull + (np.sqrt(dt) * KICK3) * z,
        v + (dt * RATE2) * (g * g + ADAM["sigma"] ** 2 - v),
    )


def _w4(t: Any, state: State, z: Any, lib: Any) -> State:
    (x,) = state
    return (x - x @ (DT * A4) + z @ (np.sqrt(DT) * G4.T),)


def _adamw(k: Any, state: State, z: Any, lib: Any) -> State:
    x, m, v = state
    lr, beta1, beta2, eps, decay, sigma = ADAM.values()
    g = H10 * x + sigma * z
    m, v = beta1 * m + (1.0 - beta1) * g, beta2 * v + (1.0 - beta2) * (g * g)
    i1, i2 = 1.0 - lib.exp(np.log(beta1) * (k + 1.0)), 1.0 - lib.exp(np.log(beta2) * (k + 1.0))
    return (1.0 - lr * decay) * x - (lr / i1) * m / (lib.sqrt(v / i2) + eps), m, v


def _adam_drift(t: Any, x: Any, lib: Any) -> Any:
    position, m, v = x[..., :10], x[..., 10:20], x[..., 20:]
    i1, i2 = 1.0 - lib.exp(-RATE1 * (t + ADAM["lr"])), 1.0 - lib.exp(-RATE2 * (t + ADAM["lr"]))
    g = lib.asarray(H10) * position
    pull = RATE1 * (g - m)
    move = -(m + ADAM["lr"] * pull) / i1 / (lib.sqrt(v / i2) + ADAM["eps"])
    return lib.concatenate([move, pull, RATE2 * (g * g + ADAM["sigma"] ** 2 - v)], -1)


def _problem(H: Any, noise: Any) -> so.Problem:
    return so.Problem(so.Quadratic(H), noise, x0=np.ones(len(H)))


ONES, TEN = np.ones(2), np.ones(10)
PROBLEM3 = _problem(H10, so.Gaussian(ADAM["sigma"]))
ADAM3 = so.Adam(ADAM["lr"], ADAM["beta1"], ADAM["beta2"])
WORKLOADS = (
    Workload(
        "W1", so.SGD(DT), "order1", _problem(H1, so.Gaussian([1.0, np.sqrt(0.5)])), (ONES,), DT, _w1,
        lambda t, x, lib: -lib.asarray(H1) * x, lambda t, x, lib: lib.asarray(SIGMA1),
    ),
    Workload(
        "W2", so.SignSGD(DT), "order1", _problem(np.sqrt(2.0) * S2, so.Gaussian(1.0)), (ONES,), DT, _w2,
        lambda t, x, lib: -lib.erf(lib.asarray(S2) * x),
        lambda t, x, lib: 0.1 * lib.sqrt(1.0 - lib.erf(lib.asarray(S2) * x) ** 2),
    ),
    Workload(
        "W3", ADAM3, "compagnoni", PROBLEM3, ADAM3.start(TEN, PROBLEM3.oracle), ADAM["lr"], _w3,
        _adam_drift, lambda t, x, lib: lib.asarray(np.eye(30)[:, 10:20] * KICK3), diagonal=False,
    ),
    Workload(
        "W4", so.SGD(DT), "order1", _problem(A4, so.Gaussian(cov=COV4)), (TEN,), DT, _w4,
        lambda t, x, lib: -(x @ lib.asarray(A4)), lambda t, x, lib: lib.asarray(G4), diagonal=False,
    ),
    Workload(
        "AdamW", so.AdamW(*list(ADAM.values())[:5]), "", PROBLEM3, (TEN, 0.0 * TEN, 0.0 * TEN), 1.0, _adamw,
    ),
)  # fmt: skip
