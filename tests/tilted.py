"""A quadratic whose noise is correlated, and what both columns of SGD do there, exactly and without any simulation."""

from __future__ import annotations

from typing import Any

import numpy as np

import sdeopt as so

H = np.diag([1.0, 2.0])
SIGMA = np.array([[0.5, 0.2], [0.2, 0.3]])
BENT = np.array([[1.2, 0.4], [0.4, 0.9]])  # another Hessian, which shares no axes with SIGMA
START = np.array([1.0, -0.8])
TILTED = so.Problem(so.Quadratic(H), so.Gaussian(cov=SIGMA), x0=START)
LRS = [0.1, 0.05, 0.025]  # where the gaps of SGD are close to powers
ALMOST_NEVER = 5.2  # standard deviations of a normal: two-sided 2e-7


class BlackBox:
    """A quadratic that the engine cannot compile: for few paths, waiting for the compiler costs more than it saves."""

    dim, start = 2, START

    def value(self, x: Any) -> Any:
        return 0.5 * float(x @ H @ x)

    def grad(self, x: Any) -> Any:
        return H @ x

    def hvp(self, x: Any, v: Any) -> Any:
        return H @ v

    def lacks(self, question: str) -> str | None:
        return None


def black_box() -> so.Problem:
    return so.Problem(BlackBox(), so.Gaussian(cov=SIGMA), x0=START)


# One-step systems x' = A x + noise of covariance V.


def optimizer(lr: float) -> tuple[Any, Any]:
    return np.eye(2) - lr * H, lr**2 * SIGMA


def integrator(lr: float, dt: float, scheme: str = "heun", noise: float = 1.0) -> tuple[Any, Any]:
    """One step of the integrator on dX = -H X dt - √lr Σ^{1/2} dW, with so many times the variance."""
    if scheme == "euler":
        return np.eye(2) - dt * H, noise * dt * lr * SIGMA
    response = np.eye(2) - 0.5 * dt * H
    return np.eye(2) - dt * H + 0.5 * dt**2 * H @ H, noise * dt * lr * response @ SIGMA @ response


def after(system: tuple[Any, Any], steps: int) -> tuple[Any, Any]:
    """Mean and covariance after so many steps from START."""
    A, V = system
    mean, cov = START, np.zeros((2, 2))
    for _ in range(steps):
        mean, cov = A @ mean, A @ cov @ A.T + V
    return mean, cov
