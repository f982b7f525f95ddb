"""On matrix sensing and on a student of a teacher SAM with ρ = √η ends at flatter minima than SGD.

Source: Monzio Compagnoni et al. (2023), arXiv:2301.08203, whose authors train on both (sizes from their code: 5 by 5
matrices of rank 2 with 10 measurements, 10 examples of 5 features; their width was 100); that SAM prefers flat minima
is what their f + ρE|∇f + ξ| says. They add Gaussian noise; here the noise is that of batches, under which SGD rests at
every minimum that fits all data, so that it is the start which chooses.
Measured: tr ∇²f at the end of SAM over that of SGD, path by path, from the same start and on the same batches of one
example, starts normal (matrix sensing: U normal, V 0.3 times that), ρ = √η; η = 0.005 and 20,000 steps of matrix
sensing, η = 0.02 and 10,000 steps of a student of width 10 with tanh; the loss of SAM over its start; how SGD's trace
still moves over the second half. (The ranges were set after trials in plain NumPy with the same sizes, on other data
and starts than these.)
Refuted by: a quotient of the traces not below 0.9; a loss of SAM that is not below a hundredth of the start; SGD still
on its way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import sdeopt as so
from benchmarks.claims.frame import Estimate, Finding, finding, seed
from sdeopt.core import Vector, dot
from sdeopt.objectives import spec
from sdeopt.objectives.contract import Smooth

WIDTH, FEATURES, EXAMPLES = 10, 5, 10
RNG = np.random.default_rng(7)
INPUTS = RNG.standard_normal((EXAMPLES, FEATURES))
TEACHER = RNG.standard_normal((WIDTH, FEATURES)) / np.sqrt(FEATURES), RNG.standard_normal(WIDTH) / np.sqrt(WIDTH)
SENSING = spec.parse("matrix-sensing")


@dataclass(frozen=True, eq=False)
class Student(Smooth):
    """(1/2n) Σ (a·tanh(W X_i) - y_i)², x = (W row by row, a)."""

    X: Any
    y: Any
    width: int

    def value(self, x: Vector) -> Any:
        f = 0.0
        for i in range(len(self.y)):
            f += 0.5 * (answer(self, x, i)[0] - self.y[i]) ** 2 / len(self.y)
        return f

    def grad(self, x: Vector) -> Any:
        return self.weighted_grad(x, np.ones(len(self.y))) / len(self.y)

    def batch_grad(self, x: Vector, index: Any) -> Any:
        total = 0.0 * x
        for i in index:
            out, rise = answer(self, x, int(i))
            total += (out - self.y[int(i)]) * rise / len(index)
        return total

    def weighted_grad(self, x: Vector, w: Any) -> Any:
        total = 0.0 * x
        for i in range(len(self.y)):
            out, rise = answer(self, x, i)
            total += w[i] * (out - self.y[i]) * rise
        return total

    def grad_var(self, x: Vector) -> Any:
        """Of no use here."""
        return 0.0 * x

    def examples(self) -> Any:
        return len(self.y)

    @property
    def dim(self) -> int:
        return int(self.width * (self.X.shape[1] + 1))


def answer(f: Any, x: Any, i: int) -> Any:
    """Of example i, and its gradient in x."""
    h, d = f.width, f.X.shape[1]
    rise, out = np.zeros(h * (d + 1)), 0.0
    for j in range(h):
        t, a = np.tanh(dot(x[j * d : (j + 1) * d], f.X[i])), x[h * d + j]
        out += a * t
        rise[h * d + j] = t
        rise[j * d : (j + 1) * d] = a * (1.0 - t * t) * f.X[i]
    return out, rise


def trace(f: Any, x: Any) -> float:
    """tr ∇²f(x), by central differences where f has no Hessian-vector product."""
    if isinstance(f, Student):
        h, axes = 1e-4, np.eye(f.dim)
        return float(sum((f.grad(x + h * e) - f.grad(x - h * e)) @ e for e in axes) / (2.0 * h))
    return float(np.trace(f.hessian(x)))


def ends(f: Any, page: Any, starts: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every path the traces half-way and at the end, and the loss there over that at the start."""
    problem = so.Problem(f, so.Minibatch(1), x0=starts)
    e = so.simulate(
        page, problem, steps=steps, save_at=2, keep_paths=True, observables=[], rng=seed(type(f).__name__)
    )  # fmt: skip
    half, last = (np.array([trace(f, x) for x in e.paths[:, k]]) for k in (-2, -1))
    return half, last, np.array([f.value(x) / f.value(x0) for x, x0 in zip(e.final, starts, strict=True)])


def average(values: np.ndarray) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def measure(size: float = 1.0) -> list[Finding]:
    number, rng, found = max(16, round(64 * size)), np.random.default_rng(11), []
    student = Student(INPUTS, np.tanh(INPUTS @ TEACHER[0].T) @ TEACHER[1], WIDTH)
    thin = np.concatenate([np.ones(10), np.full(10, 0.3)])
    for name, f, scale, lr, steps in (
        ("sensing", SENSING, thin, 0.005, 20_000),
        ("student", student, 1.0, 0.02, 10_000),
    ):
        starts = scale * rng.standard_normal((64, f.dim))[:number]
        half, sgd, _ = ends(f, so.SGD(lr), starts, steps)
        _, sam, loss = ends(f, so.SAM(lr, rho=np.sqrt(lr)), starts, steps)
        found += [
            finding(f"{name}: tr ∇²f, SAM / SGD", (0.0, 0.9), average(sam / sgd)),
            finding(f"{name}: loss of SAM at the end / at the start", (0.0, 0.01), average(loss)),
            finding(f"{name}: tr ∇²f of SGD, end / half-way", (0.99, 1.01), average(sgd / half)),
        ]
    return found
