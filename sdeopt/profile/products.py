"""Products with Σ(x) and ∇²f(x), their largest eigenvalues, and traces of products; no matrix is formed.

Traces are Hutch++ (Meyer, Musco, Musco & Woodruff 2021, arXiv:2010.09649): for an orthonormal basis Q of a few
directions and P = I - QQᵀ, tr A = tr QᵀAQ + tr PAP. The first part is exact, the second the mean of yᵀAy over random
directions y of PRᵈ, of squared length d - rank Q (Hutchinson 1990, Comm. Stat. Sim. 19: 433-450). Q spans the top
eigenvectors of both matrices, so that little is left for chance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sdeopt.core.checks import Array
from sdeopt.core.oracle import Oracle
from sdeopt.core.problem import Problem

__all__ = ["Here", "Sums", "is_correlated", "sums", "top"]

SMALL = 32  # up to here a matrix of products is as good as Lanczos
ROWS = 2**25  # numbers that the gradients of all examples may hold, 256 MiB
TOLERANCE = 1e-8

Product = Callable[[Array], Array]
Seed = tuple[int, int]


class Here:
    """The objective of a problem at one point x: its gradient and, where they fit, those of all examples are kept."""

    def __init__(self, problem: Problem, x: Array) -> None:
        self._f, self._x, self._g = problem.oracle.objective, x, np.asarray(problem.objective.grad(x))

    @functools.cached_property
    def _rows(self) -> Array | None:
        """∇f_i of every example, shape (n, d), or None where the objective has to multiply by itself."""
        n, d = int(self._f.examples()), len(self._x)
        if n * d <= ROWS:
            return np.array([self._f.batch_grad(self._x, np.array([float(i)])) for i in range(n)])
        if not hasattr(self._f, "example_slopes"):
            raise ValueError(
                f"the gradients of {n} examples would take {8 * n * d / 2**20:.0f} MiB (limit 256): give the objective "
                "a function example_slopes(x, v) that returns ∇f_i·v for every example"
            )
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._f, name)

    def grad(self, x: Array) -> Array:
        """∇f."""
        return self._g.copy()

    def batch_grad(self, x: Array, index: Array) -> Array:
        """The mean of ∇f_i over the examples of a batch."""
        if self._rows is None:
            return np.asarray(self._f.batch_grad(x, index))
        return np.asarray(self._rows[index.astype(np.int64)].mean(axis=0))

    def weighted_grad(self, x: Array, w: Array) -> Array:
        """Σ_i w_i ∇f_i."""
        return np.asarray(self._f.weighted_grad(x, w) if self._rows is None else w @ self._rows)

    def example_slopes(self, x: Array, v: Array) -> Array:
        """∇f_i·v for every example."""
        return np.asarray(self._f.example_slopes(x, v) if self._rows is None else self._rows @ v)


def is_correlated(o: Oracle, x: Array) -> bool:
    """Whether Σ^{1/2} dW of the law does more than scale coordinates; tried on one vector."""
    (size,) = o.noise.brownian("gradient", o.objective)
    w = np.random.default_rng(0).standard_normal(size)
    return size != len(x) or not np.allclose(o.noise.root_cov(o, x, w) ** 2, o.noise.var(o, x) * w * w)


def top(product: Product, d: int, k: int, seed: Seed) -> tuple[Array, Array]:
    """The k algebraically largest eigenvalues, falling, and their vectors as columns; of Lanczos where d is large."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    if d <= max(SMALL, 2 * k):
        matrix = np.array([product(e) for e in np.eye(d)])
        values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    else:
        start = np.random.default_rng(seed).standard_normal(d)
        operator = LinearOperator((d, d), matvec=product, dtype=np.float64)
        values, vectors = eigsh(operator, k, which="LA", v0=start, tol=TOLERANCE)
    order = np.argsort(-values)[:k]
    return values[order], vectors[:, order]


class Sums(NamedTuple):
    """tr Σ², tr H² and tr ΣH: the exact parts, and what each probe adds, shape (3,) and (probes, 3)."""

    exact: Array
    rest: Array


def sums(cov: Product, hessian: Product | None, basis: Array, probes: int, seed: Seed) -> Sums:
    """The three traces; those with H are 0 without it. Without probes where the basis is everything."""
    d = len(basis)
    Q = np.linalg.qr(basis)[0]
    zero: Product = np.zeros_like
    apply = (cov, hessian or zero)
    A, B = (np.array([f(q) for q in Q.T]).T for f in apply)
    exact = np.array([np.sum(A * A), np.sum(B * B), np.sum(A * B)])
    if Q.shape[1] == d:
        return Sums(exact, np.zeros((1, 3)))
    rng, rest = np.random.default_rng(seed), []
    for _ in range(probes):
        z = rng.standard_normal(d)
        y = z - Q @ (Q.T @ z)
        y *= np.sqrt((d - Q.shape[1]) / (y @ y))
        a, b = (f(y) for f in apply)
        rest.append([a @ a, b @ b, a @ b])
    return Sums(exact, np.array(rest))
