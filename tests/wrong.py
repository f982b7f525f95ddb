"""SGD beside SDEs that are wrong by a factor: what no comparison may call right."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import sdeopt as so
from sdeopt.core import NonNegative, Positive, grad, method, noisy_grad, root_cov
from sdeopt.core.method import REGISTRY

__all__ = ["Wrong", "on_a_bowl"]


@method(order=1)
class Wrong(NamedTuple):
    """SGD; its SDE has ``pull`` times the drift and ``noise`` times the diffusion."""

    lr: Positive
    noise: NonNegative = 1.0
    pull: NonNegative = 1.0

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * noisy_grad(o, x, z)

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        return -self.pull * grad(o, x)

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -self.noise * np.sqrt(self.lr) * root_cov(o, x, dw)


REGISTRY.pop("Wrong")


def on_a_bowl(page: Any, d: int, **words: Any) -> so.Report:
    """Both columns on a quadratic in d dimensions, from the start to the stationary law."""
    problem = so.Problem(so.Quadratic(np.linspace(1.0, 2.0, d)), so.Gaussian(0.5))
    options: dict[str, Any] = {"horizon": 10.0, "paths": 400, "substeps": 2, "save_at": 10, "rng": 0, "progress": False}
    return so.compare(page, problem, **options | words)
