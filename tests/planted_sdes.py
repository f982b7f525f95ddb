"""SDEs of SGD that are wrong by a known part: their drift, their diffusion, a sign, a root."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import sdeopt as so
from sdeopt.core import Positive, Real, grad, method, noisy_grad, root_cov
from sdeopt.core.method import REGISTRY

__all__ = ["PLANTED", "Planted", "bowl"]


@method(order=1)
class Planted(NamedTuple):
    """SGD, beside an SDE whose drift and diffusion are too large by the factors ``slope`` and ``size``.

    ``power`` is that of √η in the diffusion: 1 is right, 2 misses a root.
    """

    lr: Positive
    slope: Real = 1.0
    size: Real = 1.0
    power: Real = 1.0

    def step(self, k: Any, x: Any, o: Any, z: Any) -> Any:
        return x - self.lr * noisy_grad(o, x, z)

    def drift(self, t: Any, x: Any, o: Any) -> Any:
        return -self.slope * grad(o, x)

    def diffusion(self, t: Any, x: Any, o: Any, dw: Any) -> Any:
        return -self.size * np.sqrt(self.lr) ** self.power * root_cov(o, x, dw)


REGISTRY.pop("Planted")  # no method of the package

# what is wrong -> the page and the relative errors of its drift and of its diffusion
PLANTED: dict[str, tuple[Planted, float, float]] = {
    "nothing": (Planted(0.1), 0.0, 0.0),
    **{f"drift x {a}": (Planted(0.1, slope=a), a - 1.0, 0.0) for a in (0.9, 0.98, 0.998, 1.002, 1.005, 1.02, 1.1, 2.0)},
    **{
        f"diffusion x {a}": (Planted(0.1, size=a), 0.0, a - 1.0)
        for a in (0.0, 0.5, 0.9, 0.98, 0.995, 1.005, 1.02, 1.1, 1.4, 2.0, 3.0)
    },
    "sign of the drift": (Planted(0.1, slope=-1.0), -2.0, 0.0),
    "root of the covariance missed": (Planted(0.1, size=0.5), 0.0, -0.5),  # σ = 0.5: σ² is half of it
    "root of lr missed": (Planted(0.1, power=2.0), 0.0, -1.0),  # wrong by 1 - √lr at the least
}


def bowl(d: int) -> so.Problem:
    """A quadratic with Hessian from 1 to 2 and noise 0.5."""
    return so.Problem(so.Quadratic(np.linspace(1.0, 2.0, d)), so.Gaussian(0.5), x0=np.linspace(1.0, -1.0, d))
