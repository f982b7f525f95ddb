"""The largest curvature of a problem at its start, which conditions of rules ask for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdeopt.core.oracle import hvp
from sdeopt.core.problem import Problem
from sdeopt.engine import work
from sdeopt.engine.progress import Progress

__all__ = ["DENSE", "curvature"]

Array = NDArray[np.float64]
DENSE = 32  # largest dimension whose Hessian is formed
PRODUCTS = 30  # of Lanczos, a guess, before the first: 21 of an MLP on MNIST


def curvature(problem: Problem, P: Array) -> float:
    """Largest eigenvalue in absolute value of P^{-1/2} ∇²f(x0) P^{-1/2}; of networks it is told if that takes long."""
    lack = problem.lacks("hvp")
    if lack is not None:
        raise ValueError(lack)
    if not (P > 0.0).all():
        raise ValueError("a coordinate has no noise")
    o, x0, root = problem.oracle, np.array(problem.x0), 1.0 / np.sqrt(P)

    def act(v: Array) -> Array:
        return np.asarray(root * hvp(o, x0, root * v.ravel()))

    if problem.dim <= DENSE:
        H = np.array([act(v) for v in np.eye(problem.dim)])
        return float(np.abs(np.linalg.eigvalsh((H + H.T) / 2.0)).max())
    from scipy.sparse.linalg import LinearOperator, eigsh

    if work.costly(problem):
        Progress(1, None, "largest curvature").log(PRODUCTS * work.shortest(lambda: act(root)))
    operator = LinearOperator((problem.dim, problem.dim), matvec=act, dtype=float)
    start = np.ones(problem.dim)  # fixed, so that the same problem gives the same number
    return float(abs(eigsh(operator, k=1, which="LM", v0=start, return_eigenvectors=False, tol=1e-6)[0]))
